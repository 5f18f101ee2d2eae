//! Components, through the binary: those of compilers, and one with a function of each shape.

use std::path::Path;

use crate::at_prompt::Prompt;
use crate::piped::{file, run, text};
use crate::terminal::Terminal;

fn guest(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/components").join(name).display().to_string()
}

/// Runs linmem: stdout, stderr, exit status.
fn linmem(args: &[&str], input: &[u8]) -> (String, String, Option<i32>) {
    let output = run(args, input);
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// Expects these answers, and nothing on stderr.
fn answers(name: &str, call: &str, lines: &str, expected: &str) {
    let (stdout, stderr, status) = linmem(&[&guest(name), "--call", call], lines.as_bytes());
    assert_eq!((stdout.as_str(), stderr.as_str(), status), (expected, "", Some(0)), "{name} {call}");
}

#[test]
fn texts_bytes_options_and_results_are_passed_as_the_types_say() {
    answers("shapes.wat", "same", "hello\n\nJürgen\n", "hello\n\nJürgen\n");
    answers("shapes.wat", "wide", "hello\n\nJürgen 𝄞\n", "hello\n\nJürgen 𝄞\n");
    answers("shapes.wat", "maybe", "hello\n", "hello\n");
    answers("shapes.wat", "compact", "hello\n\nJürgen 𝄞\n", "hello\n\nJürgen 𝄞\n");
    answers("shapes.wat", "compact-narrow", "hello\n", "grün\n");
    answers("shapes.wat", "aligned", "hello\n", "hello\n");
    let output = run(&[&guest("shapes.wat"), "--call", "bytes"], b"a\xff\x80b\n");
    assert_eq!(output.stdout, b"a\xff\x80b\n");
    let (stdout, stderr, status) = linmem(&[&guest("shapes.wat"), "--call", "maybe"], b"\n");
    assert_eq!((stdout.as_str(), status), ("\n", Some(0)));
    assert!(stderr.contains("the answer is none"), "{stderr}");
    for call in ["fails", "fails-wide", "compact-fails"] {
        // In latin1+utf16, the empty text has a length that is not zero: this guest refuses it, too.
        if call != "compact-fails" {
            answers("shapes.wat", call, "\n", "\n");
        }
        let (stdout, stderr, status) = linmem(&[&guest("shapes.wat"), "--call", call], "grün\n".as_bytes());
        assert_eq!((stdout.as_str(), status), ("", Some(5)), "{stderr}");
        assert!(stderr.contains("line 1: grün"), "{stderr}");
    }
    let (_, stderr, _) = linmem(&[&guest("shapes.wat"), "--call", "aligned"], b"\n");
    assert!(stderr.contains("the function returned an error"), "{stderr}");
}

#[test]
fn functions_that_no_line_can_be_passed_to_are_named_with_the_reason() {
    let (_, stderr, status) = linmem(&[&guest("shapes.wat")], b"x\n");
    assert_eq!(status, Some(4));
    let several = "several functions take a text: same, wide, bytes, maybe, fails, fails-wide, aligned, compact, \
                   compact-narrow, compact-fails; choose one with";
    assert!(stderr.contains(several), "{stderr}");
    let (_, stderr, status) = linmem(&[&guest("shapes.wat"), "--call", "sum"], b"x\n");
    assert!(stderr.contains("sum: it is func(a: u32, b: u32) -> u32") && status == Some(4), "{stderr}");
    let (_, stderr, _) = linmem(&[&guest("shapes.wat"), "--call", "nonsense"], b"x\n");
    assert!(stderr.contains("the module exports no function `nonsense`"), "{stderr}");
}

#[test]
fn inspect_lists_core_modules_and_functions() {
    let (stdout, _, _) = linmem(&["inspect", &guest("shapes.wat"), "--call", "maybe"], b"");
    for row in [
        "core modules: 1\n  m  ",
        "functions: 11\n  same            func(line: string) -> string\n",
        "  fails-wide      func(line: string) -> result<string, string>\n",
        "  yes     canonical          the component exports maybe: func(line: string) -> option<string>\n",
        "    answer \"\" if u8[area] == 0\n",
        "    read u32[area + 8] at u32[area + 4]\n",
    ] {
        assert!(stdout.contains(row), "{row}\n{stdout}");
    }
    let (stdout, _, _) = linmem(&["inspect", &guest("rot13.wasm"), "--json"], b"");
    assert!(
        stdout.contains(r#""functions":[{"export":"wasi:cli/run@0.2.12#run","type":"func() -> result"}]"#),
        "{stdout}"
    );
}

#[test]
fn a_component_in_rust_answers_refuses_and_is_inferred() {
    answers("letters.wasm", "count", "Hello\nabba\n\n", "H1 e1 l2 o1\na2 b2\n\n");
    let (stdout, stderr, status) = linmem(&[&guest("letters.wasm"), "--call", "checked"], b"x\n12\n");
    assert_eq!((stdout.as_str(), status), ("x1\n", Some(5)), "{stderr}");
    assert!(stderr.contains("line 2: no letter"), "{stderr}");
    let example = ["infer", &guest("letters.wasm"), "--call", "count", "-l", "abba", "-a", "a2 b2"];
    let (stdout, stderr, status) = linmem(&example, b"");
    assert!(stdout.contains("cabi_post_count(area)") && status == Some(0), "{stderr}");
}

#[test]
fn a_program_is_linked_with_its_adapter_and_reads_the_line() {
    let (stdout, stderr, status) = linmem(&[&guest("rot13.wasm")], b"Hello\n\nagain");
    assert_eq!((stdout.as_str(), stderr.as_str(), status), ("Uryyb\n\nntnva", "", Some(0)));
    let (stdout, _, _) = linmem(&[&guest("rot13.wasm"), "--line", "Hello", "--show", "hex"], b"");
    let read = "wasi:io/streams@0.2.12.[method]input-stream.";
    assert!(stdout.contains(read) && stdout.trim_end().ends_with("Uryyb"), "{stdout}");
}

#[test]
fn imports_that_linmem_lacks_are_named_when_they_are_needed() {
    let component = |module: &str, called: &str| {
        format!(
            r#"(component
              (import "{module}" (instance $host (export "f" (func))))
              (core func $f (canon lower (func $host "f")))
              (core module $m
                (import "h" "f" (func $f))
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
                (func (export "run") (param i32 i32) (result i32) {called}
                  (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
              (core instance $i (instantiate $m (with "h" (instance (export "f" (func $f))))))
              (func (export "run") (param "line" string) (result string)
                (canon lift (core func $i "run") (memory $i "memory") (realloc (func $i "realloc")))))"#
        )
    };
    let unused = file("unused-import.wat", &component("wasi:sockets/tcp@0.2.0", ""));
    assert_eq!(linmem(&[&unused], b"x\n"), ("x\n".to_owned(), String::new(), Some(0)));
    let used = file("used-import.wat", &component("wasi:sockets/tcp@0.2.0", "(call $f)"));
    let (_, stderr, status) = linmem(&[&used], b"x\n");
    assert!(stderr.contains("the component calls wasi:sockets/tcp@0.2.0.f, which linmem does not provide"), "{stderr}");
    assert_eq!(status, Some(5));
    let own = file("own-import.wat", &component("my:host/api", "(call $f)"));
    let (_, stderr, status) = linmem(&[&own], b"x\n");
    assert!(
        stderr.contains("unresolved imports:\n  my:host/api.f  function () -> ()") && status == Some(4),
        "{stderr}"
    );
    assert_eq!(linmem(&[&own, "--stub-imports"], b"x\n").0, "x\n");
}

/// Every function of WASI that linmem provides and that needs no argument from another.
const ASKING: &str = r#"(component
  (import "wasi:cli/environment@0.2.0" (instance $env
    (export "get-arguments" (func (result (list string))))
    (export "get-environment" (func (result (list (tuple string string)))))))
  (import "wasi:random/random@0.2.0" (instance $random (export "get-random-u64" (func (result u64)))))
  (import "wasi:clocks/wall-clock@0.2.0" (instance $wall
    (type $time (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $time)))
    (export "now" (func (result $datetime)))))
  (core module $libc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 2048))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next) (global.set $next (i32.and (i32.add (global.get $next) (i32.add (local.get 3) (i32.const 7))) (i32.const -8)))))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
  (core func $arguments (canon lower (func $env "get-arguments") (memory $memory) (realloc $realloc)))
  (core func $environment (canon lower (func $env "get-environment") (memory $memory) (realloc $realloc)))
  (core func $random (canon lower (func $random "get-random-u64")))
  (core func $now (canon lower (func $wall "now") (memory $memory)))
  (core module $m
    (import "w" "memory" (memory 1))
    (import "w" "arguments" (func $arguments (param i32)))
    (import "w" "environment" (func $environment (param i32)))
    (import "w" "random" (func $random (result i64)))
    (import "w" "now" (func $now (param i32)))
    ;; The second argument, or the value of the first variable if the line is longer than a byte.
    (func (export "ask") (param i32 i32) (result i32)
      (if (i64.eq (call $random) (call $random)) (then (unreachable)))
      (call $now (i32.const 64))
      (if (i64.lt_u (i64.load (i32.const 64)) (i64.const 1700000000)) (then (unreachable)))
      (call $arguments (i32.const 32))
      (call $environment (i32.const 40))
      (if (result i32) (i32.gt_u (local.get 1) (i32.const 1))
        (then (i32.add (i32.load (i32.const 40)) (i32.const 8)))
        (else (i32.add (i32.load (i32.const 32)) (i32.const 8))))))
  (core instance $i (instantiate $m (with "w" (instance
    (export "memory" (memory $memory)) (export "arguments" (func $arguments)) (export "environment" (func $environment))
    (export "random" (func $random)) (export "now" (func $now))))))
  (func (export "ask") (param "line" string) (result string)
    (canon lift (core func $i "ask") (memory $memory) (realloc $realloc))))"#;

