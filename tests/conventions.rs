//! Conventions through the binary: the built-in guests, which convention is chosen, and error messages.

use crate::piped::{file, run, text};

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
    let script = "hello\n:expect error Several conventions match (:convention lists them and chooses one\n:call go 16 3\n:expect at 16 text A\n\
        :convention in-place-len\n:expect at 16 hex 00\nhello\n:expect Aello\n:convention typst\n\
        :expect error could not replace the guest\nhello\n:expect Aello\n:reset\nhello\n:expect Aello\n";
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
fn a_component_without_a_core_module_is_rejected() {
    let component = file("component.wasm", "\0asm\u{d}\0\u{1}\0");
    let output = run(&[&component], b"x\n");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("this component cannot be run: it has no core module"));
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
fn pointers_are_hexadecimal_except_in_json() {
    for (guest, words) in [
        ("in-place", "call  shout(0x400, 5) returned"),
        ("packed", "call  shout(0x400, 5) -> 0x40500000005 = 0x405, 5 B"),
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

/// Small guests for the built-in conventions: (name, module, input, expected output).
const CONVENTIONS: &[(&str, &str, &str, &str)] = &[
    (
        "packed",
        r#"(module (memory (export "memory") 1) (global $top (mut i32) (i32.const 1024))
            (func (export "alloc") (param i32) (result i32)
                (global.get $top) (global.set $top (i32.add (global.get $top) (local.get 0))))
            (func (export "dealloc") (param i32 i32))
            (func (export "run") (param i32 i32) (result i64)
                (i32.store8 (local.get 0) (i32.const 33))
                (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#,
        "abc\nde\n",
        "!bc\n!e\n",
    ),
    (
        "c-string",
        r#"(module (memory (export "memory") 1)
            (func (export "malloc") (param i32) (result i32) (i32.const 4096))
            (func (export "free") (param i32))
            (func (export "skip_first") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#,
        "abc\nde\n",
        "bc\ne\n",
    ),
    (
        "in-place",
        r#"(module (memory (export "memory") 1)
            (func (export "malloc") (param i32) (result i32) (i32.const 4096))
            (func (export "free") (param i32))
            (func (export "mark") (param i32 i32) (i32.store8 (local.get 0) (i32.const 33))))"#,
        "abc\n",
        "!bc\n",
    ),
    (
        "wasm-bindgen-area",
        r#"(module (memory (export "memory") 1) (global $sp (mut i32) (i32.const 4096))
            (func (export "__wbindgen_add_to_stack_pointer") (param i32) (result i32)
                (global.set $sp (i32.add (global.get $sp) (local.get 0))) (global.get $sp))
            (func (export "__wbindgen_malloc") (param i32 i32) (result i32) (i32.const 8192))
            (func (export "__wbindgen_free") (param i32 i32 i32))
            (func (export "tail") (param i32 i32 i32)
                (i32.store (local.get 0) (i32.add (local.get 1) (i32.const 1)))
                (i32.store offset=4 (local.get 0) (i32.sub (local.get 2) (i32.const 1)))))"#,
        "\u{e9}a\nxyz\n",
        "\u{a9}a\nyz\n",
    ),
    (
        "canonical",
        r#"(module (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192))
            (func (export "cabi_post_same") (param i32))
            (func (export "same") (param i32 i32) (result i32)
                (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))"#,
        "abc\n",
        "abc\n",
    ),
];

#[test]
fn conventions_are_detected_from_exports_and_run() {
    for (name, wat, input, expected) in CONVENTIONS {
        let guest = file(&format!("convention-{name}.wat"), wat.as_bytes());
        let output = run(&[&guest], input.as_bytes());
        let got = String::from_utf8_lossy(&output.stdout).replace('\u{fffd}', "\u{a9}");
        assert_eq!(got, *expected, "{name}: {}", text(&output.stderr));
        assert_eq!(run(&[&guest, "--abi", name], input.as_bytes()).stdout, output.stdout);
        let shown = text(&run(&[&guest, "--show", "hex"], input.as_bytes()).stdout);
        assert!(shown.contains("exchange 1"), "{shown}");
    }
}

#[test]
fn inspect_describes_a_guest_without_running_it() {
    let shown = text(&run(&["inspect", "passing-data"], b"").stdout);
    for line in [
        "  add_wasm_is_cool                function (i32) -> (i32)",
        "memory of 1 page (65,536 bytes)",
        "imports: 0",
        "  0x400  14 bytes in memory 0",
        "  yes     static-buffer ",
        "  * len = add_wasm_is_cool(n)",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let endless =
        file("inspect.wat", br#"(module (import "env" "log" (func (param i32))) (start $s) (func $s (loop (br 0))))"#);
    let shown = text(&run(&["inspect", &endless], b"").stdout);
    assert!(shown.contains("env.log  function (i32) -> ()") && shown.contains("a start function runs"), "{shown}");
    assert!(shown.contains("no recipe would run: no built-in convention matches"), "{shown}");
}
