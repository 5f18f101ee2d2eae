//! Values in memory as text, by their type.

use crate::debug::{Count, DataKind, DataType, Member};
use crate::record::Image;
use crate::view::visible;

/// Maximum number of bytes of a text that is shown.
const TEXT: usize = 64;
/// Maximum number of elements of an array that are shown.
const ELEMENTS: u64 = 16;

/// The bytes at an address.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a> {
    pub(super) image: &'a Image,
    pub(super) addr: u64,
}

/// The pointer of that many bytes at an address.
pub(super) fn pointer(image: &Image, addr: u64, size: u64) -> Option<u64> {
    Bytes { image, addr }.unsigned(size)
}

/// The number of elements of a member, from the member that counts them, of the struct at an address.
pub(super) fn count_of(image: &Image, addr: u64, members: &[Member], count: Count) -> Option<u64> {
    let counter = members.get(count.member)?;
    let addr = addr.checked_add_signed(counter.offset)?;
    Some(Bytes { image, addr }.unsigned(counter.ty.size)? / count.divisor)
}

impl Bytes<'_> {
    /// The bytes as text. `count` is the number of elements, if another member says so. `None` outside memory.
    pub(super) fn value(self, ty: &DataType, count: Option<u64>) -> Option<String> {
        match (&ty.kind, count) {
            (DataKind::Pointer(to), count) => self.pointed(ty.size, to.as_deref(), count),
            (_, Some(count)) => self.elements(ty, count),
            (DataKind::Array(of, count), None) => self.elements_of_array(of, *count),
            (DataKind::Unsigned, None) => self.unsigned(ty.size).map(|value| value.to_string()),
            (DataKind::Signed, None) => self.signed(ty.size).map(|value| value.to_string()),
            (DataKind::Enum(names), None) => {
                let value = self.signed(ty.size)?;
                // The values of an unsigned one may be recorded as such.
                let named = |(of, _): &&(i64, String)| {
                    *of == value || i64::try_from(self.unsigned(ty.size).unwrap_or(0)) == Ok(*of)
                };
                let name = names.iter().find(named).map(|(_, name)| visible(name.as_bytes()));
                Some(name.map_or(value.to_string(), |name| format!("{name} ({value})")))
            }
            (DataKind::Float, None) => match ty.size {
                4 => self.take().map(|bytes| format!("{:?}", f32::from_le_bytes(bytes))),
                8 => self.take().map(|bytes| format!("{:?}", f64::from_le_bytes(bytes))),
                _ => self.hex(ty.size),
            },
            (DataKind::Bool, None) => self.unsigned(ty.size).map(|value| match value {
                0 => "false".to_owned(),
                1 => "true".to_owned(),
                value => format!("{value}, neither true nor false"),
            }),
            (DataKind::Character, None) => {
                let code = u32::try_from(self.unsigned(ty.size)?).ok()?;
                let c = char::from_u32(code).filter(|_| ty.size > 1 || code < 0x80);
                Some(c.map_or(code.to_string(), |c| format!("'{}'", visible(c.encode_utf8(&mut [0; 4]).as_bytes()))))
            }
            (DataKind::CxxString { data_first }, None) => self.cxx_string(*data_first),
            (DataKind::Struct(_) | DataKind::Unknown, None) => self.hex(ty.size),
        }
    }

    fn take<const N: usize>(self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        (self.image.read(self.addr, &mut bytes) == N).then_some(bytes)
    }

    fn unsigned(self, size: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        let size = usize::try_from(size).ok().filter(|size| (1..=8).contains(size))?;
        (self.image.read(self.addr, &mut bytes[..size]) == size).then(|| u64::from_le_bytes(bytes))
    }

    fn signed(self, size: u64) -> Option<i64> {
        let shift = 64 - 8 * size.clamp(1, 8);
        self.unsigned(size).map(|value| (value << shift).cast_signed() >> shift)
    }

    /// Up to so many bytes, in hexadecimal.
    fn hex(self, size: u64) -> Option<String> {
        let shown = usize::try_from(size.min(ELEMENTS)).ok()?;
        let mut bytes = vec![0; shown];
        if self.image.read(self.addr, &mut bytes) < shown {
            return None;
        }
        let more = if size > ELEMENTS { " \u{2026}" } else { "" };
        Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ") + more)
    }

    /// A pointer, and what it points to.
    fn pointed(self, size: u64, to: Option<&DataType>, count: Option<u64>) -> Option<String> {
        let addr = self.unsigned(size)?;
        if addr == 0 && count.is_none_or(|count| count == 0) {
            return Some("null".to_owned());
        }
        let target = Bytes { image: self.image, addr };
        let text = match (to, count) {
            (Some(to), Some(count)) if !matches!(to.kind, DataKind::Struct(_)) => {
                let len = count.checked_mul(to.size).and_then(|len| addr.checked_add(len));
                len.filter(|&end| end <= self.image.len()).and_then(|_| target.elements(to, count))
            }
            (Some(to), None) if to.kind == DataKind::Character => target.terminated(to.size),
            (Some(to), None) if !matches!(to.kind, DataKind::Struct(_)) => {
                target.value(to, None).map(|value| format!("({value})"))
            }
            _ => (addr < self.image.len()).then(String::new),
        };
        Some(match text {
            Some(text) if text.is_empty() => format!("{addr:#x}"),
            Some(text) => format!("{addr:#x} {text}"),
            None => format!("{addr:#x} outside memory"),
        })
    }

    /// So many elements: a text, or a list.
    fn elements(self, of: &DataType, count: u64) -> Option<String> {
        if of.kind == DataKind::Character {
            return self.text(of.size, count);
        }
        let mut shown = Vec::new();
        for place in 0..count.min(ELEMENTS) {
            let addr = self.addr.checked_add(place.checked_mul(of.size)?)?;
            shown.push(Bytes { addr, ..self }.value(of, None)?);
        }
        let more = if count > ELEMENTS { format!(", \u{2026} {count} in all") } else { String::new() };
        Some(format!("[{}{more}]", shown.join(", ")))
    }

    /// An array inside a struct; a text in one ends at its first NUL.
    fn elements_of_array(self, of: &DataType, count: u64) -> Option<String> {
        if of.kind != DataKind::Character {
            return self.elements(of, count);
        }
        let is_nul = |place: &u64| Bytes { addr: self.addr + place * of.size, ..self }.unsigned(of.size) == Some(0);
        let len = (0..count.min(TEXT as u64)).find(is_nul).unwrap_or(count);
        self.text(of.size, len)
    }

    /// A text up to its NUL.
    fn terminated(self, size: u64) -> Option<String> {
        let unit = |place: u64| Bytes { addr: self.addr.checked_add(place * size)?, ..self }.unsigned(size);
        unit(0)?;
        let end = (0..=TEXT as u64).find(|&place| unit(place).is_none_or(|unit| unit == 0));
        self.text(size, end.unwrap_or(TEXT as u64 + 1))
    }

    /// So many characters, in quotes.
    fn text(self, size: u64, count: u64) -> Option<String> {
        let shown = usize::try_from(count).unwrap_or(usize::MAX).min(TEXT);
        let width = usize::try_from(size).ok()?;
        let mut bytes = vec![0; shown * width];
        if self.image.read(self.addr, &mut bytes) < bytes.len() {
            return None;
        }
        let text = match size {
            1 => visible(&bytes),
            2 => {
                let units: Vec<_> = bytes.chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
                visible(String::from_utf16_lossy(&units).as_bytes())
            }
            _ => {
                let code = |unit: &[u8]| unit.try_into().ok().map(u32::from_le_bytes).and_then(char::from_u32);
                let text: String = bytes.chunks(width).map(|unit| code(unit).unwrap_or('\u{fffd}')).collect();
                visible(text.as_bytes())
            }
        };
        Some(if (shown as u64) < count { format!("\"{text}\u{2026}\"") } else { format!("\"{text}\"") })
    }

    /// libc++'s string of 12 bytes. A long one has a pointer, a size, and a capacity, of which one bit says that it is
    /// long; a short one has its length instead of that bit's byte, and the text beside it.
    fn cxx_string(self, data_first: bool) -> Option<String> {
        let bytes: [u8; 12] = self.take()?;
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (is_long, len, inside) = match data_first {
            true => (bytes[11] & 0x80 != 0, bytes[11], self.addr),
            false => (bytes[0] & 1 != 0, bytes[0] >> 1, self.addr + 1),
        };
        if !is_long {
            let text = Bytes { addr: inside, ..self }.text(1, u64::from(len.min(11)))?;
            return Some(if len == 0 { text } else { format!("{text} (inline)") });
        }
        let (data, size) = (u64::from(word(if data_first { 0 } else { 8 })), u64::from(word(4)));
        let capacity = if data_first { word(8) & (u32::MAX >> 1) } else { word(0) & !1 };
        let text = Bytes { addr: data, ..self }.text(1, size).unwrap_or_else(|| "outside memory".to_owned());
        Some(format!("{data:#x} {text} (capacity {})", capacity.saturating_sub(1)))
    }
}
