//! Properties of recorded stores: they account for every change to memory, and recording changes nothing else.

use std::path::{Path, PathBuf};

use linmem::abi::{ConventionRequest, InputLine};
use linmem::guest::{Limits, Passes, Watchdog};
use linmem::record::{SiteKind, Target, Touch, Value};
use linmem::session::{Live, Options, Source};

use crate::pair::{ALL, Pair, STORES, wat};

/// Counts what was checked.
#[derive(Debug, Default)]
struct Checked {
    modules: usize,
    calls: usize,
    accesses: u64,
    /// The number of modules that could not be run.
    skipped: usize,
}

impl Checked {
    /// Calls every export of a module.
    fn add(&mut self, name: &str, binary: &[u8], passes: Passes, record: u64) {
        let Some(mut pair) = Pair::new(name, binary, passes, record) else {
            self.skipped += 1;
            return;
        };
        pair.write(TEXT_AT, b"Did you know, 1.5 and 0x2a?\n");
        self.modules += 1;
        self.calls += pair.call_all();
        self.accesses += pair.accesses;
    }

    /// Sends lines to a module with a recipe, with and without recording.
    fn add_lines(&mut self, name: &str, binary: &[u8], recipe: &Path, lines: &str) {
        let live = |trace| {
            let wish = ConventionRequest::default().named(recipe).expect("the recipe is right");
            let limits = Limits { time: None, memory: 1 << 30, ..Limits::default() };
            let source = Source { name: name.to_owned(), bytes: binary.to_vec() };
            let opened =
                Live::open(&source, &Options { limits, wish, trace, ..Options::default() }, Watchdog::new(None));
            opened.map_err(|error| error.to_string()).expect("the guest starts").0
        };
        let (mut plain, mut traced) = (live(Passes::default()), live(STORES));
        for (number, line) in (1..).zip(lines.lines()) {
            let before = traced.present().clone();
            let expected = plain.send(InputLine { bytes: line.as_bytes(), ended: true }, number);
            let found = traced.send(InputLine { bytes: line.as_bytes(), ended: true }, number);
            assert_eq!(found.outcome, expected.outcome, "{name}: {line}");
            assert!(plain.present() == traced.present(), "{name}: {line}: comparing finds something else");
            let mut memories = before.clone();
            found.changes.iter().for_each(|change| change.redo(&mut memories));
            assert!(memories == *traced.present(), "{name}: {line}: before + changes is not after");
            found.changes.iter().rev().for_each(|change| change.undo(&mut memories));
            assert!(memories == before, "{name}: {line}: undone is not before");
            assert!(found.apply(&before).is_some(), "{name}: {line}: the accesses do not come to the changes");
            self.calls += 1;
            self.accesses += found.accesses.len();
        }
        self.modules += 1;
    }
}

/// The address of a text that the calls may read.
const TEXT_AT: u64 = 17;

/// The modules in a folder, in order.
fn modules(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("it is a folder");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|it| it == extension)).collect();
    paths.sort();
    paths
}

#[test]
fn our_own_guests_are_recorded_exactly() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut checked = Checked::default();
    for path in [modules(&root.join("assets/guests"), "wat"), modules(&root.join("tests/guests"), "wasm")].concat() {
        let bytes = std::fs::read(&path).expect("it can be read");
        let binary = wat::parse_bytes(&bytes).expect("it is a module");
        checked.add(&path.display().to_string(), &binary, ALL, 1 << 30);
    }
    assert!(checked.modules >= 30 && checked.calls >= 60 && checked.accesses > 1000, "{checked:?}");
}

/// At length: `TRACE_MODULES=FOLDER cargo test --test suite trace -- --ignored --nocapture`, with .wasm files in the
/// folder. A module with a recipe beside it (`NAME.recipe`) is also sent the lines of `NAME.lines`.
#[test]
#[ignore = "it runs modules that are not here"]
fn modules_of_a_folder_are_recorded_exactly() {
    let folder = std::env::var_os("TRACE_MODULES").expect("TRACE_MODULES is set");
    let mut checked = Checked::default();
    for path in modules(Path::new(&folder), "wasm") {
        let (name, binary) = (path.display().to_string(), std::fs::read(&path).expect("it can be read"));
        // Some have a budget that drops most of what is recorded.
        let record = if checked.modules % 5 == 0 { 10_000 } else { 1 << 30 };
        checked.add(&name, &binary, ALL, record);
        let recipe = path.with_extension("recipe");
        if let Ok(lines) = std::fs::read_to_string(path.with_extension("lines")) {
            checked.add_lines(&name, &binary, &recipe, &lines);
        }
    }
    println!("{checked:?}");
    assert!(checked.modules > 0, "none can be run");
}

