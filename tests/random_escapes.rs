//! Texts made of parts of escapes, in every place from which a guest, a module, a recipe, a session, a path, an argument
//! or a variable may reach the terminal: a terminal emulator counts what is none of linmem's own.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::escapes::{foreign, quoted, written};
use crate::terminal::nonzero;

/// Parts of escapes: introducers, parameters, ends, controls, and characters that reorder text.
const PARTS: [&[u8]; 36] = [
    b"\x1b",
    b"\x1b[",
    b"\x1b]",
    b"\x1bP",
    b"\x1b_",
    b"\x1b^",
    b"\x1bX",
    b"\x1bc",
    b"\x1b#8",
    b"\x1b(0",
    b"\x1b\\",
    b"\x9b",
    b"\x9d",
    b"\x90",
    b"\xc2\x9b",
    b"\xc2\x9d",
    b"\xc2\x85",
    b"\x07",
    b"\x08",
    b"\x0e",
    b"\x7f",
    b"\r",
    b"\n",
    b"\t",
    b"0;",
    b"52;c;",
    b"?1049",
    b"?25",
    b"38;5",
    b"6n",
    b"m",
    b"h",
    b"J",
    b"t",
    b"\xe2\x80\xae",
    b"\xe2\x81\xa6",
];

/// A text of many parts, with random bytes between them.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => prop::sample::select(&PARTS[..]).prop_map(<[u8]>::to_vec),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => "[ -~]{1,3}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(part, 20..60).prop_map(|parts| parts.concat())
}

/// Counts what a terminal did that linmem never asks for.
#[derive(Debug, Default)]
struct Counts {
    bells: usize,
    titles: usize,
    clipboard: usize,
    sizes: usize,
    unknown: Vec<String>,
}

impl Counts {
    fn is_clean(&self) -> bool {
        self.bells + self.titles + self.clipboard + self.sizes == 0 && self.unknown.is_empty()
    }
}

impl vt100::Callbacks for Counts {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.bells += 1;
    }
    fn visual_bell(&mut self, _: &mut vt100::Screen) {
        self.bells += 1;
    }
    fn resize(&mut self, _: &mut vt100::Screen, _: (u16, u16)) {
        self.sizes += 1;
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.titles += 1;
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.titles += 1;
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], _: &[u8]) {
        self.clipboard += 1;
    }
    fn paste_from_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.clipboard += 1;
    }
    fn unhandled_char(&mut self, _: &mut vt100::Screen, c: char) {
        // The emulator means bytes that are not UTF-8, but this is a character that names may have.
        if c != char::REPLACEMENT_CHARACTER {
            self.unknown.push(format!("{c:?}"));
        }
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.unknown.push(format!("control {byte:#x}"));
    }
    fn unhandled_escape(&mut self, _: &mut vt100::Screen, first: Option<u8>, second: Option<u8>, last: u8) {
        self.unknown.push(format!("escape {first:?} {second:?} {last}"));
    }
    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        first: Option<u8>,
        second: Option<u8>,
        parameters: &[&[u16]],
        last: char,
    ) {
        // Frames begin and end with these, and the emulator does not know them; nor the
        // form in which the mouse reports its place, nor the usual color of underlines.
        let is_ours = matches!((parameters, last), ([[2026 | 1015]], 'h' | 'l') | ([[59]], 'm'));
        if !is_ours {
            self.unknown.push(format!("csi {first:?} {second:?} {parameters:?} {last}"));
        }
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, parameters: &[&[u8]]) {
        self.unknown.push(format!("osc {parameters:?}"));
    }
}

/// What in an output is none of linmem's own, as a terminal sees it, and as a search through the text does.
fn found(output: &[u8]) -> Vec<String> {
    let mut terminal = vt100::Parser::new_with_callbacks(nonzero(40), nonzero(120), 0, Counts::default());
    terminal.process(output);
    let counts = terminal.callbacks();
    let counted = (!counts.is_clean()).then(|| format!("{counts:?}"));
    let broken = std::str::from_utf8(output).err().map(|error| error.to_string());
    foreign(output).into_iter().chain(counted).chain(broken).collect()
}

#[test]
fn the_emulator_counts_what_is_foreign() {
    for part in [&b"\x07"[..], b"\x1b]0;title\x07", b"\x1b]52;c;aGk=\x07", b"\x1b[8;10;10t", b"\x1b[6n"] {
        let mut terminal = vt100::Parser::new_with_callbacks(nonzero(40), nonzero(120), 0, Counts::default());
        terminal.process(part);
        assert!(!terminal.callbacks().is_clean(), "{part:?}");
    }
    assert_eq!(
        found(b"\x1b[?2026h\x1b[1;44;97m00\x1b[0m\r\n\x1b[?1049h\x1b[2J\x1b[3;4H\x1b[?2026l"),
        Vec::<String>::new()
    );
}

/// A folder with files full of a text, one of which has it as its name.
struct Hostile {
    folder: PathBuf,
    /// The text, without what cannot be in an argument.
    line: OsString,
    /// The text, as far as it is one of Unicode.
    unicode: String,
    /// A module with the text in its names and its memory, and as its answer.
    guest: OsString,
}

