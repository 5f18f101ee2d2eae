//! Recipes that a user writes, through the binary: what they do, in which order, and the errors in them.

use crate::piped::{file, run, text};

/// Runs a module with a recipe: stdout, stderr, exit status.
fn drive(name: &str, module: &str, recipe: &str, input: &str) -> (String, String, Option<i32>) {
    let guest = file(&format!("{name}.wat"), module);
    let recipe = file(&format!("{name}.recipe"), recipe);
    let output = run(&[&guest, "--abi", &recipe, "--keep-going"], input.as_bytes());
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// A guest with its answer's length in a mutable global. It asks its host for memory in bytes.
const ASKING: &str = r#"(module
    (import "env" "grow" (func $grow (param i32) (result i32)))
    (memory (export "memory") 1)
    (global $len (export "len") (mut i32) (i32.const 0))
    (func (export "run") (param $n i32)
        (drop (call $grow (i32.const 150000)))
        (i32.store8 (i32.const 149999) (i32.const 33))
        (global.set $len (i32.add (global.get $len) (local.get $n)))))"#;

#[test]
fn a_recipe_reads_globals_and_grows_memory_while_it_runs() {
    let recipe = "each line\n  write at 0\n* run(n)\n  answer \"{len}\"\n  len = @len\non env.grow(x)\n  return 1\n";
    let (_, stderr, _) = drive("asking-early", ASKING, recipe, "x\n");
    assert!(stderr.contains("line 4: `len` is not set by any line before this one"), "{stderr}");
    let recipe = "each line\n  write at 0\n* run(n)\n  len = @len\n  answer \"{len}: {1 at 149999}\"\non env.grow(size)\n  grow to size\n  return 1\n";
    let (stdout, stderr, _) = drive("asking", ASKING, recipe, "ab\nabc\n");
    assert_eq!(stdout, "2: !\n5: !\n", "{stderr}");
    let shown = run(
        &[
            &file("asking.wat", ASKING),
            "--abi",
            &file("asking.recipe", recipe),
            "--show",
            "hex",
            "--max-memory",
            "128KiB",
        ],
        b"ab\n",
    );
    let stderr = text(&shown.stderr);
    assert!(stderr.contains("memory did not grow by 2 pages: it has 1, and the limit is 2"), "{stderr}");
    assert!(stderr.contains("while the guest was calling env.grow(150000)"), "{stderr}");
}

/// Increments a number in memory and returns 100; traps on request.
const STEPPING: &str = r#"(module (memory (export "memory") 1)
    (func (export "step") (result i32)
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (i32.const 100))
    (func (export "boom") (param i32) (result i32) (if (i32.gt_u (local.get 0) (i32.const 2)) (then (unreachable))) (i32.const 7))
    (func (export "same") (param i32) (result i32) (local.get 0)))"#;

#[test]
fn operands_are_evaluated_left_to_right_before_the_statement() {
    let (stdout, stderr, _) = drive(
        "stepping",
        STEPPING,
        "each line\n  u32[0] = n\n  x = u32[0] + step() + u32[0]\n  y = 0\n  y = u32[0] + step() if u32[0] == step() - 97\n  answer \"{x} {y}\"\n",
        "ab\nabc\n",
    );
    // 2 + 100 + 3, where the condition's 3 was left by `step`; after it 4 + 100. Then 3 + 100 + 4, and 4 is not 3.
    assert_eq!(stdout, "105 104\n107 0\n", "{stderr}");
    // If a call in an operand traps, the statement neither prints nor writes.
    let tidying =
        "each line\n  u32[500] = 77\n  read 4 at 500\nfinally\n  say boom(n) at 100\n  write u32 boom(n), 1 at 500\n";
    let guest = file("tidying.wat", STEPPING);
    let shown = run(&[&guest, "--abi", &file("tidying.recipe", tidying), "--show", "hex", "--line", "abc"], b"");
    assert!(!text(&shown.stdout).contains("write 5 B at 0x1f4"), "{}", text(&shown.stdout));
    let (_, stderr, _) = drive("tidying", STEPPING, tidying, "abc\n");
    assert!(stderr.contains("boom(3) trapped") && !stderr.contains("the guest says"), "{stderr}");
    let nameless = "each line\n  x = same(same(n))\n  fail \"a{}b\" if n == 2\n";
    let (_, stderr, _) = drive("nameless", STEPPING, nameless, "ab\n");
    assert!(stderr.contains("line 3: `` is not set by any line before this one"), "{stderr}");
}

