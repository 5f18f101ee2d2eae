//! The keys: each declared once, for the loop, the help and the command bar.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::input::Edit;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Sends the line.
    Send,
    /// Changes the line.
    Edit(Edit),
    /// Moves between the input line and the memory.
    SwitchFocus,
    /// Stops a running guest, else clears the line.
    Interrupt,
    /// Quits at once.
    Quit,
    /// Quits if the line is empty, else deletes a character.
    DeleteOrQuit,
    /// Stops the program as Ctrl-Z does elsewhere.
    Suspend,
    /// Draws everything anew.
    Redraw,
    /// Opens or closes the help.
    Help,
    /// Moves along the crossings.
    Step(Direction),
    /// Moves along the exchanges.
    Exchange(Direction),
    /// Goes to the newest exchange, and follows.
    Newest,
    /// Moves the memory view by rows.
    Rows(Direction),
    /// Moves the memory view by a page.
    Page(Direction),
    /// Goes to the first or the last address.
    End(Direction),
    /// Goes to the previous or next changed bytes.
    Change(Direction),
}

/// Backward (earlier, up) or forward (later, down).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Back,
    Forward,
}

/// Where the keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Focus {
    /// The input line: every printable key is text.
    Input,
    /// The memory.
    Memory,
}

/// A key, or several for the same.
pub(super) struct Binding {
    /// Where it holds; `None` for everywhere.
    focus: Option<Focus>,
    keys: &'static [(KeyModifiers, KeyCode)],
    /// How the keys are called in the help.
    pub(super) label: &'static str,
    action: Action,
    /// What it does, for the help; empty for a key that another line of the help covers.
    pub(super) help: &'static str,
    /// A word or two for the command bar, for the few that stand there.
    pub(super) bar: &'static str,
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;

use Direction::{Back, Forward};
use Focus::{Input, Memory};
use KeyCode::{Backspace, Char, Delete, Down, Enter, Esc, F, Home, Left, PageDown, PageUp, Right, Up};

#[rustfmt::skip]
pub(super) const BINDINGS: &[Binding] = &[
    bind(Some(Input), &[(NONE, Enter), (CTRL, Char('j'))], "Enter", Action::Send, "send the line to the guest", "send"),
    bind(None, &[(NONE, Esc), (CTRL, Char('['))], "Esc", Action::SwitchFocus, "to the memory, and back to the line", "look around"),
    bind(Some(Memory), &[(NONE, Char('i'))], "i", Action::SwitchFocus, "back to the line", ""),
    bind(None, &[(ALT, Up), (NONE, F(7))], "F7", Action::Step(Back), "", ""),
    bind(None, &[(ALT, Down), (NONE, F(8))], "F7 F8", Action::Step(Forward), "previous, next step of the exchange (Alt-Up Alt-Down)", "step"),
    bind(Some(Memory), &[(NONE, Char('<'))], "<", Action::Step(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char('>'))], "< >", Action::Step(Forward), "previous, next step", ""),
    bind(None, &[(NONE, F(5)), (ALT, PageUp)], "F5", Action::Exchange(Back), "", ""),
    bind(None, &[(NONE, F(6)), (ALT, PageDown)], "F5 F6", Action::Exchange(Forward), "previous, next exchange (Alt-PgUp Alt-PgDn)", ""),
    bind(Some(Memory), &[(NONE, Char('{'))], "{", Action::Exchange(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char('}'))], "{ }", Action::Exchange(Forward), "previous, next exchange", ""),
    bind(None, &[(NONE, F(9)), (ALT, KeyCode::End)], "F9", Action::Newest, "newest exchange (Alt-End)", ""),
    bind(Some(Memory), &[(NONE, Up), (NONE, Char('k'))], "Up k", Action::Rows(Back), "", ""),
    bind(Some(Memory), &[(NONE, Down), (NONE, Char('j')), (CTRL, Char('j')), (NONE, Enter)], "Up Down k j", Action::Rows(Forward), "move a row", ""),
    bind(None, &[(NONE, PageUp)], "PgUp", Action::Page(Back), "", ""),
    bind(None, &[(NONE, PageDown)], "PgUp PgDn", Action::Page(Forward), "move a page of memory", ""),
    bind(Some(Memory), &[(NONE, Char('g')), (NONE, Home)], "g Home", Action::End(Back), "first address", ""),
    bind(Some(Memory), &[(NONE, Char('G')), (NONE, KeyCode::End)], "G End", Action::End(Forward), "last address", ""),
    bind(Some(Memory), &[(NONE, Char(','))], ",", Action::Change(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char('.'))], ", .", Action::Change(Forward), "previous, next changed row", ""),
    bind(Some(Memory), &[(NONE, Char('?'))], "?", Action::Help, "", ""),
    bind(None, &[(NONE, F(1))], "F1", Action::Help, "this help", "help"),
    bind(None, &[(CTRL, Char('c'))], "Ctrl-C", Action::Interrupt, "stop a running guest, else clear the line", "stop"),
    bind(Some(Input), &[(CTRL, Char('d'))], "Ctrl-D", Action::DeleteOrQuit, "quit, when the line is empty", "quit"),
    bind(Some(Memory), &[(NONE, Char('q')), (CTRL, Char('d'))], "q", Action::Quit, "quit", "quit"),
    bind(None, &[(CTRL, Char('z'))], "Ctrl-Z", Action::Suspend, "suspend", ""),
    bind(None, &[(CTRL, Char('l'))], "Ctrl-L", Action::Redraw, "draw the screen anew", ""),
    bind(Some(Input), &[(NONE, Up), (CTRL, Char('p'))], "Up", Action::Edit(Edit::Earlier), "", ""),
    bind(Some(Input), &[(NONE, Down), (CTRL, Char('n'))], "Up Down", Action::Edit(Edit::Later), "earlier and later lines", ""),
    bind(Some(Input), &[(CTRL, Char('r'))], "Ctrl-R", Action::Edit(Edit::Search), "search earlier lines for what is typed", ""),
    bind(Some(Input), &[(NONE, Left), (CTRL, Char('b'))], "", Action::Edit(Edit::Left), "", ""),
    bind(Some(Input), &[(NONE, Right), (CTRL, Char('f'))], "", Action::Edit(Edit::Right), "", ""),
    bind(Some(Input), &[(NONE, Home), (CTRL, Char('a'))], "", Action::Edit(Edit::Home), "", ""),
    bind(Some(Input), &[(NONE, KeyCode::End), (CTRL, Char('e'))], "Ctrl-A E K U W Y", Action::Edit(Edit::End), "edit the line as in a shell", ""),
    bind(Some(Input), &[(CTRL, Left), (ALT, Left), (ALT, Char('b'))], "", Action::Edit(Edit::WordLeft), "", ""),
    bind(Some(Input), &[(CTRL, Right), (ALT, Right), (ALT, Char('f'))], "", Action::Edit(Edit::WordRight), "", ""),
    bind(Some(Input), &[(NONE, Backspace), (CTRL, Char('h'))], "", Action::Edit(Edit::Backspace), "", ""),
    bind(Some(Input), &[(NONE, Delete)], "", Action::Edit(Edit::Delete), "", ""),
    bind(Some(Input), &[(CTRL, Char('w')), (ALT, Backspace)], "", Action::Edit(Edit::KillWordLeft), "", ""),
    bind(Some(Input), &[(ALT, Char('d'))], "", Action::Edit(Edit::KillWordRight), "", ""),
    bind(Some(Input), &[(CTRL, Char('u'))], "", Action::Edit(Edit::KillLeft), "", ""),
    bind(Some(Input), &[(CTRL, Char('k'))], "", Action::Edit(Edit::KillRight), "", ""),
    bind(Some(Input), &[(CTRL, Char('y'))], "", Action::Edit(Edit::Yank), "", ""),
    bind(Some(Input), &[(CTRL, Char('t'))], "", Action::Edit(Edit::Transpose), "", ""),
];

