//! The full screen as a person sees it: the binary in a real pseudo-terminal with real keys, and a terminal emulator
//! that reads the cells with their styles.

use std::path::Path;
use std::time::{Duration, Instant};

use portable_pty::PtySize;

use crate::hermetic;
use crate::pty;
use crate::terminal::{Terminal, nonzero, scratch, scratch_of};

const ORANGE: vt100::Color = vt100::Color::Idx(214);
const BLUE: vt100::Color = vt100::Color::Idx(4);

fn guest_wrote(cell: &vt100::Cell) -> bool {
    cell.bgcolor() == ORANGE && cell.underline()
}

fn host_wrote(cell: &vt100::Cell) -> bool {
    cell.bgcolor() == BLUE && cell.underline()
}

/// The styled cells of `bytes` at `addr` in rows of `width` bytes: the digits with single spaces between neighbours of
/// one group of eight, then the text. The cursor is on the first byte; its bracket replaces the space after it and is
/// not styled.
fn cells_of(addr: usize, bytes: &[u8], width: usize) -> String {
    let mut rows = String::new();
    let mut start = 0;
    while start < bytes.len() {
        let count = (width - (addr + start) % width).min(bytes.len() - start);
        let row = &bytes[start..start + count];
        for (place, byte) in row.iter().enumerate() {
            let behind_cursor = start + place == 1;
            let joined = place > 0 && !behind_cursor && !(addr + start + place).is_multiple_of(8);
            rows.push_str(if joined { " " } else { "" });
            rows.push_str(&format!("{byte:02x}"));
        }
        rows.extend(row.iter().map(|&byte| char::from(byte)));
        rows.push('\n');
        start += count;
    }
    rows
}

#[test]
fn memory_before_and_after_with_who_wrote_what() {
    for (size, width) in [((80, 24), 16), ((120, 40), 8), ((200, 60), 16)] {
        let mut terminal = Terminal::start(&format!("main{}", size.0), size, &[], &[]);
        terminal.wait_for("the guest is ready");
        terminal.press("Did you know");
        terminal.wait_for("> Did you know");
        terminal.press("\r");
        terminal.wait_for("=> Did you know Wasm is cool!");
        terminal.wait_for("before  call add_wasm_is_cool(12) -> 26");
        terminal.wait_for("exchange 1 of 1 | step 3 of 5");
        assert!(terminal.text().contains("the guest changed 14 bytes at"), "{}", terminal.text());
        assert_eq!(terminal.styled(guest_wrote), cells_of(0x41c, b" Wasm is cool!", width));
        assert_eq!(terminal.styled(host_wrote), "", "the host wrote nothing in the call");

        // F7: one step back, to the host's write.
        terminal.press("\x1b[18~");
        terminal.wait_for("step 2 of 5");
        assert!(terminal.text().contains("the host changed 12 bytes at 0x410..0x41c"));
        assert_eq!(terminal.styled(host_wrote), cells_of(0x410, b"Did you know", width));
        assert_eq!(terminal.styled(guest_wrote), "");

        terminal.press("\x04");
        assert_eq!(terminal.end(), 0);
        assert!(!terminal.screen.screen().alternate_screen(), "the terminal is given back");
        assert!(!terminal.screen.screen().hide_cursor());
    }
}

#[test]
fn marks_are_visible_without_colour() {
    let mut terminal = Terminal::start("nocolor", (80, 24), &[], &[("NO_COLOR", "1")]);
    terminal.wait_for("the guest is ready");
    terminal.press("Did you know\r");
    terminal.wait_for("step 3 of 5");
    // Header, selected step and command bar are reversed too, but neither coloured nor in the panes.
    let panes = |terminal: &Terminal| {
        let lines = terminal.styled(vt100::Cell::inverse);
        lines
            .lines()
            // The cursor is where the input ends: that sign is reversed.
            .map(|line| line.trim_start_matches(')'))
            .filter(|line| line.as_bytes().iter().take(2).all(u8::is_ascii_hexdigit))
            .collect::<Vec<_>>()
            .join("\n")
            + "\n"
    };
    assert_eq!(panes(&terminal), cells_of(0x41c, b" Wasm is cool!", 16));
    terminal.press("\x1b[18~");
    terminal.wait_for("step 2 of 5");
    let marked = terminal.styled(|cell| cell.underline() && cell.bold());
    assert_eq!(marked, cells_of(0x410, b"Did you know", 16));
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    for color in ["\x1b[3", "\x1b[4"] {
        for escape in raw.split(color).skip(1) {
            let code: String = escape.chars().take_while(char::is_ascii_digit).collect();
            assert!(code.is_empty() || escape.as_bytes()[code.len()] != b'm' || code == "9", "a colour: {escape:.20?}");
        }
    }
}

