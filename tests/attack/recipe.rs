//! Any text as a recipe: parsing it, printing it, and running it on guests that trap, exit, nest and lie.

use linmem::abi::{InputLine, recipe};

use super::{assert_safe, limits};
use crate::odd_guest::{HANDLERS, HEAD, ODD, chatty};
use crate::recipe_writer::recipe_of;
use crate::side_by_side::open;

/// Lines with what a recipe may trip over.
const LINES: [&[u8]; 5] = [b"hello", b"", b"sevenup", b"\xff\0caf\xc3\xa9", b"0061fe"];

pub(crate) fn run(data: &[u8]) {
    let Some((&guest, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let Ok(parsed) = recipe::parse(&text) else { return };
    // A recipe that is printed, as `:recipe` does, means the same.
    let printed = parsed.to_string();
    let again = recipe::parse(&printed).unwrap_or_else(|error| panic!("{error} in {printed:?}, printed from {text:?}"));
    assert_eq!(again.to_string(), printed, "{text:?}");
    // Both may be shown on a terminal.
    assert_safe(&printed.replace('\t', " "));
    assert_safe(&recipe::format(&text).expect("what can be parsed can be formatted").replace('\t', " "));
    let guest = if guest.is_multiple_of(2) { ODD.to_owned() } else { chatty() };
    let Some(mut live) = open(&guest, &text, limits()) else { return };
    for bytes in LINES {
        let ended = live.answer(InputLine { bytes, ended: true }, &mut Vec::new());
        if !ended.is_well() && live.restart().is_err() {
            return;
        }
    }
    for (bytes, number) in LINES.into_iter().zip(1..) {
        let exchange = live.send(InputLine { bytes, ended: false }, number);
        assert!(exchange.is_well_formed(), "{text:?}");
        if exchange.outcome.is_err() && live.restart().is_err() {
            return;
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let built_in = linmem::abi::built_in_recipes().map(|(_, recipe)| recipe.to_string());
    let handlers = [format!("{HEAD}each line\n  a = nest(n)\n  read n at 2048\n{HANDLERS}")];
    let generated =
        (0..8_u8).map(|seed| recipe_of(&[seed.wrapping_mul(37); 64].map(|byte| byte ^ seed), seed % 2 == 1));
    let texts = built_in.chain(handlers).chain(generated);
    texts.flat_map(|text| [[&[0], text.as_bytes()].concat(), [&[1], text.as_bytes()].concat()]).collect()
}
