//! Nothing reaches a terminal raw: not from a guest, a module, a recipe, a session, a path, an argument or a variable.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::hermetic::BINARY;

/// What is hostile to a terminal: titles, colors that linmem does not use, reports, other screens, C1 controls, bells,
/// characters that reorder text.
const HOSTILE: [&str; 8] = [
    "\x1b]0;title\x07",
    "\x1b[5;35mblinks",
    "\x1b[6n",
    "\x1bPqsixel\x1b\\",
    "\u{9b}31m",
    "\x07\x08\x0e",
    "\u{202e}reversed\u{2066}",
    "\x1b[2J\x1b[?1049h\x1bc",
];

/// Escapes of all kinds in one text that may be a file's name.
fn hostile() -> String {
    HOSTILE.concat().replace('/', "")
}

/// Bytes as a string of the text format.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// A folder with a module whose file, imports, exports, data and producers are as hostile as can be.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("escapes");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the test directory is writable");
    let (hostile, name) = (quoted(hostile().as_bytes()), hostile());
    let len = name.len();
    let module = format!(
        r#"(module (import "env{hostile}" "say{hostile}" (func $say (param i32 i32)))
        (memory (export "memory") 1) (data (i32.const 0) "{hostile}")
        (global (export "global{hostile}") (mut i32) (i32.const 1))
        (func (export "ptr") (result i32) (i32.const 1024))
        (func $traps (export "traps{hostile}") (unreachable))
        (func (export "more{hostile}") (param i64))
        (func (export "f") (param i32) (result i32)
            (call $say (i32.const 0) (i32.const {len}))
            (if (i32.eq (local.get 0) (i32.const 4)) (then (call $traps)))
            (memory.copy (i32.const 1024) (i32.const 0) (i32.const {len}))
            (i32.const {len}))
        (@producers (language "{hostile}" "{hostile}")))"#
    );
    let module = wat::parse_str(module).expect("it is valid");
    fs::write(folder.join(format!("{name}.wasm")), module).expect("the test directory is writable");
    folder
}

/// Runs linmem on a terminal with these arguments and keys, and returns what it wrote.
pub(crate) fn written(
    folder: &Path,
    args: &[impl AsRef<OsStr>],
    keys: &[u8],
    env: &[(&str, impl AsRef<OsStr>)],
) -> Vec<u8> {
    use std::io::{Read, Write};
    let pair = native_pty_system().openpty(PtySize { rows: 40, cols: 120, ..PtySize::default() }).expect("a pty");
    let mut command = CommandBuilder::new(BINARY);
    command.args(args);
    command.env_clear();
    command.env("TERM", "xterm-256color");
    env.iter().for_each(|(name, value)| command.env(name, value));
    command.cwd(folder);
    let mut child = pair.slave.spawn_command(command).expect("the binary starts");
    drop(pair.slave);
    let mut keyboard = pair.master.take_writer().expect("the pty is writable");
    let mut reader = pair.master.try_clone_reader().expect("the pty is readable");
    let reading = std::thread::spawn(move || {
        let (mut seen, mut chunk) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = reader.read(&mut chunk) {
            seen.extend_from_slice(&chunk[..count]);
        }
        seen
    });
    for part in keys.split_inclusive(|&key| key == b'\r' || key == 0x1b) {
        // The line editor takes the terminal meanwhile, and Esc has to come alone.
        std::thread::sleep(std::time::Duration::from_millis(300));
        // It may have ended.
        let _ = keyboard.write_all(part).and_then(|()| keyboard.flush());
    }
    child.wait().expect("it ends");
    drop((keyboard, pair.master));
    reading.join().expect("it ends")
}

