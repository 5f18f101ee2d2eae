//! What recipes do, through the binary: their values, their handlers, and what comes of faults in them.

mod hermetic;

use std::path::PathBuf;
use std::process::{Output, Stdio};

/// Runs linmem with these arguments and input.
fn run(args: &[&str], input: &[u8]) -> Output {
    use std::io::Write;
    let mut command = hermetic::linmem();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    // A guest that fails ends linmem before all is read.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A file of this test's own.
fn file(name: &str, content: &str) -> String {
    let folder = std::env::temp_dir().join(format!("linmem-recipes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, content).expect("the folder is ours");
    path.display().to_string()
}

/// What a module and a recipe answer, with more arguments: stdout, stderr, exit status.
fn drive(name: &str, module: &str, recipe: &str, more: &[&str], input: &str) -> (String, String, Option<i32>) {
    let guest = file(&format!("{name}.wat"), module);
    let recipe = file(&format!("{name}.recipe"), recipe);
    let output = run(&[&[&guest, "--abi", &recipe], more].concat(), input.as_bytes());
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// A guest whose export calls an import with its argument.
const NESTING: &str = r#"(module
    (import "env" "cb" (func $cb (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "f") (param i32) (result i32) (i32.add (call $cb (local.get 0)) (i32.const 1))))"#;

#[test]
fn a_handler_that_is_entered_again_keeps_its_own_values() {
    let recipe = "each line
  total = f(n)
  answer \"{total}\"
on env.cb(x)
  twice = x + x
  say \"enter {x}\"
  sum = 0
  sum = f(x - 1) + u8[f(0) + x] if x > 1
  say \"leave {x}, twice {twice}, sum {sum}\"
  deepest = x if x > deepest
  return sum
";
    let (stdout, stderr, status) = drive("nesting", NESTING, recipe, &[], "abc\n");
    let said: Vec<_> = stderr.lines().filter_map(|line| line.split("says: ").nth(1)).collect();
    let expected = [
        "enter 3",
        "enter 2",
        "enter 1",
        "leave 1, twice 2, sum 0",
        "enter 0",
        "leave 0, twice 0, sum 0",
        "leave 2, twice 4, sum 1",
        "enter 0",
        "leave 0, twice 0, sum 0",
        "leave 3, twice 6, sum 2",
    ];
    assert_eq!((said, &*stdout, status), (expected.to_vec(), "3\n", Some(0)), "{stderr}");
}

#[test]
fn a_name_that_other_sections_use_is_shared_by_all_activations() {
    let recipe = "each line
  f(n)
  answer \"{calls}\"
on env.cb(x)
  calls = calls + 1
  f(x - 1) if x > 0
";
    let (stdout, stderr, _) = drive("counting", NESTING, recipe, &[], "abc\n");
    assert_eq!(stdout, "4\n", "{stderr}");
}

#[test]
fn a_word_that_begins_a_statement_is_no_call() {
    let guest = r#"(module (memory (export "memory") 1)
        (func (export "grow") (param i32) (i32.store8 (i32.const 0) (i32.const 71)))
        (func (export "size") (result i32) (memory.size)))"#;
    let recipe = "each line\n  write at 0\n  grow (n + 1)\n  pages = size()\n  read (n) at 0\n  \"grow\"(1)\n  append 1 at 0\n  \
                  append \" {pages}\"\n";
    let (stdout, stderr, _) = drive("keywords", guest, recipe, &[], "ab\n");
    assert_eq!(stdout, "abG 4\n", "{stderr}");
    let (_, stderr, _) = drive("quoted", guest, "each line\n  grow(1, 2)\n", &[], "ab\n");
    assert!(stderr.contains("to call an export named `grow`, write its name in quotes: \"grow\"(..)"), "{stderr}");
}

#[test]
fn numbers_have_64_bits_and_those_that_do_not_fit_are_refused() {
    let guest = r#"(module (memory (export "memory") 1) (func (export "same") (param i64) (result i64) (local.get 0))
        (func (export "narrow") (param i32) (result i32) (local.get 0)))"#;
    let recipe = "each line\n  x = same(0xffff_ffff_ffff_ffff)\n  y = same(9223372036854775808)\n  u64[8] = 18446744073709551614\n  \
                  z = u64[8]\n  i = narrow(705032704)\n  append \"{x} {x:i} {y} {z}\" if x == -1\n  \
                  append \" wrong\" if i == 5000000000\n";
    let (stdout, stderr, _) = drive("literals", guest, recipe, &[], "ab\n");
    assert_eq!(stdout, "18446744073709551615 -1 9223372036854775808 18446744073709551614\n", "{stderr}");
    for (statement, words) in [
        ("x = narrow(5000000000)", "line 2: 5000000000 does not fit in an i32"),
        ("u8[0] = 256", "line 2: 256 does not fit in a u8"),
        ("write u16 -40000 at 0", "line 2: -40000 does not fit in a u16"),
        ("x = units", "line 2: `units` counts the line's UTF-16 units: put `text utf16` in the recipe's head"),
    ] {
        let (_, stderr, status) = drive("too-wide", guest, &format!("each line\n  {statement}\n"), &[], "ab\n");
        assert!(stderr.contains(words) && status == Some(4), "{statement}: {status:?} {stderr}");
    }
    let recipe = "text utf16\neach line\n  answer \"{n} {units}\"\n";
    let (stdout, stderr, _) = drive("units", guest, recipe, &[], "a\u{e9}\u{1f600}\n");
    assert_eq!(stdout, "8 4\n", "{stderr}");
}
