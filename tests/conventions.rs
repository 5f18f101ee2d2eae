//! Conventions through the binary: the guests that come along, recipes of one's own, and what they say of faults.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Runs linmem with these arguments and input.
fn run(args: &[&str], input: &[u8]) -> Output {
    use std::io::Write;
    let mut command = Command::new(env!("CARGO_BIN_EXE_linmem"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A guest that fails ends linmem before all is read.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("writing ends");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A file of this test's own.
fn file(name: &str, content: &str) -> String {
    let folder = std::env::temp_dir().join(format!("linmem-conventions-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, content).expect("the folder is ours");
    path.display().to_string()
}

/// What a module and a recipe answer: stdout, stderr, exit status.
fn drive(name: &str, module: &str, recipe: &str, input: &str) -> (String, String, Option<i32>) {
    let guest = file(&format!("{name}.wat"), module);
    let recipe = file(&format!("{name}.recipe"), recipe);
    let output = run(&[&guest, "--abi", &recipe, "--keep-going"], input.as_bytes());
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[test]
fn every_guest_that_comes_along_answers_by_its_name() {
    let list = text(&run(&["guests"], b"").stdout);
    let names: Vec<_> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 19 && names[0] == "passing-data", "{list}");
    let long = "Long line. ".repeat(8_000);
    for name in names {
        let answer = |line: &str| match name {
            "passing-data" => format!("{line} Wasm is cool!"),
            "in-place-len" => line.replace(' ', ""),
            _ => line.to_ascii_uppercase(),
        };
        // Two of them have buffers of a fixed size.
        let long = if ["passing-data", "getters"].contains(&name) { "short" } else { &long };
        let lines = ["Did you know", "caf\u{e9} z{`@[A", long, "again"];
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let expected: String = lines.iter().map(|line| format!("{}\n", answer(line))).collect();
        let output = run(&[name], input.as_bytes());
        assert!(text(&output.stdout) == expected, "{name}: {}", text(&output.stderr));
        let inspected = text(&run(&["inspect", name], b"").stdout);
        let convention = if name == "passing-data" { "static-buffer" } else { name };
        assert!(inspected.contains(&format!("  name   {convention}\n")), "{inspected}");
        let shown = run(&[name, "--show", "json"], b"one\ntwo\n");
        assert_eq!(text(&shown.stdout).lines().count(), 2, "{name}: {}", text(&shown.stderr));
    }
}

#[test]
fn every_convention_that_comes_along_has_a_guest() {
    let guests = text(&run(&["guests"], b"").stdout);
    let recipes = text(&run(&["recipe"], b"").stdout);
    for name in recipes.lines().filter_map(|line| line.split_whitespace().next()) {
        let guest = if name == "static-buffer" { "passing-data" } else { name };
        assert!(guests.lines().any(|line| line.split_whitespace().next() == Some(guest)), "{name}");
    }
}

#[test]
fn what_a_guest_says_is_told_apart_from_its_answer() {
    let output = run(&["callback"], b"a\n\n");
    assert_eq!(text(&output.stdout), "A\n\n");
    assert_eq!(
        text(&output.stderr),
        "linmem: line 1: the guest says: shouting\nlinmem: line 2: the guest says: shouting\n"
    );
    assert!(run(&["callback", "--quiet"], b"a\n").stderr.is_empty());
    let output = run(&["typst", "-k"], b"\na\n");
    assert_eq!(text(&output.stdout), "\nA\n");
    assert!(text(&output.stderr).contains("line 1: there is no text"), "{}", text(&output.stderr));
    let output = run(&["assemblyscript", "-k"], b"\na\n");
    assert!(text(&output.stdout) == "\nA\n" && output.status.code() == Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("line 1: no text at all (line 3, column 5): shout(1032) trapped"), "{stderr}");
    let output = run(&["dprint", "-k"], b"loud!\nAS IT IS\n");
    assert_eq!(text(&output.stdout), "\nAS IT IS\n");
    assert!(text(&output.stderr).contains("line 1: it is loud already"), "{}", text(&output.stderr));
}

#[test]
fn a_convention_that_is_not_the_guests_is_told_in_its_own_words() {
    let output = run(&["packed-low", "--abi", "packed", "--keep-going"], "x".repeat(100).as_bytes());
    assert!(text(&output.stdout).len() > 1000, "a length of an address");
    let output = run(&["packed", "--abi", "c-string"], b"x\n");
    assert_eq!(output.status.code(), Some(4));
    assert!(
        text(&output.stderr)
            .contains("c-string was asked for: no export could be the transform, which is (i32) -> (i32) here")
    );
    let output = run(&["packed", "--abi", "nonsense"], b"x\n");
    assert_eq!(output.status.code(), Some(2));
}

/// A guest with a mutable global for its answer's length, that asks its host for memory in bytes.
const ASKING: &str = r#"(module
    (import "env" "grow" (func $grow (param i32) (result i32)))
    (memory (export "memory") 1)
    (global $len (export "len") (mut i32) (i32.const 0))
    (func (export "run") (param $n i32)
        (drop (call $grow (i32.const 150000)))
        (i32.store8 (i32.const 149999) (i32.const 33))
        (global.set $len (i32.add (global.get $len) (local.get $n)))))"#;

#[test]
fn a_recipe_reads_globals_and_grows_memory_while_it_runs() {
    let recipe = "each line\n  write at 0\n* run(n)\n  answer \"{len}\"\n  len = @len\non env.grow(x)\n  return 1\n";
    let (_, stderr, _) = drive("asking-early", ASKING, recipe, "x\n");
    assert!(stderr.contains("line 4: `len` is not set by any line before this one"), "{stderr}");
    let recipe = "each line\n  write at 0\n* run(n)\n  len = @len\n  answer \"{len}: {1 at 149999}\"\non env.grow(size)\n  grow to size\n  return 1\n";
    let (stdout, stderr, _) = drive("asking", ASKING, recipe, "ab\nabc\n");
    assert_eq!(stdout, "2: !\n5: !\n", "{stderr}");
    let shown = run(
        &[
            &file("asking.wat", ASKING),
            "--abi",
            &file("asking.recipe", recipe),
            "--show",
            "hex",
            "--max-memory",
            "128KiB",
        ],
        b"ab\n",
    );
    let stderr = text(&shown.stderr);
    assert!(stderr.contains("the memory did not grow by 2 pages"), "{stderr}");
    assert!(stderr.contains("when the guest called env.grow(150000)"), "{stderr}");
}

#[test]
fn a_failure_names_no_call_of_another_line() {
    let module = r#"(module (memory (export "memory") 1) (func (export "f") (result i32) (i32.const 7)))"#;
    let recipe = "each line\n  fail \"not {n}\" if n != 2\n* x = f()\n  fail \"twice\" if n == 1\n  answer \"{x}\"\n";
    let (stdout, stderr, status) = drive("last", module, recipe, "ab\nabc\nab\n");
    assert_eq!((stdout.as_str(), status), ("7\n\n7\n", Some(1)));
    assert_eq!(stderr, "linmem: line 2: not 3 (line 2 of the recipe)\n");
}

#[test]
fn a_module_may_bring_its_recipe_along() {
    let guest = file(
        "own.wat",
        r#"(module (@custom "linmem" "name mine\0aeach line\0a  write at 9\0a* f(n)\0a  read 1 at 9\0a")
            (memory (export "memory") 1) (func (export "f") (param i32)))"#,
    );
    assert_eq!(text(&run(&[&guest], b"abc\nde\n").stdout), "a\nd\n");
    let inspected = text(&run(&["inspect", &guest], b"").stdout);
    assert!(inspected.contains("  fits  mine               the module brings its recipe along"), "{inspected}");
}
