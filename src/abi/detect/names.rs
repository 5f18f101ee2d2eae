//! What the names of exports and imports say: the words in them.

use crate::record::plain;

/// Words in the name of a function that tells where something is.
pub(super) const POINTER: &[&str] = &["ptr", "pointer", "buffer", "buf", "addr", "address", "offset"];
/// Words in the name of a function that tells how large something is.
pub(super) const ROOM: &[&str] = &["len", "length", "size", "cap", "capacity", "room"];
/// Words in the name of what is for the line.
pub(super) const INPUT: &[&str] = &["input", "in", "source", "src", "request", "arg", "args"];
/// Words in the name of what is for the answer.
pub(super) const OUTPUT: &[&str] = &["output", "out", "result", "response", "destination", "dst", "answer"];
/// Words in the name of a function of the host's that takes the answer.
pub(super) const TAKES_ANSWER: &[&str] =
    &["result", "output", "answer", "response", "return", "callback", "handler", "reply", "emit"];
/// Words in the name of a function of the host's that takes a message.
pub(super) const TAKES_MESSAGE: &[&str] =
    &["log", "print", "println", "debug", "info", "warn", "warning", "error", "trace", "console", "message", "panic"];
/// Words in the name of a function that hands out memory.
pub(super) const ALLOC: &[&str] = &["malloc", "alloc", "allocate"];
/// Words in the name of a function that takes memory back.
pub(super) const FREE: &[&str] = &["free", "dealloc", "deallocate"];
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
    name.starts_with("__") || [ALLOC, FREE, SERVICE].iter().any(|words| has_word(name, words))
}

/// Whether a function may transform something, by its name.
pub(super) fn may_transform(name: &str) -> bool {
    !is_service(name) && !has_word(name, STATE)
}

/// Whether a function takes memory back, by its name.
pub(in crate::abi) fn frees(name: &str) -> bool {
    has_word(name, FREE)
}

/// Whether one of the words stands in a name such as `get_buffer_len`, `getBufferLen` or `bufferlen`.
pub(super) fn has_word(name: &str, words: &[&str]) -> bool {
    let fits = |part: &String, word: &str| part == word || (word.len() > 3 && part.ends_with(word));
    parts(name).iter().any(|part| words.iter().any(|word| fits(part, word)))
}

/// The words of a name, in small letters.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for (before, c) in std::iter::once(' ').chain(name.chars()).zip(name.chars()) {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            parts.push(String::new());
        }
        parts.last_mut().expect("never empty").extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
    }
    parts
}

/// The names, as many as a reader has patience for.
pub(super) fn list(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| plain(name)).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
