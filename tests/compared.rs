//! Without recorded stores, and when comparing takes too long: unknown bytes are reported, and never shown as known.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyCode;
use linmem::abi::{ConventionRequest, InputLine, RecipeFile};
use linmem::front::Offscreen;
use linmem::record::{Actor, Cause, Change, Run, StepKind};
use linmem::session::{Live, Options, Source, Watchdog};
use linmem::view::Selection;
use ratatui::buffer::Buffer;

use crate::hermetic;

/// Stores i at 0 and calls `tick(i)`, for i from 1 to 20; then calls `back`, in which the host calls `more`. That
/// stores 100 at 0 and calls `tick(100)`.
const TICKS: &str = r#"(module
    (import "env" "tick" (func $tick (param i32))) (import "env" "back" (func $back))
    (memory (export "memory") 1)
    (func (export "more") (i32.store (i32.const 0) (i32.const 100)) (call $tick (i32.const 100)))
    (func (export "run") (local $i i32)
        (loop $next
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (i32.store (i32.const 0) (local.get $i))
            (call $tick (local.get $i))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 20))))
        (call $back)
        (i32.store (i32.const 0) (i32.const 200))))"#;

/// The host copies i to 8, which the guest wrote too, and to 16, which only the host writes.
const RECIPE: &str = "each line
  run()
  read 4 at 0
on env.tick(i)
  u32[16] = u32[0] if i == 10
  u32[8] = i
on env.back()
  more()
";

fn source() -> Source {
    Source { name: "ticks.wat".to_owned(), bytes: TICKS.as_bytes().to_vec() }
}

/// Options with that time limit for comparing.
fn options(patience: Duration) -> Options {
    let recipe = RecipeFile::new("ticks.recipe".to_owned(), RECIPE.to_owned()).expect("the recipe is right");
    let wish = ConventionRequest { recipe: Some(recipe), ..ConventionRequest::default() };
    Options { wish, patience: Some(patience), ..Options::default() }
}

/// One exchange, and the run whose second cause it is.
fn exchange(patience: Duration) -> (Arc<Cause>, Run) {
    let (mut live, start) = Live::open(&source(), &options(patience), Watchdog::new(None)).expect("the guest is valid");
    let mut run = Run::new(1 << 20);
    run.push(Arc::new(start), live.present().clone());
    let cause = Arc::new(live.send(InputLine { bytes: b"x", ended: true }, 1));
    run.push(cause.clone(), live.present().clone());
    (cause, run)
}

fn u32_at(memory: &linmem::record::Image, addr: u64) -> u32 {
    let mut bytes = [0; 4];
    memory.read(addr, &mut bytes);
    u32::from_le_bytes(bytes)
}

#[test]
fn known_bytes_are_right_and_others_are_reported_unknown() {
    for patience in [Duration::ZERO, Duration::MAX] {
        let (cause, run) = exchange(patience);
        assert!(cause.outcome.is_ok(), "{:?}", cause.outcome);
        let (mut ticks, mut unknown) = (0, 0);
        // The value that the guest has stored at 0 when a step begins.
        let mut stored = 0;
        for (place, step) in cause.steps.iter().enumerate() {
            if let StepKind::Import { import, args, .. } = &step.kind
                && &**import == "env.tick"
            {
                stored = u32::try_from(args[0].unsigned().expect("it is a number")).expect("it is small");
                ticks += 1;
            }
            let at = Selection::new(&run, None, 1, Some(place)).expect("it is known");
            unknown += usize::from(!step.known.before || !step.known.after);
            let is_outermost = step.depth == 0;
            if step.known.before {
                assert_eq!(u32_at(&at.before[0], 0), if place + 1 < cause.steps.len() { stored } else { 200 });
            }
            if step.known.after && is_outermost {
                assert_eq!(u32_at(&at.after[0], 0), 200, "the guest has returned");
            }
            assert!(
                !is_outermost || (step.known.before && step.known.after),
                "all memory is known before and after a line"
            );
        }
        assert_eq!(ticks, 21);
        // Everything inside the call: imports, writes, the read of one of them, and the call inside `back`.
        let inside = cause.steps.iter().filter(|step| step.depth > 0).count();
        assert_eq!(unknown, if patience.is_zero() { inside } else { 0 });
    }
}

