//! A call opened into its stores, and who touched the bytes at the cursor: the source, the writers, the strip.

use super::*;
use crate::front::tui::state::panels::Panel;
use crate::guest::Passes;

/// A guest with a loop in one function and a store in another, a vector store, and a load.
const LOOPS: &str = r#"(module (import "env" "tick" (func $tick)) (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func $fill (param $n i32)
        (loop $again
            (i32.store8 (i32.add (local.get $n) (i32.const 0x200)) (i32.const 7))
            (i32.store8 (i32.const 0x300) (local.get $n))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func $mark (i32.store16 (i32.const 0x200) (i32.const 0x0909)))
    (func (export "f") (param $n i32) (result i32)
        (call $fill (i32.const 1000))
        (call $tick)
        (call $mark)
        (v128.store (i32.const 0x400) (v128.const i64x2 0x0101010101010101 0x0202020202020202))
        (drop (i32.load8_u (i32.const 0x200)))
        (local.get $n)))"#;

fn bench(loads: bool) -> Bench {
    let mut options = Options::default();
    options.wish.stub_imports = true;
    options.trace = Passes { stores: true, loads, pauses: false };
    let source = Source { name: "guest.wat".to_owned(), bytes: LOOPS.as_bytes().to_vec() };
    let mut bench = Bench::on(source, options, Theme::COLORED);
    bench.send("hi");
    bench.draw(100, 40);
    bench.keys("\x1b");
    bench
}

fn go_to(bench: &mut Bench, addr: &str) {
    bench.keys(&format!(":{addr}"));
    bench.key(KeyCode::Enter);
}

/// The selected access, once everything is found that was looked for.
fn access(bench: &mut Bench) -> Option<u64> {
    bench.settled(100, 40);
    bench.full.app.time.selection.as_ref().expect("something is selected").access
}

#[test]
fn a_call_opens_into_its_stores_with_loops_folded() {
    let mut bench = bench(false);
    bench.keys("o");
    assert_eq!(access(&mut bench), Some(0));
    let shown = text(&bench.settled(100, 40));
    assert!(shown.contains("2,000 stores  fill "), "the loop is one group: {shown}");
    assert!(shown.contains(">    1 store 0x5e8  00 -> 07  fill"), "{shown}");
    bench.keys("J");
    assert_eq!(access(&mut bench), Some(1));
    // Out of the loop, into the next function, past the import between them.
    bench.keys("]f");
    assert_eq!(access(&mut bench), Some(2000));
    let shown = text(&bench.settled(100, 40));
    let (import, store) = (shown.find("import env.tick"), shown.find("store 0x200  00 07 -> 09 09"));
    assert!(shown.contains("2,000 stores  fill") && shown.contains("1 store  mark"), "{shown}");
    assert!(import.is_some() && import < store, "in the order in which it happened: {shown}");
    // A vector store is one.
    bench.keys("J");
    let shown = text(&bench.settled(100, 40));
    assert!(shown.contains("   1 store  f "), "{shown}");
    assert!(shown.contains("this access: the guest changed 16 bytes at 0x400..0x410"), "{shown}");
    assert!(shown.contains("2,002 store 0x400  07 07 07 07.. -> 01"), "one line has both values: {shown}");
    bench.keys("J");
    assert!(text(&bench.settled(100, 40)).contains("this is the last access of the exchange"));
    bench.keys("K");
    assert_eq!(access(&mut bench), Some(2000));
    bench.keys("K[f");
    assert_eq!(access(&mut bench), Some(0), "to the first store of the loop");
    bench.keys("o");
    assert_eq!(access(&mut bench), None);
}

#[test]
fn every_size_shows_the_selected_store_with_its_step() {
    let mut bench = bench(false);
    bench.keys("oJJJ");
    for (width, height) in [(80, 24), (100, 30), (160, 45), (60, 14), (44, 12)] {
        let shown = text(&bench.settled(width, height));
        assert!(shown.contains(">    4 store 0x300"), "{width}x{height}: {shown}");
        assert!(height < 24 || shown.contains(" 3 call "), "{width}x{height}: {shown}");
    }
}

#[test]
fn the_source_panel_has_the_instruction_and_its_neighbours() {
    let mut bench = bench(false);
    go_to(&mut bench, "0x200");
    bench.keys("t");
    let shown = text(&bench.settled(120, 40));
    assert!(shown.contains("last write at 0x200") && shown.contains(" mark"), "{shown}");
    let row = shown.lines().find(|line| line.contains("i32.store16")).expect("the instruction is shown");
    assert!(row.contains(">0x"), "{row}");
    assert!(shown.contains("i32.const 2313"), "with the one before it: {shown}");
    // A step of the host has no instruction.
    go_to(&mut bench, "0x40");
    let shown = text(&bench.settled(120, 40));
    assert!(shown.contains("last write at 0x40") && shown.contains(" the host, step 2"), "{shown}");
}

