//! The panes and their styles, and the lines below them.

use super::*;

#[test]
fn without_colour_no_cell_has_one() {
    let mut bench = Bench::new(Theme::MONOCHROME);
    bench.send("Did you know");
    let buffer = bench.draw(120, 40);
    assert!(buffer.content().iter().all(|cell| cell.fg == ratatui::style::Color::Reset && cell.bg == cell.fg));
    let reversed = |y: u16| (0..120).filter(|&x| buffer[(x, y)].modifier.contains(Modifier::REVERSED)).count();
    // 4, 8 and 2 bytes in three rows of the after pane: two digits each, single spaces between, and the text. The
    // cursor's bracket replaces one of the spaces.
    assert_eq!(reversed(1), 1, "the cell of the exchange in the strip");
    let rows: Vec<_> = (2..30).map(reversed).filter(|&count| count > 0).collect();
    assert_eq!(rows[..3], [4 * 3 - 2 + 4, 8 * 3 - 1 + 8, 2 * 3 - 1 + 2]);
}

#[test]
fn panes_can_be_arranged_and_widened() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(120, 40);
    bench.key(KeyCode::Esc);
    bench.keys("v");
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("44 69 64 20 79 6f 75 20  6b 6e 6f 77"), "stacked: {shown}");
    bench.keys("v");
    let shown = text(&bench.draw(120, 40));
    let old = shown.lines().position(|line| line.starts_with("-00000410")).expect("as it was");
    assert!(shown.lines().nth(old + 1).expect("as it is").starts_with("g00000410"), "{shown}");
    assert!(shown.lines().nth(old + 1).expect("as it is").contains("Did you know Was"), "16 bytes: {shown}");
    bench.keys("b");
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("-00000418  6b 6e 6f 77[00]00 00 00  know\u{b7}"), "8 bytes: {shown}");
    bench.keys("BB");
    assert!(text(&bench.draw(120, 40)).contains("32 bytes per row"));
    bench.keys("v");
    assert!(text(&bench.draw(120, 40)).contains("side by side"));
}

#[test]
fn bytes_that_changed_earlier_are_marked_weakly() {
    let mut bench = Bench::new(Theme::MONOCHROME);
    bench.send("Did you know");
    bench.key(KeyCode::F(8));
    let buffer = bench.draw(120, 40);
    let shown = text(&buffer);
    let row = (0..40).find(|&y| buffer[(60, y)].symbol() == "'").expect("the gutter tells");
    let bold = (60..120).filter(|&x| buffer[(x, row)].modifier == Modifier::BOLD).count();
    assert_eq!(bold, 8 * 3, "two digits and a letter for each of eight bytes: {shown}");
}

#[test]
fn a_message_that_is_too_long_for_its_line_takes_the_one_above_too() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send(&"x".repeat(1100));
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("the line has 1,100 bytes") && shown.contains("nothing was written"), "{shown}");
}
