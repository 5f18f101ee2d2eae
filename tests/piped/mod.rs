//! Runs the binary with real stdin, stdout and stderr.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::hermetic;

pub(crate) fn linmem(args: &[&str]) -> Command {
    let mut command = hermetic::linmem();
    command.args(args);
    command
}

/// Runs linmem to its end with that input.
pub(crate) fn run(args: &[&str], input: &[u8]) -> Output {
    let mut child = linmem(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("linmem starts");
    let mut stdin = child.stdin.take().expect("the stream is piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // linmem may stop reading early, which is not tested here.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it exits");
    writer.join().expect("the writer ends");
    output
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The path of a file for one test.
pub(crate) fn file(name: &str, content: &(impl AsRef<[u8]> + ?Sized)) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("piped");
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let path = folder.join(name);
    std::fs::write(&path, content).expect("the test directory is writable");
    path.display().to_string()
}
