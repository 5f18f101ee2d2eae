//! `--show json`: one object per line, in a documented format.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::hermetic;

fn run(args: &[&str], input: &[u8]) -> Output {
    let mut child = hermetic::linmem()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("linmem starts");
    child.stdin.take().expect("the stream is piped").write_all(input).expect("it is read");
    child.wait_with_output().expect("it exits")
}

fn objects(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).expect("JSON is UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// Removes the times, which vary.
fn timeless(mut object: Value) -> Value {
    object.as_object_mut().expect("an object").remove("elapsed_ns").expect("it has a time");
    for step in object["steps"].as_array_mut().expect("a list") {
        step.as_object_mut().expect("an object").remove("elapsed_ns").expect("it has a time");
    }
    object
}

#[test]
fn json_has_one_complete_object_per_line() {
    let output = run(&["--show", "json"], b"Did you know\n\xff\n");
    assert_eq!(output.status.code(), Some(0));
    let objects = objects(&output);
    assert_eq!(objects.len(), 2);
    let pointer = |changes: usize| {
        json!({"depth": 0, "kind": "call", "export": "get_wasm_memory_buffer_pointer", "args": [],
            "results": [{"type": "i32", "value": 1040}], "changes": [changes, changes]})
    };
    let bytes = |text: &str| {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        json!({"len": text.len(), "hex": hex, "text": text})
    };
    let expected = json!({
        "v": 2, "line": 1, "input": bytes("Did you know"), "output": bytes("Did you know Wasm is cool!"), "error": null,
        "messages": [],
        "steps": [
            pointer(0),
            {"depth": 0, "kind": "write", "memory": 0, "addr": 1040, "len": 12, "changes": [0, 1]},
            {"depth": 0, "kind": "call", "export": "add_wasm_is_cool", "args": [{"type": "i32", "value": 12}],
                "results": [{"type": "i32", "value": 26}], "changes": [1, 2]},
            pointer(2),
            {"depth": 0, "kind": "read", "memory": 0, "addr": 1040, "len": 26, "loaded": null, "changes": [2, 2]},
        ],
        "changes": [
            {"kind": "bytes", "memory": 0, "addr": 1040, "by": "host", "evidence": "written",
                "old": bytes(&"\0".repeat(12)), "new": bytes("Did you know"), "written": null},
            {"kind": "bytes", "memory": 0, "addr": 1052, "by": "guest", "evidence": "written",
                "old": bytes(&"\0".repeat(14)), "new": bytes(" Wasm is cool!"), "written": null},
        ],
        "written": null,
        "recorded": "stores",
        "accesses": {"count": 1, "dropped": null, "without_bytes": 0},
        "findings": [],
    });
    assert_eq!(timeless(objects[0].clone()), expected);
    assert_eq!(objects[1]["input"], json!({"len": 1, "hex": "ff", "text": null}));
    let first = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(first.starts_with(r#"{"v":2,"line":1,"input":{"len":12,"hex":"446964"#), "the order is fixed: {first}");
}

/// jq and JavaScript store numbers as 64-bit floats, so integers that do not fit must not be numbers.
#[test]
fn large_integers_are_exact_in_jq() {
    let wat = r#"(module (memory (export "memory") 1)
        (func (export "wide") (param i64 i32) (result i64) (local.get 0))
        (func (export "f") (param i32 i32) (result i32) (i32.const 0)))"#;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("json-wide");
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let (guest, script, recipe) = (folder.join("wide.wat"), folder.join("wide.txt"), folder.join("wide.recipe"));
    std::fs::write(&guest, wat).expect("the test directory is writable");
    std::fs::write(&script, ":call wide 18014402804449283 -1\n:call wide -9007199254740993 0\nx\n")
        .expect("the test directory is writable");
    std::fs::write(&recipe, "name wide\neach line\n* x = f(0, n)\n  read 0 - 3 at 9007199254740993\n")
        .expect("the test directory is writable");
    let (guest, script, recipe) =
        (guest.display().to_string(), script.display().to_string(), recipe.display().to_string());
    let output = run(&[&guest, "--abi", &recipe, "--script", &script, "--show", "json", "--quiet"], b"");
    let objects = objects(&output);
    let call = &objects[0]["steps"][0];
    assert_eq!(call["args"][0], json!({"type": "i64", "value": "18014402804449283"}));
    assert_eq!(call["args"][1], json!({"type": "i32", "value": -1}));
    assert_eq!(call["results"], json!([{"type": "i64", "value": "18014402804449283"}]));
    let read = objects[2]["steps"].as_array().and_then(|steps| steps.last()).expect("the read that failed");
    assert_eq!((&read["addr"], &read["len"]), (&json!("9007199254740993"), &json!("18446744073709551613")));
    if let Some(printed) = jq("[.steps[].results[]?.value] | @tsv", &output.stdout) {
        assert_eq!(printed, "18014402804449283\n-9007199254740993\n0\n");
    }
}

/// The output of a jq filter; `None`, with a note, if jq is missing.
fn jq(filter: &str, input: &[u8]) -> Option<String> {
    let mut command = Command::new("jq");
    command.args(["-r", filter]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        println!("jq is not installed: {filter} was not tried");
        return None;
    };
    child.stdin.take().expect("the stream is piped").write_all(input).expect("it is read");
    let output = child.wait_with_output().expect("it exits");
    assert!(output.status.success(), "{filter}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn each_failure_has_a_kind_and_an_object() {
    let guest = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moody-json.wat");
    let wat = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32)
            (if (i32.eq (local.get 0) (i32.const 3)) (then (unreachable)))
            (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0))))
            (if (i32.eq (local.get 0) (i32.const 6)) (then (return (i32.const 65536))))
            (if (i32.eq (local.get 0) (i32.const 7)) (then (drop (memory.grow (i32.const 1)))))
            (local.get 0)))"#;
    std::fs::write(&guest, wat).expect("the test directory is writable");
    let guest = guest.display().to_string();
    let long = "x".repeat(200_000);
    let input = format!("ab\nabc\nabcd\nabcdef\nabcdefg\n{long}\n");
    let args = [&guest, "--show", "json", "--keep-going", "--timeout", "100ms", "--max-memory", "128KiB"];
    let output = run(&args, input.as_bytes());
    let objects = objects(&output);
    let kinds: Vec<_> = objects.iter().map(|object| object["error"]["kind"].clone()).collect();
    let expected =
        [json!(null), json!("trap"), json!("time_limit"), json!("out_of_bounds"), json!(null), json!("line_too_long")];
    assert_eq!(kinds, expected);
    assert_eq!(objects[1]["output"], json!(null));
    assert_eq!(objects[1]["steps"][2]["results"], json!(null));
    assert_eq!(
        objects[4]["changes"][1],
        json!({"kind": "growth", "memory": 0, "by": "guest", "from_pages": 1, "to_pages": 2})
    );
    assert_eq!(objects[5]["input"], json!(null));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(run(&[&guest, "--show", "json"], b"abc\nab\n").status.code(), Some(5), "the same status as without");
}

