//! Recipes through the binary: values, handlers, and failures.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use crate::hermetic;
use crate::piped::text;

/// Runs linmem with these arguments and input.
fn run(args: &[&str], input: &[u8]) -> Output {
    use std::io::Write;
    let mut command = hermetic::linmem();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("linmem starts");
    // linmem may exit before it reads all input.
    let _ = child.stdin.take().expect("the stream is piped").write_all(input);
    child.wait_with_output().expect("it exits")
}

/// A file for one test.
fn file(name: &str, content: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("recipes");
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, content).expect("the test directory is writable");
    path.display().to_string()
}

/// Runs a module with a recipe and further arguments: stdout, stderr, exit status.
fn drive(name: &str, module: &str, recipe: &str, more: &[&str], input: &str) -> (String, String, Option<i32>) {
    let guest = file(&format!("{name}.wat"), module);
    let recipe = file(&format!("{name}.recipe"), recipe);
    let output = run(&[&[&guest, "--abi", &recipe], more].concat(), input.as_bytes());
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// A guest whose export calls an import with its argument.
const NESTING: &str = r#"(module
    (import "env" "cb" (func $cb (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "f") (param i32) (result i32) (i32.add (call $cb (local.get 0)) (i32.const 1))))"#;

#[test]
fn reentered_handler_keeps_its_own_values() {
    let recipe = "each line
  total = f(n)
  answer \"{total}\"
on env.cb(x)
  twice = x + x
  say \"enter {x}\"
  sum = 0
  sum = f(x - 1) + u8[f(0) + x] if x > 1
  say \"leave {x}, twice {twice}, sum {sum}\"
  deepest = x if x > deepest
  return sum
";
    let (stdout, stderr, status) = drive("nesting", NESTING, recipe, &[], "abc\n");
    let said: Vec<_> = stderr.lines().filter_map(|line| line.split("says: ").nth(1)).collect();
    let expected = [
        "enter 3",
        "enter 2",
        "enter 1",
        "leave 1, twice 2, sum 0",
        "enter 0",
        "leave 0, twice 0, sum 0",
        "leave 2, twice 4, sum 1",
        "enter 0",
        "leave 0, twice 0, sum 0",
        "leave 3, twice 6, sum 2",
    ];
    assert_eq!((said, &*stdout, status), (expected.to_vec(), "3\n", Some(0)), "{stderr}");
}

#[test]
fn names_used_in_other_sections_are_shared_by_all_activations() {
    let recipe = "each line
  f(n)
  answer \"{calls}\"
on env.cb(x)
  calls = calls + 1
  f(x - 1) if x > 0
";
    let (stdout, stderr, _) = drive("counting", NESTING, recipe, &[], "abc\n");
    assert_eq!(stdout, "4\n", "{stderr}");
}

#[test]
fn keyword_is_not_a_call() {
    let guest = r#"(module (memory (export "memory") 1)
        (func (export "grow") (param i32) (i32.store8 (i32.const 0) (i32.const 71)))
        (func (export "size") (result i32) (memory.size)))"#;
    let recipe = "each line\n  write at 0\n  grow (n + 1)\n  pages = size()\n  read (n) at 0\n  \"grow\"(1)\n  append 1 at 0\n  \
                  append \" {pages}\"\n";
    let (stdout, stderr, _) = drive("keywords", guest, recipe, &[], "ab\n");
    assert_eq!(stdout, "abG 4\n", "{stderr}");
    let (_, stderr, _) = drive("quoted", guest, "each line\n  grow(1) 2\n", &[], "ab\n");
    assert!(stderr.contains("to call an export named `grow`, write its name in quotes: \"grow\"(..)"), "{stderr}");
}

#[test]
fn numbers_have_64_bits_and_larger_ones_are_rejected() {
    let guest = r#"(module (memory (export "memory") 1) (func (export "same") (param i64) (result i64) (local.get 0))
        (func (export "narrow") (param i32) (result i32) (local.get 0)))"#;
    let recipe = "each line\n  x = same(0xffff_ffff_ffff_ffff)\n  y = same(9223372036854775808)\n  u64[8] = 18446744073709551614\n  \
                  z = u64[8]\n  i = narrow(705032704)\n  append \"{x} {x:i} {y} {z}\" if x == -1\n  \
                  append \" wrong\" if i == 5000000000\n";
    let (stdout, stderr, _) = drive("literals", guest, recipe, &[], "ab\n");
    assert_eq!(stdout, "18446744073709551615 -1 9223372036854775808 18446744073709551614\n", "{stderr}");
    for (statement, words) in [
        ("x = narrow(5000000000)", "line 2: 5000000000 does not fit in an i32"),
        ("u8[0] = 256", "line 2: 256 does not fit in a u8"),
        ("write u16 -40000 at 0", "line 2: -40000 does not fit in a u16"),
        ("x = units", "line 2: `units` counts the line's UTF-16 code units: put `text utf16` in the recipe's header"),
    ] {
        let (_, stderr, status) = drive("too-wide", guest, &format!("each line\n  {statement}\n"), &[], "ab\n");
        assert!(stderr.contains(words) && status == Some(4), "{statement}: {status:?} {stderr}");
    }
    let recipe = "text utf16\neach line\n  answer \"{n} {units}\"\n";
    let (stdout, stderr, _) = drive("units", guest, recipe, &[], "a\u{e9}\u{1f600}\n");
    assert_eq!(stdout, "8 4\n", "{stderr}");
}

