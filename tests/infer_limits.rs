//! What limits an inference, and what its words are safe for.

use crate::piped::{file, run, text};

/// Runs for ever, in two conventions that match.
const ENDLESS: &str = r#"(module (memory (export "memory") 1)
    (func (export "alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "work") (param i32 i32) (result i32) (loop (br 0)) (i32.const 0)))"#;

fn failed(args: &[&str]) -> (Option<i32>, String) {
    let output = run(args, b"");
    (output.status.code(), text(&output.stderr))
}

#[test]
fn times_that_are_none_or_too_long_are_refused() {
    let (status, said) = failed(&["infer", "packed", "-l", "a", "-a", "A", "--timeout", "0"]);
    assert!(status == Some(2) && said.contains("--timeout 0 leaves no time"), "{said}");
    for args in [
        &["packed", "--timeout", "10000000000000000000s"][..],
        &["infer", "packed", "-l", "a", "--timeout", "1000000000000000000"],
    ] {
        let (status, said) = failed(args);
        assert!(status == Some(2) && said.contains("expected at most 4294967295 s"), "{said}");
    }
}

#[test]
fn conventions_on_trial_keep_the_time_limit_of_lines() {
    let guest = file("infer-endless.wat", ENDLESS);
    let (status, said) = failed(&[&guest, "--abi", "auto", "--timeout", "50ms", "-l", "abc"]);
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("still running after 50ms") && !said.contains("after 1s"), "{said}");
}

#[test]
fn a_missing_export_is_named_before_anything_is_tried() {
    let (status, said) = failed(&["infer", "packed", "-l", "a", "-a", "A", "--call", "nosuch"]);
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("exports no function `nosuch`; it exports alloc, "), "{said}");
}

#[test]
fn names_in_an_inference_are_harmless() {
    let guest = file(
        "infer-\u{1b}[35mnamed.wat",
        r#"(module (memory (export "memory") 1)
            (func (export "get\1b[31m_ptr") (result i32) (i32.const 64))
            (func (export "sh\1b[33mout\0a") (param $n i32) (result i32) (local $i i32)
                (loop $next (if (i32.lt_u (local.get $i) (local.get $n)) (then
                    (i32.store8 offset=64 (local.get $i) (i32.sub (i32.load8_u offset=64 (local.get $i)) (i32.const 32)))
                    (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $next))))
                (local.get $n)))"#,
    );
    for args in [&["-l", "hello"][..], &["-l", "hello", "-a", "HELLO"]] {
        let output = run(&[&["infer", &guest], args].concat(), b"");
        let said = [text(&output.stdout), text(&output.stderr)].concat();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.contains("HELLO") || said.contains("out"), "{said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn an_operation_of_a_protocol_is_named_like_an_export() {
    let guest = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inferred/wapc.wat").display().to_string();
    let output = run(&["infer", &guest, "-l", "abc", "-a", "ABC", "--call", "shout"], b"");
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stdout.contains("write \"shout\" at operation"), "{stdout}");
}