/// The tables of the guide: for each section the names in the first column, with those in the second.
fn tables() -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
    let guide = String::from_utf8(run(&["guide", "json"], b"").stdout).expect("it is text");
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut tables = BTreeMap::<_, BTreeMap<_, _>>::new();
    let mut section = String::new();
    for line in guide.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title.to_owned();
        } else if let Some((first, second)) = line.strip_prefix("| `").and_then(|row| row.split_once('|')) {
            let row = (first.trim().trim_end_matches('`').to_owned(), names(second));
            tables.entry(section.clone()).or_default().extend([row]);
        }
    }
    tables
}

/// The fields that only some frames have (see tests/traps.rs).
const SELDOM: [&str; 2] = ["repeats", "source"];

/// Compares objects with the guide.
struct Checker {
    tables: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// The names seen so far, with the section of each.
    met: BTreeSet<(&'static str, String)>,
}

impl Checker {
    fn keys(object: &Value) -> BTreeSet<&str> {
        object.as_object().expect("an object").keys().map(String::as_str).collect()
    }

    fn object(&mut self, object: &Value) {
        let known = &self.tables["One object"];
        for key in Checker::keys(object) {
            assert!(known.contains_key(key), "the guide does not document {key}");
            self.met.insert(("One object", key.to_owned()));
        }
        for key in known.keys().filter(|key| !["run", "command"].contains(&key.as_str())) {
            assert!(object.get(key).is_some(), "{key} is missing: {object}");
        }
        let bytes = [&object["input"], &object["output"]].into_iter().filter(|bytes| !bytes.is_null());
        bytes.chain(object["messages"].as_array().expect("a list")).for_each(Checker::bytes);
        let list = |name: &str| object[name].as_array().expect("a list").clone();
        for step in list("steps") {
            self.kind("A step", &step, &["depth", "kind", "changes", "elapsed_ns"]);
            let values = ["args", "results"].into_iter().filter_map(|name| step.get(name)?.as_array());
            for value in values.flatten().chain(step.get("value")) {
                assert_eq!(Checker::keys(value), BTreeSet::from(["type", "value"]));
            }
            step.get("text").into_iter().for_each(Checker::bytes);
        }
        for change in list("changes") {
            self.kind("A change", &change, &["kind"]);
            change.get("old").into_iter().chain(change.get("new")).for_each(Checker::bytes);
        }
        if !object["accesses"].is_null() {
            Checker::keys(&object["accesses"]).into_iter().for_each(|key| {
                assert!(self.tables["Accesses"].contains_key(key), "the guide does not tell of {key}");
                self.met.insert(("Accesses", key.to_owned()));
            });
        }
        if !object["error"].is_null() {
            let kind = object["error"]["kind"].as_str().expect("a text").to_owned();
            let trace = if kind == "trap" { &["trace", "trap"][..] } else { &[] };
            let expected: BTreeSet<_> = ["kind", "message"].iter().chain(trace).copied().collect();
            assert_eq!(Checker::keys(&object["error"]), expected);
            object["error"]["trace"].as_array().into_iter().flatten().for_each(|frame| self.frame(frame));
            let trap = object["error"].get("trap").map(Checker::keys).unwrap_or_default();
            assert!(trap.iter().all(|key| self.tables["A trap"].contains_key(*key)), "{trap:?}");
            assert!(self.tables["An error"].contains_key(&kind), "the guide does not document {kind}");
            self.met.insert(("An error", kind));
        }
    }

