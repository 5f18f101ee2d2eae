//! The app on a test backend: every key, every size, and the styles of the cells.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::front::history::History;
use crate::front::tui::draw::theme::Theme;
use crate::front::tui::input::keys::Focus;
use crate::front::tui::state::app::{App, LoopControl};
use crate::session::{Options, Session, Source, State, Update};

#[path = "../../../../tests/cases/mod.rs"]
mod cases;
mod panels;
mod sizes;
mod space;
mod time;
mod typing;

/// An app on the guest that comes along, and its guest's reports.
struct Bench {
    app: App,
    updates: Receiver<Update>,
}

impl Bench {
    fn new(theme: Theme) -> Bench {
        Bench::on(Source::default_guest(), Options::default(), theme)
    }

    /// A bench on a guest given as text, whose imports are answered with zero.
    fn wat(text: &str) -> Bench {
        let mut options = Options::default();
        options.wish.stub_imports = true;
        Bench::on(Source { name: "guest.wat".to_owned(), bytes: text.as_bytes().to_vec() }, options, Theme::COLORED)
    }

    fn on(source: Source, options: Options, theme: Theme) -> Bench {
        let (sender, updates) = channel();
        let session = Session::start(source, options, move |update| {
            let _ = sender.send(update);
        });
        let mut bench = Bench { app: App::new(session, theme, History::none()), updates };
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        bench.app.pictures = std::env::temp_dir().join(format!("linmem-test-{}-{number}", std::process::id()));
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

    fn key(&mut self, code: KeyCode) -> LoopControl {
        self.event(code, KeyModifiers::NONE)
    }

    fn event(&mut self, code: KeyCode, modifiers: KeyModifiers) -> LoopControl {
        self.app.event(Event::Key(KeyEvent::new(code, modifiers)))
    }

    /// Types keys that are characters, and Tab and Esc.
    fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            self.key(match c {
                '\t' => KeyCode::Tab,
                '\x1b' => KeyCode::Esc,
                c => KeyCode::Char(c),
            });
        }
    }

    /// Draws without a terminal.
    fn paint(&mut self, width: u16, height: u16) {
        let area = ratatui::layout::Rect::new(0, 0, width, height);
        self.app.paint(area, &mut Buffer::empty(area));
    }

    fn send(&mut self, line: &str) {
        line.chars().for_each(|c| assert_eq!(self.key(KeyCode::Char(c)), LoopControl::Continue));
        self.key(KeyCode::Enter);
        self.settle();
    }

    fn draw(&mut self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("it cannot fail");
        terminal.draw(|frame| self.app.draw(frame)).expect("it cannot fail");
        terminal.backend().buffer().clone()
    }

    /// The screen when all is found that takes long, or on a busy machine longer than a moment.
    fn settled(&mut self, width: u16, height: u16) -> Buffer {
        self.draw(width, height);
        while self.app.is_looking() {
            self.app.go_on_looking();
        }
        self.draw(width, height)
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
    // 4, 8 and 2 bytes in three rows of the after pane: two digits each with single spaces between, and the text;
    // the cursor's bracket takes one of the spaces.
    assert_eq!(reversed(1), 1, "the cell of the exchange in the strip");
    let rows: Vec<_> = (2..30).map(reversed).filter(|&count| count > 0).collect();
    assert_eq!(rows[..3], [4 * 3 - 2 + 4, 8 * 3 - 1 + 8, 2 * 3 - 1 + 2]);
}