/// Every kind of store, at addresses that straddle words and pages, with bit patterns that float operations would
/// change.
const STORES_OF_ALL_KINDS: &str = r#"(module
    (memory (export "memory") 1 4) (memory 1) (data $d "some data")
    (func (export "run") (param $at i32) (result i32)
        (local $nan f32) (local $v v128)
        (local.set $nan (f32.reinterpret_i32 (i32.const 0x7fa01234)))
        (local.set $v (v128.const i64x2 0x0102030405060708 0x1112131415161718))
        (i32.store (local.get $at) (i32.const 0x11223344))
        (i32.store8 offset=3 (local.get $at) (i32.const 0xabcd))
        (i32.store16 offset=1 (local.get $at) (i32.const 0x123456))
        (i64.store offset=4 (local.get $at) (i64.const -2))
        (i64.store8 1 (local.get $at) (i64.const 0x1ff))
        (i64.store16 1 offset=2 (local.get $at) (i64.const 0x1fffe))
        (i64.store32 1 offset=4 (local.get $at) (i64.const 0x1fffefdfc))
        (f32.store offset=12 (local.get $at) (local.get $nan))
        (f64.store offset=16 (local.get $at) (f64.reinterpret_i64 (i64.const 0x7ff4000000000001)))
        (v128.store offset=24 (local.get $at) (local.get $v))
        (v128.store8_lane offset=1 5 (local.get $at) (local.get $v))
        (v128.store16_lane offset=2 2 (local.get $at) (local.get $v))
        (v128.store32_lane offset=4 3 (local.get $at) (local.get $v))
        (v128.store64_lane offset=8 1 (local.get $at) (local.get $v))
        (i32.atomic.store (i32.const 64) (i32.const 7))
        (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 5)))
        (drop (i32.atomic.rmw8.xchg_u (i32.const 65) (i32.const 0x1ff)))
        (drop (i64.atomic.rmw32.sub_u (i32.const 64) (i64.const 1)))
        (drop (i32.atomic.rmw8.cmpxchg_u (i32.const 65) (i32.const 0xff) (i32.const 3)))
        (drop (i32.atomic.rmw8.cmpxchg_u (i32.const 65) (i32.const 0xff) (i32.const 4)))
        (memory.fill (i32.const 4000) (i32.const 9) (i32.const 200))
        (memory.copy (i32.const 4100) (i32.const 4050) (i32.const 100))
        (memory.copy 0 1 (i32.const 5000) (local.get $at) (i32.const 16))
        (memory.init $d (i32.const 6000) (i32.const 1) (i32.const 8))
        (memory.fill (i32.const 1) (i32.const 9) (i32.const 0))
        (drop (memory.grow (i32.const 1)))
        (drop (memory.grow (i32.const 100)))
        (i64.store (i32.const 65532) (i64.const 0x1234567812345678))
        (i32.load16_s (local.get $at)))
    (func (export "outside") (param i32) (v128.store (local.get 0) (v128.const i64x2 1 2)))
    (func (export "half outside") (i32.store (i32.const 8) (i32.const 1)) (i64.store (i32.const 131068) (i64.const -1)))
    (func (export "unaligned") (i64.atomic.store (i32.const 4) (i64.const 1)))
    (func (export "unaligned outside") (i64.atomic.store (i32.const -1) (i64.const 1)))
    (func (export "copy outside") (memory.copy (i32.const 0) (i32.const 131000) (i32.const 1000)))
    (func (export "init outside") (memory.init $d (i32.const 0) (i32.const 5) (i32.const 100)))
    (func (export "dropped") (data.drop $d) (memory.init $d (i32.const 0) (i32.const 5) (i32.const 1))))"#;

#[test]
fn every_kind_of_store_is_recorded_with_its_bytes() {
    for passes in [STORES, ALL] {
        let mut pair = Pair::new("stores", &wat(STORES_OF_ALL_KINDS), passes, u64::MAX).expect("it runs");
        for at in [0, 61, 4093, 8190] {
            assert!(pair.call("run", &[Value::I32(at)]));
        }
        let cause = pair.run.cause(4).expect("it was the last call").accesses.clone();
        let kinds: Vec<_> =
            (0..cause.len()).filter_map(|number| cause.get(number)).map(|access| access.site.kind).collect();
        let count = |wanted| kinds.iter().filter(|&&kind| kind == wanted).count();
        // The vector has two records. One compare-exchange succeeds, one fails.
        assert_eq!(count(SiteKind::Store), 17);
        assert_eq!((count(SiteKind::Exchange), count(SiteKind::Compare)), (4, 1));
        assert_eq!((count(SiteKind::Copy), count(SiteKind::Fill), count(SiteKind::Init)), (2, 2, 1));
        assert_eq!(count(SiteKind::Load), usize::from(passes.loads));
    }
}

