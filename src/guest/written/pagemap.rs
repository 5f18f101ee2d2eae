//! The system calls that protect pages from being written, and tell which were written: userfaultfd(2) in its mode
//! without messages, and the request `PAGEMAP_SCAN` of `/proc/self/pagemap`.

use std::ffi::c_int;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// The version of the interface, and the feature that writes end the protection of a page without anybody's help. See
/// `linux/userfaultfd.h`.
const API: u64 = 0xaa;
const FEATURE_WP_ASYNC: u64 = 1 << 15;
/// Only faults of code of this process, for which no privilege is needed. The protection ends for others too.
const USER_MODE_ONLY: c_int = 1;
const MODE_WP: u64 = 1 << 1;
const UFFDIO_API: u64 = 0xc018_aa3f;
const UFFDIO_REGISTER: u64 = 0xc020_aa00;

/// See `linux/fs.h`.
const PAGEMAP_SCAN: u64 = 0xc060_6610;
/// Pages that match are protected again, or it is an error if they cannot be.
const WP_MATCHING: u64 = 1 << 0;
const CHECK_WPASYNC: u64 = 1 << 1;
const IS_WRITTEN: u64 = 1 << 1;
const IS_PRESENT: u64 = 1 << 3;
const IS_SWAPPED: u64 = 1 << 4;
/// It is the page of zeros that was only read.
const IS_ZERO: u64 = 1 << 5;

/// How many ranges are told at once.
const MOST: usize = 512;

#[repr(C)]
#[derive(Default)]
struct UffdApi {
    api: u64,
    features: u64,
    ioctls: u64,
}

#[repr(C)]
#[derive(Default)]
struct UffdRegister {
    start: u64,
    len: u64,
    mode: u64,
    ioctls: u64,
}

#[repr(C)]
#[derive(Default)]
struct ScanArgument {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    ranges: u64,
    ranges_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct ScanRange {
    start: u64,
    end: u64,
    categories: u64,
}

const _: () = assert!(size_of::<ScanArgument>() == 0x60 && size_of::<UffdApi>() == 0x18);
const _: () = assert!(size_of::<UffdRegister>() == 0x20);

/// Which pages to tell.
#[derive(Clone, Copy, Default)]
struct Wanted {
    flags: u64,
    /// Whether pages that the system knows to be zero are left out.
    skips_zero: bool,
    category_mask: u64,
    category_anyof_mask: u64,
}

/// Access to what the system knows of this process's pages.
pub(super) struct Pagemap {
    file: File,
    protection: OwnedFd,
    ranges: Box<[ScanRange; MOST]>,
}

impl Pagemap {
    /// `None` if the system does not know, or may not tell.
    #[allow(unsafe_code, reason = "there is no other way to call the system")]
    pub(super) fn new() -> Option<Pagemap> {
        let flags = libc::O_CLOEXEC | libc::O_NONBLOCK | USER_MODE_ONLY;
        // SAFETY: the call takes a number and returns a descriptor that nobody else has, or -1.
        let protection = unsafe {
            let descriptor = c_int::try_from(libc::syscall(libc::SYS_userfaultfd, flags)).ok()?;
            (descriptor >= 0).then(|| OwnedFd::from_raw_fd(descriptor))?
        };
        let mut api = UffdApi { api: API, features: FEATURE_WP_ASYNC, ioctls: 0 };
        // SAFETY: the request reads and writes a structure of this size.
        unsafe { ioctl(&protection, UFFDIO_API, &mut api) }.ok()?;
        let file = File::open("/proc/self/pagemap").ok()?;
        Some(Pagemap { file, protection, ranges: Box::new([ScanRange::default(); MOST]) })
    }

    /// Lets pages of a memory be protected. To do that again is no error.
    #[allow(unsafe_code, reason = "there is no other way to call the system")]
    pub(super) fn register(&self, memory: &[u8]) -> Option<()> {
        let (start, len) = (memory.as_ptr().addr() as u64, memory.len() as u64);
        let mut register = UffdRegister { start, len, mode: MODE_WP, ioctls: 0 };
        // SAFETY: the request reads and writes a structure of this size. What it does to the memory is not seen by who
        // reads or writes it: the protection ends by itself.
        unsafe { ioctl(&self.protection, UFFDIO_REGISTER, &mut register) }.ok()?;
        Some(())
    }

    /// The ranges of pages that were written since the last call, in order. They are protected again.
    pub(super) fn take_written(&mut self, memory: &[u8]) -> Option<Vec<Range<u64>>> {
        self.scan(memory, Wanted { flags: WP_MATCHING | CHECK_WPASYNC, category_mask: IS_WRITTEN, ..Wanted::default() })
    }

    /// The ranges of pages that may contain something else than zeros, in order.
    pub(super) fn populated(&mut self, memory: &[u8]) -> Option<Vec<Range<u64>>> {
        self.scan(
            memory,
            Wanted { skips_zero: true, category_anyof_mask: IS_PRESENT | IS_SWAPPED, ..Wanted::default() },
        )
    }

    #[allow(unsafe_code, reason = "there is no other way to call the system")]
    fn scan(&mut self, memory: &[u8], wanted: Wanted) -> Option<Vec<Range<u64>>> {
        let mut found: Vec<Range<u64>> = Vec::new();
        let zero = if wanted.skips_zero { IS_ZERO } else { 0 };
        let first = memory.as_ptr().addr() as u64;
        let (mut start, end) = (first, first + memory.len() as u64);
        while start < end {
            let mut argument = ScanArgument {
                size: size_of::<ScanArgument>() as u64,
                flags: wanted.flags,
                start,
                end,
                ranges: self.ranges.as_mut_ptr().expose_provenance() as u64,
                ranges_len: MOST as u64,
                category_inverted: zero,
                category_mask: wanted.category_mask | zero,
                category_anyof_mask: wanted.category_anyof_mask,
                return_mask: wanted.category_mask | wanted.category_anyof_mask,
                ..ScanArgument::default()
            };
            // SAFETY: the request reads and writes a structure of this size, and at most so many ranges where it says,
            // through a pointer that is exposed.
            let count = unsafe { ioctl(&self.file, PAGEMAP_SCAN, &mut argument) }.ok()?;
            for range in self.ranges.get(..count)? {
                let range = range.start.checked_sub(first)?..range.end.checked_sub(first)?;
                match found.last_mut() {
                    Some(last) if last.end == range.start => last.end = range.end,
                    _ => found.push(range),
                }
            }
            if argument.walk_end <= start {
                return None;
            }
            start = argument.walk_end;
        }
        Some(found)
    }
}

impl std::fmt::Debug for Pagemap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pagemap")
    }
}

/// Makes a request of the system, and returns the number that it answers.
///
/// # Safety
/// The request must be one that takes a pointer to `T`.
#[allow(unsafe_code, reason = "there is no other way to call the system")]
unsafe fn ioctl<T>(descriptor: &impl AsRawFd, request: u64, argument: &mut T) -> io::Result<usize> {
    // SAFETY: the caller guarantees that the request takes this pointer, and it is valid.
    let answer = unsafe { libc::ioctl(descriptor.as_raw_fd(), request as libc::Ioctl, std::ptr::from_mut(argument)) };
    usize::try_from(answer).map_err(|_| io::Error::last_os_error())
}
