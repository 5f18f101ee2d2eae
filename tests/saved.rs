//! Saved sessions: they replay without a guest, and damaged ones are read up to the damage.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;

use crossterm::event::KeyCode;
use linmem::front::Offscreen;
use linmem::record::{Target, Touch};
use linmem::session::{Options, Source, load};
use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell};

use crate::hermetic;
use crate::piped::text;

/// The commands that make up the saved session, and what is shown then.
const SCRIPT: &str = "Did you know\n:send hex ff00\n:poke u32 0x1000 77\n:call get_wasm_memory_buffer_len\n:grow\n\
    :send file long\nlast\n:mark here 0x1000 4\n:save session overwrite\n:exchange 1\n:exchange 4\n:exchange 7\n";

fn linmem(folder: &Path, args: &[&str]) -> Output {
    hermetic::linmem().current_dir(folder).args(args).output().expect("linmem starts")
}

/// An empty directory.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("saved").join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    folder
}

/// A directory with a saved session, as `session`, and the output of the script that saved it.
fn saved(test: &str) -> (PathBuf, String) {
    let folder = folder(test);
    std::fs::write(folder.join("long"), vec![b'x'; 2000]).expect("the test directory is writable");
    std::fs::write(folder.join("script"), SCRIPT).expect("the test directory is writable");
    let output = linmem(&folder, &["--script", "script"]);
    let stdout = text(&output.stdout);
    assert!(stdout.contains("saved; open it with `linmem replay session`"), "{stdout}{}", text(&output.stderr));
    (folder, stdout)
}

/// Runs a script on a saved session at the prompt.
fn ask(folder: &Path, file: &str, input: &str) -> String {
    use std::io::Write;
    let mut child = hermetic::linmem()
        .current_dir(folder)
        .args(["replay", file, "--repl"])
        .env("XDG_STATE_HOME", folder)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("linmem starts");
    child.stdin.take().expect("the stream is piped").write_all(input.as_bytes()).expect("it reads");
    text(&child.wait_with_output().expect("it exits").stdout)
}

#[test]
fn recorded_stores_are_saved_too() {
    let (folder, _) = saved("stores");
    let saved = load(&folder.join("session"), 1 << 29).unwrap_or_else(|error| panic!("it can be read: {error}"));
    let cause = saved.last.run.cause(1).expect("a line was sent");
    let suffix = Target { memory: 0, range: 0x41c..0x42a, reads: false };
    let stores = cause.touches(&suffix).filter_map(|touch| match touch {
        Touch::Access(number) => cause.accesses.get(number),
        Touch::Change(_) => None,
    });
    let written: Vec<u8> = stores.flat_map(|store| store.new_bytes().expect("they are kept").to_vec()).collect();
    assert_eq!(written, b" Wasm is cool!");
    let before = saved.last.run.at_access(1, 0).expect("it is known");
    assert_eq!((before[0].byte(0x41b), before[0].byte(0x41c)), (Some(b'w'), Some(0)));
}

#[test]
fn a_saved_session_shows_the_same_cells() {
    let (folder, live) = saved("cells");
    let replayed = ask(
        &folder,
        "session",
        ":exchange 1\n:exchange 4\n:exchange 7\n:peek u32 0x1000\nline\n:call x\n:poke u8 0 0\n",
    );
    let cells = live
        .split("> :exchange 1\n")
        .nth(1)
        .expect("the script goes there")
        .replace("> :exchange 4\n", "")
        .replace("> :exchange 7\n", "");
    assert!(replayed.contains(&cells), "{replayed}\n----\n{cells}");
    assert!(replayed.contains("0x1000  u32 77"), "{replayed}");
    assert_eq!(replayed.matches("nothing can run in a saved session").count(), 2, "{replayed}");
    assert!(replayed.contains("Saved session: ") && !replayed.contains("to send"), "{replayed}");
    // Regions and marks are the same: they derive from what is saved of the guest and of the user.
    let regions = ask(&folder, "session", ":regions\n:peek u32 here\n");
    let names: Vec<_> = regions.lines().filter_map(|line| line.split(' ').next()).collect();
    for name in ["here", "input", "output", "buffer", "data1"] {
        assert!(names.contains(&name), "{name}: {regions}");
    }
    assert!(regions.contains("0x1000  u32 77"), "{regions}");
}

