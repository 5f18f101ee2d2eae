//! Very many lines: the memory that linmem takes stays what it was. This takes minutes, so it runs only when asked for:
//! `cargo test --test suite endurance:: -- --ignored --nocapture`. LINES sets how many lines there are.

use std::io::{BufRead, BufReader, Write};
use std::num::NonZero;
use std::process::{ChildStdout, Stdio};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::hermetic::BINARY;
use crate::piped::{file, linmem};

/// How many lines there are.
fn lines() -> u64 {
    std::env::var("LINES").ok().and_then(|lines| lines.parse().ok()).unwrap_or(1_000_000)
}

/// After how many of them memory is to be flat.
fn warm() -> u64 {
    lines() / 10
}

/// The resident memory of a process, in kilobytes.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the system tells");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn assert_flat(what: &str, warm_kilobytes: u64, last_kilobytes: u64, since: Instant) {
    println!("{what}: {} lines in {:?}, {warm_kilobytes} kB, then {last_kilobytes} kB", lines(), since.elapsed());
    assert!(last_kilobytes <= warm_kilobytes + warm_kilobytes / 10, "{what}");
}

/// Runs linmem on lines from a pipe. An answer begins like this.
fn piped(what: &str, args: &[&str], answer: &str) {
    let since = Instant::now();
    let mut child = linmem(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("linmem starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || {
        for number in 0..lines() {
            writeln!(stdin, "line {number}").expect("linmem reads");
        }
        stdin
    });
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    let answers = |many: u64, output: &mut BufReader<ChildStdout>| {
        let (mut seen, mut line) = (0, Vec::new());
        while seen < many {
            line.clear();
            assert!(output.read_until(b'\n', &mut line).expect("it answers") > 0, "linmem ended");
            seen += u64::from(line.starts_with(answer.as_bytes()));
        }
        resident(child.id())
    };
    let warm_kilobytes = answers(warm(), &mut output);
    let last_kilobytes = answers(lines() - warm(), &mut output);
    drop(writer.join().expect("it ends"));
    assert!(child.wait().expect("it ends").success());
    assert_flat(what, warm_kilobytes, last_kilobytes, since);
}

#[test]
#[ignore = "takes minutes"]
fn the_pipe_takes_no_more_memory_after_a_million_lines() {
    piped("pipe", &[], "line");
}

#[test]
#[ignore = "takes minutes"]
fn the_prompt_takes_no_more_memory_after_a_million_lines() {
    piped("prompt", &["--repl", "--no-rows", "--max-record", "1MiB"], "=> line");
}

#[test]
#[ignore = "takes minutes"]
fn a_traced_script_of_ten_thousand_exchanges_is_bounded() {
    let since = Instant::now();
    let script: String = (0..10_000).map(|number| format!("line {number}\n")).collect();
    let script = file("endurance-script", &format!("{script}:limits\n"));
    // Twice the limit, and what linmem has with an empty script.
    let peak = |script: &str| {
        let command = format!("{BINARY} --script {script} --max-record 8MiB --trace loads > /dev/null; true");
        let output = crate::hermetic::shell(&format!("command time -f %M sh -c '{command}'")).output().expect("sh");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        told.lines().last().and_then(|last| last.trim().parse::<u64>().ok()).unwrap_or_else(|| panic!("{told}"))
    };
    let (empty, full) = (peak(&file("endurance-empty", ":limits\n")), peak(&script));
    println!("script: {empty} kB without lines, {full} kB with 10,000 lines, in {:?}", since.elapsed());
    assert!(full <= empty + 2 * (8 << 10) + (16 << 10));
}

/// Types lines into linmem on a terminal. `last` finds the number of the last answered one on the screen.
fn typed(what: &str, args: &[&str], last: fn(&str) -> Option<u64>) {
    let since = Instant::now();
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).expect("a pty");
    let mut command = CommandBuilder::new(BINARY);
    command.args(["--max-record", "8MiB", "--no-history"]);
    command.args(args);
    command.env_clear();
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).expect("the binary starts");
    drop(pair.slave);
    let mut keyboard = pair.master.take_writer().expect("the pty is writable");
    let mut reader = pair.master.try_clone_reader().expect("the pty is readable");
    let (sender, output) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let size = |n: u16| NonZero::new(n).expect("a screen has a size");
        let (mut screen, mut chunk) = (vt100::Parser::new(size(24), size(80), 0), [0; 16 << 10]);
        while let Ok(count @ 1..) = std::io::Read::read(&mut reader, &mut chunk) {
            screen.process(&chunk[..count]);
            let shown = last(&screen.screen().contents());
            if shown.is_some_and(|shown: u64| sender.send(shown).is_err()) {
                return;
            }
        }
    });
    let pid = child.process_id().expect("it runs");
    let (mut sent, mut shown, mut warm_kilobytes) = (0, 0, 0);
    std::thread::sleep(Duration::from_millis(1500));
    while shown < lines() {
        while sent < lines().min(shown + 500) {
            sent += 1;
            keyboard.write_all(format!("line {sent}\r").as_bytes()).expect("linmem reads");
        }
        keyboard.flush().expect("linmem reads");
        shown = output.recv_timeout(Duration::from_secs(60)).expect("linmem draws").max(shown);
        if shown >= warm() && warm_kilobytes == 0 {
            warm_kilobytes = resident(pid);
        }
    }
    let last_kilobytes = resident(pid);
    keyboard.write_all(b"\x04").and_then(|()| keyboard.flush()).expect("linmem reads");
    child.wait().expect("it ends");
    assert_flat(what, warm_kilobytes, last_kilobytes, since);
}

/// The number that follows a word in the last line that has it.
fn number_after(text: &str, word: &str) -> Option<u64> {
    text.lines().rev().find_map(|line| line.split(word).nth(1)?.split(' ').next()?.parse().ok())
}

#[test]
#[ignore = "takes minutes"]
fn the_screen_takes_no_more_memory_after_a_million_lines() {
    typed("screen", &[], |text| number_after(text, "exchange "));
}

#[test]
#[ignore = "takes minutes"]
fn the_prompt_takes_no_more_memory_after_a_million_typed_lines() {
    typed("typed", &["--repl", "--no-rows"], |text| number_after(text, "=> line "));
}
