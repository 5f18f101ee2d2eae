//! Debugging on the full screen: the line that overwrote a byte is found, and the guest is stopped and stepped.

use std::path::Path;

use crate::cases::SHOUTS;
use crate::terminal::{Terminal, scratch};

/// A guest that overwrites its own limit, from the wrong answer to the line of source that did it.
#[test]
fn the_line_that_overwrote_a_byte_is_found_in_a_few_keys() {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests");
    let guest = guests.join("lines/tally.wasm");
    let sources = format!("lines={}", guests.join("lines").display());
    let args = [guest.to_str().expect("it is text"), "--abi", "in-place", "--source-map", &sources];
    let source = std::fs::read_to_string(guests.join("lines/tally.c")).expect("the source is in the repository");
    let number = 1 + source.lines().position(|line| line.ends_with("// overwrites")).expect("it has the remark");
    for size in [(80, 24), (100, 30), (160, 45)] {
        let mut terminal = Terminal::start(&format!("overwritten{}", size.0), size, &args, &[]);
        terminal.wait_for("the guest is ready");
        terminal.press("hi!\r");
        // Only the first letter is a capital.
        terminal.wait_for("=> Hi!");
        let mut keys = 0;
        for (key, shows) in [
            ("\x1b", "MEMORY"),
            // Back over what changed, to what should not have.
            (",", "range 2 of 3"),
            (",", "range 1 of 3"),
            ("t", "last write at "),
            // The store itself, with memory before and after.
            ("#", "source of this access"),
        ] {
            keys += 1;
            terminal.press(key);
            terminal.wait_for(shows);
        }
        assert!(keys < 10);
        terminal.wait_for("this access: the guest changed 1 byte at 0x");
        terminal.wait_for("40");
        let place = format!("tally.c:{number}");
        terminal.wait_for(&place);
        terminal.wait_for("| seen[c - 'a'] = 1");
        terminal.wait_for("i32.store8");
        terminal.press("qq");
        assert_eq!(terminal.end(), 0);
    }
}

#[test]
fn a_person_stops_the_guest_at_a_watchpoint_steps_and_goes_on() {
    let folder = scratch("stops-guest");
    std::fs::write(folder.join("shouts.wat"), SHOUTS).expect("the folder is ours");
    let path = folder.join("shouts.wat").display().to_string();
    let mut terminal = Terminal::start("stops", (120, 40), &[&path], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press(":watch 0x41 change\r");
    terminal.wait_for("watchpoint 1: 1 B at 0x41..0x42 changed");
    terminal.press("abc\r");
    terminal.wait_for("written by the host: 00 00 00 -> 61 62 63 (watchpoint 1); the call has not returned yet");
    terminal.wait_for("STOPPED");
    // C: on to the guest's own store. S: the next one.
    terminal.press("C");
    terminal.wait_for("stopped: 0x41 written by up");
    terminal.wait_for("62 -> 42");
    terminal.press("S");
    terminal.wait_for("stopped: 0x42 written by up");
    // Lines need stop points. They are offered, and had in a new run, in which the line is sent again.
    terminal.press("L");
    terminal.wait_for(":recompile ends this call");
    terminal.press(":recompile\r");
    terminal.wait_for("run 2");
    terminal.wait_for("written by the host: 00 00 00 -> 61 62 63");
    terminal.press("C");
    terminal.wait_for("stopped: 0x41 written by up");
    terminal.press("U");
    terminal.wait_for("stopped: in shout");
    terminal.press("C");
    terminal.wait_for("=> ABC");
    // A guest that is stopped keeps nobody from leaving.
    terminal.press("iabc\r");
    terminal.wait_for("STOPPED");
    terminal.press("qq");
    assert_eq!(terminal.end(), 0);
    assert!(terminal.raw.windows(8).any(|window| window == b"\x1b[?1049l"), "the terminal is given back");
}
