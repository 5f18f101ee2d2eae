//! Snapshots of the screen at common terminal sizes, with styles. Each file in `scenes` has the rows of a screen, each
//! followed by a row that begins with `~` if any of its characters has a style: a letter for the style of each.
//!
//! `BLESS=1 cargo test --lib scenes` rewrites them: look at the difference before you commit it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use ratatui::style::Style;

use super::*;
use crate::abi::RecipeFile;
use crate::record::Actor;
use crate::settings::Look;
use crate::view::{Mark, RegionKind};

/// Common terminal sizes.
const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (160, 45)];

/// A guest with an allocator. It answers with its line in place.
const ECHO: &str = r#"(module (memory (export "memory") 1) (global $top (mut i32) (i32.const 0x80))
    (data $.rodata (i32.const 0x20) "constants")
    (func (export "alloc") (param $n i32) (result i32)
        (global.set $top (i32.add (global.get $top) (i32.const 32)))
        (i32.sub (global.get $top) (i32.const 32)))
    (func (export "f") (param $p i32) (param $n i32) (result i32)
        (i32.store8 (local.get $p) (i32.sub (i32.load8_u (local.get $p)) (i32.const 32)))
        (i32.store (i32.const 0x200) (local.get $p))
        (i32.store (i32.const 0x204) (local.get $n))
        (if (i32.eq (local.get $n) (i32.const 4)) (then (unreachable)))
        (local.get $p)))"#;

/// Reads one byte too few of the answer.
const RECIPE: &str = "name cuts\neach line\n  p = alloc(n + 4)\n  write at p\n* out = f(p, n)\n  read n - 2 at out";

fn echo(line: &str) -> Bench {
    let mut options = Options::default();
    options.wish.recipe = Some(RecipeFile::new("cuts".to_owned(), RECIPE.to_owned()).expect("it is a recipe"));
    let source = Source { name: "echo.wat".to_owned(), bytes: ECHO.into() };
    let mut bench = Bench::on(source, options, Theme::EXACT);
    bench.send(line);
    bench
}

fn passing(line: &str) -> Bench {
    let mut bench = Bench::new(Theme::EXACT);
    if !line.is_empty() {
        bench.send(line);
    }
    bench
}

/// The scenes: a name, a screen, and keys to press once it has its size. A line feed is Enter.
fn scenes() -> [(&'static str, Bench, &'static str); 10] {
    [
        ("start", passing(""), "Did you"),
        ("call", passing("Did you know"), ""),
        ("write", passing("Did you know"), "\x1b<"),
        ("read", echo("h\u{e9}llo \u{1f980}"), "\x1b>"),
        ("memory", passing("Did you know"), "\x1b/cool\nsjj"),
        ("regions", echo("a few words"), "\x1b\t\t"),
        ("trap", echo("trap"), "\x1b"),
        ("struct", echo("h\u{e9}llo"), "\x1b:struct str @ 0x200\n\n:set theme dark-classes\n"),
        ("help", passing("Did you know"), "\x1b?"),
        ("changes", passing("Did you know"), "\x1bc"),
    ]
}

/// The letter of a style.
fn letter(style: Style, theme: Theme) -> char {
    let known = [
        (theme.after(Mark::Changed(Actor::Host)), 'H'),
        (theme.after(Mark::Changed(Actor::Guest)), 'G'),
        (theme.after(Mark::Rewritten(Actor::Host)), 'h'),
        (theme.after(Mark::Rewritten(Actor::Guest)), 'g'),
        (theme.read(), 'R'),
        (theme.before(Mark::Changed(Actor::Host)), '_'),
        (theme.region(RegionKind::Output), 'r'),
        (theme.actor(Actor::Host), 'w'),
        (theme.actor(Actor::Guest), 'y'),
        (theme.failure(), '!'),
        (theme.mode(), 'X'),
        (theme.selected(), 'x'),
        (theme.title(), 'b'),
        (theme.byte(0), '0'),
        (theme.byte(b'a'), 'a'),
        (theme.byte(1), '1'),
        (theme.byte(0x80), '8'),
        (Style::new().add_modifier(Modifier::ITALIC), 'i'),
    ];
    let drawn = |style: Style| {
        let mut cell = ratatui::buffer::Cell::default();
        cell.set_style(style);
        (cell.fg, cell.bg, cell.modifier)
    };
    let style = drawn(style);
    if style == drawn(Style::new()) {
        return ' ';
    }
    let exact = known.iter().find(|(known, _)| drawn(*known) == style);
    // Else it is one of them with more: what is selected, or matches a search.
    let like = || {
        known.iter().find(|(known, _)| {
            let (fg, bg, modifier) = drawn(*known);
            (fg, bg) == (style.0, style.1) && style.2.contains(modifier)
        })
    };
    exact.or_else(like).map_or('?', |(_, letter)| *letter)
}

