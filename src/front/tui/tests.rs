//! The app on a test backend: every key, every size, and the styles of the cells.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::app::{App, Next};
use super::theme::Theme;
use crate::front::history::History;
use crate::session::{Options, Session, Source, State, Update};

/// An app on the guest that comes along, and its guest's reports.
struct Bench {
    app: App,
    updates: Receiver<Update>,
}

impl Bench {
    fn new(theme: Theme) -> Bench {
        let (sender, updates) = channel();
        let session = Session::start(Source::default_guest(), Options::default(), move |update| {
            let _ = sender.send(update);
        });
        let mut bench = Bench { app: App::new(session, theme, History::none()), updates };
        bench.settle();
        bench
    }

    /// Takes in the guest's reports until it waits for a line.
    fn settle(&mut self) {
        while self.app.session.state() != State::Idle || self.app.session.run().is_empty() {
            let update = self.updates.recv_timeout(Duration::from_secs(20)).expect("the guest reports");
            self.app.report(update).expect("the guest is sound");
        }
    }

    fn key(&mut self, code: KeyCode) -> Next {
        self.app.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn send(&mut self, line: &str) {
        line.chars().for_each(|c| assert_eq!(self.key(KeyCode::Char(c)), Next::Continue));
        self.key(KeyCode::Enter);
        self.settle();
    }

    fn draw(&mut self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("it cannot fail");
        terminal.draw(|frame| self.app.draw(frame)).expect("it cannot fail");
        terminal.backend().buffer().clone()
    }
}

fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        (0..buffer.area.width).for_each(|x| text.push_str(buffer[(x, y)].symbol()));
        text.push('\n');
    }
    text
}

#[test]
fn every_size_is_drawn() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    for help in [false, true] {
        bench.app.help = help;
        for size in 1..=250 {
            for (width, height) in [(size, size), (size, 24), (80, size), (size, 1), (1, size), (250, size)] {
                bench.draw(width, height);
            }
        }
    }
    bench.app.help = false;
    assert!(text(&bench.draw(80, 24)).contains("exchange 1 of 1 | step 3 of 5"), "nothing was lost");
}

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
                bench.app.event(Event::Key(KeyEvent::new(code, modifiers)));
                bench.settle();
                bench.draw(80, 24);
            }
        }
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    let mut bench = Bench::new(Theme::MONOCHROME);
    bench.send("Did you know");
    let buffer = bench.draw(120, 40);
    assert!(buffer.content().iter().all(|cell| cell.fg == ratatui::style::Color::Reset && cell.bg == cell.fg));
    let reversed = |y: u16| (0..120).filter(|&x| buffer[(x, y)].modifier.contains(Modifier::REVERSED)).count();
    // 4, 8 and 2 bytes in three rows of the after pane: two digits each with single spaces between, and the text.
    let rows: Vec<_> = (1..30).map(reversed).filter(|&count| count > 0).collect();
    assert_eq!(rows[..3], [4 * 3 - 1 + 4, 8 * 3 - 1 + 8, 2 * 3 - 1 + 2]);
}

#[test]
fn the_past_can_be_looked_at_and_a_line_returns_to_the_present() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("first");
    bench.send("second");
    bench.draw(120, 40);
    bench.key(KeyCode::F(5));
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("THE PAST: exchange 1 of 2"), "{shown}");
    assert!(shown.contains("first Wa"), "{shown}");
    bench.key(KeyCode::F(5));
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("THE PAST: start"), "{shown}");
    bench.key(KeyCode::F(5));
    assert!(text(&bench.draw(120, 40)).contains("this is where the guest started"));
    bench.send("third");
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("  exchange 3 of 3") && !shown.contains("THE PAST"), "{shown}");
}

#[test]
fn the_memory_is_walked_with_the_keys_of_other_tools() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(120, 40);
    bench.key(KeyCode::Esc);
    bench.key(KeyCode::Char('g'));
    assert!(text(&bench.draw(120, 40)).contains(" 00000000 "));
    bench.key(KeyCode::Char('.'));
    assert!(text(&bench.draw(120, 40)).contains("g00000418 "), "the next changed row");
    bench.key(KeyCode::Char('G'));
    assert!(text(&bench.draw(120, 40)).contains(" 0000fff8 "));
    bench.key(KeyCode::Char('x'));
    assert!(text(&bench.draw(120, 40)).contains("no such key here"));
    assert_eq!(bench.key(KeyCode::Char('q')), Next::Quit);
}
