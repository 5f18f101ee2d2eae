//! The cursor in memory: lists to jump from, names and matches in the panes, copying, a preview of what will be sent.

use super::*;
use crate::abi::RecipeFile;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// A guest that scatters its answer: it writes an exclamation mark after each letter of the line.
const SCATTER: &str = r#"(module (memory (export "memory") 2)
    (global $__stack_pointer (mut i32) (i32.const 0x100))
    (global (export "__heap_base") i32 (i32.const 0x8000))
    (data $.rodata (i32.const 0x100) "\08\01\00\00\00\00\00\00words")
    (func (export "ptr") (result i32) (i32.const 0x400))
    (func (export "scatter") (param i32) (result i32) (local i32)
        (loop
            (i32.store8 (i32.add (i32.const 0x401) (i32.mul (local.get 1) (i32.const 16))) (i32.const 33))
            (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
        (local.get 0)))"#;

fn scatter(theme: Theme) -> Bench {
    Bench::on(Source { name: "scatter".to_owned(), bytes: SCATTER.into() }, Options::default(), theme)
}

/// A bench on a guest driven by a recipe.
pub(super) fn by_recipe(recipe: &str) -> Bench {
    let guest = r#"(module (memory (export "memory") 1) (global (export "BUFFER") i32 (i32.const 0x60))
        (func (export "alloc") (param i32) (result i32) (i32.const 0x80)) (func (export "f") (param i32)))"#;
    let mut options = Options::default();
    options.wish.recipe = Some(RecipeFile::new("r".to_owned(), recipe.to_owned()).expect("it is a recipe"));
    Bench::on(Source { name: "guest".to_owned(), bytes: guest.into() }, options, Theme::COLORED)
}

fn mouse(bench: &mut Bench, kind: MouseEventKind, column: usize, row: usize) {
    let small = |n: usize| u16::try_from(n).expect("screens are small");
    let event = MouseEvent { kind, column: small(column), row: small(row), modifiers: KeyModifiers::NONE };
    bench.take(Event::Mouse(event));
}

fn click(bench: &mut Bench, column: usize, row: usize) {
    mouse(bench, MouseEventKind::Down(MouseButton::Left), column, row);
}

/// The row and column of a text on the screen.
fn find(shown: &str, wanted: &str) -> (usize, usize) {
    let row = shown.lines().position(|line| line.contains(wanted));
    let row = row.unwrap_or_else(|| panic!("there is no {wanted:?}:\n{shown}"));
    let line = shown.lines().nth(row).expect("it is there");
    (row, line[..line.find(wanted).expect("it is there")].chars().count())
}

#[test]
fn one_goes_from_a_list_of_changes_to_a_change() {
    let mut bench = scatter(Theme::COLORED);
    bench.send("seventeen letters");
    bench.settled(80, 24);
    bench.keys("\x1bc");
    let shown = text(&bench.settled(80, 24));
    assert!(shown.contains("changes: the guest changed 17 byt"), "{shown}");
    assert!(shown.contains("1 of 17  changes: "), "{shown}");
    assert!(shown.contains(">1 B at 0x401..0x402  guest: \"e\" -> \"!\""), "{shown}");
    bench.keys("jj");
    bench.key(KeyCode::Enter);
    assert_eq!((bench.full.app.space.cursor, bench.full.app.focus), (0x421, Focus::Memory));
    assert!(bench.mode() != Mode::List);
    // The list opens at the cursor, pages, and reaches both ends.
    bench.keys("c");
    assert!(text(&bench.settled(80, 24)).contains("3 of 17"));
    bench.key(KeyCode::PageDown);
    assert!(text(&bench.settled(80, 12)).contains("17 of 17"));
    bench.keys("g");
    assert!(text(&bench.settled(80, 24)).contains("1 of 17"));
    mouse(&mut bench, MouseEventKind::ScrollDown, 5, 5);
    let shown = text(&bench.settled(80, 24));
    assert!(shown.contains("4 of 17"), "the wheel moves in it: {shown}");
    let (row, column) = find(&shown, "0x4f1..");
    click(&mut bench, column, row);
    assert_eq!(bench.full.app.space.cursor, 0x4f1);
    bench.keys("c\x1b");
    assert!(
        bench.mode() != Mode::List && bench.full.app.focus == Focus::Memory,
        "Esc closes the list and nothing else"
    );
}

