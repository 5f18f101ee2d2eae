//! The modules of linmem that need no others, to be run under Miri, which finds undefined behaviour: `cargo +nightly miri
//! test` in this folder. The whole library has a compiler among its dependencies, which Miri would prepare for hours.

#![allow(dead_code, unused_imports, unreachable_pub, reason = "the rest of linmem is not here")]

#[path = "../../../src/record/mod.rs"]
mod record;

/// The parts of the view that know the record only.
#[path = "."]
mod view {
    #[path = "../../../src/view/characters.rs"]
    mod characters;
    #[path = "../../../src/view/fold.rs"]
    mod fold;
    #[path = "../../../src/view/marks.rs"]
    mod marks;
    #[path = "../../../src/view/number.rs"]
    mod number;
    #[path = "../../../src/view/numbers.rs"]
    mod numbers;
    #[path = "../../../src/view/row.rs"]
    mod row;
    #[path = "../../../src/view/search.rs"]
    mod search;
    #[path = "../../../src/view/text.rs"]
    mod text;
    #[path = "../../../src/view/timeline.rs"]
    mod timeline;
    #[path = "../../../src/view/touches.rs"]
    mod touches;

    pub(crate) use marks::{Mark, Marks};
    pub(crate) use row::MAX_WIDTH;
    pub(crate) use text::{counted, thousands, unescape, visible};
}

#[cfg(test)]
mod travel;
