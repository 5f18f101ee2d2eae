//! A panic on any thread gives the terminal back as it was, and is reported on it.
//!
//! linmem has no panic that can be asked for, so these tests run themselves in a pseudo-terminal, where they panic.

use std::io::Read;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustyline::history::MemHistory;
use vt100::MouseProtocolMode;

use crate::front::system::{editing, end_the_program, enter_prompt};
use crate::front::tui::terminal::Screen;

/// How long something may take. Only failing tests wait that long.
const PATIENCE: Duration = Duration::from_secs(20);
/// The variable that names the file whose appearance has the test panic.
const GO: &str = "LINMEM_TEST_PANIC";
/// Bracketed paste is turned on when the terminal is taken.
const READY: &[u8] = b"\x1b[?2004h";

/// Panics once the terminal is taken.
fn panic_soon() {
    std::thread::spawn(|| {
        let go = std::env::var_os(GO).expect("the test above names it");
        while !PathBuf::from(&go).exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("made by a test");
    });
}

#[test]
#[ignore = "the test below runs it in a terminal of its own"]
fn a_screen_with_a_thread_that_panics() {
    end_the_program();
    let mut screen = Screen::enter().expect("there is a terminal");
    screen.draw(|frame| frame.render_widget("half a screen", frame.area())).expect("it can be drawn on");
    panic_soon();
    loop {
        std::thread::park();
    }
}

#[test]
#[ignore = "the test below runs it in a terminal of its own"]
fn a_prompt_with_a_thread_that_panics() {
    end_the_program();
    enter_prompt();
    panic_soon();
    let mut editor = rustyline::Editor::<(), _>::with_history(rustyline::Config::default(), MemHistory::new());
    let editor = editor.as_mut().expect("there is a terminal");
    let _ = editing(|| editor.readline("> "));
}

/// Input, output, control and local modes.
fn modes(master: &dyn MasterPty) -> [u32; 4] {
    let modes = master.get_termios().expect("it is a terminal");
    [modes.input_flags.bits(), modes.output_flags.bits(), modes.control_flags.bits(), modes.local_flags.bits()]
}

/// Runs one of the tests above in a terminal until it ended.
fn assert_restored(test: &str) {
    let go = std::env::temp_dir().join(format!("linmem-panic-{}-{test}", std::process::id()));
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).expect("a pty");
    let before = modes(&*pair.master);
    let mut command = CommandBuilder::new(std::env::current_exe().expect("it runs"));
    command.args([&format!("front::tui::tests::panics::{test}"), "--exact", "--ignored", "--nocapture"]);
    command.env("TERM", "xterm-256color");
    command.env(GO, &go);
    let mut child = pair.slave.spawn_command(command).expect("it starts");
    // The slave stays open here, so that the terminal's modes can be read afterwards.
    let mut reader = pair.master.try_clone_reader().expect("the pty is readable");
    let (sender, output) = channel();
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut chunk) {
            if sender.send(chunk[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut seen = Vec::new();
    while !seen.windows(READY.len()).any(|window| window == READY) {
        seen.extend(output.recv_timeout(PATIENCE).expect("the terminal is taken"));
    }
    assert_ne!(modes(&*pair.master), before, "{test} has taken the terminal");
    std::fs::write(&go, "").expect("the folder for temporary files is writable");
    let since = Instant::now();
    while child.try_wait().expect("it is ours").is_none() {
        assert!(since.elapsed() < PATIENCE, "{test} did not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = std::fs::remove_file(&go);
    while let Ok(chunk) = output.recv_timeout(Duration::from_millis(200)) {
        seen.extend(chunk);
    }
    assert_eq!(child.wait().expect("it ended").exit_code(), 101, "{test}");
    assert_eq!(modes(&*pair.master), before, "{test}: raw mode");
    let size = |n| NonZero::new(n).expect("a screen has a size");
    let mut terminal = vt100::Parser::new(size(24), size(80), 0);
    terminal.process(&seen);
    let screen = terminal.screen();
    assert!(!screen.alternate_screen(), "{test}: the alternate screen");
    assert!(!screen.hide_cursor(), "{test}: the cursor");
    assert!(!screen.bracketed_paste(), "{test}: bracketed paste");
    assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None, "{test}: the mouse");
    let text = screen.contents();
    assert!(text.contains("made by a test") && !text.contains("half a screen"), "{test}: {text}");
}

#[test]
fn a_panic_gives_the_terminal_back() {
    assert_restored("a_screen_with_a_thread_that_panics");
    assert_restored("a_prompt_with_a_thread_that_panics");
}
