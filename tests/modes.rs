//! The terminal is as it was, however linmem ends: its modes are read afterwards.

use std::io::Read;
use std::process::Command;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::MouseProtocolMode;

use crate::hermetic::BINARY;
use crate::piped::file;
use crate::pty::PATIENCE;
use crate::terminal::Terminal;

/// The front ends that change the terminal's modes, with what each shows when it is ready.
const FRONT_ENDS: [(&str, &[&str], &str); 2] = [("screen", &[], "the guest is ready"), ("prompt", &["--repl"], "> ")];

/// Input, output, control and local modes.
fn modes(master: &dyn MasterPty) -> [u32; 4] {
    let modes = master.get_termios().expect("it is a terminal");
    [modes.input_flags.bits(), modes.output_flags.bits(), modes.control_flags.bits(), modes.local_flags.bits()]
}

/// The modes of a terminal that nobody changed.
fn usual_modes() -> [u32; 4] {
    modes(&*native_pty_system().openpty(PtySize::default()).expect("a pty").master)
}

fn start(test: &str, front: &str, args: &[&str], ready: &str) -> Terminal {
    let mut terminal = Terminal::start(&format!("modes-{test}-{front}"), (90, 30), args, &[]);
    terminal.wait_for(ready);
    terminal.wait("bracketed paste", vt100::Screen::bracketed_paste);
    assert_ne!(modes(&*terminal.pty.master), usual_modes(), "{front} has taken the terminal");
    terminal
}

fn assert_restored(terminal: &Terminal, what: &str) {
    let screen = terminal.screen.screen();
    assert_eq!(modes(&*terminal.pty.master), usual_modes(), "{what}: raw mode");
    assert!(!screen.alternate_screen(), "{what}: the alternate screen");
    assert!(!screen.hide_cursor(), "{what}: the cursor");
    assert!(!screen.bracketed_paste(), "{what}: bracketed paste");
    assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None, "{what}: the mouse");
    for title in ["\x1b]0;", "\x1b]1;", "\x1b]2;"] {
        assert!(!terminal.raw.windows(title.len()).any(|seen| seen == title.as_bytes()), "{what}: the title");
    }
}

fn signal(terminal: &Terminal, name: &str) {
    let pid = terminal.pty.child.process_id().expect("it runs").to_string();
    assert!(Command::new("kill").args([name, &pid]).status().expect("kill is installed").success());
}

/// What the system says of a process: a line of its status.
fn status(terminal: &Terminal, line: &str) -> String {
    let pid = terminal.pty.child.process_id().expect("it runs");
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it is there");
    let found = text.lines().find_map(|found| found.strip_prefix(line)).expect("it has that line");
    found.trim_start_matches(':').trim().to_owned()
}

fn wait_until_stopped(terminal: &Terminal) {
    let since = Instant::now();
    while !status(terminal, "State").starts_with('T') {
        assert!(since.elapsed() < PATIENCE, "it was not suspended");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_terminal_is_restored_after_quitting_and_after_every_signal() {
    for (front, args, ready) in FRONT_ENDS {
        let other = [("-USR1", 138), ("-USR2", 140), ("-ALRM", 142), ("-XCPU", 152), ("-PROF", 155)];
        for (name, code) in [("quit", 0), ("-TERM", 143), ("-HUP", 129), ("-QUIT", 131)].into_iter().chain(other) {
            let mut terminal = start(name, front, args, ready);
            match name {
                "quit" => terminal.press("\x04"),
                name => signal(&terminal, name),
            }
            assert_eq!(terminal.end(), code, "{front}, {name}");
            assert_restored(&terminal, &format!("{front}, {name}"));
        }
    }
}

#[test]
fn the_terminal_is_restored_while_suspended_and_taken_again_afterwards() {
    for (front, args, ready) in FRONT_ENDS {
        for how in ["key", "-TSTP"] {
            let mut terminal = start("suspended", front, args, ready);
            terminal.press("half a li");
            terminal.wait_for("> half a li");
            match how {
                "key" => terminal.press("\x1a"),
                how => signal(&terminal, how),
            }
            terminal.wait("a terminal for the shell", |screen| !screen.bracketed_paste());
            wait_until_stopped(&terminal);
            assert_restored(&terminal, &format!("{front}, suspended by {how}"));
            signal(&terminal, "-CONT");
            terminal.wait("bracketed paste", vt100::Screen::bracketed_paste);
            terminal.press("ne\r");
            terminal.wait_for("=> half a line Wasm is cool!");
            terminal.wait("bracketed paste", vt100::Screen::bracketed_paste);
            terminal.press("\x04");
            assert_eq!(terminal.end(), 0, "{front}, {how}");
            assert_restored(&terminal, &format!("{front}, suspended by {how} and resumed"));
        }
    }
}

#[test]
fn the_stack_of_the_guest_does_not_reach_that_of_linmem() {
    let guest = file(
        "modes-recursion.wat",
        r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
            (func $f (export "f") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1))))"#,
    );
    for (front, args, ready) in FRONT_ENDS {
        let mut terminal = start("recursion", front, &[&[&*guest], args].concat(), ready);
        terminal.press("deep\r");
        terminal.wait_for("call stack exhausted");
        terminal.press("\x04");
        assert_eq!(terminal.end(), 0, "{front}");
        assert_restored(&terminal, front);
    }
}

/// A guest that fills its 96 MiB for a line of more than five bytes.
fn filling() -> String {
    let module = r#"(module (memory (export "memory") 1536) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32)
            (if (i32.gt_u (local.get 0) (i32.const 5))
                (then (memory.fill (i32.const 65536) (i32.const 7) (i32.const 100597760))))
            (local.get 0)))"#;
    file("modes-filling.wat", module)
}

/// Address space that ends stands for memory that ends: both have an allocation fail.
#[test]
fn the_terminal_is_restored_if_memory_runs_out() {
    for (front, args, ready) in FRONT_ENDS {
        let mut terminal = start("memory", front, &[&[&*filling()], args].concat(), ready);
        terminal.press("first\r");
        terminal.wait_for("=> first");
        let size: u64 = status(&terminal, "VmSize").trim_end_matches(" kB").parse().expect("a number");
        let pid = terminal.pty.child.process_id().expect("it runs").to_string();
        let limit = format!("--as={}", (size + (40 << 10)) << 10);
        assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().expect("it is installed").success());
        terminal.press("fill it\r");
        assert_eq!(terminal.end(), 101, "{front}: {}", terminal.text());
        assert_restored(&terminal, &format!("{front}, out of memory"));
        // What fails first is an allocation, or a thread's.
        let text = terminal.text().to_lowercase();
        let is_told =
            ["memory ran out", "out of memory", "cannot allocate memory"].iter().any(|told| text.contains(told));
        assert!(is_told, "{front}: {text}");
    }
}

#[test]
fn linmem_ends_when_its_terminal_is_closed() {
    for (front, args, _) in FRONT_ENDS {
        let pair = native_pty_system().openpty(PtySize::default()).expect("a pty");
        let mut command = CommandBuilder::new(BINARY);
        command.args(args);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        let mut child = pair.slave.spawn_command(command).expect("the binary starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("the pty is readable");
        let (mut seen, mut chunk) = (Vec::new(), [0; 4096]);
        while !seen.windows(8).any(|window| window == b"\x1b[?2004h") {
            let count = reader.read(&mut chunk).expect("linmem writes");
            seen.extend_from_slice(&chunk[..count]);
        }
        drop((reader, pair.master));
        let since = Instant::now();
        while child.try_wait().expect("it is our child").is_none() {
            assert!(since.elapsed() < PATIENCE, "{front} did not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