#[test]
fn the_memory_is_walked_with_the_keys_of_other_tools() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(120, 40);
    bench.key(KeyCode::Esc);
    assert_eq!(bench.app.space.cursor, 0x41c, "the cursor is where something changed");
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
    assert_eq!(bench.app.space.cursor, 0x41c, "the next changed byte");
    assert!(text(&bench.draw(120, 40)).contains("1/1 runs, 14 bytes (14 in all)"));
    bench.keys("]c");
    assert!(text(&bench.draw(120, 40)).contains("no changed bytes behind this"));
    bench.key(KeyCode::Char('G'));
    assert!(text(&bench.draw(120, 40)).contains(" 0000fff8  00 00 00 00 00 00 00[00]"));
    bench.keys("[c");
    assert_eq!(bench.app.space.cursor, 0x41c);
    bench.event(KeyCode::Char('o'), KeyModifiers::CONTROL);
    assert_eq!(bench.app.space.cursor, 0xffff);
    bench.event(KeyCode::Right, KeyModifiers::ALT);
    assert_eq!(bench.app.space.cursor, 0x41c);
    bench.key(KeyCode::Char('x'));
    assert!(text(&bench.draw(120, 40)).contains("no such key here"));
    assert_eq!(bench.key(KeyCode::Char('q')), LoopControl::Quit);
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
    assert_eq!(bench.app.focus, Focus::Input, "the line is as it was");
    bench.event(KeyCode::Char('g'), KeyModifiers::CONTROL);
    bench.keys("output+0xd");
    bench.key(KeyCode::Enter);
    assert_eq!((bench.app.space.cursor, bench.app.focus), (0x41d, Focus::Memory));
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("at 0x41d  output+0xd"), "{shown}");
    assert!(shown.contains("now: the guest, exchange 1 step 3"), "{shown}");
    assert!(shown.contains("0 -> 87"), "the value before and after: {shown}");

    bench.keys("/cool");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.draw(80, 24)).contains("match 2 of 2: cool"));
    bench.keys("n");
    assert!(text(&bench.draw(80, 24)).contains("match 1 of 2: cool"));
    assert_eq!(bench.app.space.cursor, 0x409);
    bench.keys("/0x6e 6? ??");
    bench.key(KeyCode::Enter);
    assert_eq!(bench.app.space.cursor, 0x419, "a wildcard");
    // Before the guest's step the found text is not there yet.
    bench.key(KeyCode::F(7));
    bench.keys("/Was");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.draw(80, 24)).contains("match 1 of 1: Was"));

    bench.keys("mhere");
    bench.key(KeyCode::Enter);
    bench.keys("g:here");
    bench.key(KeyCode::Enter);
    assert_eq!(bench.app.space.cursor, 0x401);
    for (presses, title) in
        [("\t", "changes  12 bytes in 1 run "), ("\t", "regions"), ("\t", "map  1 cell ="), ("\t", "exchanges")]
    {
        bench.keys(presses);
        let shown = text(&bench.settled(80, 24));
        assert!(shown.contains(title), "{shown}");
    }
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
    assert!(text(&bench.draw(120, 40)).contains("32 bytes in a row"));
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
fn while_a_line_is_typed_its_bytes_are_shown() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.keys("caf\u{e9}");
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("5 B, 4 characters, goes where the guest says: 63 61 66 c3 a9"), "{shown}");
    bench.key(KeyCode::Enter);
    bench.settle();
    bench.keys("x");
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("1 B, 1 character, would go to 0x410, where the last line went: 78"), "{shown}");
}

#[test]
fn the_help_pages_where_it_does_not_fit() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.key(KeyCode::F(1));
    let first = text(&bench.draw(80, 24));
    assert!(first.contains("send the line to the guest") && first.contains("PgUp, PgDn: more"), "{first}");
    let pages: Vec<_> = (0..9)
        .map(|_| {
            bench.key(KeyCode::PageDown);
            text(&bench.draw(80, 24))
        })
        .collect();
    assert!(pages.iter().any(|page| page.contains("edit the line as in a shell")), "{pages:?}");
    let last = pages.last().expect("there are some");
    assert!(
        last.contains("the rules above memory of the past, or of an earlier run") && !last.contains('\u{2026}'),
        "{last}"
    );
    bench.key(KeyCode::Home);
    assert_eq!(text(&bench.draw(80, 24)), first);
    bench.key(KeyCode::Char(' '));
    assert_eq!(text(&bench.draw(80, 24)), pages[0]);
    bench.key(KeyCode::End);
    assert_eq!(&text(&bench.draw(80, 24)), last);
    bench.key(KeyCode::Char('x'));
    assert!(bench.app.help.is_none());
    // Where all of it is shown, any key closes it, as it says.
    bench.key(KeyCode::F(1));
    assert!(text(&bench.draw(200, 60)).contains("any key goes back"));
    bench.key(KeyCode::Char(' '));
    assert!(bench.app.help.is_none());
}

