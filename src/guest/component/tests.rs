//! Tests of linking on small components.

use super::*;
use crate::guest::{Boundary, Code, Guest, Limits, NoHost, Watchdog};

/// The linked module of a component in the text format.
fn linked(text: &str) -> Vec<u8> {
    link(&wat::parse_str(text).expect("it is valid text")).unwrap_or_else(|error| panic!("{error}"))
}

fn guest(text: &str) -> Guest {
    let code = Code::read("component.wat", text.as_bytes()).expect("it can be linked");
    code.compile(Limits::default()).expect("it compiles").instantiate(&Watchdog::new(None)).expect("it has no imports")
}

fn call(guest: &mut Guest, name: &str) -> u64 {
    if let Some(start) = guest.start().cloned() {
        guest.call(&start, &[], &mut NoHost).expect("it starts");
    }
    let func = guest.func(name).unwrap_or_else(|| panic!("{name} is exported"));
    guest.call(&func, &[], &mut NoHost).expect("it returns")[0].bits()
}

/// Two modules: one has memory, a table, a global and functions that the other uses; both have a start function.
const PAIR: &str = r#"(component
  (core module $lib
    (memory (export "mem") 1)
    (table (export "tab") 2 funcref)
    (global (export "base") i32 (i32.const 16))
    (global $count (export "count") (mut i32) (i32.const 0))
    (func $begin (global.set $count (i32.const 5)))
    (func (export "seven") (result i32) (i32.const 7))
    (data (i32.const 0) "lib")
    (start $begin))
  (core module $main
    (import "lib" "mem" (memory 1))
    (import "lib" "tab" (table 2 funcref))
    (import "lib" "base" (global $base i32))
    (import "lib" "count" (global $count (mut i32)))
    (import "lib" "seven" (func $seven (result i32)))
    (type $get (func (result i32)))
    (global $next i32 (i32.const 1))
    (func $begin (global.set $count (i32.mul (global.get $count) (i32.const 2))))
    (func $nine (result i32) (i32.const 9))
    (elem (i32.const 1) $nine)
    (data (global.get $base) "\2a")
    (func (export "all") (result i32)
      (i32.add (i32.add (call $seven) (call_indirect (type $get) (global.get $next)))
               (i32.add (i32.load8_u (global.get $base)) (global.get $count))))
    (start $begin))
  (core instance $l (instantiate $lib))
  (core instance $m (instantiate $main (with "lib" (instance $l))))
  (func (export "all") (result u32) (canon lift (core func $m "all"))))"#;

#[test]
fn modules_share_functions_memories_tables_and_globals() {
    // 7, 9 through the table, 42 from the data segment, and 10 from the start functions in their order.
    assert_eq!(call(&mut guest(PAIR), "all"), 68);
    let component = crate::guest::Interface::read(&linked(PAIR)).expect("it is valid").component.expect("it has one");
    assert_eq!(component.modules.len(), 2);
    assert_eq!((component.modules[0].linked, component.modules[1].linked), (0, 5));
    assert_eq!(component.exports[0].to_string(), "func() -> u32");
}

#[test]
fn nested_components_are_followed() {
    let text = r#"(component
      (component $inner
        (import "f" (func $f (result u32)))
        (core module $m
          (import "" "g" (func $g (result i32)))
          (func (export "run") (result i32) (i32.add (call $g) (i32.const 1))))
        (core module $own (func (export "g") (result i32) (i32.const 40)))
        (core instance $o (instantiate $own))
        (core instance $i (instantiate $m (with "" (instance $o))))
        (func $run (result u32) (canon lift (core func $i "run")))
        (export "run" (func $run))
        (export "same" (func $f)))
      (core module $c (func (export "two") (result i32) (i32.const 2)))
      (core instance $c (instantiate $c))
      (func $two (result u32) (canon lift (core func $c "two")))
      (instance $a (instantiate $inner (with "f" (func $two))))
      (export "a:b/c" (instance $a)))"#;
    let mut guest = guest(text);
    assert_eq!(call(&mut guest, "a:b/c#run"), 41);
    assert_eq!(call(&mut guest, "a:b/c#same"), 2);
}

#[test]
fn what_the_host_provides_remains_an_import() {
    let text = r#"(component
      (import "wasi:cli/stdout@0.2.0" (instance $stdout (export "get" (func (result u32)))))
      (alias export $stdout "get" (func $get))
      (core func $lowered (canon lower (func $get)))
      (core module $m (import "out" "get" (func $g (result i32))) (func (export "run") (result i32) (call $g)))
      (core instance $i (instantiate $m (with "out" (instance (export "get" (func $lowered))))))
      (func (export "run") (result u32) (canon lift (core func $i "run"))))"#;
    let interface = crate::guest::Interface::read(&linked(text)).expect("it is valid");
    let imports: Vec<_> = interface.imports.iter().map(crate::guest::Import::full_name).collect();
    assert_eq!(imports, ["wasi:cli/stdout@0.2.0.get"]);
}

#[test]
fn a_component_that_instantiates_exponentially_many_is_refused() {
    let mut text = String::from("(component $c0 (core module $m) (core instance (instantiate $m)))");
    for number in 1..40 {
        let before = number - 1;
        text = format!(
            "(component $c{number} {text} (instance (instantiate $c{before})) (instance (instantiate $c{before})))"
        );
    }
    let error = link(&wat::parse_str(&text).expect("it is valid text")).expect_err("there are too many");
    assert!(error.to_string().contains("more than 1000 instances"), "{error}");
}

#[test]
fn types_are_described_with_their_alignment() {
    let text = r#"(component
      (core module $m (memory (export "memory") 1)
        (func (export "f") (param i32 i32) (result i32) (unreachable))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (unreachable)))
      (core instance $i (instantiate $m))
      (type $e (variant (case "a" u64) (case "b")))
      (export $e' "e" (type $e))
      (func (export "f") (param "x" (list u8)) (result (result (option string) (error $e')))
        (canon lift (core func $i "f") (memory $i "memory") (realloc (func $i "realloc")) string-encoding=utf16)))"#;
    let interface = crate::guest::Interface::read(&linked(text)).expect("it is valid");
    let exports = interface.component.expect("it is a component").exports;
    let [function] = &exports[..] else { panic!("{exports:?}") };
    assert_eq!(function.to_string(), "func(x: list<u8>) -> result<option<string>, variant>");
    assert_eq!(function.result.as_ref().map(ComponentType::alignment), Some(8));
    assert_eq!(function.encoding, StringEncoding::Utf16);
    assert_eq!((function.realloc.as_deref(), function.post_return.as_deref()), (Some("cabi_realloc"), None));
}
