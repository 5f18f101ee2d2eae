//! Findings: each kind is raised by a guest of ours that has the fault, in the pipe, at the prompt and in JSON, and no
//! honest guest raises any.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use linmem::check::KINDS;
use serde_json::Value;

use crate::cases::broken::{BROKEN, Broken};
use crate::hermetic;

impl Broken {
    fn run(&self, args: &[&str], input: &str) -> Output {
        let mut all = vec![self.file("wat").into_os_string(), "--abi".into(), self.file("recipe").into_os_string()];
        all.extend(self.args.iter().chain(args).map(|arg| (*arg).into()));
        run(&all, input.as_bytes())
    }

    fn input(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// The finding that a guest is to raise.
fn name(guest: &Broken) -> &'static str {
    guest.name(KINDS.iter().map(|kind| kind.name))
}

fn run(args: &[std::ffi::OsString], input: &[u8]) -> Output {
    let mut command = hermetic::linmem();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    // A guest that fails ends linmem before all is read.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    child.wait_with_output().expect("it ends")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The names of the findings that a text tells of.
fn names(text: &str) -> BTreeSet<String> {
    let told = text.lines().filter_map(|line| line.split_once("finding: ")?.1.split_once(':'));
    told.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn each_kind_is_raised_in_a_pipe_by_a_guest_that_has_the_fault() {
    let mut wrong = Vec::new();
    for guest in BROKEN {
        let output = guest.run(&["--check"], &guest.input());
        let (text, status) = (stderr(&output), output.status.code());
        if names(&text) != BTreeSet::from([name(guest).to_owned()]) || status != Some(guest.status) {
            wrong.push(format!("{}: {status:?} {text}", guest.guest));
        }
        let allowed = guest.run(&["--check", "--allow", name(guest)], &guest.input());
        assert_eq!(names(&stderr(&allowed)), BTreeSet::new(), "{}", guest.guest);
        assert_ne!(allowed.status.code(), Some(8), "{}", guest.guest);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let kinds: BTreeSet<_> = KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(BROKEN.iter().map(name).collect::<BTreeSet<_>>(), kinds, "each kind has a guest");
}

#[test]
fn they_are_raised_at_the_prompt_and_in_scripts_without_being_asked_for() {
    for guest in BROKEN {
        let script = format!("{}:check\n", guest.input());
        let output = guest.run(&["--script", "-"], &script);
        let text = stdout(&output);
        assert!(names(&text).contains(name(guest)), "{}: {text}", guest.guest);
        let listed = text.rsplit("> :check\n").next().expect("it was typed");
        assert!(listed.contains(&format!("  {}: ", name(guest))), "{}: {listed}", guest.guest);
        assert_ne!(output.status.code(), Some(8), "{}: nobody asked for the status", guest.guest);
        let output = guest.run(&["--repl"], &guest.input());
        assert!(names(&stdout(&output)).contains(name(guest)), "{}: {}", guest.guest, stdout(&output));
    }
}

#[test]
fn they_are_in_json_with_the_step_and_the_range() {
    for guest in BROKEN {
        let output = guest.run(&["--show", "json", "-k"], &guest.input());
        let found: Vec<Value> = stdout(&output)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("each line is an object"))
            .flat_map(|object| {
                let steps = object["steps"].as_array().expect("a list").len();
                let findings = object["findings"].as_array().expect("a list").clone();
                for finding in &findings {
                    let step = finding["step"].as_u64();
                    assert!(step.is_none_or(|step| step < steps as u64), "{}: {finding}", guest.guest);
                    for text in ["sentence", "why"] {
                        assert!(finding[text].as_str().is_some_and(|text| text.len() > 20), "{}", guest.guest);
                    }
                }
                findings
            })
            .collect();
        assert!(found.iter().any(|finding| finding["name"] == name(guest)), "{}: {found:?}", guest.guest);
        assert_ne!(output.status.code(), Some(8), "{}", guest.guest);
        let output = guest.run(&["--show", "json", "-k", "--no-check"], &guest.input());
        assert!(stdout(&output).lines().all(|line| line.contains("\"findings\":[]")), "{}", guest.guest);
    }
}

#[test]
fn a_saved_session_has_the_same_findings() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("findings");
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    for guest in BROKEN {
        let file = folder.join(guest.guest);
        let script = format!("{}:save {} overwrite\n", guest.input(), file.display());
        let live = guest.run(&["--script", "-", "--show", "json"], &script);
        let replayed = run(&["replay".into(), file.into(), "--show".into(), "json".into()], b"");
        assert_eq!(stdout(&replayed), stdout(&live), "{}", guest.guest);
        let without = run(
            &["replay".into(), folder.join(guest.guest).into(), "--show".into(), "json".into(), "--no-check".into()],
            b"",
        );
        assert!(stdout(&without).lines().all(|line| line.contains("\"findings\":[]")), "{}", guest.guest);
        let checked = run(&["replay".into(), folder.join(guest.guest).into(), "--check".into()], b"");
        let told = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(checked.status.code() == Some(8) && told.contains(&format!("finding: {}:", name(guest))), "{told}");
    }
}

/// Lines that honest guests get: empty, long, with characters of two to four bytes.
fn honest_lines() -> Vec<u8> {
    let long = "long line ".repeat(40);
    let lines = ["hello", "", "Did you know?", "h\u{e9}llo \u{20ac} \u{1f600}", &long, "abc", "12", "a b c"];
    lines.iter().cycle().take(3 * lines.len()).flat_map(|line| format!("{line}\n").into_bytes()).collect()
}

/// The findings that a guest raises, whether it answers all lines or not.
fn raised(guest: &Path, trace: &str) -> BTreeSet<String> {
    let mut all = vec![guest.as_os_str().to_owned()];
    // Two conventions match this one.
    let abi: &[&str] = if guest.ends_with("hex.wasm") { &["--abi", "packed-low"] } else { &[] };
    all.extend(["--check", "-k", "--trace", trace].iter().chain(abi).map(|arg| (*arg).into()));
    let output = run(&all, &honest_lines());
    let found = names(&stderr(&output));
    let ran = matches!(output.status.code(), Some(0 | 1)) || !found.is_empty();
    assert!(ran, "{}: {}", guest.display(), stderr(&output));
    found
}

#[test]
fn honest_guests_raise_none() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: PathBuf, extension: &str| {
        let entries =
            std::fs::read_dir(folder).expect("the folder exists").map(|entry| entry.expect("it is read").path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|known| known == extension)).collect();
        files.sort();
        files
    };
    let built_in = files(folder.join("assets/guests"), "wat");
    let compiled = files(folder.join("tests/guests"), "wasm");
    let lines = files(folder.join("tests/guests/lines"), "wasm");
    assert!(built_in.len() > 20 && compiled.len() > 18 && lines.len() > 3, "all of them are there");
    let mut wrong = Vec::new();
    for guest in built_in.iter().chain(&compiled).chain(&lines) {
        // Loads are recorded with the stores.
        for trace in ["loads", "off"] {
            let found = raised(guest, trace);
            if !found.is_empty() {
                wrong.push(format!("{} with --trace {trace}: {found:?}", guest.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_guide_tells_of_every_kind() {
    let guide = stdout(&run(&["guide".into(), "findings".into()], b""));
    for kind in KINDS {
        assert!(guide.contains(&format!("\n{}\n    {}\n    {}\n", kind.name, kind.about, kind.why)), "{}", kind.name);
        assert!(kind.about.ends_with('.') && kind.why.ends_with('.'), "{}", kind.name);
    }
    let mut all: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), KINDS.len(), "names are unique");
    let unknown = run(&["--allow".into(), "everything".into()], b"");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("unknown finding `everything`"), "{}", stderr(&unknown));
}

#[test]
fn poison_fills_blocks_of_once_and_of_calls_by_hand() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("findings");
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    let (guest, recipe) = (folder.join("poisoned.wat"), folder.join("poisoned.recipe"));
    let wat = r#"(module (memory (export "memory") 1) (global $top (mut i32) (i32.const 2048))
        (func (export "alloc") (param $n i32) (result i32)
            (global.set $top (i32.add (global.get $top) (i32.const 64)))
            (i32.sub (global.get $top) (i32.const 64)))
        (func (export "free") (param i32)))"#;
    std::fs::write(&guest, wat).expect("the folder is ours");
    std::fs::write(&recipe, "once\n  p = alloc(8)\neach line\n  read 1 at p\n").expect("the folder is ours");
    let script = ":expect at 2048 hex cccccccccccccccc 00\n:call alloc 4\n:expect at 2112 hex cccccccc 00\n\
                  :poke u8 2112 1\n:call free 2112\n:expect at 2112 hex cc\n:reset\n:expect at 2048 hex cc\n";
    let args = [guest.into_os_string(), "--abi".into(), recipe.into_os_string()];
    let more = ["--poison", "cc", "--script", "-"].map(Into::into);
    let output = run(&[&args[..], &more].concat(), script.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}

/// What `:check` says of the guest of this name after its lines, with these arguments.
fn listed(guest: &str, args: &[&str]) -> String {
    let guest = BROKEN.iter().find(|broken| broken.guest == guest).expect("it is in the table");
    let guest = Broken { args: &[], ..*guest };
    let output = guest.run(&[&["--script", "-"], args].concat(), &format!("{}:check\n", guest.input()));
    stdout(&output).rsplit("> :check\n").next().expect("it was typed").to_owned()
}

#[test]
fn the_list_says_what_was_not_checked() {
    let reads = "note: reads by the guest were not checked: `linmem GUEST --trace loads` records them\n";
    assert_eq!(listed("block-overread-peeled", &[]), format!("no findings\n{reads}"));
    let writes = "note: reads and writes by the guest were not checked: `linmem GUEST --trace loads` records them\n";
    assert_eq!(listed("block-overread-peeled", &["--trace", "off"]), format!("no findings\n{writes}"));
    let found = listed("block-overread-peeled", &["--trace", "loads"]);
    assert!(!found.contains("not checked"), "{found}");
    assert!(found.contains("  block-overread: "), "{found}");
    let found = listed("host-overrun", &[]);
    let words: Vec<_> = found.split_whitespace().collect();
    assert!(words.join(" ").contains("not checked: `linmem GUEST --trace loads`"), "{found}");
}

#[test]
fn a_guest_that_is_not_initialized_is_named_in_each_exchange() {
    let found = listed("not-initialized", &[]);
    assert!(found.contains("exchange 1, step 1  not-initialized: "), "{found}");
    assert!(found.contains("exchange 2, step 1  not-initialized: "), "{found}");
}

#[test]
fn the_bytes_beyond_a_boundary_are_told_from_all() {
    let told = |guest: &str| listed(guest, &["--trace", "loads"]).split_whitespace().collect::<Vec<_>>().join(" ");
    for guest in ["host-overrun", "block-overrun", "buffer-overrun", "block-overread"] {
        let found = told(guest);
        assert!(found.contains("; of these, ") && found.contains(" past the end of the b"), "{found}");
    }
    let found = told("stack-overflow");
    assert!(found.contains("; of these, 1,024 bytes are below the stack (0x"), "{found}");
}

#[test]
fn zeros_that_are_not_text_cut_short_are_not_named() {
    // Text that a guest copies as fields of a fixed size, and numbers of 32 bits.
    let fields = r"abc\00\00\00\00\00kg\00\00\00\00\00\00";
    let numbers = r"a\00\00\00b\00\00\00c\00\00\00d\00\00\00";
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("findings");
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    for (name, data) in [("fields", fields), ("numbers", numbers)] {
        let guest = folder.join(name).with_extension("wat");
        let wat = format!(
            r#"(module (memory (export "memory") 1) (data (i32.const 64) "{data}")
            (func (export "buffer") (result i32) (i32.const 1024))
            (func (export "shout") (param i32) (result i32)
                (memory.copy (i32.const 4096) (i32.const 64) (i32.const 16))
                (i32.const 4096)))"#
        );
        std::fs::write(&guest, wat).expect("the folder is ours");
        let recipe =
            BROKEN.iter().find(|broken| broken.guest == "text-after-zero").expect("it is there").file("recipe");
        let output = run(&[guest.into(), "--abi".into(), recipe.into(), "--check".into()], b"hello\n");
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
    }
}

#[test]
fn a_swap_that_is_refused_before_the_read_is_named() {
    let guest = BROKEN.iter().find(|guest| guest.guest == "swapped").expect("it is in the table");
    // Without a recipe, the convention is assumed, and the answer's address is not plausible.
    let output = run(&[guest.file("wat").into(), "--check".into(), "--show".into(), "hex".into()], b"hello\n");
    let (told, shown) = (stderr(&output), stdout(&output));
    assert!(told.contains("finding: swapped: the host was to read 1,040 bytes at 0x5; the guest had just"), "{told}");
    assert!(shown.contains("shout(0x400, 5) -> 0x500000410 = 0x410, 5 B"), "{shown}");
}

#[test]
fn what_is_set_on_the_command_line_only_is_told_with_the_command() {
    let output = run(&["--script".into(), "-".into()], b":set trace loads\n");
    let told = format!("{}{}", stdout(&output), stderr(&output));
    assert!(told.contains("linmem GUEST --trace loads"), "{told}");
}
