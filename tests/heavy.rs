//! Guests that write much memory: what is recorded stays within `--max-record`, and what is not kept is said.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::piped::{file, linmem, run, text};

/// Sizes in pages.
const PAGES: u32 = 256;
/// The same in bytes.
const SIZE: u64 = PAGES as u64 * 65_536;

/// A guest that fills all of its memory but the first page where a line begins with F, writes a byte in each 4 KiB of it
/// where it begins with S, and otherwise answers the line.
fn guest() -> String {
    let module = format!(
        r#"(module (memory (export "memory") {PAGES}) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32) (local $at i32) (local $kind i32)
            (local.set $kind (i32.load8_u (i32.const 64)))
            (if (i32.eq (local.get $kind) (i32.const 70)) (then
                (memory.fill (i32.const 65536) (i32.load8_u offset=1 (i32.const 64)) (i32.const {rest}))))
            (if (i32.eq (local.get $kind) (i32.const 83)) (then
                (local.set $at (i32.const 65536))
                (loop $next
                    (i32.store8 (local.get $at) (i32.add (i32.load8_u (local.get $at)) (i32.const 1)))
                    (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096)))
                        (i32.const {SIZE}))))))
            (local.get 0)))"#,
        rest = SIZE - 65_536
    );
    file(&format!("heavy-{}.wat", std::thread::current().name().unwrap_or_default().replace("::", "-")), &module)
}

/// linmem at a prompt without a terminal.
struct Prompt {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Prompt {
    fn start(args: &[&str]) -> Prompt {
        let mut command = linmem(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("linmem starts");
        let lines = BufReader::new(child.stdout.take().expect("it is piped"));
        Prompt { child, lines }
    }

    /// Sends a line, and returns what is printed up to the answer.
    fn answer(&mut self, line: &str) -> String {
        writeln!(self.child.stdin.as_mut().expect("it is piped"), "{line}").expect("linmem reads");
        let mut output = String::new();
        while !output.lines().last().is_some_and(|last| last.starts_with("=> ")) {
            assert!(self.lines.read_line(&mut output).expect("linmem prints text") > 0, "linmem ended: {output}");
        }
        output
    }

    /// The most memory that it ever had, in bytes.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the system tells");
        peak.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Four images of memory (the guest's, those before and after, and the one that is shown meanwhile) and one more while
/// findings are looked for, a quarter for what lists the pages, and twice what may be recorded.
#[cfg(target_os = "linux")]
#[test]
fn recording_takes_no_more_memory_than_its_limit() {
    let most = 4 << 20;
    let mut prompt = Prompt::start(&[&guest(), "--repl", "--max-record", "4MiB"]);
    prompt.answer("x");
    let before = prompt.peak();
    for line in ["Sa", "Fb", "Sc", "Fd", "Fe", "Sf"] {
        prompt.answer(line);
    }
    let taken = prompt.peak() - before;
    let bound = 5 * SIZE + SIZE / 4 + 2 * most + (16 << 20);
    assert!(taken <= bound, "{taken} bytes more than before, of {bound}");
}

#[test]
fn what_is_not_kept_is_said_and_what_was_written_is_exact() {
    let mut prompt = Prompt::start(&[&guest(), "--repl", "--max-record", "1MiB"]);
    let said = prompt.answer("Fq");
    assert!(said.contains("whose old values are not kept (--max-record)"), "{said}");
    assert!(
        said.contains(&format!("within 0x10000..{SIZE:#x}")) || said.contains(&format!("0x10000..{SIZE:#x}")),
        "{said}"
    );
    let json = run(&[&guest(), "--show", "json", "--max-record", "1MiB"], b"Fq\nx\n");
    let exchanges: Vec<Value> =
        text(&json.stdout).lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let changes = exchanges[0]["changes"].as_array().expect("a list");
    let bare: Vec<_> = changes.iter().filter(|change| change["kind"] == "bare").collect();
    assert_eq!(bare.len(), 1, "{bare:?}");
    assert_eq!(bare[0]["written"], serde_json::json!([[0x10000, SIZE]]));
    assert_eq!(bare[0]["evidence"], "written");
    let steps = exchanges[0]["steps"].as_array().expect("a list");
    let unknown: Vec<_> = steps.iter().map(|step| &step["memory_known"]).collect();
    assert!(unknown[0] == &serde_json::json!([false, false]), "memory before the call is unknown: {unknown:?}");
    assert!(steps.last().expect("a step")["memory_known"].is_null(), "after it, it is known: {unknown:?}");
    assert!(exchanges[1]["changes"].as_array().expect("a list").iter().all(|change| change["kind"] != "bare"));
}

/// A guest that fills its memory would have as many rows printed as it has.
#[test]
fn so_many_changed_rows_are_printed_and_the_others_counted() {
    let output = run(&[&guest(), "--show", "hex", "--max-record", "1MiB"], b"Fq\n");
    let stdout = text(&output.stdout);
    let rows = stdout.lines().filter(|line| line.starts_with("      after")).count();
    let left = SIZE / 16 - 65_536 / 16 - (1 << 16);
    assert!(((1 << 16)..(1 << 16) + 10).contains(&rows), "{rows}");
    let told = format!("... and {left} more changed rows (--show json lists what changed)");
    assert!(stdout.contains(&told), "{:?}", stdout.lines().find(|line| line.contains("...")));
}

#[test]
fn a_session_with_values_that_are_not_kept_is_saved_and_read() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("heavy");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let script = ":dump 0x20000 0x10\nFq\n:dump 0x20000 0x10\n:save session\nlater\n:exchange 1\n:changes\n";
    std::fs::write(folder.join("script"), script).expect("the test directory is writable");
    let args = [&*guest(), "--max-record", "1MiB", "--script", "script"];
    let output = linmem(&args).current_dir(&folder).output().expect("linmem starts");
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("|qqqqqqqqqqqqqqqq|"), "{}", text(&output.stdout));
    let replayed = linmem(&["replay", "session", "--show", "json"]).current_dir(&folder).output().expect("it starts");
    assert_eq!(replayed.status.code(), Some(0), "{}", text(&replayed.stderr));
    let last = text(&replayed.stdout).lines().last().map(str::to_owned).expect("an exchange");
    let last: Value = serde_json::from_str(&last).expect("it is JSON");
    assert_eq!(last["output"]["text"], "Fq");
    let written = last["changes"].as_array().expect("a list").iter().find(|change| change["kind"] == "bare");
    assert_eq!(written.expect("it is there")["written"], serde_json::json!([[0x10000, SIZE]]));
}
