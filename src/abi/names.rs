//! Classifying exports and imports by the words in their names.

use crate::record::plain;

/// What the words in a function's name suggest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It returns an address.
    Pointer,
    /// It returns a size.
    Size,
    /// It concerns the line.
    Input,
    /// It concerns the answer.
    Output,
    /// A host function that takes the answer.
    Answer,
    /// A host function that takes a message.
    Message,
    /// It concerns an error.
    Error,
    Allocator,
    Deallocator,
}

impl Kind {
    /// The kind with that name in evidence.
    pub(super) fn of(word: &str) -> Option<Kind> {
        Some(match word {
            "pointer" => Kind::Pointer,
            "size" => Kind::Size,
            "input" => Kind::Input,
            "output" => Kind::Output,
            "answer" => Kind::Answer,
            "message" => Kind::Message,
            "error" => Kind::Error,
            "allocator" => Kind::Allocator,
            "deallocator" => Kind::Deallocator,
            _ => return None,
        })
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Kind::Pointer => &["ptr", "pointer", "buffer", "buf", "addr", "address", "offset"],
            Kind::Size => &["len", "length", "size", "cap", "capacity", "room"],
            Kind::Input => &["input", "in", "source", "src", "request", "arg", "args"],
            Kind::Output => &["output", "out", "result", "response", "destination", "dst", "answer"],
            Kind::Answer => {
                &["result", "output", "answer", "response", "return", "callback", "handler", "reply", "emit"]
            }
            Kind::Message => &[
                "log", "print", "println", "debug", "info", "warn", "warning", "error", "trace", "console", "message",
                "panic",
            ],
            Kind::Error => &["error", "err"],
            Kind::Allocator => &["malloc", "alloc", "allocate"],
            Kind::Deallocator => &["free", "dealloc", "deallocate"],
        }
    }

    /// Whether a function's name contains a word of this kind.
    pub(super) fn names(self, name: &str) -> bool {
        has_word(name, self.words())
            && match self {
                Kind::Pointer => !Kind::Size.names(name) && !is_service(name),
                Kind::Allocator => !has_word(name, &["realloc", "calloc", "dealloc"]) && !name.contains("wbindgen"),
                Kind::Deallocator => !name.contains("wbindgen"),
                _ => true,
            }
    }
}

/// Words in the names of functions that serve a runtime and transform nothing.
const SERVICE: &[&str] = &[
    "realloc",
    "calloc",
    "new",
    "pin",
    "unpin",
    "collect",
    "retain",
    "release",
    "wbindgen",
    "wbg",
    "stack",
    "cabi",
    "initialize",
    "start",
    "main",
    "init",
    "errno",
];
/// Words in the names of functions that read or change a module's state and transform nothing.
const STATE: &[&str] = &["get", "set", "error", "version", "bind", "count", "drop", "clone"];

/// Whether a function belongs to the runtime. Toolchains prefix such names with two underscores.
pub(super) fn is_service(name: &str) -> bool {
    let words = [Kind::Allocator.words(), Kind::Deallocator.words(), SERVICE];
    name.starts_with("__") || words.iter().any(|words| has_word(name, words))
}

/// Whether a function may be a transform, by its name.
pub(crate) fn may_transform(name: &str) -> bool {
    !is_service(name) && !has_word(name, STATE)
}

/// Whether a function frees memory, by its name.
pub(crate) fn frees(name: &str) -> bool {
    has_word(name, Kind::Deallocator.words())
}

/// Whether a function allocates memory, by its name.
pub(super) fn allocates(name: &str) -> bool {
    has_word(name, Kind::Allocator.words()) || has_word(name, &["new"])
}

/// Whether a name such as `get_buffer_len`, `getBufferLen` or `bufferlen` contains one of the words.
pub(super) fn has_word(name: &str, words: &[&str]) -> bool {
    let fits = |part: &String, word: &str| part == word || (word.len() > 3 && part.ends_with(word));
    parts(name).iter().any(|part| words.iter().any(|word| fits(part, word)))
}

/// The getter of a size that belongs to a getter of an address: the same name with a word for a size, as `x_buffer_len`
/// for `x_buffer_ptr`. `len` alone may be the length of anything.
pub(super) fn size_getter<'a>(getters: &[&'a str], pointer: &str) -> Option<&'a str> {
    let subject = |name: &str| -> Vec<String> {
        let general = [Kind::Size.words(), &["get", "ptr", "pointer", "addr", "offset"]].concat();
        parts(name).into_iter().filter(|part| !part.is_empty() && !general.contains(&part.as_str())).collect()
    };
    let wanted = subject(pointer);
    let mut sized = getters.iter().copied().filter(|name| Kind::Size.names(name));
    sized.find(|name| !wanted.is_empty() && subject(name) == wanted)
}

/// Splits a name into words, in lower case.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for (before, c) in std::iter::once(' ').chain(name.chars()).zip(name.chars()) {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            parts.push(String::new());
        }
        parts.last_mut().expect("never empty").extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
    }
    parts
}

/// The first few names, and the number of others.
pub(super) fn list(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown = |name: &&str| if name.is_empty() { "\"\"".to_owned() } else { plain(name) };
    let shown: Vec<_> = names.iter().take(SHOWN).map(shown).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more, which `linmem inspect --all` lists", shown.join(", ")),
    }
}
