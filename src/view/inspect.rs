//! The inspector: interpretations of the bytes at an address, and their last writer.

use std::task::Poll;

use super::text::{glyph, visible};
use super::{LookBack, Mark, ModuleFacts, OriginSearch, Regions, Selection, Writer, counted, name};
use crate::check::is_poison;
use crate::debug::DebugInfo;
use crate::record::{Image, Run, StepKind};

/// Byte order of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Little-endian, as in WebAssembly.
    #[default]
    Little,
    /// Big-endian.
    Big,
}

/// One interpretation of the bytes at an address, before and after. `None` if they are too few, or are not that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The type: `u32`, `utf-8`.
    pub name: &'static str,
    /// The value before.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
}

/// Maximum length of a displayed string.
const LONGEST: usize = 64;

type Reader = fn(&Bytes<'_>) -> Option<String>;

/// All interpretations, most useful first.
const READERS: &[(&str, Reader)] = &[
    ("u8", |at| at.number(|[byte]: [u8; 1]| byte.to_string())),
    ("utf-8", utf8),
    ("u32", |at| at.number(|bytes| u32::from_le_bytes(bytes).to_string())),
    ("i32", |at| at.number(|bytes| i32::from_le_bytes(bytes).to_string())),
    ("pointer", pointer),
    ("c string", c_string),
    ("ptr+len", slice),
    ("f32", |at| at.number(|bytes| format!("{:?}", f32::from_le_bytes(bytes)))),
    ("i8", |at| at.number(|bytes| i8::from_le_bytes(bytes).to_string())),
    ("u16", |at| at.number(|bytes| u16::from_le_bytes(bytes).to_string())),
    ("i16", |at| at.number(|bytes| i16::from_le_bytes(bytes).to_string())),
    ("u64", wide),
    ("i64", |at| at.number(|bytes| i64::from_le_bytes(bytes).to_string())),
    ("f64", |at| at.number(|bytes| format!("{:?}", f64::from_le_bytes(bytes)))),
    ("uleb128", unsigned_leb),
    ("sleb128", signed_leb),
    ("utf-16", utf16),
    ("bool", |at| at.take().filter(|[byte]: &[u8; 1]| *byte <= 1).map(|[byte]| (byte == 1).to_string())),
];

/// The interpretations of the bytes at `addr`, before and after. What the bytes cannot be is left out.
pub fn inspect(before: &Image, after: &Image, addr: u64, order: Order, regions: &Regions) -> Vec<Entry> {
    let before = Bytes { image: before, addr, order, regions };
    let after = Bytes { image: after, ..before };
    let entries = READERS.iter().map(|&(name, read)| Entry { name, before: read(&before), after: read(&after) });
    entries.filter(|entry| entry.before.is_some() || entry.after.is_some()).collect()
}

/// Describes who last wrote the byte at `addr`, and in which exchange and step: the guest's function, or else the call
/// during which it was.
pub fn writer_words(
    run: &Run,
    at: &Selection,
    (memory, addr): (usize, u64),
    writer: Option<Writer>,
    debug: Option<&DebugInfo>,
) -> String {
    if !at.known().after {
        return match at.known().kept {
            true => "unknown: memory was not compared after this step".to_owned(),
            false => "unknown: memory after this step is not kept (--max-record)".to_owned(),
        };
    }
    let Some(Writer { cause, step, by, site }) = writer else { return "no known write here".to_owned() };
    let mark = at.marks.get(memory).map_or(Mark::None, |marks| marks.at(addr));
    let when = if mark == Mark::None { "last" } else { "now" };
    let place = super::writers::when(cause, Some(step));
    let call = run.cause(cause).and_then(|cause| match &cause.steps.get(step)?.kind {
        _ if is_poison(cause, step) => Some(" (--poison)".to_owned()),
        StepKind::Call { export, .. } => Some(format!(" (during {})", visible(export.as_bytes()))),
        StepKind::Import { import, .. } => Some(format!(" (during {})", visible(import.as_bytes()))),
        _ => None,
    });
    let call = site.map(|site| format!(" ({})", super::writers::function(&site, debug))).or(call);
    format!("{when}: {}, {place}{}", name(by), call.unwrap_or_default())
}

/// Everything known about an address, in lines: its regions, its last writer, and the interpretations of its bytes in
/// both byte orders, before and after.
pub fn examine(run: &Run, at: &Selection, memory: usize, module: ModuleFacts<'_>, addr: u64) -> Vec<String> {
    let regions = module.regions;
    let none = Image::default();
    let (before, after) = (at.before.get(memory).unwrap_or(&none), at.after.get(memory).unwrap_or(&none));
    let place = regions.describe(addr);
    let place = if place.is_empty() { String::new() } else { format!("  {}", visible(place.as_bytes())) };
    let writer = match LookBack::new(at, memory, addr).go_on(run, None) {
        Poll::Ready(writer) => writer,
        Poll::Pending => None,
    };
    let mut lines = vec![format!("at {addr:#x}{place}"), writer_words(run, at, (memory, addr), writer, module.debug)];
    if let Poll::Ready(origin) = OriginSearch::new(at, memory, addr).go_on(run, module, None) {
        lines.push(format!("origin: {}", origin.brief()));
    }
    let little = inspect(before, after, addr, Order::Little, regions);
    let big = inspect(before, after, addr, Order::Big, regions);
    lines.extend(little.iter().map(|entry| format!("{:<8}    {}", entry.name, entry.words())));
    let other = little.iter().zip(&big).filter(|(little, big)| little != big);
    lines.extend(other.map(|(_, entry)| format!("{:<8} be {}", entry.name, entry.words())));
    lines
}

impl Entry {
    /// Whether it depends on the byte order.
    pub fn has_order(&self) -> bool {
        !matches!(self.name, "u8" | "i8" | "bool" | "utf-8" | "c string" | "uleb128" | "sleb128")
    }

    /// The value before, if it differs, and the value after; `-` if there is none.
    pub fn sides(&self) -> (Option<&str>, &str) {
        let [before, after] = [&self.before, &self.after].map(|value| value.as_deref().unwrap_or("-"));
        ((self.before != self.after).then_some(before), after)
    }

    /// `0 -> 32`, or only the value if it did not change.
    pub fn words(&self) -> String {
        match self.sides() {
            (Some(before), after) => format!("{before} -> {after}"),
            (None, after) => after.to_owned(),
        }
    }
}

/// The bytes of a memory at an address.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    image: &'a Image,
    addr: u64,
    order: Order,
    regions: &'a Regions,
}

