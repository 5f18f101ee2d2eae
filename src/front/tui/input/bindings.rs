//! Key bindings: declared once for the event loop, the help and the key bar.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, Direction, Question};
use super::line::Edit;
use super::mode::{Mode, Modes};
use crate::view::Notation;

/// A binding: a line of the help.
pub(crate) struct Binding {
    /// The modes in which it applies: one of [`SECTIONS`].
    pub(crate) modes: Modes,
    /// The keys, as the help names them.
    pub(crate) label: &'static str,
    keys: &'static [(&'static [Key], Action)],
    /// The description in the help.
    pub(crate) help: &'static str,
    /// A short label, if it appears in the key bar.
    pub(crate) bar: &'static str,
}

/// A key, or a sequence of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The first key of a sequence, if there are two.
    prefix: Option<char>,
    modifiers: KeyModifiers,
    code: KeyCode,
}

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Action(Action),
    /// It starts a sequence of two keys.
    Prefix(char),
    Nothing,
}

const INPUT: Modes = Modes::of(&[Mode::Input]);
const HISTORY: Modes = Modes::of(&[Mode::History]);
const MEMORY: Modes = Modes::of(&[Mode::Memory, Mode::Stopped]);
const STOPPED: Modes = Modes::of(&[Mode::Stopped]);
const PROMPT: Modes = Modes::of(&[Mode::Prompt]);
const COPY: Modes = Modes::of(&[Mode::Copy]);
const LIST: Modes = Modes::of(&[Mode::List]);
const OVER: Modes = Modes::of(&[Mode::List, Mode::Help, Mode::Output]);
const LINES: Modes = Modes::of(&[Mode::Input, Mode::History]);
const EDITED: Modes = Modes::of(&[Mode::Input, Mode::History, Mode::Prompt]);
/// The modes in which the panes are visible.
pub(crate) const SCREEN: Modes = Modes::of(&[Mode::Input, Mode::History, Mode::Memory, Mode::Stopped, Mode::Prompt]);
const ALL: Modes = Modes::of(&Mode::ALL);

/// The sections of the help, with the modes that each covers.
pub(crate) const SECTIONS: &[(&str, Modes)] = &[
    ("input line", INPUT),
    ("memory, while the guest is stopped in a call", STOPPED),
    ("memory", MEMORY),
    ("input line, memory and prompts", SCREEN),
    ("input line and prompts: editing", EDITED),
    ("input line and search in earlier lines", LINES),
    ("search in earlier lines", HISTORY),
    ("prompts", PROMPT),
    ("copy", COPY),
    ("lists, help and command output", OVER),
    ("lists", LIST),
    ("everywhere", ALL),
];

const fn key(code: KeyCode) -> Key {
    Key { prefix: None, modifiers: KeyModifiers::NONE, code }
}

const fn plain(c: char) -> Key {
    key(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Key {
    with(KeyModifiers::CONTROL, KeyCode::Char(c))
}

const fn with(modifiers: KeyModifiers, code: KeyCode) -> Key {
    Key { prefix: None, modifiers, code }
}

const fn sequence(prefix: char, c: char) -> Key {
    Key { prefix: Some(prefix), ..plain(c) }
}

const fn bind(
    modes: Modes,
    label: &'static str,
    keys: &'static [(&'static [Key], Action)],
    help: &'static str,
    bar: &'static str,
) -> Binding {
    Binding { modes, label, keys, help, bar }
}

const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
const ALT: KeyModifiers = KeyModifiers::ALT;
const ESC: &[Key] = &[key(Esc), ctrl('[')];
/// Raw mode reports a line feed as Ctrl-J.
const ENTER: &[Key] = &[key(Enter), ctrl('j')];

use Direction::{Back, Forward};
use KeyCode::{BackTab, Backspace, Delete, Down, End, Enter, Esc, F, Home, Left, PageDown, PageUp, Right, Tab, Up};

