//! Traps: the source line and the backtrace, in every front end, on guests from real compilers (tests/guests/lines).

use crate::hermetic;
use crate::pty;

#[cfg(unix)]
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::{Value, json};

/// A line that every guest answers, and one on which it traps.
const LINES: &[u8] = b"ab\na!\n";

fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests")
}

/// The number of the line that ends in that comment, in a source of tests/guests/lines.
fn line(file: &str, remark: &str) -> usize {
    let text = std::fs::read_to_string(guests().join("lines").join(file)).expect("the source is in the repository");
    text.lines().position(|line| line.ends_with(remark)).expect("the source has that comment") + 1
}

/// Runs linmem in the guests' directory.
fn run(args: &[&str], input: &[u8]) -> Output {
    let mut command = hermetic::linmem();
    command.args(args).current_dir(guests()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("linmem starts");
    // With --line, linmem may exit before it reads its input.
    let _ = child.stdin.take().expect("the stream is piped").write_all(input);
    child.wait_with_output().expect("it exits")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("it is text")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("it is text")
}

/// A WAT guest in a file of its own.
fn guest(name: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the test directory exists");
    path.display().to_string()
}

/// A guest of tests/guests/lines, and its trap.
struct Trapping {
    name: &'static str,
    source: &'static str,
    /// The path of the source as recorded in the module.
    file: &'static str,
    /// Its functions, from the trap outwards to the export, and whether each is inlined.
    functions: &'static [(&'static str, bool)],
}

const TRAPPING: [Trapping; 4] = [
    Trapping {
        name: "c",
        source: "c.c",
        file: "lines/c.c",
        functions: &[("put_outside", true), ("put", false), ("shout", false)],
    },
    Trapping {
        name: "rust",
        source: "rust.rs",
        file: "lines/rust.rs",
        functions: &[("rust::text::put_outside", true), ("rust::text::put", false), ("shout", false)],
    },
    Trapping {
        name: "zig",
        source: "zig.zig",
        file: "zig.zig",
        functions: &[("zig.putOutside", true), ("zig.put", false), ("zig.shout", false)],
    },
    Trapping {
        name: "assemblyscript",
        source: "assemblyscript.ts",
        file: "lines/assemblyscript.ts",
        functions: &[("lines/assemblyscript/put", false), ("lines/assemblyscript/shout", false)],
    },
];

#[test]
fn pipe_prints_source_line_and_backtrace() {
    for Trapping { name, source, file, functions } in TRAPPING {
        let output = run(&[&format!("lines/{name}.wasm")], LINES);
        let stderr = stderr(&output);
        let trapped = format!("{} at {file}:{}:", functions[0].0, line(source, "// traps"));
        assert!(stderr.contains(&trapped), "{trapped} in {stderr}");
        let (caller, _) = functions.last().expect("there are some");
        let called = format!("\n  called by {caller} at {file}:{}:", line(source, "// calls"));
        assert!(stderr.contains(&called), "{called} in {stderr}");
        let inlined = format!("\n  inlined into {} at {file}:", functions[1].0);
        assert_eq!(stderr.contains(&inlined), functions[0].1, "{inlined} in {stderr}");
        assert_eq!((stdout(&output), output.status.code()), ("AB\n", Some(5)), "{name}");
    }
}

#[test]
fn json_has_the_frames() {
    for Trapping { name, source, file, functions } in TRAPPING {
        let output = run(&[&format!("lines/{name}.wasm"), "--show", "json"], LINES);
        let failed = stdout(&output).lines().nth(1).expect("one object a line");
        let failed: Value = serde_json::from_str(failed).expect("it is JSON");
        let trace = failed["error"]["trace"].as_array().expect("a trap has frames");
        let own: Vec<_> = trace.iter().filter(|frame| frame["file"] == file).collect();
        let named: Vec<_> = own.iter().map(|frame| json!([frame["function"], frame["inlined"]])).collect();
        assert_eq!(json!(named), json!(functions), "{name}");
        assert_eq!(own[0]["line"], line(source, "// traps"), "{name}");
        assert_eq!(own.last().expect("there are some")["line"], line(source, "// calls"), "{name}");
        let numbers = ["index", "offset", "line", "column"];
        assert!(own.iter().all(|frame| numbers.iter().all(|field| frame[field].is_u64())), "{name}: {failed}");
    }
}

