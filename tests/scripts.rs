//! Scripts: their sources, how they end, and their output.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::hermetic;
use crate::piped::text;

/// A guest that never returns from a line of four bytes.
const ENDLESS: &str = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param i32) (result i32)
        (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0)))) (local.get 0)))"#;

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scripts").join(test);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    std::fs::write(folder.join("endless.wat"), ENDLESS).expect("the test directory is writable");
    folder
}

fn start(folder: &Path, args: &[&str]) -> Child {
    let mut command = hermetic::linmem();
    command.current_dir(folder).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("linmem starts")
}

fn run(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = start(folder, args);
    // It may exit before it reads all input.
    let _ = child.stdin.take().expect("the stream is piped").write_all(input.as_bytes());
    child.wait_with_output().expect("it exits")
}

#[test]
fn script_from_stdin_answers_each_line_before_the_next() {
    let folder = folder("stdin");
    let mut child = start(&folder, &["--script", "-"]);
    let mut input = child.stdin.take().expect("the stream is piped");
    let mut output = BufReader::new(child.stdout.take().expect("the stream is piped"));
    for line in ["one", "two"] {
        writeln!(input, "{line}").expect("it reads");
        let mut said = String::new();
        while !said.ends_with(&format!("=> {line} Wasm is cool!\n")) {
            assert!(output.read_line(&mut said).expect("it is text") > 0, "{said}");
        }
    }
    writeln!(input, ":expect one").expect("it reads");
    drop(input);
    let mut errors = String::new();
    child.stderr.take().expect("the stream is piped").read_to_string(&mut errors).expect("it is text");
    assert_eq!(child.wait().expect("it exits").code(), Some(1));
    assert_eq!(
        errors,
        "stdin:3: expected \"one\", got \"two Wasm is cool!\"\n\
         stdin: 2 lines, 0 commands, 1 expectation, 1 failed\n"
    );
}

#[test]
fn ctrl_c_ends_a_script_and_not_only_its_line() {
    let folder = folder("interrupt");
    std::fs::write(folder.join("script"), "ab\n:source inner\nnever\n").expect("the test directory is writable");
    std::fs::write(folder.join("inner"), "spin\nnever\n").expect("the test directory is writable");
    let mut child = start(&folder, &["endless.wat", "--script", "script", "--timeout", "0"]);
    let mut output = BufReader::new(child.stdout.take().expect("the stream is piped"));
    let mut said = String::new();
    while !said.ends_with("=> ab\n") {
        assert!(output.read_line(&mut said).expect("it is text") > 0, "{said}");
    }
    // The spinning guest prints nothing; an early signal ends the script as well.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is installed");
    assert!(killed.success());
    assert_eq!(child.wait().expect("it exits").code(), Some(130));
    output.read_to_string(&mut said).expect("it is text");
    assert!(!said.contains("> never"), "{said}");
}

