//! A guest that fails on some lines, and input for it.

use crate::piped::file;

/// Traps on a line of 3 bytes, never returns on 4, fails on 5, returns an address out of bounds on 6; otherwise echoes
/// the line.
pub(crate) const MOODY: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func $panic (unreachable))
    (func (export "moody") (param i32) (result i32)
        (if (i32.eq (local.get 0) (i32.const 3)) (then (call $panic)))
        (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0))))
        (if (i32.eq (local.get 0) (i32.const 5)) (then (return (i32.const -1))))
        (if (i32.eq (local.get 0) (i32.const 6)) (then (return (i32.const 65536))))
        (local.get 0)))"#;

pub(crate) fn moody(test: &str) -> String {
    file(&format!("{test}.wat"), MOODY.as_bytes())
}

/// Enough lines for the recipe to be compiled, with their answers; then `rest`.
pub(crate) fn behind_many(rest: &str) -> (Vec<u8>, String) {
    let many = "a fine one\n".repeat(20_000);
    ((many.clone() + rest).into_bytes(), many)
}
