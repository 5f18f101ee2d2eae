//! The guests of tests/findings, each with a fault that a finding names.

use std::path::{Path, PathBuf};

/// A guest of tests/findings, the lines that it gets, its further arguments, and the exit status with `--check`.
pub(crate) struct Broken {
    pub(crate) guest: &'static str,
    pub(crate) lines: &'static [&'static str],
    pub(crate) args: &'static [&'static str],
    pub(crate) status: i32,
}

const fn broken(guest: &'static str, lines: &'static [&'static str]) -> Broken {
    Broken { guest, lines, args: &[], status: 8 }
}

/// Every guest that has a fault; the name of the finding begins its name.
pub(crate) const BROKEN: &[Broken] = &[
    broken("read-after-free", &["hello, world"]),
    broken("double-free", &["hello"]),
    Broken { status: 5, ..broken("double-free-twice", &["hello"]) },
    broken("wrong-size", &["hello"]),
    Broken { status: 5, ..broken("rejected-free", &["hello"]) },
    broken("use-after-free", &["hello, world"]),
    broken("leak", &["a", "b", "c", "d", "e", "f", "g", "h"]),
    broken("null-block", &["hello, world"]),
    broken("overlapping-blocks", &["hello, world"]),
    broken("overwritten-block", &["hello, world"]),
    broken("answer-on-stack", &["hello"]),
    broken("host-overrun", &["hello"]),
    broken("host-over-data", &["hello"]),
    broken("constant-overwritten", &["world"]),
    broken("block-overrun", &["hello"]),
    broken("buffer-overrun", &["sixteen letters!"]),
    Broken { args: &["--trace", "loads"], ..broken("block-overread", &["hello, world", "bye"]) },
    Broken { args: &["--trace", "loads"], ..broken("block-overread-peeled", &["hello, world", "bye"]) },
    broken("stack-overflow", &["hello"]),
    broken("null-write", &["hello"]),
    broken("stale-pointer", &["one", "two", "hello, world", "four"]),
    broken("stale-pointer", &["Did you know", "hi", "again"]),
    Broken { args: &["--trace", "loads"], ..broken("overwritten-line", &["abcd"]) },
    Broken { args: &["--trace", "loads"], ..broken("overwritten-line-before", &["hello"]) },
    broken("split-character", &["na\u{ef}ve \u{e9}t\u{e9}"]),
    broken("leftovers", &["hello, world", "bye"]),
    broken("unwritten-tail", &["hello"]),
    broken("text-after-zero", &["hello world"]),
    broken("text-after-zero", &["hello big  world "]),
    broken("text-after-zero", &["a b c"]),
    broken("text-after-zero", &["a b c d"]),
    broken("utf-16", &["hello"]),
    broken("utf-16-to-zero", &["hello"]),
    broken("surrogates", &["smile "]),
    broken("length-in-characters", &["h\u{e9}llo"]),
    broken("length-in-characters-utf-16", &["h\u{1f600}llo"]),
    broken("swapped", &["hello"]),
    broken("swapped-import", &["hello"]),
    Broken { status: 5, ..broken("negative-number", &["hello"]) },
    Broken { status: 5, ..broken("sign-extended", &["hello"]) },
    Broken { status: 5, ..broken("host-pointer", &["hello"]) },
    broken("not-initialized", &["hello", "bye"]),
    broken("program-over", &["hello"]),
    broken("stubbed-import", &["hello"]),
    Broken { args: &["--trace", "loads"], ..broken("uninitialized-read", &["hello"]) },
    Broken { args: &["--poison", "cc"], ..broken("poisoned-answer", &["hello"]) },
];

impl Broken {
    /// The finding that it is to raise, of all names.
    pub(crate) fn name(&self, names: impl Iterator<Item = &'static str>) -> &'static str {
        let fitting = names.filter(|name| self.guest.starts_with(name));
        fitting.max_by_key(|name| name.len()).expect("its name begins with that of a finding")
    }

    /// Its file with this extension: wat or recipe.
    pub(crate) fn file(&self, extension: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/findings");
        folder.join(self.guest).with_extension(extension)
    }
}
