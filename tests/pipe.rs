//! The pipe as a shell script uses it: the binary with real stdin, stdout, stderr and exit status.

use std::io::{Read, Write};
use std::process::Stdio;

use proptest::prelude::*;

use crate::piped::{file, linmem, run, text};

const COOL: &[u8] = b" Wasm is cool!";

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
        [(1011, "returned -1"), (1024, "returned -1"), (1025, "holds only 1,024"), (90_000, "holds only 1,024")]
    {
        let input = [b"first\n", &vec![b'x'; length][..], b"\nlast\n"].concat();
        let output = run(&[], &input);
        assert_eq!(text(&output.stdout), "first Wasm is cool!\n", "earlier answers are written");
        let stderr = text(&output.stderr);
        assert!(stderr.starts_with("linmem: line 2: ") && stderr.contains(words), "{stderr}");
        // A recipe's message has the number as it is.
        let bytes = [format!("{length} bytes"), linmem::view::counted(length as u64, "byte")];
        assert!(bytes.iter().any(|bytes| stderr.contains(bytes)), "{stderr}");
        assert_eq!(output.status.code(), Some(5));

        let output = run(&["--keep-going"], &input);
        assert_eq!(text(&output.stdout), "first Wasm is cool!\n\nlast Wasm is cool!\n");
        assert_eq!(output.status.code(), Some(1));
    }
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

#[test]
fn names_are_escaped_on_stderr() {
    let stderr = run(&["evil\x1b[31m\u{202e}name"], b"").stderr;
    assert!(!stderr.contains(&0x1b) && text(&stderr).contains("evil\\x1b[31m\\u{202e}name"), "{}", text(&stderr));
}

#[test]
fn guest_format_is_detected_and_built_in_guests_found_by_name() {
    let binary = wat::parse_str(include_str!("../assets/guests/passing-data.wat")).expect("it is valid");
    let binary = file("binary.wat", &binary);
    for guest in [&binary, "passing-data"] {
        assert_eq!(text(&run(&[guest], b"x\n").stdout), "x Wasm is cool!\n");
    }
    assert!(text(&run(&["guests"], b"").stdout).starts_with("passing-data "));
}

#[test]
fn one_memory_under_two_names_is_one_memory() {
    let guest = file(
        "twice.wat",
        br#"(module (memory (export "memory") (export "again") 1) (func (export "ptr") (result i32) (i32.const 64))
            (func (export "f") (param i32) (result i32) (i32.store8 (i32.const 80) (i32.const 7)) (local.get 0)))"#,
    );
    let shown = text(&run(&[&guest, "--show", "hex"], b"abc\n").stdout);
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
    let stderr = text(&run(&[&guest], b"x").stderr);
    assert!(stderr.contains("x\\nlinmem: line 99: all is fine\\u{1b}[31m(1) trapped"), "{stderr}");
    let is_own = |line: &str| line.starts_with("linmem: line 1:") || line.starts_with("  ");
    assert!(stderr.lines().all(is_own), "{stderr}");
    let stderr = run(&["--timeout", "5\x1b[31m"], b"").stderr;
    assert!(!stderr.contains(&0x1b), "{}", text(&stderr));
}

#[cfg(unix)]
#[test]
fn a_file_may_have_any_name() {
    use std::os::unix::ffi::OsStrExt;
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(std::ffi::OsStr::from_bytes(b"odd\xff.wat"));
    std::fs::write(&path, include_bytes!("../assets/guests/passing-data.wat")).expect("the test directory is writable");
    let output = linmem(&["-l", "x"]).arg(&path).output().expect("it exits");
    assert_eq!(text(&output.stdout), "x Wasm is cool!\n");
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
      \"Did you know Wasm is cool!\"
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
