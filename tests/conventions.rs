//! Conventions through the binary: the built-in guests, user recipes, and error messages.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use crate::hermetic;

/// Runs linmem with these arguments and input.
fn run(args: &[&str], input: &[u8]) -> Output {
    use std::io::Write;
    let mut command = hermetic::linmem();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("linmem starts");
    let mut stdin = child.stdin.take().expect("the stream is piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // linmem may exit before it reads all input.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it exits");
    writer.join().expect("writing ends");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A file for one test.
fn file(name: &str, content: &str) -> String {
    let folder = std::env::temp_dir().join(format!("linmem-conventions-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, content).expect("the test directory is writable");
    path.display().to_string()
}

/// Runs a module with a recipe: stdout, stderr, exit status.
fn drive(name: &str, module: &str, recipe: &str, input: &str) -> (String, String, Option<i32>) {
    let guest = file(&format!("{name}.wat"), module);
    let recipe = file(&format!("{name}.recipe"), recipe);
    let output = run(&[&guest, "--abi", &recipe, "--keep-going"], input.as_bytes());
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[test]
fn every_built_in_guest_answers() {
    let list = text(&run(&["guests"], b"").stdout);
    let names: Vec<_> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 19 && names[0] == "passing-data", "{list}");
    let long = "Long line. ".repeat(8_000);
    for name in names {
        let answer = |line: &str| match name {
            "passing-data" => format!("{line} Wasm is cool!"),
            "in-place-len" => line.replace(' ', ""),
            _ => line.to_ascii_uppercase(),
        };
        // Two of them have fixed-size buffers.
        let long = if ["passing-data", "getters"].contains(&name) { "short" } else { &long };
        let lines = ["Did you know", "caf\u{e9} z{`@[A", long, "again"];
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let expected: String = lines.iter().map(|line| format!("{}\n", answer(line))).collect();
        let output = run(&[name], input.as_bytes());
        assert!(text(&output.stdout) == expected, "{name}: {}", text(&output.stderr));
        let inspected = text(&run(&["inspect", name], b"").stdout);
        let convention = if name == "passing-data" { "static-buffer" } else { name };
        assert!(inspected.contains(&format!("  name   {convention}\n")), "{inspected}");
        let shown = run(&[name, "--show", "json"], b"one\ntwo\n");
        assert_eq!(text(&shown.stdout).lines().count(), 2, "{name}: {}", text(&shown.stderr));
    }
}

#[test]
fn every_built_in_convention_has_a_guest() {
    let guests = text(&run(&["guests"], b"").stdout);
    let recipes = text(&run(&["recipe"], b"").stdout);
    for name in recipes.lines().filter_map(|line| line.split_whitespace().next()) {
        let guest = if name == "static-buffer" { "passing-data" } else { name };
        assert!(guests.lines().any(|line| line.split_whitespace().next() == Some(guest)), "{name}");
    }
}

#[test]
fn messages_are_separate_from_the_answer() {
    let output = run(&["callback"], b"a\n\n");
    assert_eq!(text(&output.stdout), "A\n\n");
    assert_eq!(
        text(&output.stderr),
        "linmem: line 1: the guest says: shouting\nlinmem: line 2: the guest says: shouting\n"
    );
    assert!(run(&["callback", "--quiet"], b"a\n").stderr.is_empty());
    let output = run(&["typst", "-k"], b"\na\n");
    assert_eq!(text(&output.stdout), "\nA\n");
    assert!(text(&output.stderr).contains("line 1: there is no text"), "{}", text(&output.stderr));
    let output = run(&["assemblyscript", "-k"], b"\na\n");
    assert!(text(&output.stdout) == "\nA\n" && output.status.code() == Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("line 1: no text at all (line 3, column 5): shout(1032) trapped"), "{stderr}");
    let output = run(&["dprint", "-k"], b"loud!\nAS IT IS\n");
    assert_eq!(text(&output.stdout), "\nAS IT IS\n");
    assert!(text(&output.stderr).contains("line 1: it is loud already"), "{}", text(&output.stderr));
}

#[test]
fn wrong_convention_is_reported_with_the_mismatch() {
    let output = run(&["packed-low", "--abi", "packed", "--keep-going"], "x".repeat(100).as_bytes());
    assert!(text(&output.stdout).len() > 1000, "results of a chosen convention are not checked");
    let output = run(&["packed", "--abi", "c-string"], b"x\n");
    assert_eq!(output.status.code(), Some(4));
    let words = "the module does not match convention c-string: the names of the exports with the transform's type, \
                 (i32) -> (i32), suggest other functions: alloc";
    assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    let output = run(&["packed", "--abi", "nonsense"], b"x\n");
    assert_eq!(output.status.code(), Some(2));
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
    assert!(stderr.contains("when the guest called env.grow(150000)"), "{stderr}");
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
fn output_before_a_failure_is_reported() {
    let program = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\12\00\00\00")
        (data (i32.const 16) "no such thing\nbye\n")
        (func (export "_start")
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (call $exit (i32.const 3))))"#;
    let output = run(&[&file("exits.wat", program)], b"x\n");
    let stderr = text(&output.stderr);
    assert!(output.stdout.is_empty() && stderr.contains("exited with status 3"), "{stderr}");
    assert!(stderr.contains("says: no such thing\n") && stderr.contains("says: bye\n"), "{stderr}");
    let shown = text(&run(&[&file("exits.wat", program), "--show", "hex"], b"x\n").stdout);
    assert!(shown.contains("\n  failed: ") && shown.contains("exited with status 3"), "{shown}");
}

#[test]
fn inspect_reports_missing_and_invalid_parts() {
    let wants = r#"(module (import "env" "now" (func (result f64))) (memory (export "memory") 1)
        (func (export "alloc") (param i32) (result i32) (i32.const 1024))
        (func (export "shout") (param i32 i32) (result i64) (i64.const 0)))"#;
    let stdout = text(&run(&["inspect", &file("wants.wat", wants)], b"").stdout);
    assert!(stdout.contains("unresolved imports: 1\n  env.now  function () -> (f64)\nno recipe would run"), "{stdout}");
    let wrong = file("wrong.wat", r#"(module (func (export "shout") (result i64) (i32.const 1)))"#);
    let output = run(&["inspect", &wrong], b"");
    let stderr = text(&output.stderr);
    assert!(output.status.code() == Some(3) && stderr.contains("type mismatch: expected i64, found i32"), "{stderr}");
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
fn module_may_contain_its_recipe() {
    let guest = file(
        "own.wat",
        r#"(module (@custom "linmem" "name mine\0aeach line\0a  write at 9\0a* f(n)\0a  read 1 at 9\0a")
            (memory (export "memory") 1) (func (export "f") (param i32)))"#,
    );
    assert_eq!(text(&run(&[&guest], b"abc\nde\n").stdout), "a\nd\n");
    let inspected = text(&run(&["inspect", &guest], b"").stdout);
    assert!(inspected.contains("  yes     mine               the module contains its recipe"), "{inspected}");
}

#[test]
fn inspect_prints_json() {
    let report = |args: &[&str]| -> serde_json::Value {
        let output = run(&[&["inspect", "--json"], args].concat(), b"");
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("it is JSON")
    };
    let struct_ = report(&["struct"]);
    assert_eq!(struct_["recipe"]["name"], "struct");
    assert_eq!(
        struct_["memories"][0],
        serde_json::json!(
            {"pages": 1, "max_pages": null, "shared": false, "memory64": false, "names": ["memory"]}
        )
    );
    let fits = |name: &str| {
        let conventions = struct_["conventions"].as_array().expect("it is a list");
        conventions.iter().find(|one| one["name"] == name).expect("all are there")["fits"].clone()
    };
    assert_eq!([fits("struct"), fits("in-place-len"), fits("wasi")], ["yes", "yes", "no"]);
    assert_eq!(report(&["struct", "--abi", "in-place-len"])["recipe"]["name"], "in-place-len");
    let none = report(&["struct", "--abi", "typst"]);
    assert!(none["recipe"].is_null() && none["error"].as_str().is_some_and(|words| words.contains("typst_env")));
    let wide = file("wide.wat", r#"(module (memory (export "m") i64 1 3) (data (i64.const 5) "x") (start 0) (func))"#);
    let output = run(&["inspect", "--json", &wide], b"");
    assert_eq!(output.status.code(), Some(3), "the module cannot be loaded");
    let wide: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(wide["memories"][0]["memory64"], true);
    assert!(wide["segments"][0]["addr"] == 5 && wide["start"] == true);
}

/// A guest that several conventions match.
const UNCLEAR: &str = r#"(module (memory (export "memory") 1)
    (func (export "alloc") (param i32) (result i32) (i32.const 64))
    (func (export "go") (param i32 i32) (result i32) (i32.store8 (local.get 0) (i32.const 65)) (local.get 1)))"#;

#[test]
fn without_a_convention_exports_are_called_by_hand_until_one_is_chosen() {
    let unclear = file("unclear.wat", UNCLEAR);
    assert_eq!(run(&[&unclear], b"hello\n").status.code(), Some(4), "a pipe cannot choose");
    let script = "hello\n:expect error Several conventions match (:convention lists and chooses them\n:call go 16 3\n:expect at 16 text A\n\
        :convention in-place-len\n:expect at 16 hex 00\nhello\n:expect Aello\n:convention typst\n\
        :expect error the guest was not replaced\nhello\n:expect Aello\n:reset\nhello\n:expect Aello\n";
    let output = run(&[&unclear, "--script", &file("unclear.txt", script)], b"");
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let none = file(
        "no-memory.wat",
        r#"(module (func (export "add") (param i32 i32) (result i32)
        (i32.add (local.get 0) (local.get 1))))"#,
    );
    let script = "hi\n:expect error exports no memory\n:call add 1 2\n:poke u8 0 1\n";
    let output = run(&[&none, "--script", &file("no-memory.txt", script)], b"");
    assert!(text(&output.stdout).contains("call add(1, 2) -> 3"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("no-memory.txt:4: the guest exports no memory"), "{}", text(&output.stderr));
}

#[test]
fn imported_memory_works_like_an_exported_one() {
    let imported = file(
        "imported-memory.wat",
        r#"(module (import "env" "memory" (memory 1 4))
        (func (export "buffer_ptr") (result i32) (i32.const 16))
        (func (export "shout") (param i32) (result i32) (i32.store8 (i32.const 16) (i32.const 33)) (local.get 0)))"#,
    );
    assert_eq!(text(&run(&[&imported], b"abc\n").stdout), "!bc\n");
    let own =
        file("own-memory.wat", r#"(module (memory 1) (func (export "f") (param i32 i32) (result i32) (i32.const 0)))"#);
    let output = run(&[&own], b"abc\n");
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("the module exports no memory, so a host cannot pass it bytes"));
}

#[test]
fn weak_evidence_runs_only_on_request() {
    let region = file(
        "region.wat",
        r#"(module (memory (export "memory") 1) (data (i32.const 0) "live")
        (func (export "p") (param i32 i32) (result i32) (local.get 1)))"#,
    );
    let output = run(&[&region], b"abc\n");
    assert_eq!(output.status.code(), Some(4));
    let stderr = text(&output.stderr);
    let words = "One convention matches, but the evidence is weak. Choose it with --abi NAME:\n  fixed-region: ";
    assert!(stderr.contains(words), "{stderr}");
    assert!(stderr.contains("the module's data ends before 0x10"), "{stderr}");
    assert_eq!(text(&run(&[&region, "--abi", "fixed-region"], b"abc\n").stdout), "abc\n");
    let output = run(&[&region, "--call", "p"], b"abc\n");
    assert!(
        output.status.code() == Some(4) && output.stdout.is_empty(),
        "--call names the transform, and no convention"
    );
    let exports: String = (0..30).map(|n| format!(r#"(func (export "f{n}") (param f64))"#)).collect();
    let library = file(
        "library.wat",
        &format!(
            r#"(module (memory (export "memory") 1) {exports}
        (func (export "alloc") (param i32) (result i32) (i32.const 64))
        (func (export "h") (param i32 i32) (result i64) (i64.const 0)))"#
        ),
    );
    let stderr = text(&run(&[&library], b"abc\n").stderr);
    assert!(
        stderr.contains(
            "h is the only export of the transform's type, (i32, i32) -> (i64), but the module exports many functions"
        ),
        "{stderr}"
    );
    let output = run(&[&library, "--call", "h"], b"abc\n");
    assert!(text(&output.stderr).contains("line 1: the guest returned a null pointer"), "{}", text(&output.stderr));
}

#[test]
fn components_are_rejected_by_name() {
    let component = file("component.wasm", "\0asm\u{d}\0\u{1}\0");
    let output = run(&[&component], b"x\n");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("a WebAssembly component; linmem runs core modules"));
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
fn dynamic_modules_and_libraries_are_reported() {
    let dynamic = file(
        "dynamic.wat",
        r#"(module (@custom "dylink.0" "") (import "env" "memory" (memory 1)) (func (export "f") (param i32 i32)))"#,
    );
    let stderr = text(&run(&[&dynamic], b"x\n").stderr);
    assert!(stderr.contains("exports: it is a side module (it has a dylink section), which only runs"), "{stderr}");
    let library = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
        (memory (export "memory") 1) (func (export "_start")) (func (export "render") (param f32)))"#;
    let library = file("library-with-start.wat", library);
    let stderr = text(&run(&[&library], b"x\n").stderr);
    assert!(stderr.contains("it may be a library (render)"), "{stderr}");
    assert_eq!(text(&run(&[&library, "--abi", "wasi"], b"x\n").stdout), "\n");
    let wide = file("wide-memory.wat", r#"(module (memory (export "m") i64 1))"#);
    let stderr = text(&run(&[&wide], b"x\n").stderr);
    assert!(stderr.contains("the module uses features that the engine does not support: 64-bit memory"), "{stderr}");
}

#[test]
fn double_free_is_reported_with_both_lines() {
    let guest = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/slug.wasm");
    let twice = "once\n  _initialize()\neach line\n  ptr = malloc(n + 1)\n  write line, 0 at ptr\n* out = slug(ptr)\n  \
        read until 0 at out\nfinally\n  free(ptr)\n  free(ptr)\n";
    let output = run(&[guest, "--abi", &file("twice.recipe", twice)], b"Hello World\n");
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("double free: free would free 0x")
            && stderr.contains("which line 9 of the recipe already freed"),
        "{stderr}"
    );
    assert!(stderr.contains("(line 10 of the recipe)") && output.status.code() == Some(5), "{stderr}");
    let once = twice.replace("  free(ptr)\n  free(ptr)\n", "  free(ptr)\n");
    let output = run(&[guest, "--abi", &file("once.recipe", &once)], b"Hello World\nand again\n");
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
            "The handler in line 3, env.lgo, matches no import of the module.",
        ),
        ("text utf16\neach line\n  read 1 at 0\n", "not valid UTF-16: the length is odd, 1 byte"),
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
    let words = "env.note is (i32) -> (): the guest passes 1 argument, but the handler in line 3 takes 0";
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
        stderr.contains("line 4: the line has 4098 bytes, but the guest's buffer at 0x200 holds only 4096"),
        "{stderr}"
    );
    let wrong = recipe.replace("fail utf8 until", "fail until");
    let (_, stderr, _) = drive("mailbox", MAILBOX, &wrong, "\n");
    assert!(stderr.contains("the length is odd, 15 bytes") && stderr.contains("utf8 n at p"), "{stderr}");
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
    assert!(!shown.stdout.contains(&0x1b) && text(&shown.stdout).contains("\\x1b[2Jx"), "{}", text(&shown.stdout));
    // A message is printed once, even if the guest imports nothing.
    let (_, stderr, _) = drive("say", plain, "each line\n  say \"line of {n}\"\n", "a\nbc\n");
    assert_eq!(stderr.matches("the guest says").count(), 2, "{stderr}");
    // An answer that grows without end.
    let endless = r#"(module (import "env" "emit" (func $emit (param i32 i32))) (memory (export "memory") 1)
        (func (export "f") (loop (call $emit (i32.const 0) (i32.const 65536)) (br 0))))"#;
    let recipe = "each line\n  f()\non env.emit(p, l)\n  append l at p\n";
    let (guest, recipe) = (file("endless.wat", endless), file("endless.recipe", recipe));
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
    assert!(text(&output.stderr).contains("more messages were dropped"));
}

