//! The structs that are built in, in the language that users declare theirs in.

use std::sync::{Arc, LazyLock};

use super::parse;
use crate::debug::{DataKind, DataType};

/// A description, then the declaration.
const DECLARED: &[(&str, &str)] = &[
    ("Rust &str, and any other pointer and length", "str { char *ptr[len]; u32 len; }"),
    ("Rust &[u8]", "slice { u8 *ptr[len]; u32 len; }"),
    ("Rust String, in the order that rustc 1.80 and later use", "String { u32 capacity; char *ptr[len]; u32 len; }"),
    ("Rust Vec<u8>, likewise", "Vec { u32 capacity; u8 *ptr[len]; u32 len; }"),
    ("Go string", "go.string { char *64 ptr[len]; i64 len; }"),
    ("Go []byte", "go.slice { u8 *64 ptr[len]; i64 len; i64 cap; }"),
    ("TinyGo string", "tinygo.string { char *ptr[len]; u32 len; }"),
    ("TinyGo []byte", "tinygo.slice { u8 *ptr[len]; u32 len; u32 cap; }"),
    (
        "AssemblyScript String, at the pointer that the guest returns; its header is before it",
        "as.string { u32 mmInfo @ -20; u32 gcInfo @ -16; u32 gcInfo2 @ -12; u32 rtId @ -8; u32 rtSize @ -4; \
         char16 text[rtSize/2] @ 0; }",
    ),
    (
        "the header of any AssemblyScript object, at the pointer to it",
        "as.header { u32 mmInfo @ -20; u32 gcInfo @ -16; u32 gcInfo2 @ -12; u32 rtId @ -8; u32 rtSize @ -4; }",
    ),
    ("an i64 with the pointer in its high half, the length in its low half", "packed { u32 len; char *ptr[len]; }"),
    ("an i64 with the halves the other way around", "packed-low { char *ptr[len]; u32 len; }"),
];

/// libc++'s strings, which no declaration can describe: name, whether the pointer comes first, description.
const CXX_STRINGS: [(&str, bool, &str); 3] = [
    ("std::string", true, "libc++ std::string of Emscripten and wasi-sdk"),
    ("std::__2::string", true, "the same, by its full name"),
    ("std::__1::string", false, "libc++ std::string of Zig"),
];

static BUILT_IN: LazyLock<Vec<(Arc<DataType>, &str)>> = LazyLock::new(|| {
    let read = |text: &str| parse::declaration(text, &|name| Err(format!("unknown type {name}")));
    let declared = DECLARED.iter().filter_map(|(about, text)| Some((read(text).ok()?, *about)));
    let cxx = CXX_STRINGS.into_iter().map(|(name, data_first, about)| {
        let kind = DataKind::CxxString { data_first };
        (Arc::new(DataType { name: name.to_owned(), size: 12, align: 4, kind }), about)
    });
    declared.chain(cxx).collect()
});

/// The built-in structs, each with a description.
pub fn built_in_structs() -> impl Iterator<Item = (&'static DataType, &'static str)> {
    BUILT_IN.iter().map(|(ty, about)| (&**ty, *about))
}

pub(super) fn named(name: &str) -> Option<Arc<DataType>> {
    BUILT_IN.iter().find(|(ty, _)| ty.name == name).map(|(ty, _)| ty.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_valid_declaration() {
        assert_eq!(built_in_structs().count(), DECLARED.len() + CXX_STRINGS.len());
        let sizes = ["str", "String", "go.string", "go.slice", "std::string"].map(|name| named(name).map(|ty| ty.size));
        assert_eq!(sizes, [Some(8), Some(12), Some(16), Some(24), Some(12)]);
    }
}
