//! A component in Rust: `count: func(line: string) -> string` says how often each letter occurs, `checked` refuses lines
//! without letters. What is exported has the form that wit-bindgen gives it, for `wit/letters.wit`.

use std::alloc::{Layout, alloc, dealloc, realloc};
use std::collections::BTreeMap;

fn count(line: String) -> String {
    let mut counts = BTreeMap::new();
    line.chars().filter(|c| c.is_alphabetic()).for_each(|c| *counts.entry(c).or_insert(0) += 1);
    let counts: Vec<String> = counts.into_iter().map(|(c, n)| format!("{c}{n}")).collect();
    counts.join(" ")
}

fn checked(line: String) -> Result<String, String> {
    let counted = count(line);
    if counted.is_empty() { Err("no letter".to_owned()) } else { Ok(counted) }
}

/// Where results are for the host: up to four words.
static mut AREA: [u32; 4] = [0; 4];

unsafe fn area() -> *mut u32 {
    std::ptr::addr_of_mut!(AREA).cast()
}

unsafe fn taken(ptr: *mut u8, len: usize) -> String {
    String::from_utf8_unchecked(Vec::from_raw_parts(ptr, len, len))
}

/// Leaks a text, and notes where it is.
unsafe fn give(text: String, at: *mut u32) {
    let bytes = text.into_bytes().into_boxed_slice();
    *at.add(1) = bytes.len() as u32;
    *at = Box::into_raw(bytes).cast::<u8>() as u32;
}

unsafe fn free(at: *mut u32) {
    if *at.add(1) > 0 {
        dealloc(*at as *mut u8, Layout::from_size_align_unchecked(*at.add(1) as usize, 1));
    }
}

#[export_name = "count"]
unsafe extern "C" fn export_count(ptr: *mut u8, len: usize) -> *mut u32 {
    give(count(taken(ptr, len)), area());
    area()
}

#[export_name = "cabi_post_count"]
unsafe extern "C" fn post_count(at: *mut u32) {
    free(at);
}

#[export_name = "checked"]
unsafe extern "C" fn export_checked(ptr: *mut u8, len: usize) -> *mut u32 {
    let (case, text) = match checked(taken(ptr, len)) {
        Ok(text) => (0, text),
        Err(text) => (1, text),
    };
    *area() = case;
    give(text, area().add(1));
    area()
}

#[export_name = "cabi_post_checked"]
unsafe extern "C" fn post_checked(at: *mut u32) {
    free(at.add(1));
}

#[export_name = "cabi_realloc"]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_len: usize, align: usize, len: usize) -> *mut u8 {
    match (old_len, len) {
        (0, 0) => align as *mut u8,
        (0, _) => alloc(Layout::from_size_align_unchecked(len, align)),
        _ => realloc(old, Layout::from_size_align_unchecked(old_len, align), len),
    }
}
