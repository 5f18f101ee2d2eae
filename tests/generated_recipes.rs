//! Generated recipes give the same results when they are compiled as when they are interpreted.

use std::fmt::Write as _;

use linmem::abi::built_in_recipes;
use linmem::abi::recipe::{Recipe, format, parse};
use linmem::guest::Limits;
use proptest::prelude::*;

use crate::odd_guest::{HANDLERS, HEAD, ODD, chatty};
use crate::side_by_side::compare;

/// Generates recipes from bytes, deterministically.
struct Writer<'a> {
    bytes: &'a [u8],
    /// Whether the guest is the one that calls host functions.
    is_chatty: bool,
    text: String,
    names: Vec<&'static str>,
}

impl Writer<'_> {
    fn pick(&mut self, most: usize) -> usize {
        let (&first, rest) = self.bytes.split_first().unwrap_or((&0, &[]));
        self.bytes = rest;
        usize::from(first) % most
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.pick(of.len())]
    }

    fn number(&mut self) -> String {
        self.one(&[
            "0",
            "1",
            "2",
            "7",
            "16",
            "64",
            "100",
            "1024",
            "1040",
            "65530",
            "65535",
            "65536",
            "-1",
            "-20",
            "5000000000",
        ])
        .to_owned()
    }

    fn value(&mut self, depth: usize) -> String {
        if depth > 2 {
            return self.number();
        }
        match self.pick(16) {
            0..=2 => self.number(),
            3 | 4 => "n".to_owned(),
            5 => "n + 1".to_owned(),
            6..=9 if !self.names.is_empty() => {
                let place = self.pick(self.names.len());
                self.names[place].to_owned()
            }
            10 => format!("{}[{}]", self.one(&["u8", "u16", "u32", "u64"]), self.value(depth + 1)),
            11 => format!("{}({})", self.one(&["lo", "hi"]), self.value(depth + 1)),
            12 => format!("({} + {})", self.value(depth + 1), self.value(depth + 1)),
            13 => format!("({} - {})", self.value(depth + 1), self.value(depth + 1)),
            14 => self.one(&["@count", "@base", "@wide"]).to_owned(),
            15 => self.call(depth + 1, &["alloc", "sign", "twice", "grow", "divide", "whole", "upper"]),
            _ => "n".to_owned(),
        }
    }

    fn call(&mut self, depth: usize, of: &[&'static str]) -> String {
        let chatty = ["chat", "moan", "random", "quit", "out", "nest"];
        let name = if self.is_chatty && self.pick(3) == 0 { self.one(&chatty) } else { self.one(of) };
        let args = match name {
            "upper" | "dealloc" | "pair" => 2,
            "nothing" => 0,
            _ => 1,
        };
        let args: Vec<_> = (0..args).map(|_| self.value(depth + 1)).collect();
        format!("{name}({})", args.join(", "))
    }

    fn span(&mut self) -> String {
        let len = match self.pick(8) {
            0 => "until 0".to_owned(),
            1 => format!("to {}", self.value(1)),
            2..=4 => "n".to_owned(),
            _ => self.value(1),
        };
        format!("{len} at {}", self.value(1))
    }

    /// An expression that is usually an address.
    fn addr(&mut self) -> String {
        match self.pick(4) {
            0 => "alloc(n)".to_owned(),
            1 => "2048".to_owned(),
            _ => self.value(0),
        }
    }

    fn set(&mut self, name: &'static str) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    fn statement(&mut self) {
        let mut set = Vec::new();
        let text = match self.pick(22) {
            0..=4 => {
                let value = if self.pick(2) == 0 {
                    self.value(0)
                } else {
                    self.call(0, &["alloc", "upper", "sign", "grow", "half", "twice", "divide"])
                };
                let name = self.one(&["a", "b", "c"]);
                set.push(name);
                format!("{name} = {value}")
            }
            5 => {
                set.extend(["a", "b"]);
                format!("(a, b) = {}", self.call(0, &["pair"]))
            }
            6 if self.is_chatty => format!("free_and_tell({})", self.one(&["8", "16", "n", "8", "24"])),
            6 => self.call(0, &["free", "dealloc"]),
            7 => self
                .call(0, &["nothing", "free", "pair", "half", "three", "missing?"])
                .replace("missing?", "missing")
                .replace("missing(", "nothing()?#"),
            8 => {
                set.push("c");
                "c = missing(n)?".to_owned()
            }
            9..=11 => {
                let parts =
                    self.one(&["", "line ", "line, 0 ", "\"ab\\n\", line, u16 n ", "u32 u32[100], 7 ", "\"\" "]);
                let room = if self.pick(3) == 0 { format!(" within {}", self.value(1)) } else { String::new() };
                format!("write {parts}at {}{room}", self.addr())
            }
            12 => format!("{}[{}] = {}", self.one(&["u8", "u16", "u32", "u64"]), self.addr(), self.value(0)),
            13..=15 => format!("read {}", self.span()),
            16 | 17 => format!("append {}", self.span()),
            18 => format!(
                "fail \"no: {}\" if {} {} {}",
                self.one(&["{n} of {n at 100}", "{n}", "{n:x}", "of {upper(n, n) at 100}"]),
                self.value(0),
                self.one(&["==", "<", ">"]),
                self.value(0)
            ),
            19 => self
                .one(&[
                    "answer the line",
                    "answer \"{n} bytes\"",
                    "append \"{n:x}\"",
                    "say \"hm {n}\"",
                    "grow 1",
                    "fail n at 100",
                    "say 5 at 100",
                ])
                .to_owned(),
            20 => format!("grow to {}", self.value(0)),
            _ => "read n at 2048".to_owned(),
        };
        let is_conditional = text.starts_with("fail \"") || self.pick(3) > 0;
        let condition = match is_conditional && !text.contains(" if ") && self.pick(2) == 0 {
            true => format!(" if {} {} {}", self.value(0), self.one(&["==", "!=", "<", ">"]), self.value(0)),
            false => String::new(),
        };
        let _ = writeln!(self.text, "  {text}{condition}");
        set.into_iter().for_each(|name| self.set(name));
    }

    /// A handler that calls an export which calls the handler again.
    fn nesting_handler(&mut self) {
        let first = self.one(&["y = x + 1", "y = sign(x)", "y = 0", "y = 5000000000"]);
        let _ = writeln!(self.text, "on env.again(x)\n  {first}");
        for _ in 0..self.pick(5) {
            let statement = self.one(&[
                "y = nest(x - 1) if x > 0",
                "nest(x - 1) if x > 1",
                "say \"{x} {y}\"",
                "say \"{x} {3 at 100 + x}\" if x < y",
                "u8[300 + x] = u8[299 + nest(x - 1)] if x > 0",
                "write \"ab\", u16 lo(y) at 310 + x",
                "y = y + alloc(x)",
                "dealloc(8 + x, y)",
                "fail \"odd {y}\" if x == 2",
                "stop if y == 3",
                "return y - 1 if x == 1",
                "c = x",
            ]);
            let _ = writeln!(self.text, "  {statement}");
        }
        let _ = writeln!(self.text, "  return x + lo(y)");
    }

    /// A section of at most that many statements.
    fn section(&mut self, name: &str, most: usize) {
        let _ = writeln!(self.text, "{name}");
        for _ in 0..self.pick(most) {
            self.statement();
        }
    }
}