#[test]
fn trapping_store_leaves_no_record_and_the_same_trap() {
    let mut pair = Pair::new("traps", &wat(STORES_OF_ALL_KINDS), ALL, u64::MAX).expect("it runs");
    assert!(pair.call("run", &[Value::I32(0)]));
    for (export, args, made) in [
        ("outside", &[Value::I32(131_064)][..], 0),
        ("half outside", &[], 1),
        ("unaligned", &[], 0),
        ("unaligned outside", &[], 0),
        ("copy outside", &[], 0),
        ("init outside", &[], 0),
        ("dropped", &[], 0),
    ] {
        let before = pair.accesses;
        // This also compares the traps and their offsets.
        assert!(pair.call(export, args), "{export}");
        assert_eq!(pair.accesses - before, made, "{export}");
    }
}

/// Writes a counter into a few words, many times.
const LOOP: &str = r#"(module (memory (export "memory") 4)
    (func (export "run") (param $n i32)
        (loop
            (i32.store (i32.and (i32.mul (local.get $n) (i32.const 52)) (i32.const 0x1fffc)) (local.get $n))
            (i64.store16 (i32.const 9) (i64.extend_i32_u (local.get $n)))
            (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

#[test]
fn dropped_stores_keep_written_ranges_exact() {
    let mut pair = Pair::new("loop", &wat(LOOP), STORES, 4 << 20).expect("it runs");
    assert!(pair.call("run", &[Value::I32(300_000)]));
    let cause = pair.run.cause(1).expect("it happened").clone();
    let (log, dropped) = (&cause.accesses, cause.accesses.dropped());
    assert_eq!(log.len(), 600_000);
    assert!(dropped.start > 10_000 && dropped.end < 590_000 && log.cost() <= 4 << 20, "{dropped:?}, {}", log.cost());
    assert!(log.get(dropped.start - 1).is_some() && log.get(dropped.start).is_none() && log.get(dropped.end).is_some());
    // Both ends can still be stepped through, and nothing is claimed in between.
    assert!(pair.run.at_access(1, dropped.start).is_some() && pair.run.at_access(1, dropped.end).is_some());
    assert!(pair.run.at_access(1, dropped.start + 1).is_none());
    pair.check_accesses(1, 0..dropped.start);
    pair.check_accesses(1, dropped.end..log.len());
    let target = Target { memory: 0, range: 10..11, reads: false };
    let last = pair.run.touches(&target).next_back().expect("it was written");
    assert_eq!(last.touch, Touch::Access(599_999));
    assert!(cause.touches(&target).any(|touch| matches!(touch, Touch::Change(_))), "the gap is told");
}

/// A `memory.init` whose bytes take more than the record has room for, and stores to what it wrote.
#[test]
fn stores_after_a_long_init_find_what_it_wrote() {
    let text = format!(
        r#"(module (memory (export "memory") 1) (data $d "{}")
            (func (export "run") (param $n i32)
                (i64.store (i32.const 4090) (i64.const -1))
                (memory.init $d (i32.const 4092) (i32.const 0) (i32.const 20000))
                (loop
                    (i32.store offset=4090 (i32.mul (local.get $n) (i32.const 3)) (local.get $n))
                    (memory.fill (i32.const 30000) (local.get $n) (i32.const 20000))
                    (memory.copy (i32.const 30003) (local.get $n) (i32.const 20000))
                    (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#,
        "some data ".repeat(2000)
    );
    for n in [1, 50, 800] {
        let mut pair = Pair::new("init", &wat(&text), ALL, 150_000).expect("it runs");
        assert!(pair.call("run", &[Value::I32(n)]));
        let log = &pair.run.cause(1).expect("it happened").accesses;
        assert_eq!(log.len(), 2 + 3 * n as u64);
        assert!(log.missing(&(0..2)).bare == 1, "the bytes of the init are not kept");
    }
}

#[test]
fn any_moment_among_many_stores_is_reached_quickly() {
    let mut pair = Pair::new("loop", &wat(LOOP), STORES, u64::MAX).expect("it runs");
    assert!(pair.call("run", &[Value::I32(700_000)]));
    let cause = pair.run.cause(1).expect("it happened");
    let mut memories = pair.run.at_access(1, 1_048_570).expect("all is kept");
    for number in 1_048_570..1_048_590 {
        assert!(memories == pair.run.at_access(1, number).expect("all is kept"), "before access {number}");
        let access = cause.accesses.get(number).expect("it is kept");
        memories[0].write(access.addr, access.new_bytes().expect("it is kept"));
    }
}
