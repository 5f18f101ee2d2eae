//! The keys: each declared once, for the loop, the help and the command bar.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::line::Edit;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::front::tui) enum Action {
    /// Sends the line.
    Send,
    /// Changes the line.
    Edit(Edit),
    /// Completes the command that is typed.
    Complete,
    /// Moves between the input line and the memory.
    SwitchFocus,
    /// Forgets what was searched for; if nothing was, moves to the input line.
    Leave,
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
    /// Moves along the steps.
    Step(Direction),
    /// Moves along the steps that lie no deeper.
    Beside(Direction),
    /// Moves out of a call, and from the host's steps to the exchange as a whole.
    Out,
    /// Moves along the exchanges.
    Exchange(Direction),
    /// Moves along the runs: each reset or reload began one.
    Run(Direction),
    /// Goes to the newest exchange of the present run, and follows.
    Newest,
    /// Shows the next memory.
    Memory,
    /// Moves the cursor in memory by lines.
    Rows(Direction),
    /// Moves the cursor in memory by bytes.
    Bytes(Direction),
    /// Moves the cursor in memory by a page.
    Page(Direction),
    /// Goes to the first or the last address.
    End(Direction),
    /// Goes to the previous or next run of changed bytes.
    Change(Direction),
    /// Begins `[c` or `]c`, which do the same.
    Bracket(Direction),
    /// Goes to where the cursor was before, and forward again.
    Trail(Direction),
    /// Goes where the pointer at the cursor points to.
    Follow,
    /// Asks for something in the input line's place.
    Ask(Question),
    /// Takes what was asked for.
    Answer,
    /// Goes to the previous or next match of the search.
    Match(Direction),
    /// Shows the next panel beside the steps.
    Panel,
    /// Changes how the panes are arranged.
    Arrange,
    /// Changes how many bytes a row has.
    Width(Direction),
    /// Changes the order of bytes in the inspector's numbers.
    Order,
    /// Saves a picture of the screen.
    Shot,
    /// Begins to select bytes, or ends it.
    Select,
    /// Does a command.
    Command(&'static str),
    /// Takes the mouse, or gives it back to the terminal.
    Mouse,
}

/// Backward (earlier, up) or forward (later, down).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::front::tui) enum Direction {
    Back,
    Forward,
}

/// Where the keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::front::tui) enum Focus {
    /// The input line: every printable key is text.
    Input,
    /// The memory.
    Memory,
    /// A question in the input line's place.
    Prompt,
}

/// What is asked for in the input line's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::front::tui) enum Question {
    /// Where to go.
    Address,
    /// What to search for.
    Pattern,
    /// How to call the place of the cursor.
    Name,
    /// What to write at the cursor.
    Bytes,
    /// Where to go, or what to do.
    Command,
    /// How to copy the selected bytes: one key says it.
    Notation,
    /// Into which file to write the selected bytes.
    File,
}

