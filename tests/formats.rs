//! Saved sessions of earlier formats stay readable. The files in `fixtures` were written by earlier versions and never
//! change; `session-v2.linmem` has every kind of step, value, change and failure of its format.

use std::path::{Path, PathBuf};

use linmem::guest::{Extern, Type};
use linmem::record::{Run, Value};
use linmem::session::{PastRun, Saved, load};

use crate::hermetic;
use crate::piped::text;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn load_fixture(name: &str) -> Saved {
    load(&fixture(name), 1 << 29).unwrap_or_else(|error| panic!("{name} can be read: {error}"))
}

/// The JSON that `replay --show json` prints for a saved session.
fn replayed(file: &Path) -> Vec<serde_json::Value> {
    let output = hermetic::linmem().arg("replay").arg(file).args(["--show", "json"]).output();
    let output = output.expect("linmem starts");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// Asserts that `found` has every field and element that `expected` has, with the same values. It may have more.
fn assert_includes(found: &serde_json::Value, expected: &serde_json::Value, path: &str) {
    match expected {
        serde_json::Value::Object(fields) => {
            for (name, expected) in fields {
                let found = found.get(name).unwrap_or_else(|| panic!("{path}.{name} is missing"));
                assert_includes(found, expected, &format!("{path}.{name}"));
            }
        }
        serde_json::Value::Array(elements) => {
            let found = found.as_array().unwrap_or_else(|| panic!("{path} is not a list"));
            assert_eq!(found.len(), elements.len(), "{path}");
            for (place, (found, expected)) in found.iter().zip(elements).enumerate() {
                assert_includes(found, expected, &format!("{path}[{place}]"));
            }
        }
        expected => assert_eq!(found, expected, "{path}"),
    }
}

fn bytes(run: &Run, memory: usize, addr: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    assert_eq!(run.present()[memory].read(addr, &mut bytes), len);
    bytes
}

#[test]
fn format_2_replays_as_it_was_recorded() {
    let expected = std::fs::read_to_string(fixture("session-v2.json")).expect("the fixture is there");
    let expected: Vec<serde_json::Value> =
        expected.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let found = replayed(&fixture("session-v2.linmem"));
    assert_eq!(found.len(), expected.len());
    for (line, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_includes(found, expected, &format!("line {}", line + 1));
    }
}

#[test]
fn format_2_keeps_guests_runs_globals_and_marks() {
    let Saved { past, last, bookmarks, damage } = load_fixture("session-v2.linmem");
    assert_eq!(damage, None);
    let runs: Vec<&PastRun> = past.iter().chain([&last]).collect();
    let told: Vec<_> = runs
        .iter()
        .map(|run| (run.about.name.as_str(), run.about.convention.as_str(), run.run.oldest(), run.run.len()))
        .collect();
    assert_eq!(
        told,
        [
            ("all.wat", "all", 0, 16),
            ("all.wat", "all", 0, 3),
            ("other.wat", "wasi", 0, 2),
            ("made by hand.wat", "all", 3, 11)
        ]
    );
    let all = &runs[0].about;
    assert_eq!(all.sha256.len(), 64);
    assert!(all.recipe.contains("* len = f(n)"), "{}", all.recipe);
    assert_eq!((all.undecided.as_deref(), all.memory), (None, 0));
    assert_eq!(last.about.undecided.as_deref(), Some("several conventions could fit"));
    let interface = &all.interface;
    let export = |name: &str| interface.exports.iter().find(|export| export.name == name).map(|export| &export.what);
    let Some(Extern::Func(pair)) = export("pair") else { panic!("`pair` is exported") };
    assert!(pair.is(&[Type::F32, Type::F64, Type::I64], &[Type::I32, Type::I64]));
    assert!(matches!(export("scratch"), Some(Extern::Memory { index: 1, pages: 1 })));
    assert!(matches!(export("table"), Some(Extern::Table(_))) && matches!(export("oops"), Some(Extern::Tag)));
    let imports: Vec<_> = interface.imports.iter().map(|import| import.full_name()).collect();
    assert_eq!(imports, ["env.log", "env.odd", "env.take", "env.refuse"]);
    let memory = interface.memories[0];
    assert_eq!((memory.pages, memory.most, memory.shared, memory.wide), (1, Some(4), false, false));
    let segment = &interface.segments[1];
    assert_eq!((segment.memory, segment.addr, segment.len), (1, Some(16), 9));
    assert_eq!(segment.name.as_deref(), Some("other"));
    let stack = interface.globals.iter().find(|global| global.name == "__stack_pointer").expect("it has a name");
    assert_eq!(stack.start, Some(4096));
    assert!(interface.has_start && !interface.is_dynamic);
    assert_eq!(interface.says.as_deref(), Some("static-buffer"));
    let globals: Vec<_> =
        runs[0].globals.iter().map(|global| (global.name.as_str(), global.ty, global.value)).collect();
    assert_eq!(
        globals,
        [
            ("buffer", Type::I32, Value::I32(64)),
            ("count", Type::F64, Value::F64(2.5_f64.to_bits())),
            ("wide", Type::I64, Value::I64(18_014_402_804_449_283))
        ]
    );
    assert_eq!(bytes(&runs[0].run, 0, 0x100, 4), 77_u32.to_le_bytes());
    assert_eq!(bytes(&runs[0].run, 1, 16, 9), b"Elsewhere");
    let start = &last.run.start()[0];
    assert_eq!((start.byte(64), start.byte(65)), (Some(b'a'), Some(b't')));
    assert_eq!(bytes(&last.run, 0, 64, 7), [0; 7]);
    let marks: Vec<_> = bookmarks.iter().map(|mark| (mark.name.as_str(), mark.memory, mark.start, mark.end)).collect();
    assert_eq!(marks, [("here", 0, 0x40, 0x50), ("there", 0, 0xc8, 0xcc), ("far", 1, 0x10, 0x19)]);
}

/// Stores and loads the line's first byte.
const TURNS: &str = r#"(module (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param i32) (result i32)
        (i32.store8 (i32.const 65) (i32.load8_u (i32.const 64))) (local.get 0)))"#;

