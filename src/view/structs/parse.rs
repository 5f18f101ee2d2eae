//! Parses declarations of structs, which look as in C: `Header { u16 kind; char *name[len]; u32 len; }`.

use std::sync::Arc;

use crate::debug::{Count, DataKind, DataType, Member};
use crate::view::whole;

/// Maximum number of members of a struct.
const MEMBERS: usize = 1024;
/// Maximum length of a declaration in bytes.
const LONGEST: usize = 64 << 10;
/// The size of a pointer in a 32-bit memory.
const POINTER: u64 = 4;

/// Basic types, by their names in linmem, Rust and C: size and kind.
const BASIC: &[(&str, u64, DataKind)] = &[
    ("u8", 1, DataKind::Unsigned),
    ("u16", 2, DataKind::Unsigned),
    ("u32", 4, DataKind::Unsigned),
    ("u64", 8, DataKind::Unsigned),
    ("i8", 1, DataKind::Signed),
    ("i16", 2, DataKind::Signed),
    ("i32", 4, DataKind::Signed),
    ("i64", 8, DataKind::Signed),
    ("f32", 4, DataKind::Float),
    ("f64", 8, DataKind::Float),
    ("bool", 1, DataKind::Bool),
    ("char", 1, DataKind::Character),
    ("char16", 2, DataKind::Character),
    ("char32", 4, DataKind::Character),
    ("uint8_t", 1, DataKind::Unsigned),
    ("uint16_t", 2, DataKind::Unsigned),
    ("uint32_t", 4, DataKind::Unsigned),
    ("uint64_t", 8, DataKind::Unsigned),
    ("int8_t", 1, DataKind::Signed),
    ("int16_t", 2, DataKind::Signed),
    ("int32_t", 4, DataKind::Signed),
    ("int64_t", 8, DataKind::Signed),
    ("size_t", 4, DataKind::Unsigned),
    ("usize", 4, DataKind::Unsigned),
    ("isize", 4, DataKind::Signed),
    ("unsigned char", 1, DataKind::Unsigned),
    ("unsigned short", 2, DataKind::Unsigned),
    ("unsigned int", 4, DataKind::Unsigned),
    ("unsigned", 4, DataKind::Unsigned),
    ("unsigned long", 4, DataKind::Unsigned),
    ("unsigned long long", 8, DataKind::Unsigned),
    ("short", 2, DataKind::Signed),
    ("int", 4, DataKind::Signed),
    ("long", 4, DataKind::Signed),
    ("long long", 8, DataKind::Signed),
    ("float", 4, DataKind::Float),
    ("double", 8, DataKind::Float),
];

/// The basic type with this name.
pub(super) fn basic(name: &str) -> Option<Arc<DataType>> {
    let (name, size, kind) = BASIC.iter().find(|(other, ..)| *other == name)?;
    Some(Arc::new(DataType::plain(name, *size, kind.clone())))
}

/// Finds a type by its name.
pub(super) type Find<'a> = &'a dyn Fn(&str) -> Result<Arc<DataType>, String>;

/// Parses a declaration.
///
/// # Errors
/// A message that says what is wrong.
pub(super) fn declaration(text: &str, find: Find<'_>) -> Result<Arc<DataType>, String> {
    if text.len() > LONGEST {
        return Err(format!("the declaration is longer than {LONGEST} bytes"));
    }
    let mut tokens = Tokens { rest: text };
    let _ = tokens.take("struct");
    let name = tokens.name("a name")?;
    tokens.expect("{")?;
    let mut fields = Fields { name, find, members: Vec::new(), counts: Vec::new(), size: 0, align: 1 };
    while !tokens.take("}") {
        fields.read(&mut tokens)?;
    }
    let is_packed = tokens.take("packed");
    let _ = tokens.take(";");
    if let Some(more) = tokens.peek() {
        return Err(format!("unexpected `{more}` after the declaration"));
    }
    fields.finished(is_packed).map(Arc::new)
}

/// What to write in place of a member as in Rust, `len: u32`.
fn type_after_name(words: &[&str]) -> Option<String> {
    let all = words.join(" ");
    let (name, ty) = all.split_once(':').filter(|(name, ty)| !name.contains(' ') && !ty.starts_with(':'))?;
    let ty = if ty.trim().is_empty() { "TYPE" } else { ty.trim() };
    Some(format!("the type comes before the name, as in C: `{ty} {name};`"))
}

/// The members read so far. Offsets follow from the sizes once all are known, unless they are given.
struct Fields<'a> {
    name: String,
    find: Find<'a>,
    members: Vec<(Member, Option<i64>)>,
    /// For each member, the name of the member that counts its elements, and the divisor.
    counts: Vec<Option<(String, u64)>>,
    size: u64,
    align: u64,
}

