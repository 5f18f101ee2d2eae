//! Rewritten modules are valid, keep what they do not change, and map back to the original.

use wasmparser::{BinaryReader, Operator, Parser, Payload, Validator, WasmFeatures};

use super::sections::index;
use super::*;
use crate::record::SiteKind;

const PLAIN: Passes = Passes { stores: false, loads: false, pauses: false };
const STORES: Passes = Passes { stores: true, loads: false, pauses: false };
const ALL: Passes = Passes { stores: true, loads: true, pauses: false };
const CONTROL: Passes = Passes { stores: false, loads: false, pauses: true };
const EVERYTHING: Passes = Passes { stores: true, loads: true, pauses: true };

/// A module with every kind of access, on memories with 32-bit and 64-bit addresses.
const ACCESSES: &str = r#"(module
    (memory $a 1 9) (memory $b i64 1) (memory $c 1)
    (data $d "some data")
    (func (param i32 i64 f32 f64 v128) (local i32 f64)
        (i32.store (local.get 0) (i32.const 1))
        (i32.store8 offset=7 (local.get 0) (i32.const 1))
        (i32.store16 $c (local.get 0) (i32.const 1))
        (i64.store $b (local.get 1) (local.get 1))
        (i64.store8 $b offset=4294967296 (local.get 1) (local.get 1))
        (i64.store16 (local.get 0) (local.get 1))
        (i64.store32 (local.get 0) (local.get 1))
        (f32.store (local.get 0) (local.get 2))
        (f64.store align=1 (local.get 0) (local.get 3))
        (v128.store (local.get 0) (local.get 4))
        (v128.store offset=4294967295 (local.get 0) (local.get 4))
        (v128.store8_lane 3 (local.get 0) (local.get 4))
        (v128.store64_lane 1 (local.get 0) (local.get 4))
        (i32.atomic.store (local.get 0) (i32.const 1))
        (i64.atomic.store8 (local.get 0) (local.get 1))
        (drop (i32.atomic.rmw.add (local.get 0) (i32.const 1)))
        (drop (i64.atomic.rmw16.xchg_u $b (local.get 1) (local.get 1)))
        (drop (i32.atomic.rmw8.cmpxchg_u (local.get 0) (i32.const 1) (i32.const 2)))
        (drop (i64.atomic.rmw.cmpxchg (local.get 0) (i64.const 1) (i64.const 2)))
        (memory.copy $a $a (i32.const 1) (i32.const 2) (i32.const 3))
        (memory.copy $a $b (i32.const 1) (i64.const 2) (i32.const 3))
        (memory.copy $b $b (i64.const 1) (i64.const 2) (i64.const 3))
        (memory.fill $b (i64.const 1) (i32.const 2) (i64.const 3))
        (memory.fill (i32.const 1) (i32.const 2) (i32.const 3))
        (memory.init $a $d (i32.const 1) (i32.const 0) (i32.const 3))
        (memory.init $b $d (i64.const 1) (i32.const 0) (i32.const 3))
        (drop (memory.grow $a (i32.const 1)))
        (drop (memory.grow $b (i64.const 1)))
        (local.set 4 (v128.load (local.get 0)))
        (local.set 4 (v128.load8x8_s $b (local.get 1)))
        (local.set 4 (v128.load32_lane 1 (local.get 0) (local.get 4)))
        (drop (i32.load8_s (local.get 0))) (drop (f64.load (local.get 0))) (drop (i64.atomic.load $b (local.get 1)))
        (drop (f32.load $c offset=9 (local.get 0)))
        (loop (br_if 0 (i32.load16_u (local.get 0))))
        (unreachable) (i32.store) (v128.store)))"#;

fn rewrite(wat: &str, passes: Passes) -> (Vec<u8>, Instrumented) {
    let original = wat::parse_str(wat).expect("the test's module is right");
    let instrumented =
        Instrumented::new(&original, passes, &PointRequest::default(), &Cancellation::default()).expect("it is valid");
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(&instrumented.binary)
        .unwrap_or_else(|error| panic!("a rewritten module is valid: {error}\n{wat}"));
    (original, instrumented)
}

