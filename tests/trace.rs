//! Properties of recorded stores: they account for every change to memory, and recording changes nothing else.

#![allow(clippy::cast_possible_truncation, reason = "the numbers here are small, or any will do")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use linmem::abi::{ConventionRequest, InputLine};
use linmem::guest::{
    Boundary, Code, Extern, Guest, Host, Interface, Limits, Passes, Program, Recorded, Type, Watchdog,
};
use linmem::record::{Actor, Failure, Moment, Outcome, Recorder, Run, SiteKind, Target, Touch, Trigger, Value};
use linmem::session::{Live, Options, Source};
use proptest::prelude::*;

const STORES: Passes = Passes { stores: true, loads: false };
const ALL: Passes = Passes { stores: true, loads: true };

/// Answers every import with zeros.
struct Zeroes;

impl Host for Zeroes {
    fn import(&mut self, _: usize, _: &[Value], _: &mut dyn Boundary) -> Result<Vec<Value>, Box<Failure>> {
        Ok(Vec::new())
    }

    fn name(&self, place: usize) -> Arc<str> {
        format!("import {place}").into()
    }
}

/// A plain instance of a module, and one with recording.
struct Pair {
    name: String,
    interface: Interface,
    plain: Guest,
    traced: Guest,
    watch: Watchdog,
    recorder: Recorder,
    run: Run,
    /// How many accesses were recorded.
    accesses: u64,
}

fn compile(name: &str, binary: &[u8], limits: Limits, passes: Passes) -> Option<Program> {
    Code::read(name, binary).ok()?.compile_traced(limits, passes).ok()
}

impl Pair {
    /// Both instances; `None` if the module cannot be run.
    fn new(name: &str, binary: &[u8], passes: Passes, record: u64) -> Option<Pair> {
        let limits = Limits { record, time: Some(Duration::from_secs(20)), memory: 64 << 20, ..Limits::default() };
        let plain = compile(name, binary, limits, Passes::default())?;
        let traced = compile(name, binary, limits, passes).expect("what can be compiled can be traced");
        assert_eq!(traced.why_untraced(), None, "{name}");
        let interface = plain.interface().clone();
        let watch = Watchdog::new(limits.time);
        let plain = plain.instantiate(&Watchdog::new(limits.time)).ok()?;
        let traced = traced.instantiate(&watch).expect("what can be instantiated can be traced");
        let mut pair = Pair {
            name: name.to_owned(),
            interface,
            plain,
            traced,
            watch,
            recorder: Recorder::default(),
            run: Run::new(usize::MAX),
            accesses: 0,
        };
        Recorded::new(&mut pair.traced, &mut pair.recorder).instantiated(Duration::ZERO);
        let start = pair.recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        pair.run.push(Arc::new(start), pair.recorder.present().clone());
        pair.check_present();
        Some(pair)
    }

    /// Calls an export of both guests, and checks that they behave the same and that the record is right.
    fn call(&mut self, export: &str, args: &[Value]) -> bool {
        let func = self.plain.func(export).expect("it is exported");
        let expected = self.plain.watch().clone().during(|| {
            let results = self.plain.call(&func, args, &mut Zeroes).map(<[Value]>::to_vec);
            results.map_err(|failure| *failure)
        });
        let func = self.traced.func(export).expect("it is exported");
        let mut recorded = Recorded::new(&mut self.traced, &mut self.recorder);
        let found = self.watch.during(|| {
            let results = recorded.call(&func, args, &mut Zeroes).map(<[Value]>::to_vec);
            results.map_err(|failure| *failure)
        });
        if is_about_resources(&expected) || is_about_resources(&found) {
            return false;
        }
        self.settle();
        let found = found.map_err(|failure| self.with_offset_of(failure, &expected));
        assert_eq!(found, expected, "{}: {export}{args:?}", self.name);
        true
    }

    /// Replaces the traced guest's trap offset with the other's if that one trapped in a load. The compiler may fuse a
    /// load into the instruction that uses its value, and then attributes the trap to that one.
    fn with_offset_of(&self, mut failure: Failure, expected: &Result<Vec<Value>, Failure>) -> Failure {
        let last = self.run.cause(self.run.len() - 1).expect("it happened");
        let is_load = |offset: Option<usize>| {
            let sites = last.accesses.sites().iter();
            sites.filter(|site| site.kind == SiteKind::Load).any(|site| Some(site.offset as usize) == offset)
        };
        if let (Failure::Trap { trace, .. }, Err(Failure::Trap { trace: other, .. })) = (&mut failure, expected)
            && let (Some(frame), Some(other)) = (trace.first_mut(), other.first())
            && is_load(frame.offset)
            && frame.offset < other.offset
        {
            frame.offset = other.offset;
        }
        failure
    }

