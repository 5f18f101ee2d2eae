//! WASI preview 1 and its predecessor, as far as a filter needs them: standard streams, arguments, environment, clocks,
//! random bytes and exit.
//!
//! There are no files, no network and no waiting. Standard input is the line. Standard output is the answer or a
//! message; standard error is always a message. Source: the witx files of both versions.

use std::ffi::OsString;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::say::Messages;
use super::streams::Streams;
use crate::guest::{Boundary, Import};
use crate::record::{Failure, Limit, LinePart, Value};

/// A version of WASI, by its import module. Some records differ in layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// `wasi_unstable`, also known as snapshot 0 and preview 0.
    Unstable,
    /// `wasi_snapshot_preview1`.
    Preview1,
}

impl Version {
    fn of(module: &str) -> Option<Version> {
        match module {
            "wasi_unstable" => Some(Version::Unstable),
            "wasi_snapshot_preview1" => Some(Version::Preview1),
            _ => None,
        }
    }

    /// A `filestat` of zeros. In the older version the link count has four bytes and follows the file type.
    fn filestat(self) -> &'static [u8] {
        match self {
            Version::Unstable => &[0; 56],
            Version::Preview1 => &[0; 64],
        }
    }

    /// The size of a `subscription`. In the older version the clock variant has an additional 8-byte identifier.
    fn subscription(self) -> u64 {
        match self {
            Version::Unstable => 56,
            Version::Preview1 => 48,
        }
    }
}

/// The maximum number of buffers or subscriptions in one call.
const LIST: u64 = 1024;
/// The maximum number of random bytes in one call.
const RANDOM: u64 = 64 << 10;

const SUCCESS: u16 = 0;
const BAD_DESCRIPTOR: u16 = 8;
const INVALID: u16 = 28;
const NOT_SUPPORTED: u16 = 58;
const NOT_A_SOCKET: u16 = 57;
const CANNOT_SEEK: u16 = 70;

const STDIN: u64 = 0;
const STDOUT: u64 = 1;
const STDERR: u64 = 2;

/// The function with which a guest starts a thread.
const THREADS: (&str, &str) = ("wasi", "thread-spawn");
/// What it returns if there are too many threads.
const NO_MORE_THREADS: i32 = -6;
const NO_THREAD: &str = "the guest wants to start a thread, which is refused: linmem runs one thread";

/// Clock identifiers range from 0 to this one.
const LAST_CLOCK: u64 = 3;

macro_rules! functions {
    ($($name:ident),* $(,)?) => {
        /// The functions' names in the specification.
        #[allow(non_camel_case_types, reason = "the specification's names")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Name { $($name),* }

        const FUNCTIONS: &[(&str, Name)] = &[$((stringify!($name), Name::$name)),*];
    };
}

functions! {
    args_get, args_sizes_get, clock_res_get, clock_time_get, environ_get, environ_sizes_get, fd_advise, fd_allocate,
    fd_close, fd_datasync, fd_fdstat_get, fd_fdstat_set_flags, fd_fdstat_set_rights, fd_filestat_get,
    fd_filestat_set_size, fd_filestat_set_times, fd_pread, fd_prestat_dir_name, fd_prestat_get, fd_pwrite, fd_read,
    fd_readdir, fd_renumber, fd_seek, fd_sync, fd_tell, fd_write, path_create_directory, path_filestat_get,
    path_filestat_set_times, path_link, path_open, path_readlink, path_remove_directory, path_rename, path_symlink,
    path_unlink_file, poll_oneoff, proc_exit, proc_raise, random_get, sched_yield, sock_accept, sock_recv, sock_send,
    sock_shutdown, thread_spawn,
}

/// A function of WASI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function {
    name: Name,
    version: Version,
}

impl Function {
    /// Whether it reads the line.
    pub(super) fn reads_the_line(self) -> bool {
        matches!(self.name, Name::fd_read | Name::fd_pread)
    }
}

