//! What long records cost: `cargo bench --bench trace`. How much slower a guest is while it is recorded, the benchmark
//! `slowdown` says.

mod traced;

use std::sync::Arc;

use divan::{Bencher, black_box};
use linmem::abi::InputLine;
use linmem::record::{Cause, Run, Target};
use linmem::view::Selection;
use traced::{OFF, STORES, TURN, live};

fn main() {
    divan::main();
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