/// A guest whose first export that frees memory traps.
const TRAPS_IN_CLEANUP: &str = r#"(module (memory (export "memory") 1)
    (func (export "alloc") (param i32) (result i32) (i32.const 64))
    (func (export "a") (unreachable))
    (func (export "b"))
    (func (export "run") (param i32 i32) (result i32) (if (i32.eq (local.get 1) (i32.const 7)) (then (return (i32.const -1))))
        (local.get 1)))"#;
const TWO_LINES_OF_CLEANUP: &str = "each line
  p = alloc(n)
  write at p
* len = run(p, n)
  fail \"seven\" if len < 0
  read len at p
finally
  a()
  b()
";

#[test]
fn answer_is_kept_if_finally_fails() {
    let cleanup = |args: &[&str], input: &str| drive("cleanup", TRAPS_IN_CLEANUP, TWO_LINES_OF_CLEANUP, args, input);
    let trapped = "line 1: a() trapped: ";
    // The pipe prints the answer and the error, and exits with a failure's status.
    let (stdout, stderr, status) = cleanup(&[], "hello\nagain\n");
    assert!(stdout == "hello\n" && stderr.contains(trapped) && status == Some(5), "{status:?} {stdout}{stderr}");
    assert_eq!(stderr.matches("trapped").count(), 1, "{stderr}");
    // Or it continues with a fresh instance.
    let (stdout, stderr, status) = cleanup(&["--keep-going"], "hello\nagain\n");
    assert!(stdout == "hello\nagain\n" && status == Some(1), "{status:?} {stdout}{stderr}");
    // If the line failed, both failures are reported.
    let (stdout, stderr, status) = cleanup(&[], "sevenup\n");
    assert!(stderr.contains("line 1: seven: run returned -1") && stderr.contains(trapped), "{stderr}");
    assert!(stdout.is_empty() && status == Some(5), "{status:?} {stdout}");
    let (stdout, ..) = cleanup(&["--show", "hex"], "hello\n");
    let (steps, answer) = stdout.split_once("  failed: a() trapped: ").expect("it says so");
    assert!(steps.contains("call  a() did not return") && !steps.contains("b()"), "{stdout}");
    assert!(answer.ends_with("\nhello\n"), "{stdout}");
    let (stdout, ..) = cleanup(&["--show", "json"], "hello\n");
    assert!(stdout.contains(r#""output":{"len":5,"hex":"68656c6c6f","text":"hello"}"#), "{stdout}");
    assert!(stdout.contains(r#""error":{"kind":"trap","message":"a() trapped: "#), "{stdout}");
    let (stdout, ..) = cleanup(&["--show", "json"], "sevenup\n");
    assert!(stdout.contains(r#""output":null,"error":{"kind":"refused","message":"seven: run"#), "{stdout}");
    assert!(stdout.contains("; then: a() trapped: "), "{stdout}");
}

#[test]
fn answer_and_later_failure_are_shown_and_saved() {
    let saved = file("saved", "");
    let script = file("script", &format!("hello\n:expect hello\n:expect error a() trapped\n:save {saved} overwrite\n"));
    let (stdout, stderr, _) = drive("shown", TRAPS_IN_CLEANUP, TWO_LINES_OF_CLEANUP, &["--script", &script], "");
    assert!(stdout.contains("=> hello\n") && stdout.matches("as expected").count() == 2, "{stdout}{stderr}");
    let replayed = text(&run(&["replay", &saved, "--show", "json"], b"").stdout);
    let line = replayed.lines().find(|line| line.contains("hello")).expect("it is there");
    assert!(line.contains(r#""text":"hello"},"error":{"kind":"trap","message":"a() trapped: "#), "{line}");
    let screen = linmem::session::load(std::path::Path::new(&saved), 1 << 29).expect("it was saved");
    let mut screen = linmem::front::Offscreen::replay(screen, 160, 40);
    let shown: String = screen.draw_settled().content().iter().map(ratatui::buffer::Cell::symbol).collect();
    assert!(shown.contains("=> hello; then it failed: a() trapped: "), "{shown}");
}

/// A guest that waits by a clock: in its start until it is that many milliseconds old, then in a call.
fn clock(start: u32, call: u32) -> String {
    format!(
        r#"(module (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
        (memory (export "memory") 1)
        (func $wait (param $until i64) (local $i i32)
            (loop $again
                (local.set $i (i32.const 1000000))
                (loop $spin (br_if $spin (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
                (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 16)))
                (br_if $again (i64.lt_u (i64.load (i32.const 16)) (i64.mul (local.get $until) (i64.const 1000000))))))
        (func $start (call $wait (i64.const {start})))
        (start $start)
        (func (export "f") (call $wait (i64.const {call}))))"#
    )
}

#[test]
fn fresh_start_and_line_share_one_time_limit() {
    // Neither reaches the limit, but both together do. The guest waits by the same clock that the limit uses, so a slow
    // machine does not matter.
    let guest = clock(500, 1400);
    let recipe = "host wasi\ninstance fresh\neach line\n  f()\n  answer \"in time\"\n";
    let paths: [(&str, &[&str], &str); 3] = [
        ("limit-pipe", &["--keep-going"], "a\nb\n"),
        ("limit-json", &["--keep-going", "--show", "json"], "a\nb\n"),
        ("limit-prompt", &["--repl"], "a\nb\n"),
    ];
    std::thread::scope(|scope| {
        for (name, args, input) in paths {
            let guest = &guest;
            scope.spawn(move || {
                let args = [args, &["--timeout", "1s"]].concat();
                let (stdout, stderr, _) = drive(name, guest, recipe, &args, input);
                let both = stdout + &stderr;
                let stopped = both.matches("was stopped (--timeout sets the limit)").count();
                assert!(stopped >= 2 && !both.contains("in time"), "{name}: {both}");
            });
        }
    });
}

/// A guest whose answer is static, part of the line's block, or a block of its own, depending on the line's first
/// letter. It traps on a free of anything that it did not allocate, and has memory for a few leaked blocks.
const ANSWERS_OF_ALL_KINDS: &str = r#"(module (memory (export "memory") 2)
    (data (i32.const 1024) "no block")
    (global $next (mut i32) (i32.const 4096)) (global $live (mut i32) (i32.const 0))
    (func $alloc (export "alloc") (param $n i32) (result i32) (local $p i32)
        (local.set $p (i32.add (global.get $next) (i32.const 8)))
        (global.set $next (i32.and (i32.add (local.get $p) (i32.add (local.get $n) (i32.const 15))) (i32.const -8)))
        (i32.store (i32.sub (local.get $p) (i32.const 8)) (i32.const 0xb10c))
        (global.set $live (i32.add (global.get $live) (i32.const 1)))
        (local.get $p))
    (func (export "dealloc") (param $p i32) (param i32)
        (if (i32.ne (i32.load (i32.sub (local.get $p) (i32.const 8))) (i32.const 0xb10c)) (then (unreachable)))
        (i32.store (i32.sub (local.get $p) (i32.const 8)) (i32.const 0))
        (global.set $live (i32.sub (global.get $live) (i32.const 1)))
        (if (i32.eqz (global.get $live)) (then (global.set $next (i32.const 4096)))))
    (func $pack (param i32 i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
    (func (export "pick") (param $p i32) (param $n i32) (result i64) (local $out i32)
        (if (i32.eq (i32.load8_u (local.get $p)) (i32.const 115)) (then
            (return (call $pack (i32.const 1027) (i32.const 5)))))
        (if (i32.eq (i32.load8_u (local.get $p)) (i32.const 105)) (then
            (return (call $pack (i32.add (local.get $p) (i32.const 1)) (i32.sub (local.get $n) (i32.const 1))))))
        (local.set $out (call $alloc (local.get $n)))
        (memory.copy (local.get $out) (local.get $p) (local.get $n))
        (call $pack (local.get $out) (local.get $n))))"#;

#[test]
fn frees_only_blocks_that_an_allocator_returned() {
    let guest = file("kinds.wat", ANSWERS_OF_ALL_KINDS);
    let ask = |args: &[&str], input: &str| run(&[&[&*guest, "--abi", "packed"], args].concat(), input.as_bytes());
    let lines = "static\nin line\nheap\nstatic\nin line\nheap\n";
    let output = ask(&[], lines);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(stdout, "block\nn line\nheap\nblock\nn line\nheap\n", "{stderr}");
    assert!(output.status.success(), "{stderr}");
    // It is reported once, and shown each time.
    let left_out: Vec<_> = stderr.lines().filter(|line| line.contains("was skipped")).collect();
    let first =
        "line 1: note: dealloc(0x403, 5) was skipped: the address is in static memory, which no allocator returns";
    assert!(left_out.len() == 1 && left_out[0].ends_with(first), "{stderr}");
    let shown = text(&ask(&["--show", "hex"], lines).stdout);
    assert_eq!(
        shown.matches(" note  dealloc(0x403, 5) was skipped: the address is in static memory").count(),
        2,
        "{shown}"
    );
    assert_eq!(shown.matches(", 6) was skipped: the address is inside the block at 0x").count(), 2, "{shown}");
    // The six lines, and the two answers that have a block.
    assert_eq!(shown.matches(" call  dealloc(").count(), 8, "{shown}");
    // Many lines, so that the recipe is compiled, give the same result.
    let many = ask(&[], &lines.repeat(4_000));
    assert!(many.status.success(), "{}", text(&many.stderr));
    assert_eq!(text(&many.stdout), stdout.repeat(4_000));
    assert_eq!(text(&many.stderr).matches("was skipped").count(), 1);
}

#[test]
fn calling_an_ended_program_prints_a_note() {
    let program = |end: &str| {
        format!(
            r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
            (func (export "_start") {end}) (func (export "after") (result i32) (i32.const 7)))"#
        )
    };
    for (end, how) in [
        ("", "`_start` has returned"),
        ("(call $exit (i32.const 0))", "the guest has exited with status 0"),
        ("(call $exit (i32.const 3))", "the guest has exited with status 3"),
    ] {
        let over = format!("{how}, so the program has ended");
        // By hand: on every call.
        let guest = file("program.wat", &program(end));
        let script = file("over", ":call after\nline\n:call after\n:call after\n");
        let output = run(&[&guest, "--abi", "wasi", "--script", &script], b"");
        let stdout = text(&output.stdout);
        let before = stdout.split("line").next().unwrap_or_default();
        assert!(!before.contains("is over"), "{stdout}");
        assert_eq!(stdout.matches(&over).count(), 2, "{stdout}{}", text(&output.stderr));
        // By a recipe: once.
        if !end.contains('3') {
            let recipe = "host wasi\nonce\n  _start()\neach line\n  x = after()\n  answer \"{x}\"\n";
            let (stdout, stderr, status) = drive("program", &program(end), recipe, &[], "a\nb\nc\n");
            assert_eq!((&*stdout, status), ("7\n7\n7\n", Some(0)), "{stderr}");
            assert_eq!(stderr.matches(&format!("line 1: note: {over}")).count(), 1, "{stderr}");
            assert_eq!(stderr.lines().count(), 1, "{stderr}");
        }
    }
}

#[test]
fn moved_address_is_reported_only_for_repeated_calls() {
    let shown = |args: &[&str]| text(&run(&[args, &["--show", "hex"]].concat(), b"Did you know\n").stdout);
    assert_eq!(shown(&["passing-data"]).matches("did not move").count(), 1);
    for guest in ["out-struct", "out-len", "assemblyscript", "wasm-bindgen-area", "dprint", "packed"] {
        let shown = shown(&[guest]);
        assert!(shown.contains("DID YOU KNOW") && !shown.contains("move"), "{guest}: {shown}");
    }
    let guest = r#"(module (memory (export "memory") 1) (global $at (mut i32) (i32.const 1024))
        (func (export "alloc") (param i32) (result i32)
            (global.set $at (i32.add (global.get $at) (i32.const 64))) (global.get $at))
        (func (export "where") (param i32) (result i32)
            (global.set $at (i32.add (global.get $at) (i32.const 8))) (global.get $at)))"#;
    for (name, lines, notes) in [
        ("same", "p = where(1)\n  write at p\n  p = where(1)\n  read n at p", vec!["moved from 0x408"]),
        ("other-argument", "p = where(1)\n  write at p\n  p = where(2)\n  read n at p", vec![]),
        ("other-name", "p = where(1)\n  write at p\n  q = where(1)\n  read n at q", vec![]),
        ("other-value", "x = 1\n  p = where(x)\n  write at p\n  x = 2\n  p = where(x)\n  read n at p", vec![]),
        ("allocator", "p = alloc(8)\n  write at p\n  p = alloc(8)\n  read n at p", vec![]),
    ] {
        let (stdout, stderr, _) = drive(name, guest, &format!("each line\n  {lines}\n"), &["--show", "hex"], "abc\n");
        let found: Vec<_> = stdout.lines().filter(|line| line.contains("move")).collect();
        assert!(stderr.is_empty() && found.len() == notes.len(), "{name}: {found:?} {stderr}");
        assert!(found.iter().zip(&notes).all(|(line, note)| line.contains(note)), "{name}: {found:?}");
    }
}