    fn settle(&mut self) {
        let cause = self.recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        self.accesses += cause.accesses.len();
        self.run.push(Arc::new(cause), self.recorder.present().clone());
        self.check_present();
        self.check_last();
    }

    /// The memories of both guests are equal, and match the recorder's.
    fn check_present(&mut self) {
        let memories = self.plain.memories();
        for memory in 0..memories {
            let live = self.traced.bytes(memory);
            assert!(self.plain.bytes(memory) == live, "{}: memory {memory} differs from the untraced one", self.name);
            // Comparing finds nothing that was not recorded.
            self.recorder.compare(memory, live, Actor::Guest);
        }
        let missed = self.recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        assert!(missed.changes.is_empty(), "{}: not recorded: {:?}", self.name, missed.changes.first());
    }

    /// The last cause's changes and accesses lead from memory before it to memory after it, and back.
    fn check_last(&self) {
        let number = self.run.len() - 1;
        let cause = self.run.cause(number).expect("it happened");
        let before = self.run.at(Moment { cause: number, change: 0 }).expect("it is known");
        let mut memories = before.clone();
        cause.changes.iter().for_each(|change| change.redo(&mut memories));
        assert!(memories == *self.run.present(), "{}: before + changes is not after", self.name);
        cause.changes.iter().rev().for_each(|change| change.undo(&mut memories));
        assert!(memories == before, "{}: undone is not before", self.name);
        for segment in cause.accesses.segments() {
            self.check_accesses(number, segment.accesses.clone());
        }
    }

    /// Each access matches memory before and after it.
    fn check_accesses(&self, number: usize, range: std::ops::Range<u64>) {
        let cause = self.run.cause(number).expect("it happened");
        let Some(mut memories) = self.run.at_access(number, range.start) else { return };
        for access in range.clone() {
            let Some(access) = cause.accesses.get(access) else { return };
            let name = || format!("{}: {access:?}", self.name);
            if let Some((from, to)) = access.growth() {
                let memory = &mut memories[access.site.memory as usize];
                assert_eq!(memory.len(), from << 16, "{}", name());
                memory.resize(to << 16);
                continue;
            }
            let Some(old) = access.old() else { return };
            let memory = &mut memories[access.site.memory as usize];
            let mut found = vec![0; old.len()];
            assert_eq!(memory.read(access.addr, &mut found), old.len(), "{}", name());
            assert_eq!(found, old, "{}", name());
            if access.site.kind.writes() {
                memory.write(access.addr, access.new_bytes().expect("its old bytes are kept"));
            }
        }
        let after = self.run.at_access(number, range.end).expect("it is known");
        assert!(memories == after, "{}: the accesses do not lead to the memories after them", self.name);
        for at in [range.start, range.start + (range.end - range.start) / 3, range.end] {
            let mut memories = self.run.at_access(number, at).expect("nothing was dropped");
            if at < range.end {
                let target = |memory| Target { memory, range: 0..u64::MAX, reads: false };
                let writes =
                    (0..memories.len()).map(|memory| cause.accesses.touching(at..range.end, &target(memory)).count());
                let expected = (at..range.end)
                    .filter(|&at| cause.accesses.get(at).is_some_and(|at| at.site.kind.writes() && at.len > 0));
                assert_eq!(writes.sum::<usize>(), expected.count(), "{}", self.name);
            }
            memories.truncate(0);
        }
    }

    /// Has the host write bytes into the first memory of both guests, if it reaches so far.
    fn write(&mut self, addr: u64, bytes: &[u8]) {
        if (self.plain.bytes(0).len() as u64) < addr + bytes.len() as u64 {
            return;
        }
        self.plain.write(0, addr, bytes).expect("it reaches so far");
        Recorded::new(&mut self.traced, &mut self.recorder).write(0, addr, bytes).expect("it reaches so far");
        self.settle();
    }

    /// Calls every exported function with some arguments.
    fn call_all(&mut self) -> usize {
        let exports = self.interface.exports.clone();
        let mut calls = 0;
        for export in &exports {
            let Extern::Func(signature) = &export.what else { continue };
            let args: Vec<_> = signature.params.iter().zip(1..).map(|(&ty, place)| argument(ty, place)).collect();
            if args.contains(&Value::Opaque) {
                continue;
            }
            calls += 1;
            if !self.call(&export.name, &args) {
                break;
            }
        }
        calls
    }
}

/// Whether a call hit the limit of time or stack, of which a traced guest needs more.
fn is_about_resources(outcome: &Result<Vec<Value>, Failure>) -> bool {
    match outcome {
        Err(Failure::Trap { trace, .. }) => trace.is_empty(),
        Err(Failure::Limit(_)) => true,
        _ => false,
    }
}

