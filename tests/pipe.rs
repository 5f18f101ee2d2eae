//! The pipe as a shell script uses it: the binary with real stdin, stdout, stderr and exit status.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::hermetic;

const COOL: &[u8] = b" Wasm is cool!";

/// Traps on a line of 3 bytes, never returns on 4, fails on 5, returns an address out of bounds on 6; otherwise echoes
/// the line.
const MOODY: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func $panic (unreachable))
    (func (export "moody") (param i32) (result i32)
        (if (i32.eq (local.get 0) (i32.const 3)) (then (call $panic)))
        (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0))))
        (if (i32.eq (local.get 0) (i32.const 5)) (then (return (i32.const -1))))
        (if (i32.eq (local.get 0) (i32.const 6)) (then (return (i32.const 65536))))
        (local.get 0)))"#;

fn linmem(args: &[&str]) -> Command {
    let mut command = hermetic::linmem();
    command.args(args);
    command
}

/// Runs linmem to its end with that input.
fn run(args: &[&str], input: &[u8]) -> Output {
    let mut child = linmem(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("linmem starts");
    let mut stdin = child.stdin.take().expect("the stream is piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // linmem may stop reading early, which is not tested here.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it exits");
    writer.join().expect("the writer ends");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A file for one test.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("the test directory is writable");
    path
}

fn moody(test: &str) -> String {
    file(&format!("{test}.wat"), MOODY.as_bytes()).display().to_string()
}

#[test]
fn each_line_gets_an_answer() {
    let output = run(&[], b"Did you know\nhello\n");
    assert_eq!(text(&output.stdout), "Did you know Wasm is cool!\nhello Wasm is cool!\n");
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
}

#[test]
fn unusual_bytes_are_returned_exactly() {
    for (input, expected) in [
        (&b"\n"[..], &b" Wasm is cool!\n"[..]),
        (b"", b""),
        (b"no end", b"no end Wasm is cool!"),
        (b"a\r\n", b"a\r Wasm is cool!\n"),
        (b"\xff\xfe\0\x1b[2J\n", b"\xff\xfe\0\x1b[2J Wasm is cool!\n"),
        (b"\n\nx", b" Wasm is cool!\n Wasm is cool!\nx Wasm is cool!"),
    ] {
        let output = run(&[], input);
        assert_eq!(text(&output.stdout), text(expected));
        assert_eq!(output.stdout, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_bytes_are_answered_line_by_line(input: Vec<u8>) {
        let mut expected = input.split(|&byte| byte == b'\n').map(|line| [line, COOL].concat()).collect::<Vec<_>>();
        if input.is_empty() || input.ends_with(b"\n") {
            expected.pop();
        }
        let mut expected = expected.join(&b'\n');
        if input.ends_with(b"\n") {
            expected.push(b'\n');
        }
        prop_assert_eq!(run(&[], &input).stdout, expected);
    }
}

#[test]
fn null_separators_and_whole_input() {
    assert_eq!(run(&["--null"], b"a\nb\0c").stdout, b"a\nb Wasm is cool!\0c Wasm is cool!");
    assert_eq!(run(&["--whole"], b"a\nb\n").stdout, b"a\nb\n Wasm is cool!");
    assert_eq!(run(&["--whole"], b"").stdout, COOL);
    assert_eq!(run(&["-l", "one", "--line", "-two"], b"unread").stdout, b"one Wasm is cool!\n-two Wasm is cool!\n");
}

#[test]
fn a_million_lines_stay_in_order() {
    let input: Vec<u8> = (0..1_000_000).flat_map(|n| format!("{n}\n").into_bytes()).collect();
    let expected: Vec<u8> = (0..1_000_000).flat_map(|n| format!("{n} Wasm is cool!\n").into_bytes()).collect();
    assert!(run(&[], &input).stdout == expected);
}

#[test]
fn buffer_holds_1024_bytes_of_line_and_answer() {
    let longest = vec![b'x'; 1010];
    let output = run(&[], &[&longest[..], b"\n"].concat());
    assert_eq!(output.stdout, [&longest[..], COOL, b"\n"].concat());

    for (length, words) in
        [(1011, "returned -1"), (1024, "returned -1"), (1025, "holds only 1024"), (90_000, "holds only 1024")]
    {
        let input = [b"first\n", &vec![b'x'; length][..], b"\nlast\n"].concat();
        let output = run(&[], &input);
        assert_eq!(text(&output.stdout), "first Wasm is cool!\n", "earlier answers are written");
        let stderr = text(&output.stderr);
        assert!(stderr.starts_with("linmem: line 2: ") && stderr.contains(words), "{stderr}");
        assert!(stderr.contains(&format!("{length} bytes")) && stderr.contains("1024"), "{stderr}");
        assert_eq!(output.status.code(), Some(5));

        let output = run(&["--keep-going"], &input);
        assert_eq!(text(&output.stdout), "first Wasm is cool!\n\nlast Wasm is cool!\n");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn each_failure_has_a_message_and_a_status() {
    let guest = moody("each_failure");
    for (line, words, status) in [
        ("abc", "moody(3) trapped: unreachable executed", 5),
        ("abcd", "still running after 200ms", 6),
        ("abcde", "the guest refuses 5 bytes (buffer size: unknown): moody returned -1", 5),
        ("abcdef", "out-of-bounds read: 65536 bytes at 0x40 would end at 0x10040, but memory ends at 0x10000", 5),
    ] {
        let output = run(&[&guest, "--timeout", "200ms"], format!("ok\n{line}\nafter\n").as_bytes());
        let stderr = text(&output.stderr);
        assert!(stderr.starts_with("linmem: line 2: ") && stderr.contains(words), "{stderr}");
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("ok\n", Some(status)));
    }
    let output = run(&[&guest, "-k", "--timeout", "200ms"], b"abc\nabcd\nabcde\nabcdef\na fine one");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("\n\n\n\na fine one", Some(1)));
    assert_eq!(text(&output.stderr).matches("linmem: line ").count(), 4);
    let output = run(&[&guest, "--max-output", "1"], b"a\nab");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("a\n", Some(6)));
}

#[test]
fn a_trap_names_the_place_in_the_module() {
    let binary = wat::parse_str(MOODY).expect("it is valid");
    // The second-to-last byte of $panic's body is the instruction unreachable.
    let place = binary.windows(4).position(|bytes| bytes == [3, 0, 0, 0x0b]).expect("the body is there") + 2;
    let stderr = text(&run(&[&moody("a_trap_names")], b"abc").stderr);
    assert!(stderr.contains(&format!("in panic (offset {place:#x})")), "{stderr}");
}

#[test]
fn answer_is_flushed_before_the_next_read() {
    let mut child = linmem(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("linmem starts");
    let (mut stdin, mut stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    for line in ["one", "two"] {
        writeln!(stdin, "{line}").expect("it reads");
        let mut answer = vec![0; line.len() + COOL.len() + 1];
        stdout.read_exact(&mut answer).expect("it answers while stdin is open");
        assert_eq!(text(&answer), format!("{line} Wasm is cool!\n"));
    }
    drop(stdin);
    assert!(child.wait().expect("it exits").success());
}

#[test]
fn closed_stdout_is_not_a_failure() {
    let mut child =
        linmem(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("piped");
    while stdin.write_all(&[b'x', b'\n'].repeat(50_000)).is_ok() {}
    let output = child.wait_with_output().expect("it exits");
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_reported() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let output = linmem(&["-l", "x"]).stdout(full).output().expect("it exits");
    assert!(text(&output.stderr).contains("writing to stdout failed"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(7));
}

#[cfg(unix)]
#[test]
fn ctrl_c_flushes_answers_and_ends_the_pipe() {
    let mut child = linmem(&[&moody("ctrl_c"), "--timeout", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(b"ok\nabcd\n").expect("it reads");
    std::thread::sleep(Duration::from_millis(500));
    let since = Instant::now();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is installed");
    let output = child.wait_with_output().expect("it exits");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("ok\n", Some(130)));
    assert!(since.elapsed() < Duration::from_secs(5));
}

/// Enough lines for the recipe to be compiled, with their answers; then `rest`.
fn behind_many(rest: &str) -> (Vec<u8>, String) {
    let many = "a fine one\n".repeat(20_000);
    ((many.clone() + rest).into_bytes(), many)
}

#[test]
fn failure_in_a_batch_is_reported_like_that_of_a_single_line() {
    let guest = moody("in_a_batch");
    for (line, words, status) in [
        ("abc", "moody(3) trapped: unreachable executed", 5),
        ("abcd", "still running after 200ms", 6),
        ("abcde", "the guest refuses 5 bytes (buffer size: unknown): moody returned -1", 5),
        ("abcdef", "out-of-bounds read: 65536 bytes at 0x40 would end at 0x10040", 5),
    ] {
        let (input, many) = behind_many(&format!("{line}\nafter\n"));
        let output = run(&[&guest, "--timeout", "200ms"], &input);
        let stderr = text(&output.stderr);
        assert!(stderr.starts_with("linmem: line 20001: ") && stderr.contains(words), "{stderr}");
        assert!(text(&output.stdout) == many && output.status.code() == Some(status), "{line}");
    }
    let (input, many) = behind_many("abc\nok\nabcd\nabcde\nok\nabcdef\na fine one");
    let output = run(&[&guest, "-k", "--timeout", "200ms"], &input);
    assert!(text(&output.stdout) == many + "\nok\n\n\nok\n\na fine one" && output.status.code() == Some(1));
    let stderr = text(&output.stderr);
    let told: Vec<_> =
        stderr.lines().filter_map(|line| line.strip_prefix("linmem: line ")?.split(':').next()).collect();
    assert_eq!(told, ["20001", "20003", "20004", "20006"], "{stderr}");
}

/// Works for a while on a line that begins with `s`.
const SLOW: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "work") (param i32) (result i32)
        (local $left i32)
        (if (i32.eq (i32.load8_u (i32.const 64)) (i32.const 115)) (then
            (local.set $left (i32.const 30000000))
            (loop $more (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
        (local.get 0)))"#;

#[test]
fn time_limit_applies_to_each_line_of_a_batch() {
    let guest = file("slow.wat", SLOW.as_bytes()).display().to_string();
    let since = Instant::now();
    assert_eq!(text(&run(&[&guest, "--timeout", "0"], "slow\n".repeat(10).as_bytes()).stdout), "slow\n".repeat(10));
    // All together take several times the limit of one line.
    let each = since.elapsed() / 10;
    let slow = "slow\n".repeat(60);
    let (input, many) = behind_many(&slow);
    let output = run(&[&guest, "--timeout", &format!("{}ms", 10 * each.as_millis() + 100)], &input);
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
    assert!(text(&output.stdout) == many + &slow);
}

#[cfg(unix)]
#[test]
fn ctrl_c_flushes_answers_of_a_batch() {
    let mut child = linmem(&[&moody("ctrl_c_in_a_batch"), "--timeout", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    let mut stdout = child.stdout.take().expect("piped");
    let reader = std::thread::spawn(move || {
        let mut answers = Vec::new();
        stdout.read_to_end(&mut answers).expect("it is ours");
        answers
    });
    let (input, many) = behind_many("abcd\nnever\n");
    stdin.write_all(&input).expect("it reads");
    std::thread::sleep(Duration::from_millis(700));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is installed");
    assert_eq!(child.wait().expect("it exits").code(), Some(130));
    assert!(text(&reader.join().expect("it exits")) == many);
}

#[test]
fn load_errors_have_a_reason() {
    let text_guest = |name: &str, wat: &str| file(name, wat.as_bytes()).display().to_string();
    let seed = r#"(memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 0))"#;
    for (guest, words, status) in [
        ("no-such-guest".to_owned(), "no such file", 3),
        (text_guest("empty.wasm", ""), "the file is empty", 3),
        (text_guest("typo.wat", "(module (func (i32.cons 1)))"), "unknown operator or unexpected token", 3),
        (
            file("short.wasm", b"\0asm\x01\0\0\0\x01\xff").display().to_string(),
            "not a valid WebAssembly module: unexpected end",
            3,
        ),
        (
            text_guest(
                "import.wat",
                r#"(module (import "env" "mystery" (func (param i32))) (memory (export "memory") 1)
                    (func (export "buffer_ptr") (result i32) (i32.const 0))
                    (func (export "f") (param i32) (result i32) (i32.const 0)))"#,
            ),
            "env.mystery  function (i32) -> ()",
            4,
        ),
        (text_guest("bare.wat", "(module)"), "exports no memory", 4),
        (
            text_guest(
                "two.wat",
                &format!(
                    r#"(module {seed} (func (export "a") (param i32) (result i32) (i32.const 0)) (func (export "b") (param i32) (result i32) (i32.const 0)))"#
                ),
            ),
            "a, b; choose one with --call NAME",
            4,
        ),
        (
            text_guest(
                "huge.wat",
                r#"(module (memory (export "memory") 65536) (func (export "ptr") (result i32) (i32.const 0)) (func (export "f") (param i32) (result i32) (i32.const 0)))"#,
            ),
            "needs 4294967296 bytes (65536 pages) at the start, but the limit is 536870912 bytes",
            3,
        ),
        (
            text_guest(
                "segment.wat",
                &format!(
                    r#"(module {seed} (data (i32.const 65535) "xx") (func (export "f") (param i32) (result i32) (i32.const 0)))"#
                ),
            ),
            "a data or element segment does not fit",
            3,
        ),
        (
            text_guest(
                "start.wat",
                &format!(
                    r#"(module {seed} (start $s) (func $s unreachable) (func (export "f") (param i32) (result i32) (i32.const 0)))"#
                ),
            ),
            "start function() trapped",
            3,
        ),
        (
            text_guest(
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

#[test]
fn names_are_escaped_on_stderr() {
    let stderr = run(&["evil\x1b[31m\u{202e}name"], b"").stderr;
    assert!(!stderr.contains(&0x1b) && text(&stderr).contains("evil\\x1b[31m\\u{202e}name"), "{}", text(&stderr));
}

#[test]
fn guest_format_is_detected_and_built_in_guests_found_by_name() {
    let binary = wat::parse_str(include_str!("../assets/guests/passing-data.wat")).expect("it is valid");
    let binary = file("binary.wat", &binary).display().to_string();
    for guest in [&binary, "passing-data"] {
        assert_eq!(text(&run(&[guest], b"x\n").stdout), "x Wasm is cool!\n");
    }
    assert!(text(&run(&["guests"], b"").stdout).starts_with("passing-data "));
}

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
        let output = run(&[&guest.display().to_string(), "--timeout", "200ms"], b"x\n");
        let stderr = text(&output.stderr);
        assert!(matches!(output.status.code(), Some(5 | 6)), "{name}: {stderr}");
        assert!(since.elapsed() < Duration::from_secs(10), "{name} took {:?}", since.elapsed());
        assert!(name == "indirect" || name == "fib" || stderr.contains("still running after 200ms"), "{name}: {stderr}");
    }
}

#[test]
fn refuses_shared_memory_with_a_message() {
    let guest = file("shared.wat", br#"(module (memory (export "memory") 1 1 shared))"#).display().to_string();
    let output = run(&[&guest], b"x");
    assert!(text(&output.stderr).contains("shared memory is not supported"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn one_memory_under_two_names_is_one_memory() {
    let guest = file(
        "twice.wat",
        br#"(module (memory (export "memory") (export "again") 1) (func (export "ptr") (result i32) (i32.const 64))
            (func (export "f") (param i32) (result i32) (i32.store8 (i32.const 80) (i32.const 7)) (local.get 0)))"#,
    );
    let shown = text(&run(&[&guest.display().to_string(), "--show", "hex"], b"abc\n").stdout);
    assert!(shown.contains("f(3) -> 3   1 B changed"), "{shown}");
}

#[test]
fn survives_an_unwritable_stderr() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let mut child =
        linmem(&["-k"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(full).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(&[&vec![b'x'; 2000][..], b"\nok\n"].concat()).expect("it reads");
    let output = child.wait_with_output().expect("it exits");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("\nok Wasm is cool!\n", Some(1)));
}

#[test]
fn a_name_cannot_forge_a_message() {
    let guest = file(
        "forger.wat",
        br#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
            (func (export "x\0alinmem: line 99: all is fine\1b[31m") (param i32) (result i32) (unreachable)))"#,
    );
    let stderr = text(&run(&[&guest.display().to_string()], b"x").stderr);
    assert!(stderr.contains("x\\nlinmem: line 99: all is fine\\u{1b}[31m(1) trapped"), "{stderr}");
    assert!(stderr.lines().all(|line| line.starts_with("linmem: line 1:") || line.starts_with("  called by")));
    let stderr = run(&["--timeout", "5\x1b[31m"], b"").stderr;
    assert!(!stderr.contains(&0x1b), "{}", text(&stderr));
}

#[cfg(unix)]
#[test]
fn a_file_may_have_any_name() {
    use std::os::unix::ffi::OsStrExt;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(std::ffi::OsStr::from_bytes(b"odd\xff.wat"));
    std::fs::write(&path, include_bytes!("../assets/guests/passing-data.wat")).expect("the test directory is writable");
    let output = linmem(&["-l", "x"]).arg(&path).output().expect("it exits");
    assert_eq!(text(&output.stdout), "x Wasm is cool!\n");
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
    let output = run(&[&guest.display().to_string(), "--max-memory", "512KiB"], b"x\n");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("80\n", Some(0)), "8 pages and a small table");
}

#[test]
fn memory_limit_error_states_the_minimum() {
    let output = run(&["--max-memory", "1"], b"x\n");
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("65536 bytes (1 page) at the start") && stderr.contains("--max-memory 64KiB would be enough"),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(text(&run(&["--max-memory", "64KiB"], b"x\n").stdout), "x Wasm is cool!\n");
}

#[test]
fn line_larger_than_memory_is_not_buffered() {
    let output = run(&["--max-memory", "64KiB", "-k"], &[&vec![b'x'; 3_000_000][..], b"\nok\n"].concat());
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("\nok Wasm is cool!\n", Some(1)));
    assert!(text(&output.stderr).contains("line 1: the line is longer than 65536 bytes"));
}

#[test]
fn the_dump_shows_each_step_before_and_after() {
    let output = run(&["--show", "hex"], b"Did you know\n");
    let expected = "\
exchange 1  \"Did you know\"
  1 call  get_wasm_memory_buffer_pointer() -> 0x410
  2 write 12 B at 0x410..0x41c   12 B changed
      the host changed 12 bytes at 0x410..0x41c
      before  00000410  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
      after   00000410  44 69 64 20 79 6f 75 20  6b 6e 6f 77 00 00 00 00  |Did you know....|
      by                hh hh hh hh hh hh hh hh  hh hh hh hh
  3 call  add_wasm_is_cool(12) -> 26   14 B changed
      the guest changed 14 bytes at 0x41c..0x42a
      before  00000410  44 69 64 20 79 6f 75 20  6b 6e 6f 77 00 00 00 00  |Did you know....|
      after   00000410  44 69 64 20 79 6f 75 20  6b 6e 6f 77 20 57 61 73  |Did you know Was|
      by                                                     gg gg gg gg
      before  00000420  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
      after   00000420  6d 20 69 73 20 63 6f 6f  6c 21 00 00 00 00 00 00  |m is cool!......|
      by                gg gg gg gg gg gg gg gg  gg gg
  4 call  get_wasm_memory_buffer_pointer() -> 0x410   did not move
  5 read  26 B at 0x410..0x42a
Did you know Wasm is cool!
";
    assert_eq!(text(&output.stdout), expected);
    let again = text(&run(&["--show", "hex"], b"same\nsame\n").stdout);
    assert!(again.contains("the host wrote 4 bytes at 0x410..0x414, none of them changed"), "{again}");
    assert!(again.contains("\n      by                h  h  h  h\n"), "{again}");
    assert!(!text(&output.stdout).contains('\x1b'));
    let colored = run(&["--show", "hex", "--color", "always"], b"x\n").stdout;
    assert!(text(&colored).contains("\x1b["));
}

#[test]
fn records_a_compiled_guest_that_grows_and_moves_its_buffer() {
    let guest = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/grower.wasm");
    assert_eq!(text(&run(&[guest], b"one\ntwo\n").stdout), "ONE Wasm is cool!\nTWO Wasm is cool!\n");
    let shown = text(&run(&[guest, "--show", "hex"], b"one\n").stdout);
    assert!(shown.contains("memory grew from 17 to 18 pages (+65,536 bytes)"), "{shown}");
    assert!(shown.contains("moved from 0x"), "{shown}");
    assert!(shown.contains("|ONE Wasm is cool|"), "{shown}");
}

/// Small guests for the built-in conventions: (name, module, input, expected output).
const CONVENTIONS: &[(&str, &str, &str, &str)] = &[
    (
        "packed",
        r#"(module (memory (export "memory") 1) (global $top (mut i32) (i32.const 1024))
            (func (export "alloc") (param i32) (result i32)
                (global.get $top) (global.set $top (i32.add (global.get $top) (local.get 0))))
            (func (export "dealloc") (param i32 i32))
            (func (export "run") (param i32 i32) (result i64)
                (i32.store8 (local.get 0) (i32.const 33))
                (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#,
        "abc\nde\n",
        "!bc\n!e\n",
    ),
    (
        "c-string",
        r#"(module (memory (export "memory") 1)
            (func (export "malloc") (param i32) (result i32) (i32.const 4096))
            (func (export "free") (param i32))
            (func (export "skip_first") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#,
        "abc\nde\n",
        "bc\ne\n",
    ),
    (
        "in-place",
        r#"(module (memory (export "memory") 1)
            (func (export "malloc") (param i32) (result i32) (i32.const 4096))
            (func (export "free") (param i32))
            (func (export "mark") (param i32 i32) (i32.store8 (local.get 0) (i32.const 33))))"#,
        "abc\n",
        "!bc\n",
    ),
    (
        "wasm-bindgen-area",
        r#"(module (memory (export "memory") 1) (global $sp (mut i32) (i32.const 4096))
            (func (export "__wbindgen_add_to_stack_pointer") (param i32) (result i32)
                (global.set $sp (i32.add (global.get $sp) (local.get 0))) (global.get $sp))
            (func (export "__wbindgen_malloc") (param i32 i32) (result i32) (i32.const 8192))
            (func (export "__wbindgen_free") (param i32 i32 i32))
            (func (export "tail") (param i32 i32 i32)
                (i32.store (local.get 0) (i32.add (local.get 1) (i32.const 1)))
                (i32.store offset=4 (local.get 0) (i32.sub (local.get 2) (i32.const 1)))))"#,
        "\u{e9}a\nxyz\n",
        "\u{a9}a\nyz\n",
    ),
    (
        "canonical",
        r#"(module (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192))
            (func (export "cabi_post_same") (param i32))
            (func (export "same") (param i32 i32) (result i32)
                (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))"#,
        "abc\n",
        "abc\n",
    ),
];

#[test]
fn conventions_are_detected_from_exports_and_run() {
    for (name, wat, input, expected) in CONVENTIONS {
        let guest = file(&format!("convention-{name}.wat"), wat.as_bytes()).display().to_string();
        let output = run(&[&guest], input.as_bytes());
        let got = String::from_utf8_lossy(&output.stdout).replace('\u{fffd}', "\u{a9}");
        assert_eq!(got, *expected, "{name}: {}", text(&output.stderr));
        assert_eq!(run(&[&guest, "--abi", name], input.as_bytes()).stdout, output.stdout);
        let shown = text(&run(&[&guest, "--show", "hex"], input.as_bytes()).stdout);
        assert!(shown.contains("exchange 1"), "{shown}");
    }
}

#[test]
fn user_recipe_runs_and_its_errors_have_lines() {
    let guest = file(
        "made-up.wat",
        br#"(module (memory (export "odd memory") 1) (global (export "where") i32 (i32.const 256))
            (func (export "go now") (param i32 i32) (result i32 i32)
                (i32.store8 (i32.add (local.get 0) (local.get 1)) (i32.const 63))
                (local.get 0) (i32.add (i32.add (local.get 0) (local.get 1)) (i32.const 1))))"#,
    );
    let guest = guest.display().to_string();
    let recipe = |name: &str, body: &str| file(name, body.as_bytes()).display().to_string();
    let good = "memory \"odd memory\"\neach line\n  write at @where\n* (a, e) = \"go now\"(@where, n)\n  read to e at a\n  fail \"{n} is too long for me\" if n > 5\n";
    let good = recipe("good.recipe", good);
    assert_eq!(text(&run(&[&guest, "--abi", &good], b"why\nso\n").stdout), "why?\nso?\n");
    let output = run(&[&guest, "--abi", &good], b"too long\n");
    assert!(text(&output.stderr).contains("8 is too long for me"), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("(line 6 of the recipe)") && output.status.code() == Some(5));
    for (body, words, status) in [
        ("each line\n  x = nope(n)\n", "line 2: the module exports no function `nope`; it exports go now", 4),
        (
            "each line\n  x = \"go now\"(n)\n",
            "line 2: `go now` is (i32, i32) -> (i32, i32): it takes 2 arguments, but the recipe passes 1",
            4,
        ),
        ("each line\n  read len at 0\n", "line 2: `len` is not set by any line before", 4),
        ("each line\n  read 3 ptr\n", "line 2: expected `at`", 4),
        (
            "each line\n  write at 65535\n  read 4 at 65535\n",
            "out-of-bounds write: 3 bytes at 0xffff would end at 0x10002, but memory ends at 0x10000 (65536 bytes) (line 2 of the recipe)",
            5,
        ),
        ("each line\n  read 70000 at 1\n", "out-of-bounds read: 70000 bytes at 0x1", 5),
        ("memory \"none\"\neach line\n  read 0 at 0\n", "exports no memory `none`", 4),
        ("text utf8\neach line\n  write at 0\n  read until 0 at 9\n", "", 0),
    ] {
        let file = recipe("bad.recipe", body);
        let output = run(&[&guest, "--abi", &file], b"abc\n");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(words), "{body}: {stderr}");
        assert_eq!(output.status.code(), Some(status), "{body}: {stderr}");
    }
    assert_eq!(run(&[&guest, "--abi", "no-such"], b"").status.code(), Some(2));
    let list = text(&run(&["recipe"], b"").stdout);
    assert!(list.contains("static-buffer ") && list.contains("canonical "), "{list}");
    assert!(text(&run(&["recipe", "packed"], b"").stdout).contains("read lo(out) at hi(out)"));
}

#[test]
fn every_example_of_the_guide_is_a_recipe() {
    let guide = text(&run(&["guide", "recipes"], b"").stdout);
    let (mut examples, mut example) = (0, String::new());
    for line in guide.lines().chain([""]) {
        match line.strip_prefix("    ") {
            Some(code) => example.push_str(&format!("{code}\n")),
            // A shell command.
            None if line.is_empty() && example.starts_with("linmem ") => example.clear(),
            None if line.is_empty() && !example.is_empty() => {
                linmem::abi::recipe::parse(&example).expect("the guide is right");
                examples += 1;
                example.clear();
            }
            None => (),
        }
    }
    assert_eq!(examples, 3);
}

#[test]
fn inspect_describes_a_guest_without_running_it() {
    let shown = text(&run(&["inspect", "passing-data"], b"").stdout);
    for line in [
        "  add_wasm_is_cool                function (i32) -> (i32)",
        "memory of 1 page (65,536 bytes)",
        "imports: 0",
        "  0x400  14 bytes in memory 0",
        "  yes     static-buffer ",
        "  * len = add_wasm_is_cool(n)",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let endless =
        file("inspect.wat", br#"(module (import "env" "log" (func (param i32))) (start $s) (func $s (loop (br 0))))"#);
    let shown = text(&run(&["inspect", &endless.display().to_string()], b"").stdout);
    assert!(shown.contains("env.log  function (i32) -> ()") && shown.contains("a start function runs"), "{shown}");
    assert!(shown.contains("no recipe would run: no built-in convention matches"), "{shown}");
}
