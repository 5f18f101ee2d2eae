//! Ctrl-C ends a pipe, and the answers until then are written.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::hermetic::shell;
use crate::moody_guest::{behind_many, moody};
use crate::piped::{file, linmem, text};
use crate::terminal::Terminal;

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

/// A guest whose start function never returns.
fn endless(test: &str) -> String {
    let module = r#"(module (memory (export "memory") 1) (func $spin (loop (br 0))) (start $spin)
        (func (export "ptr") (result i32) (i32.const 64)) (func (export "f") (param i32) (result i32) (local.get 0)))"#;
    file(&format!("{test}.wat"), module)
}

/// As under `nohup`, and as in the background of a shell without job control.
#[test]
fn ignored_signals_stay_ignored() {
    for mode in ["", "--repl", "--script -"] {
        for signal in ["HUP", "INT", "TERM"] {
            let script = format!(
                "trap '' {signal}; (sleep 0.6; echo a; sleep 0.6) | linmem {mode} & sleep 0.3; \
                 kill -{signal} $!; wait $!"
            );
            let output = shell(&script).output().expect("sh is installed");
            let stdout = text(&output.stdout);
            assert!(output.status.success() && stdout.contains("a Wasm is cool!"), "{signal} {mode}: {stdout}");
        }
    }
}

#[test]
fn ctrl_c_in_the_start_function_is_the_same_everywhere() {
    let guest = endless("ctrl_c_in_the_start");
    for mode in [&["--line", "x"][..], &["--script", "-"], &["--repl"], &["--line", "x", "--show", "json"]] {
        let mut child = linmem(&[&guest, "--timeout", "0"])
            .args(mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        std::thread::sleep(Duration::from_millis(500));
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is installed");
        assert_eq!(child.wait().expect("it exits").code(), Some(130), "{mode:?}");
    }
    let mut terminal = Terminal::start("ctrl_c_in_the_start", (80, 24), &[&guest, "--timeout", "0"], &[]);
    terminal.wait_for("loading");
    terminal.press("\x03");
    assert_eq!(terminal.end(), 130);
}

/// A pipe that is full stands for a reader that reads no more.
#[test]
fn ctrl_c_ends_linmem_where_nobody_reads_its_output() {
    let line = "x".repeat(1000);
    let lines = format!("{line}\n").repeat(2000);
    let script = file("nobody-reads", &lines);
    for mode in [&["--repl"][..], &["--script", &script], &[], &["--show", "json"]] {
        let mut child =
            linmem(mode).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let (mut stdin, lines) = (child.stdin.take().expect("piped"), lines.clone());
        // It reads until its output is stuck, and then no more.
        std::thread::spawn(move || _ = stdin.write_all(lines.as_bytes()));
        let mut stdout = child.stdout.take().expect("piped");
        stdout.read_exact(&mut [0; 100]).expect("it answers");
        let since = Instant::now();
        // The prompt stays open until it is stuck.
        while child.try_wait().expect("it is ours").is_none() {
            assert!(since.elapsed() < Duration::from_secs(20), "{mode:?}: it goes on");
            std::thread::sleep(Duration::from_millis(300));
            Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is installed");
        }
        assert_eq!(child.wait().expect("it exits").code(), Some(130), "{mode:?}");
    }
}