#[test]
fn wasi_gives_arguments_variables_clocks_and_random_numbers() {
    let guest = file("asking-component.wat", ASKING);
    let args = [&guest, "--arg", "one", "--env", "NAME=value"];
    assert_eq!(linmem(&args, b"a\nbc\n"), ("one\nvalue\n".to_owned(), String::new(), Some(0)));
}

#[test]
fn a_malformed_component_is_told_from_a_module() {
    let (_, stderr, status) = linmem(&[&file("malformed.wasm", b"\0asm\x0d\0\x01\0\x0b\x01\x07")], b"x\n");
    assert!(stderr.contains("not a valid WebAssembly component: ") && status == Some(3), "{stderr}");
}

#[test]
fn a_component_answers_at_the_prompt_in_scripts_and_on_the_screen() {
    let component = guest("shapes.wat");
    let script = file("component.txt", "hello\n:expect hello\n:expect at 0x10 hex 00 08\n");
    let (stdout, stderr, status) = linmem(&[&component, "--call", "same", "--script", &script], b"");
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    let mut prompt = Prompt::start("component", false, &[&component, "--call", "same", "--repl"], &[]);
    prompt.wait_for("> ");
    prompt.press("hello\r");
    prompt.wait_for("00 08 00 00 05");
    prompt.wait_for("=> hello");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
    let mut terminal = Terminal::start("component", (120, 30), &[&component, "--call", "same"], &[]);
    terminal.wait_for("the guest is ready");
    terminal.press("hello\r");
    terminal.wait_for("=> hello");
    terminal.wait_for("call  same(");
    terminal.press("\x04");
}

