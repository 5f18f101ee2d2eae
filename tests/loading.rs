//! Errors for modules that cannot be loaded: the reason, the position of a syntax error, and missing features.

use std::path::Path;

use crate::hermetic;
use crate::piped::{file, run, text};

/// Runs linmem on a module under that name, and returns stderr and the exit status.
fn load(name: &str, module: &[u8]) -> (String, Option<i32>) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("loading");
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    std::fs::write(folder.join(name), module).expect("the test directory is writable");
    let output = hermetic::linmem().current_dir(&folder).args([name, "--line", "x"]).output().expect("it starts");
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code())
}

/// Marks the token at which an error is reported.
const HERE: &str = "(;!;)";

#[test]
fn an_error_in_text_has_its_line_and_column() {
    for (number, (message, text)) in [
        // A missing closing parenthesis.
        (
            "type mismatch: expected i64, found i32",
            "(module (memory (export \"memory\") 1)\n (func (export \"shout\") (param i32 i32) (result i64)\n   (;!;)i32.const 0))",
        ),
        ("type mismatch: expected i32, found i64", "(module\n  (func (result i32)\n    ((;!;)i32.add (i64.const 1)\n      (i64.const 2))))"),
        (
            "type mismatch: expected i32, found i64",
            "(module (import \"a\" \"b\" (func))\n  (func (drop (i32.const 1)) i64.const 1\n\t(;!;)if nop else nop end))",
        ),
        ("type mismatch: expected i32, found i64", "(module (func (param i64)\n  local.get 0 (;!;)if\n  end))"),
        ("type mismatch", "(module (func)\n ((;!;)func (result i32)))"),
        ("type mismatch: expected i64, found i32", "(module (global i32 (i32.const 1))\n (global i64 ((;!;)i32.const 0)))"),
        ("duplicate export name", "(module (memory (export \"m\") 1) (func)\n  ((;!;)export \"m\" (func 0)))"),
        ("unknown function 7", "(module (func)\n\n  ((;!;)export \"f\" (func 7)))"),
        ("type mismatch: expected i32, found i64", "(module (memory 1)\n  (data (offset\n    ((;!;)i64.const 0)) \"x\"))"),
        ("type mismatch: expected i32, found f32", "(module (table 1 funcref)\n (elem ((;!;)f32.const 0) func))"),
        ("memory size must be at most", "(module\n  ((;!;)memory 65537))"),
        ("invalid start function type", "(module\n  (start (;!;)$f) (func $f (param i32)))"),
        ("unknown type 9", "(module\n  (import \"a\" \"b\" (func))\n  ((;!;)import \"a\" \"c\" (func (type 9))))"),
        ("unknown type 9", "(module (type (func))\n ((;!;)func (type 9)))"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = text.replace("\t", "    ");
        let before = &text[..text.find(HERE).expect("the place is marked") + HERE.len()];
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        let name = format!("{number}.wat");
        let (stderr, status) = load(&name, text.as_bytes());
        let place = format!("--> {name}:{line}:{column}\n");
        assert!(stderr.contains(message) && stderr.contains(&place), "{text}\n{place}{stderr}");
        assert!(stderr.starts_with(&format!("linmem: {name}: not a valid WebAssembly module: ")), "{stderr}");
        assert_eq!(status, Some(3));
    }
}

#[test]
fn an_error_in_a_binary_has_its_offset() {
    let binary = wat::parse_str("(module (func (result i32) (i64.const 1)))").expect("it parses");
    let (stderr, status) = load("invalid.wasm", &binary);
    let at = binary.len() - 1 - binary.iter().rev().position(|&byte| byte == 0x0b).expect("there is an end");
    let message = format!("not a valid WebAssembly module: type mismatch: expected i32, found i64 (at offset {at:#x})");
    assert!(stderr.contains(&message), "{message}: {stderr}");
    assert_eq!(status, Some(3));
}

#[test]
fn a_feature_that_the_engine_lacks_is_named() {
    for (feature, text) in [
        ("tail calls", "(module (func $f (return_call $f)))"),
        ("64-bit memory", "(module (memory i64 1))"),
        ("garbage collection", "(module (type (struct)))"),
        ("custom page sizes", "(module (memory 1 (pagesize 1)))"),
        ("legacy exceptions", "(module (func try catch_all end))"),
    ] {
        let (stderr, status) = load("feature.wat", text.as_bytes());
        let message = format!("the module uses features that the engine does not support: {feature}");
        assert!(stderr.contains(&message), "{stderr}");
        assert_eq!(status, Some(3));
    }
    // Whether the list of features is the engine's own.
    let supported = r#"(module (memory (export "memory") 1 1 ) (memory 1) (tag $e) (table 1 externref)
        (global i32 (i32.add (i32.const 1) (i32.const 2)))
        (func (export "ptr") (result i32) (i32.const 0))
        (func (export "two") (result i64 i64) (i64.add128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)))
        (func (export "shout") (param i32) (result i32)
            (block $h (try_table (catch $e $h) (throw $e)))
            (drop (i32x4.relaxed_trunc_f32x4_s (v128.const i32x4 0 0 0 0)))
            (drop (i32.extend8_s (i32.trunc_sat_f32_s (f32.const 1))))
            (drop (i32.atomic.load (i32.const 0)))
            (memory.copy 1 0 (i32.const 0) (i32.const 0) (i32.const 1))
            (i32.const 1)))"#;
    let (stderr, status) = load("supported.wat", supported.as_bytes());
    assert_eq!((stderr.as_str(), status), ("", Some(0)));
}

