//! Overlays: what is open over the screen. They are a stack, of which the topmost has the keys.
//!
//! Each overlay owns its state and handles actions; it knows nothing of what is below it. What it wants done there, it
//! says in an [`Outcome`].

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

/// Something that is open over the screen.
pub(crate) enum Overlay {
    /// The help.
    Help(Pages),
    /// The output of a command.
    Output(Pages),
    /// Lines about places in memory, to go to one.
    List(List),
    /// A question in place of the input line.
    Prompt(Prompt),
}

/// What is open, from the outermost to the innermost.
#[derive(Default)]
pub(crate) struct Overlays {
    stack: Vec<Overlay>,
    /// The area of the screen that they may take.
    area: Rect,
}

impl Overlay {
    /// What the keys mean while it is the innermost.
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
    /// Opens an overlay; another of its kind is closed, wherever it is.
    pub(crate) fn open(&mut self, mut overlay: Overlay) {
        overlay.arrange(self.area);
        self.stack.retain(|other| std::mem::discriminant(other) != std::mem::discriminant(&overlay));
        self.stack.push(overlay);
    }

    /// Closes the innermost one.
    pub(crate) fn close(&mut self) {
        self.stack.pop();
    }

    /// Closes the prompt, wherever it is.
    pub(crate) fn close_prompt(&mut self) {
        self.stack.retain(|overlay| !matches!(overlay, Overlay::Prompt(_)));
    }

    /// The innermost one.
    pub(crate) fn top(&self) -> Option<&Overlay> {
        self.stack.last()
    }

    /// Every one, from the outermost to the innermost.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Overlay> {
        self.stack.iter()
    }

    /// The prompt, if there is one and nothing is open over it.
    pub(crate) fn prompt(&mut self) -> Option<&mut Prompt> {
        match self.stack.last_mut() {
            Some(Overlay::Prompt(prompt)) => Some(prompt),
            _ => None,
        }
    }

    /// Hands an action to the innermost one.
    pub(crate) fn handle(&mut self, action: Action) -> Outcome {
        let outcome = self.stack.last_mut().map_or(Outcome::Pass, |top| top.handle(action));
        if matches!(outcome, Outcome::Close | Outcome::Goto(_) | Outcome::Visit(..)) {
            self.close();
        }
        outcome
    }

    /// Fits them into the area that they may take.
    pub(crate) fn arrange(&mut self, area: Rect) {
        if self.area != area {
            self.area = area;
            self.stack.iter_mut().for_each(|overlay| overlay.arrange(area));
        }
    }
}
