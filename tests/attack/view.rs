//! Any keys, pastes and clicks on a screen of any size.

use arbitrary::{Result, Unstructured};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use linmem::front::Offscreen;
use linmem::guest::Passes;
use linmem::session::{BUILT_IN, Options, Source};

use super::{compile, limits, session};
use crate::cases::SHOUTS;

/// The most events of one attack.
const EVENTS: usize = 150;
/// The largest screen.
const COLUMNS: u16 = 220;
const ROWS: u16 = 70;
/// Keys that are not characters.
const KEYS: [KeyCode; 25] = [
    KeyCode::Esc,
    KeyCode::Enter,
    KeyCode::Tab,
    KeyCode::BackTab,
    KeyCode::Backspace,
    KeyCode::Delete,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::Left,
    KeyCode::Right,
    KeyCode::PageUp,
    KeyCode::PageDown,
    KeyCode::Home,
    KeyCode::End,
    KeyCode::Insert,
    KeyCode::F(1),
    KeyCode::F(2),
    KeyCode::F(3),
    KeyCode::F(4),
    KeyCode::F(5),
    KeyCode::F(6),
    KeyCode::F(7),
    KeyCode::F(8),
    KeyCode::F(9),
    KeyCode::F(10),
];
/// Commands without those that touch files or wait. They are typed as a whole, so that none becomes one of those.
const COMMANDS: [&str; 34] = [
    "as js",
    "back 2",
    "break shout",
    "check",
    "continue",
    "call f 3",
    "changes",
    "dump 0 40",
    "exports",
    "find u8 32",
    "find hex 5? ??",
    "frames",
    "goto 0xffff",
    "grow 2",
    "help",
    "limits",
    "mark here 0x40 9",
    "memory 1",
    "origin",
    "peek u16 0x41 9",
    "poke u8 0x44 7",
    "profile",
    "readers 0..100",
    "recompile",
    "regions",
    "reset",
    "runs 1",
    "runs now",
    "set theme light",
    "step in 3",
    "struct str @ 0x410",
    "undo",
    "watch 0x40..0x44",
    "writers 0x40",
];
/// Texts that are pasted.
const PASTES: [&str; 6] =
    ["Did you know\n", "one\ntwo\nthree\n", "\u{1f600}e\u{301}", "\x1b[2J\x07\0", "", "\t\u{202e}x"];

pub(crate) fn run(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let Ok(mut screen) = screen(&mut bytes) else { return };
    for _ in 0..EVENTS {
        let (false, Ok(())) = (bytes.is_empty(), attack(&mut screen, &mut bytes)) else { return };
        let buffer = screen.draw();
        let control = buffer.content.iter().flat_map(|cell| cell.symbol().chars()).find(|c| c.is_control());
        assert!(control.is_none(), "{control:?} is drawn");
    }
}

/// A screen on a guest, traced or not, or on a saved session.
fn screen(bytes: &mut Unstructured<'_>) -> Result<Offscreen> {
    let kind = bytes.int_in_range(0..=7)?;
    if kind == 0 {
        return Ok(Offscreen::replay(session::fixture(), 100, 30));
    }
    let (name, guest) = match kind {
        1..4 => ("shouts.wat", SHOUTS.as_bytes()),
        _ => bytes.choose(BUILT_IN).map(|(name, text, _)| (*name, *text))?,
    };
    let source = Source { name: name.to_owned(), bytes: guest.to_vec() };
    let trace = Passes { stores: kind % 2 == 1, loads: kind % 4 == 1, pauses: kind % 4 == 1 };
    let options = Options { limits: limits(), trace, compile: compile(), ..Options::default() };
    Ok(Offscreen::open(source, options, 100, 30).expect("the guest can be opened"))
}

/// Does one thing to a screen.
fn attack(screen: &mut Offscreen, bytes: &mut Unstructured<'_>) -> Result<()> {
    let events = match bytes.int_in_range(0..=9_u8)? {
        0 => {
            screen.resize(bytes.int_in_range(1..=COLUMNS)?, bytes.int_in_range(1..=ROWS)?);
            Vec::new()
        }
        1 => {
            let typed = bytes.choose(&COMMANDS)?.chars().map(KeyCode::Char);
            let keys = [KeyCode::Char(':')].into_iter().chain(typed).chain([KeyCode::Enter]);
            keys.map(|key| Event::Key(KeyEvent::new(key, KeyModifiers::NONE))).collect()
        }
        2 => vec![Event::Paste((*bytes.choose(&PASTES)?).to_owned())],
        3 => vec![click(bytes)?],
        4 | 5 => vec![Event::Key(KeyEvent::new(*bytes.choose(&KEYS)?, modifiers(bytes)?))],
        _ => vec![Event::Key(KeyEvent::new(KeyCode::Char(character(bytes)?), KeyModifiers::NONE))],
    };
    events.into_iter().for_each(|event| screen.event(event).expect("the guest can be opened again"));
    Ok(())
}

/// A character. Not a colon, which begins a command; nor `f`, which asks for the name of a file to write; nor `R`, with
/// which a guest runs slowly.
fn character(bytes: &mut Unstructured<'_>) -> Result<char> {
    match char::from(bytes.int_in_range(b' '..=0x7f)?) {
        ':' | 'f' | 'R' => Ok('g'),
        '\u{7f}' => bytes.arbitrary().map(|c: char| if c.is_control() { 'é' } else { c }),
        c => Ok(c),
    }
}

fn modifiers(bytes: &mut Unstructured<'_>) -> Result<KeyModifiers> {
    Ok(*bytes.choose(&[
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
    ])?)
}

fn click(bytes: &mut Unstructured<'_>) -> Result<Event> {
    let kinds = [
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
        MouseEventKind::Down(MouseButton::Right),
    ];
    let kind = *bytes.choose(&kinds)?;
    let (column, row) = (bytes.int_in_range(0..=COLUMNS)?, bytes.int_in_range(0..=ROWS)?);
    Ok(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seed =
        |seed: u8| (0..120_u8).map(move |place| (seed ^ place).wrapping_mul(167).rotate_left(u32::from(seed % 8)));
    (0..12).map(|number| seed(number).collect()).collect()
}