#[test]
fn pointers_are_hexadecimal_except_in_json() {
    for (guest, words) in [
        ("in-place", "call  shout(0x400, 5) returned"),
        ("packed", "call  shout(0x400, 5) -> 0x40500000005"),
        ("packed-low", "call  shout(0x400, 5) -> 0x500000405"),
        ("wasm-bindgen", "call  shout(0x400, 5) -> 0x400, 5"),
        ("callback", "import env.result(0x400, 5) returned"),
    ] {
        let shown = text(&run(&[guest, "--line", "hello", "--show", "hex"], b"").stdout);
        assert!(shown.contains(words), "{guest}: {shown}");
        let json = text(&run(&[guest, "--line", "hello", "--show", "json"], b"").stdout);
        assert!(json.contains("1024") && !json.contains("0x400"), "{guest}: {json}");
    }
}

#[test]
fn host_writes_inside_a_call_are_counted_once() {
    let shown = text(&run(&["typst", "--line", "abc", "--show", "hex"], b"").stdout);
    assert!(shown.contains("call  shout(3) -> 0   3 B changed\n"), "{shown}");
    assert!(shown.contains("the host changed 3 bytes at 0x400..0x403"), "{shown}");
    assert!(shown.contains("|abc.............|") && shown.contains("|ABC.............|"), "{shown}");
}
