//! A picture of the screen, as coloured SVG or as text.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use crate::command::write_file;

/// The size of a character cell, and the font size.
const CELL: (f64, f64) = (8.4, 18.0);
const LETTERS: u32 = 14;
/// The default foreground and background of a dark and of a light theme.
const DARK: Paper = Paper { ink: "#e6e6e6", paper: "#16181d" };
const LIGHT: Paper = Paper { ink: "#1f2328", paper: "#ffffff" };
/// The 16 basic colours, with xterm's values.
const SIXTEEN: [u32; 16] = [
    0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5, 0x7f_7f7f, 0xff_0000,
    0x00_ff00, 0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
];

/// The default colors.
#[derive(Clone, Copy)]
struct Paper {
    ink: &'static str,
    paper: &'static str,
}

/// Saves a picture of the cells, as `.svg` or `.txt`.
///
/// # Errors
/// Why the picture was not saved, as a message.
pub(crate) fn save(buffer: &Buffer, path: &Path, overwrite: bool, is_light: bool) -> Result<(), String> {
    let text = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => svg(buffer, if is_light { LIGHT } else { DARK }),
        Some("txt") => plain(buffer),
        _ => return Err(format!("{}: a picture is .svg or .txt", path.display())),
    };
    write_file(path, overwrite, |out| out.write_all(text.as_bytes())).map_err(|error| error.to_string())
}

/// The cells of a row, except those covered by a wide character.
fn row(buffer: &Buffer, y: u16) -> impl Iterator<Item = (u16, &Cell)> {
    let mut covered = 0;
    (buffer.area.left()..buffer.area.right()).map(move |x| (x, &buffer[(x, y)])).filter(move |(_, cell)| {
        if covered > 0 {
            covered -= 1;
            return false;
        }
        covered = cell.symbol().width().saturating_sub(1);
        true
    })
}

/// The screen as text, without trailing blanks.
fn plain(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let line: String = row(buffer, y).map(|(_, cell)| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The screen as SVG: a rectangle for each background, and a text element for each run of cells with one style.
fn svg(buffer: &Buffer, paper: Paper) -> String {
    let size = |cells: u16, unit: f64| f64::from(cells) * unit;
    let (width, height) = (size(buffer.area.width, CELL.0), size(buffer.area.height, CELL.1));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" width=\"{width:.0}\" \
         height=\"{height:.0}\">\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n\
         <g font-family=\"monospace\" font-size=\"{LETTERS}\" xml:space=\"preserve\">\n",
        paper.paper
    );
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut cells = row(buffer, y).peekable();
        while let Some((x, first)) = cells.next() {
            let look = Look::of(first);
            let (mut run, mut end) = (first.symbol().to_owned(), x + columns(first));
            while let Some((x, cell)) = cells.next_if(|(_, cell)| Look::of(cell) == look) {
                run.push_str(cell.symbol());
                end = x + columns(cell);
            }
            look.write(&mut text, &run, (x, y), end - x, paper);
        }
    }
    text + "</g>\n</svg>\n"
}

fn columns(cell: &Cell) -> u16 {
    u16::try_from(cell.symbol().width()).unwrap_or(1).max(1)
}

/// The appearance of a cell, with reversed colours resolved.
#[derive(PartialEq, Eq)]
struct Look {
    ink: Option<u32>,
    paper: Option<u32>,
    reversed: bool,
    bold: bool,
    underlined: bool,
}

impl Look {
    fn of(cell: &Cell) -> Look {
        let has = |modifier| cell.modifier.contains(modifier);
        Look {
            ink: rgb(cell.fg),
            paper: rgb(cell.bg),
            reversed: has(Modifier::REVERSED),
            bold: has(Modifier::BOLD),
            underlined: has(Modifier::UNDERLINED),
        }
    }

    fn write(&self, svg: &mut String, run: &str, (x, y): (u16, u16), columns: u16, default: Paper) {
        let name = |color: Option<u32>, other: &str| color.map_or(other.to_owned(), |color| format!("#{color:06x}"));
        let (mut ink, mut paper) = (name(self.ink, default.ink), name(self.paper, default.paper));
        if self.reversed {
            std::mem::swap(&mut ink, &mut paper);
        }
        let (left, top) = (f64::from(x) * CELL.0, f64::from(y) * CELL.1);
        let width = f64::from(columns) * CELL.0;
        if paper != default.paper {
            let _ = writeln!(
                svg,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{paper}\"/>",
                CELL.1
            );
        }
        if run.trim().is_empty() && !self.underlined {
            return;
        }
        let bold = if self.bold { " font-weight=\"bold\"" } else { "" };
        let underlined = if self.underlined { " text-decoration=\"underline\"" } else { "" };
        let base = top + CELL.1 * 0.75;
        let _ = write!(
            svg,
            "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{width:.1}\" fill=\"{ink}\"{bold}{underlined}>"
        );
        for c in run.chars() {
            match c {
                '<' => svg.push_str("&lt;"),
                // In text, `]]>` is an error.
                '>' => svg.push_str("&gt;"),
                '&' => svg.push_str("&amp;"),
                // XML has neither control characters nor these two, not even as references.
                '\u{fffe}' | '\u{ffff}' => svg.push(char::REPLACEMENT_CHARACTER),
                c if c.is_control() => svg.push(char::REPLACEMENT_CHARACTER),
                c => svg.push(c),
            }
        }
        svg.push_str("</text>\n");
    }
}

/// A colour as RGB; `None` is the terminal's default.
fn rgb(color: Color) -> Option<u32> {
    let indexed = |index: u8| match index {
        0..16 => SIXTEEN[usize::from(index)],
        16..232 => {
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * u32::from(n) };
            let cube = index - 16;
            level(cube / 36) << 16 | level(cube / 6 % 6) << 8 | level(cube % 6)
        }
        232.. => (8 + 10 * u32::from(index - 232)) * 0x01_0101,
    };
    Some(match color {
        Color::Reset => return None,
        Color::Black => indexed(0),
        Color::Red => indexed(1),
        Color::Green => indexed(2),
        Color::Yellow => indexed(3),
        Color::Blue => indexed(4),
        Color::Magenta => indexed(5),
        Color::Cyan => indexed(6),
        Color::Gray => indexed(7),
        Color::DarkGray => indexed(8),
        Color::LightRed => indexed(9),
        Color::LightGreen => indexed(10),
        Color::LightYellow => indexed(11),
        Color::LightBlue => indexed(12),
        Color::LightMagenta => indexed(13),
        Color::LightCyan => indexed(14),
        Color::White => indexed(15),
        Color::Indexed(index) => indexed(index),
        Color::Rgb(red, green, blue) => u32::from(red) << 16 | u32::from(green) << 8 | u32::from(blue),
    })
}
