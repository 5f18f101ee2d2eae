//! The mouse.

use super::*;

#[test]
fn the_mouse_moves_selects_and_scrolls() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    let shown = text(&bench.draw(80, 24));
    let mut mouse = |kind, column, row| {
        bench.take(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
        (bench.full.app.space.selected(), bench.full.app.focus)
    };
    let row = u16::try_from(shown.lines().position(|line| line.starts_with("g00000410")).expect("it is shown"));
    let row = row.expect("it is small");
    let press = MouseEventKind::Down(MouseButton::Left);
    // The second digit of the ninth byte, and its character in the text column.
    assert_eq!(mouse(press, 37, row), ((0x418, 0x418), Focus::Memory));
    assert_eq!(mouse(press, 61 + 8, row), ((0x418, 0x418), Focus::Memory), "{shown}");
    assert_eq!(mouse(MouseEventKind::Drag(MouseButton::Left), 11, row).0, (0x410, 0x418));
    bench.keys("yh");
    assert_eq!(bench.copied.take().as_deref(), Some("44 69 64 20 79 6f 75 20 6b"));
    bench.keys("yt");
    assert_eq!(bench.copied.take().as_deref(), Some("Did you k"));
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("{44 69 64 20 79 6f 75 20  6b]6e"), "what is selected stands in brackets: {shown}");
    bench.key(KeyCode::Char('g'));
    bench.event(KeyCode::Char('l'), KeyModifiers::CONTROL);
    let top = bench.full.app.space.top;
    for kind in [MouseEventKind::ScrollDown, MouseEventKind::ScrollUp] {
        for column in 0..80 {
            let event = MouseEvent { kind, column, row: column % 24, modifiers: KeyModifiers::NONE };
            bench.take(Event::Mouse(event));
            bench.take(Event::Mouse(MouseEvent { kind: MouseEventKind::Moved, ..event }));
        }
    }
    assert_eq!(bench.full.app.space.top, top, "down and up again");
    // A click on a step selects it.
    let row = shown.lines().position(|line| line.starts_with(" 2 write")).expect("it is shown");
    let event =
        MouseEvent { kind: press, column: 5, row: u16::try_from(row).expect("small"), modifiers: KeyModifiers::NONE };
    bench.take(Event::Mouse(event));
    assert!(text(&bench.draw(80, 24)).contains("step 2 of 5"));
}
