//! Traps explained: what the instruction accessed, whom it called, and the message of a panic, in every front end.

use crate::piped::{file, run, text};

use std::path::Path;

use serde_json::{Value, json};

/// A module with a function for each kind of trap.
const TRAPS: &str = r#"(module
    (type $binary (func (param i32 i32) (result i32)))
    (memory (export "memory") 2)
    (memory $small 1)
    (data $passive "0123456789")
    (table $t 4 funcref)
    (table $changing 4 funcref)
    (elem (i32.const 1) $callee)
    (elem (table $changing) (i32.const 1) func $callee)
    (func $callee (param i32) (result i32) (local.get 0))
    (func (export "change") (table.set $changing (i32.const 3) (ref.func $callee)))
    (func (export "store") (i32.store16 offset=16 (i32.const 0x30000) (i32.const 7)))
    (func (export "across") (i64.store (i32.const 0x1fffc) (i64.const 7)))
    (func (export "high") (drop (i32.load8_u (i32.const -1))))
    (func (export "load") (drop (i64.load $small offset=4 (i32.const 0xfffc))))
    (func (export "copy") (memory.copy (i32.const 0x1fff0) (i32.const 8) (i32.const 17)))
    (func (export "copy_from") (memory.copy (i32.const 8) (i32.const 0x20001) (i32.const 1)))
    (func (export "fill") (memory.fill (i32.const 0x1ffff) (i32.const 65) (i32.const 100000)))
    (func (export "init") (memory.init $passive (i32.const 0) (i32.const 4) (i32.const 7)))
    (func (export "null") (drop (call_indirect $t (type $binary) (i32.const 1) (i32.const 2) (i32.const 0))))
    (func (export "changed") (drop (call_indirect $changing (type $binary) (i32.const 1) (i32.const 2) (i32.const 0))))
    (func (export "mismatch") (drop (call_indirect $t (type $binary) (i32.const 1) (i32.const 2) (i32.const 1))))
    (func (export "perhaps")
        (drop (call_indirect $changing (type $binary) (i32.const 1) (i32.const 2) (i32.const 1))))
    (func (export "slot") (drop (call_indirect $t (type $binary) (i32.const 1) (i32.const 2) (i32.const 9))))
    (func (export "table") (drop (table.get $t (i32.const -2))))
    (func (export "table_fill") (table.fill $changing (i32.const 2) (ref.null func) (i32.const 3)))
    (func (export "zero") (drop (i32.div_u (i32.const 1) (i32.const 0))))
    (func (export "overflow") (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))
    (func (export "nan") (drop (i32.trunc_f64_s (f64.const nan))))
    (func (export "wide") (drop (i32.trunc_f32_u (f32.const 1e20))))
    (func $deep (export "deep") (call $deep))
    (func (export "unreachable") (unreachable)))"#;

/// Each function, and what is told of its trap.
const TOLD: &[(&str, &str)] = &[
    (
        "store",
        "i32.store16 offset=16: writes 2 bytes at 0x30010, which is 65,552 bytes past the end of memory at 0x20000 \
         (131,072 bytes)",
    ),
    ("across", "i64.store: writes 8 bytes, ending past 0x20000, where memory ends (131,072 bytes)"),
    (
        "high",
        "i32.load8_u: reads 1 byte at 0xffffffff (-1 if signed), which is 4,294,836,223 bytes past the end of memory at 0x20000",
    ),
    ("load", "reads 8 bytes, ending past 0x10000, where memory 1 ends (65,536 bytes)"),
    ("copy", "memory.copy: writes 17 bytes at 0x1fff0..0x20001, but memory ends at 0x20000 (131,072 bytes)"),
    ("copy_from", "memory.copy: reads 1 byte at 0x20001, which is 1 byte past the end of memory at 0x20000"),
    ("fill", "memory.fill: writes 100,000 bytes at 0x1ffff..0x3869f, but memory ends at 0x20000 (131,072 bytes)"),
    ("init", "reads 7 bytes at 0x4..0xb, but data segment 0 ends at 0xa (10 bytes)"),
    ("changed", "slot 0 of table 1 is null; the call expects (i32, i32) -> (i32)"),
    ("null", "slot 0 of table 0 is null; the call expects (i32, i32) -> (i32)"),
    ("mismatch", "slot 1 of table 0 holds callee, which is (i32) -> (i32); the call expects (i32, i32) -> (i32)"),
    ("perhaps", "slot 1 of table 1 initially held callee, which is (i32) -> (i32)"),
    ("slot", "slot 9 of table 0, which has 4 slots; the call expects (i32, i32) -> (i32)"),
    ("table", "slot 4294967294 of table 0, which has 4 slots"),
    ("table_fill", "3 slots starting at slot 2 of table 1, which has 4 slots"),
    ("zero", "instruction: i32.div_u"),
    ("overflow", "instruction: i32.div_s"),
    ("nan", "i32.trunc_f64_s"),
    ("wide", "i32.trunc_f32_u"),
    ("deep", "call stack exhausted"),
    ("unreachable", "unreachable executed"),
];

