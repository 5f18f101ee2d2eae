//! Features of WebAssembly: those of the engine work, and the others are refused by name.

use crate::piped::{file, run, text};

/// A guest with a buffer, into which this much is added before the transform returns the line's length.
fn guest(memory: &str, more: &str, inside: &str) -> String {
    format!(
        r#"(module {more} {memory} (func (export "get_buffer_ptr") (result i32) (i32.const 64))
            (func (export "shout") (param $n i32) (result i32) {inside} (local.get $n)))"#
    )
}

const PLAIN: &str = r#"(memory (export "memory") 1)"#;
const SHARED: &str = r#"(memory (export "memory") 1 2 shared)"#;

/// Runs a guest on the line "abc".
fn output(name: &str, module: &str) -> (String, String) {
    let guest = file(&format!("feature-{name}.wat"), module.as_bytes());
    let output = run(&[&guest, "--abi", "static-buffer", "--call", "shout"], b"abc\n");
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn features_of_the_engine_work() {
    // Each makes the first byte of the line a capital by what is tested.
    let add = "(i32.store8 (i32.const 64) (i32.const 65))";
    for (name, memory, more, inside) in [
        (
            "multi-memory",
            r#"(memory (export "memory") 1) (memory $other 1)"#,
            "",
            format!("(i32.store8 $other (i32.const 64) (i32.const 66)) {add}"),
        ),
        (
            "exceptions",
            PLAIN,
            "(tag $e)",
            format!("(block $caught (try_table (catch_all $caught) (throw $e))) {add}"),
        ),
        (
            "imported-tag",
            PLAIN,
            r#"(import "env" "error" (tag $e (param i32)))"#,
            format!("(block $caught (try_table (catch_all $caught) (throw $e (i32.const 1)))) {add}"),
        ),
        (
            "wide-arithmetic",
            PLAIN,
            "(func $sum (result i64) (i64.add128 (i64.const 60) (i64.const 0) (i64.const 5) (i64.const 0)) drop)",
            "(i32.store8 (i32.const 64) (i32.wrap_i64 (call $sum)))".to_owned(),
        ),
        (
            "relaxed-simd",
            PLAIN,
            "",
            "(v128.store8_lane 0 (i32.const 64) (i8x16.relaxed_swizzle (v128.const i8x16 65 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0) \
             (v128.const i8x16 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)))"
                .to_owned(),
        ),
        ("atomics", SHARED, "", "(drop (i32.atomic.rmw8.sub_u (i32.const 64) (i32.const 32)))".to_owned()),
        (
            "imported-shared-memory",
            "",
            r#"(import "env" "memory" (memory 1 2 shared)) (export "memory" (memory 0))"#,
            "(drop (i32.atomic.rmw8.sub_u (i32.const 64) (i32.const 32)))".to_owned(),
        ),
        (
            "wait-with-a-limit",
            SHARED,
            "",
            format!(
                "(if (i32.eq (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 5000000000)) (i32.const 2)) \
                 (then {add})) (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))"
            ),
        ),
    ] {
        let (stdout, stderr) = output(name, &guest(memory, more, &inside));
        assert_eq!(stdout, "Abc\n", "{name}: {stderr}");
    }
}

#[test]
fn waiting_for_another_thread_and_starting_one_are_refused() {
    let wait = "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))";
    let (_, stderr) = output("wait", &guest(SHARED, "", wait));
    assert!(stderr.contains("linmem runs one thread"), "{stderr}");
    let spawn = r#"(import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))"#;
    let module =
        guest(SHARED, spawn, "(i32.store8 (i32.const 64) (i32.sub (i32.const 60) (call $spawn (i32.const 0))))");
    let module = file("feature-spawn.wat", module.as_bytes());
    let recipe =
        file("feature-spawn.recipe", b"host wasi\neach line\n  write at 64\n  out = shout(n)\n  read out at 64\n");
    let output = run(&[&module, "--abi", &recipe], b"abc\n");
    let stderr = text(&output.stderr);
    assert_eq!(text(&output.stdout), "Bbc\n", "it is told that there is no more thread: {stderr}");
    assert!(stderr.contains("the guest wants to start a thread, which is refused"), "{stderr}");
}

#[test]
fn float_that_is_a_whole_number_is_an_address() {
    let module = r#"(module (memory (export "memory") 1)
        (func (export "place") (result f64) (f64.const 64))
        (func (export "shout") (param f64 f64) (result f64 f32)
            (i32.store8 (i32.trunc_f64_u (local.get 0)) (i32.const 65)) (local.get 0) (f32.const 2))
        (func (export "half") (result f64) (f64.const 0.5)))"#;
    let module = file("feature-floats.wat", module.as_bytes());
    let recipe = |name: &str, body: &str| file(name, format!("each line\n{body}").as_bytes());
    let good = recipe("floats.recipe", "  p = place()\n  write at p\n  (at, len) = shout(p, n)\n  read len at at\n");
    let output = run(&[&module, "--abi", &good], b"xyz\n");
    assert_eq!(text(&output.stdout), "Ay\n", "{}", text(&output.stderr));
    let bad = recipe("half.recipe", "  write at half()\n  read n at 0\n");
    let stderr = text(&run(&[&module, "--abi", &bad], b"xyz\n").stderr);
    assert!(stderr.contains("0.5 is not an address, a length or another whole number"), "{stderr}");
}

