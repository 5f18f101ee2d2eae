//! A guest in Rust whose debug information describes strings and vectors: for `:struct`. It answers with its line, and
//! keeps a record of the words. Convention static-buffer.

#![no_std]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::addr_of_mut;

/// Takes from one array, and never gives back.
struct Bump;

static mut HEAP: [u8; 4096] = [0; 4096];
static mut USED: usize = 0;

unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        USED = (USED + layout.align() - 1) & !(layout.align() - 1);
        USED += layout.size();
        if USED > 4096 { core::ptr::null_mut() } else { addr_of_mut!(HEAP).cast::<u8>().add(USED - layout.size()) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static BUMP: Bump = Bump;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

#[repr(C)]
pub struct Record {
    line: String,
    ends: Vec<u16>,
    first: &'static str,
    is_long: bool,
}

static mut BUFFER: [u8; 256] = [0; 256];
static mut RECORD: Record = Record { line: String::new(), ends: Vec::new(), first: "none", is_long: false };

#[no_mangle]
pub extern "C" fn ptr() -> *mut u8 {
    addr_of_mut!(BUFFER).cast()
}

#[no_mangle]
pub extern "C" fn at() -> *const Record {
    addr_of_mut!(RECORD)
}

#[no_mangle]
pub unsafe extern "C" fn keep(len: usize) -> usize {
    let line = core::str::from_utf8_unchecked(core::slice::from_raw_parts(ptr(), len.min(256)));
    let record = &mut *addr_of_mut!(RECORD);
    record.line = String::from(line);
    record.ends = line.bytes().enumerate().filter(|(_, byte)| *byte == b' ').map(|(at, _)| at as u16).collect();
    record.first = if line.starts_with('a') { "letter a" } else { "another letter" };
    record.is_long = len > 100;
    len
}
