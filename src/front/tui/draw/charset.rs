//! Replaces characters that the terminal cannot show with ASCII.

use std::ffi::OsString;

use ratatui::buffer::Buffer;

/// What a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Charset {
    /// Any character.
    #[default]
    Unicode,
    /// Letters and lines but few symbols: the Linux console, whose font has 256 or 512 glyphs.
    Console,
    /// ASCII only.
    Ascii,
}

/// The symbols of the screen, their ASCII replacements, and whether a console font has them.
const SIGNS: [(&str, &str, bool); 11] = [
    ("\u{2500}", "-", true),
    ("\u{2550}", "=", true),
    ("\u{2502}", "|", true),
    ("\u{252c}", "+", true),
    // A zero byte, another control character, an invalid byte, a continuation byte, a character that does not fit.
    ("\u{b7}", ".", true),
    ("\u{2022}", "^", false),
    ("\u{d7}", "?", false),
    ("\u{ab}", "<", true),
    ("\u{bb}", ">", true),
    // The ellipsis, and the micro sign.
    ("\u{2026}", "~", false),
    ("\u{b5}", "u", true),
];

impl Charset {
    /// What the terminal supports, according to the environment.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<OsString>) -> Charset {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |value: OsString| value.to_string_lossy().to_lowercase();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).map(text);
        let is_utf8 = |locale: &String| locale.contains("utf-8") || locale.contains("utf8");
        let terminal = set("TERM").map(text).unwrap_or_default();
        match locale {
            Some(locale) if !is_utf8(&locale) => Charset::Ascii,
            _ if terminal == "linux" => Charset::Console,
            // Without a locale, as in many containers, nearly every terminal still supports UTF-8.
            _ if ["vt52", "vt100", "vt102", "vt220", "ansi"].contains(&terminal.as_str()) => Charset::Ascii,
            _ => Charset::Unicode,
        }
    }

    /// Replaces unsupported characters.
    pub(crate) fn apply(self, buffer: &mut Buffer) {
        if self == Charset::Unicode {
            return;
        }
        for cell in buffer.content.iter_mut().filter(|cell| !cell.symbol().is_ascii()) {
            let sign = SIGNS.iter().find(|(sign, ..)| *sign == cell.symbol());
            match (sign, self) {
                (Some((_, _, true)), Charset::Console) => (),
                (Some((_, plain, _)), _) => _ = cell.set_symbol(plain),
                (None, Charset::Ascii) => _ = cell.set_symbol("?"),
                (None, _) => (),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_tells_what_can_be_shown() {
        let charset = |set: &[(&str, &str)]| {
            Charset::of(|name| set.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into()))
        };
        assert_eq!(charset(&[("TERM", "xterm-256color")]), Charset::Unicode);
        assert_eq!(charset(&[("LANG", "de_DE.UTF-8"), ("TERM", "xterm")]), Charset::Unicode);
        assert_eq!(charset(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]), Charset::Ascii);
        assert_eq!(charset(&[("LANG", "C.utf8"), ("LC_ALL", ""), ("TERM", "linux")]), Charset::Console);
        assert_eq!(charset(&[("LC_CTYPE", "en_US.ISO-8859-1")]), Charset::Ascii);
        assert_eq!(charset(&[("TERM", "vt100")]), Charset::Ascii);
    }
}