/// A key, or several for the same.
pub(in crate::front::tui) struct Binding {
    /// Where it holds; `None` for everywhere.
    focus: Option<Focus>,
    keys: &'static [(KeyModifiers, KeyCode)],
    /// How the keys are called in the help.
    pub(in crate::front::tui) label: &'static str,
    pub(in crate::front::tui) action: Action,
    /// What it does, for the help; empty for a key that another line of the help covers.
    pub(in crate::front::tui) help: &'static str,
    /// A word or two for the command bar, for the few that stand there.
    pub(in crate::front::tui) bar: &'static str,
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
const ALT: KeyModifiers = KeyModifiers::ALT;

use Direction::{Back, Forward};
use Focus::{Input, Memory, Prompt};
use KeyCode::{Backspace, Char, Delete, Down, Enter, Esc, F, Home, Left, PageDown, PageUp, Right, Tab, Up};

#[rustfmt::skip]
pub(in crate::front::tui) const BINDINGS: &[Binding] = &[
    bind(Some(Input), &[(NONE, Enter), (CTRL, Char('j'))], "Enter", Action::Send, "send the line to the guest", "send"),
    bind(Some(Input), &[(NONE, Esc), (CTRL, Char('['))], "Esc", Action::SwitchFocus, "to the memory, and back to the line", "look around"),
    bind(Some(Memory), &[(NONE, Esc), (CTRL, Char('['))], "Esc", Action::Leave, "", "back"),
    bind(Some(Prompt), &[(NONE, Esc), (CTRL, Char('['))], "Esc", Action::SwitchFocus, "", "leave it"),
    bind(Some(Memory), &[(NONE, Char('i'))], "i", Action::SwitchFocus, "back to the line", ""),
    bind(None, &[(ALT, Up), (NONE, F(7))], "F7", Action::Step(Back), "", ""),
    bind(None, &[(ALT, Down), (NONE, F(8))], "F7 F8", Action::Step(Forward), "previous, next step, into calls (Alt-Up Alt-Down)", "step"),
    bind(Some(Memory), &[(NONE, Char('<'))], "<", Action::Step(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char('>'))], "< >", Action::Step(Forward), "previous, next step", ""),
    bind(None, &[(SHIFT, F(7))], "Shift-F7", Action::Beside(Back), "", ""),
    bind(None, &[(SHIFT, F(8))], "Shift-F7 F8", Action::Beside(Forward), "previous, next step, past what calls do inside", ""),
    bind(Some(Memory), &[(NONE, Char('('))], "(", Action::Beside(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char(')'))], "( )", Action::Beside(Forward), "the same", ""),
    bind(None, &[(NONE, F(2))], "F2", Action::Out, "out of the call, then to the exchange as a whole", ""),
    bind(Some(Memory), &[(NONE, Char('^'))], "^", Action::Out, "the same", ""),
    bind(None, &[(NONE, F(5)), (ALT, PageUp)], "F5", Action::Exchange(Back), "", ""),
    bind(None, &[(NONE, F(6)), (ALT, PageDown)], "F5 F6", Action::Exchange(Forward), "previous, next exchange (Alt-PgUp Alt-PgDn)", ""),
    bind(Some(Memory), &[(NONE, Char('{'))], "{", Action::Exchange(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char('}'))], "{ }", Action::Exchange(Forward), "previous, next exchange", ""),
    bind(None, &[(NONE, F(9)), (ALT, KeyCode::End)], "F9", Action::Newest, "the newest exchange, and those to come (Alt-End)", ""),
    bind(None, &[(NONE, F(3))], "F3", Action::Run(Back), "", ""),
    bind(None, &[(NONE, F(4))], "F3 F4", Action::Run(Forward), "previous, next run: each reset or reload begins one", ""),
    bind(Some(Memory), &[(NONE, Left), (NONE, Char('h'))], "h", Action::Bytes(Back), "", ""),
    bind(Some(Memory), &[(NONE, Right), (NONE, Char('l'))], "l", Action::Bytes(Forward), "", ""),
    bind(Some(Memory), &[(NONE, Up), (NONE, Char('k'))], "k", Action::Rows(Back), "", ""),
    bind(Some(Memory), &[(NONE, Down), (NONE, Char('j'))], "Arrows h j k l", Action::Rows(Forward), "move the cursor in memory", ""),
    bind(None, &[(NONE, PageUp)], "PgUp", Action::Page(Back), "", ""),
    bind(None, &[(NONE, PageDown)], "PgUp PgDn", Action::Page(Forward), "move a page of memory", ""),
    bind(Some(Memory), &[(NONE, Char('g')), (NONE, Home)], "g", Action::End(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char('G')), (NONE, KeyCode::End)], "g G", Action::End(Forward), "first, last address (Home End)", ""),
    bind(Some(Memory), &[(NONE, Char(','))], ",", Action::Change(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char('.'))], ", .", Action::Change(Forward), "previous, next changed bytes ([c ]c)", "change"),
    bind(Some(Memory), &[(NONE, Char('['))], "[", Action::Bracket(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char(']'))], "]", Action::Bracket(Forward), "", ""),
    bind(Some(Memory), &[(NONE, Char(':'))], ":", Action::Ask(Question::Command), "go to an address, or do any command (:help lists them)", "goto"),
    bind(Some(Memory), &[(CTRL, Char('g'))], "Ctrl-G", Action::Ask(Question::Address), "go to: 0x410, 1040, 0:0x410, input+4, +16, *, a region", ""),
    bind(Some(Input), &[(CTRL, Char('g'))], "Ctrl-G", Action::Ask(Question::Address), "", "goto"),
    bind(Some(Prompt), &[(CTRL, Char('g'))], "Ctrl-G", Action::Ask(Question::Address), "", ""),
    bind(Some(Memory), &[(NONE, Char('/'))], "/", Action::Ask(Question::Pattern), "find: text, \"text\", hex 44 6? ??, u32 1040, f64 0.1; Esc unmarks", "find"),
    bind(Some(Memory), &[(NONE, Char('N'))], "N", Action::Match(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char('n'))], "n N", Action::Match(Forward), "next, previous match", ""),
    bind(Some(Memory), &[(CTRL, Char('o')), (ALT, Left)], "", Action::Trail(Back), "", ""),
    bind(Some(Memory), &[(ALT, Right)], "Ctrl-O", Action::Trail(Forward), "back to where the cursor was (Alt-Left; Alt-Right)", ""),
    bind(Some(Memory), &[(NONE, Enter), (CTRL, Char('j'))], "Enter", Action::Follow, "go where the pointer at the cursor points", ""),
    bind(Some(Memory), &[(NONE, Char('m'))], "m", Action::Ask(Question::Name), "give what is selected a name", ""),
    bind(Some(Memory), &[(NONE, Tab)], "Tab", Action::Panel, "next panel: values, changes, regions, map, exchanges", "panel"),
    bind(None, &[(NONE, F(10))], "F10", Action::Memory, "next memory, where the guest has several (in the memory also w)", ""),
    bind(Some(Memory), &[(NONE, Char('w'))], "w", Action::Memory, "", ""),
    bind(Some(Memory), &[(NONE, Char('v'))], "v", Action::Arrange, "panes side by side, stacked, or one with old over new", ""),
    bind(Some(Memory), &[(NONE, Char('B'))], "B", Action::Width(Back), "", ""),
    bind(Some(Memory), &[(NONE, Char('b'))], "b B", Action::Width(Forward), "more, fewer bytes in a row", ""),
    bind(Some(Memory), &[(NONE, Char('e'))], "e", Action::Order, "byte order of the values", ""),
    bind(Some(Memory), &[(NONE, Char('c'))], "c", Action::Command("change"), "", ""),
    bind(Some(Memory), &[(NONE, Char('r'))], "c r", Action::Command("regions"), "list the changes, the regions, to go to one", ""),
    bind(Some(Memory), &[(NONE, Char('I'))], "I", Action::Command("inspect"), "all values at the cursor, in both byte orders", ""),
    bind(Some(Memory), &[(NONE, Char('u'))], "u", Action::Command("undo"), "", ""),
    bind(Some(Memory), &[(NONE, Char('p'))], "p u", Action::Ask(Question::Bytes), "write here as the host: any text, 0x44 69, u32 1040; u undoes", ""),
    bind(Some(Memory), &[(NONE, Char('s'))], "s", Action::Select, "select bytes: from here to where the cursor goes", ""),
    bind(Some(Memory), &[(NONE, Char('y'))], "y", Action::Ask(Question::Notation), "copy what is selected, in a form to choose, or to a file", ""),
    bind(Some(Memory), &[(NONE, Char('M'))], "M", Action::Mouse, "let the terminal have the mouse, or take it again", ""),
    bind(None, &[(NONE, F(12))], "F12", Action::Shot, "save a picture of the screen", ""),
    bind(Some(Prompt), &[(NONE, Enter), (CTRL, Char('j'))], "Enter", Action::Answer, "", "do it"),
    bind(Some(Memory), &[(NONE, Char('?'))], "?", Action::Help, "", ""),
    bind(None, &[(NONE, F(1))], "F1", Action::Help, "this help", "help"),
    bind(None, &[(CTRL, Char('c'))], "Ctrl-C", Action::Interrupt, "stop a running guest, else clear the line", ""),
    bind(Some(Input), &[(CTRL, Char('d'))], "Ctrl-D", Action::DeleteOrQuit, "quit, when the line is empty", "quit"),
    bind(Some(Memory), &[(NONE, Char('q')), (CTRL, Char('d'))], "q", Action::Quit, "quit", "quit"),
    bind(None, &[(CTRL, Char('z'))], "Ctrl-Z", Action::Suspend, "suspend", ""),
    bind(None, &[(CTRL, Char('l'))], "Ctrl-L", Action::Redraw, "draw the screen anew", ""),
    bind(Some(Input), &[(NONE, Up), (CTRL, Char('p'))], "Up", Action::Edit(Edit::Earlier), "", ""),
    bind(Some(Input), &[(NONE, Down), (CTRL, Char('n'))], "Up Down", Action::Edit(Edit::Later), "earlier and later lines", ""),
    bind(Some(Input), &[(CTRL, Char('r'))], "Ctrl-R", Action::Edit(Edit::Search), "search earlier lines; type, Ctrl-R goes on, Enter sends", ""),
    bind(Some(Input), &[(NONE, Tab)], "Tab", Action::Complete, "complete a command; :help lists them", ""),
    bind(Some(Input), &[(CTRL, Char('_')), (CTRL, Char('7')), (CTRL, Char('/'))], "Ctrl-_", Action::Edit(Edit::Undo), "undo the last change of the line", ""),
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

/// The bindings that the help shows.
pub(in crate::front::tui) fn helped() -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(|binding| !binding.help.is_empty())
}

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
pub(in crate::front::tui) fn action(focus: Focus, key: KeyEvent) -> Option<Action> {
    // Of a character, Shift has made another one already.
    let modifiers = if matches!(key.code, F(_)) { key.modifiers } else { key.modifiers.difference(SHIFT) };
    let bound = BINDINGS
        .iter()
        .find(|binding| binding.holds(focus) && binding.keys.contains(&(modifiers, key.code)))
        .map(|binding| binding.action);
    match (bound, key.code) {
        (Some(action), _) => Some(action),
        (None, Char(c)) if focus != Memory && modifiers == NONE => Some(Action::Edit(Edit::Insert(c))),
        _ => None,
    }
}

impl Binding {
    /// Whether it holds where the focus is.
    pub(in crate::front::tui) fn holds(&self, focus: Focus) -> bool {
        let edits = focus == Prompt && matches!(self.action, Action::Edit(_));
        self.focus.is_none_or(|wanted| wanted == focus || (edits && wanted == Input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for focus in [Input, Memory, Prompt] {
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