/// The screen, as if each exchange took the same time.
fn at_one_time(bench: &mut Bench, width: u16, height: u16) -> Buffer {
    if let Some(at) = &mut bench.full.app.time.selection {
        std::sync::Arc::make_mut(&mut at.steps).pretend(Duration::from_micros(33));
    }
    bench.settled(width, height)
}

/// The screen as text with styles.
fn picture(buffer: &Buffer, theme: Theme) -> String {
    let mut picture = String::new();
    for y in 0..buffer.area.height {
        let cells = || (0..buffer.area.width).map(|x| &buffer[(x, y)]);
        let text: String = cells().map(|cell| cell.symbol()).collect();
        let styles: String = cells().map(|cell| letter(cell.style(), theme)).collect();
        let _ = writeln!(picture, " {}", text.trim_end());
        if !styles.trim().is_empty() {
            let _ = writeln!(picture, "~{}", styles.trim_end());
        }
    }
    picture
}

#[test]
fn ten_scenes_look_as_they_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/front/tui/tests/scenes");
    let is_update = std::env::var_os("BLESS").is_some();
    let mut wrong = BTreeMap::new();
    for (width, height) in SIZES {
        for (name, mut bench, keys) in scenes() {
            at_one_time(&mut bench, width, height);
            for c in keys.chars() {
                match c {
                    '\n' => _ = bench.key(KeyCode::Enter),
                    c => bench.keys(&c.to_string()),
                }
                bench.settle();
                at_one_time(&mut bench, width, height);
            }
            let look: Look = bench.full.app.settings.theme;
            let shown = picture(&at_one_time(&mut bench, width, height), Theme::EXACT.looking(look));
            let file: PathBuf = folder.join(format!("{name}-{width}x{height}.txt"));
            if is_update {
                std::fs::create_dir_all(&folder).expect("the folder is writable");
                std::fs::write(&file, &shown).expect("the folder is writable");
                let svg = bench.full.pictures.with_file_name(format!("linmem-scene-{name}-{width}x{height}.svg"));
                let svg = crate::front::tui::state::effect::PictureFile::Named { path: svg, overwrite: true };
                bench.full.save_picture(svg).expect("the folder is writable");
            } else if std::fs::read_to_string(&file).ok().as_ref() != Some(&shown) {
                wrong.insert(file, shown);
            }
        }
    }
    let (first, shown) = wrong.first_key_value().map_or((None, ""), |(file, shown)| (Some(file), shown.as_str()));
    assert!(wrong.is_empty(), "{} scenes differ, the first {first:?}:\n{shown}", wrong.len());
}

#[test]
fn no_style_is_unknown_and_the_facts_are_in_every_picture() {
    for (width, height) in SIZES {
        let file = |name: &str| {
            let path = format!("src/front/tui/tests/scenes/{name}-{width}x{height}.txt");
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is there")
        };
        for (name, ..) in scenes() {
            let text = file(name);
            let styles = text.lines().filter(|line| line.starts_with('~'));
            assert!(styles.clone().all(|line| !line.contains('?')), "{name}: {text}");
        }
        let read = file("read");
        assert!(read.contains("the host read 9 bytes: \"h\u{e9}llo \\xf0\\x9f\"") || read.contains("\\xf0"), "{read}");
        assert!(read.contains('R') && read.contains("9 B read"), "{read}");
        for (name, mode) in [("start", "INPUT"), ("read", "MEMORY"), ("help", "HELP"), ("changes", "LIST")] {
            assert!(file(name).lines().any(|line| line.starts_with(&format!("  {mode} "))), "{name}");
        }
    }
}
