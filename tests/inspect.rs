//! `linmem inspect`: whether a module can be loaded, its unresolved imports, and workable advice.

use std::path::Path;
use std::process::Output;

use crate::hermetic;
use crate::piped::text;

fn inspect(name: &str, module: &str, args: &[&str]) -> (String, Option<i32>) {
    let output = run(name, module, &[&["inspect"], args].concat());
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    (text(&output.stdout), output.status.code())
}

fn run(name: &str, module: &str, args: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inspect");
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let path = folder.join(format!("{name}.wat"));
    std::fs::write(&path, module).expect("the test directory is writable");
    hermetic::linmem().args(args).arg(path).output().expect("linmem starts")
}

/// An allocator and a transform: several conventions match.
const USUAL: &str = r#"(func (export "alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "f") (param i32 i32) (result i64) (i64.const 0))"#;

#[test]
fn load_error_names_the_feature_and_its_compiler_option() {
    let memory = r#"(memory (export "memory") 1)"#;
    for (name, module, words) in [
        ("tail-call", &*format!("{memory} (func $f (return_call $f))"), "tail calls (compile without -mtail-call)"),
        ("memory64", r#"(memory (export "memory") i64 1)"#, "64-bit memory (compile for wasm32"),
        (
            "exnref",
            &format!(
                "{memory} (global (mut exnref) (ref.null exn)) (table 1 exnref)
                (func (table.set 0 (i32.const 0) (global.get 0)))"
            ),
            "tables or globals of exception references",
        ),
        (
            "exnref-global",
            &format!(
                "{memory} (global $e (mut exnref) (ref.null exn))
                (func (local exnref) (local.set 0 (global.get $e)))"
            ),
            "tables or globals of exception references",
        ),
        ("i31", &format!("{memory} (func (drop (ref.i31 (i32.const 1))))"), "garbage collection (compilers for Kotlin"),
        (
            "call-ref",
            &format!("{memory} (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0)))"),
            "typed function references (",
        ),
        (
            "gc",
            &format!("{memory} (type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1))))"),
            "garbage",
        ),
        ("legacy", &format!("{memory} (func try catch_all end)"), "legacy exceptions (current ones are supported"),
        ("stack-switching", &format!("{memory} (type $f (func)) (type $c (cont $f))"), "stack switching"),
        ("large", r#"(memory (export "memory") 60000)"#, "memory needs 3,932,160,000 bytes"),
    ] {
        let (stdout, status) = inspect(name, &format!("(module {module} {USUAL})"), &[]);
        let told = stdout.lines().last().unwrap_or_default();
        assert!(told.starts_with("it cannot be loaded: ") && told.contains(words), "{name}: {stdout}");
        assert!(!stdout.contains("the recipe that would run"), "{name}: {stdout}");
        assert_eq!(status, Some(3), "{name}");
        let (json, status) = inspect(name, &format!("(module {module} {USUAL})"), &["--json"]);
        let report: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert!(report["load_error"].as_str().is_some_and(|error| error.contains(words)), "{name}: {json}");
        assert_eq!(status, Some(3), "{name}");
    }
    let (stdout, status) = inspect("loads", &format!("(module {memory} {USUAL})"), &[]);
    assert!(stdout.contains("the recipe that would run") && status == Some(0), "{stdout}");
}

#[test]
fn lists_all_unresolved_imports() {
    let imports: String =
        (0..60).map(|n| format!("(import \"env\" \"f{n}\" (func (param i32) (result externref)))")).collect();
    let globals = r#"(import "env" "base" (global i32)) (import "env" "count" (global (mut i64)))
        (import "env" "entries" (table 2 9 funcref)) (import "wasi_snapshot_preview1" "fd_write"
            (func (param i32 i32 i32 i32) (result i32)))"#;
    // One convention matches, several do, none does.
    let both = r#"(func (export "alloc") (param i32) (result i32) (i32.const 8))
        (func (export "f") (param i32 i32) (result i32) (i32.const 0))"#;
    for (name, exports, why) in [
        ("one", USUAL, "unresolved imports"),
        ("several", both, "Several conventions match. Choose one with --abi NAME"),
        ("none", "", "no built-in convention matches this module's exports"),
    ] {
        let module = format!("(module {imports} {globals} (memory (export \"memory\") 1) {exports})");
        let (stdout, status) = inspect(&format!("unresolved-{name}"), &module, &[]);
        let list = stdout.split("unresolved imports: 62\n").nth(1).unwrap_or_else(|| panic!("{name}: {stdout}"));
        assert!(list.contains("  env.f0 ") && list.contains("  env.f59 "), "{name}: {stdout}");
        assert!(list.contains("function (i32) -> (externref)") && list.contains("global i64, mutable"), "{stdout}");
        assert!(!list.contains("fd_write") && !list.contains("env.entries"), "{name}: {stdout}");
        assert!(stdout.contains(&format!("no recipe would run: {why}\n")), "{name}: {stdout}");
        assert_eq!(list.matches("A recipe can implement functions").count(), 1, "{stdout}");
        assert!(
            list.contains("A recipe can implement functions") && list.contains("Imported globals need --stub-imports")
        );
        assert_eq!(status, Some(0));
        let (stdout, _) = inspect(&format!("unresolved-{name}"), &module, &["--all"]);
        assert!(stdout.contains("env.entries") && stdout.contains("table of 2 funcref, maximum 9"), "{name}: {stdout}");
        let (json, _) = inspect(&format!("unresolved-{name}"), &module, &["--json"]);
        let report: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(report["unresolved"].as_array().map(Vec::len), Some(62), "{json}");
    }
    let module = format!("(module {imports} (memory (export \"memory\") 1) {USUAL})");
    let (stdout, _) = inspect("stubbed", &module, &["--stub-imports"]);
    assert!(!stdout.contains("unresolved") && stdout.contains("the recipe that would run"), "{stdout}");
}

#[test]
fn no_recipe_is_suggested_for_modules_that_need_another_host() {
    let memory = r#"(memory (export "memory") 1)"#;
    for (name, module, words) in [
        (
            "side",
            format!("(@custom \"dylink.0\" \"\") (import \"env\" \"__memory_base\" (global i32)) {memory}"),
            "side module",
        ),
        ("go", format!("(import \"gojs\" \"runtime.ticks\" (func (result f64))) {memory}"), "GOOS=wasip1"),
        ("embind", format!("(import \"env\" \"_embind_register_void\" (func (param i32 i32))) {memory}"), "embind"),
    ] {
        let module = format!("(module {module} {USUAL})");
        let (stdout, _) = inspect(name, &module, &[]);
        let told = stdout.split("no recipe would run").nth(1).unwrap_or_else(|| panic!("{name}: {stdout}"));
        assert!(told.contains(words), "{name}: {stdout}");
        assert!(!told.contains("A recipe can") && !told.contains("--stub-imports"), "{name}: {stdout}");
        let stderr = text(&run(name, &module, &["-l", "x"]).stderr);
        assert!(stderr.contains(words) && !stderr.contains("A recipe can"), "{name}: {stderr}");
    }
    let minified = format!("(module (import \"a\" \"a\" (func (param i32))) (import \"a\" \"b\" (func)) {memory})");
    let (stdout, _) = inspect("minified", &minified, &[]);
    assert!(stdout.contains("its names were minified by Emscripten"), "{stdout}");
    let alloc = r#"(import "extism:host/env" "alloc" (func (param i64) (result i64)))"#;
    let (stdout, _) = inspect("extism", &format!("(module {alloc} {memory} {USUAL})"), &[]);
    assert!(stdout.contains("it is an Extism plug-in: `linmem infer` makes a recipe"), "{stdout}");
}

#[test]
fn every_name_is_visible_and_every_list_can_be_complete() {
    let exports: String = (0..70).map(|n| format!("(func (export \"f{n}\") (param v128 funcref))")).collect();
    let module = format!("(module (memory (export \"memory\") 1) (func (export \"\") (param externref)) {exports})");
    let (stdout, _) = inspect("names", &module, &[]);
    assert!(stdout.contains("  \"\"  ") && stdout.contains("function (externref) -> ()"), "{stdout}");
    assert!(stdout.contains("function (v128, funcref) -> ()"), "{stdout}");
    assert!(stdout.contains("  ... and 32 more (--all lists them)") && !stdout.contains("f69"), "{stdout}");
    let (stdout, _) = inspect("names", &module, &["--all"]);
    assert!(stdout.contains("  f69 ") && !stdout.contains("more (--all"), "{stdout}");
    let stderr = text(&run("names", &module, &["--call", "g"]).stderr);
    let words = "the module exports no function `g`; it exports \"\", f0, f1";
    assert!(stderr.contains(words) && stderr.contains(" and 59 more, which `linmem inspect --all` lists"), "{stderr}");
}

#[test]
fn names_the_tools_that_produced_a_module() {
    // language: Rust; processed-by: rustc 1.90.0
    let section = r"\02\08language\01\04Rust\00\0cprocessed-by\01\05rustc\061.90.0";
    let module = format!("(module (@custom \"producers\" \"{section}\") (memory (export \"memory\") 1) {USUAL})");
    let (stdout, _) = inspect("producers", &module, &[]);
    assert!(stdout.contains("\nbuilt by Rust, rustc 1.90.0\n"), "{stdout}");
    let damaged = r#"(module (@custom "producers" "\ff\ff\ff\ff\0f") (memory (export "memory") 1))"#;
    assert!(!inspect("damaged", damaged, &[]).0.contains("built by"));
}

#[test]
fn the_language_is_that_of_the_compiler_and_not_what_it_declares() {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/lines");
    for (guest, built_by) in [
        ("zig", "Zig, zig 0.17.1"),
        ("c", "C11, clang 22.1.8"),
        ("rust", "Rust, rustc 1.95.0"),
        ("tally", "C11, clang 22.1.8"),
    ] {
        let output = hermetic::linmem().arg("inspect").arg(guests.join(format!("{guest}.wasm"))).output();
        let stdout = text(&output.expect("linmem starts").stdout);
        let line = stdout.lines().find(|line| line.starts_with("built by ")).expect("it is told");
        assert!(line.starts_with(&format!("built by {built_by}")), "{guest}: {line}");
    }
}

#[test]
fn names_in_text_may_have_any_characters_and_are_escaped() {
    let (stdout, status) = inspect("names", "(module (func (export \"a\u{202e}b\u{feff}\")) (; \u{2066} ;))", &[]);
    assert!(stdout.contains("a\\u{202e}b\\u{feff}  function"), "{stdout}");
    assert_eq!(status, Some(0));
}

/// What `:limits` lists is in both reports.
#[test]
fn both_reports_list_every_limit() {
    let module = r#"(module (memory (export "memory") 1))"#;
    let listed = text(&crate::piped::run(&["--script", "-"], b":limits\n").stdout);
    let listed: Vec<_> = listed.lines().filter(|line| line.starts_with("--")).collect();
    assert!(listed.len() > 15, "{listed:?}");
    let (report, _) = inspect("limits", module, &[]);
    for line in &listed {
        assert!(report.contains(line), "{line} is not in {report}");
    }
    let (json, _) = inspect("limits", module, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["limits"].as_object().map(serde_json::Map::len), Some(listed.len()), "{}", json["limits"]);
    let args = ["--json", "--max-nesting", "3", "--step-timeout", "1.5s", "--max-cache", "1MiB"];
    let (json, _) = inspect("limits", module, &args);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let limits = &json["limits"];
    assert_eq!(
        (&limits["nesting"], &limits["step_timeout_ms"], &limits["cache_bytes"]),
        (&3.into(), &1500.into(), &(1 << 20).into())
    );
}
