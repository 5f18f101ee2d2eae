//! The facts that the panes carry: what was read, where regions begin and end, structs, and what changes of the layout
//! keep in sight.

use super::space::by_recipe;
use super::*;
use crate::settings::Look;

/// Common terminal sizes.
const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (160, 45)];

#[test]
fn the_ends_of_the_line_the_answer_and_the_buffer_are_told_apart() {
    for theme in [Theme::MONOCHROME, Theme::COLORED] {
        let mut bench = Bench::new(theme);
        bench.send("Did you know");
        // The cursor is elsewhere, so that its brackets hide none.
        bench.keys("\x1b:0x42f");
        bench.key(KeyCode::Enter);
        for (width, height) in [(80, 24), (100, 30), (160, 45)] {
            let shown = text(&bench.settled(width, height));
            assert!(shown.contains("00000410 {44 69 64"), "where the answer begins: {shown}");
            assert!(shown.contains("6e 6f 77)20 57 61 73"), "where the line ends: {shown}");
            assert!(shown.contains("6c 21}00"), "where the answer ends: {shown}");
            // A mark of the module's own data is the least important.
            for name in ["(input", "{output", "|buffer"] {
                assert!(shown.contains(name), "{name}: {shown}");
            }
        }
    }
}

#[test]
fn blocks_end_with_signs_of_their_own_and_neighbours_share_a_gap() {
    let mut bench = by_recipe("each line\n  p = alloc(n + 3)\n  write at p\n* f(p)\n  answer the line");
    bench.send("abc");
    bench.keys("\x1bg");
    let shown = text(&bench.settled(100, 30));
    assert!(shown.contains("00000080 (61 62 63)00 00 00\\00 00"), "{shown}");
    assert!(shown.contains("(input") && shown.contains("/block1"), "{shown}");
    bench.keys(":mark near 0x86 1");
    bench.key(KeyCode::Enter);
    let shown = text(&bench.settled(100, 30));
    assert!(shown.contains("61 62 63)00 00 00|00|00"), "a mark of the user's is the most important: {shown}");
}

#[test]
fn what_a_step_reads_is_marked_and_said() {
    for theme in [Theme::MONOCHROME, Theme::COLORED] {
        let mut bench = Bench::new(theme);
        bench.send("Did you know");
        bench.keys("\x1b>>:0x42f");
        bench.key(KeyCode::Enter);
        for (width, height) in [(80, 24), (100, 30), (160, 45)] {
            let buffer = bench.settled(width, height);
            let shown = text(&buffer);
            assert!(shown.contains("step 5: the host read 26 bytes: \"Did you know Wasm is cool!\""), "{shown}");
            assert!(shown.contains("after  26 B read "), "{shown}");
            assert!(shown.contains("r host read"), "the legend: {shown}");
            // Every byte that was read, and no other, has its own style: digits and text.
            let read = theme.looking(Look::Dark).read();
            let is_read = |x: u16, y: u16| {
                let cell = &buffer[(x, y)];
                cell.symbol() != " "
                    && cell.bg == read.bg.unwrap_or_default()
                    && cell.modifier.contains(read.add_modifier)
            };
            let panes = bench.full.app.layout.after;
            let inside: String = (panes.y + 1..panes.bottom())
                .flat_map(|y| (panes.x..panes.right()).map(move |x| (x, y)))
                .filter(|&(x, y)| is_read(x, y))
                .map(|(x, y)| buffer[(x, y)].symbol().to_owned())
                .collect();
            let digits = inside.chars().filter(char::is_ascii_hexdigit).count();
            assert!(inside.contains("44696420") || inside.contains("4469642079"), "{inside}: {shown}");
            assert!(digits >= 52 && inside.ends_with("l!"), "{inside}: {shown}");
            assert_eq!(shown.lines().filter(|line| line.contains("r000004")).count(), if width == 100 { 4 } else { 2 });
        }
    }
}

#[test]
fn a_text_that_was_read_and_an_answer_are_shortened_and_their_sizes_stay() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send(&"long ".repeat(100));
    let shown = text(&bench.settled(80, 24));
    assert!(shown.contains("\u{2026}   (500 B -> 514 B, "), "{shown}");
    assert!(shown.contains("step 3: the guest changed 14 bytes"), "the summary is not covered: {shown}");
    bench.keys("\x1b>>");
    let shown = text(&bench.settled(80, 24));
    assert!(shown.contains("step 5: the host read 514 bytes: \"long long "), "{shown}");
    assert!(shown.contains("long\u{2026}\" ") || shown.contains("\u{2026}\"\n"), "{shown}");
}