#[test]
fn a_saved_session_is_the_same_json_each_time() {
    let (folder, _) = saved("json");
    let first = linmem(&folder, &["replay", "session", "--show", "json"]);
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(text(&first.stdout).lines().count(), 7);
    ask(&folder, "session", ":save copy\n");
    let copy = linmem(&folder, &["replay", "copy", "--show", "json"]);
    assert_eq!(text(&first.stdout), text(&copy.stdout));
    assert_eq!(std::fs::read(folder.join("session")).ok(), std::fs::read(folder.join("copy")).ok());

    // The JSON printed live was identical, except for the command that saved the session.
    std::fs::write(folder.join("script"), SCRIPT).expect("the test directory is writable");
    let live = linmem(&folder, &["--script", "script", "--show", "json", "--quiet"]);
    let replayed = linmem(&folder, &["replay", "session", "--show", "json"]);
    assert_eq!(text(&live.stdout), text(&replayed.stdout));
    assert_eq!(text(&live.stdout).lines().count(), 7);

    // And identical to the pipe's, except for times.
    let pipe = linmem(&folder, &["--show", "json", "--line", "Did you know"]);
    let timeless = |json: &str| {
        let mut object: serde_json::Value = serde_json::from_str(json).expect("JSON");
        object["elapsed_ns"] = 0.into();
        object["steps"].as_array_mut().expect("a list").iter_mut().for_each(|one| one["elapsed_ns"] = 0.into());
        object
    };
    let first = text(&first.stdout);
    assert_eq!(timeless(first.lines().next().expect("a line")), timeless(&text(&pipe.stdout)));
    let hex = text(&linmem(&folder, &["replay", "session", "--show", "hex"]).stdout);
    assert!(hex.contains("the host wrote 4 bytes at 0x1000..0x1004, 1 of them changed"), "{hex}");
    assert!(text(&linmem(&folder, &["replay", "session"]).stdout) == hex, "without a terminal it is printed");
}

#[test]
fn the_full_screen_shows_the_same_cells_of_a_saved_session() {
    let folder = folder("screen");
    let file = folder.join("session");
    let mut live = Offscreen::open(Source::default_guest(), Options::default(), 120, 40).expect("the guest is valid");
    for line in
        ["Did you know", ":grow", ":poke text 0x10400 far away", ":reset", "again", ":call get_wasm_memory_buffer_len"]
    {
        live.send(line).expect("the guest is valid");
    }
    live.send(&format!(":save {}", file.display())).expect("the guest is valid");
    let mut replayed = Offscreen::replay(load(&file, 1 << 29).expect("it was saved"), 120, 40);
    // From a known position: through exchanges and steps, the memory and its panels, and back in time.
    for key in [KeyCode::Esc, KeyCode::F(5), KeyCode::Char('G'), KeyCode::Char('g')] {
        live.press(key);
        replayed.press(key);
    }
    let time = [5, 8, 7, 5, 8, 8, 6, 5].map(KeyCode::F);
    let memory = [KeyCode::Char('.'), KeyCode::Char('v'), KeyCode::Char('G'), KeyCode::Char('g')];
    for key in time.iter().chain(&memory).chain(&[KeyCode::Tab; 6]).chain(&time) {
        live.press(*key);
        replayed.press(*key);
        let (live, replayed) = (live.draw_settled(), replayed.draw_settled());
        // The newest exchange of a live guest is labelled live, at the end of the second row.
        let cells = |buffer: &Buffer| {
            let cells = buffer.content().iter().enumerate();
            cells.filter(|(at, _)| !(220..240).contains(at)).map(|(_, cell)| cell.clone()).collect::<Vec<_>>()
        };
        let rows = |cells: &[Cell]| {
            let row = |cells: &[Cell]| cells.iter().map(Cell::symbol).collect::<String>();
            cells.chunks(120).map(row).collect::<Vec<_>>()
        };
        let (live, replayed) = (cells(live), cells(replayed));
        let (shown, same) = (rows(&live), rows(&replayed));
        let different: Vec<_> = shown.iter().zip(&same).filter(|(live, replayed)| live != replayed).collect();
        assert!(different.is_empty(), "after {key:?}: {different:#?}");
        assert!(live == replayed, "the styles differ after {key:?}");
    }
}

