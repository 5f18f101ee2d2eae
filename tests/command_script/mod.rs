//! Runs scripts of commands on a guest, each in a folder of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use crate::hermetic;

/// A guest with a buffer, exports of all number types, globals, and a memory that may grow.
const ODDS: &str = r#"(module
    (memory (export "memory") 1 3)
    (global (export "count") (mut i32) (i32.const 7))
    (global (export "fixed") i64 (i64.const -1))
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "shout") (param i32) (result i32)
        (if (i32.eq (local.get 0) (i32.const 3)) (then (unreachable)))
        (i32.store8 (i32.add (i32.const 64) (local.get 0)) (i32.const 33))
        (i32.add (local.get 0) (i32.const 1)))
    (func (export "mix") (param i64 f32 f64) (result f64)
        (i64.store (i32.const 256) (local.get 0))
        (f64.add (f64.promote_f32 (local.get 1)) (local.get 2)))
    (func (export "bump") (result i32) (global.get 0)))"#;

pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands").join(test);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    folder
}

/// Runs a script that comes through stdin, on a guest or, for an empty text, on the built-in one.
pub(crate) fn feed(folder: &Path, guest: &str, args: &[&str], lines: &str) -> Output {
    let mut command = hermetic::linmem();
    command.current_dir(folder);
    if !guest.is_empty() {
        std::fs::write(folder.join("guest.wat"), guest).expect("the test directory is writable");
        command.arg("guest.wat");
    }
    command.args(args).args(["--script", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("linmem starts");
    // It may end before it has read all.
    let _ = child.stdin.take().expect("it is piped").write_all(lines.as_bytes());
    child.wait_with_output().expect("it ends")
}

/// Runs a script on the guest above.
pub(crate) fn script_with(test: &str, script: &str, args: &[&str]) -> Output {
    let folder = folder(test);
    std::fs::write(folder.join("odds.wat"), ODDS).expect("the test directory is writable");
    std::fs::write(folder.join("script"), script).expect("the test directory is writable");
    let mut command = hermetic::linmem();
    command.current_dir(folder).args(["odds.wat", "--script", "script"]).args(args);
    command.output().expect("linmem starts")
}

pub(crate) fn script(test: &str, script: &str) -> (String, String, Option<i32>) {
    let output = script_with(test, script, &[]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// Runs one command after a line, and returns its output.
pub(crate) fn said(test: &str, command: &str) -> String {
    let (stdout, stderr, code) = script(test, &format!("hello\n{command}\n"));
    assert_eq!(code, Some(0), "{command}: {stdout}{stderr}");
    stdout.split_once(&format!("> {command}\n")).expect("the command is echoed").1.to_owned()
}

/// Runs one command after a line, and returns its error.
pub(crate) fn refused(test: &str, command: &str) -> String {
    let (stdout, stderr, code) = script(test, &format!("hello\n{command}\n"));
    assert_eq!(code, Some(1), "{command}: {stdout}{stderr}");
    stderr.lines().next().and_then(|line| line.strip_prefix("script:2: ")).unwrap_or(&stderr).to_owned()
}
