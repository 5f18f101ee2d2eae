//! The prompt as a person uses it: the binary in a real pseudo-terminal, with real keys.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::at_prompt::Prompt;
use crate::cases;
use crate::hermetic;

#[test]
fn a_line_is_answered_with_memory_before_and_after() {
    let mut prompt = Prompt::start("line", false, &["--repl"], &[]);
    prompt.wait_for("Type a line to send");
    prompt.wait_for("> ");
    prompt.press("Did you know\r");
    prompt.wait_for("exchange 1, step 3 of 5: call add_wasm_is_cool(12) -> 26");
    prompt.wait_for("before  00000410");
    prompt.wait_for("after   00000410");
    prompt.wait_for("the guest changed 14 bytes at 0x41c..0x42a");
    prompt.wait_for("=> Did you know Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press(":peek u8 0x410\r");
    prompt.wait_for("0x410  u8 68");
    prompt.wait_for("> ");
    prompt.press("::x\r");
    prompt.wait_for("=> :x Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press(":dmup\r");
    prompt.wait_for("did you mean :dump?");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn every_command_works_at_the_prompt() {
    cases::check_all_have_a_case(linmem::command::COMMANDS.iter().map(|spec| spec.name));
    let mut prompt = Prompt::start("every", false, &["--repl"], &[]);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prompt/every");
    std::fs::write(folder.join("script"), cases::SCRIPT).expect("the test directory is writable");
    prompt.wait_for("> ");
    prompt.press("Did you know\r");
    prompt.wait_for("=> Did you know Wasm is cool!");
    for case in cases::CASES {
        let command = case.command.replace("FOLDER", &folder.display().to_string());
        assert!(!command.contains(case.prompt), "what is typed is seen too: {command}");
        prompt.wait_for("> ");
        prompt.press(&format!(":{command}\r"));
        prompt.wait_for(case.prompt);
    }
    prompt.wait_for("> ");
    prompt.press(":quit\r");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn keys_complete_recall_and_search_lines() {
    let mut prompt = Prompt::start("keys", false, &["--repl"], &[]);
    prompt.wait_for("> ");
    prompt.press(":cal\tadd\t 3\r");
    prompt.wait_for("call add_wasm_is_cool(3) -> 17");
    prompt.wait_for("> ");
    prompt.press("first line\r");
    prompt.wait_for("=> first line Wasm");
    prompt.wait_for("> ");
    prompt.press("other\r");
    prompt.wait_for("=> other Wasm");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);

    let mut prompt = Prompt::start("keys", true, &["--repl"], &[]);
    prompt.wait_for("> ");
    prompt.press("\x1b[A\r");
    prompt.wait_for("=> other Wasm");
    prompt.wait_for("> ");
    prompt.press("\x12first\r");
    prompt.wait_for("=> first line Wasm");
    prompt.wait_for("> ");
    prompt.press("unfinished\x03");
    prompt.wait_for("Ctrl-D quits");
    prompt.wait_for("> ");
    prompt.press(":quit\r");
    assert_eq!(prompt.end(), 0);

    let mut prompt = Prompt::start("keys", true, &["--repl", "--no-history", "--quiet"], &[]);
    prompt.wait_for("> ");
    prompt.press("\x1b[Anew\r");
    prompt.wait_for("=> new Wasm");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn ctrl_c_pauses_a_guest_that_can_be_stopped_and_then_ends_its_call() {
    let guest = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pausable-prompt.wat");
    let wat = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func $f (export "f") (param i32) (result i32)
            (if (i32.eq (local.get 0) (i32.const 4)) (then (loop $spin (call $turn) (br $spin)))) (local.get 0))
        (func $turn (nop)))"#;
    std::fs::write(&guest, wat).expect("the test directory is writable");
    let guest = guest.display().to_string();
    let args = [&guest, "--repl", "--timeout", "0", "--break", "f"];
    let mut prompt = Prompt::start("pause", false, &args, &[]);
    prompt.wait_for("> ");
    prompt.press("spin\r");
    prompt.wait_for("(breakpoint 1); the call has not returned yet");
    prompt.wait_for("> ");
    prompt.press(":continue\r");
    std::thread::sleep(Duration::from_millis(300));
    prompt.press("\x03");
    prompt.wait_for("pausing; Ctrl-C again ends the call");
    prompt.wait_for("(paused); the call has not returned yet");
    prompt.wait_for("> ");
    prompt.press(":continue\r");
    std::thread::sleep(Duration::from_millis(300));
    prompt.press("\x03");
    prompt.wait_for("(paused); the call has not returned yet");
    prompt.wait_for("> ");
    prompt.press("\x03");
    prompt.wait_for("failed: the guest was stopped by Ctrl-C");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn ctrl_c_interrupts_the_guest_but_not_the_prompt() {
    let guest = Path::new(env!("CARGO_TARGET_TMPDIR")).join("endless-prompt.wat");
    let wat = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32)
            (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0)))) (local.get 0)))"#;
    std::fs::write(&guest, wat).expect("the test directory is writable");
    let guest = guest.display().to_string();
    let mut prompt = Prompt::start("stop", false, &[&guest, "--repl", "--timeout", "0"], &[]);
    prompt.wait_for("> ");
    prompt.press("spin\r");
    std::thread::sleep(Duration::from_millis(300));
    prompt.press("\x03");
    prompt.wait_for("failed: the guest was stopped by Ctrl-C");
    prompt.wait_for("> ");
    prompt.press("again\r");
    prompt.wait_for("=> again");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn messages_are_printed_while_the_guest_runs() {
    let guest = Path::new(env!("CARGO_TARGET_TMPDIR")).join("talks.wat");
    let wat = r#"(module (import "env" "log" (func $log (param i32 i32)))
        (memory (export "memory") 1) (data (i32.const 0) "tick\1b[2J")
        (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32)
            (call $log (i32.const 0) (i32.const 8))
            (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0)))) (local.get 0)))"#;
    std::fs::write(&guest, wat).expect("the test directory is writable");
    let guest = guest.display().to_string();
    let mut prompt = Prompt::start("talks", false, &[&guest, "--repl", "--timeout", "0"], &[]);
    prompt.wait_for("> ");
    prompt.press("spin\r");
    prompt.wait_for("the guest says: tick\\x1b[2J");
    // It is still running.
    prompt.press("\x03");
    prompt.wait_for("failed: the guest was stopped by Ctrl-C");
    prompt.wait_for("> ");
    prompt.press("x\r");
    prompt.wait_for("the guest says: tick");
    prompt.wait_for("=> x");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn typed_text_is_coloured_and_hinted_if_colours_are_on() {
    for (env, colored) in [(&[][..], true), (&[("NO_COLOR", "1")], false)] {
        let mut prompt = Prompt::start("colour", false, &["--repl"], env);
        prompt.wait_for("> ");
        prompt.press(":peek u8 ");
        prompt.wait_for("ADDR [COUNT]");
        prompt.press("nowhere\r");
        prompt.wait_for("`nowhere` is neither");
        prompt.press(":xyz 1\r");
        prompt.wait_for(":help lists them");
        prompt.wait_for("> ");
        prompt.press("\x04");
        assert_eq!(prompt.end(), 0);
        let raw = String::from_utf8_lossy(&prompt.raw).into_owned();
        for style in ["\x1b[1m:peek", "\x1b[36mu8", "\x1b[4;31m:xyz", "\x1b[2mADDR"] {
            assert_eq!(raw.contains(style), colored, "{style:?} in {raw:?}");
        }
    }
}