#[test]
fn a_picture_shows_what_the_screen_shows() {
    let mut bench = Bench::new(Theme::COLORED);
    std::fs::create_dir_all(&bench.app.pictures).expect("the folder for what is temporary is there");
    bench.send("a<b&c");
    bench.draw(120, 40);
    bench.key(KeyCode::F(12));
    let notice = bench.app.notice.clone().expect("it says so");
    let path = notice.strip_prefix("the screen is saved as ").expect("it was saved");
    let svg = std::fs::read_to_string(path).expect("it is there");
    assert!(svg.contains("a&lt;b&amp;c Wasm") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("fill=\"#cdcd00\"/>"), "what the guest changed has a background");
    let path = bench.app.pictures.join("screen.txt");
    bench.app.shot(&path, false).expect("it is saved");
    let plain = std::fs::read_to_string(&path).expect("it is there");
    assert!(plain.contains("a<b&c Wa") && plain.contains("step 3 of 5"), "{plain}");
    assert!(bench.app.shot(&bench.app.pictures.join("screen.png"), false).is_err());
    std::fs::remove_dir_all(&bench.app.pictures).expect("it is ours");
}

#[test]
fn the_mouse_moves_selects_and_scrolls() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    let shown = text(&bench.draw(80, 24));
    let mut mouse = |kind, column, row| {
        bench.app.event(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
        (bench.app.space.selected(), bench.app.focus)
    };
    let row = u16::try_from(shown.lines().position(|line| line.starts_with("g00000410")).expect("it is shown"));
    let row = row.expect("it is small");
    let press = MouseEventKind::Down(MouseButton::Left);
    // The second digit of the ninth byte, and the letter that stands for it.
    assert_eq!(mouse(press, 37, row), ((0x418, 0x418), Focus::Memory));
    assert_eq!(mouse(press, 61 + 8, row), ((0x418, 0x418), Focus::Memory), "{shown}");
    assert_eq!(mouse(MouseEventKind::Drag(MouseButton::Left), 11, row).0, (0x410, 0x418));
    bench.keys("yh");
    assert_eq!(bench.app.copied.take().as_deref(), Some("44 69 64 20 79 6f 75 20 6b"));
    bench.keys("yt");
    assert_eq!(bench.app.copied.take().as_deref(), Some("Did you k"));
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("[44 69 64 20 79 6f 75 20  6b]6e"), "what is selected stands in brackets: {shown}");
    bench.key(KeyCode::Char('g'));
    bench.event(KeyCode::Char('l'), KeyModifiers::CONTROL);
    let top = bench.app.space.top;
    for kind in [MouseEventKind::ScrollDown, MouseEventKind::ScrollUp] {
        for column in 0..80 {
            let event = MouseEvent { kind, column, row: column % 24, modifiers: KeyModifiers::NONE };
            bench.app.event(Event::Mouse(event));
            bench.app.event(Event::Mouse(MouseEvent { kind: MouseEventKind::Moved, ..event }));
        }
    }
    assert_eq!(bench.app.space.top, top, "down and up again");
    // A click on a step goes there.
    let row = shown.lines().position(|line| line.starts_with(" 2 write")).expect("it is shown");
    let event =
        MouseEvent { kind: press, column: 5, row: u16::try_from(row).expect("small"), modifiers: KeyModifiers::NONE };
    bench.app.event(Event::Mouse(event));
    assert!(text(&bench.draw(80, 24)).contains("step 2 of 5"));
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
    assert!(shown.contains("the host changed 5 bytes in 1 run at 0x500..0x505"), "{shown}");
    assert!(shown.contains("h00000500 [63]61 66 c3 a9 00 00 00  caf\u{e9}\u{ab}"), "{shown}");
    assert!(shown.contains("poke hex 0x500 63 61 66 c3 a9"), "{shown}");
    bench.keys("Gpxx");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.draw(120, 40)).contains("2 bytes do not fit here: memory ends at 0x10000"));
    bench.key(KeyCode::Esc);
    bench.key(KeyCode::F(5));
    bench.keys("px");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.draw(120, 40)).contains("the past stays as it was"));
}