impl Bytes<'_> {
    /// The next `N` bytes, if there are that many.
    fn take<const N: usize>(&self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        (self.image.read(self.addr, &mut bytes) == N).then_some(bytes)
    }

    /// The next `N` bytes in little-endian order.
    fn ordered<const N: usize>(&self) -> Option<[u8; N]> {
        let mut bytes = self.take()?;
        if self.order == Order::Big {
            bytes.reverse();
        }
        Some(bytes)
    }

    fn number<const N: usize>(&self, show: impl Fn([u8; N]) -> String) -> Option<String> {
        self.ordered().map(show)
    }

    /// Copies as many of the next bytes as there are.
    fn most(&self, addr: u64, into: &mut [u8]) -> usize {
        self.image.read(addr, into)
    }
}

fn utf8(at: &Bytes<'_>) -> Option<String> {
    let mut bytes = [0; 4];
    let known = at.most(at.addr, &mut bytes);
    let c = bytes[..known].utf8_chunks().next()?.valid().chars().next()?;
    Some(format!("{} U+{:04X}", visible(c.encode_utf8(&mut [0; 4]).as_bytes()), u32::from(c)))
}

fn utf16(at: &Bytes<'_>) -> Option<String> {
    let mut bytes = [0; 4];
    let known = at.most(at.addr, &mut bytes) / 2 * 2;
    let units = bytes[..known].chunks(2).map(|unit| match at.order {
        Order::Little => u16::from_le_bytes([unit[0], unit[1]]),
        Order::Big => u16::from_be_bytes([unit[0], unit[1]]),
    });
    let c = char::decode_utf16(units).next()?.ok()?;
    Some(format!("{} U+{:04X}", visible(c.encode_utf8(&mut [0; 4]).as_bytes()), u32::from(c)))
}