#[test]
fn source_text_is_read_only_from_mapped_directories() {
    // The paths in the module are relative to the directory in which linmem runs.
    let unmapped = run(&["lines/c.wasm"], LINES);
    assert!(!stderr(&unmapped).contains("// traps"), "{}", stderr(&unmapped));
    let traps = format!("\n    {} | *outside = c; // traps\n", line("c.c", "// traps"));
    for mapping in ["lines=lines", "=.", ".=.", "none=/", "/=/"] {
        let mapped = run(&["lines/c.wasm", "--source-map", "other=lines", "--source-map", mapping], LINES);
        let leads_there = ["lines=lines", "=.", ".=."].contains(&mapping);
        assert_eq!(stderr(&mapped).contains(&traps), leads_there, "{mapping}: {}", stderr(&mapped));
    }
    let output = run(&["lines/c.wasm", "--source-map", "lines"], LINES);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("expected FROM=TO"), "{}", stderr(&output));
}

#[test]
fn source_map_may_embed_the_text() {
    let stderr = stderr(&run(&["lines/assemblyscript.wasm"], LINES)).to_owned();
    assert!(stderr.contains(" | store<u16>(0xfffffff0, unit); // traps\n"), "{stderr}");
    // Without its source map beside it, the module has only names.
    let alone = Path::new(env!("CARGO_TARGET_TMPDIR")).join("alone.wasm");
    std::fs::copy(guests().join("lines/assemblyscript.wasm"), &alone).expect("it can be copied");
    let output = run(&[&alone.display().to_string()], LINES);
    let text = std::str::from_utf8(&output.stderr).expect("it is text");
    assert!(text.contains("in lines/assemblyscript/put (offset 0x"), "{text}");
}

#[test]
fn a_config_file_may_name_directories_of_sources() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("traps-config");
    std::fs::create_dir_all(folder.join("linmem")).expect("the test directory exists");
    let config = "source-map = elsewhere=nowhere\nsource-map = lines=lines\n";
    std::fs::write(folder.join("linmem/config"), config).expect("it is ours");
    let mut command = hermetic::linmem();
    command.args(["lines/c.wasm", "--line", "!"]).current_dir(guests()).env("XDG_CONFIG_HOME", folder);
    let output = command.output().expect("linmem starts");
    assert!(stderr(&output).contains("// traps"), "{}", stderr(&output));
}

/// Checks the backtrace in one kind of output.
fn shows_the_calls(what: &str, text: &str) {
    let inlined = "inlined into zig.put at zig.zig:18:19";
    let called = format!("called by zig.shout at zig.zig:{}:12 (offset 0x", line("zig.zig", "// calls"));
    assert!(text.contains(inlined) && text.contains(&called), "{what}: {text}");
}

#[test]
fn dumps_scripts_and_saved_sessions_have_backtraces() {
    shows_the_calls("--show hex", stdout(&run(&["lines/zig.wasm", "--show", "hex"], LINES)));

    let saved = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trapped.session").display().to_string();
    let script = guest("trapped.script", &format!("a!\n:expect error trapped\n:frames\n:save {saved} overwrite\n"));
    let output = run(&["lines/zig.wasm", "--script", &script], b"");
    shows_the_calls("a script", stdout(&output));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let listed = stdout(&output).split(":frames").nth(1).expect("the command is repeated");
    shows_the_calls(":frames", listed);

    let output = run(&["lines/zig.wasm", "--script", "-"], b"a!\n");
    shows_the_calls("a script's stderr", stderr(&output));

    let (hex, lines) =
        (run(&["replay", &saved, "--show", "hex"], b""), run(&["replay", &saved, "--show", "json"], b""));
    shows_the_calls("a saved timeline", stdout(&hex));
    let json = run(&["lines/zig.wasm", "--script", &script, "--show", "json"], b"");
    let trace = |output: &Output| {
        let first = stdout(output).lines().next().expect("one object a line").to_owned();
        serde_json::from_str::<Value>(&first).expect("it is JSON")["error"]["trace"].clone()
    };
    assert!(trace(&lines)[2]["function"] == "zig.shout" && trace(&lines) == trace(&json), "{}", trace(&lines));
}

