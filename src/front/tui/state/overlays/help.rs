//! The help: terms, keys by mode, and symbols.

use super::pages::{PageLine, Pages};
use crate::front::tui::input::bindings::{BINDINGS, SECTIONS};

/// The width of a line of the help.
const WIDTH: u16 = 76;
/// The width of its first column: keys, a symbol, a term.
const LABEL: usize = 18;

/// The terms explained first.
const TERMS: [(&str, &str); 10] = [
    ("guest, host", "the WebAssembly module, and linmem, which runs it"),
    (
        "exchange",
        "one line and its answer. The host writes the line into the guest's memory, calls the guest, and reads the \
         answer. Each exchange is a cell of the strip at the top.",
    ),
    (
        "step",
        "one event of an exchange: the host writes, reads or calls an export; the guest calls an import. The panes \
         show memory before and after the selected step.",
    ),
    ("page", "the unit in which memory grows: 65,536 bytes (64 KiB)"),
    ("address", "the position of a byte in memory, from 0; written in hexadecimal: 0x410"),
    (
        "pointer",
        "an address that is stored in memory: 4 bytes, the lowest first. 10 04 00 00 points to 0x410. Enter follows \
         the pointer at the cursor.",
    ),
    (
        "(line), {answer}",
        "among the bytes: the line that was written is between ( and ), the answer that was read between { and }",
    ),
    ("changed, written", "a byte with a new value; a byte that was stored to, even if its value stayed the same"),
    ("! finding", "something wrong or suspicious; :check lists and explains"),
    (
        "INPUT, MEMORY ...",
        "the mode: what the keys act on. In the input line every printable key is text. Esc closes what is open; on the \
         input line it goes to the memory.",
    ),
];

/// The symbols.
const SIGNS: [(&str, &str); 18] = [
    ("h g *", "left of a row: written in this step by the host, the guest, both"),
    ("r", "left of a row: read in this step; the bytes that were read have a background color, or are reversed"),
    ("m", "left of a row: the module's own data; if there is no sign, nothing changed"),
    ("'", "left of a row: changed by an earlier step; those bytes are bold"),
    ("+ -", "new memory; with one pane, a changed row as it was before"),
    (
        "underlined",
        "written in this step; where there is no background color: the bytes before the write, or a value that stayed the same",
    ),
    ("on blue, orange", "changed by the host, by the guest (without colors: bold and underlined, or reversed)"),
    ("[ ] < >", "the cursor, or what is selected (a sign of a region is reversed there); a search match"),
    ("( ) { }", "where the line that was written begins and ends; the answer that was read"),
    ("/ \\ | |", "the ends of a block of the allocator; of another region, such as the buffer (r lists them)"),
    (".. 1,008 B 00", "rows that are all the same, in one line; a change is never hidden"),
    ("\u{b7} \u{2022} \u{d7}", "as text: a zero, another control byte, a byte that is not valid text"),
    ("\u{ab} \u{bb}", "continues the character before; a character that ends in the next row"),
    ("map .='+hgm", "a part of memory: zero, data, changed earlier, new, written in this step"),
    ("live", "the newest exchange is followed; F9 goes there from anywhere"),
    ("time mhgx+.>", "exchanges: module's data, host or guest changed bytes, failed, grew, no change, not over"),
    ("!", "an exchange with findings, in the strip and in the list of exchanges (:check lists them)"),
    ("\u{2550}", "the line above memory of the past, or of an earlier run"),
];

/// The help, scrolled to its start.
pub(crate) fn help() -> Pages {
    let mut lines = vec![heading("what the screen shows")];
    lines.extend(TERMS.iter().map(|(term, meaning)| labelled(term, meaning)));
    for (number, (title, modes)) in SECTIONS.iter().enumerate() {
        lines.push(PageLine { begins_page: number == 0, ..heading(&format!("keys: {title}")) });
        let bindings = BINDINGS.iter().filter(|binding| binding.modes == *modes);
        lines.extend(bindings.map(|binding| labelled(binding.label, binding.help)));
        lines.push(PageLine::default());
    }
    lines.push(heading("signs"));
    lines.extend(SIGNS.iter().map(|(sign, meaning)| labelled(sign, meaning)));
    Pages::new(lines, LABEL, Some(WIDTH))
}

fn heading(text: &str) -> PageLine {
    PageLine { text: text.to_owned(), is_heading: true, begins_page: false }
}

fn labelled(label: &str, text: &str) -> PageLine {
    PageLine { text: format!("{label:<width$} {text}", width = LABEL - 1), ..PageLine::default() }
}