#[test]
fn all_runs_are_saved_with_their_guests() {
    let folder = folder("runs");
    let other = r#"(module (memory (export "mem") 1) (global (export "count") (mut i32) (i32.const 5))
        (func (export "ptr") (result i32) (i32.const 64)) (func (export "f") (param i32) (result i32) (local.get 0)))"#;
    std::fs::write(folder.join("other.wat"), other).expect("the test directory is writable");
    let script = "one\n:reset\ntwo\n:reload other.wat\nthree\n:globals count 6\n:mark here 0x44 4\n:save session\n";
    std::fs::write(folder.join("script"), script).expect("the test directory is writable");
    let live = linmem(&folder, &["--script", "script", "--show", "json"]);
    let replayed = linmem(&folder, &["replay", "session", "--show", "json"]);
    assert_eq!(text(&live.stdout), text(&replayed.stdout));
    let told = text(&live.stdout);
    let runs: Vec<_> =
        told.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")).collect();
    let runs: Vec<_> =
        runs.iter().map(|object| (object["run"].as_u64().unwrap_or(1), object["line"].as_u64())).collect();
    assert_eq!(runs, [(1, Some(1)), (2, Some(0)), (2, Some(1)), (3, Some(0)), (3, Some(1)), (3, Some(2))]);
    let said = ask(
        &folder,
        "session",
        ":runs\n:mark\n:runs 1\n:peek u8 0x410\n:exports\n:runs now\n:exports\n:globals\n:memory\n:convention\n:reset\n",
    );
    for words in [
        "this run: 2 exchanges   (run 3, other.wat)",
        "f  function (i32)",
        "0x410  u8 111",
        "add_wasm_is_cool  function",
        "4 B at 0x44..0x48",
        "count = 6",
        "memory 0: 1 page",
        "static-buffer",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.contains("nothing can run in a saved session"), "{said}");
}