#[test]
fn the_panels_are_clicked() {
    let mut bench = scatter(Theme::COLORED);
    bench.send("abc");
    bench.settled(120, 40);
    bench.keys("\x1b\t");
    let shown = text(&bench.settled(120, 40));
    let (row, column) = find(&shown, "0x421..0x422");
    click(&mut bench, column, row);
    assert_eq!(bench.full.app.space.cursor, 0x421);
    bench.keys("\t");
    let shown = text(&bench.settled(120, 40));
    assert!(
        shown.contains("|stack      0x0..0x100  256 B") && shown.contains("|heap       0x8000..0x20000"),
        "{shown}"
    );
    let (row, column) = find(&shown, "|.rodata    ");
    click(&mut bench, column, row);
    assert_eq!(bench.full.app.space.cursor, 0x100);
    assert!(text(&bench.settled(120, 40)).contains(">|.rodata"), "the region at the cursor is marked");
    bench.keys("\t");
    let shown = text(&bench.settled(120, 40));
    let (row, _) = find(&shown, "map  1 cell");
    click(&mut bench, 110, row + 2);
    assert!(bench.full.app.space.cursor > 0x100, "the map is clicked: {:#x}", bench.full.app.space.cursor);
}

#[test]
fn a_drag_beyond_the_panes_goes_on_line_by_line() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    let shown = text(&bench.settled(80, 24));
    let (row, column) = find(&shown, "6b 6e 6f 77");
    click(&mut bench, column, row);
    let drag = MouseEventKind::Drag(MouseButton::Left);
    mouse(&mut bench, drag, column + 3, row);
    assert_eq!(bench.full.app.space.selected(), (0x418, 0x419));
    for _ in 0..3 {
        mouse(&mut bench, drag, column + 3, 23);
    }
    // A fold is one line.
    assert_eq!(bench.full.app.space.selected().0, 0x418);
    assert!(bench.full.app.space.selected().1 > 0x439, "{:x?}", bench.full.app.space.selected());
    mouse(&mut bench, drag, column + 3, 0);
    let shown = text(&bench.settled(80, 24));
    assert!(shown.contains('['), "the end of what is selected stays in sight: {shown}");
}

#[test]
fn regions_are_named_beside_the_rows_that_they_begin_in() {
    let mut bench = scatter(Theme::COLORED);
    bench.send("abc");
    bench.settled(120, 40);
    bench.keys("\x1b:goto .rodata");
    bench.key(KeyCode::Enter);
    let shown = text(&bench.settled(120, 40));
    assert!(shown.contains("\u{b7}\u{b7}\u{b7} __stack_pointer"), "{shown}");
    assert!(shown.contains(" B 00  |heap __heap_base"), "a fold names what begins in it: {shown}");
    assert!(shown.contains("at 0x100  .rodata"), "{shown}");
    // A name that does not fit beside its row is in the pane's title, and none is ever cut.
    assert!(shown.contains("after  3 B changed  |.rodata \u{2500}"), "{shown}");
    let shown = text(&bench.settled(80, 24));
    assert!(shown.contains("after  3 B changed  |.rodata |stack __stack_pointer \u{2500}"), "{shown}");
    for (width, height) in [(80, 24), (89, 30), (100, 30), (120, 40), (160, 45)] {
        let shown = text(&bench.settled(width, height));
        for line in shown.lines().skip(2).take_while(|line| !line.contains(" steps ")) {
            assert!(!line.contains('\u{2026}'), "{shown}");
        }
    }
}

/// The italic characters of a row. Without colour, only matches and names are italic.
fn italic(buffer: &Buffer, row: usize, columns: std::ops::Range<u16>) -> String {
    let y = u16::try_from(row).expect("screens are small");
    let cells = columns.map(|x| &buffer[(x, y)]);
    cells.filter(|cell| cell.modifier.contains(Modifier::ITALIC)).map(|cell| cell.symbol()).collect()
}