#[test]
fn bytes_outside_memory_were_not_read() {
    let mut bench = by_recipe("each line\n  write at 8\n* f(n)\n  read 70000 at 1");
    bench.send("abc");
    let shown = text(&bench.settled(160, 45));
    assert!(shown.contains(">3 read  70,000 B at 0x1..0x11171 failed"), "the failed step is selected: {shown}");
    assert!(shown.contains("before  read 70,000 B at 0x1..0x11171 failed") && !shown.contains("{output"), "{shown}");
    assert!(shown.contains("step 3: the host could not read 70,000 bytes: memory ends at 0x10000"), "{shown}");
    assert!(!shown.contains("B read") && !shown.contains("r00000000"), "{shown}");
}

#[test]
fn a_theme_is_chosen_and_never_hides_a_change() {
    let mut bench = Bench::new(Theme::EXACT);
    bench.send("Did you know");
    let marked = |bench: &mut Bench| {
        let buffer = bench.settled(100, 30);
        let written = (0..30).flat_map(|y| (0..100).map(move |x| (x, y))).filter(|&place| {
            let cell = &buffer[place];
            cell.modifier.contains(Modifier::UNDERLINED) && cell.bg != ratatui::style::Color::Reset
        });
        let colors: std::collections::HashSet<_> = (2..20)
            .flat_map(|y| (0..100).map(move |x| (x, y)))
            .filter(|&place| buffer[place].bg == ratatui::style::Color::Reset)
            .map(|place| buffer[place].fg)
            .collect();
        (written.count(), colors.len())
    };
    let (changed, colors) = marked(&mut bench);
    for (theme, classes) in [("light", 0), ("dark-classes", 2), ("light-classes", 2), ("dark", 0)] {
        bench.send(&format!(":set theme {theme}"));
        let (still, now) = marked(&mut bench);
        assert_eq!(still, changed, "{theme}");
        assert_eq!(now, colors + classes, "{theme}: zeros and printable bytes");
    }
    bench.send(":set theme red");
    assert!(text(&bench.settled(100, 30)).contains("expected dark, light, dark-classes or light-classes, got `red`"));
    // Without colours there are none, whatever the theme.
    let mut bench = Bench::new(Theme::MONOCHROME);
    bench.send("Did you know");
    bench.send(":set theme dark-classes");
    let buffer = bench.settled(100, 30);
    assert!(buffer.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset));
}

#[test]
fn a_struct_is_shown_beside_the_steps_at_every_moment() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.send(":struct Line { char line[12]; u32 first; char tail[10]; }");
    let shown = text(&bench.settled(100, 30));
    assert!(shown.contains("Line  28 B, aligned to 4") && shown.contains("+0xc    first      u32"), "{shown}");
    bench.keys("\x1b");
    bench.send(":struct Line @ input");
    let shown = text(&bench.settled(100, 30));
    assert!(shown.contains("Line @ 28 B at 0x410..0x42c"), "a list: {shown}");
    assert!(shown.contains("+0xc    first      u32       0 -> 1935759136"), "{shown}");
    bench.key(KeyCode::Enter);
    assert_eq!(bench.full.app.space.cursor, 0x41c, "one goes to a member");
    let shown = text(&bench.settled(160, 45));
    assert!(shown.contains("Line @ 0x410") && shown.contains(">+0xc    first"), "the panel: {shown}");
    assert!(shown.contains("{output (input |buffer |Line") || shown.contains("|Line"), "{shown}");
    bench.keys("<");
    let shown = text(&bench.settled(160, 45));
    assert!(shown.contains("line       char[12]  \"\" -> \"Did you know\""), "before and after: {shown}");
    // The changes have the names of the members.
    bench.keys(">\t\t");
    let shown = text(&bench.settled(160, 45));
    assert!(shown.contains("14 B by the guest  Line.first .. tail"), "{shown}");
    bench.keys(":Line.tail");
    bench.key(KeyCode::Enter);
    assert_eq!(bench.full.app.space.cursor, 0x420);
    // Without a struct there is no such panel.
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("x");
    bench.keys("\x1b");
    bench.event(KeyCode::BackTab, KeyModifiers::SHIFT);
    assert!(text(&bench.settled(100, 30)).contains("last write at"));
}

