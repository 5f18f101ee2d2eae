//! Operations in portions do what they do at once, however they end.

use std::time::Duration;

use super::PORTION;
use crate::guest::{Boundary, Code, Guest, Limits, NoHost, Passes, Recorded, Watchdog};
use crate::record::{Failure, Image, Outcome, Recorder, Trigger, Value};

/// Two memories of 10 MiB.
const GUEST: &str = r#"(module (memory $a (export "memory") 160) (memory $b 160)
    (func (export "fill") (param i32 i32 i32) (memory.fill $a (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy") (param i32 i32 i32) (memory.copy $a $a (local.get 0) (local.get 1) (local.get 2)))
    (func (export "other_fill") (param i32 i32 i32) (memory.fill $b (local.get 0) (local.get 1) (local.get 2)))
    (func (export "other_copy") (param i32 i32 i32) (memory.copy $b $b (local.get 0) (local.get 1) (local.get 2)))
    (func (export "across") (param i32 i32 i32) (memory.copy $b $a (local.get 0) (local.get 1) (local.get 2)))
    (func (export "huge") (memory.fill $b (i32.const 4096) (i32.const 1) (i32.const -1)))
    (func (export "again") (param i32 i32) (local $i i32)
        (loop $next
            (memory.fill $a (i32.const 5) (local.get $i) (i32.const 10000000))
            (memory.copy $a $a (local.get 0) (local.get 1) (i32.const 9000000))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next))))"#;

const SIZE: usize = 160 << 16;

/// A guest whose memories differ in each byte from those near it, and what recorded that.
fn guest(passes: Passes) -> (Guest, Recorder, [Vec<u8>; 2]) {
    let code = Code::read("guest.wat", GUEST.as_bytes()).expect("it is valid");
    let program = code.compile_traced(Limits::default(), passes).expect("it compiles");
    let mut guest = program.instantiate(&Watchdog::new(Some(Duration::from_millis(30)))).expect("it can be created");
    let mut recorder = Recorder::new(None);
    let block: Vec<u8> = (0..70_000_usize).map(|place| (place * 31 + (place >> 8)).to_le_bytes()[0]).collect();
    let bytes = (0..SIZE >> 16).map(|number| &block[number..number + (1 << 16)]).collect::<Vec<_>>().concat();
    let mut recorded = Recorded::new(&mut guest, &mut recorder);
    recorded.instantiated(Duration::ZERO);
    (0..2).for_each(|memory| recorded.write(memory, 0, &bytes).expect("it fits"));
    (guest, recorder, [bytes.clone(), bytes])
}

fn stores() -> Passes {
    Passes { stores: true, ..Passes::default() }
}

fn call(guest: &mut Guest, recorder: &mut Recorder, func: &str, args: [usize; 3]) -> Result<(), Box<Failure>> {
    let func = guest.func(func).expect("it is exported");
    let args = args.map(|arg| Value::I32(i32::try_from(arg).expect("it is small")));
    Recorded::new(guest, recorder).call(&func, &args, &mut NoHost).map(drop)
}

/// The memories are as they are expected, and as they are recorded.
fn assert_same(guest: &Guest, recorder: &mut Recorder, expected: &[Vec<u8>; 2], what: &str) {
    recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
    for (memory, expected) in expected.iter().enumerate() {
        assert!(guest.bytes(memory) == expected, "{what}: memory {memory}");
        let mut image = Image::zeroed(SIZE as u64);
        image.write(0, expected);
        assert!(recorder.present()[memory] == image, "{what}: the record of memory {memory}");
    }
}

#[test]
fn portions_make_a_whole() {
    let most = PORTION as usize;
    let lens = [0, most, most + 1, 2 * most + 7];
    let places = [(3, most + 5), (100_003, 5), (5, 100_003), (SIZE - 2 * most, 5)];
    for passes in [Passes::default(), stores()] {
        let (mut guest, mut recorder, mut expected) = guest(passes);
        for (to, from) in places {
            for len in lens {
                for func in ["copy", "other_copy", "across", "fill", "other_fill"] {
                    let is_fill = func.ends_with("fill");
                    let fits = to + len <= SIZE && (is_fill || from + len <= SIZE);
                    let [one, other] = &mut expected;
                    match func {
                        _ if !fits => (),
                        "across" => other[to..to + len].copy_from_slice(&one[from..from + len]),
                        "copy" => one.copy_within(from..from + len, to),
                        "other_copy" => other.copy_within(from..from + len, to),
                        // What is copied is to differ in each byte.
                        "fill" => one[to..to + len.min(9)].fill(from.to_le_bytes()[0]),
                        _ => other[to..to + len.min(9)].fill(from.to_le_bytes()[0]),
                    }
                    let args = [to, from, if is_fill && fits { len.min(9) } else { len }];
                    let outcome = call(&mut guest, &mut recorder, func, args);
                    assert_eq!(outcome.is_ok(), fits, "{func} {to} {from} {len}");
                }
            }
        }
        assert_same(&guest, &mut recorder, &expected, &format!("{passes:?}"));
        for (func, len) in [("fill", 2 * most + 7), ("other_fill", most + 1)] {
            call(&mut guest, &mut recorder, func, [4097, 7, len]).expect("it fits");
            expected[usize::from(func == "other_fill")][4097..4097 + len].fill(7);
        }
        let huge = guest.func("huge").expect("it is exported");
        assert!(Recorded::new(&mut guest, &mut recorder).call(&huge, &[], &mut NoHost).is_err());
        assert_same(&guest, &mut recorder, &expected, "fills, and one that is out of bounds");
    }
}

/// Wherever a guest is stopped, what is recorded is what it did. Nearly all of its time it fills and copies.
#[test]
fn what_was_done_before_a_stop_is_recorded() {
    for passes in [Passes::default(), stores()] {
        for (to, from) in [(9, 100_000), (100_000, 9)] {
            let (mut guest, mut recorder, _) = guest(passes);
            let (again, watch) = (guest.func("again").expect("it is exported"), guest.watch().clone());
            let mut recorded = Recorded::new(&mut guest, &mut recorder);
            let args = [Value::I32(to), Value::I32(from)];
            let outcome = watch.during(|| recorded.call(&again, &args, &mut NoHost).map(drop));
            assert!(outcome.is_err(), "it never ends by itself");
            // What there was no time for is made up for at the next call.
            call(&mut guest, &mut recorder, "fill", [0, 0, 0]).expect("it does nothing");
            let live = [0, 1].map(|memory| guest.bytes(memory).to_vec());
            assert_same(&guest, &mut recorder, &live, &format!("{to} {from} {passes:?}"));
        }
    }
}