#[test]
fn matches_are_marked_in_every_arrangement_and_at_every_moment() {
    let mut bench = Bench::new(Theme::MONOCHROME);
    bench.send("cool");
    bench.settled(120, 40);
    bench.keys("\x1b/cool");
    bench.key(KeyCode::Enter);
    // At the transform's step: three matches after, two before.
    for (arrangement, rows) in [("sides", 5), ("stacked", 5), ("one", 4)] {
        let buffer = bench.settled(120, 40);
        let shown = text(&buffer);
        let marked: Vec<_> = (0..30).filter(|&row| !italic(&buffer, row, 10..78).is_empty()).collect();
        assert!(
            shown.matches("<63 6f 6f 6c>").count() + shown.matches("[63]6f 6f 6c>").count() >= rows - 1,
            "{arrangement}: {shown}"
        );
        assert!(marked.len() >= 2, "{arrangement}: {shown}");
        let (row, _) = find(&shown, "cool!");
        assert!(italic(&buffer, row, 0..120).contains("cool"), "the text is marked too: {arrangement} {shown}");
        bench.keys("v");
    }
    // Before the host's write, only the module's data matches.
    bench.key(KeyCode::F(7));
    let shown = text(&bench.settled(120, 40));
    assert_eq!(shown.matches("<63 6f 6f 6c>").count(), 2, "the module's own words in both panes: {shown}");
    assert!(text(&bench.settled(120, 40)).contains("step 2 of 5"));
    bench.keys("n");
    let shown = text(&bench.settled(120, 40));
    assert!(shown.contains("of 2: cool"), "{shown}");
    // With colours a match in unwritten bytes is reversed; bytes written by the guest keep their colour.
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("x");
    bench.settled(120, 40);
    bench.keys("\x1b/Wasm");
    bench.key(KeyCode::Enter);
    let buffer = bench.settled(120, 40);
    let reversed = (0..40u16).filter(|&y| {
        (60..119).any(|x| buffer[(x, y)].modifier.contains(Modifier::REVERSED) && buffer[(x, y)].symbol() == "W")
    });
    assert_eq!(reversed.count(), 1, "{}", text(&buffer));
}

#[test]
fn typed_values_and_wildcards_are_found_and_counted() {
    let mut bench = scatter(Theme::COLORED);
    bench.send("abcdefgh");
    bench.settled(80, 24);
    for (pattern, count, cursor) in [
        ("u8 33", "match 1 of 8: u8 33", 0x401),
        ("hex 21 6? ?4", "match 1 of 1: hex 21 6? ?4", 0x401),
        ("u32:264", "match 1 of 1: u32:264", 0x100),
        ("\"words\"", "match 1 of 1: \"words\"", 0x108),
    ] {
        bench.keys("\x1bg/");
        bench.keys(pattern);
        bench.key(KeyCode::Enter);
        let shown = text(&bench.settled(80, 24));
        assert!(shown.contains(count), "{pattern}: {shown}");
        assert_eq!(bench.full.app.space.cursor, cursor, "{pattern}");
        bench.keys("i");
    }
    bench.keys("\x1b/u8 33");
    bench.key(KeyCode::Enter);
    bench.keys("nnN");
    assert!(text(&bench.settled(80, 24)).contains("match 2 of 8"));
}

#[test]
fn a_colon_in_the_memory_takes_addresses_and_commands() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.settled(80, 24);
    bench.keys("\x1b:0x500");
    bench.key(KeyCode::Enter);
    assert_eq!(bench.full.app.space.cursor, 0x500);
    bench.keys(":mark here");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.settled(80, 24)).contains("marked 1 B at 0x500..0x501 as here"));
    bench.keys("g:here");
    bench.key(KeyCode::Enter);
    assert_eq!(bench.full.app.space.cursor, 0x500);
    assert!(text(&bench.settled(80, 24)).contains("at 0x500  here"));
    bench.keys(":find cool");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.settled(80, 24)).contains("match 1 of 2: cool"));
    bench.keys(":fnid cool");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.settled(80, 24)).contains("unknown command `:fnid`; did you mean :find?"));
    bench.key(KeyCode::Esc);
    bench.keys(":0x99999999");
    bench.key(KeyCode::Enter);
    let shown = text(&bench.settled(80, 24));
    assert!(shown.contains(":0x99999999") && shown.contains("is out of bounds: memory ends at 0x10000"), "{shown}");
    bench.key(KeyCode::Esc);
    bench.keys(":q");
    assert_eq!(bench.key(KeyCode::Enter), [Request::Quit]);
}

