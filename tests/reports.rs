//! Reports over all exchanges: who wrote and read a range, where a value came from, the profile, and expectations.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use crate::hermetic;
use crate::piped::text;

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports").join(test);
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    folder
}

fn script(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut command = hermetic::linmem();
    command.current_dir(folder).args(args).args(["--script", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

/// What a script prints, and its exit status must be that.
#[track_caller]
fn run(test: &str, args: &[&str], input: &str, code: i32) -> String {
    let output = script(&folder(test), args, input);
    let printed = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{printed}");
    printed
}

#[track_caller]
fn has(printed: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(printed.contains(wanted), "{wanted}\n{printed}");
    }
}

/// Copies the line with `memory.copy` to 0x200, its first byte from there by load and store to 0x300, stores a constant
/// at 0x301, and returns the line.
const COPIER: &str = r#"(module (memory (export "memory") 1)
    (data $words (i32.const 0x400) "words")
    (func (export "ptr") (result i32) (i32.const 64))
    (func $copy_line (export "f") (param i32) (result i32) (local i32)
        (memory.copy (i32.const 0x200) (i32.const 64) (local.get 0))
        (i32.store8 (i32.const 0x300) (i32.load8_u (i32.const 0x200)))
        (local.set 1 (i32.load8_u (i32.const 0x400)))
        (i32.store8 (i32.const 0x302) (local.get 1))
        (i32.store8 (i32.const 0x301) (i32.const 42))
        (local.get 0)))"#;

fn copier(test: &str) {
    std::fs::write(folder(test).join("copier.wat"), COPIER).expect("the folder is ours");
}

#[test]
fn writers_are_listed_over_all_exchanges_with_old_and_new_bytes() {
    let printed = run("writers", &[], "hello\nworld\n:writers 0x41c..0x41e\n:readers 0x410\n", 0);
    has(
        &printed,
        &[
            "exchange 1 step 3  copy 14 B at 0x415..0x423  0x41c: 00 00 -> 73 20  add_wasm_is_cool at offset",
            "exchange 2 step 3  copy 14 B at 0x415..0x423  0x41c: 73 20 -> 73 20",
            "add_wasm_is_cool",
            "note: the guest's loads were not recorded in the start and exchanges 1 to 2; `--trace loads` records them",
        ],
    );
    let printed = run("writers", &[], "hello\n:writers 0x410\n:poke u8 0x410 7\n:writers 0x410\n", 0);
    has(&printed, &["host write 5 B at 0x410..0x415  0x410: 00 -> 68", "host write 1 B at 0x410..0x411  68 -> 07"]);
}

#[test]
fn an_unrecorded_write_is_unknown_and_never_as_expected() {
    let script =
        "hello\n:expect writer 0x41c add_wasm_is_cool\n:expect unwritten 0x800..0x900\n:expect writer 0x410 host\n";
    run("expect", &[], script, 0);
    let printed = run("expect", &[], "hello\n:expect writer 0x41c host\n:expect unwritten 0x415..0x430\n", 1);
    has(&printed, &["stdin:2: expected 0x41c written by host, found: exchange 1", "stdin:3: expected 27 B at"]);
    let printed = run("expect", &["--trace", "off"], script, 1);
    has(
        &printed,
        &[
            "stdin:2: expected 0x41c written by add_wasm_is_cool, but the writer is unknown",
            "stdin:3: expected 256 B at 0x800..0x900 unwritten, but that is unknown: the guest's stores were not recorded",
        ],
    );
    let printed = run("expect", &[], "hello\n:expect writer 0x900 add_wasm_is_cool\n", 1);
    has(&printed, &["but nothing wrote it"]);
}

#[test]
fn an_origin_is_followed_back_to_its_birth() {
    copier("origin");
    let script = "hello\n:origin 0x201\n:origin 0x300\n:origin 0x301\n:origin 0x302\n:origin 0x403\n:origin 0x500\n";
    let printed = run("origin", &["copier.wat"], script, 0);
    has(
        &printed,
        &[
            "0x201: copied from 0x41 by memory.copy in ",
            "0x41: byte 1 of the line, written by the host in exchange 1 step ",
            "0x301: constant (i32.const 42) in ",
            "stopped: the guest's loads were not recorded; with `--trace loads` it can be followed further",
            "0x500: 0x500 was never written",
            "0x403: data segment `",
        ],
    );
    let printed = run("origin", &["copier.wat", "--trace", "loads"], script, 0);
    has(
        &printed,
        &[
            "0x300: loaded from 0x200 and stored in ",
            "0x200: copied from 0x40 by memory.copy in ",
            "0x40: byte 0 of the line",
            "0x302: loaded from 0x400 and stored in ",
            "(inferred from equal values)",
            "0x400: data segment `",
        ],
    );
    assert!(!printed.contains("can be followed further"), "{printed}");
}

#[test]
fn a_copy_is_a_read_of_its_source() {
    copier("readers");
    let printed = run("readers", &["copier.wat"], "hello\n:readers 0x40..0x45\n", 0);
    has(&printed, &["copy 5 B at 0x40..0x45  68 65 6c 6c 6f  "]);
}

#[test]
fn the_profile_counts_by_function() {
    let printed = run("profile", &[], "hello\nworld\n:profile\n", 0);
    has(&printed, &["add_wasm_is_cool", "the host", "hottest ranges of 16 bytes"]);
    // Each copy of 14 bytes touches both, and each line of the host the first.
    has(&printed, &["4 accesses at 0x410", "2 accesses at 0x420"]);
}

#[test]
fn the_profile_has_a_dash_for_loads_that_were_not_recorded() {
    std::fs::write(folder("dash").join("shouts.wat"), crate::cases::SHOUTS).expect("the folder is ours");
    let loads = |trace: &str| {
        let printed = run("dash", &["shouts.wat", "--trace", trace], "hello\n:profile\n", 0);
        let row = printed.lines().find(|line| line.ends_with("  up")).expect("the function has a row").to_owned();
        row.split_whitespace().nth(2).expect("the third column").to_owned()
    };
    assert_eq!((loads("stores"), loads("loads")), ("-".to_owned(), "5".to_owned()));
    let json = |trace: &str| {
        let args = ["shouts.wat", "--trace", trace, "--show", "json"];
        let output = script_json_of(&folder("dash"), &args, "hello\n:profile json\n");
        let rows = output.iter().find_map(|object| object.get("rows")?.as_array()).expect("it is reported");
        let loads = |by: &str| {
            let row = rows.iter().find(|row| row["by"] == by).expect("there is such a row");
            (row["loads"].clone(), row["bytes_read"].clone())
        };
        (loads("guest"), loads("host"))
    };
    let unknown = (serde_json::Value::Null, serde_json::Value::Null);
    assert_eq!(json("stores"), (unknown.clone(), unknown.clone()));
    assert_eq!(json("loads"), ((5.into(), 5.into()), unknown));
}

/// Hands out a block of 64 bytes, and answers with the line.
const BLOCKS: &str = r#"(module (memory (export "memory") 1)
    (func (export "alloc") (param i32) (result i32) (i32.const 0x400))
    (func (export "dealloc") (param i32 i32))
    (func (export "f") (param i32 i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#;

/// Asks for much more than the line needs.
const BLOCKS_RECIPE: &str =
    "name blocks\neach line\n  p = alloc(64)\n  write line at p\n* q = f(p, n)\n  read n at p\n";

#[test]
fn what_poison_writes_is_not_taken_for_the_line() {
    let folder = folder("poison");
    std::fs::write(folder.join("blocks.wat"), BLOCKS).expect("the folder is ours");
    std::fs::write(folder.join("blocks.recipe"), BLOCKS_RECIPE).expect("the folder is ours");
    let args = ["blocks.wat", "--abi", "blocks.recipe", "--poison", "cc"];
    let ask =
        ":writers 0x401\n:origin 0x410\n:origin 0x401\n:profile\n:regions\n:steps\n:exchange 1.3\n:inspect 0x430\n";
    let printed = run("poison", &args, &format!("hello\n{ask}"), 0);
    has(
        &printed,
        &[
            "exchange 1 step 3  host poison 64 B at 0x400..0x440  0x401: 00 -> cc",
            "host write 5 B at 0x400..0x405",
            "0x410: poison (--poison), written by the host in exchange 1 step 3",
            "0x401: byte 1 of the line",
            "           1             64            -  the host (--poison)",
            "           1              5            -  the host",
            "1 access at 0x400",
            "input      5 B at 0x400..0x405",
            "poison 64 B at 0x400..0x440",
            "now: the host, exchange 1 step 3 (--poison)",
        ],
    );
    let output = script_json_of(&folder, &[&args[..], &["--show", "json"]].concat(), "hello\n:profile json\n");
    let rows = output.iter().find_map(|object| object.get("rows")).expect("it is reported");
    assert_eq!((&rows[0]["by"], &rows[1]["by"]), (&serde_json::json!("poison"), &serde_json::json!("host")));
}

/// Accesses nothing: its answer is the line.
const IDLE: &str = r#"(module (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param i32) (result i32) (local.get 0)))"#;

#[test]
fn the_record_tells_what_was_recorded_of_a_guest_that_accesses_nothing() {
    std::fs::write(folder("idle").join("idle.wat"), IDLE).expect("the folder is ours");
    let ask = ":readers 64\n:expect unwritten 0x800..0x900\n:profile\n:origin 0x800\n";
    let script = format!("hello\n{ask}:save session overwrite\n:load session\n{ask}");
    let printed = run("idle", &["idle.wat", "--trace", "loads"], &script, 0);
    assert!(!printed.contains("not recorded"), "{printed}");
    assert_eq!(printed.matches("memory starts out as zeros").count(), 2, "{printed}");
    let printed = run("idle", &["idle.wat"], &script, 0);
    assert!(!printed.contains("stores were not recorded"), "{printed}");
    assert_eq!(printed.matches("the guest's loads were not recorded in exchange 1").count(), 2, "{printed}");
    let printed = run("idle", &["idle.wat", "--trace", "off"], &script, 1);
    assert!(printed.contains("that is unknown: the guest's stores were not recorded in exchange 1"), "{printed}");
    for (trace, recorded) in [("loads", "loads"), ("stores", "stores"), ("off", "off")] {
        let args = ["idle.wat", "--trace", trace, "--show", "json"];
        let output = script_json_of(&folder("idle"), &args, "hello\n:poke u8 200 1\n");
        let found: Vec<_> = output.iter().filter_map(|object| object.get("recorded")).collect();
        assert_eq!(found, [&serde_json::json!(recorded), &serde_json::Value::Null], "{trace}");
    }
}

#[test]
fn a_saved_session_lists_the_readers_in_order() {
    copier("order");
    let script = "hello\n:readers 64\n:save session overwrite\n:load session\n:readers 64\n";
    let printed = run("order", &["copier.wat"], script, 0);
    let entries: Vec<_> = printed.lines().filter(|line| line.contains("exchange 1 step ")).collect();
    let [copy, read, saved @ ..] = &entries[..] else { panic!("{printed}") };
    assert!(copy.contains("  copy 5 B at 0x40") && read.contains("  host read 5 B at 0x40"), "{printed}");
    assert_eq!(saved, [*copy, *read], "{printed}");
}

#[test]
fn reports_are_json_too() {
    copier("json");
    let script = "hello\n:writers 0x200 json\n:readers 0x40 json\n:origin 0x201 json\n:profile json\n";
    let output = script_json(&folder("json"), script);
    let reports: Vec<_> = output.iter().filter(|object| object.get("report").is_some()).collect();
    assert_eq!(reports.len(), 4, "{output:?}");
    assert_eq!(reports[0]["entries"][0]["kind"], "copy");
    assert_eq!(reports[0]["entries"][0]["new"], "68");
    assert_eq!(reports[1]["entries"][0]["start"], 0x40);
    assert_eq!(reports[2]["links"][1]["certain"], true);
    assert!(reports[3]["rows"][0]["bytes"].as_u64().is_some_and(|bytes| bytes > 0));
}

fn script_json(folder: &Path, input: &str) -> Vec<serde_json::Value> {
    script_json_of(folder, &["copier.wat", "--show", "json"], input)
}

fn script_json_of(folder: &Path, args: &[&str], input: &str) -> Vec<serde_json::Value> {
    let output = script(folder, args, input);
    let lines = text(&output.stdout);
    lines.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

#[test]
fn a_saved_session_keeps_its_accesses() {
    copier("saved");
    let ask = ":writers 0x200..0x302\n:origin 0x201\n:expect unwritten 0x600..0x700\n";
    let live = run("saved", &["copier.wat"], &format!("hello\n{ask}:save session overwrite\n"), 0);
    let mut command = hermetic::linmem();
    command.current_dir(folder("saved")).args(["replay", "session", "--repl"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    child.stdin.take().expect("it is piped").write_all(ask.as_bytes()).expect("it reads");
    let printed = text(&child.wait_with_output().expect("it ends").stdout);
    let interesting = |line: &&str| line.contains("exchange 1 step");
    let lines: Vec<_> = live.lines().filter(interesting).collect();
    assert!(lines.len() == 5, "{live}");
    for line in lines {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
}
