//! `:as`: what a host in another language sees, in scripts and JSON; and numbers that are unpacked in the steps.

use crate::piped::{file, run, text};

use serde_json::{Value, json};

/// An allocator whose `dealloc` writes into the block, as many do, and a transform that grows memory.
const GUEST: &str = r#"(module (memory (export "memory") 1)
    (func (export "alloc") (param i32) (result i32) (i32.const 0x400))
    (func (export "dealloc") (param $p i32) (param i32) (i32.store (local.get $p) (i32.const 0x2a2a2a2a)))
    (func (export "echo") (param $p i32) (param $n i32) (result i64)
        (drop (memory.grow (i32.const 1)))
        (i64.or (i64.shl (i64.extend_i32_u (local.get $p)) (i64.const 32)) (i64.extend_i32_u (local.get $n))))
    (func (export "area") (result i32)
        (i32.store (i32.const 64) (i32.const 0x400)) (i32.store (i32.const 68) (i32.const 3)) (i32.const 64)))"#;

const RECIPE: &str = "each line\n  ptr = alloc(n)\n  write at ptr\n* out = echo(ptr, n)\n  read lo(out) at hi(out)\n  \
                      dealloc(ptr, n)\n";

fn script(name: &str, lines: &str) -> String {
    let (guest, recipe) = (file("seen-by.wat", GUEST), file("seen-by.recipe", RECIPE));
    let script = file(&format!("seen-by-{name}.script"), lines);
    let output = run(&[&guest, "--abi", &recipe, "--script", &script], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn each_language_shows_its_traps() {
    let told = script("all", "h\u{e9}llo\n:as js\n:as c\n:as wazero\n:as rust\n");
    for expected in [
        "result  4398046511110n, a BigInt: Number(BigInt.asUintN(32, r >> 32n)) = 1024, Number(BigInt.asUintN(32, r)) = 6",
        "a view from before  detached by step 3, call echo, which grew memory from 1 to 2 pages",
        "the same view  \"****lo\" after step 5, call dealloc",
        "its length  5 UTF-16 units; 5 characters, 6 bytes",
        "a pointer from before  may dangle since step 3, call echo",
        "result  uint64 4398046511110: uint32(r >> 32) = 0x400, uint32(r) = 6",
        "the same slice  \"****lo\" after step 5, call dealloc: Read returns a view",
        "result  4398046511110_i64: (r as u64 >> 32) as u32 = 0x400, r as u32 = 6",
        "the bytes change  after step 5, call dealloc",
    ] {
        assert!(told.contains(expected), "{expected} in {told}");
    }
}

#[test]
fn a_step_and_a_range_can_be_chosen() {
    let told = script("step", "h\u{e9}llo\n:exchange 1.4\n:as js\n:as c 0x400 3\n");
    assert!(told.contains("new TextDecoder().decode(it)  \"h\u{e9}llo\""), "{told}");
    assert!(told.contains("its length  5 UTF-16 units; 5 characters, 6 bytes"), "{told}");
    assert!(
        told.contains(
            "strlen(p)  6: \"h\u{e9}llo\"; no zero byte in the range, so it reads 3 bytes past the end, to 0x406"
        ),
        "{told}"
    );
}

#[test]
fn json_has_the_same() {
    let told = script("json", "abc\n:as rust json\n");
    let object = told.lines().find(|line| line.starts_with('{')).expect("there is an object");
    let object: Value = serde_json::from_str(object).expect("it is JSON");
    assert_eq!(
        (&object["report"], &object["language"], &object["start"]),
        (&json!("as"), &json!("rust"), &json!(0x400))
    );
    let whats: Vec<_> = object["seen"].as_array().expect("a list").iter().map(|seen| seen["what"].clone()).collect();
    assert_eq!(whats[..3], [json!("argument 1"), json!("argument 2"), json!("result")]);
}

#[test]
fn steps_unpack_pairs_and_show_what_was_loaded() {
    let told = script("steps", "abc\n:steps\n");
    assert!(told.contains("call  echo(0x400, 3) -> 0x40000000003 = 0x400, 3 B"), "{told}");
    let recipe = file(
        "seen-by-loads.recipe",
        "each line\n  write at 0x400\n  area = area()\n  read u32[area + 4] at u32[area]\n  fail \"no\" if u8[64] != 0\n",
    );
    let guest = file("seen-by-loads.wat", GUEST);
    let output = text(&run(&[&guest, "--abi", &recipe, "--show", "hex"], b"abc\n").stdout);
    assert!(output.contains("read  4 B at 0x40..0x44 = 0x400\n"), "{output}");
    assert!(output.contains("read  4 B at 0x44..0x48 = 3\n"), "{output}");
    let json = run(&[&guest, "--abi", &recipe, "--show", "json"], b"abc\n").stdout;
    let object: Value = serde_json::from_slice(&json).expect("it is JSON");
    let values: Vec<_> =
        object["steps"].as_array().expect("a list").iter().filter_map(|step| step.get("loaded").cloned()).collect();
    assert!(values.contains(&json!(0x400)) && values.contains(&json!(null)), "{object}");
}
