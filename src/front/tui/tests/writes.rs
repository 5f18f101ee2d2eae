//! Moving along the writes of a byte, into calls if stores are recorded.

use super::*;
use crate::guest::Passes;

/// A guest that stores three times at 0x100 (the second time the same value), with an import call in between.
const STORES: &str = r#"(module (import "env" "tick" (func $tick)) (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param $n i32) (result i32)
        (i32.store (i32.const 0x100) (i32.const 0x01010101))
        (i32.store (i32.const 0x100) (i32.const 0x01010101))
        (call $tick)
        (i32.store8 (i32.const 0x101) (i32.const 2))
        (local.get $n)))"#;

fn bench(stores: bool) -> Bench {
    let mut options = Options::default();
    options.wish.stub_imports = true;
    options.trace = Passes { stores, ..Passes::default() };
    let source = Source { name: "guest.wat".to_owned(), bytes: STORES.as_bytes().to_vec() };
    let mut bench = Bench::on(source, options, Theme::COLORED);
    bench.send("hi");
    bench.draw(100, 30);
    bench.keys("\x1b:0x101");
    bench.key(KeyCode::Enter);
    bench
}

/// The selection, and the byte at the cursor before and after it.
fn node(bench: &mut Bench) -> (Option<usize>, Option<u64>, Option<u8>, Option<u8>) {
    let cursor = bench.full.app.space.cursor;
    let at = bench.full.app.time.selection.as_ref().expect("something is selected");
    (at.step, at.access, at.before[0].byte(cursor), at.after[0].byte(cursor))
}

#[test]
fn stores_are_gone_to_one_by_one() {
    let mut bench = bench(true);
    assert_eq!(node(&mut bench), (Some(2), None, Some(0), Some(2)), "the call");
    let mut press = |key| {
        bench.key(KeyCode::Char(key));
        assert_eq!(bench.full.app.space.cursor, 0x101, "the cursor stays");
        (node(&mut bench), text(&bench.draw(100, 30)))
    };
    let (last, shown) = press('#');
    assert_eq!(last, (Some(2), Some(2), Some(1), Some(2)));
    assert!(shown.contains("step 3 of 6 | access 3 of 3 "), "{shown}");
    assert!(shown.contains("this access: the guest changed 1 byte at 0x101..0x102"), "{shown}");
    let (second, shown) = press('#');
    assert_eq!(second, (Some(2), Some(1), Some(1), Some(1)), "a store of the value that was there is a write too");
    assert!(shown.contains("the guest wrote 4 bytes at 0x100..0x104, none of them changed"), "{shown}");
    assert!(shown.contains("now: the guest, exchange 1 step 3"), "{shown}");
    let (first, _) = press('#');
    assert_eq!(first, (Some(2), Some(0), Some(0), Some(1)));
    let (same, shown) = press('#');
    assert_eq!(same, first);
    assert!(shown.contains("no earlier write of this byte is known"), "{shown}");
    assert_eq!(press('*').0, second);
    assert_eq!(press('*').0, last);
    assert!(press('*').1.contains("no later write of this byte is known"));
    // From the store to its step, then to other nodes.
    bench.keys("^:0x101");
    bench.key(KeyCode::Enter);
    assert_eq!(node(&mut bench), (Some(2), None, Some(0), Some(2)));
    bench.keys("#");
    assert_eq!(node(&mut bench), last);
    bench.key(KeyCode::F(8));
    assert_eq!(node(&mut bench), (Some(3), None, Some(1), Some(1)), "the import, before the last store");
}

#[test]
fn without_recorded_stores_the_steps_are_gone_to() {
    let mut bench = bench(false);
    bench.send("hi");
    bench.keys("\x1b:poke u8 0x101 9");
    bench.key(KeyCode::Enter);
    bench.settle();
    bench.keys(":0x101");
    bench.key(KeyCode::Enter);
    let mut press = |key| {
        bench.key(KeyCode::Char(key));
        let at = bench.full.app.time.selection.as_ref().expect("something is selected");
        (at.cause, at.step, at.access)
    };
    assert_eq!(press('#'), (2, Some(2), None));
    assert_eq!(press('#'), (1, Some(2), None));
    assert_eq!(press('#'), (1, Some(2), None));
    assert_eq!(press('*'), (2, Some(2), None));
    assert_eq!(press('*'), (3, Some(0), None));
}
