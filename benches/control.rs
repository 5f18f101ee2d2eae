//! The cost of stopping: one step of a guest that is stopped, from the order to go on to the report of the next stop; and
//! what a guest pays that is compiled so that it can be stopped, or watched. Run with `cargo bench --bench control`.

use std::sync::mpsc::{Receiver, channel};

use divan::{Bencher, black_box};
use linmem::abi::InputLine;
use linmem::guest::{Go, Passes, PauseListener, Paused, WatchKind, Watchdog, Watchpoint};
use linmem::session::{Live, Options, Source};

fn main() {
    divan::main();
}

/// Counts in memory, by a function of its own, as long as its line says.
const COUNTS: &str = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
    (func $one (i64.store (i32.const 256) (i64.add (i64.load (i32.const 256)) (i64.const 1))))
    (func (export "f") (param $n i32) (result i32) (local $i i32)
        (local.set $i (i32.mul (local.get $n) (i32.const 10000)))
        (loop $again
            (call $one)
            (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (local.get $n)))"#;

const STORES: Passes = Passes { stores: true, loads: false, pauses: false };
const PAUSES: Passes = Passes { stores: true, loads: false, pauses: true };

fn live(trace: Passes, watch: Watchdog) -> Live {
    let mut options = Options { trace, ..Options::default() };
    options.limits.time = None;
    let source = Source { name: "counts.wat".to_owned(), bytes: COUNTS.as_bytes().to_vec() };
    Live::open(&source, &options, watch).expect("it opens").0
}

/// A guest that is stopped on a thread of its own, and its reports.
fn stopped() -> (Watchdog, Receiver<Paused>) {
    let (watch, (sender, stops)) = (Watchdog::new(None), channel());
    let listener = PauseListener::new(move |paused| {
        // Nobody listens any more at the end.
        let _ = sender.send(paused);
    });
    watch.control().set_listener(listener);
    let on_thread = watch.clone();
    std::thread::spawn(move || {
        let mut live = live(PAUSES, on_thread.clone());
        on_thread.control().pause();
        live.send(InputLine { bytes: &[b'x'; 512], ended: true }, 1);
    });
    stops.recv().expect("it stops");
    (watch, stops)
}

fn step(bencher: Bencher<'_, '_>, how: Go) {
    let (watch, stops) = stopped();
    bencher.bench_local(|| {
        watch.control().go(how);
        black_box(stops.recv().expect("it stops"));
    });
    watch.control().close();
}

#[divan::bench]
fn step_into(bencher: Bencher<'_, '_>) {
    step(bencher, Go::Into);
}

#[divan::bench]
fn step_over(bencher: Bencher<'_, '_>) {
    step(bencher, Go::Over);
}

#[divan::bench]
fn next_store(bencher: Bencher<'_, '_>) {
    step(bencher, Go::Store);
}

#[divan::bench(args = ["stores", "stop_points"])]
fn run(bencher: Bencher<'_, '_>, how: &str) {
    let mut live = live(if how == "stores" { STORES } else { PAUSES }, Watchdog::new(None));
    bencher.bench_local(|| black_box(live.send(InputLine { bytes: &[b'x'; 20], ended: true }, 1)));
}

/// The same, with a watchpoint at which the guest never stops: at another address; where it counts, on reads, of which
/// none are recorded; and there, for a value that the counter never has.
#[divan::bench(args = ["elsewhere", "read", "value"])]
fn run_watched(bencher: Bencher<'_, '_>, what: &str) {
    let watch = Watchdog::new(None);
    let mut live = live(STORES, watch.clone());
    let (start, on) = match what {
        "elsewhere" => (1024, WatchKind::Write),
        "read" => (256, WatchKind::Read),
        _ => (256, WatchKind::Equals(vec![0xff; 8])),
    };
    watch.control().set_watches(vec![Watchpoint { number: 1, memory: 0, start, end: start + 8, on }]);
    bencher.bench_local(|| black_box(live.send(InputLine { bytes: &[b'x'; 20], ended: true }, 1)));
}