#[test]
fn host_accesses_are_known_even_if_the_rest_is_not() {
    let (cause, _) = exchange(Duration::ZERO);
    let changes = |addr: u64| {
        let at = move |change: &&Change| matches!(change, Change::Bytes { addr: of, .. } if *of == addr);
        cause.changes.iter().filter(at)
    };
    let sides = |change: &Change| match change {
        Change::Bytes { old_then_new, by, .. } => {
            let (old, new) = old_then_new.split_at(old_then_new.len() / 2);
            (u8::from_le_bytes([old[0]]), new[0], *by)
        }
        Change::Bare { .. } | Change::Growth { .. } => unreachable!("no memory grows, and all is kept"),
    };
    let host: Vec<_> = changes(8).map(sides).collect();
    let expected: Vec<_> = (0..20).map(|i| (i, i + 1, Actor::Host)).chain([(20, 100, Actor::Host)]).collect();
    assert_eq!(host, expected, "the old value of each host write is right");
    let guest: Vec<_> = changes(0).map(sides).collect();
    assert_eq!(
        guest,
        [(0, 10, Actor::Guest), (10, 200, Actor::Guest)],
        "what was read is known, and what there is now"
    );
    assert_eq!(changes(16).map(sides).collect::<Vec<_>>(), [(0, 10, Actor::Host)]);
}

/// A directory with a saved session of such an exchange.
fn saved(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compared").join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let mut screen = Offscreen::open(source(), options(Duration::ZERO), 120, 40).expect("the guest is valid");
    screen.send("x").expect("the guest is valid");
    screen.send(&format!(":save {}", folder.join("session").display())).expect("the guest is valid");
    folder
}

fn replay(folder: &Path, args: &[&str], input: &str) -> String {
    std::fs::write(folder.join("input"), input).expect("the test directory is writable");
    let input = std::fs::File::open(folder.join("input")).expect("it was written");
    let mut command = hermetic::linmem();
    command.current_dir(folder).args(["replay", "session"]).args(args).stdin(Stdio::from(input));
    String::from_utf8(command.output().expect("linmem starts").stdout).expect("it is text")
}

#[test]
fn json_and_hex_report_unknown_memory() {
    let folder = saved("printed");
    let object: serde_json::Value =
        serde_json::from_str(&replay(&folder, &["--show", "json"], "")).expect("it is one object");
    let steps = object["steps"].as_array().expect("a list");
    assert_eq!(steps[0].get("memory_known"), None, "memory is known before and after the call");
    assert!(steps[1..steps.len() - 1].iter().all(|step| step["memory_known"] == serde_json::json!([false, false])));
    assert_eq!(steps.last().expect("there is one").get("memory_known"), None);
    let hex = replay(&folder, &["--show", "hex"], "");
    let writes = hex.lines().filter(|line| line.contains("write") && line.ends_with("memory not compared"));
    assert_eq!(writes.count(), 22, "{hex}");
    // Those, and the call inside `back`.
    assert_eq!(hex.matches("bytes shown here may be out of date").count(), 23, "{hex}");
}

#[test]
fn prompt_reports_unknown_memory() {
    let folder = saved("prompt");
    let shown = replay(&folder, &["--repl"], ":exchange 1.5\n:peek u32 0\n:inspect 0\n:exchange 1.1\n:peek u32 0\n");
    let caution = "memory was not compared after this step: bytes shown here may be out of date";
    let (inside, whole) = shown.split_once("step 1 of").expect("the second moment is shown");
    assert_eq!(inside.matches(caution).count(), 3, "{shown}");
    assert!(inside.contains("unknown: memory was not compared after this step"), "{shown}");
    assert!(!whole.contains(caution) && whole.contains("0x0  u32 200"), "{shown}");
}

#[test]
fn screen_reports_unknown_memory_above_and_below() {
    for (columns, rows) in [(120, 40), (60, 24)] {
        let mut screen = Offscreen::open(source(), options(Duration::ZERO), columns, rows).expect("the guest is valid");
        screen.send("x").expect("the guest is valid");
        // The step selected first is outside the call; the next but one is a write of the host.
        screen.press(KeyCode::F(5));
        screen.press(KeyCode::F(6));
        let known = text(screen.draw_settled());
        assert!(!known.contains("not compared)"), "{known}");
        let mut seen = String::new();
        for _ in 0..4 {
            screen.press(KeyCode::F(8));
            seen = text(screen.draw_settled());
            if seen.contains("not compared)") {
                break;
            }
        }
        assert!(seen.contains("after (not compared)"), "{columns}: {seen}");
        assert!(seen.contains("memory not compared; "), "{columns}: {seen}");
    }
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content().chunks(width);
    rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>() + "\n").collect()
}
