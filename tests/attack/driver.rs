//! A generated recipe: compiled into a driver, it does what it does step by step.

use arbitrary::Unstructured;

use super::limits;
use crate::odd_guest::{ODD, chatty};
use crate::recipe_writer::recipe_of;
use crate::side_by_side::compare;

/// The longest recipe, in bytes that choose it, and the most lines.
const RECIPE: usize = 160;
const LINES: usize = 40;

pub(crate) fn run(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let is_chatty = bytes.arbitrary().unwrap_or_default();
    let choices = bytes.len().min(RECIPE);
    let Ok(choices) = bytes.bytes(choices) else { return };
    let recipe = recipe_of(choices, is_chatty);
    let rest = bytes.take_rest();
    let lines: Vec<_> = rest.split(|&byte| byte == b'\n').take(LINES).map(<[u8]>::to_vec).collect();
    let guest = if is_chatty { chatty() } else { ODD.to_owned() };
    // A limit of time ends different lines in each run.
    let limits = linmem::guest::Limits { time: None, ..limits() };
    let _ = compare(&guest, &recipe, &lines, b'\n', limits);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let recipes = (0..40_u32).map(|seed| {
        let choices =
            (0..=u32::try_from(RECIPE).expect("it is small")).map(|place| (seed * 7919 + place * 104_729) >> 7);
        let choices: Vec<u8> = choices.map(|choice| choice.to_le_bytes()[0]).collect();
        [&choices[..], b"hello\nsevenup\n\n\xffabc\nx\n"].concat()
    });
    recipes.collect()
}