/// The text of a recipe that is usually valid.
fn recipe_of(bytes: &[u8], is_chatty: bool) -> String {
    let head = if is_chatty { HEAD } else { "" };
    let mut writer = Writer { bytes, is_chatty, text: head.to_owned(), names: Vec::new() };
    if writer.pick(4) == 0 {
        writer.text.push_str("text utf8\n");
    }
    writer.section("once", 3);
    let _ = writeln!(writer.text, "each line");
    writer.statement();
    for _ in 0..writer.pick(7) {
        writer.statement();
    }
    writer.section("finally", 4);
    if is_chatty {
        let again = HANDLERS.find("on env.again").expect("it is there");
        writer.text.push_str(&HANDLERS[..again]);
        writer.nesting_handler();
    }
    writer.text
}

fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let line = prop_oneof![
        8 => prop::collection::vec(prop::sample::select(b"abcXYZ \0\xc3\xa9\xff".to_vec()), 0..24),
        4 => "[a-z]{0,20}".prop_map(String::into_bytes),
        1 => (0usize..3000).prop_map(|len| vec![b'x'; len]),
    ];
    prop::collection::vec(line, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn compiled_recipes_behave_like_interpreted_ones(bytes in prop::collection::vec(any::<u8>(), 20..120), lines in lines()) {
        let _ = compare(ODD, &recipe_of(&bytes, false), &lines, b'\n', Limits::default());
        let _ = compare(&chatty(), &recipe_of(&bytes, true), &lines, b'\n', Limits::default());
    }
}