#[test]
fn modules_of_every_shape_stay_valid() {
    for wat in [
        "(module)",
        "(module (memory 1))",
        r#"(module (import "env" "m" (memory 1)) (memory 2) (func (loop (br 0))))"#,
        "(module (func $f (call $f)))",
        r#"(module (global i32 (i32.const 1)) (table 1 funcref) (elem (i32.const 0) $f) (start $f) (func $f))"#,
        r#"(module (memory 1) (data "passive") (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1))))"#,
        r#"(module (tag $t) (func $f (param i32) (result i32)
            (block (try_table (catch $t 0) (drop (call $f (i32.const 1))) (throw $t))) (return_call $f (i32.const 2))))"#,
        r#"(module (tag) (func (export "linmem stop") (block (loop (try_table (br 1))))))"#,
        r#"(module (rec (type $t (struct (field i32))) (type $f (func (param i32 i64)))) (memory 1)
            (func (type $f) (local (ref null $t) i32) (i32.store8 (local.get 0) (local.get 3))))"#,
        r#"(module (import "a" "f" (func)) (import "a" "g" (global i64)) (import "a" "t" (table 1 funcref)) (memory 1)
            (func (call 0) (i32.store (i32.const 0) (i32.const 1))))"#,
        ACCESSES,
    ] {
        for passes in [PLAIN, STORES, ALL, CONTROL, EVERYTHING] {
            rewrite(wat, passes);
        }
    }
}

#[test]
fn only_code_that_could_go_on_for_long_is_checked() {
    for (wat, checks) in [
        ("(module (func (nop)))", 0),
        ("(module (func (loop (nop))))", 1),
        ("(module (func (loop (loop (br 1)))))", 2),
        ("(module (func $f (call $f)))", 1),
        ("(module (func $f (loop (return_call $f))))", 2),
        ("(module (func $f (call $g)) (func $g (nop)))", 1),
        // The locals that keep its operands and what puts them there, the check, and the operation in portions.
        ("(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 9))))", 4),
        ("(module (memory 1) (func (i32.store (i32.const 0) (i32.const 0))))", 0),
        (&format!("(module (func {}))", "nop ".repeat(1001)), 1),
    ] {
        assert_eq!(rewrite(wat, PLAIN).1.parts.offsets.pieces(), checks, "{wat}");
    }
}

#[test]
fn names_that_the_module_has_are_left_to_it() {
    let wat = r#"(module (start $s) (func $s (export "linmem stop") (export "linmem start") (export "linmem hook")))"#;
    let (_, instrumented) = rewrite(wat, STORES);
    assert_eq!(instrumented.parts.added.flag, "linmem stop'");
    assert_eq!(instrumented.parts.added.start.as_deref(), Some("linmem start'"));
    assert_eq!(instrumented.parts.added.trace.expect("stores are recorded").hook, "linmem hook'");
}

#[test]
fn what_cannot_be_recorded_is_named() {
    for (wat, feature) in [
        ("(module (memory 1) (func (memory.discard (i32.const 0) (i32.const 0))))", "memory.discard"),
        ("(module (memory 1 (pagesize 1)))", "a memory with a page size other than 64 KiB"),
    ] {
        let original = wat::parse_str(wat).expect("the test's module is right");
        assert!(Instrumented::new(&original, PLAIN, &PointRequest::default(), &Cancellation::default()).is_ok());
        let refused = Instrumented::new(&original, STORES, &PointRequest::default(), &Cancellation::default())
            .err()
            .expect("it cannot be recorded")
            .to_string();
        assert_eq!(refused, format!("linmem cannot record stores in a module with {feature}"));
    }
}

#[test]
fn unrecorded_sections_are_copied_byte_by_byte() {
    let mut original = wat::parse_str(ACCESSES).expect("the test's module is right");
    original.extend_from_slice(b"\0\x08\x04nameodd");
    let sections = |module: &[u8]| -> Vec<Vec<u8>> {
        let payloads = Parser::new(0).parse_all(module).filter_map(|payload| payload.ok()?.as_section());
        payloads.map(|(_, range)| module[index(range.start)..index(range.end)].to_vec()).collect()
    };
    let instrumented =
        Instrumented::new(&original, ALL, &PointRequest::default(), &Cancellation::default()).expect("it is valid");
    let (before, after) = (sections(&original), sections(&instrumented.binary));
    assert_eq!(before.last(), after.last(), "a custom section");
    let data = before.iter().find(|data| data.ends_with(b"some data")).expect("it has data");
    assert!(after.contains(data));
}

/// The operators of each body: its start, and each operator with its offset in the body.
fn bodies(module: &[u8]) -> Vec<(usize, Vec<(usize, String)>)> {
    let payloads = Parser::new(0).parse_all(module).map(|payload| payload.expect("it is valid"));
    let bodies = payloads.filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some((index(body.range().start), body.as_bytes().to_vec())),
        _ => None,
    });
    let operators = |(start, bytes): (usize, Vec<u8>)| {
        let body = wasmparser::FunctionBody::new(BinaryReader::new(&bytes, 0));
        let mut reader = body.get_operators_reader().expect("it is valid");
        let mut found = Vec::new();
        while !reader.eof() {
            let at = index(reader.original_position());
            let operator: Operator<'_> = reader.read().expect("it is valid");
            found.push((at, format!("{operator:?}")));
        }
        (start, found)
    };
    bodies.map(operators).collect()
}

