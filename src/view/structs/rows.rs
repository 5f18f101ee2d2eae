//! A struct laid over memory, as rows: its members, those of the structs inside it, and what its pointers point to,
//! before and after.

use std::ops::Range;
use std::sync::Arc;

use super::value::{Bytes, count_of, pointer};
use crate::debug::{DataKind, DataType, Member};
use crate::record::Image;
use crate::session::Placed;
use crate::view::visible;

/// Maximum number of rows.
const ROWS: usize = 512;
/// Maximum number of elements of an array of structs that have rows of their own.
const ELEMENTS: u64 = 16;
/// Maximum depth of structs in structs.
const DEPTH: usize = 8;

/// A member in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRow {
    /// Its name, with those of the structs around it: `header.len`, `next->len`.
    pub path: String,
    /// Its type; empty for padding.
    pub ty: String,
    /// The addresses after the selected moment.
    pub range: Range<u64>,
    /// Its offset from the start of the struct, unless a pointer leads to it.
    pub offset: Option<i64>,
    /// Its value before and after; `None` where that is outside memory.
    pub before: Option<String>,
    /// See `before`.
    pub after: Option<String>,
}

/// A struct laid over memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructView {
    /// Its type's name, safe to print.
    pub name: String,
    /// Its address.
    pub addr: u64,
    /// Its size in bytes.
    pub size: u64,
    /// The rows.
    pub rows: Vec<FieldRow>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// A place in memory before and after.
#[derive(Clone, Copy)]
struct Sides {
    before: Option<u64>,
    after: Option<u64>,
}

struct Reader<'a> {
    before: &'a Image,
    after: &'a Image,
    rows: Vec<FieldRow>,
    is_cut: bool,
}

impl StructView {
    /// Lays a type over the memory at an address.
    pub fn new(ty: &Arc<DataType>, addr: u64, before: &Image, after: &Image) -> StructView {
        let mut reader = Reader { before, after, rows: Vec::new(), is_cut: false };
        let at = Sides { before: Some(addr), after: Some(addr) };
        let whole = Member { name: String::new(), offset: 0, ty: ty.clone(), count: None };
        reader.member(&whole, at, (None, None), &Path { text: String::new(), offset: Some(0), follows: true }, 0);
        let name = visible(ty.name.as_bytes());
        StructView { name, addr, size: ty.size, rows: reader.rows, is_cut: reader.is_cut }
    }

    /// The rows as aligned text: offset, name, type, the value, or the values before and after.
    pub fn lines(&self) -> Vec<String> {
        let width =
            |text: fn(&FieldRow) -> &str| self.rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0);
        let (paths, types) = (width(|row| &row.path).min(40), width(|row| &row.ty).min(24));
        let offset = |row: &FieldRow| match row.offset {
            Some(offset) if offset < 0 => format!("-{:#x}", offset.unsigned_abs()),
            Some(offset) => format!("+{offset:#x}"),
            None => format!("{:#x}", row.range.start),
        };
        let offsets = self.rows.iter().map(|row| offset(row).len()).max().unwrap_or(0).max(7);
        let line = |row: &FieldRow| {
            format!("{:<offsets$} {:<paths$}  {:<types$}  {}", offset(row), row.path, row.ty, row.value())
        };
        let mut lines: Vec<_> = self.rows.iter().map(line).collect();
        if self.is_cut {
            lines.push("... and more".to_owned());
        }
        lines
    }
}

impl StructView {
    /// The members without values.
    pub fn layout(&self) -> impl Iterator<Item = String> {
        self.lines().into_iter().map(|line| line.trim_end_matches('-').trim_end().to_owned())
    }
}

impl FieldRow {
    /// Whether its value differs.
    pub fn has_changed(&self) -> bool {
        self.before != self.after
    }

    /// The value, or the values before and after; `-` outside memory.
    pub fn value(&self) -> String {
        let [before, after] = [&self.before, &self.after].map(|value| value.as_deref().unwrap_or("-"));
        if self.has_changed() { format!("{before} -> {after}") } else { after.to_owned() }
    }
}

/// How a member is reached.
struct Path {
    text: String,
    offset: Option<i64>,
    /// Whether pointers to structs are followed.
    follows: bool,
}

impl Path {
    /// The path of a member.
    fn to(&self, name: &str, offset: i64) -> Path {
        let name = visible(name.as_bytes());
        let text = if self.text.is_empty() || self.text.ends_with("->") {
            format!("{}{name}", self.text)
        } else {
            format!("{}.{name}", self.text)
        };
        Path { text, offset: self.offset.and_then(|start| start.checked_add(offset)), follows: self.follows }
    }

