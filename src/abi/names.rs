//! What the names of exports and imports say: the words in them.

use crate::record::plain;

/// What the words in a name say of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It returns where something is.
    Pointer,
    /// It returns how large something is.
    Size,
    /// It is for the line.
    Input,
    /// It is for the answer.
    Output,
    /// It is a function of the host's that takes the answer.
    Answer,
    /// It is a function of the host's that takes a message.
    Message,
    /// It is about an error.
    Error,
    Allocator,
    Deallocator,
}

impl Kind {
    /// The kind that evidence calls by that word.
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

    /// Whether a function's name says so.
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

/// Words in the name of a function that serves a runtime and transforms nothing.
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
/// Words in the name of a function that looks at a module's state, or changes it, and transforms nothing.
const STATE: &[&str] = &["get", "set", "error", "version", "bind", "count", "drop", "clone"];

/// Whether a function is there for the runtime. Toolchains begin the names of theirs with two underscores.
pub(super) fn is_service(name: &str) -> bool {
    let words = [Kind::Allocator.words(), Kind::Deallocator.words(), SERVICE];
    name.starts_with("__") || words.iter().any(|words| has_word(name, words))
}

/// Whether a function may transform something, by its name.
pub(super) fn may_transform(name: &str) -> bool {
    !is_service(name) && !has_word(name, STATE)
}

/// Whether a function takes memory back, by its name.
pub(crate) fn frees(name: &str) -> bool {
    has_word(name, Kind::Deallocator.words())
}

/// Whether a function hands out memory, by its name.
pub(super) fn allocates(name: &str) -> bool {
    has_word(name, Kind::Allocator.words()) || has_word(name, &["new"])
}

/// Whether one of the words stands in a name such as `get_buffer_len`, `getBufferLen` or `bufferlen`.
pub(super) fn has_word(name: &str, words: &[&str]) -> bool {
    let fits = |part: &String, word: &str| part == word || (word.len() > 3 && part.ends_with(word));
    parts(name).iter().any(|part| words.iter().any(|word| fits(part, word)))
}

/// The function that returns the size of what another returns the address of: it is called like that one but for the
/// size, as `x_buffer_len` is beside `x_buffer_ptr`. A mere `len` may be the length of anything.
pub(super) fn size_getter<'a>(getters: &[&'a str], pointer: &str) -> Option<&'a str> {
    let subject = |name: &str| -> Vec<String> {
        let general = [Kind::Size.words(), &["get", "ptr", "pointer", "addr", "offset"]].concat();
        parts(name).into_iter().filter(|part| !part.is_empty() && !general.contains(&part.as_str())).collect()
    };
    let wanted = subject(pointer);
    let mut sized = getters.iter().copied().filter(|name| Kind::Size.names(name));
    sized.find(|name| !wanted.is_empty() && subject(name) == wanted)
}

/// The words of a name, in lower case.
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

/// The first few of the names, and how many more there are.
pub(super) fn list(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown = |name: &&str| if name.is_empty() { "\"\"".to_owned() } else { plain(name) };
    let shown: Vec<_> = names.iter().take(SHOWN).map(shown).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more, which `linmem inspect --all` lists", shown.join(", ")),
    }
}