#[test]
fn quit_ends_enclosing_scripts_too() {
    let folder = folder("quit");
    std::fs::write(folder.join("script"), "ab\n:source inner\nnever\n").expect("the test directory is writable");
    std::fs::write(folder.join("inner"), "cd\n:expect cd\n:quit\nnever\n").expect("the test directory is writable");
    let output = run(&folder, &["endless.wat", "--script", "script"], "");
    assert!(!text(&output.stdout).contains("never"), "{}", text(&output.stdout));
    assert_eq!(
        (text(&output.stderr).as_str(), output.status.code()),
        ("script: 1 line, 1 command, 0 expectations, all good\n", Some(0))
    );
    // A failure in a nested script counts, even if the file then quits.
    std::fs::write(folder.join("inner"), "cd\n:expect dc\n:quit\nnever\n").expect("the test directory is writable");
    let output = run(&folder, &["endless.wat", "--script", "script"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(!text(&output.stdout).contains("never"), "{}", text(&output.stdout));
}

#[test]
fn a_script_prints_json_or_hex_and_nothing_else() {
    let folder = folder("forms");
    let script = "one\n:peek u8 0\n:poke u8 0 7\n:exchange 1\n:expect never\ntwo\n";
    let output = run(&folder, &["--script", "-", "--show", "json"], script);
    assert_eq!(output.status.code(), Some(1));
    let objects: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let told: Vec<_> = objects.iter().map(|object| (object["line"].clone(), object["command"].clone())).collect();
    let (none, command) = (serde_json::Value::Null, serde_json::Value::from("poke u8 0 7"));
    assert_eq!(told, [(1.into(), none.clone()), (2.into(), command), (3.into(), none)]);
    let output = run(&folder, &["--script", "-", "--show", "hex", "--quiet"], script);
    let said = text(&output.stdout);
    assert!(said.starts_with("exchange 1  \"one\"\n  1 call"), "{said}");
    assert!(said.contains("exchange 2  \"poke u8 0 7\"\n") && !said.contains("\n> "), "{said}");
}

#[test]
fn closed_stdout_is_not_a_failure() {
    let folder = folder("enough");
    let mut child = start(&folder, &["--script", "-"]);
    drop(child.stdout.take());
    let mut input = child.stdin.take().expect("the stream is piped");
    // It exits at its first line, so later writes may fail.
    while input.write_all(b"line\n").is_ok() {}
    let mut errors = String::new();
    child.stderr.take().expect("the stream is piped").read_to_string(&mut errors).expect("it is text");
    assert_eq!(child.wait().expect("it exits").code(), Some(0), "{errors}");
}

#[test]
fn script_lines_are_sent_verbatim() {
    let folder = folder("exact");
    let script = " blanks  \n\ttab\t\n:send \" a\\0b\\t \"\n:expect \" a\\0b\\t  Wasm is cool!\"\n\u{e9}\u{301}\r\n";
    let output = run(&folder, &["--script", "-", "--show", "json"], script);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let inputs: Vec<_> = text(&output.stdout)
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON")["input"]["text"].clone()
        })
        .collect();
    assert_eq!(inputs, [" blanks  ", "\ttab\t", " a\0b\t ", "\u{e9}\u{301}\r"]);
}

#[test]
fn unreadable_scripts_are_reported() {
    let folder = folder("unread");
    for (args, words) in [(["--script", "nowhere"], "nowhere: No such file"), (["--script", "."], ".: Is a directory")]
    {
        let output = run(&folder, &args, "");
        assert_eq!(output.status.code(), Some(7));
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
    let output = run(&folder, &["--script", "-"], "ok\n:source .\n");
    assert!(text(&output.stderr).contains("stdin:2: .: Is a directory"), "{}", text(&output.stderr));
}

/// Nesting is limited, but a file that runs itself many times would still run for ever.
#[test]
fn the_number_of_files_that_a_script_runs_is_limited() {
    let folder = folder("sourced");
    std::fs::write(folder.join("itself"), ":source itself\n".repeat(20)).expect("the test directory is writable");
    let output = run(&folder, &["endless.wat", "--script", "itself"], "");
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.contains("itself: more than 1,000 files run by one script"), "{errors}");
    assert!(text(&output.stdout).lines().count() <= 20 * 1001);
    // At the prompt, each line has the whole number.
    std::fs::write(folder.join("empty"), "").expect("the test directory is writable");
    std::fs::write(folder.join("many"), ":source empty\n".repeat(999)).expect("the test directory is writable");
    let output = run(&folder, &["endless.wat", "--repl"], ":source many\n:source many\n:source itself\n");
    let answers = text(&output.stdout);
    assert_eq!(answers.matches("1,000").count(), answers.matches("itself: more than 1,000").count(), "{answers}");
    assert!(!answers.contains("many: more") && !answers.contains("empty: more"), "{answers}");
}

/// Answers with a string that has no end.
const UNTERMINATED: &str = r#"(module (memory (export "memory") 1)
    (func (export "f") (param i32) (result i32)
        (memory.fill (i32.const 0xfff0) (i32.const 97) (i32.const 16))
        (i32.const 0xfff8)))"#;

#[test]
fn a_string_that_does_not_end_is_a_step_that_failed() {
    let folder = folder("unterminated");
    std::fs::write(folder.join("endless.wat"), UNTERMINATED).expect("the folder is ours");
    std::fs::write(folder.join("endless.recipe"), "each line\n* p = f(n)\n  read until 0 at p\n").expect("it is ours");
    for poison in [&[][..], &["--poison", "cc"]] {
        let args = [&["endless.wat", "--abi", "endless.recipe", "--script", "-"], poison].concat();
        let output = run(&folder, &args, "ab\n:expect error no terminating zero byte\n:steps\n");
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{out}\n{err}");
        assert!(out.contains("2 read  8 B at 0xfff8..0x10000 failed"), "{out}");
    }
}
