//! The keys of the memory, and prompts.

use super::*;

#[test]
fn every_key_in_every_place_is_harmless() {
    let keys: Vec<_> = (' '..='~').map(KeyCode::Char).chain((1..=12).map(KeyCode::F)).collect();
    let more =
        [KeyCode::Esc, KeyCode::Up, KeyCode::Down, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End];
    for modifiers in [KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT] {
        let mut bench = Bench::new(Theme::MONOCHROME);
        bench.send("x");
        for _ in 0..2 {
            for &code in keys.iter().chain(&more) {
                bench.take(Event::Key(KeyEvent::new(code, modifiers)));
                bench.settle();
                bench.draw(80, 24);
            }
        }
    }
}

#[test]
fn the_memory_is_walked_with_the_keys_of_other_tools() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(120, 40);
    bench.key(KeyCode::Esc);
    assert_eq!(bench.full.app.space.cursor, 0x41c, "the cursor is where something changed");
    bench.key(KeyCode::Char('g'));
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains(" 00000000 [00]00"), "{shown}");
    bench.keys("ljj");
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("00000400  20[57]61"), "folded rows are passed in one step: {shown}");
    bench.keys("kh");
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("at 0x") && shown.contains("u32"), "{shown}");
    bench.keys("g.");
    assert_eq!(bench.full.app.space.cursor, 0x41c, "the next changed byte");
    assert!(text(&bench.draw(120, 40)).contains("range 1 of 1: 14 bytes (14 changed in all)"));
    bench.keys("]c");
    assert!(text(&bench.draw(120, 40)).contains("no changed bytes after this"));
    bench.key(KeyCode::Char('G'));
    assert!(text(&bench.draw(120, 40)).contains(" 0000fff8  00 00 00 00 00 00 00[00]"));
    bench.keys("[c");
    assert_eq!(bench.full.app.space.cursor, 0x41c);
    bench.event(KeyCode::Char('o'), KeyModifiers::CONTROL);
    assert_eq!(bench.full.app.space.cursor, 0xffff);
    bench.event(KeyCode::Right, KeyModifiers::ALT);
    assert_eq!(bench.full.app.space.cursor, 0x41c);
    bench.key(KeyCode::Char('x'));
    assert!(text(&bench.draw(120, 40)).contains("unbound key: i goes back"));
}

#[test]
fn q_in_the_memory_asks_before_it_quits() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("x");
    bench.key(KeyCode::Esc);
    for again in [KeyCode::Char('q'), KeyCode::Enter] {
        assert_eq!(bench.key(KeyCode::Char('q')), []);
        assert!(text(&bench.draw(80, 24)).contains("quit? q or Enter quits, any other key stays"));
        assert_eq!(bench.key(KeyCode::Char('l')), []);
        assert!(!text(&bench.draw(80, 24)).contains("quit?"));
        assert_eq!(bench.key(KeyCode::Char('q')), [], "it is asked again after another key");
        assert_eq!(bench.key(again), [Request::Quit]);
        bench.key(KeyCode::Char('l'));
    }
    assert_eq!(bench.key(KeyCode::Enter), [], "Enter alone does not quit");
}

#[test]
fn addresses_patterns_and_names_are_asked_for() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(80, 24);
    bench.event(KeyCode::Char('g'), KeyModifiers::CONTROL);
    bench.keys("wrong");
    bench.key(KeyCode::Enter);
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("go to: wrong") && shown.contains("neither an address nor a name"), "{shown}");
    bench.key(KeyCode::Esc);
    assert_eq!(bench.full.app.focus, Focus::Input, "the line is as it was");
    bench.event(KeyCode::Char('g'), KeyModifiers::CONTROL);
    bench.keys("output+0xd");
    bench.key(KeyCode::Enter);
    assert_eq!((bench.full.app.space.cursor, bench.full.app.focus), (0x41d, Focus::Memory));
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("at 0x41d  output+0xd"), "{shown}");
    assert!(shown.contains("now: the guest, exchange 1 step 3"), "{shown}");
    assert!(shown.contains("0 -> 87"), "the value before and after: {shown}");

    bench.keys("/cool");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.draw(80, 24)).contains("match 2 of 2: cool"));
    bench.keys("n");
    assert!(text(&bench.draw(80, 24)).contains("match 1 of 2: cool"));
    assert_eq!(bench.full.app.space.cursor, 0x409);
    bench.keys("/0x6e 6? ??");
    bench.key(KeyCode::Enter);
    assert_eq!(bench.full.app.space.cursor, 0x419, "a wildcard");
    // The text was not found before the guest's step.
    bench.key(KeyCode::F(7));
    bench.keys("/Was");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.draw(80, 24)).contains("match 1 of 1: Was"));

    bench.keys("mhere");
    bench.key(KeyCode::Enter);
    bench.keys("g:here");
    bench.key(KeyCode::Enter);
    assert_eq!(bench.full.app.space.cursor, 0x401);
    for (presses, title) in
        [("\t", "changes  12 bytes in 1 range "), ("\t", "regions"), ("\t", "map  1 cell ="), ("\t", "exchanges")]
    {
        bench.keys(presses);
        let shown = text(&bench.settled(80, 24));
        assert!(shown.contains(title), "{shown}");
    }
}

#[test]
fn bytes_are_written_at_the_cursor_as_the_host() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(120, 40);
    bench.keys("\x1b:0x500");
    bench.key(KeyCode::Enter);
    bench.keys("pcaf\u{e9}");
    bench.key(KeyCode::Enter);
    bench.settle();
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("the host changed 5 bytes at 0x500..0x505"), "{shown}");
    assert!(shown.contains("h00000500 (63]61 66 c3 a9)00 00 00  caf\u{e9}\u{ab}"), "{shown}");
    assert!(shown.contains("poke hex 0x500 63 61 66 c3 a9"), "{shown}");
    bench.keys("Gpxx");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.draw(120, 40)).contains("2 bytes do not fit here: memory ends at 0x10000"));
    bench.key(KeyCode::Esc);
    bench.key(KeyCode::F(5));
    bench.keys("px");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.draw(120, 40)).contains("the past cannot be changed"));
}
