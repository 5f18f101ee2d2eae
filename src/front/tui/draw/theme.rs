//! Styles. No mark relies on colour alone, and the colours, blue and orange, suit colour-blind readers.

use std::ffi::OsString;

use ratatui::style::{Color, Modifier, Style};

use super::charset::Charset;
use crate::cli::ColorChoice;
use crate::record::Actor;
use crate::settings::Look;
use crate::view::{Mark, RegionKind};

/// The styles of the screen, and the characters that it may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    /// `None` without colors.
    depth: Option<Depth>,
    colors: Option<Colors>,
    pub(crate) charset: Charset,
}

/// How many colors the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// The 16 that every terminal has.
    Sixteen,
    /// The 256 that most terminals have.
    Indexed,
    /// Any, which do not depend on the terminal's palette.
    True,
}

#[derive(Clone, Copy, Debug)]
struct Colors {
    /// The background of bytes that the guest wrote, with black text.
    orange: Color,
    /// The background of bytes that the host wrote, and the text on it.
    blue: Color,
    white: Color,
    /// The background of bytes that were read, with black text.
    green: Color,
    /// Text colors.
    orange_text: Color,
    blue_text: Color,
    green_text: Color,
    red_text: Color,
    /// The text of bytes that nobody touched, by class, if the theme has them.
    classes: Option<Classes>,
}

/// The text colors of bytes by class. None of them is that of a mark.
#[derive(Clone, Copy, Debug)]
struct Classes {
    /// On 16 colors that is the default: bright black is invisible on some backgrounds.
    zero: Option<Color>,
    printable: Color,
    control: Color,
    high: Color,
}

const fn rgb(hex: u32) -> Color {
    let [_, red, green, blue] = hex.to_be_bytes();
    Color::Rgb(red, green, blue)
}

const SIXTEEN: Colors = Colors {
    orange: Color::Yellow,
    blue: Color::Blue,
    white: Color::White,
    green: Color::Green,
    orange_text: Color::Yellow,
    blue_text: Color::Cyan,
    green_text: Color::Green,
    red_text: Color::Red,
    classes: None,
};

/// Yellow and cyan text are hard to read on white.
const SIXTEEN_LIGHT: Colors = Colors { orange_text: Color::Magenta, blue_text: Color::Blue, ..SIXTEEN };

const INDEXED: Colors = Colors {
    orange: Color::Indexed(214),
    green: Color::Indexed(43),
    orange_text: Color::Indexed(172),
    blue_text: Color::Indexed(33),
    green_text: Color::Indexed(36),
    ..SIXTEEN
};

const INDEXED_LIGHT: Colors = Colors {
    orange_text: Color::Indexed(130),
    blue_text: Color::Indexed(25),
    green_text: Color::Indexed(29),
    red_text: Color::Indexed(124),
    ..INDEXED
};

const TRUE: Colors = Colors {
    orange: rgb(0xff_af00),
    blue: rgb(0x00_4fbf),
    white: rgb(0xff_ffff),
    green: rgb(0x2e_c4a0),
    orange_text: rgb(0xcc_7a00),
    blue_text: rgb(0x1e_88e5),
    green_text: rgb(0x1f_a98a),
    red_text: rgb(0xf0_564a),
    classes: None,
};

const TRUE_LIGHT: Colors = Colors {
    orange_text: rgb(0x96_5200),
    blue_text: rgb(0x0b_57b0),
    green_text: rgb(0x00_7a5e),
    red_text: rgb(0xb3_1d12),
    ..TRUE
};

impl Depth {
    /// What the terminal has, according to the environment.
    fn of(variable: impl Fn(&str) -> Option<OsString>) -> Depth {
        let text = |name: &str| variable(name).map(|value| value.to_string_lossy().to_lowercase()).unwrap_or_default();
        let (depth, terminal) = (text("COLORTERM"), text("TERM"));
        match depth.as_str() {
            "truecolor" | "24bit" => Depth::True,
            _ if terminal.ends_with("-direct") => Depth::True,
            _ if !depth.is_empty() || terminal.contains("256color") => Depth::Indexed,
            _ => Depth::Sixteen,
        }
    }

    fn colors(self, look: Look) -> Colors {
        let is_light = look.is_light();
        let colors = match (self, is_light) {
            (Depth::Sixteen, false) => SIXTEEN,
            (Depth::Sixteen, true) => SIXTEEN_LIGHT,
            (Depth::Indexed, false) => INDEXED,
            (Depth::Indexed, true) => INDEXED_LIGHT,
            (Depth::True, false) => TRUE,
            (Depth::True, true) => TRUE_LIGHT,
        };
        Colors { classes: look.has_classes().then(|| self.classes(is_light)), ..colors }
    }