#[test]
fn ctrl_c_and_time_limit_interrupt_the_guest_but_not_the_screen() {
    let guest = Path::new(env!("CARGO_TARGET_TMPDIR")).join("endless-screen.wat");
    let wat = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32)
            (i32.store8 (i32.const 128) (i32.const 7))
            (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0)))) (local.get 0)))"#;
    std::fs::write(&guest, wat).expect("the test directory is writable");
    let guest = guest.display().to_string();

    let mut terminal = Terminal::start("ctrlc", (100, 30), &[&guest, "--timeout", "0"], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("spin\r");
    terminal.wait_for("the guest is running");
    terminal.press("typed meanwhile");
    terminal.wait_for("> typed meanwhile");
    terminal.press("\x03");
    terminal.wait_for("the guest was stopped by Ctrl-C");
    assert!(terminal.text().contains("the guest changed 1 byte at 0x80..0x81"), "{}", terminal.text());
    terminal.press("\x03");
    terminal.wait("the line is cleared", |screen| !screen.contents().contains("typed meanwhile"));
    terminal.press("again\r");
    terminal.wait_for("=> again");
    terminal.press("\x04");
    assert_eq!(terminal.end(), 0);

    let mut terminal = Terminal::start("limit", (100, 30), &[&guest, "--timeout", "300ms"], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("spin\r");
    terminal.wait_for("still running after 300ms and was stopped");
}

#[test]
fn a_paste_is_text_and_its_lines_are_sent_one_by_one() {
    let mut terminal = Terminal::start("paste", (120, 40), &[], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("\x1b[200~one\ntwo\nthr\x1b[201~");
    terminal.wait_for("> thr");
    terminal.wait_for("2 two => two Wasm is cool!");
    assert!(terminal.text().contains("1 one => one Wasm is cool!"));
}

#[test]
fn ctrl_c_cancels_queued_lines() {
    let guest = Path::new(env!("CARGO_TARGET_TMPDIR")).join("endless-paste.wat");
    let wat = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32)
            (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0)))) (local.get 0)))"#;
    std::fs::write(&guest, wat).expect("the test directory is writable");
    let guest = guest.display().to_string();
    let mut terminal = Terminal::start("ctrlcpaste", (100, 30), &[&guest, "--timeout", "0"], &[]);
    terminal.wait_for("the guest is ready");
    for round in 0..8 {
        // However early the key arrives, it cancels all of these lines and none that comes later.
        terminal.press("\x1b[200~spin\nspin\nspin\n\x1b[201~\x03");
        terminal.wait_for("not sent: cancelled by Ctrl-C");
        let line = format!("round {round}");
        terminal.press(&format!("{line}\r"));
        terminal.wait_for(&format!("=> {line} "));
    }
    // The same for commands.
    terminal.press("\x1b[200~spin\n:reset\n\x1b[201~\x03");
    terminal.wait_for("not sent: cancelled by Ctrl-C");
    terminal.press("still the first\r");
    terminal.wait_for("exchange 35 of 35");
}

