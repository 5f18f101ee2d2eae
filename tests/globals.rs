//! Exported globals of every type, as recipes compare and pass them.

use std::path::Path;
use std::process::Output;

use crate::hermetic;
use crate::piped::text;

/// A global of each type, and functions that take and change them.
const GLOBALS: &str = r#"(module (memory (export "memory") 1)
    (global (export "wide") i64 (i64.const 0x100000000))
    (global (export "half") f32 (f32.const 0.5))
    (global $double (export "double") (mut f64) (f64.const -2.25))
    (global (export "null") externref (ref.null extern))
    (func (export "f32_is_half") (param f32) (result i32) (f32.eq (local.get 0) (f32.const 0.5)))
    (func (export "f64_is_3") (param f64) (result i32) (f64.eq (local.get 0) (f64.const 3)))
    (func (export "quarter") (result f64) (f64.const 0.25))
    (func (export "next") (param f64) (result f64)
      (global.set $double (f64.add (global.get $double) (local.get 0))) (global.get $double)))"#;

/// Runs linmem in a directory for one test, with the module and a recipe of these lines.
fn run(test: &str, lines: &str, args: &[&str], input: &str) -> Output {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("globals").join(test);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let write =
        |name: &str, content: &str| std::fs::write(folder.join(name), content).expect("the test directory is writable");
    write("guest.wat", GLOBALS);
    write("recipe", &format!("each line\n{lines}"));
    write("lines", input);
    let input = std::fs::File::open(folder.join("lines")).expect("it was written");
    hermetic::linmem().current_dir(&folder).args(args).stdin(input).output().expect("linmem starts")
}

const DRIVE: &[&str] = &["guest.wat", "--abi", "recipe"];

#[test]
fn a_global_is_compared_and_passed_in_its_own_type() {
    let recipe = "  ok = f32_is_half(@half)
  three = f64_is_3(3)
  x = next(quarter())
  answer \"i64\" if @wide == 0
  answer \"f64 {x} {ok}\" if @double > -1
  answer \"f32\" if @half != @half
  answer \"f32\" if @half > 1
  answer \"{ok} {three} {x}\"
";
    let answers = "1 1 -2\n1 1 -1.75\n1 1 -1.5\n1 1 -1.25\n1 1 -1\nf64 -0.75 1\n";
    let output = run("compared", recipe, DRIVE, "a\nb\nc\nd\ne\nf\n");
    assert_eq!(text(&output.stdout), answers, "{}", text(&output.stderr));
    let shown = text(&run("shown", recipe, &[DRIVE, &["--show", "hex"]].concat(), "a\n").stdout);
    assert!(shown.contains("f32_is_half(0.5)"), "{shown}");
}

/// Enough lines for a driver, which is compiled after some answers. The answer is read, as a driver requires.
#[test]
fn compiled_recipe_compares_and_passes_globals_alike() {
    let recipe = "  u32[0] = 0x33
  ok = f32_is_half(@half)
  three = f64_is_3(3)
  x = next(quarter())
  u32[0] = 0x34 if @wide == 0x100000000
  u32[0] = 0x35 if @wide < 0x100000000
  u32[1] = 0x36
  u32[1] = 0x37 if @double < 1022
  u32[2] = ok + 0x30
  u32[3] = three + 0x30
  u32[4] = 0x38 if @half == @half
  u32[4] = 0x39 if @half > @half
  read 5 at 0
";
    let count = 40_000;
    let output = run("compiled", recipe, DRIVE, &"x\n".repeat(count));
    let answers = text(&output.stdout);
    let negative = answers.lines().filter(|answer| *answer == "47118").count();
    // -2.25 + 0.25 n < 1022
    assert_eq!((negative, answers.lines().count()), (4096, count), "{}", text(&output.stderr));
    assert!(answers.ends_with("46118\n"), "{}", &answers[answers.len() - 20..]);
}

#[test]
fn type_mismatch_is_reported_with_the_type() {
    for (line, message) in [
        ("u32[0] = @half", "line 2: `@half` is f32, expected an integer"),
        ("write at @double", "-2.25 is not an address, a length or another whole number"),
        ("f32_is_half(@double)", "line 2: `@double` is f64, expected f32"),
        ("f64_is_3(@null)", "line 2: `@null` is externref, expected f64"),
        ("answer the line if @half == @double", "line 2: `@half` is f32, expected f64"),
        ("u32[0] = @next", "line 2: `next` is a function (f64) -> (f64), not a global"),
    ] {
        let stderr = text(&run("told", &format!("  {line}\n"), DRIVE, "x\n").stderr);
        assert!(stderr.contains(message), "{line}: {stderr}");
    }
}

#[test]
fn inspect_shows_type_and_mutability_of_globals() {
    let shown = text(&run("inspected", "", &["inspect", "guest.wat"], "").stdout);
    for row in ["global i64, 4294967296 (0x100000000) at the start", "global f64, mutable"] {
        assert!(shown.contains(row), "{shown}");
    }
    let shown = text(&run("inspected", "", &["inspect", "guest.wat", "--json"], "").stdout);
    assert!(shown.contains(r#"{"name":"double","kind":"global","value":"f64","mutable":true}"#), "{shown}");
}