    /// The path of an element.
    fn element(&self, place: u64, size: u64) -> Path {
        let distance = i64::try_from(place.saturating_mul(size)).ok();
        let offset = self.offset.zip(distance).and_then(|(start, distance)| start.checked_add(distance));
        Path { text: format!("{}[{place}]", self.text), offset, follows: self.follows }
    }
}

impl Sides {
    fn map(self, to: impl Fn(u64) -> Option<u64>) -> Sides {
        Sides { before: self.before.and_then(&to), after: self.after.and_then(&to) }
    }
}

impl Reader<'_> {
    /// Adds the rows of a member at an address; `counts` says how many elements it has before and after.
    fn member(&mut self, member: &Member, at: Sides, counts: (Option<u64>, Option<u64>), path: &Path, depth: usize) {
        if self.rows.len() >= ROWS || depth > DEPTH {
            self.is_cut = true;
            return;
        }
        match &member.ty.kind {
            DataKind::Struct(members) if member.count.is_none() => {
                return self.members(members, member.ty.size, at, path, depth);
            }
            DataKind::Array(of, count) if matches!(of.kind, DataKind::Struct(_)) => {
                return self.elements(of, *count, at, path, depth);
            }
            DataKind::Struct(_) => {
                let count = counts.1.or(counts.0).unwrap_or(0);
                return self.elements(&member.ty, count, at, path, depth);
            }
            _ => (),
        }
        let is_counted = member.count.is_some();
        let value = |image: &Image, addr: Option<u64>, count: Option<u64>| {
            let bytes = Bytes { image, addr: addr? };
            bytes.value(&member.ty, if is_counted { Some(count?) } else { None })
        };
        let (before, after) = (value(self.before, at.before, counts.0), value(self.after, at.after, counts.1));
        let ty = match &member.ty.kind {
            DataKind::Pointer(_) => member.ty.name.clone(),
            _ if is_counted => format!("{}[]", member.ty.name),
            _ => member.ty.name.clone(),
        };
        let is_inline = is_counted && !matches!(member.ty.kind, DataKind::Pointer(_));
        let size = if is_inline { member.ty.size.saturating_mul(counts.1.unwrap_or(0)) } else { member.ty.size };
        let start = at.after.or(at.before).unwrap_or_default();
        self.rows.push(FieldRow {
            path: path.text.clone(),
            ty: visible(ty.as_bytes()),
            range: start..start.saturating_add(size),
            offset: path.offset,
            before,
            after,
        });
        self.follow(member, at, counts, path, depth);
    }

    /// Adds the rows of the structs that a pointer points to, one level deep.
    fn follow(&mut self, member: &Member, at: Sides, counts: (Option<u64>, Option<u64>), path: &Path, depth: usize) {
        let DataKind::Pointer(Some(to)) = &member.ty.kind else { return };
        if !path.follows || !matches!(to.kind, DataKind::Struct(_)) {
            return;
        }
        let target = |image: &Image, addr: Option<u64>| pointer(image, addr?, member.ty.size).filter(|&to| to != 0);
        let to_sides = Sides { before: target(self.before, at.before), after: target(self.after, at.after) };
        if to_sides.before.is_none() && to_sides.after.is_none() {
            return;
        }
        if member.count.is_some() {
            let path = Path { text: path.text.clone(), offset: None, follows: false };
            let count = counts.1.or(counts.0).unwrap_or(0);
            return self.elements(to, count, to_sides, &path, depth + 1);
        }
        let path = Path { text: format!("{}->", path.text), offset: None, follows: false };
        let target = Member { name: String::new(), offset: 0, ty: to.clone(), count: None };
        self.member(&target, to_sides, (None, None), &path, depth + 1);
    }

    fn elements(&mut self, of: &Arc<DataType>, count: u64, at: Sides, path: &Path, depth: usize) {
        for place in 0..count.min(ELEMENTS) {
            let distance = place.saturating_mul(of.size);
            let element = Member { name: String::new(), offset: 0, ty: of.clone(), count: None };
            let at = at.map(|addr| addr.checked_add(distance));
            self.member(&element, at, (None, None), &path.element(place, of.size), depth + 1);
        }
        self.is_cut |= count > ELEMENTS;
    }

    fn members(&mut self, members: &[Member], size: u64, at: Sides, path: &Path, depth: usize) {
        let is_union = members.len() > 1 && members.iter().all(|member| member.offset == 0);
        let mut end = 0;
        for member in members {
            let place = |addr: u64| addr.checked_add_signed(member.offset);
            if !is_union && member.offset > end && end >= 0 && path.offset.is_some() {
                self.padding(at, end..member.offset, path);
            }
            let count = |image: &Image, addr: Option<u64>| count_of(image, addr?, members, member.count?);
            let counts = (count(self.before, at.before), count(self.after, at.after));
            self.member(member, at.map(place), counts, &path.to(&member.name, member.offset), depth + 1);
            let is_inline = member.count.is_some() && !matches!(member.ty.kind, DataKind::Pointer(_));
            let size = if is_inline { 0 } else { i64::try_from(member.ty.size).unwrap_or(i64::MAX) };
            end = end.max(member.offset.saturating_add(size));
        }
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        if !is_union && end < size && end > 0 && path.offset.is_some() {
            self.padding(at, end..size, path);
        }
    }

    /// A row for bytes between members.
    fn padding(&mut self, at: Sides, bytes: Range<i64>, path: &Path) {
        let len = bytes.end.abs_diff(bytes.start);
        let unknown = DataType::plain("", len, DataKind::Unknown);
        let place = at.map(|addr| addr.checked_add_signed(bytes.start));
        let value = |image: &Image, addr: Option<u64>| Bytes { image, addr: addr? }.value(&unknown, None);
        let start = place.after.or(place.before).unwrap_or_default();
        self.rows.push(FieldRow {
            path: "(padding)".to_owned(),
            ty: String::new(),
            range: start..start.saturating_add(len),
            offset: path.offset.and_then(|start| start.checked_add(bytes.start)),
            before: value(self.before, place.before),
            after: value(self.after, place.after),
        });
    }
}