#[test]
fn one_menu_copies_in_every_form_and_offers_a_file() {
    let mut bench = Bench::new(Theme::COLORED);
    std::fs::create_dir_all(&bench.full.pictures).expect("the folder for what is temporary is there");
    bench.send("Did you know");
    bench.settled(80, 24);
    bench.keys("\x1b:input");
    bench.key(KeyCode::Enter);
    bench.keys("sll");
    bench.keys("y");
    assert!(
        text(&bench.settled(80, 24))
            .contains(" COPY  h hex  c C  r Rust  b Base64  t text  a addr  f file  Esc close  F1 help")
    );
    bench.keys("x");
    assert!(bench.mode() == Mode::Copy, "a key that says nothing changes nothing");
    for (key, copied) in [("h", "44 69 64"), ("b", "RGlk"), ("t", "Did"), ("a", "0x410")] {
        bench.keys("\x1by");
        bench.keys(key);
        assert_eq!(bench.copied.take().as_deref(), Some(copied));
        assert_eq!(bench.full.app.focus, Focus::Memory);
        bench.keys("y");
    }
    for (key, begin) in [("c", "const unsigned char at_410[3] = {"), ("r", "const AT_410: [u8; 3] = [")] {
        bench.keys(key);
        let copied = bench.copied.take().expect("it is copied");
        assert!(copied.starts_with(begin) && copied.contains("0x44, 0x69, 0x64"), "{copied}");
        bench.keys("y");
    }
    let path = bench.full.pictures.join("three bytes");
    bench.keys("f");
    bench.keys(&path.display().to_string());
    bench.key(KeyCode::Enter);
    assert_eq!(std::fs::read(&path).expect("it is there"), b"Did");
    // A file is replaced only with `overwrite`, and the prompt stays open.
    bench.keys("yf");
    bench.keys(&path.display().to_string());
    bench.key(KeyCode::Enter);
    assert!(
        text(&bench.settled(120, 24)).contains("file exists; add `overwrite`"),
        "{}",
        text(&bench.settled(120, 24))
    );
    bench.keys(" overwrite");
    bench.key(KeyCode::Enter);
    assert!(bench.mode() != Mode::Prompt);
    // What exceeds the clipboard's limit is offered to a file.
    bench.keys("ssG");
    bench.keys("yh");
    let shown = text(&bench.settled(80, 24));
    assert!(shown.contains("fit in the clipboard") && shown.contains("write 64,494 B to the file: "), "{shown}");
    std::fs::remove_dir_all(&bench.full.pictures).expect("it is ours");
}

#[test]
fn the_inspector_tells_all_at_80_columns_and_at_the_end_of_memory() {
    let mut bench = scatter(Theme::COLORED);
    bench.send("abc");
    bench.settled(80, 24);
    bench.keys("\x1b:.rodata");
    bench.key(KeyCode::Enter);
    bench.keys("I");
    let mut shown = text(&bench.settled(80, 24));
    bench.key(KeyCode::PageDown);
    shown.push_str(&text(&bench.settled(80, 24)));
    for line in [
        " at 0x100  .rodata",
        " last: the module, step 1 of the start",
        " u8          8 ",
        " pointer     0x108 .rodata+0x8 words",
        " ptr+len     0x108+0 \"\"",
        " uleb128     8 (1 B)",
        " u16      be 2049",
        " pointer  be 0x8010000 outside",
        " i64      be 576742227280134144",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    bench.keys("\x1bG");
    let shown = text(&bench.settled(120, 40));
    assert!(
        shown.contains("at 0x1ffff  heap+0x17fff") && !shown.contains("u32 "),
        "what does not fit is left out: {shown}"
    );
    bench.keys("e");
    let shown = text(&bench.settled(120, 40));
    assert!(!shown.contains("u32 be") && !shown.contains("ptr+len"), "{shown}");
    assert!(shown.contains("u8       0") && shown.contains("utf-8    \\0 U+0000"), "they have no order: {shown}");
}

#[test]
fn esc_unmarks_what_was_found_and_what_is_not_found_leads_nowhere() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("cool");
    bench.settled(120, 40);
    bench.keys(":find cool");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.settled(120, 40)).contains("<63 6f 6f 6c>"));
    assert!(bench.full.app.focus == Focus::Memory);
    bench.key(KeyCode::Esc);
    let shown = text(&bench.settled(120, 40));
    assert!(!shown.contains("<63") && bench.full.app.focus == Focus::Memory, "{shown}");
    bench.key(KeyCode::Esc);
    assert!(bench.mode() == Mode::Memory, "with nothing open it does nothing");
    bench.keys("i");
    bench.keys(":find nowhere");
    bench.key(KeyCode::Enter);
    let shown = text(&bench.settled(120, 40));
    assert!(shown.contains("not found: nowhere") && bench.full.app.focus == Focus::Input, "{shown}");
}