const fn bind(
    focus: Option<Focus>,
    keys: &'static [(KeyModifiers, KeyCode)],
    label: &'static str,
    action: Action,
    help: &'static str,
    bar: &'static str,
) -> Binding {
    Binding { focus, keys, label, action, help, bar }
}

/// What a key does where the focus is; in the input line, a printable key is text.
pub(super) fn action(focus: Focus, key: KeyEvent) -> Option<Action> {
    let modifiers = key.modifiers.difference(KeyModifiers::SHIFT);
    let bound = BINDINGS
        .iter()
        .find(|binding| binding.holds(focus) && binding.keys.contains(&(modifiers, key.code)))
        .map(|binding| binding.action);
    match (bound, key.code) {
        (Some(action), _) => Some(action),
        (None, Char(c)) if focus == Input && modifiers == NONE => Some(Action::Edit(Edit::Insert(c))),
        _ => None,
    }
}

impl Binding {
    /// Whether it holds where the focus is.
    pub(super) fn holds(&self, focus: Focus) -> bool {
        self.focus.is_none_or(|wanted| wanted == focus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for focus in [Input, Memory] {
            let mut seen = Vec::new();
            for key in BINDINGS.iter().filter(|binding| binding.holds(focus)).flat_map(|binding| binding.keys) {
                assert!(!seen.contains(&key), "{key:?} is bound twice in {focus:?}");
                seen.push(key);
            }
        }
    }

    #[test]
    fn every_printable_key_is_text_in_the_input_line() {
        for c in (' '..='~').chain(['\u{e9}', '\u{4e2d}']) {
            let action = action(Input, KeyEvent::new(Char(c), NONE));
            assert_eq!(action, Some(Action::Edit(Edit::Insert(c))));
        }
    }
}