#[test]
fn each_instruction_is_found_again() {
    let loops = r#"(module (import "a" "b" (func)) (func (nop))
        (func (i32.const 300) (drop) (loop (nop) (call 0) (loop (nop) (br 0))) (unreachable)))"#;
    for (wat, imported) in [(loops, 1), (ACCESSES, 0)] {
        for passes in [PLAIN, STORES, ALL, CONTROL, EVERYTHING] {
            let (original, instrumented) = rewrite(wat, passes);
            for (func, ((start, old), (_, new))) in
                (imported..).zip(bodies(&original).iter().zip(&bodies(&instrumented.binary)))
            {
                let mut expected = old.iter().peekable();
                let mut last = 0;
                for (at, name) in new {
                    let found = instrumented.parts.offsets.original(func, *at).expect("it is there") - start;
                    assert!(found >= last, "instructions stay in order");
                    last = found;
                    // Each original instruction appears once in its replacement.
                    expected.next_if(|(at, wanted)| *at == found && wanted == name);
                    let next = expected.peek().map_or(usize::MAX, |(at, _)| *at);
                    assert!(found <= next, "{name} at {found} comes before the one at {next}");
                }
                assert_eq!(expected.next(), None, "an instruction is missing");
            }
            assert_eq!(instrumented.parts.offsets.original(99, 0), None, "the hook's function is not the module's");
        }
    }
}

#[test]
fn sites_name_their_instructions() {
    let (original, instrumented) = rewrite(ACCESSES, ALL);
    let located = bodies(&original)
        .into_iter()
        .flat_map(|(start, operators)| operators.into_iter().map(move |(at, name)| (start + at, name)));
    let operators: Vec<_> = located.collect();
    for site in &instrumented.parts.sites {
        let (_, name) = operators.iter().find(|(at, _)| *at == site.offset as usize).expect("it is an instruction's");
        let wanted = match site.kind {
            SiteKind::Load => "Load",
            SiteKind::Store => "Store",
            SiteKind::Exchange | SiteKind::Compare => "Rmw",
            SiteKind::Copy => "MemoryCopy",
            SiteKind::Fill => "MemoryFill",
            SiteKind::Init => "MemoryInit",
            SiteKind::Grow => "MemoryGrow",
        };
        assert!(name.contains(wanted), "{site:?} is {name}");
    }
    assert_eq!(instrumented.parts.sites.iter().filter(|site| site.joined).count(), 2, "two stores have 16 bytes");
}

#[test]
fn stop_points_stand_where_lines_statements_and_loops_begin_and_are_bounded() {
    let wat = "(module (memory 1) (func $f (param i32) (nop) (loop (br_if 0 (i32.const 0)))
        (i32.store (i32.const 1) (i32.add (local.get 0) (i32.const 2)))))";
    let original = wat::parse_str(wat).expect("the test's module is right");
    let points = |request: &PointRequest| {
        let instrumented =
            Instrumented::new(&original, CONTROL, request, &Cancellation::default()).expect("it is valid");
        let points = instrumented.parts.points;
        (0..points.len()).filter_map(|number| points.offset(number)).collect::<Vec<_>>()
    };
    let statements = points(&PointRequest::default());
    let entry = statements[0];
    // The entry, behind the nop, in the loop, behind the branch (an end), behind the loop.
    assert_eq!(statements, [entry, entry + 1, entry + 3, entry + 8]);
    // With lines, statements are none, but for the loop and the entry; another instruction is one by itself.
    let lines = PointRequest { lines: vec![entry + 1], others: vec![entry + 10, 3, 4000] };
    assert_eq!(points(&PointRequest { others: vec![entry + 10], ..lines }), [entry, entry + 1, entry + 3, entry + 10]);
    // A function has so many that it stays smaller than the limit of the specification's implementations.
    let original = wat::parse_str(format!("(module (func {}) (func))", "nop ".repeat(MOST + 10))).expect("it is right");
    let instrumented =
        Instrumented::new(&original, CONTROL, &PointRequest::default(), &Cancellation::default()).expect("it is valid");
    assert_eq!(instrumented.parts.points.len(), MOST + 1);
    assert!(Validator::new_with_features(WasmFeatures::all()).validate_all(&instrumented.binary).is_ok());
}

const MOST: usize = points::MOST_IN_BODY;