#[test]
fn the_writers_are_listed_over_all_exchanges_and_one_can_be_gone_to() {
    let mut bench = bench(false);
    bench.keys("i");
    bench.send("ho");
    bench.keys("\x1b");
    go_to(&mut bench, "0x201");
    bench.keys("tt");
    let shown = text(&bench.settled(160, 45));
    let rows: Vec<_> = shown.lines().filter_map(|line| line.split_once("\u{2502}").map(|(_, row)| row)).collect();
    let writers: Vec<_> = rows.iter().filter(|row| row.contains("-> 07") || row.contains("-> 09 09")).collect();
    assert!(writers.len() >= 4, "{shown}");
    assert!(shown.contains("1 #1,999 store 0x201  00 -> 07  fill"), "{shown}");
    assert!(
        shown.contains(">2 #2,001 store 0x200  09 07 -> 09 09  mark") || shown.contains(">2 #2,001 store 0x200"),
        "{shown}"
    );
    // Both exchanges are marked on the strip, the start is not.
    let buffer = bench.settled(160, 45);
    let underlined: Vec<_> = (6..9).map(|x| buffer[(x, 1)].modifier.contains(Modifier::UNDERLINED)).collect();
    assert_eq!(underlined, [false, true, true], "{shown}");
    assert!(shown.contains("underlined: wrote this byte"));
}

#[test]
fn a_selection_has_touches_and_reads_are_touches_too() {
    let mut bench = bench(true);
    go_to(&mut bench, "0x1fe");
    bench.keys("sllll");
    bench.keys("#");
    assert_eq!(access(&mut bench), Some(2000), "the last write of 0x1fe..0x203");
    assert_eq!(bench.full.app.space.selected(), (0x1fe, 0x202), "the selection stays");
    bench.keys("]r");
    assert_eq!(access(&mut bench), Some(2003), "the load after it");
    bench.keys("]r");
    assert!(text(&bench.settled(100, 40)).contains("no later read of these bytes is known"));
    let mut bench = self::bench(false);
    bench.keys("]r");
    assert!(text(&bench.settled(100, 40)).contains("--trace loads records what the guest reads"));
}

#[test]
fn changes_are_grouped_by_function() {
    let mut bench = bench(false);
    bench.keys("f");
    let shown = text(&bench.settled(120, 40));
    assert_eq!(bench.full.app.shown_panel(), Panel::Changes);
    assert!(shown.contains("fill  2,000 B in 2,000 stores, 0x201..0x5e9"), "{shown}");
    assert!(shown.contains("mark  2 B in 1 store, 0x200..0x202"), "{shown}");
    bench.keys("f");
    assert!(text(&bench.settled(120, 40)).contains("changes  "));
}

/// The screen after a call of 240,000 stores, of which that many bytes are kept.
fn long_call(record: u64) -> Bench {
    let mut options = Options::default();
    options.wish.stub_imports = true;
    options.trace = Passes { stores: true, ..Passes::default() };
    options.limits.record = record;
    let text_of = LOOPS.replace(
        "(call $fill (i32.const 1000))",
        "(call $fill (i32.const 60000)) (call $mark) (call $fill (i32.const 60000))",
    );
    let source =
        Source { name: "guest.wat".to_owned(), bytes: text_of.replace("memory\") 1", "memory\") 2").into_bytes() };
    let mut bench = Bench::on(source, options, Theme::COLORED);
    bench.send("hi");
    bench.draw(100, 40);
    bench.keys("\x1bo");
    bench
}

#[test]
fn the_latest_write_may_be_one_that_was_not_kept() {
    for record in [4 << 20, 5200 << 10] {
        let mut bench = long_call(record);
        assert_eq!(access(&mut bench), Some(0));
        bench.keys("]f");
        let log = bench.full.app.time.selection.as_ref().expect("there is one").node.accesses.clone();
        assert_eq!(access(&mut bench), Some(log.dropped().end));
        // It is written again and again. Of the latest write, only the step is known.
        go_to(&mut bench, "0x300");
        bench.keys("#");
        assert_eq!(access(&mut bench), None, "{:?} of {}", log.dropped(), log.len());
    }
}

#[test]
fn stores_that_were_not_kept_are_counted_where_they_were() {
    let mut bench = long_call(4 << 20);
    assert_eq!(access(&mut bench), Some(0));
    let log = bench.full.app.time.selection.as_ref().expect("there is one").node.accesses.clone();
    let dropped = log.dropped();
    assert!(!dropped.is_empty(), "the record is too long");
    bench.keys("]f");
    let shown = text(&bench.settled(100, 40));
    assert_eq!(access(&mut bench), Some(dropped.end));
    let count = crate::view::thousands(dropped.end - dropped.start);
    assert!(shown.contains(&format!("{count} stores not kept")), "{shown}");
    assert!(shown.contains(&format!("{count} accesses not kept")), "{shown}");
}