#[test]
fn panels_tell_which_part_of_a_list_they_show() {
    let mut bench = Bench::wat(
        r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
            (func (export "f") (param $n i32) (result i32) (local $i i32)
                (loop $again
                    (i32.store8 (i32.add (i32.const 1024) (i32.mul (local.get $i) (i32.const 64))) (i32.const 7))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $i) (i32.const 50))))
                (local.get $n)))"#,
    );
    (0..30).for_each(|number| bench.send(&format!("line {number}")));
    let shown = text(&bench.settled(120, 40));
    let rows = usize::from(bench.full.app.layout.side.height.max(bench.full.app.layout.transcript.height)) - 1;
    assert!(shown.contains(&format!(" exchanges  {}-30 of 30 ", 31 - rows)), "{shown}");
    assert!(shown.contains("─ steps ─"), "all steps are in sight: {shown}");
    bench.send(":exchange 1");
    bench.keys("\x1b\t");
    let shown = text(&bench.settled(120, 40));
    let rows = usize::from(bench.full.app.layout.side.height) - 1;
    assert!(shown.contains(&format!("changes  50 bytes in 50 ranges  1-{rows} of 50  (, .)")), "{shown}");
    // A truncated title is marked.
    bench.keys("\t");
    let shown = text(&bench.settled(44, 24));
    assert!(shown.lines().any(|line| line.ends_with("\u{2026} ") || line.contains("\u{2026} ")), "{shown}");
}

#[test]
fn what_was_written_at_the_cursor_is_undone_with_a_key() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.settled(80, 24);
    bench.keys("\x1b:0x500");
    bench.key(KeyCode::Enter);
    bench.keys("pu16 513");
    bench.key(KeyCode::Enter);
    bench.settle();
    assert_eq!(bench.full.app.session.run().present()[0].byte(0x501), Some(2));
    bench.keys("u");
    bench.settle();
    assert_eq!(bench.full.app.session.run().present()[0].byte(0x501), Some(0));
    let shown = text(&bench.settled(120, 40));
    assert!(shown.contains(":undo 1") && shown.contains("the host changed 2 bytes"), "{shown}");
    bench.keys("u");
    assert!(text(&bench.settled(120, 40)).contains("no :poke to undo"));
}

#[test]
fn while_a_line_is_typed_it_is_said_where_it_goes_as_far_as_that_is_known() {
    for (recipe, line, expected) in [
        (
            "each line\n  write line, 0 at 0x40\n* f(n)\n  answer \"x\"",
            "ab",
            "3 B, 2 characters, goes to 0x40: 61 62 00",
        ),
        (
            "each line\n  write at @BUFFER\n* f(n)\n  answer \"x\"",
            "a",
            "goes to 0x60, the value of the global BUFFER: 61",
        ),
        (
            "each line\n  p = alloc(n)\n  write at p\n* f(n)\n  answer \"x\"",
            "a",
            "goes to memory that alloc allocates: 61",
        ),
        (
            "text utf16\neach line\n  write at 8\n* f(n)\n  answer \"x\"",
            "\u{e9}",
            "2 B, 1 character, goes to 0x8: e9 00",
        ),
        ("text hex\neach line\n  write at 8\n* f(n)\n  answer \"x\"", "4", "1 character; no preview: "),
        ("each line\n* f(n)\n  answer \"x\"", "a", "1 B, 1 character, the recipe does not write it to memory: 61"),
        (
            "once\n  room = 2\neach line\n  write at 8 within room\n* f(n)\n  answer \"x\"",
            "abc",
            "3 B, 3 characters, too long: the guest's buffer holds 2 B: 61 62 63",
        ),
    ] {
        let mut bench = by_recipe(recipe);
        bench.keys(line);
        let shown = text(&bench.settled(120, 40));
        assert!(shown.contains(expected), "{recipe}\n{shown}");
    }
    // A command is not a line; two colons escape a line.
    let mut bench = Bench::new(Theme::COLORED);
    bench.keys(":poke");
    assert!(text(&bench.settled(120, 40)).contains(":poke TYPE ADDR VALUE ..."));
    bench.full.app.line.clear();
    bench.keys("::a");
    assert!(text(&bench.settled(120, 40)).contains("2 B, 2 characters, goes to an address from the guest: 3a 61"));
    // What a poke wrote is not where the last line went.
    bench.full.app.line.clear();
    bench.send("line");
    bench.send(":poke u8 0x9000 1");
    bench.keys("x");
    assert!(text(&bench.settled(120, 40)).contains("would go to 0x410, where the last line went"));
}

#[test]
fn the_name_of_a_region_is_refused_for_a_mark_by_key_and_by_command() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.settled(80, 24);
    bench.keys("\x1bmoutput");
    bench.key(KeyCode::Enter);
    assert!(
        text(&bench.settled(80, 24)).contains("`output` is already the name of a region; :regions lists all regions")
    );
    bench.key(KeyCode::Esc);
    bench.keys(":mark output");
    bench.key(KeyCode::Enter);
    assert!(
        text(&bench.settled(80, 24)).contains("`output` is already the name of a region; :regions lists all regions")
    );
    assert_eq!(bench.full.app.session.bookmarks().iter().count(), 0);
}
