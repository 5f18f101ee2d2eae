//! Generated recipes give the same results when they are compiled as when they are interpreted.

use linmem::abi::built_in_recipes;
use linmem::abi::recipe::{Recipe, format, parse};
use linmem::guest::Limits;
use proptest::prelude::*;

use crate::odd_guest::{ODD, chatty};
use crate::recipe_writer::recipe_of;
use crate::side_by_side::compare;

fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let line = prop_oneof![
        8 => prop::collection::vec(prop::sample::select(b"abcXYZ \0\xc3\xa9\xff".to_vec()), 0..24),
        4 => "[a-z]{0,20}".prop_map(String::into_bytes),
        1 => (0usize..3000).prop_map(|len| vec![b'x'; len]),
    ];
    prop::collection::vec(line, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn compiled_recipes_behave_like_interpreted_ones(bytes in prop::collection::vec(any::<u8>(), 20..120), lines in lines()) {
        let _ = compare(ODD, &recipe_of(&bytes, false), &lines, b'\n', Limits::default());
        let _ = compare(&chatty(), &recipe_of(&bytes, true), &lines, b'\n', Limits::default());
    }
}

/// A recipe without its line numbers, which formatting changes.
fn unnumbered(text: &str) -> Option<Recipe> {
    let mut recipe = parse(text).ok()?;
    recipe.statements_mut().for_each(|statement| statement.at = 0);
    recipe.handlers.iter_mut().for_each(|handler| handler.at = 0);
    Some(recipe)
}

/// The same text with other spaces, blank lines and comments.
fn untidy(text: &str, bytes: &[u8]) -> String {
    let mut odd = bytes.iter().copied().cycle();
    let mut next = move || odd.next().unwrap_or(0);
    let mut quoted = false;
    let mut untidy = String::new();
    for line in text.lines() {
        for c in line.chars() {
            quoted ^= c == '"';
            untidy.push_str(match c {
                ' ' | ',' | '(' | ')' if !quoted && next() % 3 == 0 => "  ",
                _ => "",
            });
            untidy.push(c);
        }
        quoted = false;
        untidy.push_str(["", "", " ", "# and so on", "   #  why", "\n", "\n\n# apart"][usize::from(next()) % 7]);
        untidy.push('\n');
    }
    untidy
}

/// Checks that formatting keeps the meaning and the comments, and is done after once.
fn check_format(text: &str) {
    let formatted = format(text).expect("it is valid");
    assert_eq!(unnumbered(&formatted), unnumbered(text), "{text}\n{formatted}");
    assert_eq!(format(&formatted).as_ref(), Ok(&formatted));
    let comments = |text: &str| {
        let comments = text.lines().filter_map(|line| Some(line.split_once('#')?.1.trim_end().to_owned()));
        comments.collect::<Vec<_>>()
    };
    assert_eq!(comments(&formatted), comments(text));
}

#[test]
fn built_in_recipes_keep_their_meaning_when_formatted() {
    for (name, text) in built_in_recipes() {
        check_format(text);
        assert_eq!(format(text).as_deref(), Ok(text), "{name} is formatted");
        for seed in 1..20 {
            check_format(&untidy(text, &[seed, 7, 2 * seed, 3, seed + 5]));
        }
    }
}

proptest! {
    #[test]
    fn generated_recipes_keep_their_meaning_when_formatted(bytes in prop::collection::vec(any::<u8>(), 20..120)) {
        for is_chatty in [false, true] {
            let text = recipe_of(&bytes, is_chatty);
            if parse(&text).is_ok() {
                check_format(&untidy(&text, &bytes));
            }
        }
    }
}

#[test]
fn most_generated_recipes_are_valid_and_compile() {
    for (guest, is_chatty) in [(ODD.to_owned(), false), (chatty(), true)] {
        let (mut right, mut compiled) = (0, 0);
        for seed in 0..200u32 {
            let bytes = (0..100u32).flat_map(|place| ((seed * 7919 + place * 104_729) >> 7).to_le_bytes());
            let bytes: Vec<_> = bytes.step_by(4).collect();
            let lines = [b"hello".to_vec(), b"sevenup".to_vec(), Vec::new()];
            let done = compare(&guest, &recipe_of(&bytes, is_chatty), &lines, b'\n', Limits::default());
            right += usize::from(done.is_some());
            compiled += usize::from(done == Some(true));
        }
        assert!(right > 100 && compiled > 80, "{right} of 200 are right, {compiled} are compiled");
    }
}