    fn classes(self, is_light: bool) -> Classes {
        let classes = |zero, printable, control, high| Classes { zero, printable, control, high };
        let indexed = |zero, printable, control, high| {
            classes(
                Some(Color::Indexed(zero)),
                Color::Indexed(printable),
                Color::Indexed(control),
                Color::Indexed(high),
            )
        };
        let exact = |zero, printable, control, high| classes(Some(rgb(zero)), rgb(printable), rgb(control), rgb(high));
        match (self, is_light) {
            (Depth::Sixteen, false) => classes(None, Color::Green, Color::Magenta, Color::LightRed),
            (Depth::Sixteen, true) => classes(None, Color::Cyan, Color::Green, Color::Red),
            (Depth::Indexed, false) => indexed(243, 80, 141, 211),
            (Depth::Indexed, true) => indexed(246, 24, 91, 161),
            (Depth::True, false) => exact(0x76_7b84, 0x5f_d7d7, 0xb5_8cf0, 0xf0_8fb0),
            (Depth::True, true) => exact(0x8d_929b, 0x00_5f87, 0x6a_3fb5, 0xc2_2f6d),
        }
    }
}

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
        Theme::of(colored.then(|| Depth::of(variable)), Charset::of(variable))
    }

    const fn of(depth: Option<Depth>, charset: Charset) -> Theme {
        Theme { depth, colors: None, charset }
    }

    /// The same theme for another background, or with other colors of bytes.
    pub(crate) fn looking(self, look: Look) -> Theme {
        Theme { colors: self.depth.map(|depth| depth.colors(look)), ..self }
    }

    /// A theme without colours. Its styles do not even set the default colour: crossterm 0.29 would write an escape
    /// that also resets modifiers.
    #[cfg(test)]
    pub(crate) const MONOCHROME: Theme = Theme::of(None, Charset::Unicode);

    /// A theme with the 16 basic colours.
    #[cfg(test)]
    pub(crate) const COLORED: Theme = Theme::of(Some(Depth::Sixteen), Charset::Unicode);

    /// A theme with exact colors.
    #[cfg(test)]
    pub(crate) const EXACT: Theme = Theme::of(Some(Depth::True), Charset::Unicode);

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

    /// A byte that nobody touched.
    pub(crate) fn byte(self, byte: u8) -> Style {
        let Some(classes) = self.colors.and_then(|colors| colors.classes) else { return Style::new() };
        let color = match byte {
            0 => classes.zero,
            b' '..=b'~' => Some(classes.printable),
            1..=0x1f | 0x7f => Some(classes.control),
            _ => Some(classes.high),
        };
        color.map_or(Style::new(), |color| Style::new().fg(color))
    }

    /// A byte that the selected step read.
    pub(crate) fn read(self) -> Style {
        match self.colors {
            None => Style::new().add_modifier(Modifier::REVERSED),
            Some(colors) => Style::new().fg(Color::Black).bg(colors.green),
        }
    }

    /// The letter of a row that was read.
    pub(crate) fn reader(self) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        self.colors.map_or(bold, |colors| bold.fg(colors.green_text))
    }

    /// The signs at the ends of a region.
    pub(crate) fn region(self, kind: RegionKind) -> Style {
        match kind {
            RegionKind::Output if self.colors.is_some() => self.reader(),
            RegionKind::Input if self.colors.is_some() => self.actor(Actor::Host),
            _ => Style::new(),
        }
    }

    /// A sign that would otherwise have `style`, in place of the cursor's bracket.
    pub(crate) fn at_cursor(self, style: Style) -> Style {
        style.add_modifier(Modifier::REVERSED | Modifier::BOLD)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_as_many_as_the_terminal_has() {
        let depth = |set: &[(&str, &str)]| {
            Depth::of(|name| set.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into()))
        };
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("TERM", "tmux-256color")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "linux")]), Depth::Sixteen);
    }

    /// The contrast of two colors, as WCAG defines it.
    fn contrast(one: Color, other: Color) -> f64 {
        let light = |color: Color| {
            let Color::Rgb(red, green, blue) = color else { return 0.0 };
            let part = |value: u8| (f64::from(value) / 255.0).powf(2.2);
            0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
        };
        let (one, other) = (light(one), light(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn what_was_written_or_read_reads_well_on_its_background() {
        for look in [Look::Dark, Look::Light, Look::DarkClasses, Look::LightClasses] {
            let theme = Theme::EXACT.looking(look);
            for style in
                [theme.after(Mark::Changed(Actor::Host)), theme.after(Mark::Changed(Actor::Guest)), theme.read()]
            {
                let (ink, paper) = (style.fg.expect("a colour"), style.bg.expect("a colour"));
                assert!(contrast(ink, paper) > 4.5, "{look:?} {style:?}");
            }
        }
    }

    #[test]
    fn text_reads_well_on_the_background_that_the_theme_is_for() {
        for (look, paper) in [(Look::DarkClasses, rgb(0x16_181d)), (Look::LightClasses, rgb(0xff_ffff))] {
            let theme = Theme::EXACT.looking(look);
            let bytes = [b'a', b'\n', 0x80].map(|byte| theme.byte(byte));
            let marks = [Actor::Host, Actor::Guest].map(|by| theme.after(Mark::Rewritten(by)));
            let others = [theme.failure(), theme.reader(), theme.actor(Actor::Host), theme.actor(Actor::Guest)];
            for style in bytes.into_iter().chain(marks).chain(others) {
                assert!(contrast(style.fg.expect("a colour"), paper) > 4.5, "{look:?} {style:?}");
            }
            // Zeros are fainter, but legible.
            assert!(contrast(theme.byte(0).fg.expect("a colour"), paper) > 3.0, "{look:?}");
        }
    }

    #[test]
    fn a_class_is_never_a_mark_and_no_class_is_shown_without_colours() {
        let theme = Theme::EXACT.looking(Look::DarkClasses);
        for byte in 0..=u8::MAX {
            let style = theme.byte(byte);
            assert!(style.bg.is_none() && style.add_modifier.is_empty(), "{byte}");
            assert_eq!(Theme::MONOCHROME.looking(Look::DarkClasses).byte(byte), Style::new());
            assert_eq!(Theme::EXACT.looking(Look::Dark).byte(byte), Style::new());
        }
    }
}
