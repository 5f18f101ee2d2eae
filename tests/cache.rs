//! Compiled code is kept: what is answered is the same as without, whatever happened to the cache.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::hermetic::shell;
use crate::piped::{file, linmem, text};
use crate::terminal::scratch;

/// Answers, and traps at `x`.
const GUEST: &str = r#"(module (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param i32) (result i32)
        (if (i32.eq (i32.load8_u (i32.const 64)) (i32.const 120)) (then (unreachable)))
        (i32.store8 (i32.const 64) (i32.const 33))
        (local.get 0)))"#;

/// A guest for one test, and an empty folder for its cache.
struct Case {
    guest: String,
    folder: PathBuf,
}

impl Case {
    fn new(test: &str) -> Case {
        Case { guest: file(&format!("cache-{test}.wat"), GUEST), folder: scratch(&format!("cache-{test}")) }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = linmem(args);
        command.env("XDG_CACHE_HOME", &self.folder).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("linmem starts")
    }

    /// The answers to two lines and the report of a trap, with what was written to memory.
    fn answers(&self, more: &[&str]) -> (String, String) {
        let args = ["--line", "abc", "--line", "x", "--line", "de", "-k", "--show", "hex", "--trace", "stores"];
        let output = self.run(&[&[&*self.guest], &args[..], more].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        (text(&output.stdout), text(&output.stderr))
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.folder.join("linmem")) else { return Vec::new() };
        entries.map(|entry| entry.expect("it is ours").path()).collect()
    }
}