    fn frame(&mut self, frame: &Value) {
        let known: BTreeSet<_> = self.tables["A frame"].keys().map(String::as_str).collect();
        let keys = Checker::keys(frame);
        assert!(keys.is_subset(&known), "the guide does not document all of {keys:?}");
        assert_eq!(known.difference(&keys).copied().collect::<Vec<_>>(), SELDOM, "{frame}");
        self.met.extend(keys.into_iter().map(|key| ("A frame", key.to_owned())));
    }

    /// An object with a kind must have the fields of that kind and the common fields.
    fn kind(&mut self, section: &'static str, object: &Value, all: &[&str]) {
        let kind = object["kind"].as_str().expect("a text").to_owned();
        let own = self.tables[section].get(&kind).unwrap_or_else(|| panic!("the guide does not document {kind}"));
        let expected: BTreeSet<_> = own.iter().map(String::as_str).chain(all.iter().copied()).collect();
        assert_eq!(Checker::keys(object), expected, "{kind}");
        self.met.insert((section, kind));
    }

    fn bytes(bytes: &Value) {
        assert_eq!(Checker::keys(bytes), BTreeSet::from(["len", "hex", "text"]));
        assert_eq!(
            bytes["hex"].as_str().map(str::len),
            bytes["len"].as_u64().and_then(|len| usize::try_from(2 * len).ok())
        );
    }

