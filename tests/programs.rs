//! Guests that are programs: their arguments and environment.

use crate::hermetic;
use crate::pty;

#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A program whose answer is its environment, with a NUL after each variable.
const TELLS_ENVIRONMENT: &str = r#"(module
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (drop (call $get (i32.const 0x10) (i32.const 0x400)))
        (i32.store (i32.const 8) (i32.const 0x400))
        (i32.store (i32.const 12) (i32.load (i32.const 4)))
        (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))))"#;

/// A directory for one test, with the guest in it.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs").join(test);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    std::fs::write(folder.join("tells.wat"), TELLS_ENVIRONMENT).expect("the test directory is writable");
    folder
}

/// linmem on the guest, in an environment with a variable `HERE`.
fn linmem(folder: &Path, args: &[&str]) -> Command {
    let mut command = hermetic::linmem();
    command.current_dir(folder).arg("tells.wat").args(args);
    command.env("HERE", "a = b").env("XDG_CONFIG_HOME", folder);
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    linmem(folder, args).output().expect("linmem starts")
}

/// The guest's answer in a pipe.
fn answer(test: &str, args: &[&str]) -> String {
    let output = run(&folder(test), &[&["--line", "x"], args].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text")
}

#[test]
fn program_gets_only_the_given_variables() {
    assert_eq!(answer("none", &[]), "\n");
    assert_eq!(answer("two", &["--env", "B=1", "--env", "A= x=y "]), "B=1\0A= x=y \0\n", "in the order given");
    assert_eq!(answer("empty", &["--env", "A="]), "A=\0\n");
    assert_eq!(answer("passed", &["--env", "A=1", "--env", "HERE"]), "A=1\0HERE=a = b\0\n");
    assert_eq!(answer("twice", &["--env", "A=1", "--env", "B=2", "--env", "A=3"]), "B=2\0A=3\0\n", "the last counts");
}

#[cfg(unix)]
#[test]
fn variables_may_be_any_bytes() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let output = linmem(&folder("bytes"), &["-l", "x", "--env"]).arg(OsStr::from_bytes(b"A=\xff")).output();
    assert_eq!(output.expect("linmem starts").stdout, b"A=\xff\0\n");
}

#[test]
fn refuses_invalid_variables() {
    for (variable, words) in [
        ("NOWHERE", "no such variable in the environment"),
        ("=x", "expected NAME=VALUE, but the name is missing"),
        ("", "expected NAME=VALUE, but the name is missing"),
        ("=", "expected NAME=VALUE, but the name is missing"),
    ] {
        let output = run(&folder("wrong"), &["--line", "x", "--env", variable]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{variable}: {stderr}");
        assert!(stderr.contains(words) && stderr.contains("--env"), "{variable}: {stderr}");
    }
}

#[test]
fn command_line_adds_to_config_variables() {
    let folder = folder("config");
    let config = |text: &str| {
        std::fs::create_dir_all(folder.join("linmem")).expect("the test directory is writable");
        std::fs::write(folder.join("linmem/config"), text).expect("the test directory is writable");
        run(&folder, &["--line", "x", "--env", "C=3", "--env", "A=4"])
    };
    assert_eq!(String::from_utf8_lossy(&config("env = A=1\nenv = B=2 = 2\n").stdout), "B=2 = 2\0C=3\0A=4\0\n");
    let stderr = |output: Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let nul = stderr(config("\nenv = A=\0\n"));
    assert!(nul.contains("config:2: ") && nul.contains("a variable cannot contain a NUL"), "{nul}");
}

#[test]
fn environment_is_written_for_each_fresh_instance() {
    let folder = folder("script");
    let script = "x\n:steps\n:reset\ny\n:peek u32 0x10 2\n:reload\nz\n:changes\n";
    std::fs::write(folder.join("script"), script).expect("the test directory is writable");
    let output = run(&folder, &["--script", "script", "--env", "A=1", "--env", "B=2"]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}");
    assert_eq!(stdout.matches("=> A=1\\0B=2\\0").count(), 3, "{stdout}");
    assert!(stdout.contains("import wasi_snapshot_preview1.environ_get(0x10, 0x400)"), "{stdout}");
    assert!(stdout.contains("write 4 B at 0x404..0x408"), "{stdout}");
    assert!(stdout.contains("0x10  u32 1024"), "the table leads to the first: {stdout}");
    assert!(stdout.contains(r#"3 B at 0x404..0x407  host: "\0\0\0" -> "B=2""#), "{stdout}");
}

/// Presses keys in a terminal, and waits for the expected output after each.
#[cfg(unix)]
fn in_a_terminal(more: &[&str], steps: &[(&str, &str)]) {
    let args = [&["tells.wat", "--env", "A=1", "--env", "HERE"], more].concat();
    let mut pty = pty::Pty::start((120, 40), &folder("terminal"), &args, &[("HERE", "there")]);
    let size = |n| std::num::NonZero::new(n).expect("a screen has a size");
    let mut screen = vt100::Parser::new(size(40), size(120), 0);
    for (keys, shown) in steps {
        pty.press(keys);
        let since = std::time::Instant::now();
        while !screen.screen().contents().contains(shown) {
            let written = pty.written(since);
            screen.process(
                &written.unwrap_or_else(|| panic!("{shown:?} did not appear: {}", screen.screen().contents())),
            );
        }
    }
    pty.press("\x04");
    assert_eq!(pty.end().expect("linmem ends").0, 0);
}

#[cfg(unix)]
#[test]
fn program_gets_variables_at_the_prompt_and_on_the_screen() {
    in_a_terminal(&["--repl"], &[("", "Type a line"), ("one\r", "=> A=1\\0HERE=there\\0")]);
    in_a_terminal(
        &[],
        &[
            ("", "the guest is ready"),
            ("one\r", "one => A=1\\0HERE=there\\0"),
            (":reset\r", "no memory yet"),
            ("two\r", "two => A=1\\0HERE=there\\0"),
            (":reload\r", "no memory yet"),
            ("three\r", "three => A=1\\0HERE=there\\0"),
        ],
    );
}
