//! The input line and the styles of the screen.

use super::*;
use crate::front::tui::draw::charset::Charset;
use ratatui::style::Color;

#[test]
fn tab_completes_commands() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.keys(":conv\t");
    assert_eq!(bench.full.app.line.text().trim_end(), ":convention");
    bench.full.app.line.clear();
    bench.keys(":ex\t");
    let screen = text(&bench.draw(120, 40));
    assert!(
        bench.full.app.line.text() == ":exp" || bench.full.app.line.text() == ":ex",
        "{}",
        bench.full.app.line.text()
    );
    assert!(screen.contains("exports") && screen.contains("expect"), "{screen}");
    bench.full.app.line.clear();
    bench.keys(":call get_wasm_memory_buffer_p\t");
    assert!(bench.full.app.line.text().starts_with(":call get_wasm_memory_buffer_pointer"));
    bench.full.app.line.clear();
    bench.keys(":nosuch\t");
    assert!(text(&bench.draw(120, 40)).contains("no command or argument begins with that"));
    bench.full.app.line.clear();
    bench.keys("a line\t");
    assert_eq!(bench.full.app.line.text(), "a line");
    assert!(text(&bench.draw(120, 40)).contains("Tab completes commands"));
}

#[test]
fn earlier_lines_are_searched_as_one_types() {
    let mut bench = Bench::new(Theme::COLORED);
    for line in ["alpha", "beta", "alphabet"] {
        bench.send(line);
    }
    bench.keys("half");
    bench.event(KeyCode::Char('u'), KeyModifiers::CONTROL);
    let search = |bench: &mut Bench| bench.event(KeyCode::Char('r'), KeyModifiers::CONTROL);
    search(&mut bench);
    bench.keys("alp");
    assert!(text(&bench.draw(120, 40)).contains("search `alp`: alphabet"));
    search(&mut bench);
    assert!(text(&bench.draw(120, 40)).contains("search `alp`: alpha "));
    bench.keys("q");
    assert!(text(&bench.draw(120, 40)).contains("no earlier line contains that"));
    bench.event(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!((bench.full.app.line.text(), bench.full.app.focus), ("", Focus::Input), "what was typed before");
    search(&mut bench);
    bench.keys("bet");
    bench.key(KeyCode::Esc);
    assert_eq!((bench.full.app.line.text(), bench.full.app.focus), ("alphabet", Focus::Input), "taken, to be edited");
    search(&mut bench);
    bench.key(KeyCode::Enter);
    bench.settle();
    assert!(text(&bench.draw(120, 40)).contains("=> alphabet Wasm is cool!"), "Enter sends what was found");
    bench.keys("one two");
    bench.event(KeyCode::Char('w'), KeyModifiers::CONTROL);
    bench.event(KeyCode::Char('7'), KeyModifiers::CONTROL);
    assert_eq!(bench.full.app.line.text(), "one two", "Ctrl-_ undoes");
}

#[test]
fn after_a_trap_a_fresh_guest_is_offered() {
    let mut bench = Bench::wat(
        r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
            (func (export "f") (param $n i32) (result i32)
                (if (i32.eqz (local.get $n)) (then unreachable)) (local.get $n)))"#,
    );
    bench.send("");
    let screen = text(&bench.draw(80, 24));
    assert!(screen.lines().nth(23).expect("the bar").starts_with(" INPUT  :reset creates a fresh guest"), "{screen}");
    bench.send(":reset");
    assert!(!text(&bench.draw(80, 24)).contains("creates a fresh guest"));
}

#[test]
fn a_terminal_without_unicode_gets_ascii() {
    let mut bench = Bench::new(Theme::COLORED.with(Charset::Ascii));
    bench.send("caf\u{e9} \u{4e2d}\u{6587}");
    for keys in ["", "\x1b", "\t", "\t", "\t", "v", "v", "?"] {
        bench.keys(keys);
        let screen = text(&bench.draw(120, 40));
        assert!(screen.is_ascii(), "{screen}");
    }
    let mut bench = Bench::new(Theme::COLORED.with(Charset::Console));
    bench.send("caf\u{e9}\u{ff}");
    bench.take(Event::Paste("a very long line ".repeat(20)));
    let screen = text(&bench.draw(120, 40));
    assert!(screen.contains("caf\u{e9}") && screen.contains('\u{2500}'), "letters and lines stay: {screen}");
    assert!(!screen.contains(['\u{2026}', '\u{2022}', '\u{d7}']), "signs that the font lacks do not: {screen}");
}

#[test]
fn growth_is_told_apart_from_change() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send(":grow 2");
    let buffer = bench.draw(120, 40);
    let screen = text(&buffer);
    assert!(screen.contains("after  grew by 2 pages") && screen.contains("+ new"), "{screen}");
    bench.keys("\x1b:0x10000");
    bench.key(KeyCode::Enter);
    let buffer = bench.draw(120, 40);
    let row = (0..40).find(|&y| buffer[(60, y)].symbol() == "+" && buffer[(64, y)].symbol() == "1").expect("a new row");
    let line: String = (0..120).map(|x| buffer[(x, row)].symbol()).collect();
    assert!(line.starts_with("         ") || !line.contains("00010000  "), "there was nothing before: {line}");
    assert!(line.contains("+00010000 [00]00"), "{line}");
    assert!((62..120).all(|x| buffer[(x, row)].bg == Color::Reset), "a new byte is no changed byte");
}

#[test]
fn who_wrote_is_told_by_style_and_by_letter() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.key(KeyCode::F(2));
    let buffer = bench.draw(120, 40);
    // In the exchange as a whole both actors wrote, and a row written by both is marked so.
    let row = |addr: &str| {
        (0..40).find(|&y| (61..69).map(|x| buffer[(x, y)].symbol()).collect::<String>() == addr).expect("it is shown")
    };
    let count = |row: u16, bg: Color| (61..120).filter(|&x| buffer[(x, row)].bg == bg).count();
    let (first, second) = (row("00000410"), row("00000418"));
    assert_eq!([buffer[(60, first)].symbol(), buffer[(60, second)].symbol()], ["h", "*"]);
    assert_eq!((count(first, Color::Blue) > 20, count(first, Color::Yellow)), (true, 0));
    assert_eq!((count(second, Color::Blue) > 10, count(second, Color::Yellow) > 10), (true, true));
    let underlined = |x: u16| buffer[(x, first)].modifier.contains(Modifier::UNDERLINED);
    assert!((74..78).all(underlined), "and more than colour tells it");
}

#[test]
fn while_a_line_is_typed_its_bytes_are_shown() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.keys("caf\u{e9}");
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("5 B, 4 characters, goes to an address from the guest: 63 61 66 c3 a9"), "{shown}");
    bench.key(KeyCode::Enter);
    bench.settle();
    bench.keys("x");
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("1 B, 1 character, would go to 0x410, where the last line went: 78"), "{shown}");
}