impl Fields<'_> {
    /// Reads `TYPE [*]NAME[COUNT] [@ OFFSET], ...;`
    fn read(&mut self, tokens: &mut Tokens<'_>) -> Result<(), String> {
        let mut words = Vec::new();
        while let Some(word) = tokens.word() {
            words.push(word);
        }
        words.retain(|word| !matches!(*word, "const" | "struct"));
        if let Some(hint) = type_after_name(&words) {
            return Err(hint);
        }
        // The last word is the name, unless a pointer or a parenthesis stands between.
        let is_pointer = tokens.peek_is("*");
        let first = if is_pointer { None } else { words.pop() };
        if words.is_empty() {
            return Err(tokens.expected("a type and a name"));
        }
        let base = self.base(&words.join(" "))?;
        self.declarator(tokens, &base, first)?;
        while tokens.take(",") {
            self.declarator(tokens, &base, None)?;
        }
        tokens.expect(";")
    }

    fn base(&self, name: &str) -> Result<Arc<DataType>, String> {
        match name {
            "void" => Ok(Arc::new(DataType::plain("void", 0, DataKind::Unknown))),
            name => basic(name).map_or_else(|| (self.find)(name), Ok),
        }
    }

    fn declarator(&mut self, tokens: &mut Tokens<'_>, base: &Arc<DataType>, name: Option<&str>) -> Result<(), String> {
        let mut ty = base.clone();
        while name.is_none() && tokens.take("*") {
            let size = if tokens.take("64") { 2 * POINTER } else { POINTER };
            let to = Some(ty.clone()).filter(|to| to.kind != DataKind::Unknown);
            ty = Arc::new(DataType::pointer(to, size));
        }
        let name = match name {
            Some(name) => name.to_owned(),
            None => tokens.name("the name of a member")?,
        };
        if name.contains(':') {
            return Err(format!("the name of a member cannot contain a colon: `{name}`"));
        }
        let mut count = None;
        let mut lengths = Vec::new();
        while tokens.take("[") {
            match tokens.number() {
                Some(length) => lengths.push(length),
                None if count.is_none() && lengths.is_empty() => {
                    let counter = tokens.name("a length, or the member that holds it")?;
                    let divisor = if tokens.take("/") { tokens.number().filter(|&n| n > 0) } else { Some(1) };
                    count = Some((counter, divisor.ok_or_else(|| tokens.expected("a number"))?));
                }
                None => return Err(tokens.expected("a number")),
            }
            tokens.expect("]")?;
        }
        for length in lengths.into_iter().rev() {
            let array = DataType::array(ty, length).ok_or_else(|| format!("`{name}` is larger than any memory"))?;
            ty = Arc::new(array);
        }
        let offset = if tokens.take("@") { Some(tokens.offset()?) } else { None };
        if ty.size == 0 && count.is_none() {
            return Err(format!("`{name}` has no size"));
        }
        if self.members.len() == MEMBERS {
            return Err(format!("more than {MEMBERS} members"));
        }
        if self.members.iter().any(|(member, _)| member.name == name) {
            return Err(format!("two members are named `{name}`"));
        }
        self.members.push((Member { name, offset: 0, ty, count: None }, offset));
        self.counts.push(count);
        Ok(())
    }

    fn finished(mut self, is_packed: bool) -> Result<DataType, String> {
        if self.members.is_empty() {
            return Err("a struct needs members, such as u32 len;".to_owned());
        }
        let names: Vec<_> = self.members.iter().map(|(member, _)| member.name.clone()).collect();
        let mut members = Vec::new();
        for ((mut member, offset), count) in std::mem::take(&mut self.members).into_iter().zip(self.counts) {
            if let Some((counter, divisor)) = count {
                let place = names.iter().position(|name| *name == counter);
                let place =
                    place.ok_or_else(|| format!("no member `{counter}` for the length of `{}`", member.name))?;
                member.count = Some(Count { member: place, divisor });
            }
            let is_inline = member.count.is_some() && !matches!(member.ty.kind, DataKind::Pointer(_));
            let align = if is_packed { 1 } else { member.ty.align.max(1) };
            let next = self.size.next_multiple_of(align);
            member.offset = offset.unwrap_or_else(|| i64::try_from(next).unwrap_or(i64::MAX));
            // Counted elements may follow a struct, and are no part of it.
            let size = if is_inline { 0 } else { member.ty.size };
            let end = u64::try_from(member.offset.max(0)).unwrap_or(0).saturating_add(size);
            self.size = if member.offset < 0 { self.size } else { self.size.max(end) };
            self.align = self.align.max(align);
            members.push(member);
        }
        let size = self.size.next_multiple_of(self.align);
        Ok(DataType { name: self.name, size, align: self.align, kind: DataKind::Struct(members) })
    }
}

