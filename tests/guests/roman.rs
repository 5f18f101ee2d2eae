//! A test guest in Rust: converts a number to Roman numerals, 1994 to MCMXCIV. Convention wasm-bindgen-result.
//!
//! Anything but a number from 1 to 3999 is an error: a JavaScript exception, created from the message by an import.

use wasm_bindgen::prelude::{wasm_bindgen, JsError};

const NUMERALS: [(u32, &str); 13] = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
];

#[wasm_bindgen]
pub fn roman(line: &str) -> Result<String, JsError> {
    let number = line.parse().ok().filter(|number| (1..4000).contains(number));
    let mut left: u32 = number.ok_or_else(|| JsError::new("that is no number from 1 to 3999"))?;
    let mut answer = String::new();
    for (value, letters) in NUMERALS {
        while left >= value {
            answer.push_str(letters);
            left -= value;
        }
    }
    Ok(answer)
}
