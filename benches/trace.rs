//! The cost of recording: the same work in a guest that records nothing (`off`), stores, or stores and loads. Run with
//! `cargo bench --bench trace`, and compare the medians.
//!
//! `TRACE_QUICKJS` and `TRACE_SQLITE` name the modules of the packages `@jitl/quickjs-wasmfile-release-sync` and
//! `@sqlite.org/sqlite-wasm` (see `tests/packages`). Without them, only the guest in this file is measured.

use std::path::PathBuf;
use std::sync::Arc;

use divan::{Bencher, black_box};
use linmem::abi::{ConventionRequest, InputLine};
use linmem::guest::{Limits, Passes, Watchdog};
use linmem::record::{Cause, Run, Target};
use linmem::session::{Live, Options, Source};
use linmem::view::Selection;

const OFF: Passes = Passes { stores: false, loads: false, pauses: false };
const STORES: Passes = Passes { stores: true, loads: false, pauses: false };
const LOADS: Passes = Passes { stores: true, loads: true, pauses: false };

fn main() {
    divan::main();
}

/// Reverses a line 20,000 times, byte by byte.
const LOOP: &str = r#"(module (memory (export "memory") 1)
    (func (export "turn") (param $at i32) (param $len i32) (local $i i32) (local $j i32) (local $n i32) (local $b i32)
        (local.set $n (i32.const 20000))
        (loop $again
            (local.set $i (local.get $at))
            (local.set $j (i32.sub (i32.add (local.get $at) (local.get $len)) (i32.const 1)))
            (loop $swap
                (local.set $b (i32.load8_u (local.get $i)))
                (i32.store8 (local.get $i) (i32.load8_u (local.get $j)))
                (i32.store8 (local.get $j) (local.get $b))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (local.set $j (i32.sub (local.get $j) (i32.const 1)))
                (br_if $swap (i32.lt_u (local.get $i) (local.get $j))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

const TURN: &str = "name turn\neach line\n  write line at 64\n* turn(64, n)\n  read n at 64\n";

const QUICKJS: &str = include_str!("../tests/packages/quickjs.recipe");
const SCRIPT: &str = "(()=>{let a=[];for(let i=0;i<20000;i++){a.push((i*7919)%1000)} a.sort((x,y)=>x-y); let m={}; \
                      for(const x of a){m['k'+x]=(m['k'+x]||0)+1} return JSON.stringify(m).length})()";

const SQLITE: &str = include_str!("../tests/packages/sqlite.recipe");
const QUERY: &str = "with recursive c(x) as (select 1 union all select x+1 from c where x<3000) \
                     select count(*) from (select 'row '||x||hex(x*x) as b from c order by b) where b like '%9%'";

/// A guest with its recipe.
fn live(binary: Vec<u8>, recipe: &str, trace: Passes, memory: u64) -> Live {
    let path = std::env::temp_dir().join(format!(
        "linmem-trace-{}-{:?}.recipe",
        std::process::id(),
        std::thread::current().id()
    ));
    std::fs::write(&path, recipe).expect("the folder for temporary files is writable");
    let wish = ConventionRequest::default().named(&path).expect("the recipe is right");
    let limits = Limits { time: None, memory, ..Limits::default() };
    let options = Options { limits, wish, trace, ..Options::default() };
    let source = Source { name: "bench".to_owned(), bytes: binary };
    let opened = Live::open(&source, &options, Watchdog::new(None));
    opened.map_err(|error| error.to_string()).expect("the guest starts").0
}

fn work(bencher: Bencher<'_, '_>, module: Option<Vec<u8>>, recipe: &str, line: &str, trace: Passes) {
    let Some(module) = module else { return };
    let mut live = live(module, recipe, trace, 1 << 30);
    bencher.bench_local(|| {
        let cause = live.send(InputLine { bytes: line.as_bytes(), ended: true }, 1);
        cause.outcome.as_ref().expect("the guest answers");
        black_box(cause)
    });
}

/// The module that an environment variable names.
fn named(variable: &str) -> Option<Vec<u8>> {
    let path = std::env::var_os(variable).map(PathBuf::from)?;
    Some(std::fs::read(path).expect("the module can be read"))
}

#[divan::bench(args = [OFF, STORES, LOADS], sample_count = 10, sample_size = 1)]
fn stores_in_a_loop(bencher: Bencher<'_, '_>, trace: &Passes) {
    work(bencher, wat::parse_str(LOOP).ok(), TURN, "Did you know how this goes on and on?", *trace);
}

#[divan::bench(args = [OFF, STORES, LOADS], sample_count = 10, sample_size = 1)]
fn quickjs(bencher: Bencher<'_, '_>, trace: &Passes) {
    work(bencher, named("TRACE_QUICKJS"), QUICKJS, SCRIPT, *trace);
}

#[divan::bench(args = [OFF, STORES, LOADS], sample_count = 10, sample_size = 1)]
fn sqlite(bencher: Bencher<'_, '_>, trace: &Passes) {
    work(bencher, named("TRACE_SQLITE"), SQLITE, QUERY, *trace);
}

/// Writes a byte, then five million times two words beside it, then the byte again.
const FAR: &str = r#"(module (memory (export "memory") 1)
    (func (export "turn") (param i32 i32) (local $n i32)
        (i32.store8 (i32.const 9) (i32.const 1))
        (local.set $n (i32.const 5000000))
        (loop $again
            (i32.store offset=1024 (i32.and (i32.mul (local.get $n) (i32.const 52)) (i32.const 0x3fc)) (local.get $n))
            (i32.store offset=2048 (i32.and (i32.mul (local.get $n) (i32.const 36)) (i32.const 0x3fc)) (local.get $n))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i32.store8 (i32.const 9) (i32.const 2))))"#;

/// A jump to the next write of a byte, past ten million stores in the same page. It should take less than 50 ms.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn jump_past_ten_million_stores(bencher: Bencher<'_, '_>) {
    let mut live = live(wat::parse_str(FAR).expect("it is valid"), TURN, STORES, 1 << 30);
    let mut run = Run::new(usize::MAX);
    let (before, cause) = (live.present().clone(), live.send(InputLine { bytes: b"x", ended: true }, 1));
    assert!(cause.accesses.dropped().is_empty() && cause.accesses.len() > 10_000_000, "all are kept");
    let start =
        Cause { accesses: Arc::default(), changes: Vec::new(), steps: Vec::new(), focus: None, ..cause.clone() };
    run.push(Arc::new(start), before);
    run.push(Arc::new(cause), live.present().clone());
    let target = Target { memory: 0, range: 9..10, reads: false };
    let first = run.touches(&target).next().expect("it was written");
    let after = run.after(first).expect("it is known");
    bencher.bench_local(|| {
        let found = run.next_touch(after, &target).expect("it was written again");
        black_box(Selection::of_touch(&run, None, found).expect("it is kept"))
    });
}

/// A short exchange costs the same however large the memory is.
#[divan::bench(args = [1, 1024, 16_384, 65_536], sample_count = 100)]
fn exchange_with_pages(bencher: Bencher<'_, '_>, pages: u32) {
    let text = format!(
        r#"(module (memory (export "memory") {pages})
            (func (export "turn") (param i32 i32) (i32.store8 (local.get 0) (i32.const 65))))"#
    );
    let mut live = live(wat::parse_str(&text).expect("it is right"), TURN, STORES, 4 << 30);
    bencher.bench_local(|| {
        let cause = live.send(InputLine { bytes: b"Did you know", ended: true }, 1);
        cause.outcome.as_ref().expect("the guest answers");
        // What a session publishes after each exchange.
        black_box((cause, live.present().clone()))
    });
}

/// The same without records, in a memory full of bytes: changes are found by comparing, in large memories only where
/// the system says that they were written.
#[divan::bench(args = [1, 16, 1024, 8192, 16_384], sample_count = 100)]
fn exchange_compared_with_pages(bencher: Bencher<'_, '_>, pages: u32) {
    let text = format!(
        r#"(module (memory (export "memory") {pages}) (start $fill)
            (func $fill (memory.fill (i32.const 0) (i32.const 7) (i32.const {})))
            (func (export "turn") (param i32 i32) (i32.store8 (local.get 0) (i32.const 65))))"#,
        u64::from(pages) << 16
    );
    let mut live = live(wat::parse_str(&text).expect("it is right"), TURN, OFF, 4 << 30);
    bencher.bench_local(|| {
        let cause = live.send(InputLine { bytes: b"Did you know", ended: true }, 1);
        cause.outcome.as_ref().expect("the guest answers");
        black_box((cause, live.present().clone()))
    });
}