/// The rest of a declaration.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn peek(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        while let Some(after) = self.rest.strip_prefix("//") {
            self.rest = after.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
        }
        let first = self.rest.chars().next()?;
        let is_in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | ':');
        let end = match is_in_word(first) {
            // A dash is part of a name, as in packed-low, but not before a number.
            true => self.rest.find(|c: char| !is_in_word(c) && c != '-').unwrap_or(self.rest.len()),
            false => first.len_utf8(),
        };
        Some(&self.rest[..end])
    }

    fn peek_is(&mut self, token: &str) -> bool {
        self.peek() == Some(token)
    }

    fn take(&mut self, token: &str) -> bool {
        let is_next = self.peek_is(token);
        if is_next {
            self.rest = &self.rest[token.len()..];
        }
        is_next
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.take(token) { Ok(()) } else { Err(self.expected(&format!("`{token}`"))) }
    }

    fn expected(&mut self, what: &str) -> String {
        match self.peek() {
            Some(found) => format!("expected {what}, got `{}`", crate::view::visible(found.as_bytes())),
            None => format!("expected {what} at the end"),
        }
    }

    /// The next token, if it is a word and not a number.
    fn word(&mut self) -> Option<&'a str> {
        let word = self.peek().filter(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$'))?;
        self.rest = &self.rest[word.len()..];
        Some(word)
    }

    fn name(&mut self, what: &str) -> Result<String, String> {
        self.word().map(str::to_owned).ok_or_else(|| self.expected(what))
    }

    fn number(&mut self) -> Option<u64> {
        let word = self.peek()?;
        let number = whole(word)?;
        self.rest = &self.rest[word.len()..];
        Some(number)
    }

    fn offset(&mut self) -> Result<i64, String> {
        let is_negative = self.take("-");
        let number = self.number().and_then(|number| i64::try_from(number).ok()).filter(|&number| number <= 1 << 32);
        let number = number.ok_or_else(|| self.expected("an offset"))?;
        Ok(if is_negative { -number } else { number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Arc<DataType>, String> {
        declaration(text, &|name| Err(format!("unknown type `{name}`")))
    }

    /// The size, and each member's name, offset and type.
    fn laid_out(text: &str) -> (u64, Vec<(String, i64, String)>) {
        let ty = read(text).expect("it is valid");
        let DataKind::Struct(members) = &ty.kind else { panic!("it is a struct") };
        (ty.size, members.iter().map(|member| (member.name.clone(), member.offset, member.ty.name.clone())).collect())
    }

    fn members(list: &[(&str, i64, &str)]) -> Vec<(String, i64, String)> {
        list.iter().map(|&(name, offset, ty)| (name.to_owned(), offset, ty.to_owned())).collect()
    }

    #[test]
    fn members_are_aligned_as_in_c() {
        assert_eq!(
            laid_out("struct A { u8 kind; u32 len; u16 a, *b; double d; char tag[3]; };"),
            (
                32,
                members(&[
                    ("kind", 0, "u8"),
                    ("len", 4, "u32"),
                    ("a", 8, "u16"),
                    ("b", 12, "u16*"),
                    ("d", 16, "double"),
                    ("tag", 24, "char[3]")
                ])
            )
        );
        assert_eq!(laid_out("A { u8 kind; u32 len; } packed"), (5, members(&[("kind", 0, "u8"), ("len", 1, "u32")])));
        assert_eq!(laid_out("A { u32 x @ 0x10; u8 y; }").1, members(&[("x", 16, "u32"), ("y", 20, "u8")]));
        assert_eq!(
            laid_out("A { u16 m[2][3]; const char *s; }").1,
            members(&[("m", 0, "u16[3][2]"), ("s", 12, "char*")])
        );
        assert_eq!(laid_out("A { unsigned long long x; // comment\n int y; }").0, 16);
    }

    #[test]
    fn a_member_can_count_others() {
        let ty = read("A { char *name[len]; u32 len; u16 units[len/2]; }").expect("it is valid");
        let DataKind::Struct(members) = &ty.kind else { panic!("it is a struct") };
        assert_eq!(members[0].count, Some(Count { member: 1, divisor: 1 }));
        assert_eq!(members[2].count, Some(Count { member: 1, divisor: 2 }));
        assert_eq!(ty.size, 8, "what is counted is no part of the struct");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, error) in [
            ("", "expected a name at the end"),
            ("A", "expected `{` at the end"),
            ("A { }", "a struct needs members, such as u32 len;"),
            ("A { u32 len }", "expected `;`, got `}`"),
            ("A { u33 len; }", "unknown type `u33`"),
            ("A { u32; }", "expected a type and a name, got `;`"),
            ("A { u32 a; u8 a; }", "two members are named `a`"),
            ("A { char *s[len]; }", "no member `len` for the length of `s`"),
            ("A { u32 a; } B", "unexpected `B` after the declaration"),
            ("A { void x; }", "`x` has no size"),
            ("A { u32 a[99999999999]; }", "`a` is larger than any memory"),
            ("A { u32 a[n/0]; u32 n; }", "expected a number, got `]`"),
            ("A { u32 bits:3; }", "the name of a member cannot contain a colon: `bits:3`"),
            ("A { u32 a @ x; }", "expected an offset, got `x`"),
        ] {
            assert_eq!(read(text).err().as_deref(), Some(error), "{text}");
        }
        assert!(read(&"A { ".repeat(1 << 16)).is_err_and(|error| error.contains("longer than")));
    }
}
