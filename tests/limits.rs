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
fn a_table_that_begins_too_large_is_refused() {
    let guest = file(
        "large-table.wat",
        r#"(module (memory (export "memory") 1) (table 3000 funcref) (func (export "ptr") (result i32) (i32.const 0))
            (func (export "f") (param i32) (result i32) (local.get 0)))"#,
    );
    let output = run(&[&guest, "--max-table", "2000"], b"x\n");
    let stderr = text(&output.stderr);
    assert!(stderr.contains("the module's tables need 3,000 entries at the start, but the limit is 2,000"), "{stderr}");
    assert!(stderr.contains("--max-table 3000 would be enough"), "{stderr}");
    assert_eq!(output.status.code(), Some(3));
    let grows = file(
        "growing-table.wat",
        r#"(module (memory (export "memory") 1) (table 1 funcref) (func (export "ptr") (result i32) (i32.const 0))
            (func (export "f") (param i32) (result i32)
                (loop $more (br_if $more (i32.ne (table.grow (ref.null func) (i32.const 1)) (i32.const -1))))
                (i32.store8 (i32.const 0) (i32.add (i32.const 48) (i32.div_u (table.size) (i32.const 100))))
                (i32.const 1)))"#,
    );
    assert_eq!(text(&run(&[&grows, "--max-table", "700"], b"x\n").stdout), "7\n");
}

#[test]
fn a_stack_of_another_size_can_be_chosen() {
    let guest = file(
        "recursion.wat",
        r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
            (func $deep (param i32) (result i32)
                (if (result i32) (local.get 0)
                    (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))
                    (else (i32.const 0))))
            (func (export "f") (param i32) (result i32) (drop (call $deep (i32.const 100000))) (local.get 0)))"#,
    );
    let output = run(&[&guest, "--max-stack", "1MiB"], b"x\n");
    let stderr = text(&output.stderr);
    assert!(stderr.contains("call stack exhausted"), "{stderr}");
    assert!(stderr.contains("--max-stack"), "{stderr}");
    let output = run(&[&guest, "--max-stack", "64MiB"], b"x\n");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("x\n", Some(0)), "{}", text(&output.stderr));
}

#[test]
fn a_call_has_a_time_limit_of_its_own() {
    let guest = file(
        "slow-call.wat",
        r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
            (func (export "f") (param i32) (result i32) (loop (br 0)) (unreachable)))"#,
    );
    for show in [&[][..], &["--show", "json"]] {
        let output = linmem(&[&[&*guest, "--timeout", "0", "--step-timeout", "100ms", "--line", "x"], show].concat());
        let output = { output }.output().expect("linmem starts");
        assert_eq!(output.status.code(), Some(6), "{}", text(&output.stderr));
        let told = "the call was still running after 100ms and was stopped (--step-timeout sets the limit)";
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
}

/// A guest that calls its import a hundred times for each line, with a message of ten bytes.
const TALKATIVE: &str = r#"(module (import "env" "say" (func $say (param i32 i32)))
    (memory (export "memory") 1) (data (i32.const 0) "0123456789") (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param i32) (result i32) (local $left i32)
        (local.set $left (i32.const 100))
        (loop $again
            (call $say (i32.const 0) (i32.const 10))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (local.get 0)))"#;

const TALKATIVE_RECIPE: &str =
    "name talk\neach line\n  write line at 64\n* m = f(n)\n  read m at 64\non env.say(at, len)\n  say len at at\n";

#[test]
fn steps_are_limited() {
    let (guest, recipe) = (file("talkative.wat", TALKATIVE), file("talkative.recipe", TALKATIVE_RECIPE));
    let output = run(&[&guest, "--abi", &recipe, "--show", "json", "--max-steps", "50"], b"x\n");
    let stderr = text(&output.stderr);
    assert!(stderr.contains("exceeds the recording limit of 50 steps (--max-steps sets it"), "{stderr}");
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(run(&[&guest, "--abi", &recipe, "--show", "json", "--max-steps", "500"], b"x\n").status.code(), Some(0));
}

#[test]
fn each_limit_of_sizes_is_met_and_named() {
    let (guest, recipe) = (file("sizes.wat", TALKATIVE), file("sizes.recipe", TALKATIVE_RECIPE));
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("sizes");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let script = folder.join("script").display().to_string();
    std::fs::write(&script, "a line\n:save session\n").expect("the test directory is writable");
    let mut saving = linmem(&["--script", &script]);
    assert!(saving.current_dir(&folder).output().expect("linmem starts").status.success());
    let session = folder.join("session").display().to_string();
    for (args, told, status) in [
        (
            vec![&*guest, "--max-module", "100"],
            "longer than 100 bytes, the limit for a module (--max-module sets it)",
            3,
        ),
        (
            vec![&guest, "--abi", &recipe, "--max-recipe", "20"],
            "longer than 20 bytes, the limit for a recipe (--max-recipe sets it)",
            4,
        ),
        (
            vec!["--script", &script, "--max-script", "10"],
            "longer than 10 bytes, the limit for a script (--max-script sets it)",
            7,
        ),
        (
            vec!["replay", &session, "--max-session", "1KiB"],
            "but the limit for a saved session is 1,024 (--max-session sets it)",
            7,
        ),
        (vec!["--max-output", "3"], "but the limit is 3 (--max-output sets it)", 6),
        (
            vec!["recipe", "check", &recipe, &guest, "--max-module", "100"],
            "longer than 100 bytes, the limit for a module (--max-module sets it)",
            3,
        ),
        (
            vec!["recipe", "check", &recipe, &guest, "--max-recipe", "20"],
            "longer than 20 bytes, the limit for a recipe (--max-recipe sets it)",
            2,
        ),
        (
            vec!["--max-recipe", "20", "recipe", "fmt", &recipe],
            "longer than 20 bytes, the limit for a recipe (--max-recipe sets it)",
            2,
        ),
        (
            vec!["recipe", "fmt", "--max-recipe", "1"],
            "stdin: longer than 1 byte, the limit for a recipe (--max-recipe sets it)",
            2,
        ),
    ] {
        let output = run(&args, b"x\n");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(told), "{args:?}: {stderr}");
        assert_eq!(output.status.code(), Some(status), "{args:?}: {stderr}");
    }
    // What a guest says is cut short, and its answer stands.
    let output = run(&[&guest, "--abi", &recipe, "--max-messages", "64"], b"x\n");
    let stderr = text(&output.stderr);
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("x\n", Some(0)), "{stderr}");
    assert!(stderr.contains("messages dropped: 95; the limit is 64 bytes (--max-messages sets it)"), "{stderr}");
}

#[test]
fn nesting_and_number_of_scripts_are_limited() {
    let script = file("itself", "");
    std::fs::write(&script, format!(":source {script}\n:source {script}\n")).expect("the test directory is writable");
    for (limit, value, told) in [
        ("--max-nesting", "3", "files are nested more than 3 deep (--max-nesting sets the limit)"),
        ("--max-sourced", "5", "more than 5 files run by one script (--max-sourced sets the limit)"),
    ] {
        let output = run(&["--script", &script, limit, value], b"");
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn trials_of_infer_are_limited() {
    let guest = file("inferred.wat", TALKATIVE);
    let args = ["infer", &guest, "--line", "abc", "--answer", "never", "--max-trials", "3"];
    let output = linmem(&args).output().expect("linmem starts");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("The limit of 3 guests was reached: --max-trials sets it."), "{stderr}");
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