/// The names and ranges of the members of a struct, for naming what changed: `Header.len`.
pub fn fields(placed: &Placed) -> Vec<(String, Range<u64>)> {
    let none = Image::default();
    let view = StructView::new(&placed.ty, placed.addr, &none, &none);
    let inside =
        view.rows.into_iter().filter(|row| row.offset.is_some() && !row.ty.is_empty() && !row.range.is_empty());
    inside
        .map(|row| {
            (if row.path.is_empty() { view.name.clone() } else { format!("{}.{}", view.name, row.path) }, row.range)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{declare, find};
    use super::*;
    use crate::session::Structs;

    fn aligned(declared: &[&str], name: &str, addr: u64, write: &[(u64, &[u8])]) -> Vec<String> {
        let mut structs = Structs::default();
        for text in declared {
            declare(&mut structs, text, None).expect("it is valid");
        }
        let ty = find(&structs, name, None).expect("it is known");
        let before = Image::zeroed(0x1000);
        let mut after = before.clone();
        write.iter().for_each(|(addr, bytes)| after.write(*addr, bytes));
        StructView::new(&ty, addr, &before, &after).lines()
    }

    /// The same without alignment.
    fn lines(declared: &[&str], name: &str, addr: u64, write: &[(u64, &[u8])]) -> Vec<String> {
        let plain = |line: String| line.split_whitespace().collect::<Vec<_>>().join(" ");
        aligned(declared, name, addr, write).into_iter().map(plain).collect()
    }

    #[test]
    fn members_are_shown_before_and_after_with_padding() {
        let shown = aligned(
            &["Header { u8 kind; u32 len; char tag[4]; f32 x; bool ok; }"],
            "Header",
            0x100,
            &[(0x100, &[7]), (0x104, &[3, 0, 0, 0]), (0x108, b"ab\0\0"), (0x110, &[2])],
        );
        assert_eq!(
            shown,
            [
                "+0x0    kind       u8       0 -> 7",
                "+0x1    (padding)           00 00 00",
                "+0x4    len        u32      0 -> 3",
                "+0x8    tag        char[4]  \"\" -> \"ab\"",
                "+0xc    x          f32      0.0",
                "+0x10   ok         bool     false -> 2, neither true nor false",
                "+0x11   (padding)           00 00 00",
            ]
        );
    }

    #[test]
    fn pointers_are_followed_and_counted() {
        let node = "Node { Item *items[count]; u32 count; char *name; u16 *units[count]; Item first; }";
        let item = "Item { char *text[len]; u32 len; }";
        let word = |n: u32| n.to_le_bytes();
        let bytes = [word(0x200), word(2), word(0x300), word(0x310), word(0), word(0)].concat();
        let items = [word(0x320), word(3), word(0xffff_fff0), word(9)].concat();
        let shown = lines(
            &[item, node],
            "Node",
            0x100,
            &[(0x100, &bytes), (0x200, &items), (0x300, b"name\0"), (0x310, &[1, 0, 2, 0]), (0x320, b"abc")],
        );
        assert_eq!(
            shown,
            [
                "+0x0 items Item* null -> 0x200",
                "0x200 items[0].text char* - -> 0x320 \"abc\"",
                "0x204 items[0].len u32 - -> 3",
                "0x208 items[1].text char* - -> 0xfffffff0 outside memory",
                "0x20c items[1].len u32 - -> 9",
                "+0x4 count u32 0 -> 2",
                "+0x8 name char* null -> 0x300 \"name\"",
                "+0xc units u16* null -> 0x310 [1, 2]",
                "+0x10 first.text char* null",
                "+0x14 first.len u32 0",
            ]
        );
    }

    #[test]
    fn a_header_before_the_address_and_utf_16_are_read() {
        let mut bytes = vec![0; 20];
        bytes[12] = 2;
        bytes[16] = 4;
        bytes.extend([b'h', 0, 0xe9, 0]);
        let shown = lines(&[], "as.string", 0x114, &[(0x100, &bytes)]);
        assert!(shown.contains(&"-0x8 rtId u32 0 -> 2".to_owned()), "{shown:#?}");
        assert!(shown.contains(&"+0x0 text char16[] \"\" -> \"h\u{e9}\"".to_owned()), "{shown:#?}");
    }

    #[test]
    fn the_strings_of_languages_are_read() {
        let word = |n: u32| n.to_le_bytes();
        let shown = lines(&[], "String", 0x100, &[(0x100, &[word(8), word(0x200), word(2)].concat()), (0x200, b"hi!")]);
        assert_eq!(shown[1], "+0x4 ptr char* null -> 0x200 \"hi\"");
        let go = [0x200u64.to_le_bytes(), 2u64.to_le_bytes()].concat();
        assert_eq!(
            lines(&[], "go.string", 0x100, &[(0x100, &go), (0x200, b"hi!")])[0],
            "+0x0 ptr char* null -> 0x200 \"hi\""
        );
        let short = [b"short text\0".as_slice(), &[10]].concat();
        assert_eq!(
            lines(&[], "std::string", 0x100, &[(0x100, &short)]),
            ["+0x0 std::string \"\" -> \"short text\" (inline)"]
        );
        let long = [word(0x200), word(2), word(0x8000_0010)].concat();
        assert_eq!(
            lines(&[], "std::string", 0x100, &[(0x100, &long), (0x200, b"hi!")]),
            ["+0x0 std::string \"\" -> 0x200 \"hi\" (capacity 15)"]
        );
        // What Zig's compiler makes of two strings.
        let short = b"\x14short text\0";
        assert_eq!(
            lines(&[], "std::__1::string", 0x100, &[(0x100, short)]),
            ["+0x0 std::__1::string \"\" -> \"short text\" (inline)"]
        );
        let long = [word(0x31), word(2), word(0x200)].concat();
        assert_eq!(
            lines(&[], "std::__1::string", 0x100, &[(0x100, &long), (0x200, b"hi!")]),
            ["+0x0 std::__1::string \"\" -> 0x200 \"hi\" (capacity 47)"]
        );
        let packed = [word(2), word(0x200)].concat();
        assert_eq!(
            lines(&[], "packed", 0x100, &[(0x100, &packed), (0x200, b"hi!")])[1],
            "+0x4 ptr char* null -> 0x200 \"hi\""
        );
    }

    #[test]
    fn nothing_is_read_without_bounds() {
        let shown = lines(&["Item { u32 n; }"], "Item[100]", 0x100, &[]);
        assert_eq!((shown.len(), shown.last().map(String::as_str)), (17, Some("... and more")));
        let mut structs = Structs::default();
        let mut last = "A0 { u32 n; }".to_owned();
        for depth in 1..20 {
            declare(&mut structs, &last, None).expect("it is valid");
            last = format!("A{depth} {{ A{} x; }}", depth - 1);
        }
        let ty = find(&structs, "A18", None).expect("it is known");
        assert!(StructView::new(&ty, 0, &Image::default(), &Image::default()).is_cut);
        let edge = lines(&["B { u64 n; char *s[n]; }"], "B", 0xffc, &[]);
        assert_eq!(edge[0], "+0x0 n u64 -");
    }
}
