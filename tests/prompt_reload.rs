//! Reloading at the prompt: a guest that was built again, and a reload that fails.

use std::path::Path;

use crate::at_prompt::Prompt;

/// Writes a guest that answers with the line and these words.
fn build(guest: &Path, words: &str) {
    let text = include_str!("../assets/guests/passing-data.wat").replace(" Wasm is cool!", words);
    std::fs::write(guest, text).expect("the test directory is writable");
}

#[test]
fn rebuilt_guest_answers_above_the_edited_line() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (one, other) = (folder.join("rebuilt-one.wat"), folder.join("rebuilt-other.wat"));
    build(&one, " Wasm is cool!");
    build(&other, " Wasm is warm!");
    let (first, second) = (one.display().to_string(), other.display().to_string());
    let mut prompt = Prompt::start("rebuilt", false, &[&first, "--repl", "--watch"], &[]);
    prompt.wait_for("> ");
    prompt.press("Did you know\r");
    prompt.wait_for("=> Did you know Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press("half");
    prompt.wait_for("half");
    build(&one, " Wasm is hot!!");
    prompt.wait_for("run 2: reloaded rebuilt-one.wat at ");
    prompt.wait_for(" UTC; sending 1 line again; Ctrl-C cancels");
    prompt.wait_for("=> Did you know Wasm is hot!!");
    prompt.wait_for("> half");
    prompt.press(" a line\r");
    prompt.wait_for("=> half a line Wasm is hot!!");
    // An invalid module is reported, and the guest stays.
    prompt.wait_for("> ");
    std::fs::write(&one, "(module").expect("the test directory is writable");
    prompt.wait_for("failed: could not replace the guest");
    prompt.wait_for("> ");
    // Another file replaces it, and is watched instead.
    prompt.press(&format!(":reload {second}\r"));
    prompt.wait_for("a fresh guest");
    prompt.wait_for("> ");
    prompt.press("x\r");
    prompt.wait_for("=> x Wasm is warm!");
    prompt.wait_for("> ");
    build(&one, " Wasm is gone!");
    build(&other, " Wasm is cold!");
    prompt.wait_for("=> x Wasm is cold!");
    prompt.wait_for("> ");
    prompt.press(":runs\r");
    prompt.wait_for("rebuilt-other.wat");
    prompt.wait_for("> ");
    assert!(!prompt.text.contains("Wasm is gone!"), "{}", prompt.text);
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

/// Writes a guest whose answer ends with the number of earlier lines, and with this word.
fn build_counting(guest: &Path, word: &str) {
    let wat = format!(
        r#"(module (memory (export "memory") 1) (global $count (mut i32) (i32.const 48))
        (data (i32.const 512) " {word}") (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32)
            (i32.store8 (i32.add (i32.const 64) (local.get 0)) (global.get $count))
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (memory.copy (i32.add (i32.const 65) (local.get 0)) (i32.const 512) (i32.const {len}))
            (i32.add (local.get 0) (i32.const {all}))))"#,
        len = word.len() + 1,
        all = word.len() + 2,
    );
    std::fs::write(guest, wat).expect("the test directory is writable");
}

#[test]
fn rebuilt_guest_gets_the_whole_run_again() {
    let guest = Path::new(env!("CARGO_TARGET_TMPDIR")).join("counting.wat");
    build_counting(&guest, "old");
    let name = guest.display().to_string();
    let mut prompt = Prompt::start("counting", false, &[&name, "--repl", "--watch"], &[]);
    for (line, answer) in [("one", "=> one0 old"), ("two", "=> two1 old"), (":set rows off", "rows = off")] {
        prompt.wait_for("> ");
        prompt.press(&format!("{line}\r"));
        prompt.wait_for(answer);
    }
    build_counting(&guest, "new");
    prompt.wait_for("run 2: reloaded counting.wat at ");
    prompt.wait_for("sending 2 lines again");
    prompt.wait_for("exchange 1: one => one0 new");
    prompt.wait_for("exchange 2, step 3 of 5");
    prompt.wait_for("=> two1 new");
    prompt.wait_for("> ");
    prompt.press(":set resend last\r");
    prompt.wait_for("resend = last");
    prompt.wait_for("> ");
    build_counting(&guest, "third");
    prompt.wait_for("run 3: reloaded counting.wat at ");
    prompt.wait_for("sending 1 line again");
    prompt.wait_for("=> two0 third");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn failed_reload_is_a_message_and_not_a_cause() {
    let mut prompt = Prompt::start("refused", false, &["--repl"], &[]);
    prompt.wait_for("> ");
    prompt.press(":convention typst\r");
    prompt.wait_for("failed: could not replace the guest: the module does not match");
    prompt.wait_for("> ");
    prompt.press("x\r");
    prompt.wait_for("exchange 1, step 3 of 5");
    prompt.wait_for("> ");
    prompt.press(":reset\r");
    prompt.wait_for("begins with a fresh guest; :runs lists the earlier runs");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

/// A program that prints that it is running, and never returns.
const SPINS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\05\00\00\00")
    (data (i32.const 16) "busy\n")
    (func (export "_start")
        (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
        (loop (br 0))))"#;

#[test]
fn ctrl_c_on_a_rebuilt_guest_prints_no_quit_hint() {
    let guest = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rebuilt-spins.wat");
    std::fs::write(&guest, include_str!("../assets/guests/wasi.wat")).expect("the test directory is writable");
    let named = guest.display().to_string();
    let mut prompt = Prompt::start("spins", false, &[&named, "--repl", "--watch", "--timeout", "60s"], &[]);
    prompt.wait_for("Ctrl-D quits.");
    prompt.wait_for("> ");
    prompt.press("hi\r");
    prompt.wait_for("=> HI");
    prompt.wait_for("> ");
    std::fs::write(&guest, SPINS).expect("the test directory is writable");
    prompt.wait_for("the guest says: busy");
    let before = prompt.seen;
    prompt.press("\x03");
    prompt.wait_for("failed: the guest was stopped by Ctrl-C");
    prompt.wait_for("> ");
    assert!(!prompt.text[before..].contains("Ctrl-D quits"), "{}", &prompt.text[before..]);
    // With nothing to interrupt, it prints a hint.
    prompt.press("\x03");
    prompt.wait_for("Ctrl-D quits");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}
