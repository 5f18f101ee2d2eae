//! Demangles Rust (legacy and v0) and C++ names.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Maximum length of a name, mangled or not, in bytes. A mangled name can expand exponentially.
const LONGEST: usize = 4096;
/// Number of digits in the hash at the end of a Rust name.
const HASH: usize = 16;

/// The demangled name, or the name itself if it is not mangled.
pub(super) fn demangle(name: &str) -> Cow<'_, str> {
    if name.len() > LONGEST {
        return Cow::Owned(format!("{}…", &name[..name.floor_char_boundary(LONGEST)]));
    }
    let demangled = match name {
        _ if name.starts_with("_R") || is_legacy_rust(name) => rust(name),
        _ if name.starts_with("_Z") || name.starts_with("__Z") => cpp(name),
        _ => None,
    };
    demangled.map_or_else(|| Cow::Borrowed(without_hash(name)), Cow::Owned)
}

/// Whether a name has Rust's legacy mangling: C++'s with a hash at the end. Linkers may append a suffix such as
/// `.llvm.1234`.
fn is_legacy_rust(name: &str) -> bool {
    let symbol = name.split_once('.').map_or(name, |(symbol, _)| symbol);
    let hash = symbol.strip_suffix('E').and_then(|symbol| symbol.rsplit_once("17h"));
    name.starts_with("_ZN") && hash.is_some_and(|(_, hash)| is_hash(hash))
}

fn is_hash(digits: &str) -> bool {
    digits.len() == HASH && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Removes the hash from a Rust name demangled by a linker, such as `shout::h0123456789abcdef`.
fn without_hash(name: &str) -> &str {
    name.rsplit_once("::h").filter(|(_, hash)| is_hash(hash)).map_or(name, |(name, _)| name)
}

fn rust(name: &str) -> Option<String> {
    let mut bounded = Bounded::default();
    // The alternate form omits the hash.
    write!(bounded, "{:#}", rustc_demangle::try_demangle(name).ok()?).ok()?;
    Some(bounded.0)
}

fn cpp(name: &str) -> Option<String> {
    let mut bounded = Bounded::default();
    let symbol = cpp_demangle::Symbol::new(name.as_bytes()).ok()?;
    symbol.structured_demangle(&mut bounded, &cpp_demangle::DemangleOptions::default()).ok()?;
    Some(bounded.0)
}

/// A string with a maximum length; writing more fails.
#[derive(Default)]
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mangling_is_undone_and_other_names_stay() {
        for (name, expected) in [
            ("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"),
            ("_ZN4core3fmt5write17h0123456789abcdefE.llvm.42", "core::fmt::write"),
            ("_RNvC6_123foo3bar", "123foo::bar"),
            ("_RNvMs_Cs4Cv8Wi1oAIB_7mycrateNtB4_3Foo3bar", "<mycrate::Foo>::bar"),
            ("core::fmt::write::h0123456789abcdef", "core::fmt::write"),
            ("_ZN5space3fooEibc", "space::foo(int, bool, char)"),
            ("_ZN5space3fooEv", "space::foo()"),
            ("foo(int)", "foo(int)"),
            ("main.shout", "main.shout"),
            ("title/shout", "title/shout"),
            ("~lib/rt/itcms/__new", "~lib/rt/itcms/__new"),
            ("_Z", "_Z"),
            ("_R", "_R"),
            ("a::h123", "a::h123"),
            ("", ""),
        ] {
            assert_eq!(demangle(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_that_grows_without_end_stays_mangled() {
        // Each pair repeats the previous one twice.
        let pairs = |count: u32| {
            let pair = |n: u32| format!("St4pairI{}E", format!("S{}_", base36(2 * n)).repeat(2));
            format!("_Z1f1a{}", (0..count).map(pair).collect::<String>())
        };
        assert_eq!(demangle(&pairs(2)), "f(a, std::pair<a, a>, std::pair<std::pair<a, a>, std::pair<a, a> >)");
        assert_eq!(demangle(&pairs(40)), pairs(40));
        let long = "é".repeat(LONGEST);
        assert!(demangle(&long).ends_with("é…"));
    }

    /// The number of a substitution: none for the first.
    fn base36(n: u32) -> String {
        let digit = |n: u32| char::from_digit(n, 36).map(|c| c.to_ascii_uppercase()).unwrap_or_default();
        match n.checked_sub(1) {
            None => String::new(),
            Some(n) if n < 36 => digit(n).to_string(),
            Some(n) => format!("{}{}", digit(n / 36), digit(n % 36)),
        }
    }
}