#[test]
fn lists_use_rows_that_memory_leaves_empty_before_they_scroll() {
    let mut bench = by_recipe(
        "each line\n  p = alloc(n)\n  write at p\n* f(p)\n  f(p)\n  f(p)\n  f(p)\n  f(p)\n  f(p)\n  f(p)\n  f(p)\n  f(p)\n  \
         f(p)\n  f(p)\n  f(p)\n  answer the line",
    );
    bench.send("abc");
    let shown = text(&bench.settled(100, 30));
    assert!(shown.contains("14 call  f(0x80) returned"), "all fourteen steps: {shown}");
    assert!(shown.contains("00000080 (61 62 63)"), "and all that there is to see of memory: {shown}");
    assert!(shown.contains("0000fff8"), "{shown}");
    // The rows stay where they are while the steps of the exchange are gone along.
    let top = bench.full.app.layout.steps.y;
    for _ in 0..20 {
        bench.key(KeyCode::F(8));
        bench.settled(100, 30);
        assert_eq!(bench.full.app.layout.steps.y, top);
    }
}

#[test]
fn a_name_has_one_form_in_the_list_of_steps() {
    let guest = r#"(module (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_readdir" (func $dir (param i32) (result i32)))
        (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32)
            (drop (call $read (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 3)))
            (drop (call $read (i32.const 1000000000) (i32.const 1000000000) (i32.const 1) (i32.const 1)))
            (drop (call $dir (i32.const 1)))
            (local.get 0)))"#;
    let mut bench = Bench::wat(guest);
    bench.send("x");
    bench.keys("\x1b");
    for (width, height) in [(80, 40), (100, 30), (160, 45)] {
        let shown = text(&bench.settled(width, height));
        let forms: std::collections::HashSet<_> = shown
            .lines()
            .filter_map(|line| line.split_once("import "))
            .filter_map(|(_, step)| step.split_once('('))
            .filter(|(name, _)| name.ends_with("fd_read"))
            .map(|(name, _)| name.trim().to_owned())
            .collect();
        assert_eq!(forms.len(), 1, "{forms:?}: {shown}");
        assert!(shown.contains("fd_readdir"), "the end that differs stays: {shown}");
    }
}

#[test]
fn a_change_stays_in_sight_when_the_terminal_is_resized() {
    for size in SIZES {
        let mut bench = Bench::new(Theme::COLORED);
        bench.send("Did you know");
        bench.settled(size.0, size.1);
        for (width, height) in [(80, 24), (44, 12), (160, 45), (100, 30), (200, 60), (80, 24), (90, 14)] {
            let shown = text(&bench.settled(width, height));
            assert!(shown.contains(")20]57 61 73"), "{width}x{height}: {shown}");
            let wide = bench.full.app.layout.rows > 3;
            assert!(!wide || shown.contains("6c 21}") || shown.contains("21}00"), "its end too: {shown}");
        }
    }
}

#[test]
fn the_values_show_what_a_host_in_another_language_sees_at_the_cursor() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("h\u{e9}llo");
    bench.send(":set as js");
    bench.keys("\x1b:0x41c");
    bench.key(KeyCode::Enter);
    let shown = text(&bench.settled(100, 40));
    assert!(shown.contains("as js  20 B at 0x410..0x424"), "the answer: {shown}");
    assert!(shown.contains("its length  19 UTF-16 units; 19 characters, 20 bytes"), "{shown}");
    assert!(shown.contains(" u8 "), "the values are still there: {shown}");
    // Elsewhere, nothing says how many bytes belong together.
    bench.keys(":0x800");
    bench.key(KeyCode::Enter);
    let shown = text(&bench.settled(100, 40));
    assert!(shown.contains("as js  4 B at 0x800..0x804"), "{shown}");
    bench.keys("sllll");
    let shown = text(&bench.settled(100, 40));
    assert!(shown.contains("as js  5 B at 0x800..0x805"), "the selection: {shown}");
    let shown = text(&bench.settled(80, 24));
    assert!(shown.contains("... :as lists the rest"), "{shown}");
    bench.keys(":set as none");
    bench.key(KeyCode::Enter);
    assert!(!text(&bench.settled(100, 40)).contains("as js"));
}