#[rustfmt::skip]
pub(crate) const BINDINGS: &[Binding] = &[
    bind(INPUT, "Enter", &[(ENTER, Action::Send)], "send the line to the guest, or run the command after a colon", "send"),
    bind(INPUT, "Esc", &[(ESC, Action::EnterMemory)], "go to the memory; i goes back to the input line", "memory"),
    bind(INPUT, "Ctrl-G", &[(&[ctrl('g')], Action::Ask(Question::Address))], "go to an address: 0x410, 1040, 0:0x410, input+4, a region", ""),
    bind(INPUT, "Tab", &[(&[key(Tab)], Action::Complete)], "complete a command; :help lists them", ""),

    bind(MEMORY, "i", &[(&[plain('i')], Action::EnterLine)], "go back to the input line", "input line"),
    bind(STOPPED, "C", &[(&[plain('C')], Action::Command("continue"))], "let the guest go on, to the next watchpoint or breakpoint", "continue"),
    bind(STOPPED, "L", &[(&[plain('L')], Action::Command("step"))], "step to the next line, over calls", "line"),
    bind(STOPPED, "D", &[(&[plain('D')], Action::Command("step in"))], "to the next line, down into calls", "into"),
    bind(STOPPED, "U", &[(&[plain('U')], Action::Command("step out"))], "up, out of the function", "out"),
    bind(STOPPED, "S", &[(&[plain('S')], Action::Command("step store"))], "to the next store", "store"),
    bind(STOPPED, "R", &[(&[plain('R')], Action::Command("slow"))], "from line to line, slowly", "slowly"),
    bind(STOPPED, "F", &[(&[plain('F')], Action::Command("frames"))], "list the calls", "calls"),
    bind(MEMORY, "P", &[(&[plain('P')], Action::Command("pause"))], "pause the running guest where it is", ""),
    bind(MEMORY, "h j k l arrows", &[
        (&[plain('h'), key(Left)], Action::Bytes(Back)), (&[plain('l'), key(Right)], Action::Bytes(Forward)),
        (&[plain('k'), key(Up)], Action::Rows(Back)), (&[plain('j'), key(Down)], Action::Rows(Forward)),
    ], "move the cursor", ""),
    bind(MEMORY, "Ctrl-F Ctrl-B", &[(&[ctrl('b')], Action::Page(Back)), (&[ctrl('f')], Action::Page(Forward))], "next, previous page (PgDn PgUp)", ""),
    bind(MEMORY, "Ctrl-D Ctrl-U", &[(&[ctrl('u')], Action::HalfPage(Back)), (&[ctrl('d')], Action::HalfPage(Forward))], "half a page down, up", ""),
    bind(MEMORY, "g G", &[(&[plain('g'), key(Home)], Action::End(Back)), (&[plain('G'), key(End)], Action::End(Forward))], "first, last address (Home End)", ""),
    bind(MEMORY, ", .", &[(&[plain(','), sequence('[', 'c')], Action::Change(Back)), (&[plain('.'), sequence(']', 'c')], Action::Change(Forward))], "previous, next changed bytes ([c ]c)", "change"),
    bind(MEMORY, ":", &[(&[plain(':')], Action::Ask(Question::Command))], "go to an address, or run any command (:help lists them)", "go to"),
    bind(MEMORY, "Ctrl-G", &[(&[ctrl('g')], Action::Ask(Question::Address))], "go to an address: 0x410, 1040, 0:0x410, input+4, +16, *", ""),
    bind(MEMORY, "/", &[(&[plain('/')], Action::Ask(Question::Pattern))], "find: text, \"text\", hex 44 6? ??, u32 1040, f64 0.1", "find"),
    bind(MEMORY, "n N", &[(&[plain('N')], Action::Match(Back)), (&[plain('n')], Action::Match(Forward))], "next, previous match", ""),
    bind(MEMORY, "Enter", &[(ENTER, Action::Follow)], "follow the pointer at the cursor", ""),
    bind(MEMORY, "Ctrl-O Alt-Right", &[(&[ctrl('o'), with(ALT, Left)], Action::Trail(Back)), (&[with(ALT, Right)], Action::Trail(Forward))], "back to where the cursor was (Alt-Left); forward again", ""),
    bind(MEMORY, "Tab", &[(&[key(Tab)], Action::Panel(Forward))], "next panel: values, changes, regions, map, exchanges, writers, source, struct", "panel"),
    bind(MEMORY, "Shift-Tab", &[(&[with(SHIFT, BackTab), key(BackTab)], Action::Panel(Back))], "previous panel", ""),
    bind(MEMORY, "c r", &[(&[plain('c')], Action::Command("changes")), (&[plain('r')], Action::Command("regions"))], "list the changes, or the regions; Enter goes to one", ""),
    bind(MEMORY, "I", &[(&[plain('I')], Action::Command("inspect"))], "all values at the cursor, in both byte orders", ""),
    bind(MEMORY, "e", &[(&[plain('e')], Action::ByteOrder)], "byte order of the values", ""),
    bind(MEMORY, "v", &[(&[plain('v')], Action::Arrange)], "panes side by side, stacked, or one with old above new", ""),
    bind(MEMORY, "b B", &[(&[plain('b')], Action::Width(Forward)), (&[plain('B')], Action::Width(Back))], "more, fewer bytes per row", ""),
    bind(MEMORY, "w", &[(&[plain('w')], Action::Memory)], "next memory, if the guest has several (F10)", ""),
    bind(MEMORY, "s", &[(&[plain('s')], Action::Select)], "select bytes: from here to where the cursor goes", ""),
    bind(MEMORY, "y", &[(&[plain('y')], Action::Ask(Question::Notation))], "copy the selected bytes, or write them to a file", ""),
    bind(MEMORY, "m", &[(&[plain('m')], Action::Ask(Question::Name))], "name the selected bytes", ""),
    bind(MEMORY, "p u", &[(&[plain('p')], Action::Ask(Question::Bytes)), (&[plain('u')], Action::Command("undo"))], "write here as the host: text, 0x44 69, u32 1040; undo that", ""),
    bind(MEMORY, "# *", &[(&[plain('#')], Action::Write(Back)), (&[plain('*')], Action::Write(Forward))], "previous, next write of the byte at the cursor, or of the selected bytes", "write"),
    bind(MEMORY, "[r ]r", &[(&[sequence('[', 'r')], Action::Read(Back)), (&[sequence(']', 'r')], Action::Read(Forward))], "previous, next read by the guest, if --trace loads records them", ""),
    bind(MEMORY, "o", &[(&[plain('o')], Action::Open)], "open the selected call at its first store, or close it", "open"),
    bind(MEMORY, "J K", &[(&[plain('K'), sequence('[', 's')], Action::Store(Back)), (&[plain('J'), sequence(']', 's')], Action::Store(Forward))], "next, previous store, into and out of functions (]s [s)", ""),
    bind(MEMORY, "[f ]f", &[(&[sequence('[', 'f')], Action::Group(Back)), (&[sequence(']', 'f')], Action::Group(Forward))], "back to the start of this or the previous group of stores; on to the next group: skips a loop", ""),
    bind(MEMORY, "t", &[(&[plain('t')], Action::Source)], "the source of the store or of the last write at the cursor; again: all writers", "source"),
    bind(MEMORY, "f", &[(&[plain('f')], Action::ByFunction)], "the changes grouped by function, or by range", ""),
    bind(MEMORY, "H", &[(&[plain('H')], Action::Heat)], "the map as heat: how many bytes were written where, in all exchanges; again: what is there", ""),
    bind(MEMORY, "< >", &[(&[plain('<')], Action::Step(Back)), (&[plain('>')], Action::Step(Forward))], "previous, next step (F7 F8)", ""),
    bind(MEMORY, "( )", &[(&[plain('(')], Action::Beside(Back)), (&[plain(')')], Action::Beside(Forward))], "the same, without the steps inside calls (Shift-F7 Shift-F8)", ""),
    bind(MEMORY, "^", &[(&[plain('^')], Action::Out)], "leave the call, then show the exchange as a whole (F2)", ""),
    bind(MEMORY, "{ }", &[(&[plain('{')], Action::Exchange(Back)), (&[plain('}')], Action::Exchange(Forward))], "previous, next exchange (F5 F6)", ""),
    bind(MEMORY, "M", &[(&[plain('M')], Action::ToggleMouse)], "leave the mouse to the terminal, or use it again", ""),
    bind(MEMORY, "Esc", &[(ESC, Action::Close)], "end the selection, then clear the search highlights", ""),

    bind(HISTORY, "Enter", &[(ENTER, Action::Send)], "send the line that was found", "send"),
    bind(HISTORY, "Ctrl-G", &[(&[ctrl('g')], Action::CancelSearch)], "restore the line from before the search", ""),
    bind(HISTORY, "Esc", &[(ESC, Action::Close)], "edit the line that was found", "edit"),

    bind(PROMPT, "Enter", &[(ENTER, Action::Accept)], "accept the answer", "accept"),
    bind(PROMPT, "Ctrl-G", &[(&[ctrl('g')], Action::Ask(Question::Address))], "go to an address instead", ""),
    bind(PROMPT, "Esc", &[(ESC, Action::Close)], "leave the prompt", "cancel"),

    bind(SCREEN, "F7 F8", &[(&[key(F(7)), with(ALT, Up)], Action::Step(Back)), (&[key(F(8)), with(ALT, Down)], Action::Step(Forward))], "previous, next step, into calls (Alt-Up Alt-Down)", "step"),
    bind(SCREEN, "Shift-F7 Shift-F8", &[(&[with(SHIFT, F(7))], Action::Beside(Back)), (&[with(SHIFT, F(8))], Action::Beside(Forward))], "previous, next step, without the steps inside calls", ""),
    bind(SCREEN, "F2", &[(&[key(F(2))], Action::Out)], "leave the call, then show the exchange as a whole", ""),
    bind(SCREEN, "F5 F6", &[(&[key(F(5)), with(ALT, PageUp)], Action::Exchange(Back)), (&[key(F(6)), with(ALT, PageDown)], Action::Exchange(Forward))], "previous, next exchange (Alt-PgUp Alt-PgDn)", "exchange"),
    bind(SCREEN, "F9", &[(&[key(F(9)), with(ALT, End)], Action::Newest)], "go to the newest exchange, and follow new ones (Alt-End)", ""),
    bind(SCREEN, "F3 F4", &[(&[key(F(3))], Action::Run(Back)), (&[key(F(4))], Action::Run(Forward))], "previous, next run: each reset or reload begins one", ""),
    bind(SCREEN, "F10", &[(&[key(F(10))], Action::Memory)], "next memory, if the guest has several", ""),
    bind(SCREEN, "PgUp PgDn", &[(&[key(PageUp)], Action::Page(Back)), (&[key(PageDown)], Action::Page(Forward))], "previous, next page of memory", ""),

    bind(EDITED, "Left Right", &[(&[key(Left), ctrl('b')], Action::Edit(Edit::Left)), (&[key(Right), ctrl('f')], Action::Edit(Edit::Right))], "one character (Ctrl-B Ctrl-F)", ""),
    bind(EDITED, "Ctrl-Left Ctrl-Right", &[(&[with(CTRL, Left), with(ALT, Left), with(ALT, KeyCode::Char('b'))], Action::Edit(Edit::WordLeft)), (&[with(CTRL, Right), with(ALT, Right), with(ALT, KeyCode::Char('f'))], Action::Edit(Edit::WordRight))], "one word (Alt-B Alt-F)", ""),
    bind(EDITED, "Home End", &[(&[key(Home), ctrl('a')], Action::Edit(Edit::Home)), (&[key(End), ctrl('e')], Action::Edit(Edit::End))], "start, end of the line (Ctrl-A Ctrl-E)", ""),
    bind(EDITED, "Backspace Delete", &[(&[key(Backspace), ctrl('h')], Action::Edit(Edit::Backspace)), (&[key(Delete)], Action::Edit(Edit::Delete))], "delete a character", ""),
    bind(EDITED, "Ctrl-W Alt-D", &[(&[ctrl('w'), with(ALT, Backspace)], Action::Edit(Edit::KillWordLeft)), (&[with(ALT, KeyCode::Char('d'))], Action::Edit(Edit::KillWordRight))], "delete the word before, after the cursor", ""),
    bind(EDITED, "Ctrl-U Ctrl-K", &[(&[ctrl('u')], Action::Edit(Edit::KillLeft)), (&[ctrl('k')], Action::Edit(Edit::KillRight))], "delete to the start, to the end of the line", ""),
    bind(EDITED, "Ctrl-Y", &[(&[ctrl('y')], Action::Edit(Edit::Yank))], "insert what was deleted last", ""),
    bind(EDITED, "Ctrl-T", &[(&[ctrl('t')], Action::Edit(Edit::Transpose))], "swap the two characters around the cursor", ""),
    bind(EDITED, "Ctrl-_", &[(&[ctrl('_'), ctrl('7'), ctrl('/')], Action::Edit(Edit::Undo))], "undo the last change to the line", ""),

    bind(LINES, "Up Down", &[(&[key(Up), ctrl('p')], Action::Edit(Edit::Earlier)), (&[key(Down), ctrl('n')], Action::Edit(Edit::Later))], "earlier, later lines (Ctrl-P Ctrl-N)", ""),
    bind(LINES, "Ctrl-R", &[(&[ctrl('r')], Action::Edit(Edit::Search))], "search earlier lines; again for an older one", ""),

    bind(COPY, "h", &[(&[plain('h'), key(Enter), ctrl('j')], Action::Copy(Notation::Hex))], "hexadecimal digits (Enter)", "hex"),
    bind(COPY, "c", &[(&[plain('c')], Action::Copy(Notation::C))], "an array in C", "C"),
    bind(COPY, "r", &[(&[plain('r')], Action::Copy(Notation::Rust))], "an array in Rust", "Rust"),
    bind(COPY, "b", &[(&[plain('b')], Action::Copy(Notation::Base64))], "Base64", "Base64"),
    bind(COPY, "t", &[(&[plain('t')], Action::Copy(Notation::Text))], "text", "text"),
    bind(COPY, "a", &[(&[plain('a')], Action::Copy(Notation::Address))], "the address of the first byte", "addr"),
    bind(COPY, "f", &[(&[plain('f')], Action::Ask(Question::File))], "write the bytes to a file", "file"),
    bind(COPY, "Esc", &[(ESC, Action::Close)], "copy nothing", "close"),

    bind(LIST, "Enter", &[(ENTER, Action::Accept)], "go to the address of the selected line", "go to"),
    bind(OVER, "j k Up Down", &[(&[plain('k'), key(Up)], Action::Rows(Back)), (&[plain('j'), key(Down)], Action::Rows(Forward))], "previous, next line", ""),
    bind(OVER, "PgUp PgDn", &[(&[key(PageUp), ctrl('b')], Action::Page(Back)), (&[key(PageDown), ctrl('f'), plain(' ')], Action::Page(Forward))], "previous, next page (Ctrl-B Ctrl-F, Space)", "page"),
    bind(OVER, "Ctrl-U Ctrl-D", &[(&[ctrl('u')], Action::HalfPage(Back)), (&[ctrl('d')], Action::HalfPage(Forward))], "half a page up, down", ""),
    bind(OVER, "g G", &[(&[plain('g'), key(Home)], Action::End(Back)), (&[plain('G'), key(End)], Action::End(Forward))], "first, last line (Home End)", ""),
    bind(OVER, ":", &[(&[plain(':')], Action::Ask(Question::Command))], "close it, and run a command", ""),
    bind(OVER, "Esc q", &[(&[key(Esc), ctrl('['), plain('q')], Action::Close)], "close it", "close"),

    bind(ALL, "Ctrl-C", &[(&[ctrl('c')], Action::Interrupt)], "stop the running guest; otherwise close what is open, or clear the line", ""),
    bind(ALL, "Ctrl-L", &[(&[ctrl('l')], Action::Redraw)], "draw the screen again", ""),
    bind(ALL, "Ctrl-Z", &[(&[ctrl('z')], Action::Suspend)], "suspend linmem", ""),
    bind(ALL, "F12", &[(&[key(F(12))], Action::Picture)], "save a picture of the screen", ""),
    bind(ALL, "F1", &[(&[key(F(1))], Action::Help)], "this help", "help"),
    bind(MEMORY, "?", &[(&[plain('?')], Action::Help)], "this help", ""),
    bind(PROMPT, "Ctrl-D", &[(&[ctrl('d')], Action::Edit(Edit::Delete))], "delete a character", ""),
    bind(LINES, "Ctrl-D", &[(&[ctrl('d')], Action::DeleteOrQuit)], "quit, when the line is empty; otherwise delete a character", "quit"),
    bind(MEMORY, "q", &[(&[plain('q')], Action::AskToQuit)], "quit, after a second q or Enter", "quit"),
];