#[test]
fn guest_output_is_escaped() {
    let guest = Path::new(env!("CARGO_TARGET_TMPDIR")).join("escapes.wat");
    let wat = r#"(module (memory (export "memory") 1) (data (i32.const 64) "\1b]0;owned\07\1b[2J")
        (func (export "ptr") (result i32) (i32.const 64))
        (func (export "\1b[2Jf") (param i32) (result i32) (i32.const 14)))"#;
    std::fs::write(&guest, wat).expect("the test directory is writable");
    let mut terminal = Terminal::start("escapes", (120, 40), &[&guest.display().to_string()], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("\r");
    terminal.wait_for("=> \\x1b]0;owned\\x07\\x1b[2J");
    terminal.wait_for("call \\x1b[2Jf(0) -> 14");
    assert!(!String::from_utf8_lossy(&terminal.raw).contains("\x1b]0;owned"));
}

#[test]
fn resizing_loses_nothing() {
    let mut terminal = Terminal::start("resize", (120, 40), &[], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("Did you know\rnext");
    terminal.wait_for("> next");
    for (cols, rows) in [(1, 1), (2, 2), (30, 8), (250, 80), (44, 12), (1, 60), (80, 1), (120, 40)] {
        terminal.pty.master.resize(PtySize { rows, cols, ..PtySize::default() }).expect("it resizes");
        terminal.screen.screen_mut().set_size(nonzero(rows), nonzero(cols));
        std::thread::sleep(Duration::from_millis(60));
    }
    terminal.wait_for("exchange 1 of 1 | step 3 of 5");
    terminal.wait_for("> next");
}

#[test]
fn load_error_is_printed_on_the_plain_terminal() {
    let mut terminal = Terminal::start("noguest", (80, 24), &["nowhere.wasm"], &[]);
    assert_eq!(terminal.end(), 3);
    assert!(terminal.text().contains("nowhere.wasm: no such file"), "{}", terminal.text());
}

#[test]
fn signal_restores_the_terminal() {
    let mut terminal = Terminal::start("sigterm", (80, 24), &[], &[]);
    terminal.wait_for("the guest is ready");
    let pid = terminal.pty.child.process_id().expect("it runs").to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill is installed");
    assert_eq!(terminal.end(), 143);
    assert!(!terminal.screen.screen().alternate_screen());
}

#[test]
fn history_recalls_earlier_lines() {
    let folder = "history";
    let mut terminal = Terminal::start(folder, (80, 24), &[], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("remember me\r");
    terminal.wait_for("=> remember me Wasm is cool!");
    terminal.press("\x04");
    assert_eq!(terminal.end(), 0);
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder).display().to_string();
    let mut terminal = Terminal::start("history2", (80, 24), &[], &[("XDG_STATE_HOME", &state)]);
    terminal.wait_for("the guest is ready");
    terminal.press("\x1b[A");
    terminal.wait_for("> remember me");
}

#[test]
fn a_newcomer_finds_a_text_a_change_and_an_address_and_takes_a_picture() {
    let mut terminal = Terminal::start("space", (80, 24), &[], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("caf\u{e9}");
    terminal.wait_for("5 B, 4 characters, goes to an address from the guest: 63 61 66 c3 a9");
    terminal.press("\r");
    terminal.wait_for("=> caf\u{e9} Wasm is cool!");
    terminal.press("\x1b");
    terminal.wait_for("at 0x415  output+0x5");
    terminal.press("/cool\r");
    terminal.wait_for("match 2 of 2: cool");
    terminal.press(",");
    terminal.wait_for("range 1 of 1: 14 bytes (14 changed in all)");
    terminal.wait_for("now: the guest, exchange 1 step 3");
    terminal.press("\x07data1+1\r");
    terminal.wait_for("00000400  20[57]61 73");
    terminal.wait_for("last: the module, step 1 of the s");
    terminal.press("\x0f");
    terminal.wait_for("at 0x415");
    // F12 prints the path of the picture.
    terminal.press("\x1b[24~");
    terminal.wait_for("saved the screen as ./linmem-1.svg");
    let picture = scratch_of("space").join("linmem-1.svg");
    assert!(std::fs::read_to_string(picture).expect("it is there").contains("caf\u{e9} Wasm is c"));
    terminal.press("qq");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_terminal_that_answers_no_queries_can_be_drawn_again() {
    let mut terminal = Terminal::start("ctrl-l", (80, 24), &[], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("\x0cstill here");
    terminal.wait_for("> still here");
    assert!(!String::from_utf8_lossy(&terminal.raw).contains("\x1b[6n"), "the cursor's place is not asked for");
}

#[test]
fn suspend_and_resume_lose_nothing() {
    let mut terminal = Terminal::start("suspend", (100, 30), &[], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("first\rhalf a li");
    terminal.wait_for("> half a li");
    terminal.wait_for("=> first Wasm is cool!");
    terminal.press("\x1a");
    terminal.wait("the shell's screen", |screen| !screen.alternate_screen());
    let pid = terminal.pty.child.process_id().expect("it runs").to_string();
    let signal = |name: &str| {
        std::process::Command::new("kill").args([name, &pid]).status().expect("kill is installed");
    };
    // It is suspended, as a shell expects.
    if let Ok(mut state) = std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        let since = Instant::now();
        while !state.contains(") T ") && since.elapsed() < pty::PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
            state = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is still there");
        }
        assert!(state.contains(") T "), "{state}");
    }
    signal("-CONT");
    terminal.wait("linmem's screen", vt100::Screen::alternate_screen);
    terminal.wait_for("> half a li");
    terminal.press("ne\r");
    terminal.wait_for("=> half a line Wasm is cool!");
    terminal.press("\x04");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn only_ascii_is_written_in_a_non_unicode_locale() {
    let mut terminal = Terminal::start("ascii", (80, 24), &[], &[("LC_ALL", "C")]);
    terminal.wait_for("the guest is ready");
    terminal.press("caf\u{e9}\r");
    terminal.wait_for("=> caf? Wasm is cool!");
    terminal.press("\x1b");
    terminal.wait_for("output+0x5");
    terminal.press("\t\t\t?");
    terminal.wait_for("what the screen shows");
    assert!(terminal.raw.is_ascii(), "{}", terminal.text());
}

#[test]
fn uses_true_colour_if_the_terminal_supports_it() {
    let mut terminal = Terminal::start("truecolor", (80, 24), &[], &[("COLORTERM", "truecolor")]);
    terminal.wait_for("the guest is ready");
    terminal.press("Did you know\r");
    terminal.wait_for("step 3 of 5");
    let orange = |cell: &vt100::Cell| cell.bgcolor() == vt100::Color::Rgb(0xff, 0xaf, 0) && cell.underline();
    assert_eq!(terminal.styled(orange), cells_of(0x41c, b" Wasm is cool!", 16));
    terminal.press("\x1b[18~");
    terminal.wait_for("step 2 of 5");
    let blue = |cell: &vt100::Cell| cell.bgcolor() == vt100::Color::Rgb(0, 0x4f, 0xbf) && cell.underline();
    assert_eq!(terminal.styled(blue), cells_of(0x410, b"Did you know", 16));
}

#[test]
fn a_newcomer_walks_in_time() {
    let mut terminal = Terminal::start("time", (120, 40), &[], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("one\r");
    terminal.wait_for("=> one Wasm is cool!");
    terminal.press(":res\t\r");
    terminal.wait_for("run 2 | start | ");
    terminal.press("two\r");
    terminal.wait_for("=> two Wasm is cool!");
    terminal.wait_for("exchange 1 of 1 | step 3 of 5");
    // F2: the exchange as a whole. F8: its first step. F5: the start.
    terminal.press("\x1bOQ");
    terminal.wait_for("exchange 1 of 1 | all steps");
    terminal.press("\x1b[19~");
    terminal.wait_for("exchange 1 of 1 | step 1 of 5");
    terminal.press("\x1b[15~");
    terminal.wait_for("THE PAST: start");
    terminal.wait_for("F9: newest");
    // F3: the previous run.
    terminal.press("\x1bOR");
    terminal.wait_for("EARLIER RUN: exchange 1 of 1");
    terminal.wait_for("=> one Wasm is cool!");
    terminal.press("three\r");
    terminal.wait_for("run 2 | exchange 2 of 2 | step 3 of 5");
    terminal.wait_for("=> three Wasm is cool!");
    // Ctrl-R, what to look for, Enter.
    terminal.press("\x12tw");
    terminal.wait_for("search `tw`: two");
    terminal.press("\r");
    terminal.wait_for("run 2 | exchange 3 of 3 | step 3 of 5");
    terminal.wait_for("=> two Wasm is cool!");
}

#[test]
fn bytes_are_copied_with_keys_and_the_mouse() {
    let mut terminal = Terminal::start("along", (80, 24), &[], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("Did you know\r");
    terminal.wait_for("=> Did you know Wasm is cool!");
    // A press on the first byte of the line in the lower pane, dragged to the third, as a terminal reports it.
    let row = terminal.text().lines().position(|line| line.starts_with("g00000410") && line.contains(" Was"));
    let row = row.expect("it is shown") + 1;
    for event in [format!("\x1b[<0;12;{row}M"), format!("\x1b[<32;18;{row}M"), format!("\x1b[<0;18;{row}m")] {
        terminal.press(&event);
    }
    terminal.wait_for("{44 69 64]20");
    terminal.press("y");
    terminal.wait_for("copy 3 B as:");
    terminal.press("t");
    terminal.wait_for("copied 3 characters");
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(raw.contains("\x1b]52;c;RGlk\x07"), "the clipboard is set by the terminal's own escape");
    // Lists open over the screen; choosing a line goes there.
    terminal.press("r");
    terminal.wait_for("regions");
    terminal.press("G\r");
    terminal.wait_for("at 0x400  data1");
    terminal.press(":write part input\r");
    terminal.wait_for("wrote 12 B at 0x410..0x41c to part");
    assert_eq!(std::fs::read(scratch_of("along").join("part")).expect("it is there"), b"Did you know");
    terminal.press(":shot seen.txt\r");
    terminal.wait_for("saved the screen as seen.txt");
    let seen = std::fs::read_to_string(scratch_of("along").join("seen.txt")).expect("it is there");
    assert!(seen.contains("at 0x400  data1") && seen.contains("Did you know Was"), "{seen}");
    // The mouse is released to the terminal, which can select text again.
    assert!(!raw.contains("\x1b[?1000l"));
    terminal.press("M");
    terminal.wait_for("the terminal has the mouse now");
    assert!(String::from_utf8_lossy(&terminal.raw).contains("\x1b[?1000l"));
    terminal.press("qq");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn rebuilt_guest_is_reloaded_and_answers_the_last_line_again() {
    let folder = scratch("watch");
    let guest = folder.join("guest.wat");
    let build = |words: &str| {
        let text = include_str!("../assets/guests/passing-data.wat").replace(" Wasm is cool!", words);
        std::fs::write(&guest, text).expect("the test directory is writable");
    };
    build(" Wasm is cool!");
    let name = guest.display().to_string();
    let mut terminal = Terminal::start("watch-history", (100, 30), &[&name, "--watch"], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("Did you know\r");
    terminal.wait_for("=> Did you know Wasm is cool!");
    // An invalid module is reported, and the guest stays.
    std::fs::write(&guest, "(module").expect("the test directory is writable");
    terminal.wait_for("could not replace the guest");
    build(" Wasm is hot!!");
    terminal.wait_for("=> Did you know Wasm is hot!!");
    assert!(terminal.text().contains("run 2, reloaded at "), "{}", terminal.text());
    // Both runs can be viewed.
    terminal.press("\x1bOR");
    terminal.wait_for("EARLIER RUN");
    terminal.press("\x1bOS");
    terminal.wait("the present run", |screen| !screen.contents().contains("EARLIER RUN"));
    terminal.press("\x04");
    assert_eq!(terminal.end(), 0);
    let refused = |args: &[&str], words: &str| {
        let output = hermetic::linmem().args(args).output().expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(words), "{args:?}");
    };
    refused(&[&name, "--watch"], "--watch needs the full-screen view or the prompt");
    refused(&["--watch", "--repl"], "--watch needs a guest file");
}