#[test]
fn failure_does_not_name_a_call_of_another_line() {
    let module = r#"(module (memory (export "memory") 1) (func (export "f") (result i32) (i32.const 7)))"#;
    let recipe = "each line\n  fail \"not {n}\" if n != 2\n* x = f()\n  fail \"twice\" if n == 1\n  answer \"{x}\"\n";
    let (stdout, stderr, status) = drive("last", module, recipe, "ab\nabc\nab\n");
    assert_eq!((stdout.as_str(), status), ("7\n\n7\n", Some(1)));
    assert_eq!(stderr, "linmem: line 2: not 3 (line 2 of the recipe)\n");
}

#[test]
fn empty_text_may_be_at_any_address() {
    let guest = r#"(module (memory (export "memory") 1) (func (export "at") (result i32) (i32.const -1)))"#;
    let recipe = "each line\n  write at at()\n  read n at at()\n";
    let (stdout, stderr, _) = drive("nowhere", guest, recipe, "\na\n");
    assert_eq!(stdout, "\n\n");
    assert!(stderr.contains("line 2: out-of-bounds write: 1 byte at 0xffffffff would end at 0x100000000"), "{stderr}");
}

#[test]
fn transform_is_the_marked_call_and_not_its_operands() {
    let guest = r#"(module (memory (export "memory") 1) (func (export "f") (param i32 i32)))"#;
    let recipe = "each line\n  write at 16\n* f(u32[16], u8[17])\n  read n at 16\n";
    let script = file("focus.txt", "abcd\n");
    let output = run(&[&file("focus.wat", guest), "--abi", &file("focus.recipe", recipe), "--script", &script], b"");
    assert!(text(&output.stdout).contains("step 4 of 5: call f(1684234849, 98)"), "{}", text(&output.stdout));
}

#[test]
fn double_free_is_reported_with_both_lines() {
    let guest = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/slug.wasm");
    let twice = "once\n  _initialize()\neach line\n  ptr = malloc(n + 1)\n  write line, 0 at ptr\n* out = slug(ptr)\n  \
        read until 0 at out\nfinally\n  free(ptr)\n  free(ptr)\n";
    let output = run(&[guest, "--abi", &file("freed-twice.recipe", twice)], b"Hello World\n");
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("double free: free would free 0x")
            && stderr.contains("which line 9 of the recipe already freed"),
        "{stderr}"
    );
    assert!(stderr.contains("(line 10 of the recipe)") && output.status.code() == Some(5), "{stderr}");
    let once = twice.replace("  free(ptr)\n  free(ptr)\n", "  free(ptr)\n");
    let output = run(&[guest, "--abi", &file("freed-once.recipe", &once)], b"Hello World\nand again\n");
    assert!(output.status.success() && text(&output.stdout).lines().count() == 2, "{}", text(&output.stderr));
}

#[test]
fn recipe_errors_name_the_export_its_type_and_what_was_expected() {
    let guest = file(
        "faults.wat",
        r#"(module (import "env" "log" (func (param i32 i32))) (memory (export "memory") 1)
        (func (export "f") (param i32)) (func (export "g") (result i32 i32) (i32.const 1) (i32.const 2)))"#,
    );
    for (body, words) in [
        (
            "each line\n  x = f(1)\n",
            "line 2: `f` is (i32) -> (): it returns nothing, but the recipe expects one value, for `x`",
        ),
        (
            "each line\n  (a, b, c) = g()\n",
            "line 2: `g` is () -> (i32, i32): it returns 2 values, but the recipe expects 3 values",
        ),
        ("each line\n  f()\n", "line 2: `f` is (i32) -> (): it takes 1 argument, but the recipe passes 0"),
        (
            "each line\n  f(1)\non env.lgo(a, b)\n  say b at a\n",
            "The `on` section at line 3, env.lgo, matches no import of the module.",
        ),
        ("text utf16\neach line\n  read 1 at 0\n", "not valid UTF-16: odd length (1 byte)"),
        ("each line\n  write 'x' at 0\n", "line 2: unexpected character `'`: put text in double quotes"),
        ("Each line:\n  write at 0\n", "line 1: unexpected character `:`: the first line of a section"),
        (
            "each line\n  x = 3 * 4\n",
            "line 2: expected the end of the line, found `*`: a recipe can only add and subtract",
        ),
    ] {
        let full =
            if body.contains("env.") { body.to_owned() } else { format!("{body}on env.log(a, b)\n  say b at a\n") };
        let stderr = text(&run(&[&guest, "--abi", &file("fault.recipe", &full)], b"x\n").stderr);
        assert!(stderr.contains(words), "{body}: {stderr}");
    }
    let notes = r#"(module (import "env" "note" (func (param i32))) (memory (export "memory") 1))"#;
    let (_, stderr, _) = drive("notes", notes, "each line\n  read n at 0\non env.note()\n  stop\n", "x\n");
    let words = "line 3: env.note is (i32) -> (): the guest passes 1 argument, but this `on` section takes 0";
    assert!(stderr.contains(words), "{stderr}");
}

