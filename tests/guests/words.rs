//! A test guest in Rust: the words of a line in reverse order.
//!
//! The transform returns a struct: in WebAssembly, its first parameter points to where the struct is stored.

use std::alloc::Layout;

/// A text that the host must free.
#[repr(C)]
pub struct Answer {
    ptr: *mut u8,
    len: usize,
}

fn layout(len: usize) -> Layout {
    Layout::from_size_align(len.max(1), 8).unwrap()
}

/// Allocates that many bytes, or returns null.
#[no_mangle]
pub extern "C" fn alloc(len: usize) -> *mut u8 {
    unsafe { std::alloc::alloc(layout(len)) }
}

#[no_mangle]
pub unsafe extern "C" fn dealloc(ptr: *mut u8, len: usize) {
    std::alloc::dealloc(ptr, layout(len));
}

#[no_mangle]
pub unsafe extern "C" fn turn_round(ptr: *const u8, len: usize) -> Answer {
    let line = std::slice::from_raw_parts(ptr, len);
    let answer = alloc(len);
    let mut end = len;
    for (place, word) in line.split(|byte| *byte == b' ').enumerate() {
        if place > 0 {
            end -= 1;
            answer.add(end).write(b' ');
        }
        end -= word.len();
        answer.add(end).copy_from_nonoverlapping(word.as_ptr(), word.len());
    }
    Answer { ptr: answer, len }
}
