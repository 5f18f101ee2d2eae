//! Any bytes as a saved session: reading it, printing it, and looking at it on a screen.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crossterm::event::KeyCode;
use linmem::cli::{Cli, Show};
use linmem::front::{Offscreen, print_saved};
use linmem::session::{Saved, Session, load, save};
use linmem::settings::Settings;

/// A session with every kind of step and failure.
const FIXTURE: &str = include_str!("../fixtures/session-v2.linmem");
/// The limit of the memories in a file.
const MOST: u64 = 1 << 24;
/// What is pressed on the screen: through steps and exchanges, into memory, through its panels.
const KEYS: [KeyCode; 12] = [
    KeyCode::F(7),
    KeyCode::F(5),
    KeyCode::F(8),
    KeyCode::F(3),
    KeyCode::Esc,
    KeyCode::Tab,
    KeyCode::Char('.'),
    KeyCode::Tab,
    KeyCode::Char('*'),
    KeyCode::Tab,
    KeyCode::Char('b'),
    KeyCode::F(6),
];

pub(crate) fn run(data: &[u8]) {
    let Some((&kind, bytes)) = data.split_first() else { return };
    let bytes = if kind.is_multiple_of(8) { bytes.to_vec() } else { with_checksums(bytes) };
    let Some(saved) = read(&bytes) else { return };
    let args = ["linmem", "--color", "never"].map(OsString::from);
    let cli = Cli::parse_with(args, || Ok(Settings::default())).expect("it is a command line");
    for show in [Show::Hex, Show::Json] {
        print_saved(&mut io::sink(), &saved, show, &cli).expect("a sink takes all");
    }
    let mut screen = Offscreen::replay(saved, 80, 24);
    screen.draw_settled();
    for key in KEYS {
        screen.press(key);
        screen.draw_settled();
    }
}

/// The lines of a session, each with its checksum, so that its content is read.
fn with_checksums(lines: &[u8]) -> Vec<u8> {
    let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, format!(" {:08x}\n", crc32fast::hash(line)).as_bytes()].concat()).collect()
}

/// Reads a session from a file that holds these bytes.
fn read(bytes: &[u8]) -> Option<Saved> {
    let path = temporary();
    fs::write(&path, bytes).expect("the folder for temporary files is writable");
    let saved = load(&path, MOST);
    fs::remove_file(&path).expect("it was written");
    saved.ok()
}

/// A file of this thread's own.
fn temporary() -> PathBuf {
    let name = format!("linmem-attack-{}-{:?}", std::process::id(), std::thread::current().id());
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.join(name) } else { std::env::temp_dir().join(name) }
}

/// A session to attack commands and the screen with.
pub(super) fn fixture() -> Saved {
    read(FIXTURE.as_bytes()).expect("it can be read")
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let bare: Vec<_> = FIXTURE.lines().map(|line| &line[..line.len() - 9]).collect();
    let current = current();
    vec![
        [b"\0", FIXTURE.as_bytes()].concat(),
        [b"\x01", bare.join("\n").as_bytes()].concat(),
        [b"\x01", current.as_bytes()].concat(),
    ]
}

/// The same session in the current format, without checksums.
fn current() -> String {
    let path = temporary();
    save(&path, &Session::replay(fixture()), true).expect("it can be saved");
    let text = fs::read_to_string(&path).expect("it was saved");
    fs::remove_file(&path).expect("it was saved");
    text.lines().map(|line| format!("{}\n", &line[..line.len() - 9])).collect()
}