/// A guest that joins two texts: the second one, then the first.
const JOINS: &str = r#"(module (memory (export "memory") 1) (global $next (mut i32) (i32.const 1024))
    (func (export "alloc") (param i32) (result i32) (global.get $next)
        (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get 0) (i32.const 15)) (i32.const -8)))))
    (func (export "join") (param $p i32) (param $n i32) (param $q i32) (param $m i32) (result i64)
        (memory.copy (i32.const 32768) (local.get $q) (local.get $m))
        (memory.copy (i32.add (i32.const 32768) (local.get $m)) (local.get $p) (local.get $n))
        (i64.or (i64.shl (i64.const 32768) (i64.const 32)) (i64.extend_i32_u (i32.add (local.get $n) (local.get $m))))))"#;

#[test]
fn line_is_split_into_texts() {
    let module = file("joins.wat", JOINS.as_bytes());
    let recipe = "split \" | \"\neach line\n  p = alloc(n1)\n  write line1 at p\n  q = alloc(n2)\n  write line2 at q\n  \
                  out = join(p, n1, q, n2)\n  read lo(out) at hi(out)\n";
    let recipe = file("joins.recipe", recipe.as_bytes());
    let output = run(&[&module, "--abi", &recipe, "-k"], b"ab | cde\nx | y | z\nalone\n | \n");
    assert_eq!(text(&output.stdout), "cdeab\ny | zx\n\n\n", "the last text has the rest");
    let stderr = text(&output.stderr);
    assert!(stderr.contains(r#"the line has 1 text, but the recipe takes 2, separated by " | ""#), "{stderr}");
    let unsplit = file("unsplit.recipe", b"each line\n  write line2 at 0\n");
    let stderr = text(&run(&[&module, "--abi", &unsplit], b"x\n").stderr);
    assert!(stderr.contains("line 2: `line2` is a text of the line: put `split tab`"), "{stderr}");
}

#[test]
fn two_texts_are_inferred_from_a_line_with_a_tab() {
    let module = file("joins-to-infer.wat", JOINS.as_bytes());
    let args = ["infer", &module, "--line", "Did\tyou know", "--answer", "you knowDid", "--timeout", "100s"];
    let found = run(&args, b"");
    let printed = text(&found.stdout);
    assert!(printed.contains("split  tab\n"), "{printed}{}", text(&found.stderr));
    let recipe = file("joins-inferred.recipe", &found.stdout);
    let output = run(&[&module, "--abi", &recipe], b"a\tb\nlonger\tand longer\n");
    assert_eq!(text(&output.stdout), "ba\nand longerlonger\n", "{}", text(&output.stderr));
}
