//! Lines of several texts: a separator in the line says where one ends and the next begins.

use super::Encoding;
use crate::record::{Failure, counted};

/// How lines are split.
#[derive(Clone, Debug)]
pub(super) struct Split {
    /// The separator, encoded like the line.
    separator: Vec<u8>,
    /// The width of a code unit, in bytes.
    unit: usize,
    /// How many texts a line must have. The last one may contain separators.
    pub(super) texts: usize,
}

impl Split {
    /// Lines are split at this separator, into as many texts as the recipe uses.
    pub(super) fn new(separator: &str, encoding: Encoding) -> Split {
        match encoding {
            Encoding::Utf16 => {
                Split { separator: separator.encode_utf16().flat_map(u16::to_le_bytes).collect(), unit: 2, texts: 1 }
            }
            _ => Split { separator: separator.as_bytes().to_vec(), unit: 1, texts: 1 },
        }
    }

    /// The text with this number, from 1; empty if the line has fewer.
    pub(super) fn text<'a>(&self, line: &'a [u8], number: usize) -> &'a [u8] {
        let mut rest = line;
        for passed in 1..=number {
            let end = self.find(rest).filter(|_| passed < self.texts);
            if passed == number {
                return &rest[..end.unwrap_or(rest.len())];
            }
            rest = end.map_or(&[], |end| &rest[end + self.separator.len()..]);
        }
        rest
    }

    /// Checks that a line has enough texts.
    ///
    /// # Errors
    /// It has fewer.
    pub(super) fn check(&self, line: &[u8]) -> Result<(), Box<Failure>> {
        let (mut rest, mut found) = (line, 1);
        while let Some(end) = self.find(rest).filter(|_| found < self.texts) {
            rest = &rest[end + self.separator.len()..];
            found += 1;
        }
        if found == self.texts {
            return Ok(());
        }
        let (found, wanted) = (counted(found as u64, "text"), self.texts);
        let separator = String::from_utf8_lossy(&self.separator).replace('\0', "");
        Err(Failure::Mismatch(format!(
            "the line has {found}, but the recipe takes {wanted}, separated by {separator:?}"
        ))
        .into())
    }

    fn find(&self, line: &[u8]) -> Option<usize> {
        memchr::memmem::find_iter(line, &self.separator).find(|at| at.is_multiple_of(self.unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_text_has_the_rest_of_the_line() {
        let split = Split { texts: 2, ..Split::new("\t", Encoding::Bytes) };
        assert_eq!([split.text(b"a\tb\tc", 1), split.text(b"a\tb\tc", 2)], [&b"a"[..], b"b\tc"]);
        assert_eq!([split.text(b"\t", 1), split.text(b"\t", 2)], [b"", b""]);
        assert!(split.check(b"a\t").is_ok() && split.check(b"a").is_err());
        let wide = Split { texts: 2, ..Split::new("\t", Encoding::Utf16) };
        assert_eq!(wide.text(b"\0\x09\x09\0b\0", 1), b"\0\x09", "half a unit of one and half of the next are none");
    }
}