#[test]
fn load_errors_have_a_reason() {
    let seed = r#"(memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 0))"#;
    for (guest, words, status) in [
        ("no-such-guest".to_owned(), "no such file", 3),
        (file("empty.wasm", ""), "the file is empty", 3),
        (file("typo.wat", "(module (func (i32.cons 1)))"), "unknown operator or unexpected token", 3),
        (file("short.wasm", b"\0asm\x01\0\0\0\x01\xff"), "not a valid WebAssembly module: unexpected end", 3),
        (
            file(
                "import.wat",
                r#"(module (import "env" "mystery" (func (param i32))) (memory (export "memory") 1)
                    (func (export "buffer_ptr") (result i32) (i32.const 0))
                    (func (export "f") (param i32) (result i32) (i32.const 0)))"#,
            ),
            "env.mystery  function (i32) -> ()",
            4,
        ),
        (file("bare.wat", "(module)"), "exports no memory", 4),
        (
            file(
                "two.wat",
                &format!(
                    r#"(module {seed} (func (export "a") (param i32) (result i32) (i32.const 0)) (func (export "b") (param i32) (result i32) (i32.const 0)))"#
                ),
            ),
            "a, b; choose one with --call NAME",
            4,
        ),
        (
            file(
                "huge.wat",
                r#"(module (memory (export "memory") 65536) (func (export "ptr") (result i32) (i32.const 0)) (func (export "f") (param i32) (result i32) (i32.const 0)))"#,
            ),
            "needs 4,294,967,296 bytes (65,536 pages) at the start, but the limit is 536,870,912 bytes",
            3,
        ),
        (
            file(
                "segment.wat",
                &format!(
                    r#"(module {seed} (data (i32.const 65535) "xx") (func (export "f") (param i32) (result i32) (i32.const 0)))"#
                ),
            ),
            "a data or element segment does not fit",
            3,
        ),
        (
            file(
                "start.wat",
                &format!(
                    r#"(module {seed} (start $s) (func $s unreachable) (func (export "f") (param i32) (result i32) (i32.const 0)))"#
                ),
            ),
            "start function() trapped",
            3,
        ),
        (
            file(
                "endless.wat",
                &format!(
                    r#"(module {seed} (start $s) (func $s (loop (br 0))) (func (export "f") (param i32) (result i32) (i32.const 0)))"#
                ),
            ),
            "still running after 200ms",
            6,
        ),
    ] {
        let output = run(&[&guest, "--timeout", "200ms"], b"x\n");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(words), "{guest}: {stderr}");
        assert!(output.stdout.is_empty());
        assert_eq!(output.status.code(), Some(status), "{guest}: {stderr}");
    }
    assert_eq!(run(&["-"], b"").status.code(), Some(2));
    assert_eq!(run(&["--nonsense"], b"").status.code(), Some(2));
    assert_eq!(run(&["--timeout", "soon"], b"").status.code(), Some(2));
}