/// The WASI function that an import names, if any.
pub(super) fn function(import: &Import) -> Option<Function> {
    if (import.module.as_str(), import.name.as_str()) == THREADS {
        return Some(Function { name: Name::thread_spawn, version: Version::Preview1 });
    }
    let version = Version::of(&import.module)?;
    let (_, name) = *FUNCTIONS.iter().find(|(name, _)| *name == import.name)?;
    let is_known = version == Version::Preview1 && name != Name::thread_spawn
        || version == Version::Unstable && !matches!(name, Name::sock_accept | Name::thread_spawn);
    is_known.then_some(Function { name, version })
}

/// The arguments and environment of a program.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// The arguments, beginning with the program's name.
    pub args: Vec<OsString>,
    /// The environment, each variable as `NAME=VALUE`.
    pub env: Vec<OsString>,
}

/// The WASI state of a guest.
#[derive(Debug)]
pub(super) struct Wasi {
    invocation: Invocation,
    /// The host's streams, if the program reads and writes those.
    pub(super) streams: Option<Streams>,
    stdin: Vec<u8>,
    /// How much of `stdin` was read, in bytes.
    read: usize,
    pub(super) stdout: Vec<u8>,
    /// Output after the last line feed, for each stream whose output becomes messages.
    unsaid: [Vec<u8>; 2],
    /// Whether standard output is the answer rather than messages.
    keeps_stdout: bool,
    /// The limit of buffered standard output, in bytes.
    pub(super) longest: u64,
    random: u64,
    /// Whether the user was told that the guest gets no thread.
    has_refused_thread: bool,
    born: Instant,
}

impl Wasi {
    /// WASI for a fresh guest.
    pub(super) fn new(invocation: Invocation, keeps_stdout: bool, longest: u64) -> Wasi {
        Wasi {
            invocation,
            streams: None,
            stdin: Vec::new(),
            read: 0,
            stdout: Vec::new(),
            unsaid: Default::default(),
            keeps_stdout,
            longest,
            random: 0,
            has_refused_thread: false,
            born: Instant::now(),
        }
    }

    /// Begins an exchange: the guest can read the line, and the line feed that ended it.
    pub(super) fn begin(&mut self, line: &[u8], ended: bool) {
        self.stdin.clear();
        self.stdin.extend_from_slice(line);
        self.stdin.extend(ended.then_some(b'\n'));
        self.read = 0;
        self.stdout.clear();
    }

    /// The arguments and environment of the guest.
    pub(super) fn invocation(&self) -> &Invocation {
        &self.invocation
    }

    /// How long the guest has existed.
    pub(super) fn elapsed(&self) -> Duration {
        self.born.elapsed()
    }

    /// Which byte of the line is read next, if standard input is the line.
    pub(super) fn next_of_line(&self) -> Option<u64> {
        self.streams.is_none().then_some(self.read as u64)
    }

    /// Takes at most that many bytes of standard input.
    ///
    /// # Errors
    /// The host's stream failed.
    pub(super) fn take(&mut self, most: u64) -> Done<Vec<u8>> {
        if let Some(streams) = &mut self.streams {
            return streams.read(most).map(<[u8]>::to_vec);
        }
        let rest = &self.stdin[self.read..];
        let bytes = rest[..usize::try_from(most).unwrap_or(usize::MAX).min(rest.len())].to_vec();
        self.read += bytes.len();
        Ok(bytes)
    }

    /// Whether output is buffered that was not turned into a message yet.
    pub(super) fn is_writing(&self) -> bool {
        self.unsaid.iter().any(|unsaid| !unsaid.is_empty())
    }

    /// Ends an exchange: flushes output that lacks a final line feed.
    pub(super) fn end(&mut self, messages: &mut Messages, boundary: &mut (impl Boundary + ?Sized)) {
        for unsaid in &mut self.unsaid {
            if !unsaid.is_empty() {
                match &mut self.streams {
                    Some(streams) => streams.say(unsaid),
                    None => messages.say(unsaid, boundary),
                }
                unsaid.clear();
            }
        }
    }
}