#[test]
fn a_cached_guest_does_the_same() {
    let case = Case::new("same");
    let fresh = case.answers(&["--no-cache"]);
    assert!(fresh.0.contains("!bc") && fresh.1.contains("unreachable"), "{fresh:?}");
    assert!(case.files().is_empty());
    assert_eq!(case.answers(&[]), fresh);
    let files = case.files();
    assert_eq!(files.len(), 1);
    let written = || files[0].metadata().and_then(|about| about.modified()).expect("it is ours");
    let first = written();
    assert_eq!(case.answers(&[]), fresh);
    assert_eq!(written(), first, "it was read, and not written again");
    let output = case.run(&["inspect", &case.guest]);
    assert!(text(&output.stdout).contains("compiled code in the cache: 1\n  stores  "), "{}", text(&output.stdout));
    let json = case.run(&["inspect", &case.guest, "--json"]);
    assert!(text(&json.stdout).contains(r#""compiled":[{"kind":"stores","bytes":"#), "{}", text(&json.stdout));
}

/// A compiled recipe is kept like a compiled guest.
#[test]
fn recipes_are_compiled_when_the_user_says() {
    let line = "Did you know how long a line is?\n";
    for (batch, lines, compiled) in [("auto", 1, 1), ("always", 1, 2), ("never", 4000, 1)] {
        let case = Case::new(&format!("batch-{batch}-{lines}"));
        let lines_file = file(&format!("batch-{batch}-{lines}.txt"), &line.repeat(lines));
        let mut command = case.command(&["passing-data", "--batch", batch]);
        let output = command.stdin(File::open(lines_file).expect("it is ours")).output().expect("linmem starts");
        assert_eq!(text(&output.stdout), line.replace('\n', " Wasm is cool!\n").repeat(lines), "{batch}");
        assert_eq!(case.files().len(), compiled, "{batch}, {lines} lines");
    }
}

#[test]
fn the_cache_can_be_measured_and_cleared() {
    let case = Case::new("cleared");
    assert_eq!(text(&case.run(&["cache", "size"]).stdout), "0\n");
    case.answers(&[]);
    let size: u64 = case.files().iter().map(|file| file.metadata().expect("it is ours").len()).sum();
    assert_eq!(text(&case.run(&["cache", "size"]).stdout), format!("{size}\n"));
    let shown = text(&case.run(&["cache"]).stdout);
    assert!(shown.contains(&*case.folder.join("linmem").display().to_string()), "{shown}");
    assert!(shown.contains("1 compiled module, ") && shown.contains("of 1,073,741,824 at most"), "{shown}");
    let cleared = case.run(&["cache", "clear"]);
    assert!(text(&cleared.stdout).starts_with("removed 1 compiled module, "), "{}", text(&cleared.stdout));
    assert!(case.files().is_empty());
    let nowhere = linmem(&["cache"]).env_remove("XDG_CACHE_HOME").output().expect("linmem starts");
    assert_eq!(nowhere.status.code(), Some(7));
}

#[test]
fn a_damaged_cache_changes_nothing() {
    let case = Case::new("damaged");
    let fresh = case.answers(&[]);
    for at in [0, 20, 60, 83, 90, 4000] {
        let entry = &case.files()[0];
        let mut bytes = std::fs::read(entry).expect("it is ours");
        bytes[at] ^= 0x10;
        std::fs::write(entry, &bytes).expect("it is ours");
        assert_eq!(case.answers(&[]), fresh, "byte {at}");
        assert_ne!(std::fs::read(entry).expect("it is ours"), bytes, "it was written again");
    }
}

/// Something else has the name of what is kept: a pipe that nobody writes to, a device, a directory.
#[test]
fn what_is_no_regular_file_is_not_read() {
    let case = Case::new("irregular");
    let fresh = case.answers(&[]);
    for make in ["mkfifo", "ln -s /dev/zero", "mkdir"] {
        let entry = &case.files()[0];
        std::fs::remove_file(entry).expect("it is ours");
        let made = Command::new("sh").args(["-c", &format!("{make} \"$0\"")]).arg(entry).status();
        assert!(made.expect("sh is installed").success());
        assert_eq!(case.answers(&[]), fresh, "{make}");
        // It is replaced where that is possible.
        let _ = std::fs::remove_dir(entry);
        case.answers(&[]);
    }
}

#[test]
fn a_cache_that_cannot_be_used_changes_nothing() {
    let case = Case::new("unusable");
    let fresh = case.answers(&["--no-cache"]);
    std::fs::write(case.folder.join("linmem"), "a file").expect("it is ours");
    assert_eq!(case.answers(&[]), fresh);
    assert_eq!(case.run(&["cache"]).status.code(), Some(7));
    for folder in [Path::new("/dev/null"), Path::new("relative"), Path::new("")] {
        let output = case.command(&[&case.guest, "--line", "abc"]).env("XDG_CACHE_HOME", folder).output();
        assert_eq!(text(&output.expect("linmem starts").stdout), "!bc\n", "{}", folder.display());
    }
    std::fs::remove_file(case.folder.join("linmem")).expect("it is ours");
    assert_eq!(case.answers(&["--max-cache", "10"]), fresh);
    assert!(case.files().is_empty());
}

/// The limit of a file's size stands for a full disk: nothing is kept, no draft is left, and the guest answers.
#[test]
fn a_full_disk_changes_nothing() {
    let case = Case::new("full");
    for limit in [0, 1] {
        let script = format!("ulimit -f {limit}; linmem {} --line abc | cat", case.guest);
        let output = shell(&script).env("XDG_CACHE_HOME", &case.folder).output().expect("sh is installed");
        assert_eq!((text(&output.stdout).as_str(), text(&output.stderr).as_str()), ("!bc\n", ""), "{limit}");
        assert_eq!(case.files(), Vec::<PathBuf>::new(), "{limit}");
    }
}

#[test]
fn many_linmems_share_a_cache() {
    let case = Case::new("shared");
    let start = |_| {
        let mut command = case.command(&[&case.guest, "--line", "abc", "--show", "hex"]);
        command.stdout(Stdio::piped()).spawn().expect("linmem starts")
    };
    let children: Vec<_> = (0..8).map(start).collect();
    let answers: Vec<_> =
        children.into_iter().map(|child| text(&child.wait_with_output().expect("it ends").stdout)).collect();
    assert!(answers[0].ends_with("\n!bc\n"), "{}", answers[0]);
    answers.iter().for_each(|answer| assert_eq!(*answer, answers[0]));
    assert_eq!(case.files().len(), 1, "no draft is left");
}

/// The answers to many lines, for which the recipe is compiled.
fn many_answers(case: &Case, more: &[&str]) -> String {
    let lines: String = (0..30_000).map(|number| format!("line {number}\n")).collect();
    let input = File::open(file("cache-many.txt", &lines)).expect("it was written");
    let mut command = case.command(&[&[&*case.guest], more].concat());
    text(&command.stdin(input).output().expect("linmem starts").stdout)
}

#[test]
fn a_compiled_recipe_is_kept_and_changes_nothing_when_it_is_damaged() {
    let case = Case::new("driver");
    let fresh = many_answers(&case, &["--no-cache"]);
    assert!(fresh.starts_with("!ine 0\n!ine 1\n") && fresh.ends_with("!ine 29999\n"), "{}", fresh.len());
    let driver = || case.files().into_iter().find(|file| file.display().to_string().contains("-driver-"));
    // It is compiled meanwhile, and may not be ready before the end.
    while driver().is_none() {
        assert!(many_answers(&case, &["--batch", "auto"]) == fresh);
    }
    let entry = driver().expect("it is there");
    let whole = std::fs::read(&entry).expect("it is ours");
    assert!(many_answers(&case, &["--batch", "auto"]) == fresh, "with the recipe compiled before");
    // Answers that are not copied are missed as well.
    if let Ok(full) = File::options().write(true).open("/dev/full") {
        let input = File::open(file("cache-full.txt", &"line\n".repeat(30_000))).expect("it was written");
        let output =
            case.command(&[&case.guest, "--batch", "auto"]).stdin(input).stdout(full).output().expect("linmem starts");
        assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
    }
    let inspected = text(&case.run(&["inspect", &case.guest]).stdout);
    assert!(inspected.contains("compiled code in the cache: 2\n  driver  "), "{inspected}");
    for damaged in [&whole[..whole.len() - 9], b"something else", &[&whole[..200], &[0; 99], &whole[299..]].concat()] {
        std::fs::write(&entry, damaged).expect("it is ours");
        assert!(many_answers(&case, &["--batch", "auto"]) == fresh, "damaged");
    }
}

#[test]
fn what_a_compiler_that_was_killed_left_undone_is_done_the_next_time() {
    // Each function takes the compiler a while, and the module is too large to be compiled in the same process.
    let adds = "(i32.add (i32.const 1))".repeat(400);
    let func = format!("(func (param i32) (result i32) (local.get 0) {adds})");
    let module = format!("(module {} {})", func.repeat(400), &GUEST["(module".len()..GUEST.len() - 1]);
    let case = Case { guest: file("cache-killed.wat", module.as_bytes()), folder: scratch("cache-killed") };
    let args = [&case.guest, "--line", "abc", "--show", "hex", "--trace", "stores", "--first-code", "optimized"];
    let mut command = case.command(&args);
    let command = command.env("LINMEM_TEST_MARK", "cache-killed").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("linmem starts");
    let compiler = loop {
        if let Some(&id) = crate::compiling::compilers("cache-killed").first() {
            break id;
        }
        assert!(child.try_wait().expect("it is ours").is_none(), "it compiles in a process of its own");
    };
    crate::compiling::kill("-9", compiler);
    let output = child.wait_with_output().expect("linmem ends");
    assert!(text(&output.stderr).contains("stores are not recorded"), "{}", text(&output.stderr));
    let output = case.run(&args);
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
}