/// The meaning of a key in a mode, given the first key of a sequence if there was one. In modes that take text,
/// printable keys are text.
pub(crate) fn meaning(mode: Mode, prefix: Option<char>, key: KeyEvent) -> Meaning {
    // For a character, Shift is already applied.
    let shifted = matches!(key.code, F(_) | BackTab);
    let modifiers = if shifted { key.modifiers } else { key.modifiers.difference(SHIFT) };
    let pressed = Key { prefix, modifiers, code: key.code };
    let bound = BINDINGS.iter().filter(|binding| binding.modes.has(mode)).flat_map(Binding::actions);
    let action = bound.clone().find(|(key, _)| *key == pressed).map(|(_, action)| action);
    match (action, key.code) {
        (Some(action), _) => Meaning::Action(action),
        (None, KeyCode::Char(c)) if mode.takes_text() && modifiers.is_empty() => {
            Meaning::Action(Action::Edit(Edit::Insert(c)))
        }
        (None, KeyCode::Char(c)) if prefix.is_none() && modifiers.is_empty() => {
            let begins = bound.clone().any(|(key, _)| key.prefix == Some(c));
            if begins { Meaning::Prefix(c) } else { Meaning::Nothing }
        }
        _ => Meaning::Nothing,
    }
}

impl Binding {
    /// Its keys, with their actions.
    pub(crate) fn actions(&self) -> impl Iterator<Item = (Key, Action)> + Clone {
        self.keys.iter().flat_map(|&(keys, action)| keys.iter().map(move |&key| (key, action)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of a key in the help.
    fn name(key: Key) -> String {
        let name = match key.code {
            KeyCode::Char(c) if key.modifiers.is_empty() => key.prefix.into_iter().chain([c]).collect(),
            KeyCode::Char(c) => c.to_ascii_uppercase().to_string(),
            F(number) => format!("F{number}"),
            PageUp => "PgUp".to_owned(),
            PageDown => "PgDn".to_owned(),
            BackTab => "Tab".to_owned(),
            code => format!("{code:?}"),
        };
        let modifiers = [(CTRL, "Ctrl-"), (ALT, "Alt-"), (SHIFT, "Shift-")];
        let modifiers = modifiers.into_iter().filter(|(modifier, _)| key.modifiers.contains(*modifier));
        modifiers.map(|(_, name)| name).collect::<String>() + &name
    }

    #[test]
    fn every_binding_is_reached_in_each_of_its_modes() {
        for mode in Mode::ALL {
            for (key, action) in BINDINGS.iter().filter(|binding| binding.modes.has(mode)).flat_map(Binding::actions) {
                if let Some(prefix) = key.prefix {
                    let first = KeyEvent::new(KeyCode::Char(prefix), KeyModifiers::NONE);
                    assert_eq!(meaning(mode, None, first), Meaning::Prefix(prefix), "{key:?} in {mode:?}");
                }
                let pressed = KeyEvent::new(key.code, key.modifiers);
                assert_eq!(meaning(mode, key.prefix, pressed), Meaning::Action(action), "{key:?} in {mode:?}");
            }
        }
    }

    #[test]
    fn no_key_means_two_things_in_one_mode() {
        for mode in Mode::ALL {
            let mut seen = Vec::new();
            for (key, _) in BINDINGS.iter().filter(|binding| binding.modes.has(mode)).flat_map(Binding::actions) {
                assert!(!seen.contains(&key), "{key:?} is bound twice in {mode:?}");
                seen.push(key);
            }
        }
    }

    #[test]
    fn every_binding_stands_in_one_section_with_its_keys_by_name() {
        for binding in BINDINGS {
            let sections = SECTIONS.iter().filter(|(_, modes)| *modes == binding.modes);
            assert_eq!(sections.count(), 1, "{}: {}", binding.label, binding.help);
            assert!(!binding.help.is_empty(), "{}", binding.label);
            for (keys, action) in binding.keys {
                let name = name(keys[0]);
                assert!(
                    binding.label.split(' ').any(|word| word == name),
                    "{name} for {action:?} in {}",
                    binding.label
                );
            }
        }
    }

    #[test]
    fn every_printable_key_is_text_where_text_is_typed() {
        for mode in Mode::ALL.into_iter().filter(|mode| mode.takes_text()) {
            for c in (' '..='~').chain(['\u{e9}', '\u{4e2d}']) {
                let typed = meaning(mode, None, KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
                assert_eq!(typed, Meaning::Action(Action::Edit(Edit::Insert(c))), "{mode:?}");
            }
        }
    }
}
