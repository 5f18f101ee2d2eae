//! Detection, assumptions, and run-time checks, through the binary: no wrong answer goes unnoticed.

use std::ops::Add;

use std::path::Path;
use std::process::{Output, Stdio};

use crate::hermetic;
use crate::piped::text;

/// Runs linmem with these lines on a WAT guest: stdout, stderr, exit status.
fn ask(name: &str, module: &str, args: &[&str], lines: &str) -> (String, String, Option<i32>) {
    let guest = file(&format!("{name}.wat"), module);
    let output = run(&[&[guest.as_str()], args].concat(), lines);
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

fn run(args: &[&str], lines: &str) -> Output {
    use std::io::Write;
    let mut command = hermetic::linmem();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("linmem starts");
    let mut stdin = child.stdin.take().expect("the stream is piped");
    // linmem may exit before it reads all input.
    let _ = stdin.write_all(lines.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it exits")
}

/// A file for one test.
fn file(name: &str, content: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("detection");
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let path = folder.join(name);
    std::fs::write(&path, content).expect("the test directory is writable");
    path.display().to_string()
}

/// A bump allocator from 0x1000 upwards, and data from 0x400 on.
const ALLOCATOR: &str = r#"(memory (export "memory") 32) (data (i32.const 0x400) "module data")
    (global $top (mut i32) (i32.const 0x1000))
    (func $alloc (export "alloc") (param i32) (result i32)
        (global.get $top) (global.set $top (i32.add (global.get $top) (local.get 0))))
    (func (export "dealloc") (param i32 i32))"#;

fn allocating(more: &str) -> String {
    format!("(module {ALLOCATOR} {more})")
}

#[test]
fn implausible_result_names_the_assumed_convention() {
    let packed_low = |name, body: &str| {
        let module = allocating(&format!(r#"(func (export "f") (param i32 i32) (result i64) {body})"#));
        ask(name, &module, &[], "hello\n")
    };
    let high = "(i64.shl (i64.extend_i32_u (local.get 1)) (i64.const 32))";
    let (stdout, stderr, status) =
        packed_low("packed-low", &format!("(i64.or {high} (i64.extend_i32_u (local.get 0)))"));
    assert_eq!((stdout.as_str(), status), ("", Some(5)), "{stderr}");
    let note = "packed-low.wat: assuming convention packed; packed-low also matches (try --abi packed-low)\n";
    assert!(stderr.contains(note), "{stderr}");
    let failure = "line 1: the answer, 4,096 bytes at 0x5, would partly overlap the module's data at 0x400";
    assert!(stderr.contains(failure), "{stderr}");
    assert!(stderr.ends_with("; packed was assumed; packed-low also matches (try --abi packed-low)\n"), "{stderr}");
    // A hash, half of which is an address out of bounds; a trap.
    for (name, body) in [("hash", "(i64.const 0x9e3779b97f4a7c15)"), ("trap", "(unreachable)")] {
        let (stdout, stderr, status) = packed_low(name, body);
        assert_eq!((stdout.as_str(), status), ("", Some(5)), "{stderr}");
        assert!(stderr.contains("packed was assumed; packed-low also matches (try --abi packed-low)"), "{stderr}");
    }
}

#[test]
fn failed_lines_do_not_confirm_an_assumption() {
    let module = allocating(
        r#"(func (export "f") (param i32 i32) (result i64)
            (i64.or (i64.shl (i64.extend_i32_u (local.get 1)) (i64.const 32)) (i64.const 0x2000)))"#,
    );
    let lines = 20_100;
    let (stdout, stderr, status) = ask("unproved", &module, &["-k"], &"hello\n".repeat(lines));
    assert!(stdout == "\n".repeat(lines) && status == Some(1), "{stderr:.500}");
    assert_eq!(stderr.matches("; packed was assumed; ").count(), lines);
}

#[test]
fn a_number_is_not_taken_for_a_pointer_to_text() {
    for (name, body, words) in [
        ("length", "(i32.const 5)", "the guest returned 5, which is the line's length, not an address"),
        ("boolean", "(i32.const 1)", "0x1 is not a plausible address: memory in use begins at 0x400"),
        ("no", "(i32.const 0)", "the guest returned a null pointer: f returned 0"),
    ] {
        let module = allocating(&format!(r#"(func (export "f") (param i32) (result i32) {body})"#));
        let (stdout, stderr, status) = ask(name, &module, &[], "hello\n");
        assert_eq!((stdout.as_str(), status), ("", Some(5)), "{stderr}");
        assert!(stderr.contains(&format!("line 1: {words}")), "{stderr}");
        assert!(stderr.contains("; c-string was assumed; choose another with --abi"), "{stderr}");
    }
    // With a convention that the user chose, results are not checked.
    let module = allocating(r#"(func (export "f") (param i32) (result i32) (i32.const 5))"#);
    let (stdout, stderr, _) = ask("chosen", &module, &["--abi", "c-string"], "hello\n");
    assert_eq!((stdout.as_str(), stderr.as_str()), ("\n", ""));
}

#[test]
fn an_address_is_not_taken_for_a_length() {
    // `in-place-len` runs without being requested if `struct` is excluded: at an address that both sides know.
    let region = |name, result: &str| {
        let module = format!(
            r#"(module (memory (export "memory") 2) (global (export "__heap_base") i32 (i32.const 0x1000))
            (func (export "f") (param i32 i32) (result i32) {result}))"#
        );
        ask(name, &module, &[], "hello\n")
    };
    let (stdout, stderr, _) = region("region", "(local.get 1)");
    assert_eq!(stdout, "hello\n", "{stderr}");
    assert!(stderr.contains("assuming convention fixed-region; choose another with --abi"), "{stderr}");
    for (name, result, words) in [
        ("region-address", "(local.get 0)", "the guest returned 0x1000, which is the line's address, not a length"),
        (
            "region-end",
            "(i32.add (local.get 0) (local.get 1))",
            "the guest returned 0x1005, which is where the line ends, not a length",
        ),
    ] {
        let (stdout, stderr, status) = region(name, result);
        assert_eq!((stdout.as_str(), status), ("", Some(5)), "{stderr}");
        assert!(stderr.contains(words) && stderr.contains("fixed-region was assumed"), "{stderr}");
    }
}

#[test]
fn weak_evidence_needs_a_choice_and_runs_no_guest_code() {
    let lone = r#"(module (memory (export "memory") 1)
        (func (export "canary") (result i32) (i32.store8 (i32.const 0) (i32.const 1)) (i32.const 1))
        (func (export "upper") (param i32) (result i32) (local.get 0)))"#;
    let (stdout, stderr, status) = ask("lone", lone, &[], "hello\n");
    assert_eq!((stdout.as_str(), status), ("", Some(4)), "{stderr}");
    let words = "One convention matches, but the evidence is weak. Choose it with --abi NAME:\n  static-buffer: ";
    assert!(stderr.contains(words) && stderr.contains("the name of canary does not confirm it"), "{stderr}");
    // Who names the transform lets it run once; the line itself is no answer that speaks for the convention.
    let (stdout, stderr, status) = ask("lone", lone, &["--call", "upper"], "hello\n");
    assert_eq!((stdout.as_str(), status), ("", Some(4)), "{stderr}");
    let words =
        "weak. It was run once with \"hello\"; choose one with --abi NAME:\n  --abi static-buffer: answers \"hello\"";
    assert!(stderr.contains(words), "{stderr}");
    assert_eq!(ask("lone", lone, &["--abi", "static-buffer"], "hello\n").0, "hello\n");
    let (stdout, stderr, status) = ask(
        "either",
        &allocating(r#"(func (export "f") (param i32 i32) (result i32) (unreachable))"#),
        &["--call", "f"],
        "hello\n",
    );
    assert_eq!((stdout.as_str(), status), ("", Some(4)));
    let first = "Several conventions match. Each was run once with \"hello\"; choose one with --abi NAME:\n  --abi in-place-len: ";
    assert!(stderr.contains(first) && stderr.contains("\n  --abi struct: "), "{stderr}");
}

#[test]
fn null_pointer_is_reported_with_the_guests_error_text() {
    let says = r#"(data (i32.const 0x500) "the line is empty\00")
        (func (export "last_error_ptr") (result i32) (i32.const 0x500))
        (func (export "last_error_len") (result i32) (i32.const 17))"#;
    let c = r#"(data (i32.const 0x500) "the line is empty\00")
        (func (export "last_error_message") (result i32) (i32.const 0x500))"#;
    for (name, convention, f) in [
        ("null-packed", "packed", "(param i32 i32) (result i64) (i64.const 0)"),
        ("null-low", "packed-low", "(param i32 i32) (result i64) (i64.const 0)"),
        ("null-c", "c-string", "(param i32) (result i32) (i32.const 0)"),
        ("null-struct", "struct", "(param i32 i32) (result i32) (i32.const 0)"),
        ("null-in-struct", "struct", "(param i32 i32) (result i32) (i32.const 0x800)"),
        ("null-out-len", "out-len", "(param i32 i32 i32) (result i32) (i32.const 0)"),
        ("null-out-struct", "out-struct", "(param i32 i32 i32)"),
    ] {
        for (kind, exports, words) in [
            ("", "", "null pointer"),
            ("-says", says, "line 1: the line is empty"),
            ("-says-c", c, "line 1: the line is empty"),
        ] {
            let module = allocating(&format!("{exports} (func (export \"f\") {f})"));
            let (stdout, stderr, status) =
                ask(&format!("{name}{kind}"), &module, &["--call", "f", "--abi", convention], "\n");
            assert_eq!((stdout.as_str(), status), ("", Some(5)), "{name}{kind}: {stderr}");
            assert!(stderr.contains(words), "{name}{kind}: {stderr}");
        }
    }
    let (_, stderr, _) = ask(
        "null-canonical",
        r#"(module (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
            (func (export "f") (param i32 i32) (result i32) (i32.const 0)))"#,
        &[],
        "x\n",
    );
    assert!(stderr.contains("line 1: the guest returned a null pointer"), "{stderr}");
}

#[test]
fn assemblyscript_object_is_not_read_as_a_string() {
    let module = r#"(module (memory (export "memory") 1) (data (i32.const 0x100) "\07\00\00\00" "\04\00\00\00" "abcd")
        (func (export "__new") (param i32 i32) (result i32) (i32.const 0x200))
        (func (export "__pin") (param i32) (result i32) (local.get 0)) (func (export "__unpin") (param i32))
        (func (export "f") (param i32) (result i32) (i32.const 0x108)))"#;
    let (stdout, stderr, status) = ask("object", module, &[], "x\n");
    assert_eq!((stdout.as_str(), status), ("", Some(5)));
    assert!(stderr.contains("the guest returned an object of class 7, not a string (class 2)"), "{stderr}");
}

/// A guest like wasm-bindgen's, whose transform returns an error.
const THROWING: &str = r#"(module
    (import "./x_bg.js" "__wbindgen_string_new" (func $string (param i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0x800) "no number")
    (global $sp (mut i32) (i32.const 0x400))
    (func (export "__wbindgen_add_to_stack_pointer") (param i32) (result i32)
        (global.set $sp (i32.add (global.get $sp) (local.get 0))) (global.get $sp))
    (func (export "__wbindgen_malloc") (param i32 i32) (result i32) (i32.const 0x1000))
    (func (export "__wbindgen_free") (param i32 i32 i32))
    (func (export "f") (param $area i32) (param i32 i32)
        (i64.store (local.get $area) (i64.const 0))
        (i32.store offset=8 (local.get $area) (call $string (i32.const 0x800) (i32.const 9)))
        (i32.store offset=12 (local.get $area) (i32.const 1))))"#;

#[test]
fn wasm_bindgen_error_is_reported_with_its_text() {
    let (stdout, stderr, status) = ask("throwing", THROWING, &[], "x\n");
    assert_eq!((stdout.as_str(), status), ("", Some(5)));
    assert!(stderr.contains("line 1: the guest says: no number\n"), "{stderr}");
    assert!(stderr.contains("line 1: the guest returned an error: a JavaScript value"), "{stderr}");
}

#[test]
fn refuses_a_transform_that_the_recipe_does_not_call() {
    let module = r#"(module (memory (export "memory") 1) (func (export "upper") (param i32 i32) (result i32) (local.get 1))
        (func (export "blank") (param i32 i32) (result i32) (local.get 1)))"#;
    let recipe = file("upper.recipe", "each line\n  write at 16\n* len = upper(16, n)\n  read len at 16\n");
    let (stdout, stderr, status) = ask("two", module, &["--abi", &recipe, "--call", "blank"], "x\n");
    assert_eq!((stdout.as_str(), status), ("", Some(4)));
    let words = "upper.recipe: the recipe calls `upper`, but --call names `blank`: change the recipe, or omit --call";
    assert!(stderr.contains(words), "{stderr}");
    assert_eq!(ask("two", module, &["--abi", &recipe, "--call", "upper"], "x\n").0, "x\n");
    let own = r#"(module (@custom "linmem" "each line\0a  write at 16\0a  upper(16, n)\0a  read n at 16\0a")
        (memory (export "memory") 1) (func (export "upper") (param i32 i32)) (func (export "blank") (param i32 i32)))"#;
    let (stdout, stderr, status) = ask("own", own, &["--call", "blank"], "x\n");
    assert_eq!((stdout.as_str(), status), ("", Some(4)));
    assert!(stderr.contains("its own: the recipe calls `upper`, but --call names `blank`"), "{stderr}");
    assert_eq!(ask("own", own, &[], "x\n").0, "x\n");
}

/// A program that prints how many bytes it read, as a digit and a LF.
const COUNTING: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0) "\10\00\00\00\09\00\00\00")
    (func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 16) (i32.add (i32.const 0x0a30) (i32.load (i32.const 8))))
        (i32.store (i32.const 4) (i32.const 2))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

