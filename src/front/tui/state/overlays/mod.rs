//! Overlays: a stack of windows over the screen. The topmost has the focus.
//!
//! Each overlay owns its state and handles actions. It does not know what is below it; it returns an [`Outcome`] to
//! affect that.

pub(crate) mod help;
pub(crate) mod list;
pub(crate) mod outcome;
pub(crate) mod pages;
pub(crate) mod prompt;

use ratatui::layout::Rect;

use self::list::List;
use self::outcome::Outcome;
use self::pages::Pages;
use self::prompt::Prompt;
use crate::front::tui::input::action::Action;
use crate::front::tui::input::mode::Mode;

/// An overlay.
pub(crate) enum Overlay {
    /// The help.
    Help(Pages),
    /// The output of a command.
    Output(Pages),
    /// Lines with addresses to go to.
    List(List),
    /// A question in place of the input line.
    Prompt(Prompt),
}

/// The open overlays, from bottom to top.
#[derive(Default)]
pub(crate) struct Overlays {
    stack: Vec<Overlay>,
    /// The area available to overlays.
    area: Rect,
}

impl Overlay {
    /// The mode while it is the topmost.
    pub(crate) fn mode(&self) -> Mode {
        match self {
            Overlay::Help(_) => Mode::Help,
            Overlay::Output(_) => Mode::Output,
            Overlay::List(_) => Mode::List,
            Overlay::Prompt(prompt) => prompt.mode(),
        }
    }

    fn handle(&mut self, action: Action) -> Outcome {
        match self {
            Overlay::Help(pages) | Overlay::Output(pages) => pages.handle(action),
            Overlay::List(list) => list.handle(action),
            Overlay::Prompt(prompt) => prompt.handle(action),
        }
    }

    fn arrange(&mut self, area: Rect) {
        match self {
            Overlay::Help(pages) | Overlay::Output(pages) => pages.arrange(area),
            Overlay::List(list) => list.arrange(area),
            Overlay::Prompt(_) => (),
        }
    }
}

impl Overlays {
    /// Opens an overlay, and closes any other of its kind.
    pub(crate) fn open(&mut self, mut overlay: Overlay) {
        overlay.arrange(self.area);
        self.stack.retain(|other| std::mem::discriminant(other) != std::mem::discriminant(&overlay));
        self.stack.push(overlay);
    }

    /// Closes the topmost one.
    pub(crate) fn close(&mut self) {
        self.stack.pop();
    }

    /// Closes the prompt, even if it is not the topmost.
    pub(crate) fn close_prompt(&mut self) {
        self.stack.retain(|overlay| !matches!(overlay, Overlay::Prompt(_)));
    }

    /// Closes everything but the prompt: it covers the screen that a new command is about.
    pub(crate) fn close_pages(&mut self) {
        self.stack.retain(|overlay| matches!(overlay, Overlay::Prompt(_)));
    }

    /// The topmost one.
    pub(crate) fn top(&self) -> Option<&Overlay> {
        self.stack.last()
    }

    /// All of them, from bottom to top.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Overlay> {
        self.stack.iter()
    }

    /// The prompt, if it is the topmost.
    pub(crate) fn prompt(&mut self) -> Option<&mut Prompt> {
        match self.stack.last_mut() {
            Some(Overlay::Prompt(prompt)) => Some(prompt),
            _ => None,
        }
    }

    /// Passes an action to the topmost one.
    pub(crate) fn handle(&mut self, action: Action) -> Outcome {
        let outcome = self.stack.last_mut().map_or(Outcome::Pass, |top| top.handle(action));
        if matches!(outcome, Outcome::Close | Outcome::Goto(_) | Outcome::Visit(..)) {
            self.close();
        }
        outcome
    }

    /// Fits them into the available area.
    pub(crate) fn arrange(&mut self, area: Rect) {
        if self.area != area {
            self.area = area;
            self.stack.iter_mut().for_each(|overlay| overlay.arrange(area));
        }
    }
}