/// The number as an address, with its region and the text there.
fn pointer(at: &Bytes<'_>) -> Option<String> {
    let to = u64::from(u32::from_le_bytes(at.ordered()?));
    let mut bytes = [0; 8];
    let known = at.most(to, &mut bytes);
    let shown: String = bytes[..known].iter().map(|&byte| glyph(byte)).collect();
    let region = at.regions.at(to).next().map(|region| match to - region.start {
        0 => format!(" {}", visible(region.name.as_bytes())),
        distance => format!(" {}+{distance:#x}", visible(region.name.as_bytes())),
    });
    let region = region.unwrap_or_default();
    Some(if known == 0 { format!("{to:#x} outside") } else { format!("{to:#x}{region} {shown}") })
}

fn c_string(at: &Bytes<'_>) -> Option<String> {
    at.take::<1>()?;
    let mut bytes = [0; LONGEST];
    let known = at.most(at.addr, &mut bytes);
    Some(match bytes[..known].iter().position(|&byte| byte == 0) {
        Some(end) => format!("\"{}\" {}", visible(&bytes[..end]), sizes(&bytes[..end])),
        None => format!("\"{}\"..", visible(&bytes[..known])),
    })
}

/// A pointer and the length after it, with the text that they refer to.
fn slice(at: &Bytes<'_>) -> Option<String> {
    let pair: [u8; 8] = at.take()?;
    let read = |bytes: &[u8]| {
        let bytes: [u8; 4] = bytes.try_into().expect("half of eight");
        u64::from(if at.order == Order::Little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let (to, len) = (read(&pair[..4]), read(&pair[4..]));
    if to + len > at.image.len() {
        return Some(format!("{to:#x}+{len} outside"));
    }
    Some(format!("{to:#x}+{len} {}", text_at(at, to, len)))
}

/// A number of 64 bits, and the pointer and length that it may pack: the larger half is taken for the pointer.
fn wide(at: &Bytes<'_>) -> Option<String> {
    let number = u64::from_le_bytes(at.ordered()?);
    let (high, low) = (number >> 32, number & u64::from(u32::MAX));
    let (to, len) = (high.max(low), high.min(low));
    Some(match len > 0 && to + len <= at.image.len() {
        true => format!("{number} = {to:#x}, {len} B"),
        false => number.to_string(),
    })
}

/// The start of a text, and its sizes if all of it is shown.
fn text_at(at: &Bytes<'_>, to: u64, len: u64) -> String {
    let mut bytes = [0; LONGEST];
    let shown = usize::try_from(len).unwrap_or(LONGEST).min(LONGEST);
    at.most(to, &mut bytes[..shown]);
    let text = format!("\"{}\"", visible(&bytes[..shown]));
    match characters(&bytes[..shown]) {
        Some(counts) if shown as u64 == len => format!("{text} {counts}"),
        _ => text,
    }
}

/// The size of a text in bytes, and in characters and UTF-16 units where these differ.
fn sizes(bytes: &[u8]) -> String {
    let characters = characters(bytes).map_or_else(String::new, |counts| format!(", {counts}"));
    format!("{} B{characters}", bytes.len())
}

/// How many characters and UTF-16 units a text has, if these are not as many as its bytes.
fn characters(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_ascii())?;
    let (characters, units) = (text.chars().count(), text.encode_utf16().count());
    Some(format!("{}, {}", counted(characters as u64, "character"), counted(units as u64, "UTF-16 unit")))
}

fn unsigned_leb(at: &Bytes<'_>) -> Option<String> {
    let unsigned =
        |(value, last, len): (u64, u8, u32)| (len < LEB_BYTES || last <= 1).then(|| format!("{value} ({len} B)"));
    leb(at).and_then(unsigned)
}

fn signed_leb(at: &Bytes<'_>) -> Option<String> {
    let signed = |(value, last, len): (u64, u8, u32)| {
        let bits = 7 * len;
        let value = value.cast_signed();
        let value = if last & 0x40 != 0 && bits < 64 { value | -1 << bits } else { value };
        (len < LEB_BYTES || matches!(last, 0 | 0x7f)).then(|| format!("{value} ({len} B)"))
    };
    leb(at).and_then(signed)
}

/// Maximum length of a 64-bit LEB128 number. The last byte holds one bit, and the sign.
const LEB_BYTES: u32 = 10;

/// Decodes a LEB128 number of up to 64 bits: its bits, its last byte, its length. `None` if it is too long, or cut off
/// by the end of the memory.
fn leb(at: &Bytes<'_>) -> Option<(u64, u8, u32)> {
    let mut bytes = [0; LEB_BYTES as usize];
    let known = at.most(at.addr, &mut bytes);
    let mut value = 0;
    for (&byte, place) in bytes[..known].iter().zip(0u32..) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some((value, byte, place + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], name: &str, order: Order) -> Option<String> {
        let mut image = Image::zeroed(bytes.len() as u64);
        image.write(0, bytes);
        let regions = Regions::of(&[("text", 2, 8)]);
        assert!(READERS.iter().any(|(other, _)| *other == name), "{name}");
        let entries = inspect(&Image::default(), &image, 0, order, &regions);
        let entry = entries.into_iter().find(|entry| entry.name == name)?;
        assert_eq!(entry.before, None);
        entry.after
    }

    #[test]
    fn bytes_mean_what_they_say() {
        let little = |bytes: &[u8], name| read(bytes, name, Order::Little).expect("enough bytes");
        assert_eq!(little(&[0xff], "i8"), "-1");
        assert_eq!(little(&[0x01, 0x02], "u16"), "513");
        assert_eq!(read(&[0x01, 0x02], "u16", Order::Big).expect("enough bytes"), "258");
        assert_eq!(little(&0.1f32.to_le_bytes(), "f32"), "0.1");
        assert_eq!(little(&f64::MIN_POSITIVE.to_le_bytes(), "f64"), "2.2250738585072014e-308");
        assert_eq!(little(&[0xe5, 0x8e, 0x26], "uleb128"), "624485 (3 B)");
        assert_eq!(little(&[0xc0, 0xbb, 0x78], "sleb128"), "-123456 (3 B)");
        let none = |bytes: &[u8], name| assert_eq!(read(bytes, name, Order::Little), None, "{name}: {bytes:x?}");
        none(&[0x80; 11], "uleb128");
        none(&[0x80; 11], "utf-8");
        none(&[2], "bool");
        assert_eq!(little(&[1], "bool"), "true");
        assert_eq!(little("\u{e9}".as_bytes(), "utf-8"), "\u{e9} U+00E9");
        assert_eq!(little(&[0x3d, 0xd8, 0x00, 0xde], "utf-16"), "\u{1f600} U+1F600");
        assert_eq!(little(b"hi\0x", "c string"), "\"hi\" 2 B");
        assert_eq!(little(b"\x08\0\0\0\x02\0\0\0hi", "ptr+len"), "0x8+2 \"hi\"");
        let accented = "h\u{e9}\u{1f600}\0".as_bytes();
        assert_eq!(little(accented, "c string"), "\"h\u{e9}\u{1f600}\" 7 B, 3 characters, 4 UTF-16 units");
        assert_eq!(little(b"\x02\0\0\0\x08\0\0\0hi", "u64"), "34359738370 = 0x8, 2 B");
        assert_eq!(little(b"\x02\0\0\0\0\0\0\0hi", "u64"), "2");
        assert_eq!(little(b"\x04\0\0\0text", "pointer"), "0x4 text+0x2 text");
        assert_eq!(little(b"\x08\0\0\0text!", "pointer"), "0x8 !");
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(little(&most, "uleb128"), format!("{} (10 B)", u64::MAX));
        none(&most, "sleb128");
        let least = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f];
        assert_eq!(little(&least, "sleb128"), format!("{} (10 B)", i64::MIN));
        none(&least, "uleb128");
        assert_eq!(little(b"\xff\xff\xff\xff\xff\xff\xff\xff", "ptr+len"), "0xffffffff+4294967295 outside");
    }

    #[test]
    fn at_the_end_of_memory_only_what_fits_is_read() {
        assert_eq!(read(&[1, 2, 3], "u32", Order::Little), None);
        assert_eq!(read(&[1, 2, 3], "u16", Order::Little), Some("513".to_owned()));
        assert_eq!(read(&[], "uleb128", Order::Little), None);
        for len in 0..20 {
            let image = Image::zeroed(20);
            let found = inspect(&image, &image, len, Order::Big, &Regions::default());
            assert!(found.len() <= READERS.len());
        }
        let image = Image::zeroed(4);
        inspect(&image, &image, u64::MAX - 1, Order::Little, &Regions::default());
    }
}