#[test]
fn a_program_reads_the_line_with_its_lf_or_the_bytes_alone() {
    assert_eq!(ask("counting", COUNTING, &[], "ab\n\nabc").0, "3\n1\n3\n", "the last line has no LF");
    assert_eq!(ask("counting", COUNTING, &["--abi", "wasi-exact"], "ab\n\nabc").0, "2\n\n0\n\n3\n");
    let recipe =
        file("exact.recipe", "host wasi\nstdin exact\ninstance fresh\neach line\n* _start()\n  answer stdout\n");
    let shown = ask("counting", COUNTING, &["--abi", &recipe, "-l", "ab", "--show", "json"], "").0;
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("it is JSON");
    assert_eq!(shown["output"]["text"], "2\n");
    // It is never detected unless the module specifies it.
    let (_, stderr, status) = ask("counting", COUNTING, &["--call", "_start", "-l", "ab"], "");
    assert_eq!((stderr.as_str(), status), ("", Some(0)));
}

#[test]
fn an_assumption_is_shown_at_the_prompt_and_in_scripts() {
    let module = allocating(r#"(func (export "f") (param i32 i32))"#);
    let guest = file("script.wat", &module);
    let script = file("script.txt", "hi\n:convention\n");
    let output = run(&[&guest, "--script", &script], "");
    let note = "assuming convention in-place; choose another with --abi; `linmem inspect` shows the evidence\n";
    assert!(text(&output.stderr).contains(note) && text(&output.stdout).contains(note), "{}", text(&output.stderr));
    let output = run(&[&guest, "--repl"], "hi\n");
    assert!(text(&output.stdout).contains(note), "{}", text(&output.stdout));
    let shown = text(&run(&["inspect", &guest], "").stdout);
    assert!(shown.contains(&format!("the recipe that would run\n  # {note}")), "{shown}");
}

#[test]
fn a_convention_that_has_answered_is_not_blamed_for_a_trap() {
    let guest = file(
        "answers-then-traps.wat",
        r#"(module (memory (export "memory") 1)
            (func (export "alloc") (param i32) (result i32) (i32.const 1024))
            (func (export "work") (param $at i32) (param $len i32) (result i64)
                (if (i32.eq (local.get $len) (i32.const 3)) (then (unreachable)))
                (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32)) (i64.extend_i32_u (local.get $len)))))"#,
    );
    // Recorded and not, in batches and not.
    for (lines, blamed) in [("abc\n", true), ("hello\nabc\n", false), (&*"hello\n".repeat(2500).add("abc\n"), false)] {
        for more in [&[][..], &["--show", "json"]] {
            let output = run(&[&[&*guest], more].concat(), lines);
            let stderr = text(&output.stderr);
            assert!(stderr.contains("trapped: unreachable"), "{stderr}");
            assert_eq!(stderr.contains("was assumed; "), blamed, "{stderr}");
        }
    }
}
