//! Every size of the screen.

use super::*;

/// The states to draw: focus on the line, on the memory with each panel and arrangement, a prompt, the help.
const STATES: [&str; 9] = ["", "\x1b", "\t", "\t", "\t", "\tv", "\tv", "bb:0x41f", "\x1b?"];

#[test]
fn every_size_is_drawn() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    let few = [1, 2, 11, 12, 13, 17, 18, 24, 60, 250];
    for (state, keys) in STATES.into_iter().enumerate() {
        bench.keys(keys);
        // All small sizes, each in a third of the states, and all widths and heights at critical sizes of the other.
        let small = (1..=60u16).flat_map(|width| (1..=40u16).map(move |height| (width, height)));
        let mine = |(width, height): &(u16, u16)| (usize::from(width + height) + state).is_multiple_of(3);
        small.filter(mine).for_each(|(width, height)| bench.paint(width, height));
        for size in (61..=250).skip(state % 3).step_by(3) {
            few.iter().for_each(|&height| bench.paint(size, height));
            [1, 43, 44, 45, 80, 250].iter().for_each(|&width| bench.paint(width, size));
        }
    }
    bench.keys("\x1bi");
    assert!(text(&bench.draw(80, 24)).contains("exchange 1 of 1 | step 3 of 5"), "nothing was lost");
}

/// Takes minutes: run it with `cargo test --release -- --ignored all_sizes`.
#[test]
#[ignore = "takes minutes"]
fn all_sizes_in_all_states_are_drawn() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    for keys in STATES {
        bench.keys(keys);
        (1..=250).for_each(|width| (1..=250).for_each(|height| bench.paint(width, height)));
    }
}

#[test]
fn one_column_and_back_loses_nothing() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.keys("typed");
    bench.key(KeyCode::F(7));
    let before = bench.draw(120, 40);
    for (width, height) in [(1, 1), (250, 1), (1, 250), (44, 12), (43, 11), (120, 40)] {
        bench.paint(width, height);
    }
    assert_eq!(text(&bench.draw(120, 40)), text(&before));
}
