//! Modes: each is visible, and the keys of less and vi work in the memory.

use super::*;

/// Common terminal sizes.
const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (160, 45)];

#[test]
fn the_mode_is_always_visible() {
    let ways: [(&str, Mode); 8] = [
        ("", Mode::Input),
        ("typed", Mode::Input),
        ("\x12", Mode::History),
        ("\x1b", Mode::Memory),
        ("\x1b/", Mode::Prompt),
        ("\x1by", Mode::Copy),
        ("\x1br", Mode::List),
        ("\x1b?", Mode::Help),
    ];
    for theme in [Theme::COLORED, Theme::MONOCHROME] {
        for (keys, mode) in ways {
            let mut bench = Bench::new(theme);
            bench.send("Did you know");
            for c in keys.chars() {
                match c {
                    '\x12' => bench.event(KeyCode::Char('r'), KeyModifiers::CONTROL),
                    '\x1b' => bench.key(KeyCode::Esc),
                    c => bench.key(KeyCode::Char(c)),
                };
            }
            assert_eq!(bench.mode(), mode, "{keys:?}");
            for (width, height) in SIZES {
                let buffer = bench.draw(width, height);
                let shown = text(&buffer);
                let bar = shown.lines().last().expect("the key bar");
                assert!(bar.starts_with(&format!(" {} ", mode.name())), "{keys:?}: {shown}");
                assert!(bar.contains("F1 help") || keys == "typed", "{keys:?}: {shown}");
                // It is visible without colours too.
                let marked = (0..mode.name().len() + 2).all(|x| {
                    let x = u16::try_from(x).expect("small");
                    buffer[(x, height - 1)].modifier.contains(Modifier::REVERSED | Modifier::BOLD)
                });
                assert!(marked, "{keys:?}: {shown}");
            }
        }
        let mut bench = Bench::new(theme);
        bench.send(":exports");
        for (width, height) in SIZES {
            assert!(text(&bench.draw(width, height)).contains(" OUTPUT "));
        }
    }
}

#[test]
fn the_memory_pages_with_the_keys_of_less_and_vi() {
    let mut bench = Bench::wat(
        r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
            (func (export "f") (param $n i32) (result i32) (local $i i32)
                (loop $again
                    (i32.store8 (local.get $i) (i32.and (local.get $i) (i32.const 0x7f)))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $i) (i32.const 0x8000))))
                (local.get $n)))"#,
    );
    bench.send("x");
    bench.draw(80, 24);
    bench.keys("\x1bg");
    let rows = bench.full.app.layout.rows as u64;
    let ctrl = |bench: &mut Bench, c| {
        assert_eq!(bench.event(KeyCode::Char(c), KeyModifiers::CONTROL), []);
        (bench.full.app.space.top, bench.full.app.space.cursor)
    };
    assert_eq!(ctrl(&mut bench, 'f'), (16 * (rows - 1), 16 * (rows - 1)));
    assert_eq!(ctrl(&mut bench, 'b'), (0, 0));
    assert_eq!(ctrl(&mut bench, 'd'), (16 * (rows / 2), 16 * (rows / 2)), "half a page, and it does not quit");
    assert_eq!(ctrl(&mut bench, 'u'), (0, 0));
    bench.keys("G");
    let end = ctrl(&mut bench, 'f');
    assert_eq!(ctrl(&mut bench, 'd'), end, "the end stays in sight");
}

#[test]
fn panels_are_gone_along_in_both_directions() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("x");
    bench.keys("\x1b");
    let mut title = |code, modifiers| {
        bench.event(code, modifiers);
        let shown = text(&bench.settled(100, 30));
        ["at 0x", "changes  ", "regions  ", "map  1", "exchanges"].into_iter().find(|title| {
            let rule = format!("\u{252c}\u{2500} {title}");
            shown.contains(&rule)
        })
    };
    let (tab, back) = (KeyCode::Tab, KeyCode::BackTab);
    assert_eq!(title(tab, KeyModifiers::NONE), Some("changes  "));
    assert_eq!(title(tab, KeyModifiers::NONE), Some("regions  "));
    assert_eq!(title(back, KeyModifiers::SHIFT), Some("changes  "));
    assert_eq!(title(back, KeyModifiers::SHIFT), Some("at 0x"));
    assert_eq!(title(back, KeyModifiers::SHIFT), Some("exchanges"));
    assert_eq!(title(tab, KeyModifiers::NONE), Some("at 0x"));
}
