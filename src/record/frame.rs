//! A frame of a trap's stack trace.

use std::fmt;

use super::plain;

/// A function of the guest and its current instruction. A trap has several frames, innermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The function's name, if the module has one for it.
    pub name: Option<String>,
    /// The function's index in the module. For an inlined function, the index of the function that it is inlined into.
    pub index: u32,
    /// The byte offset of the instruction in the module, if known.
    pub offset: Option<usize>,
    /// The path of the source file, as the compiler recorded it, if the module has debug information.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// The text of that line, if it could be read.
    pub source: Option<String>,
    /// Whether the function is inlined into the next frame's function.
    pub inlined: bool,
    /// How many further frames of the same function are left out after this one.
    pub repeats: usize,
}

impl Frame {
    /// The function's name or index, on one line.
    pub fn function(&self) -> String {
        self.name.as_deref().map_or_else(|| format!("function {}", self.index), plain)
    }

    /// The function and its source location: `shout at src/lib.rs:12:5`.
    pub fn in_source(&self) -> String {
        let number = |number: Option<u32>| number.map_or(String::new(), |number| format!(":{number}"));
        let (line, column) = (number(self.line), number(self.column));
        let file = self.file.as_deref().map(plain);
        let place = file.map_or(String::new(), |file| format!(" at {file}{line}{column}"));
        self.function() + &place
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_source())?;
        self.offset.map_or(Ok(()), |offset| write!(f, " (offset {offset:#x})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_names_what_is_known() {
        let frame = Frame { index: 7, ..Frame::default() };
        assert_eq!(frame.to_string(), "function 7");
        let frame = Frame { name: Some("a\nb".to_owned()), offset: Some(0x1b), ..frame };
        assert_eq!(frame.to_string(), "a\\nb (offset 0x1b)");
        let frame = Frame { file: Some("src/\u{1b}lib.rs".to_owned()), line: Some(12), ..frame };
        assert_eq!(frame.to_string(), "a\\nb at src/\\u{1b}lib.rs:12 (offset 0x1b)");
        let frame = Frame { column: Some(5), offset: None, ..frame };
        assert_eq!(frame.to_string(), "a\\nb at src/\\u{1b}lib.rs:12:5");
    }
}
