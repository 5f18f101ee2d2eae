//! What a host in another language sees at the values of an exchange and in a range of memory.

mod c;
mod facts;
mod js;
mod rust;
mod wazero;

use std::ops::Range;

use facts::Facts;

use super::Selection;
use crate::record::Run;

/// A language that hosts are written in, with a usual way to reach a guest from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostLanguage {
    /// JavaScript, with the API of browsers and Node.
    Js,
    /// C, with wasm.h.
    C,
    /// Go, with wazero.
    Wazero,
    /// Rust, with wasmtime or wasmer.
    Rust,
}

/// An expression of a host, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The expression, or what is talked about.
    pub what: String,
    /// Its value, and what to note.
    pub text: String,
}

impl HostLanguage {
    /// All of them.
    pub const ALL: [HostLanguage; 4] = [HostLanguage::Js, HostLanguage::C, HostLanguage::Wazero, HostLanguage::Rust];

    /// Its name in commands.
    pub fn name(self) -> &'static str {
        match self {
            HostLanguage::Js => "js",
            HostLanguage::C => "c",
            HostLanguage::Wazero => "wazero",
            HostLanguage::Rust => "rust",
        }
    }

    /// The language with this name.
    pub fn named(name: &str) -> Option<HostLanguage> {
        HostLanguage::ALL.into_iter().find(|language| language.name() == name)
    }

    /// What a host in this language sees of the call of the transform, or of the selected call, and of a range of a
    /// memory, after the selected moment.
    pub fn sees(self, run: &Run, at: &Selection, memory: usize, range: Range<u64>) -> Vec<Seen> {
        self.sees_facts(&Facts::new(at, memory, range).with_later(run, at, memory))
    }

    /// The same without what became of the range later, which may take long to find out.
    pub fn sees_now(self, at: &Selection, memory: usize, range: Range<u64>) -> Vec<Seen> {
        self.sees_facts(&Facts::new(at, memory, range))
    }

    fn sees_facts(self, facts: &Facts) -> Vec<Seen> {
        match self {
            HostLanguage::Js => js::sees(facts),
            HostLanguage::C => c::sees(facts),
            HostLanguage::Wazero => wazero::sees(facts),
            HostLanguage::Rust => rust::sees(facts),
        }
    }
}

impl Seen {
    fn new(what: impl Into<String>, text: impl Into<String>) -> Seen {
        Seen { what: what.into(), text: text.into() }
    }

    /// `ptr >>> 0  1040`.
    pub fn line(&self) -> String {
        format!("{}  {}", self.what, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::facts::Number;
    use super::*;
    use crate::record::{Image, Value};

    fn seen(language: HostLanguage, bytes: &[u8], range: Range<u64>, result: Value) -> Vec<String> {
        let mut image = Image::zeroed(0x10000);
        image.write(0x400, bytes);
        let number = Number { what: "result".to_owned(), value: result, packed: None };
        let facts = Facts::of_values(&image, range, vec![number]);
        language.sees_facts(&facts).iter().map(Seen::line).collect()
    }

    /// Whether one of the lines has all of these parts.
    fn tells(lines: &[String], parts: &[&str]) -> bool {
        lines.iter().any(|line| parts.iter().all(|part| line.contains(part)))
    }

    #[test]
    fn an_address_above_2_gib_is_negative_or_not() {
        let high = Value::I32(i32::MIN + 16);
        let lines = |language| seen(language, b"", 0x400..0x400, high);
        assert!(tells(&lines(HostLanguage::Js), &["-2147483632", ">>> 0", "2147483664"]));
        assert!(tells(&lines(HostLanguage::C), &["int32_t", "-2147483632", "2147483664"]));
        assert!(tells(&lines(HostLanguage::Wazero), &["uint32", "2147483664"]));
        assert!(tells(
            &lines(HostLanguage::Rust),
            &["as usize", "18446744071562067984", "as u32 as usize", "2147483664"]
        ));
    }

    #[test]
    fn text_is_what_the_language_makes_of_it() {
        let text = "h\u{e9}llo \u{1f600}\0tail".as_bytes();
        let lines = |language| seen(language, text, 0x400..0x40b, Value::I32(0x400));
        assert!(
            tells(&lines(HostLanguage::Js), &["length", "8", "7 characters", "11 bytes"]),
            "{:?}",
            lines(HostLanguage::Js)
        );
        assert!(tells(&lines(HostLanguage::C), &["strlen", "11"]), "{:?}", lines(HostLanguage::C));
        assert!(tells(&lines(HostLanguage::Wazero), &["string(", "h\u{e9}llo \u{1f600}"]));
        assert!(tells(&lines(HostLanguage::Rust), &["from_utf8", "Ok(\"h\u{e9}llo \u{1f600}\")"]));

        let broken = |language| seen(language, b"caf\xc3", 0x400..0x404, Value::I32(0x400));
        assert!(tells(&broken(HostLanguage::Js), &["decode", "caf\u{fffd}"]));
        assert!(tells(&broken(HostLanguage::Rust), &["Err", "valid_up_to: 3"]));
        assert!(tells(&broken(HostLanguage::Wazero), &["utf8.Valid", "false"]));

        let long = seen(HostLanguage::C, b"ab\0cd", 0x400..0x405, Value::I32(0x400));
        assert!(tells(&long, &["strlen", "2", "3 bytes"]), "{long:?}");
        let none = seen(HostLanguage::C, b"abcdefg", 0x400..0x403, Value::I32(0x400));
        assert!(tells(&none, &["strlen", "7", "past"]), "{none:?}");
    }

    #[test]
    fn a_range_outside_is_refused_in_each_way() {
        let lines = |language| seen(language, b"", 0xfffc..0x10004, Value::I32(0));
        assert!(tells(&lines(HostLanguage::Js), &["RangeError"]));
        assert!(tells(&lines(HostLanguage::C), &["undefined"]));
        assert!(tells(&lines(HostLanguage::Wazero), &["nil, false"]));
        assert!(tells(&lines(HostLanguage::Rust), &["None"]));
    }
}
