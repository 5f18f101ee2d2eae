//! The bytes that the selected step read: where they are, and what they say.

use std::ops::Range;

use super::{Selection, counted, difference, name, short_difference, thousands, visible};
use crate::record::{Actor, Image, StepKind};

/// How many bytes are looked at for a text: no screen is wider.
const GLANCE: usize = 1024;

/// Bytes that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Who read them.
    pub by: Actor,
    /// The addresses.
    pub range: Range<u64>,
}

impl Selection {
    /// The bytes of a memory that the selected step or access read, and nothing else.
    pub fn reading(&self, memory: usize) -> Option<Reading> {
        let len = self.before.get(memory)?.len();
        self.attempt(memory).filter(|reading| reading.range.end <= len)
    }

    /// The same, or those that it could not read because memory ends before them.
    fn attempt(&self, memory: usize) -> Option<Reading> {
        let (of, by, addr, len) = match (self.access, self.step) {
            (Some(number), _) => {
                let access = self.node.accesses.get(number).filter(|access| access.site.kind.reads())?;
                (access.site.memory as usize, Actor::Guest, access.addr, access.len)
            }
            (None, Some(place)) => match self.node.steps.get(place)?.kind {
                StepKind::Read { memory, addr, len, .. } => (memory, Actor::Host, addr, len),
                _ => return None,
            },
            (None, None) => return None,
        };
        (of == memory).then(|| Reading { by, range: addr..addr.saturating_add(len) })
    }

    /// The effect of the selection on a memory as a sentence: what was read, then what was written. A text that was read
    /// is cut so that the sentence fits into that many columns, if it can.
    pub fn effect(&self, memory: usize, columns: usize) -> Option<String> {
        let marks = self.marks.get(memory)?;
        let read = self.read_sentence(memory, columns);
        Some(match (read, marks.is_empty()) {
            (Some(read), true) => read,
            (Some(read), false) => format!("{read}; {}", short_difference(marks)),
            (None, _) => difference(marks),
        })
    }

    /// What the selected step or access read: `the host read 10 bytes: "h\u{e9}llo \xf0\x9f"`.
    pub fn read_sentence(&self, memory: usize, columns: usize) -> Option<String> {
        let Reading { by, range } = self.attempt(memory)?;
        let image = self.before.get(memory)?;
        let bytes = counted(range.end - range.start, "byte");
        if range.end > image.len() {
            return Some(format!("{} could not read {bytes}: memory ends at {:#x}", name(by), image.len()));
        }
        let sentence = format!("{} read {bytes}", name(by));
        let room = columns.saturating_sub(sentence.chars().count() + ": \"\"".len());
        Some(quoted(image, &range, room).map_or(sentence.clone(), |text| format!("{sentence}: {text}")))
    }
}

/// The bytes of a range as text in quotes, cut to that many characters; as a number, if it is as long as one and no
/// text. `None` if it is empty.
pub fn quoted(image: &Image, range: &Range<u64>, most: usize) -> Option<String> {
    let mut bytes = [0; GLANCE];
    let wanted = usize::try_from(range.end - range.start).unwrap_or(GLANCE).min(GLANCE);
    let known = image.read(range.start, &mut bytes[..wanted]);
    let bytes = bytes.get(..known).filter(|bytes| !bytes.is_empty())?;
    if let Some(number) = number(bytes).filter(|_| (known as u64) == range.end - range.start) {
        return Some(number);
    }
    let text = visible(bytes);
    let is_whole = known as u64 == range.end - range.start;
    let cut = match text.char_indices().nth(most) {
        None if is_whole => return Some(format!("\"{text}\"")),
        None => &text[..],
        Some(_) => &text[..text.char_indices().nth(most.saturating_sub(1)).map_or(0, |(end, _)| end)],
    };
    Some(format!("\"{cut}\u{2026}\""))
}

/// Four or eight bytes as a number, if they are no printable text.
fn number(bytes: &[u8]) -> Option<String> {
    let number = match *bytes {
        [a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => return None,
    };
    let is_text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(char::is_control));
    (!is_text).then(|| format!("{} ({number:#x})", thousands(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8], most: usize) -> Option<String> {
        let mut image = Image::zeroed(4096);
        image.write(16, bytes);
        quoted(&image, &(16..16 + bytes.len() as u64), most)
    }

    #[test]
    fn what_was_read_is_quoted_and_cut_where_it_does_not_fit() {
        assert_eq!(told("h\u{e9}llo ".as_bytes(), 64).as_deref(), Some("\"h\u{e9}llo \""));
        assert_eq!(told(b"ends in \xf0\x9f", 64).as_deref(), Some("\"ends in \\xf0\\x9f\""));
        assert_eq!(told(b"seventeen letters", 9).as_deref(), Some("\"seventee\u{2026}\""));
        assert_eq!(told(b"seventeen letters", 0).as_deref(), Some("\"\u{2026}\""));
        assert_eq!(told(&[b'x'; 2000], 5000).map(|text| text.chars().count()), Some(GLANCE + 3));
        assert_eq!(told(&[0x10, 4, 0, 0], 64).as_deref(), Some("1,040 (0x410)"));
        assert_eq!(told(b"text", 64).as_deref(), Some("\"text\""));
        assert_eq!(told(b"", 64), None);
    }
}