fn traps(name: &str) -> [String; 3] {
    let module = file(&format!("explained-{name}.wat"), TRAPS);
    let recipe = file(&format!("explained-{name}.recipe"), &format!("each line\n  {name}()\n"));
    [module, "--abi".to_owned(), recipe]
}

fn told(name: &str, more: &[&str]) -> (String, String) {
    let own = traps(name);
    let args: Vec<_> = own.iter().map(String::as_str).chain(more.iter().copied()).collect();
    let output = run(&args, b"x\n");
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn each_kind_of_trap_is_explained_whether_recorded_or_not() {
    for (name, expected) in TOLD {
        let (_, stderr) = told(name, &[]);
        assert!(stderr.contains(expected), "{name}: {expected} in {stderr}");
        assert!(stderr.contains("\n  usual causes: "), "{name}: {stderr}");
        for traced in [&["--show", "hex"][..], &["--show", "hex", "--trace", "loads"]] {
            let (stdout, _) = told(name, traced);
            assert!(stdout.contains(expected), "{name}, {traced:?}: {expected} in {stdout}");
        }
    }
    let (stdout, _) = told("nan", &["--show", "hex"]);
    assert!(stdout.contains("i32.trunc_f64_s: the number is NaN"), "{stdout}");
}

#[test]
fn the_usual_causes_are_told_once_for_a_kind() {
    let own = traps("zero");
    let output = run(&[&own[0], "--abi", &own[2], "--keep-going"], b"a\nb\n");
    let stderr = text(&output.stderr);
    assert_eq!(stderr.matches("instruction: i32.div_u").count(), 2, "{stderr}");
    assert_eq!(stderr.matches("usual causes").count(), 1, "{stderr}");
}

#[test]
fn json_and_a_saved_session_have_the_explanation() {
    for name in ["store", "across", "copy", "mismatch", "null", "nan", "slot"] {
        let (stdout, _) = told(name, &["--show", "json"]);
        let object: Value = serde_json::from_str(stdout.lines().next().expect("an object a line")).expect("it is JSON");
        let trap = &object["error"]["trap"];
        assert_eq!(trap["step"], json!(0), "{name}: {stdout}");
        match name {
            "store" => {
                let access = json!({"index": 0, "of": "memory", "addr": 0x30010, "is_first": true, "len": 2,
                    "writes": true, "size": 0x20000});
                assert_eq!(trap["accesses"], json!([access]));
                assert_eq!(trap["instruction"], "i32.store16 offset=16");
                assert_eq!(trap["cause"], "memory_out_of_bounds");
            }
            "across" => assert_eq!(trap["accesses"][0]["is_first"], false),
            "copy" => assert_eq!(trap["accesses"][0]["addr"], 0x1fff0),
            "mismatch" => {
                assert_eq!(trap["slots"], json!([{"table": 0, "slot": 1, "len": 1, "size": 4}]));
                let callee = json!({"expected": "(i32, i32) -> (i32)", "found": "(i32) -> (i32)", "index": 0,
                    "name": "callee"});
                assert_eq!(trap["callee"], callee);
            }
            "null" => assert_eq!(trap["callee"], json!({"expected": "(i32, i32) -> (i32)"})),
            "nan" => assert_eq!(trap["operand"], "NaN"),
            _ => assert_eq!(trap["slots"][0]["slot"], 9),
        }
        assert_eq!(trap["usual_causes"].as_array().map(Vec::len), Some(2), "{name}");
        let saved = file(&format!("explained-{name}.session"), "");
        let script =
            file(&format!("explained-{name}.script"), &format!("x\n:expect error trapped\n:save {saved} overwrite\n"));
        told(name, &["--script", &script]);
        let replayed = run(&["replay", &saved, "--show", "json"], b"");
        let replayed: Value =
            serde_json::from_str(text(&replayed.stdout).lines().next().expect("an object a line")).expect("it is JSON");
        assert_eq!(&replayed["error"]["trap"], trap, "{name}");
    }
}

#[test]
fn frames_lists_the_explanation_and_the_step() {
    let script = file("explained-frames.script", "x\n:expect error trapped\n:frames\n");
    let (stdout, _) = told("store", &["--script", &script]);
    let listed = stdout.split(":frames").nth(1).expect("the command is repeated");
    for expected in ["writes 2 bytes at 0x30010", "in step 1 of 1: call store() did not return", "usual causes: "] {
        assert!(listed.contains(expected), "{expected} in {listed}");
    }
}

fn panics(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/panics").join(name).display().to_string()
}

#[test]
fn the_message_of_a_panic_is_found_in_memory() {
    // A value whose type is not known is `{}`.
    for (name, file) in [("13-panic.wasm", "13-panic.rs"), ("13-panic-stripped.wasm", "src/13b.rs")] {
        let output = run(&[&panics(name), "--abi", "packed"], b"12.5\n");
        let stderr = text(&output.stderr);
        let expected = format!("panic \"the price is no whole number: {{}}\" at {file}:7:35");
        assert!(stderr.contains(&expected), "{name}: {stderr}");
        assert!(stderr.contains("through the record of the panic on the guest's stack"), "{name}: {stderr}");
    }
    for (line, message) in [("1,5", "the price is no whole number"), ("111", "index out of bounds: index 3, len 3")] {
        let stderr = text(&run(&[&panics("zig.wasm"), "--abi", "packed"], line.as_bytes()).stderr);
        assert!(stderr.contains(message), "{line}: {stderr}");
    }
    let stderr = text(&run(&[&panics("zig-stripped.wasm"), "--abi", "packed"], b"1,5\n").stderr);
    assert!(stderr.contains("possible panic message: \"the price is no whole number\""), "{stderr}");
    assert!(
        stderr.contains("price(") && !stderr.contains("panic \""),
        "what is inferred is not said as a fact: {stderr}"
    );
}

#[test]
fn arguments_of_aborts_and_assertions_are_messages() {
    let recipe = file(
        "explained-abort.recipe",
        "text utf16\neach line\n  ptr = __pin(__new(n, 2))\n  write at ptr\n* out = price(ptr)\n  read u32[out - 4] at out\n",
    );
    let args = [&panics("assemblyscript.wasm"), "--abi", &recipe, "--stub-imports"];
    let stderr = text(&run(&args, b"12.5\n").stderr);
    let expected = "panic \"the price is no whole number\" at panics/assemblyscript.ts:3:";
    assert!(stderr.contains(expected), "{stderr}");

    let recipe = file(
        "explained-assert.recipe",
        "each line\n  ptr = buffer()\n  write at ptr\n* len = price(n)\n  read len at ptr\n",
    );
    let stderr = text(&run(&[&panics("c.wasm"), "--abi", &recipe, "--stub-imports"], b"12.5\n").stderr);
    let expected = "panic \"assertion failed: buffer[i] >= '0' && buffer[i] <= '9'\" at panics/c.c:10";
    assert!(stderr.contains(expected), "{stderr}");

    let object = run(&[&panics("c.wasm"), "--abi", &recipe, "--stub-imports", "--show", "json"], b"12.5\n").stdout;
    let object: Value = serde_json::from_slice(&object).expect("it is JSON");
    let panic = &object["error"]["trap"]["panic"];
    assert_eq!((&panic["certain"], &panic["place"]), (&json!(true), &json!("panics/c.c:10")), "{object}");
}