/// An unusual convention: a counted UTF-16 text at an exported address, memory that the guest requests, an answer
/// delivered as its end and its start, and errors in UTF-8.
const MAILBOX: &str = r#"(module
  (import "post" "deliver" (func $deliver (param $end i32) (param $begin i32)))
  (import "post" "ask_room" (func $ask (param i32) (result i32)))
  (memory (export "box") 1)
  (global (export "slot") i32 (i32.const 512))
  (global $state (export "state") (mut i32) (i32.const 0))
  (func (export "open_office") (global.set $state (i32.const 1)))
  ;; hand over a parcel: at the address stands a u16 with the number of units, then UTF-16 text
  (func (export "hand_over") (param $at i32) (param $flags i64) (result i32)
    (local $n i32) (local $i i32) (local $out i32) (local $c i32)
    (if (i32.eqz (global.get $state)) (then (return (i32.const 3))))
    (if (i64.ne (local.get $flags) (i64.const 7)) (then (return (i32.const 4))))
    (local.set $n (i32.load16_u (local.get $at)))
    (if (i32.eqz (local.get $n)) (then (return (i32.const 5))))
    (local.set $out (call $ask (i32.mul (local.get $n) (i32.const 2))))
    (block $d (loop $l
      (br_if $d (i32.ge_u (local.get $i) (local.get $n)))
      (local.set $c (i32.load16_u offset=2 (i32.add (local.get $at) (i32.shl (local.get $i) (i32.const 1)))))
      (i32.store16 (i32.add (local.get $out) (i32.shl (i32.sub (i32.sub (local.get $n) (local.get $i)) (i32.const 1)) (i32.const 1))) (local.get $c))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $l)))
    (call $deliver (i32.add (local.get $out) (i32.shl (local.get $n) (i32.const 1))) (local.get $out))
    (i32.const 0))
  (func (export "why") (param i32) (result i32) (i32.const 64))
  (data (i32.const 64) "an empty parcel\00"))"#;

#[test]
fn new_convention_takes_a_dozen_lines() {
    let recipe = r#"text   utf16
memory "box"
once
  open_office()
each line
  write u16 units, line at @slot within 4096
* code = hand_over(@slot, 7)
  fail utf8 until 0 at why(code) if code != 0
on post.ask_room(bytes)
  grow to 3000000 + bytes
  return 3000000
on post.deliver(end, begin)
  read to end at begin
"#;
    let long = "x".repeat(2048);
    let (stdout, stderr, _) = drive("mailbox", MAILBOX, recipe, &format!("hello\ncaf\u{e9}\n\n{long}\nab\n"));
    assert_eq!(stdout, "olleh\n\u{e9}fac\n\n\nba\n", "{stderr}");
    assert!(stderr.contains("line 3: an empty parcel (line 8 of the recipe)"), "{stderr}");
    assert!(
        stderr.contains("line 4: the line has 4,098 bytes, but the guest's buffer at 0x200 holds only 4,096"),
        "{stderr}"
    );
    let wrong = recipe.replace("fail utf8 until", "fail until");
    let (_, stderr, _) = drive("mailbox", MAILBOX, &wrong, "\n");
    assert!(stderr.contains("odd length (15 bytes)") && stderr.contains("utf8 n at p"), "{stderr}");
}

