//! The panel of values, and the panes on small screens.

use super::*;

/// A screen with the focus on the memory, after a line.
fn looking(width: u16, height: u16) -> (Bench, String) {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(width, height);
    bench.key(KeyCode::Esc);
    let shown = text(&bench.settled(width, height));
    (bench, shown)
}

#[test]
fn the_values_say_how_many_of_them_are_in_sight() {
    let (_, shown) = looking(80, 24);
    assert!(shown.contains("at 0x41c  output+0xc +1  4 of 18"), "{shown}");
    let (_, shown) = looking(80, 40);
    assert!(shown.contains("at 0x41c  output+0xc, buffer+0xc ") && shown.contains("c string"), "{shown}");
    let (_, shown) = looking(120, 40);
    assert!(shown.contains("at 0x41c  output+0xc, buffer+0xc \u{2500}"), "all are: {shown}");
    let (_, shown) = looking(44, 24);
    assert!(shown.contains("at 0x41c"), "the address is never cut for it: {shown}");
}

#[test]
fn a_value_as_it_is_now_is_whole_where_it_fits() {
    let (mut bench, shown) = looking(80, 40);
    assert!(shown.contains("u32      0 -> 1935759136"), "{shown}");
    assert!(shown.contains("pointer  0\u{2026} -> 0x73615720 outside"), "{shown}");
    assert!(shown.contains("c string -> \" Wasm is cool!\" 14 B"), "{shown}");
    assert!(shown.contains("ptr+len  0x73615720+1936269421 o\u{2026}"), "{shown}");
    let shown = text(&bench.settled(120, 40));
    assert!(shown.contains("f64      \u{2026} -> 8.784183231951016e247"), "{shown}");
    let shown = text(&bench.settled(115, 40));
    assert!(shown.contains("pointer  0x0 ........ -> 0x73615720 outside"), "{shown}");
}

#[test]
fn an_arrangement_that_has_no_room_is_said_to_be_passed_over() {
    let (mut bench, _) = looking(80, 24);
    let mut press = |width, height| {
        bench.draw(width, height);
        bench.keys("v");
        text(&bench.draw(width, height))
    };
    let shown = press(80, 24);
    assert!(shown.contains("one pane: a changed row") && !shown.contains("side by side"), "{shown}");
    let shown = press(80, 24);
    assert!(shown.contains("before above after (side by side takes 89 columns; the screen has 80)"), "{shown}");
    press(88, 24);
    assert!(press(88, 24).contains("takes 89 columns; the screen has 88"));
    press(89, 24);
    assert!(press(89, 24).contains("before and after side by side"));
    assert!(press(40, 24).contains("the screen is too small to show memory"));
}

#[test]
fn the_changes_of_the_host_and_the_guest_are_kept_apart() {
    let (mut bench, _) = looking(100, 30);
    bench.key(KeyCode::F(2));
    bench.keys("\t");
    let shown = text(&bench.settled(100, 30));
    assert!(shown.contains("changes  26 bytes in 2 ranges"), "{shown}");
    assert!(
        shown.contains(">1 0x410..0x41c  12 B by the host ") && shown.contains(" 2 0x41c..0x42a  14 B by the guest ")
    );
    let narrow = text(&bench.settled(90, 30));
    assert!(narrow.contains("all steps: host 12 B at 0x410..0x41c; guest 14 B at 0x41c..0x42a"), "{narrow}");
    let wide = text(&bench.settled(160, 45));
    let sentence = "the host changed 12 bytes at 0x410..0x41c; the guest changed 14 bytes at 0x41c..0x42a";
    assert!(wide.contains(sentence), "{wide}");
    // Moves through all arrangements.
    bench.keys(".");
    assert_eq!(bench.full.app.space.cursor, 0x41c);
    assert!(text(&bench.settled(100, 30)).contains("range 2 of 2: 14 bytes (26 changed in all)"));
    bench.keys(",");
    assert_eq!(bench.full.app.space.cursor, 0x410);
}

#[test]
fn every_name_of_an_address_is_shown_or_counted() {
    let (mut bench, _) = looking(160, 45);
    for name in ["first", "second", "third", "fourth"] {
        bench.keys(&format!("m{name}"));
        bench.key(KeyCode::Enter);
    }
    bench.keys("h");
    bench.keys("l");
    let wide = text(&bench.settled(160, 45));
    assert!(wide.contains("at 0x41c  first, second, third, fourth, output+0xc +1 "), "{wide}");
    let narrow = text(&bench.settled(80, 24));
    assert!(narrow.contains("at 0x41c  first +5  4 of 18"), "{narrow}");
}

#[test]
fn the_result_of_a_call_by_hand_is_shown_as_a_number_and_as_an_address() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send(":call get_wasm_memory_buffer_pointer");
    let shown = text(&bench.settled(100, 30));
    assert!(shown.contains(":call get_wasm_memory_buffer_pointer  -> 1040 (0x410)"), "{shown}");
}

#[test]
fn the_map_shows_how_much_was_written_where_as_heat() {
    let (mut bench, _) = looking(120, 40);
    bench.keys("H");
    let shown = text(&bench.settled(120, 40));
    assert!(
        shown.contains("heat  1 cell = ") && shown.contains("9 = at least 26 B written in all exchanges"),
        "{shown}"
    );
    // The line is written by the host, and the answer's end by the guest: in one part.
    assert_eq!(shown.matches("....9....").count(), 1, "{shown}");
    bench.keys("i");
    bench.send("Did you know");
    bench.keys("\x1b");
    let shown = text(&bench.settled(120, 40));
    // Without tracing, the guest's second write is not seen: it changes nothing.
    assert!(shown.contains("9 = at least 38 B written"), "it is of all exchanges: {shown}");
    bench.keys("H");
    assert!(text(&bench.settled(120, 40)).contains("map  1 cell = "));
}