#[test]
fn resources_of_loading_a_file_are_bounded() {
    let folder = folder("bounds");
    let script = ":grow 100\n:poke text 0x10000 one\n:poke text 0x200000 two\nlast\n:save session\n";
    std::fs::write(folder.join("script"), script).expect("the test directory is writable");
    assert_eq!(linmem(&folder, &["--script", "script"]).status.code(), Some(0));
    let sound = std::fs::read_to_string(folder.join("session")).expect("it is text");
    let replay = |text: &str, args: &[&str]| {
        std::fs::write(folder.join("hostile"), text).expect("the test directory is writable");
        let output = linmem(&folder, &[&["replay", "hostile", "--show", "json"], args].concat());
        assert_eq!(output.status.code(), Some(7));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let line = |json: &str| format!("{json} {:08x}\n", crc32fast::hash(json.as_bytes()));
    let head = sound.lines().next().map(|line| format!("{line}\n")).expect("it has a head");
    // Maximum-size memories many times; endless pages; one run too many; a page that is too long.
    let memories = [head.clone(), line(r#"{"memory":{"bytes":4294967296}}"#).repeat(90)].concat();
    assert!(replay(&memories, &[]).contains("larger than those of any guest"));
    let page =
        |number: usize| line(&format!("{{\"page\":{{\"number\":{number},\"bytes\":\"{}\"}}}}", "00".repeat(4096)));
    let pages: String = (0..400).map(page).collect();
    let many = [head.clone(), line(r#"{"memory":{"bytes":4294967296}}"#), pages].concat();
    let words = replay(&many, &["--max-memory", "1MiB"]);
    assert!(words.contains("more than 1,048,576 bytes (--max-memory"), "{words}");
    assert!(replay(&many, &[]).contains("unexpected end of file"), "and within the limit it is only cut short");
    let run = sound.lines().find(|line| line.starts_with("{\"run\"")).map(|line| format!("{line}\n")).expect("a run");
    assert!(replay(&[head.clone(), run.repeat(9)].concat(), &[]).contains("a run has no records"));
    let cause = sound.lines().find(|line| line.starts_with("{\"cause\"")).expect("a cause");
    let runs = format!("{run}{}", line(&idle(&cause[..cause.len() - 9]))).repeat(9);
    assert!(replay(&[head.clone(), runs].concat(), &[]).contains("more runs than a session keeps"));
    let long = line(&format!("{{\"page\":{{\"number\":0,\"bytes\":\"{}\"}}}}", "00".repeat(4097)));
    assert!(replay(&[head, line(r#"{"memory":{"bytes":65536}}"#), long].concat(), &[]).contains("outside its memory"));
}

/// Turns a cause into one without effects.
fn idle(cause: &str) -> String {
    let mut cause: serde_json::Value = serde_json::from_str(cause).expect("JSON");
    cause["cause"]["steps"] = serde_json::json!([]);
    cause["cause"]["changes"] = 0.into();
    cause["cause"]["focus"] = serde_json::Value::Null;
    cause.to_string()
}

/// Writes lines of JSON with their checksums to a file in a directory.
fn forge(folder: &Path, lines: &[String]) -> PathBuf {
    let file = folder.join("forged");
    let sums = lines.iter().map(|line| format!("{line} {:08x}\n", crc32fast::hash(line.as_bytes())));
    std::fs::write(&file, sums.collect::<String>()).expect("the test directory is writable");
    file
}

/// The error for a rejected file.
fn refused(file: &Path) -> String {
    load(file, 1 << 29).err().expect("it is refused").to_string()
}

/// The saved session with its first line of that prefix edited.
fn edited(begins: &str, edit: impl Fn(&mut serde_json::Value)) -> Vec<String> {
    let mut lines = rich().to_vec();
    let line = lines.iter_mut().find(|line| line.starts_with(begins)).expect("it is there");
    let mut value = serde_json::from_str(line).expect("JSON");
    edit(&mut value);
    *line = value.to_string();
    lines
}

#[test]
fn a_forged_number_of_forgotten_causes_takes_no_time() {
    let folder = folder("forgotten");
    let forged = |oldest: u64| edited("{\"run\"", |run| run["run"]["oldest"] = oldest.into());
    // The maximum number is shown as unknown causes, without listing them.
    let file = forge(&folder, &forged(1_000_000_000_000));
    let mut screen = Offscreen::replay(load(&file, 1 << 29).expect("it is sound"), 120, 40);
    screen.press(KeyCode::Esc);
    let shown: String = screen.draw_settled().content().iter().map(Cell::symbol).collect();
    assert!(shown.contains("of 1000000000007 ") && shown.contains("?????x") && shown.contains("a cell"), "{shown}");
    for oldest in [(1 << 40) + 1, u64::MAX - 1, u64::MAX] {
        let error = refused(&forge(&folder, &forged(oldest)));
        assert!(error.contains("invalid number of dropped exchanges"), "{error}");
    }
    // A run of which nothing is known would be waited for forever.
    let mut lines = forged(5);
    let first = lines.iter().position(|line| line.starts_with("{\"cause\"")).expect("a cause");
    lines.truncate(first);
    lines.push("{\"end\":{\"causes\":0}}".to_owned());
    let error = refused(&forge(&folder, &lines));
    assert!(error.contains("a run has no records"), "{error}");
}

/// A session file, with valid checksums, in which steps have impossible ranges of changes.
#[test]
fn steps_whose_changes_do_not_nest_are_refused() {
    let folder = folder("ranges");
    for (changes, depths) in [
        // Not ascending; end before start; outside the enclosing call; overlapping; out of range.
        ([[1, 1], [0, 1]], [0, 0]),
        ([[1, 0], [1, 1]], [0, 0]),
        ([[0, 0], [0, 1]], [0, 1]),
        ([[0, 1], [0, 1]], [0, 0]),
        ([[0, 3], [3, 3]], [0, 0]),
        // Inside a call that does not exist; skipping a depth.
        ([[0, 1], [1, 1]], [1, 0]),
        ([[0, 1], [0, 1]], [0, 2]),
    ] {
        let lines = edited("{\"cause\":{\"trigger\":{\"line\"", |cause| {
            let steps = cause["cause"]["steps"].as_array_mut().expect("a list");
            let step = |place: usize| {
                let mut step = steps[0].clone();
                step["depth"] = depths[place].into();
                step["changes"] = changes[place].to_vec().into();
                step
            };
            *steps = vec![step(0), step(1)];
            cause["cause"]["focus"] = 0.into();
        });
        let file = forge(&folder, &lines);
        for form in ["hex", "json"] {
            let output = linmem(&folder, &["replay", &file.display().to_string(), "--show", form]);
            let stderr = text(&output.stderr);
            assert_eq!(output.status.code(), Some(7), "{changes:?} {depths:?} {form}: {stderr}");
            assert!(
                stderr.contains("do not fit together") && !stderr.contains("panic"),
                "{changes:?} {depths:?}: {stderr}"
            );
        }
    }
}

#[test]
fn truncated_run_does_not_hide_earlier_ones() {
    let folder = folder("begins");
    let mut lines = rich().to_vec();
    let run = lines.iter().find(|line| line.starts_with("{\"run\"")).expect("a run").clone();
    lines.truncate(lines.len() - 1);
    lines.push(run);
    let saved = load(&forge(&folder, &lines), 1 << 29).expect("the run before is sound");
    assert!(saved.past.is_empty() && saved.last.run.len() == 8);
    assert!(saved.damage.expect("it is told").contains("unexpected end of file"));
}

#[test]
fn forged_causes_neither_overflow_nor_evade_limits() {
    let folder = folder("causes");
    let lines = edited("{\"cause\"", |cause| {
        let steps = cause["cause"]["steps"].as_array_mut().expect("a list");
        let mut first = steps[0].clone();
        first["elapsed_ns"] = u64::MAX.into();
        let mut second = first.clone();
        second["changes"] = serde_json::json!([first["changes"][1], first["changes"][1]]);
        *steps = vec![first, second];
    });
    let saved = load(&forge(&folder, &lines), 1 << 29).expect("it is sound");
    let cause = saved.last.run.cause(0).expect("the start");
    assert_eq!(cause.elapsed(), 2 * std::time::Duration::from_nanos(u64::MAX));
    let shown = linmem(&folder, &["replay", "forged", "--show", "json"]);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    // No limit overflows.
    assert!(load(&forge(&folder, rich()), u64::MAX).is_ok_and(|saved| saved.damage.is_none()));
}

/// A saved session as lines of JSON without checksums.
fn bare(sound: &[u8]) -> Vec<String> {
    text(sound).lines().map(|line| line[..line.len() - 9].to_owned()).collect()
}

/// A saved session with all kinds of steps and failures.
fn rich() -> &'static [String] {
    static RICH: LazyLock<Vec<String>> = LazyLock::new(|| {
        let (folder, _) = saved("fuzz");
        bare(&std::fs::read(folder.join("session")).expect("it was saved"))
    });
    &RICH
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any edited file with valid checksums is either rejected or read, and what was read can be shown.
    #[test]
    fn no_file_breaks_the_reader(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..7, any::<u32>()), 1..6)
    ) {
        let mut lines = rich().to_vec();
        for (line, at, what, number) in edits {
            let place = line.index(lines.len());
            edit(&mut lines, place, at, what, number);
        }
        let sums = lines.iter().map(|line| format!("{line} {:08x}\n", crc32fast::hash(line.as_bytes())));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("saved/fuzz");
        let file = folder.join("mutant");
        std::fs::write(&file, sums.collect::<String>()).expect("the test directory is writable");
        if let Ok(saved) = load(&file, 1 << 26) {
            let mut screen = Offscreen::replay(saved, 100, 30);
            for key in [KeyCode::Esc, KeyCode::F(5), KeyCode::F(8), KeyCode::F(5), KeyCode::Tab, KeyCode::F(5), KeyCode::Tab] {
                screen.press(key);
                screen.draw();
            }
            for command in [":changes", ":steps", ":regions", ":exchange 1", ":goto 1", ":runs", ":memory", ":recipe"] {
                screen.send(command).expect("nothing runs");
                screen.draw();
            }
        }
    }
}

/// Damages a line: changes a digit or a byte, or removes, duplicates or moves the line.
fn edit(lines: &mut Vec<String>, place: usize, at: prop::sample::Index, what: usize, number: u32) {
    let line = &mut lines[place];
    let digits: Vec<_> = line.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
    match what {
        0..=2 if !digits.is_empty() => {
            let at = digits[at.index(digits.len())];
            line.replace_range(at..=at, &(number >> (number % 32)).to_string());
        }
        3 => {
            let at = at.index(line.len());
            line.replace_range(at..=at, char::from(b' ' + (number % 95) as u8).encode_utf8(&mut [0; 4]));
        }
        4 => drop(lines.remove(place)),
        5 => lines.insert(place, lines[place].clone()),
        _ => {
            let other = at.index(lines.len());
            lines.swap(place, other);
        }
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
}

#[test]
fn damaged_file_is_read_up_to_the_damage() {
    let (folder, _) = saved("damaged");
    let sound = std::fs::read(folder.join("session")).expect("it was saved");
    let whole = text(&linmem(&folder, &["replay", "session", "--show", "json"]).stdout);
    let replay = |bytes: &[u8]| {
        std::fs::write(folder.join("bad"), bytes).expect("the test directory is writable");
        let output = linmem(&folder, &["replay", "bad", "--show", "json"]);
        assert_eq!(output.status.code(), Some(7));
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(whole.starts_with(&stdout), "what is sound is as it was");
        assert!(stderr.starts_with("linmem: bad: ") && !stderr.contains("panic"), "{stderr}");
        (stdout.lines().count(), stderr)
    };
    let lines: Vec<_> = sound.split_inclusive(|&byte| byte == b'\n').collect();
    let causes: Vec<_> = (0..lines.len()).filter(|&line| lines[line].starts_with(b"{\"cause\"")).collect();
    assert_eq!(causes.len(), 8, "the start, and seven more");
    let upto = |line: usize| lines[..line].concat();
    // In the middle of a line; after a cause; after a cause with more changes.
    let whole_line = upto(causes[2]);
    for (bytes, lines) in [(&whole_line[..whole_line.len() - 1], 0), (&whole_line, 1), (&upto(causes[2] + 1), 1)] {
        let (count, words) = replay(bytes);
        assert_eq!(count, lines, "{words}");
        assert!(words.contains("unexpected end of file") || words.contains("a line is incomplete"), "{words}");
    }
    for at in (0..sound.len()).step_by(sound.len() / 40) {
        let mut bad = sound.clone();
        bad[at] ^= 1;
        replay(&bad);
    }
    assert!(replay(b"").1.contains("not a saved session"));
    assert!(replay(b"\0asm").1.contains("not a saved session"));
    assert!(replay(b"some text\n").1.contains("not a saved session (the command :save FILE writes one)"));
    let head = br#"{"linmem_session":999,"linmem":"9.0.0"}"#;
    let other = [head, format!(" {:08x}\n", crc32fast::hash(head)).as_bytes()].concat();
    assert!(replay(&other).1.contains("saved by linmem 9.0.0 in format 999"));
    // Inconsistent or missing changes, with valid checksums.
    let twice = [upto(causes[2]), lines[causes[1]..causes[2]].concat()].concat();
    assert!(replay(&twice).1.contains("does not fit the memory before it"));
    let without = [upto(causes[1] + 1), lines[causes[2]..].concat()].concat();
    assert!(replay(&without).1.contains("changes are missing"));
    assert_eq!(linmem(&folder, &["replay", "nowhere"]).status.code(), Some(7));
}
