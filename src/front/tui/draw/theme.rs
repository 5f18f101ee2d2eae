//! Styles. No mark relies on colour alone, and the colours, blue and orange, suit colour-blind readers.

use std::ffi::OsString;

use ratatui::style::{Color, Modifier, Style};

use super::charset::Charset;
use crate::cli::ColorChoice;
use crate::record::Actor;
use crate::view::Mark;

/// The styles of the screen, and the characters that it may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    colors: Option<Colors>,
    pub(crate) charset: Charset,
}

#[derive(Clone, Copy, Debug)]
struct Colors {
    /// The background of bytes that the guest wrote, with black text.
    orange: Color,
    /// The background of bytes that the host wrote, and the text on it.
    blue: Color,
    white: Color,
    /// Text colours, for dark and light terminals.
    orange_text: Color,
    blue_text: Color,
    red_text: Color,
}

/// The 16 colours that every terminal has.
const SIXTEEN: Colors = Colors {
    orange: Color::Yellow,
    blue: Color::Blue,
    white: Color::White,
    orange_text: Color::Yellow,
    blue_text: Color::Cyan,
    red_text: Color::Red,
};

/// From the 256 colours that most terminals have.
const INDEXED: Colors =
    Colors { orange: Color::Indexed(214), orange_text: Color::Indexed(172), blue_text: Color::Indexed(33), ..SIXTEEN };

/// True colours do not depend on the terminal's palette.
const TRUE: Colors = Colors {
    orange: Color::Rgb(0xff, 0xaf, 0x00),
    blue: Color::Rgb(0x00, 0x4f, 0xbf),
    white: Color::Rgb(0xff, 0xff, 0xff),
    orange_text: Color::Rgb(0xcc, 0x7a, 0x00),
    blue_text: Color::Rgb(0x1e, 0x88, 0xe5),
    red_text: Color::Rgb(0xe0, 0x3c, 0x31),
};

impl Theme {
    /// The theme for the user's setting and the environment.
    pub(crate) fn new(when: ColorChoice) -> Theme {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let colored = match when {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => variable("NO_COLOR").is_none(),
        };
        if when == ColorChoice::Always {
            crossterm::style::force_color_output(true);
        }
        let colors = colored.then(|| Colors::of(variable));
        Theme { colors, charset: Charset::of(variable) }
    }

    /// A theme without colours. Its styles do not even set the default colour: crossterm 0.29 would write an escape
    /// that also resets modifiers.
    #[cfg(test)]
    pub(crate) const MONOCHROME: Theme = Theme { colors: None, charset: Charset::Unicode };

    /// A theme with the 16 basic colours.
    #[cfg(test)]
    pub(crate) const COLORED: Theme = Theme { colors: Some(SIXTEEN), charset: Charset::Unicode };

    /// The same theme with another character set.
    #[cfg(test)]
    pub(crate) fn with(self, charset: Charset) -> Theme {
        Theme { charset, ..self }
    }

    /// A byte in the pane after.
    pub(crate) fn after(self, mark: Mark) -> Style {
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
            (Mark::Changed(Actor::Host), Some(colors)) => {
                plain.fg(colors.white).bg(colors.blue).add_modifier(Modifier::UNDERLINED)
            }
            (Mark::Changed(_), Some(colors)) => {
                plain.fg(Color::Black).bg(colors.orange).add_modifier(Modifier::UNDERLINED)
            }
        }
    }

    /// A byte in the pane before, underlined if it is about to be written.
    pub(crate) fn before(self, mark: Mark) -> Style {
        match mark {
            Mark::None => Style::new(),
            _ => Style::new().add_modifier(Modifier::UNDERLINED),
        }
    }

    /// The style of a byte in a search match that otherwise has `style`. A written byte remains recognizable; matches
    /// also have brackets.
    pub(crate) fn matched(self, style: Style) -> Style {
        let plain = style.bg.is_none() && self.colors.is_some();
        style.add_modifier(if plain { Modifier::REVERSED } else { Modifier::ITALIC })
    }

    /// A byte that an earlier step changed: less prominent than one that this step changed.
    pub(crate) fn since_start(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// An actor's letter in the gutter and in the legend.
    pub(crate) fn actor(self, actor: Actor) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        match (actor, self.colors) {
            (_, None) => bold,
            (Actor::Host, Some(colors)) => bold.fg(colors.blue_text),
            (_, Some(colors)) => bold.fg(colors.orange_text),
        }
    }

    /// Rules and titles.
    pub(crate) fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The selected row of a list, and the header.
    pub(crate) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The name of the mode.
    pub(crate) fn mode(self) -> Style {
        self.selected().add_modifier(Modifier::BOLD)
    }

    /// A failure.
    pub(crate) fn failure(self) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        self.colors.map_or(bold, |colors| bold.fg(colors.red_text))
    }
}

impl Colors {
    /// The best colours that the terminal supports, according to the environment.
    fn of(variable: impl Fn(&str) -> Option<OsString>) -> Colors {
        let text = |name: &str| variable(name).map(|value| value.to_string_lossy().to_lowercase()).unwrap_or_default();
        let (depth, terminal) = (text("COLORTERM"), text("TERM"));
        match depth.as_str() {
            "truecolor" | "24bit" => TRUE,
            _ if terminal.ends_with("-direct") => TRUE,
            _ if !depth.is_empty() || terminal.contains("256color") => INDEXED,
            _ => SIXTEEN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_as_many_as_the_terminal_has() {
        let colors = |set: &[(&str, &str)]| {
            Colors::of(|name| set.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into())).orange
        };
        assert_eq!(colors(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), TRUE.orange);
        assert_eq!(colors(&[("TERM", "tmux-256color")]), INDEXED.orange);
        assert_eq!(colors(&[("TERM", "linux")]), SIXTEEN.orange);
    }

    #[test]
    fn what_was_written_reads_well_on_its_background() {
        let light = |color: Color| {
            let Color::Rgb(red, green, blue) = color else { return None };
            let part = |value: u8| (f64::from(value) / 255.0).powf(2.2);
            Some(0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue))
        };
        for by in [Actor::Host, Actor::Guest] {
            let style = Theme { colors: Some(TRUE), charset: Charset::Unicode }.after(Mark::Changed(by));
            let ink = style.fg.map_or(Some(0.0), |ink| if ink == Color::Black { Some(0.0) } else { light(ink) });
            let (ink, paper) = (ink.expect("a colour"), light(style.bg.expect("a colour")).expect("a colour"));
            let contrast = (ink.max(paper) + 0.05) / (ink.min(paper) + 0.05);
            assert!(contrast > 4.5, "{by:?}: {contrast}");
        }
    }
}