    /// Fails if the guide documents something in that section that was not seen.
    fn check_all_met(&self, section: &'static str, but: &[&str]) {
        for name in self.tables[section].keys().filter(|name| !but.contains(&name.as_str())) {
            assert!(self.met.contains(&(section, name.clone())), "{section}: {name} was not met");
        }
    }
}

/// A guest that produces every kind of step.
const ALL: &str = r#"(module
    (import "env" "log" (func $log (param i32 i32)))
    (import "env" "odd" (func $odd (param i64 f32 f64) (result i32)))
    (memory (export "memory") 1)
    (global (export "count") (mut f64) (f64.const 1))
    (data (i32.const 8) "I am here")
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "room") (result i32) (i32.const 100))
    (func (export "f") (param i32) (result i32)
        (call $log (i32.const 8) (i32.const 9))
        (drop (call $odd (i64.const -1) (f32.const nan) (f64.const inf)))
        (if (i32.eq (local.get 0) (i32.const 3)) (then (unreachable)))
        (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0))))
        (if (i32.eq (local.get 0) (i32.const 5)) (then (return (i32.const -1))))
        (if (i32.eq (local.get 0) (i32.const 6)) (then (return (i32.const 65536))))
        (if (i32.eq (local.get 0) (i32.const 7)) (then (drop (memory.grow (i32.const 1)))))
        (if (i32.eq (local.get 0) (i32.const 8)) (then (return (i32.const 5000))))
        (i32.store8 (i32.const 63) (local.get 0))
        (local.get 0)))"#;

/// A program that exits.
const EXITS: &str = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 3))))"#;

/// A guest and a recipe that fail differently for each length of a line.
const FAILS: &str = r#"(module (import "env" "stop" (func $stop)) (import "env" "nest" (func $nest))
    (memory (export "memory") 1 1) (data (i32.const 65535) "x")
    (func (export "stops") (call $stop)) (func (export "nests") (call $nest)) (func (export "free") (param i32)))"#;
const FAILING: &str = "text utf8
each line
  read until 0 at 65535 if n == 1
  read to 0 at 8 if n == 2
  stops() if n == 3
  nests() if n == 4
  grow 1 if n == 5
  free(8) if n == 6
  free(8) if n == 6
finally
  free(70000)
on env.stop()
  stop
on env.nest()
  nests()
";

#[test]
fn guide_documents_exactly_the_fields_that_exist() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("json-guide");
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let file = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("the test directory is writable");
        folder.join(name).display().to_string()
    };
    let recipe = "name all\nhost stubs\nonce\n  room = room()\neach line\n  p = ptr()\n  write at p within room\n* len = f(n)\n  \
                  fail \"no\" if len < 0\n  read len at p\non env.log(ptr, len)\n  say len at ptr\n";
    let (guest, recipe) = (file("all.wat", ALL), file("all.recipe", recipe));
    let script = format!(
        "ab\n:send hex ff\nabc\nabcd\nabcde\nabcdef\nabcdefg\nabcdefgh\n{}\n:globals count 2.5\n:grow\n:reset\nx\n",
        "y".repeat(101)
    );
    let script = file("all.txt", &script);
    let limits = ["--timeout", "100ms", "--max-output", "4000"];
    let args = [&guest, "--abi", &recipe, "--script", &script, "--show", "json", "--quiet"];
    let output = run(&[&args[..], &limits].concat(), b"");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let mut checker = Checker { tables: tables(), met: BTreeSet::new() };
    let found = objects(&output);
    assert_eq!(found.len(), 13, "one for each line and command");
    found.iter().for_each(|object| checker.object(object));
    let exits = run(&[&file("exits.wat", EXITS), "--show", "json"], b"x\n");
    objects(&exits).iter().for_each(|object| checker.object(object));
    let without_values = run(&["--show", "json", "--max-record", "1"], b"x\n");
    for change in objects(&without_values)[0]["changes"].as_array().expect("a list") {
        checker.kind("A change", change, &["kind"]);
    }
    let lines = format!("1\n22\n333\n4444\n55555\n666666\n{}\n", "7".repeat(70_000)).into_bytes();
    let args = ["--abi", &file("fails.recipe", FAILING), "--show", "json", "-k", "--max-memory", "64KiB"];
    let fails = run(&[&[file("fails.wat", FAILS).as_str()], &args[..]].concat(), &[&lines[..], b"\xff\n"].concat());
    objects(&fails).iter().for_each(|object| checker.object(object));
    checker.check_all_met("One object", &[]);
    checker.check_all_met("A step", &[]);
    checker.check_all_met("A change", &[]);
    checker.check_all_met("Accesses", &[]);
    // Nobody presses Ctrl-C here, these guests fit their recipes, and commands check what they set.
    let others = ["interrupted", "cancelled", "mismatch", "not_instantiated", "not_set", "recording_limit", "internal"];
    checker.check_all_met("An error", &others);
    checker.check_all_met("A frame", &SELDOM);
}