/// The lines of a saved session of that guest, without their checksums.
fn recorded(folder: &Path) -> Vec<serde_json::Value> {
    std::fs::create_dir_all(folder).expect("the test directory is writable");
    std::fs::write(folder.join("guest.wat"), TURNS).expect("the test directory is writable");
    std::fs::write(folder.join("script"), "ab\n:save session overwrite\n").expect("the test directory is writable");
    let mut command = hermetic::linmem();
    command.current_dir(folder).args(["guest.wat", "--trace", "loads", "--script", "script"]);
    assert!(command.output().expect("linmem starts").status.success());
    let text = std::fs::read_to_string(folder.join("session")).expect("it was saved");
    text.lines().map(|line| serde_json::from_str(&line[..line.len() - 9]).expect("JSON")).collect()
}

/// Writes lines with their checksums, as a file of that name.
fn put(folder: &Path, name: &str, lines: &[serde_json::Value]) -> PathBuf {
    let line = |line: &serde_json::Value| {
        let text = line.to_string();
        format!("{text} {:08x}\n", crc32fast::hash(text.as_bytes()))
    };
    std::fs::write(folder.join(name), lines.iter().map(line).collect::<String>()).expect("it is writable");
    folder.join(name)
}

#[test]
fn files_that_do_not_tell_what_was_recorded_are_read_by_what_they_hold() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("formats-traced");
    let mut lines = recorded(&folder);
    let now = replayed(&folder.join("session"));
    for cause in lines.iter_mut().filter_map(|line| line.get_mut("cause")) {
        let cause = cause.as_object_mut().expect("an object");
        cause.remove("traced");
        for step in cause["steps"].as_array_mut().expect("a list") {
            let is_empty = step.get("accesses").is_some_and(|range| range[0] == range[1]);
            if is_empty {
                step.as_object_mut().expect("an object").remove("accesses");
            }
        }
    }
    let earlier = put(&folder, "earlier", &lines);
    assert_eq!(replayed(&earlier), now);
    let asked = |file: &str| {
        std::fs::write(folder.join("ask"), format!(":load {file}\n:readers 64\n")).expect("it is writable");
        let output = hermetic::linmem().current_dir(&folder).args(["guest.wat", "--script", "ask"]).output();
        let printed = text(&output.expect("linmem starts").stdout);
        printed.lines().filter(|line| line.starts_with("exchange 1 step ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let readers = asked("session");
    assert!(readers.len() == 2 && readers[0].contains("  load ") && readers[1].contains("  host read "), "{readers:?}");
    assert_eq!(asked("earlier"), readers, "the host's read is in its place");
}

#[test]
fn exchanges_that_are_listed_without_their_bytes_are_checked() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("formats-listed");
    let lines = recorded(&folder);
    let with = |oldest: usize, ranges: serde_json::Value| {
        let mut lines = lines.clone();
        let mut cause = lines.iter().find_map(|line| line.get("cause")).expect("it has causes").clone();
        for step in cause["steps"].as_array_mut().expect("a list") {
            step["changes"] = serde_json::json!([0, 0]);
        }
        cause["changes"] = 0.into();
        cause["written"] = serde_json::json!([{ "memory": 0, "by": "host", "evidence": "written", "ranges": ranges }]);
        let run = lines.iter_mut().find_map(|line| line.get_mut("run")).expect("it has a run");
        run["oldest"] = oldest.into();
        run["listed"] = serde_json::json!([cause, cause]);
        load(&put(&folder, "listed", &lines), 1 << 29)
    };
    let saved = with(5, serde_json::json!([[64, 65], [70, 70]])).expect("it is sound");
    let run = &saved.last.run;
    assert_eq!((run.oldest_listed(), run.oldest()), (3, 5));
    assert_eq!(run.listed(4).expect("it is listed").written[0].bounds(), [(64, 65), (70, 70)]);
    assert_eq!(
        with(1, serde_json::json!([])).expect("it is sound").last.run.oldest_listed(),
        0,
        "not before the first"
    );
    for unsound in
        [serde_json::json!([[2, 1]]), serde_json::json!([[1, 2], [3, 3]]), serde_json::json!([[9, 9], [1, 1]])]
    {
        let damage = with(5, unsound).err().expect("it is refused").to_string();
        assert!(damage.contains("the written ranges of a record are damaged"), "{damage}");
    }
}
