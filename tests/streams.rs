//! Programs that get all of stdin (`--whole`): they read and write as they go, in constant memory.

use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::piped::{self, file, text};

/// A program that copies its input in pieces of up to 4 KiB, and announces each on standard error. It traps at a piece
/// that begins with `!`, and runs for ever at one that begins with `@`.
const COPIES: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\00\10\00\00\00\10\00\00") ;; the buffer: 0x1000, 4096 bytes
    (data (i32.const 24) "\30\00\00\00\06\00\00\00") ;; the message: 0x30, 6 bytes
    (data (i32.const 0x30) "piece\n")
    (func (export "_start")
        (loop $again
            (i32.store (i32.const 4) (i32.const 4096))
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
            (if (i32.eqz (i32.load (i32.const 8))) (then (return)))
            (drop (call $write (i32.const 2) (i32.const 24) (i32.const 1) (i32.const 32)))
            (if (i32.eq (i32.load8_u (i32.const 0x1000)) (i32.const 0x21)) (then (unreachable)))
            (if (i32.eq (i32.load8_u (i32.const 0x1000)) (i32.const 0x40)) (then (loop $ever (br $ever))))
            (i32.store (i32.const 4) (i32.load (i32.const 8)))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
            (br $again))))"#;

/// linmem with the program on all of stdin.
fn start(test: &str, args: &[&str]) -> Child {
    let guest = file(&format!("copies-{test}.wat"), COPIES);
    let mut command = piped::linmem(&[&[&guest[..], "--whole"], args].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("linmem starts")
}

/// Sends a piece of input, and reads as much output.
fn echo(child: &mut Child, piece: &[u8]) -> Vec<u8> {
    let mut answer = vec![0; piece.len()];
    child.stdin.as_mut().expect("it is piped").write_all(piece).expect("linmem reads");
    child.stdout.as_mut().expect("it is piped").read_exact(&mut answer).expect("linmem writes");
    answer
}

#[test]
fn output_comes_before_input_ends() {
    let mut child = start("pieces", &[]);
    for piece in ["one", "two\n", "\0\u{1b}"] {
        assert_eq!(echo(&mut child, piece.as_bytes()), piece.as_bytes());
    }
    let output = child.wait_with_output().expect("linmem ends");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), ""));
    assert_eq!(text(&output.stderr), "linmem: line 1: the guest says: piece\n".repeat(3));
}

#[test]
fn input_may_be_larger_than_all_limits() {
    let mut child = start("large", &["--max-memory", "1MiB", "--max-output", "1KiB", "-q"]);
    let (mut stdin, piece) = (child.stdin.take().expect("it is piped"), vec![b'x'; 1 << 16]);
    let writer = thread::spawn(move || (0..64).all(|_| stdin.write_all(&piece).is_ok()));
    let output = child.wait_with_output().expect("linmem ends");
    assert!(writer.join().expect("it ends"), "{}", text(&output.stderr));
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    assert!(output.stdout == vec![b'x'; 64 << 16], "{} bytes", output.stdout.len());
}

#[test]
fn output_before_a_failure_was_written() {
    let mut child = start("trap", &["-q"]);
    assert_eq!(echo(&mut child, b"good"), b"good");
    child.stdin.take().expect("it is piped").write_all(b"!bad").expect("linmem reads");
    let output = child.wait_with_output().expect("linmem ends");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(5), ""));
    assert!(text(&output.stderr).contains("trapped: unreachable executed"), "{}", text(&output.stderr));
}

#[test]
fn time_limit_does_not_count_what_the_guest_waits() {
    let mut child = start("waits", &["-q", "--timeout", "300ms"]);
    for piece in [b"one", b"two"] {
        thread::sleep(Duration::from_millis(400));
        assert_eq!(echo(&mut child, piece), piece);
    }
    child.stdin.take().expect("it is piped").write_all(b"@").expect("linmem reads");
    let output = child.wait_with_output().expect("linmem ends");
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("after 300ms"), "{}", text(&output.stderr));
}

#[test]
fn closed_output_ends_the_program() {
    let mut child = start("closed", &["-q"]);
    assert_eq!(echo(&mut child, b"one"), b"one");
    drop(child.stdout.take());
    child.stdin.as_mut().expect("it is piped").write_all(b"two").expect("linmem reads");
    let status = child.wait().expect("linmem ends");
    let expected = piped::linmem(&["--line", "x"]).stdout(closed()).stderr(Stdio::null()).status();
    assert_eq!(status.code(), expected.expect("linmem starts").code(), "as with lines");
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    std::io::pipe().expect("there are pipes").1.into()
}

#[test]
fn a_program_that_reads_at_the_end_of_its_input_for_ever_is_stopped() {
    let endless = COPIES.replace("(if (i32.eqz (i32.load (i32.const 8))) (then (return)))", "");
    let endless = endless.replace("(drop (call $write", "(drop (call $skip");
    let endless = endless
        .replace("(memory (export", "(func $skip (param i32 i32 i32 i32) (result i32) (i32.const 0)) (memory (export");
    let guest = file("endless-reader.wat", endless.as_bytes());
    let output = piped::run(&[&guest, "--whole", "--timeout", "300ms"], b"");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("still running after 300ms"), "{said}");
}

#[test]
fn messages_of_a_program_are_limited() {
    let guest = file("copies-messages.wat", COPIES);
    let input = vec![b'x'; 40 * 4096];
    let output = piped::run(&[&guest, "--whole", "--max-messages", "20"], &input);
    assert_eq!(output.stdout.len(), input.len());
    let said = text(&output.stderr);
    assert_eq!(said.matches("the guest says: piece").count(), 3, "{said}");
    assert!(said.ends_with("further messages are dropped; the limit is 20 bytes (--max-messages sets it)\n"), "{said}");
}