#[test]
fn json_contains_no_terminal_escapes() {
    let output = run(&["--show", "json"], "\x1b[2J\u{7f}\u{9b}\u{202e}\u{1f600}\u{e9}\n".as_bytes());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains(r"\u001b[2J\u007f\u009b\u202e") && text.contains('\u{1f600}') && text.contains('\u{e9}'),
        "{text}"
    );
    assert_eq!(objects(&output)[0]["input"]["text"], "\x1b[2J\u{7f}\u{9b}\u{202e}\u{1f600}\u{e9}");
}

#[test]
fn guides_completions_and_man_page_are_printed() {
    for (args, words) in [
        (&["guide", "json"][..], "| `elapsed_ns` |"),
        (&["guide", "commands"], ":peek TYPE ADDR [COUNT]"),
        (&["completions", "bash"], "--keep-going"),
        (&["completions", "zsh"], "#compdef linmem"),
        (&["completions", "fish"], "complete -c linmem"),
        (&["man"], ".TH linmem 1"),
        (&["man"], ".SH COMMANDS"),
        (&["--version"], concat!("linmem ", env!("CARGO_PKG_VERSION"))),
        (&["--help"], "Exit status: 0 success"),
        (&["replay", "--help"], "--max-memory <SIZE>"),
    ] {
        let output = run(args, b"");
        assert!(String::from_utf8_lossy(&output.stdout).contains(words), "{args:?}");
        assert_eq!(output.status.code(), Some(0));
    }
    assert_eq!(run(&["guide", "nothing"], b"").status.code(), Some(2));
    for command in ["guests", "recipe", "inspect", "guide", "replay", "completions", "man", ""] {
        let args: Vec<_> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let help = String::from_utf8(run(&args, b"").stdout).expect("it is text");
        let wide = help.lines().find(|line| line.chars().count() > 79);
        assert!(wide.is_none(), "{command} --help does not fit 80 columns: {wide:?}");
    }
    let help = String::from_utf8(run(&["replay", "--help"], b"").stdout).expect("it is text");
    for unused in ["--timeout", "--max-record", "--resend"] {
        assert!(!help.contains(unused), "nothing runs in a replay: {help}");
    }
}

/// The calls of `packed` with their results: an i64 packs the pointer and the length of the answer.
const CALLS: &str = "alloc\t1024\nshout\t4449586118668\ndealloc\ndealloc\n\
    alloc\t1024\nshout\t4406636445698\ndealloc\ndealloc\n";

/// The pipelines in the guide and the README, with their output. Skipped with a note if jq is missing.
#[test]
fn the_pipelines_of_guide_and_readme_work() {
    let guide = String::from_utf8(run(&["guide", "json"], b"").stdout).expect("it is text");
    let readme = include_str!("../README.md");
    let pipelines = guide.lines().filter(|line| line.contains("| jq")).map(str::trim);
    let pipelines: Vec<_> = pipelines.chain(readme.split('`').filter(|code| code.contains("| jq"))).collect();
    let expected = [
        "Did you know Wasm is cool!\nhi Wasm is cool!\n",
        "[1,14]\n[2,14]\n",
        CALLS,
        "",
        "static-buffer\n",
        "Did you know Wasm is cool!\nhi Wasm is cool!\n",
    ];
    assert_eq!(pipelines.len(), expected.len());
    if Command::new("jq").arg("--version").output().is_err() {
        println!("there is no jq here: the pipelines of the guide were not tried");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("jq");
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    std::fs::write(folder.join("lines"), "Did you know\nhi\n").expect("the test directory is writable");
    for (pipeline, expected) in pipelines.iter().zip(expected) {
        let output = hermetic::shell(pipeline).current_dir(&folder).output();
        let output = output.expect("sh is installed");
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{pipeline}");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