/// A recipe without its line numbers, which formatting changes.
fn unnumbered(text: &str) -> Option<Recipe> {
    let mut recipe = parse(text).ok()?;
    recipe.statements_mut().for_each(|statement| statement.at = 0);
    recipe.handlers.iter_mut().for_each(|handler| handler.at = 0);
    Some(recipe)
}

/// The same text with other spaces, blank lines and comments.
fn untidy(text: &str, bytes: &[u8]) -> String {
    let mut odd = bytes.iter().copied().cycle();
    let mut next = move || odd.next().unwrap_or(0);
    let mut quoted = false;
    let mut untidy = String::new();
    for line in text.lines() {
        for c in line.chars() {
            quoted ^= c == '"';
            untidy.push_str(match c {
                ' ' | ',' | '(' | ')' if !quoted && next() % 3 == 0 => "  ",
                _ => "",
            });
            untidy.push(c);
        }
        quoted = false;
        untidy.push_str(["", "", " ", "# and so on", "   #  why", "\n", "\n\n# apart"][usize::from(next()) % 7]);
        untidy.push('\n');
    }
    untidy
}

/// Checks that formatting keeps the meaning and the comments, and is done after once.
fn check_format(text: &str) {
    let formatted = format(text).expect("it is valid");
    assert_eq!(unnumbered(&formatted), unnumbered(text), "{text}\n{formatted}");
    assert_eq!(format(&formatted).as_ref(), Ok(&formatted));
    let comments = |text: &str| {
        let comments = text.lines().filter_map(|line| Some(line.split_once('#')?.1.trim_end().to_owned()));
        comments.collect::<Vec<_>>()
    };
    assert_eq!(comments(&formatted), comments(text));
}

#[test]
fn built_in_recipes_keep_their_meaning_when_formatted() {
    for (name, text) in built_in_recipes() {
        check_format(text);
        assert_eq!(format(text).as_deref(), Ok(text), "{name} is formatted");
        for seed in 1..20 {
            check_format(&untidy(text, &[seed, 7, 2 * seed, 3, seed + 5]));
        }
    }
}

proptest! {
    #[test]
    fn generated_recipes_keep_their_meaning_when_formatted(bytes in prop::collection::vec(any::<u8>(), 20..120)) {
        for is_chatty in [false, true] {
            let text = recipe_of(&bytes, is_chatty);
            if parse(&text).is_ok() {
                check_format(&untidy(&text, &bytes));
            }
        }
    }
}

#[test]
fn most_generated_recipes_are_valid_and_compile() {
    for (guest, is_chatty) in [(ODD.to_owned(), false), (chatty(), true)] {
        let (mut right, mut compiled) = (0, 0);
        for seed in 0..200u32 {
            let bytes = (0..100u32).flat_map(|place| ((seed * 7919 + place * 104_729) >> 7).to_le_bytes());
            let bytes: Vec<_> = bytes.step_by(4).collect();
            let lines = [b"hello".to_vec(), b"sevenup".to_vec(), Vec::new()];
            let done = compare(&guest, &recipe_of(&bytes, is_chatty), &lines, b'\n', Limits::default());
            right += usize::from(done.is_some());
            compiled += usize::from(done == Some(true));
        }
        assert!(right > 100 && compiled > 80, "{right} of 200 are right, {compiled} are compiled");
    }
}
