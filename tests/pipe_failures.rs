//! Failures in a pipe: their messages, exit status and time limit, for single lines and in batches.

use std::time::Instant;

use crate::moody_guest::{MOODY, behind_many, moody};
use crate::piped::{file, run, text};

#[test]
fn each_failure_has_a_message_and_a_status() {
    let guest = moody("each_failure");
    for (line, words, status) in [
        ("abc", "moody(3) trapped: unreachable executed", 5),
        ("abcd", "still running after 200ms", 6),
        ("abcde", "the guest refuses 5 bytes (buffer size: unknown): moody returned -1", 5),
        ("abcdef", "out-of-bounds read: 65,536 bytes at 0x40 would end at 0x10040, but memory ends at 0x10000", 5),
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
fn failure_in_a_batch_is_reported_like_that_of_a_single_line() {
    let guest = moody("in_a_batch");
    for (line, words, status) in [
        ("abc", "moody(3) trapped: unreachable executed", 5),
        ("abcd", "still running after 200ms", 6),
        ("abcde", "the guest refuses 5 bytes (buffer size: unknown): moody returned -1", 5),
        ("abcdef", "out-of-bounds read: 65,536 bytes at 0x40 would end at 0x10040", 5),
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
    let guest = file("slow.wat", SLOW.as_bytes());
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

/// With `>&-` the standard library opens /dev/null in place of stdout; somebody who redirects there wants that.
#[cfg(unix)]
#[test]
fn a_closed_or_full_stdout_is_an_error() {
    for (redirected, status) in [(">&-", 7), (">/dev/full", 7), (">/dev/null", 0)] {
        for args in ["", "--repl", "--show json", "--whole", "--script -", "--help", "guests", "inspect passing-data"] {
            let script = format!("printf 'a\\n' | linmem {args} {redirected}");
            let output = crate::hermetic::shell(&script).output().expect("sh is installed");
            assert_eq!(output.status.code(), Some(status), "{args} {redirected}: {}", text(&output.stderr));
        }
    }
    let output = crate::hermetic::shell("echo a | linmem >&-").output().expect("sh is installed");
    assert!(text(&output.stderr).contains("writing to stdout failed: it is closed"), "{}", text(&output.stderr));
    // A quiet script writes nothing.
    let output = crate::hermetic::shell("echo a | linmem --quiet --script - >&-").output().expect("sh is installed");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}
