//! Inference without an answer, conventions that are settled by running each once, and the command `:infer`.

use std::process::Output;

use crate::piped::{file, run, text};

/// Makes capitals, and returns address and length in one number, the length in its high half. The names do not tell
/// which half is which.
const PACKED_LOW: &str = r#"(module (memory (export "memory") 1) (global $next (mut i32) (i32.const 1024))
    (func (export "alloc") (param i32) (result i32) (global.get $next)
        (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get 0) (i32.const 15)) (i32.const -8)))))
    (func (export "work") (param $p i32) (param $n i32) (result i64) (local $i i32)
        (loop $next (if (i32.lt_u (local.get $i) (local.get $n)) (then
            (i32.store8 (i32.add (i32.const 32768) (local.get $i))
                (i32.sub (i32.load8_u (i32.add (local.get $p) (local.get $i))) (i32.const 32)))
            (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $next))))
        (i64.or (i64.shl (i64.extend_i32_u (local.get $n)) (i64.const 32)) (i64.const 32768))))"#;

fn script(name: &str, guest: &str, lines: &str, args: &[&str]) -> Output {
    let script = file(&format!("{name}.script"), lines.as_bytes());
    run(&[&[guest, "--script", &script], args].concat(), b"")
}

#[test]
fn answers_are_guessed_and_marked_as_guesses() {
    let guest = file("guessed.wat", PACKED_LOW.as_bytes());
    let output = run(&["infer", &guest, "-l", "hello", "--timeout", "100s"], b"");
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(stdout.starts_with("guesses only: no answer to \"hello\" was given"), "{stdout}");
    assert!(stdout.contains("\n  1. \"HELLO\"\n"), "{stdout}");
    let command = format!("linmem infer {guest} --line hello --answer HELLO");
    assert!(stdout.contains(&command), "{stdout}");
    // Nothing is guessed where lines and answers are not in pairs.
    assert_eq!(run(&["infer", &guest, "-l", "a", "-l", "b"], b"").status.code(), Some(2));
}

#[test]
fn convention_is_settled_by_running_each_once_where_the_user_allows_it() {
    let guest = file("settled.wat", PACKED_LOW.as_bytes());
    for allowed in [&["--abi", "auto"][..], &["--call", "work"]] {
        let output = run(&[&[&*guest], allowed].concat(), b"hello\nabc\n");
        let stderr = text(&output.stderr);
        assert_eq!(text(&output.stdout), "HELLO\nABC\n", "{allowed:?}: {stderr}");
        assert!(stderr.contains("convention packed-low was chosen by running it once"), "{allowed:?}: {stderr}");
    }
    // Without leave, no guest code runs: this one would not end.
    let endless = r#"(module (memory (export "memory") 1)
        (func (export "alloc") (param i32) (result i32) (loop (br 0)) (i32.const 0))
        (func (export "work") (param i32 i32) (result i32) (loop (br 0)) (i32.const 0)))"#;
    let endless = file("endless-contest.wat", endless.as_bytes());
    let output = run(&[&endless, "--timeout", "200ms"], b"hello\n");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("--abi auto runs each once in the sandbox"), "{stderr}");
    assert!(stderr.contains(&format!("`linmem infer {endless} --line LINE --answer ANSWER` finds")), "{stderr}");
    // With leave, what each did is told.
    let output = run(&[&endless, "--abi", "auto", "--timeout", "200ms"], b"hello\n");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("Each was run once with \"hello\"") && stderr.contains("--abi in-place"), "{stderr}");
}

#[test]
fn command_infers_shows_and_uses_the_recipe() {
    let guest = file("by-command.wat", PACKED_LOW.as_bytes());
    let lines = ":infer \"hello\" => \"HELLO\" call work\n:infer use\nabc\n:expect ABC\n:recipe\n";
    let output = script("infer-command", &guest, lines, &["--abi", "packed"]);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    let shown = "# Inferred for ";
    assert!(stdout.contains(shown) && stdout.contains(":infer use begins a new run with this recipe"), "{stdout}");
    assert!(stdout.contains("run 2 begins with a fresh guest"), "{stdout}");
    let lines = ":infer hello => HELLO run\nxyz\n:expect XYZ\n";
    let output = script("infer-run", &guest, lines, &["--abi", "packed"]);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("inferred: it gave the right answer to 1 example"), "{stdout}");
    let output = script("infer-guess", &guest, ":infer hello call work\n", &["--abi", "packed"]);
    let stdout = text(&output.stdout);
    assert!(stdout.contains(":infer \"hello\" => \"HELLO\" call work"), "{stdout}{}", text(&output.stderr));
}

#[test]
fn command_refuses_what_it_cannot_infer_from() {
    let guest = file("not-by-command.wat", PACKED_LOW.as_bytes());
    for (command, message) in [
        (":infer", "missing LINE; usage: :infer LINE"),
        (":infer a =>", "missing ANSWER"),
        (":infer a => A b", "missing => ANSWER"),
        (":infer use", "nothing was inferred yet"),
    ] {
        let stderr = text(&script("infer-refused", &guest, command, &["--abi", "packed"]).stderr);
        assert!(stderr.contains(message), "{command}: {stderr}");
    }
    let output =
        script("infer-in-vain", &guest, ":infer hello => \"no such answer\" call work\n", &["--abi", "packed"]);
    let stdout = text(&output.stdout);
    assert!(stdout.contains("no recipe found: tried") && stdout.contains("`work` read the whole line"), "{stdout}");
}