#[test]
fn a_recipe_or_a_module_cannot_crash_flood_or_escape() {
    // A sum nested as deep as the recipe is long.
    let plain = r#"(module (memory (export "memory") 1) (func (export "f") (param i32)))"#;
    let sum = format!("each line\n  f(1{})\n", "+1".repeat(100_000));
    let (_, stderr, status) = drive("sum", plain, &sum, "x\n");
    assert!(stderr.contains("line 2: the sum is too long") && status == Some(4), "{stderr}");
    // A name with terminal escapes.
    let evil = r#"(module (@custom "linmem" "name \1b[2Jx\0aeach line\0a  f(n)\0a") (memory (export "memory") 1)
        (func (export "f") (param i32)))"#;
    let shown = run(&["inspect", &file("evil.wat", evil)], b"");
    assert!(
        !shown.stdout.contains(&0x1b) && text(&shown.stdout).contains("U+001B cannot be seen"),
        "{}",
        text(&shown.stdout)
    );
    // A message is printed once, even if the guest imports nothing.
    let (_, stderr, _) = drive("say", plain, "each line\n  say \"line of {n}\"\n", "a\nbc\n");
    assert_eq!(stderr.matches("the guest says").count(), 2, "{stderr}");
    // An answer that grows without end.
    let endless = r#"(module (import "env" "emit" (func $emit (param i32 i32))) (memory (export "memory") 1)
        (func (export "f") (loop (call $emit (i32.const 0) (i32.const 65536)) (br 0))))"#;
    let recipe = "each line\n  f()\non env.emit(p, l)\n  append l at p\n";
    let (guest, recipe) = (file("endless-answer.wat", endless), file("endless-answer.recipe", recipe));
    let output = run(&[&guest, "--abi", &recipe, "--max-output", "1MiB"], b"x\n");
    assert_eq!(output.status.code(), Some(6), "{}", text(&output.stderr));
    // Millions of empty messages.
    let flood = r#"(module (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 200)
        (func (export "_start")
            (memory.fill (i32.const 64) (i32.const 10) (i32.const 12000000))
            (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 12000000))
            (drop (call $w (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;
    let output = run(&[&file("flood.wat", flood)], b"x\n");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("messages dropped: "));
}

#[test]
fn user_recipe_runs_and_its_errors_have_lines() {
    let guest = file(
        "made-up.wat",
        br#"(module (memory (export "odd memory") 1) (global (export "where") i32 (i32.const 256))
            (func (export "go now") (param i32 i32) (result i32 i32)
                (i32.store8 (i32.add (local.get 0) (local.get 1)) (i32.const 63))
                (local.get 0) (i32.add (i32.add (local.get 0) (local.get 1)) (i32.const 1))))"#,
    );
    let good = "memory \"odd memory\"\neach line\n  write at @where\n* (a, e) = \"go now\"(@where, n)\n  read to e at a\n  fail \"{n} is too long for me\" if n > 5\n";
    let good = file("good.recipe", good);
    assert_eq!(text(&run(&[&guest, "--abi", &good], b"why\nso\n").stdout), "why?\nso?\n");
    let output = run(&[&guest, "--abi", &good], b"too long\n");
    assert!(text(&output.stderr).contains("8 is too long for me"), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("(line 6 of the recipe)") && output.status.code() == Some(5));
    for (body, words, status) in [
        ("each line\n  x = nope(n)\n", "line 2: the module exports no function `nope`; it exports go now", 4),
        (
            "each line\n  x = \"go now\"(n)\n",
            "line 2: `go now` is (i32, i32) -> (i32, i32): it takes 2 arguments, but the recipe passes 1",
            4,
        ),
        ("each line\n  read len at 0\n", "line 2: `len` is not set by any line before", 4),
        ("each line\n  read 3 ptr\n", "line 2: expected `at`", 4),
        (
            "each line\n  write at 65535\n  read 4 at 65535\n",
            "out-of-bounds write: 3 bytes at 0xffff would end at 0x10002, but memory ends at 0x10000 (65,536 bytes) (line 2 of the recipe)",
            5,
        ),
        ("each line\n  read 70000 at 1\n", "out-of-bounds read: 70,000 bytes at 0x1", 5),
        ("memory \"none\"\neach line\n  read 0 at 0\n", "exports no memory `none`", 4),
        ("text utf8\neach line\n  write at 0\n  read until 0 at 9\n", "", 0),
    ] {
        let recipe = file("bad.recipe", body);
        let output = run(&[&guest, "--abi", &recipe], b"abc\n");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(words), "{body}: {stderr}");
        assert_eq!(output.status.code(), Some(status), "{body}: {stderr}");
    }
    assert_eq!(run(&[&guest, "--abi", "no-such"], b"").status.code(), Some(2));
    let list = text(&run(&["recipe"], b"").stdout);
    assert!(list.contains("static-buffer ") && list.contains("canonical "), "{list}");
    assert!(text(&run(&["recipe", "packed"], b"").stdout).contains("read lo(out) at hi(out)"));
}

#[test]
fn every_example_of_the_guide_is_a_recipe() {
    let guide = text(&run(&["guide", "recipes"], b"").stdout);
    let (mut examples, mut example) = (0, String::new());
    for line in guide.lines().chain([""]) {
        match line.strip_prefix("    ") {
            Some(code) => example.push_str(&format!("{code}\n")),
            // A shell command.
            None if line.is_empty() && example.starts_with("linmem ") => example.clear(),
            None if line.is_empty() && !example.is_empty() => {
                linmem::abi::recipe::parse(&example).expect("the guide is right");
                examples += 1;
                example.clear();
            }
            None => (),
        }
    }
    assert_eq!(examples, 3);
}