#[test]
fn core_modules_that_are_instantiated_again_and_again_are_bounded() {
    let instances = "(core instance (instantiate $m))".repeat(200);
    let text =
        format!("(component (core module $m (memory 1) (data (i32.const 0) \"{}\")) {instances})", "x".repeat(100_000));
    let many = file("many-instances.wat", text.as_bytes());
    let (_, stderr, status) = linmem(&["inspect", &many], b"");
    assert_eq!(status, Some(3), "{stderr}");
    assert!(
        stderr.contains("the core modules that it instantiates have more than 16,777,216 bytes together"),
        "{stderr}"
    );
}

#[test]
fn what_the_linked_module_breaks_is_said_of_the_component() {
    let instances = "(core instance (instantiate $m))".repeat(101);
    let many = file("many-memories.wat", format!("(component (core module $m (memory 1)) {instances})").as_bytes());
    let (_, stderr, status) = linmem(&[&many], b"x\n");
    assert_eq!(status, Some(3), "{stderr}");
    assert!(stderr.contains("this component cannot be run: memories count exceeds limit of 100"), "{stderr}");
}

#[test]
fn a_recipe_is_embedded_in_the_component_itself() {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("component-copy.wasm");
    let _ = std::fs::remove_file(&copy);
    let copy = copy.display().to_string();
    let args = ["infer", &guest("shapes.wat"), "--call", "same", "-l", "hello", "-a", "hello", "--embed", &copy];
    let (_, stderr, status) = linmem(&args, b"");
    assert_eq!(status, Some(0), "{stderr}");
    assert!(std::fs::read(&copy).expect("it was written").starts_with(b"\0asm\x0d\0\x01\0"), "it is a component");
    let (stdout, stderr, status) = linmem(&[&copy], b"abc\n");
    assert_eq!((stdout.as_str(), status), ("abc\n", Some(0)), "{stderr}");
}
