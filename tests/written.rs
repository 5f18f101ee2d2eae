//! Written bytes are distinguished from changed bytes in everything that shows memory.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use serde_json::{Value, json};

use crate::hermetic;
use crate::pty::Pty;

/// The built-in guest writes these after the line.
const SUFFIX: &str = " Wasm is cool!";

fn linmem(args: &[&str]) -> Output {
    let mut command: Command = hermetic::linmem();
    command.args(args).output().expect("linmem starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("written").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    folder
}

/// linmem in a terminal whose screen is read.
struct Screen {
    pty: Pty,
    screen: vt100::Parser,
}

impl Screen {
    fn start(test: &str, args: &[&str]) -> Screen {
        let screen = vt100::Parser::new(pty_size(50), pty_size(160), 0);
        Screen { pty: Pty::start((160, 50), &folder(test), args, &[]), screen }
    }

    /// Waits until the terminal shows all of these, in order.
    fn wait_for(&mut self, texts: &[&str]) {
        let since = Instant::now();
        loop {
            let shown = self.screen.screen().contents();
            let mut rest = shown.as_str();
            let mut is_next = |text: &&str| {
                let found = rest.find(*text);
                rest = found.map_or(rest, |at| &rest[at + text.len()..]);
                found.is_some()
            };
            if texts.iter().all(&mut is_next) {
                return;
            }
            let Some(chunk) = self.pty.written(since) else {
                panic!("{texts:?} did not appear; the screen shows:\n{shown}")
            };
            self.screen.process(&chunk);
        }
    }

    /// Presses keys, and waits for linmem to exit.
    fn leave(mut self, keys: &str) {
        self.pty.press(keys);
        assert_eq!(self.pty.end().expect("it exits").0, 0);
    }
}

fn pty_size(n: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(n).expect("a screen has a size")
}

#[test]
fn rewritten_bytes_are_marked_in_the_dump() {
    let shown = stdout(&linmem(&["-l", "hello", "-l", "world", "--show", "hex"]));
    let second = shown.split("exchange 2").nth(1).expect("there are two");
    assert!(second.contains("call  add_wasm_is_cool(5) -> 19   14 B written, 0 changed\n"), "{second}");
    assert!(second.contains("the guest wrote 14 bytes at 0x415..0x423"), "{second}");
    // One letter for each byte that was written with its old value: three in the first row, eleven... in the next.
    let letters: usize = second
        .lines()
        .filter(|line| line.starts_with("      by "))
        .map(|line| line.matches("g ").count() + usize::from(line.ends_with('g')))
        .sum();
    assert_eq!(letters, 14, "{second}");
    let compared = stdout(&linmem(&["-l", "hello", "-l", "world", "--show", "hex", "--trace", "off"]));
    let second = compared.split("exchange 2").nth(1).expect("there are two");
    assert!(second.contains("call  add_wasm_is_cool(5) -> 19\n"), "comparing finds nothing: {second}");
}

#[test]
fn rewritten_bytes_are_marked_in_json() {
    for (trace, expected) in [("stores", vec![("written", 0x415, SUFFIX)]), ("off", vec![])] {
        let shown = stdout(&linmem(&["-l", "hello", "-l", "world", "--show", "json", "--trace", trace]));
        let second: Value = serde_json::from_str(shown.lines().nth(1).expect("there are two")).expect("it is JSON");
        let by_guest: Vec<_> =
            second["changes"].as_array().expect("a list").iter().filter(|it| it["by"] == "guest").collect();
        assert_eq!(by_guest.len(), expected.len(), "{second}");
        for (change, (known, addr, text)) in by_guest.iter().zip(expected) {
            assert_eq!((&change["evidence"], &change["addr"]), (&json!(known), &json!(addr)));
            assert_eq!((&change["old"]["text"], &change["new"]["text"]), (&json!(text), &json!(text)));
        }
    }
}

#[test]
fn rewritten_bytes_are_marked_at_the_prompt() {
    let mut prompt = Screen::start("prompt", &["--repl"]);
    prompt.wait_for(&["Type a line to send", "> "]);
    prompt.pty.press("hello\r");
    prompt.wait_for(&["=> hello Wasm is cool!", "> "]);
    prompt.pty.press("world\r");
    prompt.wait_for(&["the guest wrote 14 bytes at 0x415..0x423", "=> world Wasm is cool!", "> "]);
    prompt.pty.press(":inspect 0x416\r");
    prompt.wait_for(&["now: the guest, exchange 2 step 3 (add_wasm_is_cool)"]);
    prompt.leave("\x04");
}

#[test]
fn rewritten_bytes_are_marked_on_the_screen() {
    let mut screen = Screen::start("screen", &[]);
    screen.wait_for(&["the guest is ready"]);
    screen.pty.press("hello\r");
    screen.wait_for(&["after  14 B changed"]);
    screen.pty.press("world\r");
    screen.wait_for(&["after  14 B written, 0 changed"]);
    // In memory, the panel shows the writer of the byte at the cursor: this exchange.
    screen.pty.press("\x1b");
    screen.wait_for(&["now: the guest, exchange 2 step 3 (add_wasm_is_cool)"]);
    screen.leave("qq");
}

#[test]
fn unrecordable_guest_is_compared_with_a_note() {
    let path = folder("fallback").join("many.wat");
    // One more local would make the function invalid.
    let locals = "(local i64) ".repeat(49_998);
    let text = format!(
        r#"(module (memory (export "memory") 1) (func (export "shout") (param $at i32) (param $len i32) {locals}
            (i32.store8 (local.get $at) (i32.const 33))))"#
    );
    std::fs::write(&path, text).expect("the test directory is writable");
    let recipe = path.with_extension("recipe");
    std::fs::write(&recipe, "name shout\neach line\n  write line at 64\n* shout(64, n)\n  read n at 64\n")
        .expect("it is ours");
    let args = [path.to_str().expect("it is text"), "--abi", recipe.to_str().expect("it is text"), "-l", "hello"];
    let output = linmem(&[&args[..], &["--show", "hex"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.starts_with("stores are not recorded, so changes are found by comparing memory: linmem cannot"),
        "{said}"
    );
    assert!(
        stdout(&output).contains("shout(64, 5)   returned   1 B changed") || stdout(&output).contains("1 B changed"),
        "{}",
        stdout(&output)
    );
    // Not interactive: nothing is recorded, and nothing is reported.
    let output = linmem(&args);
    assert_eq!((stdout(&output).as_str(), output.stderr.len()), ("!ello\n", 0));
}
