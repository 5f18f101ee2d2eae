//! What generated modules do to memory is recorded exactly.

#![allow(clippy::cast_possible_truncation, reason = "any numbers will do")]

use linmem::record::Value;
use proptest::prelude::*;

use crate::pair::{ALL, Pair, wat};

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

/// All that was recorded of a short call is dropped in its middle, as its pages take more than may be kept.
#[test]
fn what_follows_dropped_accesses_of_a_short_call_is_not_worked_out_from_its_start() {
    let text = r#"(module (memory (export "memory") 1 9) (data $d "some data") (data (i32.const 20) "there at the start")
        (func (export "run") (param $n i32) (local $i i32)
            (loop $more
                (memory.copy (i32.const 0) (i32.const 15) (i32.const 47))
                (i32.store offset=15 (local.get $i) (i32.const 0x790dd134))
                (memory.init $d (i32.const 65513) (i32.const 0) (i32.const 8))
                (local.set $i (i32.add (local.get $i) (i32.const 3)))
                (br_if $more (i32.lt_u (local.get $i) (local.get $n))))))"#;
    for record in 500..700 {
        Pair::new("dropped", &wat(text), ALL, record).expect("it runs").call("run", &[Value::I32(50)]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn generated_modules_are_recorded_exactly(text in module(), record in prop_oneof![Just(u64::MAX), 500..5000_u64]) {
        let mut pair = Pair::new("generated", &wat(&text), ALL, record).expect("it runs");
        // The last call has so many accesses that their values are worked out when they are wanted.
        for n in [0, 50, 9, 3000] {
            pair.call("run", &[Value::I32(n)]);
        }
    }
}
