//! Styles. A mark is always more than a colour, and colours are safe for colour-blind readers: blue and orange.

use ratatui::style::{Color, Modifier, Style};

use crate::cli::When;
use crate::record::Actor;
use crate::view::Mark;

/// The styles of the screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    colors: Option<Colors>,
}

#[derive(Clone, Copy, Debug)]
struct Colors {
    /// Behind black text.
    orange: Color,
    /// For text, on dark and on light.
    orange_text: Color,
    blue_text: Color,
}

/// The colours that every terminal has.
const SIXTEEN: Colors = Colors { orange: Color::Yellow, orange_text: Color::Yellow, blue_text: Color::Cyan };

impl Theme {
    /// The theme that the user's choice and the environment ask for.
    pub(super) fn new(when: When) -> Theme {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let colored = match when {
            When::Always => true,
            When::Never => false,
            When::Auto => !set("NO_COLOR"),
        };
        if when == When::Always {
            crossterm::style::force_color_output(true);
        }
        let many = set("COLORTERM") || std::env::var("TERM").is_ok_and(|term| term.contains("256color"));
        let colors = if many {
            Colors { orange: Color::Indexed(214), orange_text: Color::Indexed(172), blue_text: Color::Indexed(33) }
        } else {
            SIXTEEN
        };
        Theme { colors: colored.then_some(colors) }
    }

    /// A theme without any colour. No style has one then, not even the terminal's own: crossterm 0.29 would write
    /// an escape for it that takes the modifiers away again.
    #[cfg(test)]
    pub(super) const MONOCHROME: Theme = Theme { colors: None };

    /// A theme with the 16 colours that every terminal has.
    #[cfg(test)]
    pub(super) const COLORED: Theme = Theme { colors: Some(SIXTEEN) };

    /// A byte in the pane that shows memory after.
    pub(super) fn after(self, mark: Mark) -> Style {
        let plain = Style::new();
        match (mark, self.colors) {
            (Mark::None, _) => plain,
            (Mark::Rewritten(_), None) => plain.add_modifier(Modifier::UNDERLINED),
            (Mark::Changed(Actor::Host), None) => plain.add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
            (Mark::Changed(_), None) => plain.add_modifier(Modifier::REVERSED),
            (Mark::Rewritten(Actor::Host), Some(colors)) => {
                plain.fg(colors.blue_text).add_modifier(Modifier::UNDERLINED)
            }
            (Mark::Rewritten(_), Some(colors)) => plain.fg(colors.orange_text).add_modifier(Modifier::UNDERLINED),
            (Mark::Changed(Actor::Host), Some(_)) => {
                plain.fg(Color::White).bg(Color::Blue).add_modifier(Modifier::UNDERLINED)
            }
            (Mark::Changed(_), Some(colors)) => {
                plain.fg(Color::Black).bg(colors.orange).add_modifier(Modifier::UNDERLINED)
            }
        }
    }

    /// A byte in the pane that shows memory before: underlined where it is about to be written.
    pub(super) fn before(self, mark: Mark) -> Style {
        match mark {
            Mark::None => Style::new(),
            _ => Style::new().add_modifier(Modifier::UNDERLINED),
        }
    }

    /// A byte that was changed by an earlier step: weaker than one that was changed by this.
    pub(super) fn since_start(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The letter in the gutter, and the line of a legend, for what an actor wrote.
    pub(super) fn actor(self, actor: Actor) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        match (actor, self.colors) {
            (_, None) => bold,
            (Actor::Host, Some(colors)) => bold.fg(colors.blue_text),
            (_, Some(colors)) => bold.fg(colors.orange_text),
        }
    }

    /// Rules and titles between the parts of the screen.
    pub(super) fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The selected row of a list, and the header.
    pub(super) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A failure.
    pub(super) fn failure(self) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        if self.colors.is_some() { bold.fg(Color::Red) } else { bold }
    }
}