#[test]
fn export_names_replace_a_missing_name_section_and_are_demangled() {
    let recipe = guest("run.recipe", "each line\n  run()\n");
    let text =
        r#"(module (memory (export "memory") 1) (func (call 1)) (func (unreachable)) (func (export "run") (call 0)))"#;
    let output = run(&[&guest("unnamed.wat", text), "--abi", &recipe, "--line", ""], b"");
    let stderr = stderr(&output);
    assert!(stderr.contains("in function 1 (offset 0x"), "{stderr}");
    assert!(stderr.contains("\n  called by function 0 (offset 0x"), "{stderr}");
    assert!(stderr.contains("\n  called by run (offset 0x"), "{stderr}");

    let text = r#"(module (memory (export "memory") 1)
        (func $_ZN4core6option13unwrap_failed17h0123456789abcdefE (unreachable))
        (func $_RNvC6_123foo3bar (call 0)) (func $_ZN5space3fooEi (call 1)) (func (export "run") (call 2)))"#;
    let output = run(&[&guest("mangled.wat", text), "--abi", &recipe, "--line", ""], b"");
    let text = std::str::from_utf8(&output.stderr).expect("it is text");
    for name in ["in core::option::unwrap_failed (", "called by 123foo::bar (", "called by space::foo(int) ("] {
        assert!(text.contains(name), "{name}: {text}");
    }
}

#[test]
fn trap_in_the_start_function_has_a_backtrace() {
    let text = r#"(module (memory (export "memory") 1) (func $broken (unreachable)) (func $begin (call $broken)) (start $begin))"#;
    let recipe = guest("start.recipe", "each line\n  write at 0\n");
    let output = run(&[&guest("start.wat", text), "--abi", &recipe, "--line", "x"], b"");
    let stderr = stderr(&output);
    assert!(stderr.contains("in broken (offset 0x") && stderr.contains("\n  called by begin (offset 0x"), "{stderr}");
}

/// Recurses as often as the line is long and then traps, directly or through another function.
const DEEP: &str = r#"(module (memory (export "memory") 1)
    (func $f (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))) (call $f (i32.sub (local.get 0) (i32.const 1))))
    (func $g (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))) (call $h (i32.sub (local.get 0) (i32.const 1))))
    (func $h (param i32) (call $g (local.get 0)))
    (func (export "alone") (param i32) (call $f (local.get 0)))
    (func (export "by_turns") (param i32) (call $g (local.get 0))))"#;

#[test]
fn repeated_frames_are_folded() {
    let wat = guest("deep.wat", DEEP);
    let tell = |export: &str, depth: usize| {
        let recipe = guest(&format!("{export}-{depth}.recipe"), &format!("each line\n  {export}(n)\n"));
        let output = run(&[&wat, "--abi", &recipe, "--whole"], &b"x".repeat(depth));
        std::str::from_utf8(&output.stderr).expect("it is text").to_owned()
    };
    let calls = |text: &str| {
        let lines = text.lines().skip(1).take_while(|line| !line.contains("usual causes"));
        lines.map(|line| line.split(" (offset").next().unwrap_or(line).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(calls(&tell("alone", 1)), ["  called by f", "  called by alone"]);
    let deep = tell("alone", 1026);
    assert_eq!(calls(&deep), ["  called by f", "  ... 1,025 more frames of f", "  called by alone"]);
    let by_turns = calls(&tell("by_turns", 100));
    assert_eq!(by_turns.len(), 32);
    assert_eq!(by_turns[..2], ["  called by h", "  called by g"]);
    // 201 of g and h, and the export's; 32 were printed.
    assert_eq!(by_turns[31], "  ... 170 more frames");
}

#[cfg(unix)]
#[test]
fn full_screen_and_prompt_list_the_backtrace() {
    let guest = guests().join("lines/zig.wasm").display().to_string();
    for (name, args) in [("screen", &[&*guest][..]), ("prompt", &[&*guest, "--repl"])] {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("traps").join(name);
        std::fs::create_dir_all(&folder).expect("the test directory exists");
        let mut terminal = pty::Pty::start((120, 40), &folder, args, &[]);
        let [rows, columns] = [40, 120].map(|count| std::num::NonZero::new(count).expect("it is not zero"));
        let mut screen = vt100::Parser::new(rows, columns, 0);
        let mut wait_for = |terminal: &mut pty::Pty, text: &str| {
            let since = std::time::Instant::now();
            while !screen.screen().contents().contains(text) {
                let Some(chunk) = terminal.written(since) else {
                    panic!("{name}: {text} did not appear: {}", screen.screen().contents())
                };
                screen.process(&chunk);
            }
            screen.screen().contents()
        };
        wait_for(&mut terminal, ">");
        terminal.press("a!\r");
        wait_for(&mut terminal, "trapped");
        terminal.press(":frames\r");
        let shown = wait_for(&mut terminal, "called by zig.shout");
        shows_the_calls(name, &shown);
        for explained in ["writes 1 byte at", "in step 3 of", "usual causes: address and length in the wrong order"] {
            assert!(shown.contains(explained), "{name}: {explained}: {shown}");
        }
    }
}
