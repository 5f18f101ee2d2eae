//! Large modules run quick code at first, and optimised code afterwards: what they answer is the same.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::compiling::{bomb, compilers, kill, module, wait_for_compiler};
use crate::piped::{file, linmem, text};
use crate::pty::PATIENCE;
use crate::terminal::scratch;

/// A guest for one test, and an empty folder for its cache.
struct Case {
    guest: String,
    folder: PathBuf,
    mark: String,
}

impl Case {
    /// With a large guest.
    fn new(test: &str) -> Case {
        let guest = file(&format!("first-{test}.wasm"), &module(30, 2800));
        Case { guest, folder: scratch(&format!("first-{test}")), mark: format!("first-{test}") }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = linmem(&[&[&*self.guest, "--first-code", "auto"], args].concat());
        command.env("XDG_CACHE_HOME", &self.folder).env("LINMEM_TEST_MARK", &self.mark).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("linmem starts")
    }

    /// Whether optimised code is kept.
    fn is_kept(&self) -> bool {
        self.files().iter().any(|file| file.ends_with(".compiled"))
    }

    fn files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.folder.join("linmem")) else { return Vec::new() };
        entries.map(|entry| entry.expect("it is ours").path().display().to_string()).collect()
    }

    fn wait_until_kept(&self) {
        let since = Instant::now();
        while !self.is_kept() {
            // The compiler has a low priority, and other tests run.
            assert!(since.elapsed() < 6 * PATIENCE, "{:?}", self.files());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Asserts that a line is answered.
fn answers(output: &Output, answer: &str) {
    assert_eq!((&*text(&output.stdout), output.status.code()), (answer, Some(0)), "{}", text(&output.stderr));
}

#[test]
fn the_second_start_runs_optimised_code() {
    let case = Case::new("second");
    answers(&case.run(&["--line", "abc"]), "abc\n");
    case.wait_until_kept();
    wait_for_compiler(&case.mark, false);
    assert_eq!(case.files().len(), 1, "neither a draft nor the mark of an attempt is left");
    // No compiler keeps this limit.
    answers(&case.run(&["--line", "abc", "--max-compile-memory", "1"]), "abc\n");
}

#[test]
fn inspect_says_which_code_runs() {
    let case = Case::new("inspect");
    let inspect = || {
        text(
            &linmem(&["inspect", &case.guest, "--first-code", "auto"])
                .env("XDG_CACHE_HOME", &case.folder)
                .output()
                .expect("it starts")
                .stdout,
        )
    };
    let sentence = "large: the first start runs quick code, if it can; later starts run optimized code\n";
    assert!(inspect().contains(sentence), "{}", inspect());
    case.run(&["--line", "abc"]);
    case.wait_until_kept();
    assert!(!inspect().contains(sentence) && inspect().contains("compiled code in the cache: 1\n  plain  "));
}

#[test]
fn a_limit_ends_what_is_compiled_behind_and_it_is_not_tried_for_ever() {
    let case = Case { guest: bomb("behind"), ..Case::new("behind") };
    // The bomb takes the other compiler minutes. Quick code is there in time even on a slow machine.
    let limits = ["--line", "x", "--compile-timeout", "20s", "--max-compile-memory", "200MiB"];
    answers(&case.run(&limits), "x\n");
    wait_for_compiler(&case.mark, true);
    // Another does without, as this one is at it.
    let files = case.files();
    answers(&case.run(&limits), "x\n");
    assert_eq!(case.files(), files);
    wait_for_compiler(&case.mark, false);
    assert!(!case.is_kept());
    answers(&case.run(&limits), "x\n");
    assert_eq!(case.files().len(), 1, "the mark of an attempt that failed");
}

#[test]
fn a_compiler_that_is_killed_behind_the_guest_does_no_harm() {
    let case = Case { guest: bomb("harmless"), ..Case::new("harmless") };
    for _ in 0..2 {
        answers(&case.run(&["--line", "x"]), "x\n");
        wait_for_compiler(&case.mark, true);
        compilers(&case.mark).into_iter().for_each(|id| kill("-KILL", id));
        wait_for_compiler(&case.mark, false);
    }
    answers(&case.run(&["--line", "x"]), "x\n");
}

#[test]
fn what_cannot_be_kept_is_not_compiled_longer_than_linmem_runs() {
    let case = Case { guest: bomb("unkept"), ..Case::new("unkept") };
    answers(&case.run(&["--line", "x", "--no-cache"]), "x\n");
    wait_for_compiler(&case.mark, false);
    std::fs::write(case.folder.join("linmem"), "a file").expect("it is ours");
    answers(&case.run(&["--line", "x"]), "x\n");
    wait_for_compiler(&case.mark, false);
}

#[test]
fn a_fresh_guest_runs_optimised_code_without_a_cache_too() {
    let case = Case::new("fresh");
    // Nothing shows which code runs but that the other compiler has ended; what is answered must not change.
    let script = file("first-fresh.txt", "one\n:reset\ntwo\n:reload\nthree\n");
    let output = case.run(&["--no-cache", "--script", &script]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let stdout = text(&output.stdout);
    assert!(["one", "two", "three"].iter().all(|line| stdout.contains(line)), "{stdout}");
}

/// The guests and recipes of other tests, and the built-in ones.
fn guests() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["assets/guests", "tests/guests", "tests/findings"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("it is a folder") {
            let path = entry.expect("it can be read").path();
            if path.extension().is_some_and(|it| it == "wat" || it == "wasm") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Everything that linmem says, without how long it took.
fn said(guest: &Path, code: &str, more: &[&str]) -> (String, String, Option<i32>) {
    let recipe = guest.with_extension("recipe");
    let mut args = vec![guest.to_str().expect("it is text"), "--first-code", code, "--no-cache", "--timeout", "0"];
    if recipe.exists() {
        args.extend(["--abi", recipe.to_str().expect("it is text")]);
    }
    args.extend(["-k", "--line", "Did you know", "--line", "1.5 + 2", "--line", ""]);
    let output = linmem(&[&args, more].concat()).stdin(Stdio::null()).output().expect("linmem starts");
    let timeless = |bytes: &[u8]| {
        let text = text(bytes);
        let lines = text.lines().map(|line| match line.split_once("_ns\":") {
            Some(_) => regexless(line),
            None => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    (timeless(&output.stdout), timeless(&output.stderr), output.status.code())
}

/// A line of JSON without the numbers of nanoseconds.
fn regexless(line: &str) -> String {
    let mut parts = line.split("_ns\":");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    }
    out
}

#[test]
fn quick_code_answers_traps_and_stores_like_optimised_code() {
    let shown = [&["--show", "json", "--trace", "loads"][..], &["--trace", "off"]];
    for guest in guests() {
        for more in shown {
            let (quick, optimized) = (said(&guest, "quick", more), said(&guest, "optimized", more));
            assert_eq!(quick, optimized, "{} {more:?}", guest.display());
        }
    }
}

/// Traps in a way that the line chooses.
const TRAPS: &str = r#"(module (memory (export "memory") 1)
    (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param i32) (result i32) (local $kind i32)
        (local.set $kind (i32.load8_u (i32.const 64)))
        (if (i32.eq (local.get $kind) (i32.const 97)) (then (drop (call $deep (i32.const 0)))))
        (if (i32.eq (local.get $kind) (i32.const 98)) (then (drop (i32.load (i32.const -4)))))
        (if (i32.eq (local.get $kind) (i32.const 99)) (then (unreachable)))
        (if (i32.eq (local.get $kind) (i32.const 100))
            (then (drop (i32.div_u (i32.const 1) (i32.sub (local.get $kind) (i32.const 100))))))
        (if (i32.eq (local.get $kind) (i32.const 101)) (then (drop (i32.trunc_f64_s (f64.const 1e20)))))
        (if (i32.eq (local.get $kind) (i32.const 102))
            (then (memory.fill (i32.const 65530) (i32.const 1) (i32.const 100))))
        (local.get 0)))"#;

#[test]
fn quick_code_says_where_it_trapped_or_that_it_does_not_know() {
    let guest = file("first-traps.wat", TRAPS);
    let trap = |code: &str, line: &str| {
        let output = linmem(&[&guest, "--first-code", code, "--line", line]).output().expect("linmem starts");
        assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    for line in ["a", "b", "c"] {
        assert_eq!(trap("quick", line), trap("optimized", line), "{line}");
    }
    for line in ["d", "e", "f"] {
        let (quick, optimized) = (trap("quick", line), trap("optimized", line));
        let (before, _) = optimized.split_once(" (offset 0x").expect("this compiler says where");
        assert!(quick.starts_with(before) && !quick.contains("offset"), "{quick}");
    }
}

#[test]
fn many_lines_are_answered_alike() {
    let lines: String = (0..30_000).map(|number| format!("line {number}\n")).collect();
    let input = file("first-many.txt", &lines);
    let run = |guest: &str, code: &str| {
        let input = std::fs::File::open(&input).expect("it was written");
        let output = linmem(&[guest, "--first-code", code]).stdin(input).output().expect("linmem starts");
        (text(&output.stdout), text(&output.stderr), output.status.code())
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(root.join("assets/guests")).expect("it is a folder") {
        let guest = entry.expect("it can be read").path().display().to_string();
        if guest.ends_with(".wat") {
            assert!(run(&guest, "quick") == run(&guest, "optimized"), "{guest}");
        }
    }
}

#[test]
fn lines_whose_end_is_not_in_sight_are_worth_optimised_code() {
    let case = Case::new("many");
    let mut child = case.command(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("linmem starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut stdin, b"abc\n").expect("linmem reads");
    let mut answer = [0; 4];
    let mut stdout = child.stdout.take().expect("it is piped");
    std::io::Read::read_exact(&mut stdout, &mut answer).expect("linmem answers");
    assert!(answer == *b"abc\n" && case.is_kept(), "optimised code was there before the first answer");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}