/// The parts of an output that linmem never writes itself.
pub(crate) fn foreign(output: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    let mut found = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '\x1b' if text[at + 1..].starts_with('[') => {
                let end =
                    text[at + 2..].find(|c: char| ('@'..='~').contains(&c)).map_or(text.len(), |end| at + 3 + end);
                let sequence = &text[at..end];
                let parameters = &sequence[2..sequence.len() - 1];
                let is_ours = match sequence.chars().last() {
                    Some('m') => parameters != "5;35",
                    Some('h' | 'l') => ["?25", "?1049", "?2004", "?2026", "?1000", "?1002", "?1003", "?1015", "?1006"]
                        .contains(&parameters),
                    Some('H' | 'G' | 'K' | 'J' | 'A' | 'B' | 'C' | 'D') => true,
                    _ => false,
                };
                if !is_ours {
                    found.push(sequence.to_owned());
                }
            }
            '\x1b' => found.push(text[at..].chars().take(8).collect()),
            '\r' | '\n' | '\t' | '\x08' => (),
            c if c.is_control() => found.push(c.to_string()),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => found.push(c.to_string()),
            _ => (),
        }
    }
    found
}

#[test]
fn the_test_sees_what_is_foreign() {
    for text in HOSTILE {
        assert!(!foreign(text.as_bytes()).is_empty(), "{text:?}");
    }
    assert_eq!(foreign(b"\x1b[1;44;97m00\x1b[0m\r\n\x1b[?1049h\x1b[2J\x1b[3;4H"), Vec::<String>::new());
}

#[test]
fn nothing_reaches_the_terminal_raw() {
    let folder = folder();
    let name = format!("{}.wasm", hostile());
    let line = hostile().replace(['\r', '\n'], "");
    let env: [(&str, &str); 4] =
        [("HOME", &format!("/{line}")), ("XDG_CONFIG_HOME", &format!("/{line}")), ("LANG", &line), ("USER", &line)];
    let (guest, common) = (&*name, ["--stub-imports", "--call=f"]);
    let with = |args: &[&str]| -> Vec<String> {
        [&[guest][..], &common, args].concat().into_iter().map(str::to_owned).collect()
    };
    let session = format!(":save {}\r:quit\r", "session");
    for (what, args, keys) in [
        ("pipe", with(&["--line", &line, "-k"]), String::new()),
        ("trap", with(&["--line", "four", "-k"]), String::new()),
        ("hex", with(&["--line", &line, "--line", "four", "-k", "--show", "hex"]), String::new()),
        ("json", with(&["--line", &line, "--line", "four", "-k", "--show", "json"]), String::new()),
        ("inspect", vec!["inspect".to_owned(), name.clone()], String::new()),
        ("no guest", vec![format!("no{name}")], String::new()),
        ("no convention", vec![name.clone(), "--line".to_owned(), "x".to_owned()], String::new()),
        ("argument", vec![format!("--{line}")], String::new()),
        ("value", vec!["--timeout".to_owned(), line.clone()], String::new()),
        (
            "recipe",
            vec![name.clone(), "--abi".to_owned(), line.clone(), "-l".to_owned(), "x".to_owned()],
            String::new(),
        ),
        (
            "prompt",
            with(&["--repl"]),
            format!("four\rsome line\r:exports\r:regions\r:frames\r:steps\r:changes\r{session}"),
        ),
        ("screen", with(&[]), "four\rsome line\r:exports\r\x1b\t\t?\x1b:save other\r:quit\r".to_owned()),
        (
            "replay",
            vec!["replay".to_owned(), "session".to_owned(), "--show".to_owned(), "hex".to_owned()],
            String::new(),
        ),
        ("replayed", vec!["replay".to_owned(), "session".to_owned()], "\x1b\t\t?\x1bqq".to_owned()),
        (
            "replay at the prompt",
            vec!["replay".to_owned(), "session".to_owned(), "--repl".to_owned()],
            ":steps\r:quit\r".to_owned(),
        ),
    ] {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let output = written(&folder, &args, keys.as_bytes(), &env);
        assert!(!output.is_empty(), "{what}: nothing was written");
        let foreign = foreign(&output);
        assert!(foreign.is_empty(), "{what}: {foreign:?} in {}", String::from_utf8_lossy(&output).escape_debug());
    }
    assert!(folder.join("session").exists(), "the prompt saved a session");
}
