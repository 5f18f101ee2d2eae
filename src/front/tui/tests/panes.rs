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
    assert_eq!(rows[..3], [4 * 3 - 1 + 4, 8 * 3 - 1 + 8, 2 * 3 - 1 + 2]);
}

#[test]
fn the_cursor_hides_no_sign_of_a_region() {
    for theme in [Theme::MONOCHROME, Theme::COLORED] {
        let mut bench = Bench::new(theme);
        bench.send("Did you know");
        bench.draw(80, 24);
        bench.keys("\x1b:0x410");
        bench.key(KeyCode::Enter);
        let buffer = bench.settled(80, 24);
        let shown = text(&buffer);
        let row = shown
            .lines()
            .collect::<Vec<_>>()
            .iter()
            .rposition(|line| line.contains("00000410"))
            .expect("the answer's row");
        assert!(shown.lines().nth(row).is_some_and(|line| line.contains("00000410 {44]69")), "{shown}");
        let cell = &buffer[(10, u16::try_from(row).expect("it fits"))];
        assert!(cell.symbol() == "{" && cell.modifier.contains(Modifier::REVERSED), "{shown}");
        bench.keys(":0x429");
        bench.key(KeyCode::Enter);
        let shown = text(&bench.settled(80, 24));
        assert!(shown.contains("6c[21}00"), "{shown}");
    }
}

#[test]
fn legends_explain_the_signs_on_the_screen_first() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(80, 24);
    bench.keys("\x1b>");
    let shown = text(&bench.settled(80, 24));
    assert!(shown.contains("m module") && shown.contains("g guest ") && shown.contains("' earlier"), "{shown}");
    bench.draw(160, 45);
    let shown = text(&bench.settled(160, 45));
    let strip = "m module  h host  g guest  x failed  + grew  . no change  underlined: wrote this byte";
    assert!(shown.contains(strip), "{shown}");
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
