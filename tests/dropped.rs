//! What is recorded of a long call and does not fit `--max-record` is dropped, and every front end says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use linmem::abi::{ConventionRequest, InputLine};
use linmem::guest::{Limits, Passes, WatchKind, Watchdog, Watchpoint};
use linmem::session::{Live, Options, Source};
use serde_json::{Value, json};

use crate::hermetic;
use crate::pty::Pty;

/// Stores each byte of the line 20,000 times.
const GUEST: &str = r#"(module (memory (export "memory") 1)
    (func (export "turn") (param $at i32) (param $len i32) (local $i i32) (local $n i32)
        (local.set $n (i32.const 20000))
        (loop $again
            (local.set $i (local.get $len))
            (loop $byte
                (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                (i32.store8 (i32.add (local.get $at) (local.get $i)) (i32.add (local.get $n) (i32.const 64)))
                (br_if $byte (local.get $i)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

const RECIPE: &str = "name turn\neach line\n  write line at 64\n* turn(64, n)\n  read n at 64\n";

/// Too little for a call of 200,000 stores at 24 bytes each: the middle is dropped.
const FEW: &str = "2MiB";

struct Files {
    folder: PathBuf,
    guest: String,
    recipe: String,
}

fn files(test: &str) -> Files {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dropped").join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("the folder is ours");
        path.to_str().expect("it is text").to_owned()
    };
    let (guest, recipe) = (put("turn.wat", GUEST), put("turn.recipe", RECIPE));
    Files { folder, guest, recipe }
}

fn linmem(args: &[&str]) -> Output {
    let mut command: Command = hermetic::linmem();
    command.args(args).output().expect("the binary starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_dump_says_how_many_stores_are_not_kept() {
    let Files { guest, recipe, .. } = files("hex");
    let shown = |most: &str| {
        let args = [&*guest, "--abi", &*recipe, "-l", "abcdefghij", "--show", "hex", "--max-record", most];
        stdout(&linmem(&args))
    };
    let few = shown(FEW);
    let line = few.lines().find(|line| line.contains("call  turn")).expect("it is a step");
    assert!(line.contains(" of 200,000 accesses not kept"), "{few}");
    assert!(few.contains("not kept (--max-record): what was written is known, but the order of dropped writes is not"));
    // The ranges and the values are as they are where all is kept.
    let (all, told) = (shown("64MiB"), |text: &str| {
        let kept = text.lines().filter(|line| !line.contains("not kept")).map(str::trim_end);
        kept.map(str::to_owned).collect::<Vec<_>>()
    });
    assert!(!all.contains("not kept"), "{all}");
    assert!(
        few.contains("the guest wrote 10 bytes at 0x40..0x4a") || few.contains("the guest changed 10 bytes at 0x40")
    );
    assert!(
        told(&few)
            .iter()
            .filter(|line| line.starts_with("      "))
            .eq(told(&all).iter().filter(|line| line.starts_with("      ")))
    );
}

#[test]
fn json_says_which_accesses_are_not_kept() {
    let Files { guest, recipe, .. } = files("json");
    let shown = |most: &str| -> Value {
        let args = [&*guest, "--abi", &*recipe, "-l", "abcdefghij", "--show", "json", "--max-record", most];
        serde_json::from_str(stdout(&linmem(&args)).trim()).expect("it is JSON")
    };
    let (few, all) = (shown(FEW), shown("64MiB"));
    assert_eq!(all["accesses"], json!({ "count": 200_000, "dropped": null, "without_bytes": 0 }));
    assert_eq!(few["accesses"]["count"], 200_000);
    let [from, to] = [0, 1].map(|place| few["accesses"]["dropped"][place].as_u64().expect("a number"));
    assert!(0 < from && from < to && to < 200_000, "the middle is not kept: {from}..{to}");
    assert_eq!(few["changes"], all["changes"], "what was written is exact");
}

/// linmem in a terminal whose screen is read.
struct Screen {
    pty: Pty,
    screen: vt100::Parser,
}

impl Screen {
    fn start(test: &str, args: &[&str]) -> Screen {
        let Files { folder, guest, recipe } = files(test);
        let size = |n: u16| std::num::NonZero::new(n).expect("a screen has a size");
        let args = [&[&*guest, "--abi", &*recipe], args].concat();
        Screen { pty: Pty::start((160, 50), &folder, &args, &[]), screen: vt100::Parser::new(size(50), size(160), 0) }
    }

    fn wait_for(&mut self, text: &str) {
        let since = Instant::now();
        while !self.screen.screen().contents().contains(text) {
            let Some(chunk) = self.pty.written(since) else {
                panic!("{text:?} never came; the screen shows:\n{}", self.screen.screen().contents())
            };
            self.screen.process(&chunk);
        }
    }

    fn leave(mut self, keys: &str) {
        self.pty.press(keys);
        assert_eq!(self.pty.end().expect("it ends").0, 0);
    }
}

#[test]
fn the_screen_says_it_beside_what_it_shows() {
    let mut screen = Screen::start("screen", &["--max-record", FEW]);
    screen.wait_for("the guest is ready");
    screen.pty.press("abcdefghij\r");
    screen.wait_for(" of 200,000 accesses not kept");
    screen.leave("\x04");
}

#[test]
fn the_prompt_says_it_and_a_changed_limit_applies_to_the_next_line() {
    let mut prompt = Screen::start("prompt", &["--repl", "--max-record", "64MiB"]);
    prompt.wait_for("Type a line to send");
    prompt.pty.press("abcdefghij\r");
    prompt.wait_for("=> AAAAAAAAAA");
    assert!(!prompt.screen.screen().contents().contains("not kept"));
    prompt.pty.press(":set max-record 2MiB\r");
    prompt.wait_for("max-record = 2MiB\n");
    prompt.pty.press("klmnopqrst\r");
    prompt.wait_for(" of 200,000 accesses not kept (--max-record)");
    prompt.leave("\x04");
}

/// A guest that is watched hands over its records one by one, and data segments come one by one too.
#[test]
fn what_is_kept_is_bounded_however_it_is_handed_over() {
    let text = r#"(module (memory (export "memory") 1) (data $data "\01\02\03\04\05\06\07\08")
        (func (export "turn") (param i32 i32) (local $n i32)
            (local.set $n (i32.const 60000))
            (loop $again
                (i32.store (i32.and (local.get $n) (i32.const 0x3fc)) (local.get $n))
                (memory.init $data (i32.const 8) (i32.const 0) (i32.const 8))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;
    let budget = 1 << 20;
    let folder = files("bounded").folder;
    let recipe = folder.join("turn.recipe");
    let wish = ConventionRequest::default().named(&recipe).expect("the recipe is right");
    let limits = Limits { record: budget, ..Limits::default() };
    let trace = Passes { stores: true, loads: false, pauses: true };
    let options = Options { limits, wish, trace, ..Options::default() };
    let source = Source { name: "bounded".to_owned(), bytes: text.as_bytes().to_vec() };
    for watched in [false, true] {
        let watch = Watchdog::new(None);
        let (mut live, _) = Live::open(&source, &options, watch.clone()).expect("it opens");
        if watched {
            watch.control().set_watches(vec![Watchpoint {
                number: 1,
                memory: 0,
                start: 0x9000,
                end: 0x9004,
                on: WatchKind::Write,
            }]);
        }
        let cause = live.send(InputLine { bytes: b"x", ended: true }, 1);
        assert!(cause.outcome.is_ok(), "{:?}", cause.outcome);
        assert_eq!(cause.accesses.len(), 120_000);
        let cost = cause.accesses.cost() as u64;
        assert!(cost <= 2 * budget, "{cost} bytes are kept, watched: {watched}");
    }
}
