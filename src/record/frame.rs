//! A place in the guest's code, as a trap reports it.

use std::fmt;

use super::plain;

/// A function of the guest at the instruction that it had come to. A trap has several: innermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The function's name, if the module tells one.
    pub name: Option<String>,
    /// The function's index in the module. That of an inlined function is that of the one it is inlined into.
    pub index: u32,
    /// The byte offset of the instruction in the module, if it is known.
    pub offset: Option<usize>,
    /// The path of the source file, as the compiler recorded it, if the module has debug information.
    pub file: Option<String>,
    /// The line in it, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// The text of that line, if it could be read.
    pub source: Option<String>,
    /// Whether the function is inlined into that of the next frame.
    pub inlined: bool,
    /// How many more frames of the same function come next, which are left out.
    pub repeats: usize,
}

impl Frame {
    /// The function's name, or its index, in one line.
    pub fn function(&self) -> String {
        self.name.as_deref().map_or_else(|| format!("function {}", self.index), plain)
    }

    /// The function, and where in the source: `shout at src/lib.rs:12:5`.
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