/// One call of a WASI function.
pub(super) struct Call<'a> {
    pub(super) wasi: &'a mut Wasi,
    pub(super) messages: &'a mut Messages,
    pub(super) boundary: &'a mut dyn Boundary,
    pub(super) memory: usize,
    pub(super) args: &'a [Value],
}

type Done<T> = Result<T, Box<Failure>>;

impl Call<'_> {
    /// Runs the call, and returns WASI's error number.
    ///
    /// # Errors
    /// An address out of bounds, or the guest exits.
    pub(super) fn answer(&mut self, function: Function) -> Done<Vec<Value>> {
        use Name as F;
        let errno = match function.name {
            F::args_sizes_get => self.sizes(|invocation| &invocation.args)?,
            F::args_get => self.texts(|invocation| &invocation.args)?,
            F::environ_sizes_get => self.sizes(|invocation| &invocation.env)?,
            F::environ_get => self.texts(|invocation| &invocation.env)?,
            F::sched_yield => SUCCESS,
            F::clock_res_get if self.arg(0) > LAST_CLOCK => INVALID,
            F::clock_res_get => self.put(1, &1_u64.to_le_bytes())?,
            F::clock_time_get => self.clock_time_get()?,
            F::fd_read => self.fd_read()?,
            F::fd_write => self.fd_write()?,
            F::fd_fdstat_get => self.fd_fdstat_get()?,
            F::fd_filestat_get if self.is_stream() => self.put(1, function.version.filestat())?,
            F::fd_close | F::fd_fdstat_set_flags | F::fd_sync | F::fd_datasync if self.is_stream() => SUCCESS,
            F::fd_seek | F::fd_tell | F::fd_pread | F::fd_pwrite if self.is_stream() => CANNOT_SEEK,
            F::sock_accept | F::sock_recv | F::sock_send | F::sock_shutdown if self.is_stream() => NOT_A_SOCKET,
            F::poll_oneoff => self.poll_oneoff(function.version.subscription())?,
            F::random_get => self.random_get()?,
            F::proc_exit => return Err(Failure::Exit(self.arg32(0).cast_signed()).into()),
            F::proc_raise => NOT_SUPPORTED,
            F::thread_spawn => {
                if !std::mem::replace(&mut self.wasi.has_refused_thread, true) {
                    self.messages.note(NO_THREAD.to_owned(), self.boundary);
                }
                return Ok(vec![Value::I32(NO_MORE_THREADS)]);
            }
            _ => BAD_DESCRIPTOR,
        };
        Ok(vec![Value::I32(errno.into())])
    }

    fn arg(&self, place: usize) -> u64 {
        self.args.get(place).and_then(|arg| arg.unsigned()).unwrap_or(0)
    }

    #[allow(clippy::cast_possible_truncation, reason = "the argument is an i32")]
    fn arg32(&self, place: usize) -> u32 {
        self.arg(place) as u32
    }

    /// Whether the first argument is one of the three file descriptors.
    fn is_stream(&self) -> bool {
        self.arg(0) <= STDERR
    }

    /// Writes `bytes` to the address in the argument with that index.
    fn put(&mut self, place: usize, bytes: &[u8]) -> Done<u16> {
        self.boundary.write(self.memory, self.arg(place), bytes)?;
        Ok(SUCCESS)
    }

    fn read<const N: usize>(&mut self, addr: u64) -> Done<[u8; N]> {
        let mut bytes = Vec::with_capacity(N);
        self.boundary.read(self.memory, addr, N as u64, &mut bytes)?;
        Ok(bytes.try_into().unwrap_or([0; N]))
    }

    /// Writes the number of strings, and their total size including a NUL after each.
    fn sizes(&mut self, of: fn(&Invocation) -> &[OsString]) -> Done<u16> {
        let texts = of(&self.wasi.invocation);
        let (count, bytes) = (texts.len(), texts.iter().map(|text| text.len() + 1).sum());
        self.put(0, &narrow(count).to_le_bytes())?;
        self.put(1, &narrow(bytes).to_le_bytes())
    }

    /// Writes a table of pointers, and the strings that they point to.
    fn texts(&mut self, of: fn(&Invocation) -> &[OsString]) -> Done<u16> {
        let (table, mut addr) = (self.arg(0), self.arg(1));
        for (place, text) in (0..).zip(of(&self.wasi.invocation)) {
            let text = [text.as_encoded_bytes(), b"\0"].concat();
            let pointer = u32::try_from(addr).unwrap_or(u32::MAX).to_le_bytes();
            self.boundary.write(self.memory, table + 4 * place, &pointer)?;
            self.boundary.write(self.memory, addr, &text)?;
            addr += text.len() as u64;
        }
        Ok(SUCCESS)
    }

    fn clock_time_get(&mut self) -> Done<u16> {
        let since = match self.arg(0) {
            0 => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO),
            1..=LAST_CLOCK => self.wasi.elapsed(),
            _ => return Ok(INVALID),
        };
        self.put(2, &u64::try_from(since.as_nanos()).unwrap_or(u64::MAX).to_le_bytes())
    }

    /// The buffers of a read or a write, as (address, length).
    fn buffers(&mut self) -> Done<Option<Vec<(u64, u64)>>> {
        let (table, count) = (self.arg(1), self.arg(2));
        if count > LIST {
            return Ok(None);
        }
        let mut list = Vec::new();
        self.boundary.read(self.memory, table, count * 8, &mut list)?;
        Ok(Some(list.chunks_exact(8).map(|pair| (u64::from(half(pair, 0)), u64::from(half(pair, 4)))).collect()))
    }

    fn fd_read(&mut self) -> Done<u16> {
        if self.arg(0) != STDIN {
            return Ok(BAD_DESCRIPTOR);
        }
        let Some(buffers) = self.buffers()? else { return Ok(INVALID) };
        if let Some(streams) = &mut self.wasi.streams {
            // One read is enough: more input may be long in coming.
            let count = match buffers.into_iter().find(|(_, len)| *len > 0) {
                Some((addr, len)) => {
                    let bytes = streams.read(len)?;
                    self.boundary.write(self.memory, addr, bytes)?;
                    bytes.len()
                }
                None => 0,
            };
            return self.put(3, &narrow(count).to_le_bytes());
        }
        let mut count = 0;
        for (addr, len) in buffers {
            let wanted = usize::try_from(len).unwrap_or(usize::MAX);
            let rest = &self.wasi.stdin[self.wasi.read..];
            let bytes = &rest[..wanted.min(rest.len())];
            if !bytes.is_empty() {
                let line = LinePart { at: 0, start: self.wasi.read as u64, len: bytes.len() as u64 };
                self.boundary.write_line(self.memory, addr, bytes, line)?;
            }
            count += bytes.len();
            self.wasi.read += bytes.len();
        }
        self.put(3, &narrow(count).to_le_bytes())
    }

    fn fd_write(&mut self) -> Done<u16> {
        let stream = self.arg(0);
        if !(STDOUT..=STDERR).contains(&stream) {
            return Ok(BAD_DESCRIPTOR);
        }
        let Some(buffers) = self.buffers()? else { return Ok(INVALID) };
        if let Some(streams) = self.wasi.streams.as_mut().filter(|_| stream == STDOUT && self.wasi.keeps_stdout) {
            let written = streams.write_from(self.boundary.bytes(self.memory), &buffers)?;
            return self.put(3, &narrow(written).to_le_bytes());
        }
        let mut bytes = Vec::new();
        for (addr, len) in buffers {
            self.boundary.read(self.memory, addr, len, &mut bytes)?;
            if bytes.len() as u64 > self.wasi.longest {
                return Err(Failure::Limit(Limit::Output(bytes.len() as u64, self.wasi.longest)).into());
            }
        }
        self.written(stream, &bytes)?;
        self.put(3, &narrow(bytes.len()).to_le_bytes())
    }

    pub(super) fn written(&mut self, stream: u64, bytes: &[u8]) -> Done<()> {
        if stream == STDOUT && self.wasi.keeps_stdout {
            if let Some(streams) = &mut self.wasi.streams {
                return streams.write(bytes);
            }
            let len = self.wasi.stdout.len() as u64 + bytes.len() as u64;
            if len > self.wasi.longest {
                return Err(Failure::Limit(Limit::Output(len, self.wasi.longest)).into());
            }
            self.wasi.stdout.extend_from_slice(bytes);
            return Ok(());
        }
        let unsaid = &mut self.wasi.unsaid[usize::from(stream == STDERR)];
        unsaid.extend_from_slice(bytes);
        let mut said = 0;
        let most = self.messages.most();
        let mut say = |line: &[u8]| match &mut self.wasi.streams {
            Some(streams) => streams.say(line),
            None => self.messages.say(line, self.boundary),
        };
        while let Some(end) = memchr::memchr(b'\n', &unsaid[said..]) {
            say(&unsaid[said..said + end]);
            said += end + 1;
        }
        unsaid.drain(..said);
        if unsaid.len() > most {
            say(unsaid);
            unsaid.clear();
        }
        Ok(())
    }

    fn fd_fdstat_get(&mut self) -> Done<u16> {
        const CAN_READ: u64 = 1 << 1;
        const CAN_WRITE: u64 = 1 << 6;
        if !self.is_stream() {
            return Ok(BAD_DESCRIPTOR);
        }
        let rights = if self.arg(0) == STDIN { CAN_READ } else { CAN_WRITE };
        // File type 0, unknown: not a terminal, so a C library buffers its output.
        let mut stat = [0; 24];
        stat[8..16].copy_from_slice(&rights.to_le_bytes());
        self.put(1, &stat)
    }

    /// Never waits: every subscribed event occurs immediately. `size` is the size of a subscription.
    fn poll_oneoff(&mut self, size: u64) -> Done<u16> {
        let (from, to, count) = (self.arg(0), self.arg(1), self.arg(2));
        if count == 0 || count > LIST {
            return Ok(INVALID);
        }
        for number in 0..count {
            // Both begin with the user data; the event type follows.
            let subscription: [u8; 9] = self.read(from + size * number)?;
            let mut event = [0; 32];
            event[..8].copy_from_slice(&subscription[..8]);
            event[10] = subscription[8];
            self.boundary.write(self.memory, to + 32 * number, &event)?;
        }
        self.put(3, &u32::try_from(count).unwrap_or(0).to_le_bytes())
    }

    /// The same sequence for each fresh guest, so that runs are reproducible.
    fn random_get(&mut self) -> Done<u16> {
        let (mut addr, mut left) = (self.arg(0), self.arg(1));
        while left > 0 {
            let count = left.min(RANDOM);
            let words = (0..count.div_ceil(8)).flat_map(|_| self.wasi.next_random().to_le_bytes());
            let mut bytes: Vec<u8> = words.collect();
            bytes.truncate(usize::try_from(count).unwrap_or(0));
            self.boundary.write(self.memory, addr, &bytes)?;
            (addr, left) = (addr + count, left - count);
        }
        Ok(SUCCESS)
    }
}

impl Wasi {
    /// The next number of SplitMix64 (Steele, Lea and Flood, 2014).
    pub(super) fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A count of objects in a 32-bit memory.
fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The 32-bit number at an offset.
fn half(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
