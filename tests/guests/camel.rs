//! A test guest in Rust: converts a line to an identifier, "did you know?" to didYouKnow. Convention wasm-bindgen.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn camel(line: &str) -> String {
    let mut answer = String::new();
    let mut starts = false;
    for c in line.chars() {
        if !c.is_alphanumeric() {
            starts = !answer.is_empty();
        } else if starts {
            answer.extend(c.to_uppercase());
            starts = false;
        } else {
            answer.extend(c.to_lowercase());
        }
    }
    answer
}