#[test]
fn files_follow_files_but_not_for_ever() {
    let folder = std::env::temp_dir().join(format!("linmem-source-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("ours");
        path.display().to_string()
    };
    let inner = file("inner", "second\n:call get_wasm_memory_buffer_len\n");
    let outer = file("outer", &format!("first\n:source {inner}\nthird\n"));
    let mut bench = Bench::new(Theme::MONOCHROME);
    bench.send(&format!(":source {outer}"));
    let triggers: Vec<_> = (1..bench.app.session.run().len())
        .filter_map(|n| bench.app.session.run().cause(n))
        .map(|n| n.trigger.clone())
        .collect();
    let line = |text: &str| crate::record::Trigger::Line(text.into());
    let call = crate::record::Trigger::Command("call get_wasm_memory_buffer_len".to_owned());
    assert_eq!(triggers, [line("first"), line("second"), call, line("third")]);
    let around = folder.join("around").display().to_string();
    file("around", &format!(":source {around}\n"));
    bench.send(&format!(":source {around}"));
    assert!(text(&bench.draw(160, 50)).contains("more than 8 deep"));
    // What fails ends it, and tells where.
    let wrong = file("wrong", "one\n:expect two\nnever\n");
    bench.send(&format!(":source {wrong}"));
    let shown = text(&bench.draw(160, 50));
    assert!(shown.contains("wrong:2: \"two\" should have come") && !shown.contains("never"), "{shown}");
    let leaves = file("leaves", ":quit\nnever\n");
    format!(":source {leaves}").chars().for_each(|c| assert_eq!(bench.key(KeyCode::Char(c)), LoopControl::Continue));
    assert_eq!(bench.key(KeyCode::Enter), LoopControl::Quit);
    std::fs::remove_dir_all(&folder).expect("it was ours");
}

#[test]
fn every_command_works_in_the_input_line() {
    let folder = std::env::temp_dir().join(format!("linmem-commands-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    std::fs::write(folder.join("script"), cases::SCRIPT).expect("ours");
    cases::check_all_have_a_case(crate::command::COMMANDS.iter().map(|spec| spec.name));
    let mut bench = Bench::new(Theme::new(crate::cli::When::Never));
    bench.send("Did you know");
    for case in cases::CASES {
        bench.send(&format!(":{}", case.command.replace("FOLDER", &folder.display().to_string())));
        let shown = text(&bench.draw(160, 50));
        assert!(shown.contains(case.screen), ":{} shows no {:?}:\n{shown}", case.command, case.screen);
        if bench.app.help.is_some() {
            bench.key(KeyCode::Char('x'));
        }
        bench.app.list = None;
        if bench.app.focus == Focus::Memory {
            bench.key(KeyCode::Char('i'));
        }
    }
    bench.send("::x");
    assert!(text(&bench.draw(160, 50)).contains("=> :x Wasm is cool!"));
    bench.send(":dmup");
    assert!(text(&bench.draw(160, 50)).contains("there is no command :dmup; did you mean :dump?"));
    ":quit".chars().for_each(|c| assert_eq!(bench.key(KeyCode::Char(c)), LoopControl::Continue));
    assert_eq!(bench.key(KeyCode::Enter), LoopControl::Quit);
    std::fs::remove_dir_all(&folder).expect("it was ours");
}

#[test]
fn a_message_that_is_too_long_for_its_line_takes_the_one_above_too() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send(&"x".repeat(1100));
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("the line is 1100 bytes long") && shown.contains("nothing was written"), "{shown}");
}