#[test]
fn every_word_completes() {
    let mut prompt = Prompt::start("complete", false, &["--repl"], &[]);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prompt/complete");
    std::fs::write(folder.join("a file of lines"), "from a file\n").expect("the test directory is writable");
    prompt.wait_for("> ");
    prompt.press("Did you know\r");
    prompt.wait_for("=> Did you know Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press(":pee\tu8\x20out\t\r");
    prompt.wait_for("0x410  u8 68");
    prompt.wait_for("> ");
    prompt.press(":sou\ta\t\r");
    prompt.wait_for("=> from a file Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press(":recipe c-\t\r");
    prompt.wait_for("name   c-string");
    prompt.wait_for("> ");
    prompt.press(":set steps\t o\t\t");
    prompt.wait_for("on   off");
    prompt.press("n\r");
    prompt.wait_for("> ");
    prompt.press("x\r");
    prompt.wait_for("  2 write 1 B at 0x410..0x411");
    prompt.wait_for("=> x Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press(":set rows off\r");
    prompt.wait_for("> ");
    let from = prompt.text.len();
    prompt.press("y\r");
    prompt.wait_for("=> y Wasm is cool!");
    assert!(!prompt.text[from..].contains("before "), "{}", &prompt.text[from..]);
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn typed_line_is_sent_verbatim() {
    let mut prompt = Prompt::start("exact", false, &["--repl"], &[]);
    prompt.wait_for("> ");
    prompt.press("  both ends  \r");
    prompt.wait_for("=>   both ends   Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press("a\x16\tb\r");
    prompt.wait_for("=> a\\tb Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press("\r");
    prompt.wait_for("=>  Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press("\x1b[200~one\r\n\ttwo \rthree\x1b[201~\r");
    prompt.wait_for("=> one Wasm is cool!");
    prompt.wait_for("=> \\ttwo  Wasm is cool!");
    prompt.wait_for("=> three Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn lines_typed_ahead_are_not_lost() {
    let mut prompt = Prompt::start("ahead", false, &["--repl"], &[]);
    prompt.wait_for("> ");
    prompt.press("one\rtwo\r:peek u8 0x410\rthree\r");
    prompt.wait_for("=> one Wasm is cool!");
    prompt.wait_for("=> two Wasm is cool!");
    prompt.wait_for("0x410  u8 116");
    prompt.wait_for("=> three Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn vi_keys_work() {
    let mut prompt = Prompt::start("vi", false, &["--repl", "--keys", "vi"], &[]);
    prompt.wait_for("> ");
    prompt.press("hello world\x1b");
    // Escape directly followed by a key would be that key with Alt.
    std::thread::sleep(Duration::from_millis(100));
    prompt.press("0dwiwhole \r");
    prompt.wait_for("=> whole world Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn concurrent_prompts_keep_each_others_history() {
    let mut first = Prompt::start("together", false, &["--repl"], &[]);
    first.wait_for("> ");
    let mut second = Prompt::start("together", true, &["--repl"], &[]);
    second.wait_for("> ");
    for (is_first, line) in [(true, "one"), (false, "two"), (true, "three")] {
        let prompt = if is_first { &mut first } else { &mut second };
        prompt.press(&format!("{line}\r"));
        prompt.wait_for(&format!("=> {line} Wasm is cool!"));
        prompt.wait_for("> ");
    }
    first.pty.child.kill().expect("it is ours");
    second.press("\x04");
    assert_eq!(second.end(), 0);
    let mut third = Prompt::start("together", true, &["--repl"], &[]);
    third.wait_for("> ");
    for line in ["three", "two", "one"] {
        third.press("\x1b[A");
        third.wait_for(&format!("> {line}"));
    }
    third.press("\x03");
    third.wait_for("Ctrl-D quits");
    third.wait_for("> ");
    third.press("\x04");
    assert_eq!(third.end(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn terminating_signal_restores_the_terminal() {
    /// The terminal flags for line editing and echo.
    const COOKED: u32 = 0o12;
    let mut prompt = Prompt::start("signal", false, &["--repl"], &[]);
    prompt.wait_for("> ");
    prompt.press("typed");
    prompt.wait_for("typed");
    let flags = |prompt: &Prompt| prompt.pty.master.get_termios().expect("it is a terminal").local_flags.bits();
    assert_eq!(flags(&prompt) & COOKED, 0, "the prompt has taken it over");
    let pid = prompt.pty.child.process_id().expect("it runs").to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill is installed").success());
    prompt.wait_for("\r\n");
    assert_eq!(prompt.end(), 143);
    assert_eq!(flags(&prompt) & COOKED, COOKED);
    assert!(String::from_utf8_lossy(&prompt.raw).ends_with("\x1b[?2004l\r\n"), "{:?}", prompt.raw);
}

#[test]
fn a_paste_of_200_lines_is_sent_line_by_line() {
    let mut prompt = Prompt::start("paste", false, &["--repl"], &[]);
    prompt.wait_for("> ");
    let lines: Vec<_> = (1..=200).map(|n| format!("line {n}\n")).collect();
    prompt.press(&format!("\x1b[200~{}\x1b[201~\r", lines.concat()));
    prompt.wait_for("=> line 1 Wasm is cool!");
    prompt.wait_for("exchange 200, step 3 of 5");
    prompt.wait_for("=> line 200 Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn a_dumb_terminal_gets_the_prompt_and_no_escapes() {
    let mut prompt = Prompt::start("dumb", false, &[], &[("TERM", "dumb"), ("NO_COLOR", "1")]);
    prompt.wait_for("> ");
    prompt.press("Did you know\n");
    prompt.wait_for("=> Did you know Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press(":send hex 1b5b324a\n");
    prompt.wait_for("=> \\x1b[2J Wasm is cool!");
    prompt.wait_for("> ");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
    assert!(!prompt.raw.contains(&0x1b), "{}", String::from_utf8_lossy(&prompt.raw).escape_debug());
}

#[test]
fn long_pipe_shows_progress() {
    let script = |options: &str| {
        format!("(echo a; sleep 1.2; echo b; sleep 0.1; echo c) | linmem {options} > /dev/null; echo the end")
    };
    let run = |options: &str| {
        let pty = native_pty_system().openpty(PtySize::default()).expect("a pty");
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", &script(options)]);
        command.env_clear();
        command.env("PATH", hermetic::path());
        let mut child = pty.slave.spawn_command(command).expect("sh is installed");
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().expect("the pty is readable");
        child.wait().expect("it exits");
        let mut seen = Vec::new();
        let mut chunk = [0; 4096];
        while !String::from_utf8_lossy(&seen).contains("the end") {
            let count = reader.read(&mut chunk).expect("it says the end");
            seen.extend_from_slice(&chunk[..count]);
        }
        String::from_utf8_lossy(&seen).into_owned()
    };
    assert_eq!(run(""), "\rlinmem: 2 lines\r               \rthe end\r\n");
    assert_eq!(run("--quiet"), "the end\r\n");
}

#[test]
fn invalid_utf8_does_not_end_a_prompt_without_a_terminal() {
    let mut child = hermetic::linmem()
        .args(["--repl", "--no-history", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("linmem starts");
    let mut stdin = child.stdin.take().expect("the stream is piped");
    stdin.write_all(b"ok1\na\xffb\nok2\n").expect("linmem reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it exits");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("=> ok1 Wasm is cool!") && stdout.contains("=> ok2 Wasm is cool!"), "{stdout}");
    assert!(stdout.contains("not valid UTF-8: the line was not sent") && output.status.success(), "{stdout}");
}

#[test]
fn ctrl_d_while_the_guest_runs_ends_the_prompt_after_its_answer() {
    let guest = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slow-prompt.wat");
    let wat = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32) (loop (br 0)) (i32.const 0)))"#;
    std::fs::write(&guest, wat).expect("the test directory is writable");
    let guest = guest.display().to_string();
    let mut prompt = Prompt::start("early", false, &[&guest, "--repl", "--timeout", "700ms"], &[]);
    prompt.wait_for("> ");
    prompt.press("spin\r");
    prompt.wait_for("spin");
    std::thread::sleep(Duration::from_millis(200));
    prompt.press("\x04");
    prompt.wait_for("failed: the guest was still running after 700ms");
    assert_eq!(prompt.end(), 0);
}
