//! Limits of time and memory hold for any module and any line.

use std::time::{Duration, Instant};

use crate::piped::{file, linmem, run, text};

#[test]
fn time_limit_stops_any_code() {
    let seed = r#"(memory (export "memory") 8000) (func (export "ptr") (result i32) (i32.const 64))"#;
    let fill = "(memory.fill (i32.const 65536) (local.get 0) (i32.const 524222464))";
    for (name, body) in [
        ("fills", format!("(func (export \"f\") (param i32) (result i32) {} (i32.const 0))", fill.repeat(200))),
        (
            "fib",
            "(func $fib (export \"f\") (param i32) (result i32)
                (i32.add (call $fib (local.get 0)) (i32.const 1)))"
                .replace("(call $fib (local.get 0))", "(if (result i32) (i32.eqz (global.get $left)) (then (i32.const 1)) (else (global.set $left (i32.sub (global.get $left) (i32.const 1))) (i32.add (call $fib (local.get 0)) (block (result i32) (global.set $left (i32.add (global.get $left) (i32.const 1))) (call $fib (local.get 0))))))")
                + "(global $left (mut i32) (i32.const 60))",
        ),
        ("grow", r#"(func (export "f") (param i32) (result i32) (loop (drop (memory.grow (i32.const 0))) (br 0)) (unreachable))"#.to_owned()),
        (
            "indirect",
            r#"(table 1 funcref) (elem (i32.const 0) $f) (type $t (func (param i32) (result i32)))
            (func $f (export "f") (param i32) (result i32) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))"#
                .replace("return_call_indirect", "call_indirect"),
        ),
    ] {
        let guest = file(&format!("escape-{name}.wat"), format!("(module {seed} {body})").as_bytes());
        let since = Instant::now();
        let output = run(&[&guest, "--timeout", "200ms"], b"x\n");
        let stderr = text(&output.stderr);
        assert!(matches!(output.status.code(), Some(5 | 6)), "{name}: {stderr}");
        assert!(since.elapsed() < Duration::from_secs(10), "{name} took {:?}", since.elapsed());
        assert!(name == "indirect" || name == "fib" || stderr.contains("still running after 200ms"), "{name}: {stderr}");
    }
}

#[test]
fn tables_and_memories_are_limited() {
    let guest = file(
        "greedy.wat",
        br#"(module (memory (export "memory") 1) (table 1 funcref)
            (func (export "ptr") (result i32) (i32.const 0))
            (func (export "f") (param i32) (result i32)
                (drop (table.grow (ref.null func) (i32.const 50000000)))
                (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
                (i32.store8 (i32.const 0) (i32.add (i32.const 48) (memory.size)))
                (i32.store8 (i32.const 1) (i32.add (i32.const 48) (i32.gt_u (table.size) (i32.const 10000000))))
                (i32.const 2)))"#,
    );
    let output = run(&[&guest, "--max-memory", "512KiB"], b"x\n");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("80\n", Some(0)), "8 pages and a small table");
}

#[test]
fn memory_limit_error_states_the_minimum() {
    let output = run(&["--max-memory", "1"], b"x\n");
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("65,536 bytes (1 page) at the start") && stderr.contains("--max-memory 64KiB would be enough"),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(text(&run(&["--max-memory", "64KiB"], b"x\n").stdout), "x Wasm is cool!\n");
}

#[test]
fn line_larger_than_memory_is_not_buffered() {
    let output = run(&["--max-memory", "64KiB", "-k"], &[&vec![b'x'; 3_000_000][..], b"\nok\n"].concat());
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("\nok Wasm is cool!\n", Some(1)));
    assert!(text(&output.stderr).contains("line 1: the line is longer than 65,536 bytes"));
}

#[test]
fn time_limit_holds_while_stores_are_recorded() {
    let guest = file(
        "stores-without-end.wat",
        br#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
            (func (export "f") (param i32) (result i32)
                (loop $next
                    (i32.store (i32.const 128) (i32.add (i32.load (i32.const 128)) (i32.const 1)))
                    (br $next))
                (unreachable)))"#,
    );
    let since = Instant::now();
    let output = run(&[&guest, "--timeout", "500ms", "--show", "hex"], b"x\n");
    assert!(text(&output.stderr).contains("still running after 500ms"), "{}", text(&output.stderr));
    // Time that recording takes counts: without that, it would be some twenty seconds.
    assert!(since.elapsed() < Duration::from_secs(8), "it took {:?}", since.elapsed());
}

/// The longest line is bounded, and is not read on for ever once it is too long.
#[cfg(unix)]
#[test]
fn an_endless_line_ends_the_pipe_and_the_prompt() {
    for args in [&[][..], &["--repl"], &["--whole"], &["--show", "json"]] {
        let mut command = linmem(&["--max-memory", "2MiB"]);
        command.args(args).stdin(std::fs::File::open("/dev/zero").expect("it is a device"));
        let output = command.output().expect("linmem starts");
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{args:?}: {stderr}");
        assert!(stderr.contains("the line is longer than 2,097,152 bytes"), "{args:?}: {stderr}");
        assert!(stderr.contains("--max-memory"), "{args:?}: {stderr}");
    }
    let output = linmem(&["--script", "/dev/zero"]).output().expect("linmem starts");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(stderr.contains("/dev/zero: line 1 is longer than 67,108,864 bytes"), "{stderr}");
}
