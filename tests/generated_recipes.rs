//! Generated recipes give the same results when they are compiled as when they are interpreted.

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
