//! A test guest in Rust: the first letters of a line's words, in capitals. Convention wasm-bindgen-area.
//!
//! It is built with a wasm-bindgen from before 2025, which returns strings in an area on the guest's stack.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn initials(line: &str) -> String {
    line.split_whitespace().flat_map(|word| word.chars().next()).flat_map(char::to_uppercase).collect()
}