fn argument(ty: Type, place: i32) -> Value {
    match ty {
        Type::I32 => Value::I32(place * 17),
        Type::I64 => Value::I64(i64::from(place) * 99),
        Type::F32 => Value::F32(1.5_f32.to_bits()),
        Type::F64 => Value::F64(2.5_f64.to_bits()),
        _ => Value::Opaque,
    }
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test's module is right")
}

/// A store of some kind, at some address with some value.
fn store() -> impl Strategy<Value = String> {
    let kinds = prop::sample::select(vec![
        ("i32.store", 32),
        ("i32.store8", 32),
        ("i32.store16", 32),
        ("i64.store", 64),
        ("i64.store8", 64),
        ("i64.store16", 64),
        ("i64.store32", 64),
        ("f32.store", 0),
        ("f64.store", 1),
        ("v128.store", 128),
        ("v128.store8_lane", 7),
        ("v128.store64_lane", 1),
        ("i32.atomic.store8", 32),
        ("i64.atomic.store", 64),
    ]);
    // Addresses that straddle words and pages, and the end of memory, where some trap.
    let addr = prop_oneof![0_u32..80, 4080_u32..4100, 65_500_u32..65_540];
    (kinds, addr, 0_u32..40, any::<u64>(), prop::bool::ANY).prop_map(|((name, value), addr, offset, bits, second)| {
        let (memory, addr, offset) = match name.contains("atomic") {
            true => ("", addr & !7, 0),
            false => (if second { "1 " } else { "" }, addr, offset),
        };
        let operand = match value {
            32 => format!("(i32.const {})", bits as u32),
            64 => format!("(i64.const {bits})"),
            0 => format!("(f32.reinterpret_i32 (i32.const {}))", bits as u32),
            1 if !name.contains("lane") => format!("(f64.reinterpret_i64 (i64.const {bits}))"),
            _ => format!("(v128.const i64x2 {bits} 7)"),
        };
        let lane = if name.contains("lane") { format!("{value} ") } else { String::new() };
        format!("({name} {memory}offset={offset} {lane}(i32.add (i32.const {addr}) (local.get $i)) {operand})")
    })
}

/// Another operation that changes or reads memory.
fn operation() -> impl Strategy<Value = String> {
    let range = (prop_oneof![0_u32..80, 65_500_u32..65_540], 0_u32..80, 0_u32..60);
    (range, 0..9, any::<u8>()).prop_map(|((to, from, len), kind, byte)| match kind {
        0 => format!("(memory.copy (i32.const {to}) (i32.const {from}) (i32.const {len}))"),
        1 => format!("(memory.copy 1 0 (i32.const {to}) (i32.const {from}) (i32.const {len}))"),
        2 => format!("(memory.fill (i32.const {to}) (i32.const {byte}) (i32.const {len}))"),
        3 => format!("(memory.init $d (i32.const {to}) (i32.const {}) (i32.const {}))", from % 9, len % 12),
        4 => format!("(drop (memory.grow {} (i32.const {})))", byte % 2, byte % 3),
        5 => format!("(drop (i64.atomic.rmw8.xor_u (i32.const {from}) (i64.const {byte})))"),
        6 => format!("(drop (i32.atomic.rmw.cmpxchg (i32.const 16) (i32.const {}) (i32.const {byte})))", byte % 2),
        7 => format!("(drop (i64.load offset={from} (i32.const {to})))"),
        _ => format!("(call $helper (i32.const {from}))"),
    })
}

/// A module whose function performs such operations, some of them in a loop.
fn module() -> impl Strategy<Value = String> {
    let some = || prop::collection::vec(prop_oneof![3 => store(), 1 => operation()], 0..12);
    (some(), some()).prop_map(|(first, second)| {
        format!(
            r#"(module (import "host" "f" (func $f (param i32)))
            (memory (export "memory") 1 9) (memory 1 9) (data $d "some data") (data (i32.const 20) "there at the start")
            (func $helper (param $at i32) (call $f (local.get $at)) (i32.store8 (local.get $at) (i32.const 1)))
            (func (export "run") (param $n i32) (local $i i32) {}
                (loop $more {} (local.set $i (i32.add (local.get $i) (i32.const 3)))
                    (br_if $more (i32.lt_u (local.get $i) (local.get $n))))))"#,
            first.join("\n"),
            second.join("\n")
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn generated_modules_are_recorded_exactly(text in module(), record in prop_oneof![Just(u64::MAX), 500..5000_u64]) {
        let mut pair = Pair::new("generated", &wat(&text), ALL, record).expect("it runs");
        for n in [0, 50, 9] {
            pair.call("run", &[Value::I32(n)]);
        }
    }
}

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