impl Hostile {
    fn new(round: u32, bytes: &[u8]) -> Hostile {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("random-escapes").join(round.to_string());
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the test directory is writable");
        let line: Vec<_> = bytes.iter().copied().filter(|&byte| !matches!(byte, 0 | b'\n')).collect();
        let unicode = String::from_utf8_lossy(bytes).into_owned();
        let name: Vec<_> = line.iter().copied().filter(|&byte| byte != b'/').take(200).collect();
        let guest = OsString::from_vec([&b"-"[..], &name, b".wasm"].concat().split_off(1));
        fs::write(folder.join(&guest), module(bytes, &unicode)).expect("the test directory is writable");
        fs::write(folder.join("recipe"), [b"each line\n  x = ", bytes, b"\n"].concat()).expect("it is writable");
        fs::write(folder.join("config"), [b"timeout = ", bytes].concat()).expect("it is writable");
        let script =
            [b"four\nsome line\n:exports\n:regions\n:frames\n:steps\n:changes\n:save session\n:", &*line, b"\n"];
        fs::write(folder.join("script"), [&script.concat()[..], &line, b"\n"].concat()).expect("it is writable");
        Hostile { folder, line: OsString::from_vec(line), unicode, guest }
    }

    /// Runs linmem with these arguments. `GUEST` and `LINE` stand for the hostile ones.
    fn assert_clean(&self, args: &str, keys: &str) {
        let args: Vec<_> = args.split(' ').map(|arg| self.argument(arg)).collect();
        let args: Vec<_> = args.iter().map(OsString::as_os_str).collect();
        let env = [("HOME", &*self.line), ("LANG", &self.line), ("USER", &self.line), ("EDITOR", &self.line)];
        let output = written(&self.folder, &args, keys.as_bytes(), &env);
        assert!(!output.is_empty(), "{args:?}: nothing was written");
        let found = found(&output);
        assert!(found.is_empty(), "{args:?}: {found:?} in {}", output.escape_ascii());
    }

    fn argument(&self, arg: &str) -> OsString {
        match arg {
            "GUEST" => self.guest.clone(),
            "LINE" => self.line.clone(),
            "--LINE" => OsString::from_vec([b"--", self.line.as_bytes()].concat()),
            "NAME" => self.unicode.replace('\0', "").into(),
            other => other.into(),
        }
    }
}

/// A module that has the text everywhere: it says it, answers it, and traps in a function of that name.
fn module(bytes: &[u8], unicode: &str) -> Vec<u8> {
    let (data, name, len) = (quoted(bytes), quoted(unicode.as_bytes()), bytes.len());
    let module = format!(
        r#"(module (import "env{name}" "say{name}" (func $say (param i32 i32)))
        (memory (export "memory") 1) (data (i32.const 0) "{data}")
        (global (export "global{name}") (mut i32) (i32.const 1))
        (func (export "ptr") (result i32) (i32.const 1024))
        (func $traps (export "traps{name}") (unreachable))
        (func (export "f") (param i32) (result i32)
            (call $say (i32.const 0) (i32.const {len}))
            (if (i32.eq (local.get 0) (i32.const 4)) (then (call $traps)))
            (memory.copy (i32.const 1024) (i32.const 0) (i32.const {len}))
            (i32.const {len}))
        (@producers (language "{name}" "{name}")))"#
    );
    wat::parse_str(module).expect("it is valid")
}

/// Texts, the same in each run.
fn texts(many: u32) -> Vec<Vec<u8>> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..many).map(|_| text().new_tree(&mut runner).expect("it can be made").current()).collect()
}

#[test]
fn no_random_text_reaches_the_terminal_raw() {
    for (bytes, round) in texts(10).iter().zip(0..) {
        let hostile = Hostile::new(round, bytes);
        for args in [
            "GUEST --stub-imports --call=f --line LINE --line four -k",
            "GUEST --stub-imports --call=f --line LINE --line four -k --show hex",
            "GUEST --stub-imports --call=f --line LINE -k --show json",
            "GUEST --stub-imports --call=f --script script",
            "replay session --show hex",
            "replay session --show json",
            "inspect GUEST --all",
            "inspect GUEST --json",
            "GUEST --call NAME --line x",
            "GUEST --abi recipe --line x",
            "GUEST --abi LINE --line x",
            "GUEST --env LINE --arg LINE --stub-imports --call=f --line x",
            "recipe check recipe GUEST",
            "recipe fmt --check recipe",
            "--LINE",
            "--timeout LINE",
            "infer GUEST --line LINE --answer LINE --timeout 100ms",
        ] {
            hostile.assert_clean(args, "");
        }
    }
}

#[test]
fn no_random_text_reaches_the_prompt_or_the_screen_raw() {
    for (bytes, round) in texts(13).iter().zip(0..).skip(10) {
        let hostile = Hostile::new(round, bytes);
        hostile.assert_clean(
            "GUEST --stub-imports --call=f --repl",
            "four\rsome line\r:regions\r:save session\r:source script\r:quit\r",
        );
        hostile.assert_clean("GUEST --stub-imports --call=f", "four\rsome line\r:exports\r\x1b\t\t?\x1b:quit\r");
        hostile.assert_clean("replay session", "\x1b\t\t?\x1bqq");
    }
}
