//! Watchpoints, breakpoints and steps, as scripts use them.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use crate::cases::SHOUTS;
use crate::command_script;
use crate::hermetic;
use crate::piped::text;

fn folder(test: &str) -> PathBuf {
    command_script::folder(&format!("control/{test}"))
}

/// Runs a script on a guest, or on the built-in one for an empty text.
fn script(test: &str, guest: &str, args: &[&str], lines: &str) -> Output {
    command_script::feed(&folder(test), guest, args, lines)
}

/// What a script printed, which ended well.
fn good(test: &str, guest: &str, args: &[&str], lines: &str) -> String {
    let output = script(test, guest, args, lines);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(err.contains("all good"), "{err}");
    out
}

#[test]
fn a_watchpoint_stops_after_the_store_that_meets_it_and_steps_go_on_from_there() {
    let out = good(
        "watch",
        SHOUTS,
        &[],
        ":watch 65\nabc\n:expect at 64 text abc\n:globals\n:continue\n:expect at 64 text ABc\n\
         :expect error not returned\n:frames\n:globals\n:step store\n:expect at 64 text ABC\n\
         :unwatch all\n:continue\n:expect ABC\n",
    );
    // The host writes the line first.
    assert!(
        out.contains("stopped: 3 B at 0x40..0x43 written by the host: 00 00 00 -> 61 62 63 (watchpoint 1)"),
        "{out}"
    );
    assert!(out.contains("; the call has not returned yet"), "{out}");
    assert!(out.contains("stopped: 0x41 written by up (offset "), "{out}");
    assert!(out.contains("): 62 -> 42 (watchpoint 1); the call has not returned yet"), "{out}");
    assert!(out.contains("called by shout (offset "), "{out}");
    assert!(out.contains("count = 0") && out.contains("count = 1"), "the globals are those of the moment: {out}");
    assert!(out.contains("has not returned yet"), "{out}");
    assert!(out.contains("=> ABC"), "{out}");
}

#[test]
fn a_breakpoint_compiles_the_guest_again_and_sends_the_earlier_lines_again_without_a_stop() {
    let out = good(
        "break",
        SHOUTS,
        &[],
        "ab\n:break up\n:break\nxy\n:expect at 64 text xy\n:continue\n:expect at 64 text Xy\n:unbreak 1\n:continue\n\
         :expect XY\nab\n:expect AB\n",
    );
    assert!(out.contains("breakpoint 1: up"), "{out}");
    assert!(out.contains("run 2: compiled the guest again, so that it can be stopped; sending 1 line again"), "{out}");
    assert!(out.contains("stopped: in up (offset "), "{out}");
    assert!(out.contains(") (breakpoint 1); the call has not returned yet"), "{out}");
    assert_eq!(out.matches("stopped: ").count(), 2, "the line that was sent again did not stop: {out}");
}

#[test]
fn what_is_sent_again_is_listed_before_the_stop_in_the_last_line() {
    let out = good(
        "order",
        SHOUTS,
        &[],
        ":watch 65 change\nab\n:continue\n:continue\ncd\n:recompile\n:step\n:unwatch all\n:continue\n:expect CD\n",
    );
    let again = out.split_once("run 2: compiled the guest again").expect("it is told").1;
    let resent = again.find("exchange 1: ab => AB").expect("it is listed");
    assert!(resent < again.find("stopped: ").expect("it stopped"), "{out}");
    assert_eq!(again.matches("exchange 1: ab").count(), 1, "{out}");
}

#[test]
fn steps_go_over_calls_into_them_and_out_of_them() {
    let out = good(
        "steps",
        SHOUTS,
        &[],
        ":break f\nab\n:step 2\n:step\n:expect at 64 text Ab\n:step 2\n:step in 2\n:step in\n:frames\n:step out\n\
         :expect at 64 text AB\n:frames\n:unbreak all\n:step out\n:expect AB\n",
    );
    let stops: Vec<_> = out.lines().filter(|line| line.starts_with("stopped: ")).collect();
    let functions: Vec<_> = stops.iter().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(functions, ["shout", "shout", "shout", "shout", "shout", "up", "shout"], "{out}");
    assert_eq!(out.matches("\ncalled by shout (offset 0x").count(), 1, "{out}");
}

#[test]
fn breakpoints_and_watchpoints_share_their_numbers() {
    let output =
        script("numbers", SHOUTS, &[], ":watch 64\n:break up\n:watch 65\n:unwatch 2\n:unbreak 3\n:break\n:watch\n");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(out.contains("breakpoint 2: up") && out.contains("watchpoint 3: 1 B at 0x41..0x42"), "{out}");
    assert!(err.contains("no watchpoint 2; it is a breakpoint, which :unbreak removes"), "{err}");
    assert!(err.contains("no breakpoint 3; it is a watchpoint, which :unwatch removes"), "{err}");
}

#[test]
fn nothing_goes_on_in_a_saved_session() {
    let lines = "ab\n:save saved overwrite\n:load saved\n:continue\n:step\n:pause\n:exchange 0\n";
    let output = script("over", SHOUTS, &[], lines);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(err.matches("nothing can run in a saved session; :load returns from it").count(), 3, "{err}");
    assert!(out.ends_with("the start\nmemory starts with 1 page (65,536 bytes)\n"), "{out}");
}

#[test]
fn a_watchpoint_stops_at_what_it_is_about() {
    // The host writes a line that is there already, the guest reads and changes it.
    let kinds = [
        ("", "write", 2),
        ("write", "write", 2),
        ("change", "change", 1),
        ("== 0x41", "equal", 1),
        ("read", "read", 1),
    ];
    for (what, test, stops) in kinds {
        let goes = ":continue\n".repeat(stops);
        let lines = format!(":poke text 64 abc\n:watch 64 {what}\nabc\n{goes}:expect ABC\n");
        let out = good(&format!("kind-{test}"), SHOUTS, &[], &lines);
        assert_eq!(out.matches("stopped: ").count(), stops, "{what}: {out}");
    }
}

#[test]
fn a_guest_that_is_not_traced_is_compiled_again_for_a_watchpoint() {
    let out =
        good("untraced", SHOUTS, &["--trace", "off"], "ab\n:watch 64 change\ncd\n:continue\n:continue\n:expect CD\n");
    println!("{out}");
    assert!(out.contains("run 2: compiled the guest again, so that it can be stopped; sending 1 line again"), "{out}");
    assert!(out.contains("stopped: 0x40 written by up"), "{out}");
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    for (line, reason) in [
        (":continue", "the guest is not stopped; :watch, :break and :pause stop it"),
        (":step over 0", "expected a number of at least 1, got `0`"),
        (":step 0", "expected a number of at least 1, got `0`"),
        (":break \"\"", "missing place: a function, FILE:LINE or an offset"),
        (":break tally.c:0", "lines are numbered from 1, got `tally.c:0`"),
        (":watch 5..2", "`5..2` ends before it begins"),
        (":watch 5..5", "the range is empty"),
        (":writers 5..5", "the range is empty"),
        (":readers 5..5", "the range is empty"),
        (":expect unwritten 5..5", "the range is empty"),
        (":watch 64 2 == -32769", "-32769 does not fit into 2 bytes"),
        (":watch 64 2 == abc", "expected a number, or text of 2 bytes, got `abc`"),
        (":watch 64 9 == 1", "expected text of 9 bytes, got `1`"),
        (":step out", "the guest is not stopped"),
        (":pause", "no call is under way"),
        (":break nowhere", "this module defines no function `nowhere`"),
        (":break lib.rs:1", "the module's debug information has no source lines"),
        (":break 1", "no instruction begins at offset 0x1"),
        (":watch 0x20000", "memory ends at 0x10000"),
        (":watch 0..3 3", "unexpected argument `3`; usage: ADDR [LEN] | ADDR..END"),
        (":watch 0 3 == 0x1000000", "0x1000000 does not fit into 3 bytes"),
        (":unwatch 1", "no watchpoint 1"),
        (":unbreak all", "no breakpoints"),
        (":slow 0", "expected milliseconds from 1 to 60000"),
    ] {
        let output = script("refused", SHOUTS, &[], &format!("{line}\n"));
        let err = text(&output.stderr);
        assert!(err.contains(&format!("stdin:1: {reason}")) || err.contains(reason), "{line}: {err}");
        assert_eq!(output.status.code(), Some(1), "{line}");
    }
    let output = script("refused", SHOUTS, &[], ":watch 64\nab\ncd\n:save x\n:call ptr\n");
    let err = text(&output.stderr);
    assert_eq!(err.matches("the guest is stopped in the middle of a call").count(), 3, "{err}");
}

/// Writes in its start function, which the recipe does not call.
const STARTS: &str = r#"(module (memory (export "memory") 1)
    (func $begin (i32.store8 (i32.const 200) (i32.const 7)))
    (start $begin)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param $n i32) (result i32) (local.get $n)))"#;

#[test]
fn the_start_function_can_be_stopped_too() {
    let out = good(
        "start",
        STARTS,
        &["--watchpoint", "200", "--break", "begin"],
        ":expect at 200 hex 00\n:continue\n:expect at 200 hex 07\n:continue\nab\n:expect ab\n",
    );
    assert!(out.contains("stopped: in begin (offset 0x"), "{out}");
    assert!(out.contains("stopped: 0xc8 written by begin (offset 0x"), "{out}");
}

#[test]
fn the_start_of_a_later_run_can_be_stopped_too() {
    let out = good(
        "restart",
        STARTS,
        &["--break", "begin"],
        ":continue\nab\n:reset\n:expect at 200 hex 00\n:frames\n:continue\n:expect at 200 hex 07\n:runs\ncd\n:expect cd\n",
    );
    let again = out.split_once("> :reset").expect("it was asked for").1;
    assert!(again.contains("run 2 begins with a fresh guest"), "{out}");
    assert!(again.contains("stopped: in begin (offset 0x"), "{out}");
    assert_eq!(again.matches(" run: ").count(), 2, "each run is one: {out}");
    assert!(again.contains("earlier run: 1 exchange   (run 1,") && again.contains("this run: 0 exchanges   (run 2,"));
}

/// Another guest that writes in its start function, by a function that the first does not have.
const STARTS_OTHERWISE: &str = r#"(module (memory (export "memory") 1)
    (func $fill (i32.store8 (i32.const 201) (i32.const 8)))
    (func $begin (call $fill))
    (start $begin)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param $n i32) (result i32) (local.get $n)))"#;

#[test]
fn the_start_of_a_guest_that_is_reloaded_or_compiled_again_can_be_stopped_too() {
    std::fs::write(folder("reload").join("other.wat"), STARTS_OTHERWISE).expect("the folder is ours");
    let out = good(
        "reload",
        STARTS,
        &["--break", "begin", "--watchpoint", "201"],
        ":continue\nab\n:reload other.wat\n:expect at 201 hex 00\n:continue\n:expect at 201 hex 08\n:frames\n\
         :continue\n:unwatch all\n:recompile\n:expect at 201 hex 00\n:continue\n:expect at 201 hex 08\ncd\n:expect cd\n",
    );
    let (_, reloaded) = out.split_once("> :reload").expect("it was asked for");
    let (reloaded, recompiled) = reloaded.split_once("> :recompile").expect("it was asked for");
    assert!(reloaded.contains("stopped: in begin (offset 0x"), "{out}");
    assert!(reloaded.contains("stopped: 0xc9 written by fill (offset 0x"), "{out}");
    assert!(reloaded.contains("called by begin (offset 0x"), "the names are those of the new guest: {out}");
    assert!(recompiled.contains("stopped: in begin (offset 0x"), "{out}");
}

/// Answers with a copy of the line, each at another address.
const MOVES: &str = r#"(module (memory (export "memory") 1) (global $top (mut i32) (i32.const 0x500))
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param $n i32) (result i32)
        (global.set $top (i32.add (global.get $top) (i32.const 16)))
        (memory.copy (global.get $top) (i32.const 64) (local.get $n))
        (global.get $top)))"#;

#[test]
fn a_watchpoint_on_the_answer_moves_with_it() {
    let folder = folder("moves");
    std::fs::write(folder.join("r.recipe"), "each line\n  p = ptr()\n  write line at p\n* q = f(n)\n  read n at q\n")
        .expect("the folder is ours");
    let out = good(
        "moves",
        MOVES,
        &["--abi", "r.recipe"],
        "ab\n:watch output\n:watch 0x510 2\n:watch\nabc\n:watch\n:poke u8 0x521 1\n:continue\n",
    );
    let listed = |line: &str| out.matches(line).count();
    assert_eq!(listed("watchpoint 1: output, now 2 B at 0x510..0x512 written"), 2, "when it is set, and listed: {out}");
    assert_eq!(listed("watchpoint 1: output, now 3 B at 0x520..0x523 written"), 1, "{out}");
    assert_eq!(listed("watchpoint 2: 2 B at 0x510..0x512 written"), 3, "an address stays where it is: {out}");
    assert!(out.contains("stopped: 0x521 written by the host: 62 -> 01 (watchpoint 1)"), "{out}");
}

#[test]
fn the_pipe_reports_stops_and_goes_on() {
    let folder = folder("pipe");
    std::fs::write(folder.join("guest.wat"), SHOUTS).expect("the folder is ours");
    let run = |args: &[&str]| {
        let mut command = hermetic::linmem();
        command.current_dir(&folder).arg("guest.wat").args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        // It ends without reading where its arguments are wrong.
        let _ = child.stdin.take().expect("it is piped").write_all(b"ab\ncd\n");
        let output = child.wait_with_output().expect("it ends");
        (text(&output.stdout), text(&output.stderr), output.status.code())
    };
    let (out, err, code) = run(&["--watchpoint", "0x41 change"]);
    assert_eq!((out.as_str(), code), ("AB\nCD\n", Some(0)), "{err}");
    let lines: Vec<_> = err.lines().collect();
    assert_eq!(lines.len(), 4, "{err}");
    assert!(lines[0].starts_with("line 1: 2 B at 0x40..0x42 written by the host: 00 00 -> 61 62"), "{err}");
    assert!(lines[1].starts_with("line 1: 0x41 written by up (offset 0x"), "{err}");
    assert!(lines[2].starts_with("line 2: "), "{err}");
    for (args, reason) in [
        (["--break", "nowhere"], "linmem: breakpoint 1: this module defines no function `nowhere`"),
        (["--break", "tally.c:0"], "lines are numbered from 1"),
        (["--break", ""], "missing place"),
        (["--watchpoint", "5..2"], "`5..2` ends before it begins"),
        (["--watchpoint", "5..5"], "the range is empty"),
        (
            ["--watchpoint", "0xfffffff0..0x100000000"],
            "linmem: watchpoint 1: 0xfffffff0 is out of bounds: memory can grow to",
        ),
        (["--watchpoint", "64 9 == 1"], "expected text of 9 bytes, got `1`"),
    ] {
        for more in [&[][..], &["--script", "-"]] {
            let (out, err, code) = run(&[&args[..], more].concat());
            assert!(out.is_empty() && code == Some(2) && err.contains(reason), "{args:?}: {out}{err}");
        }
    }
    let (out, err, code) = run(&["--break", "f", "--show", "json"]);
    assert!(out.lines().count() == 2 && code == Some(0) && err.lines().count() == 2, "{out}{err}");
    let (_, err, code) = run(&["--watchpoint", "5..here"]);
    assert!(code == Some(2) && err.contains("expected numbers such as 0x41c..0x42a"), "{err}");
    let (_, err, code) = run(&["--watchpoint", "4..5 7"]);
    assert!(code == Some(2) && err.contains("unexpected argument `7`"), "{err}");
}

#[test]
fn a_stop_takes_nothing_of_the_time_limit_and_a_program_that_ends_waits_for_nobody() {
    let folder = folder("limit");
    std::fs::write(folder.join("guest.wat"), SHOUTS).expect("the folder is ours");
    let mut command = hermetic::linmem();
    command.current_dir(&folder).args(["guest.wat", "--timeout", "2s", "--script", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(b":watch 64 change\nab\n").expect("it reads");
    std::thread::sleep(std::time::Duration::from_secs(3));
    // The guest is stopped again when the script is over.
    input.write_all(b":continue\n:continue\n:expect AB\ncd\n").expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let out = text(&output.stdout);
    let (_, rest) =
        out.rsplit_once("the script ends in the middle of a call, which runs to its end\n").expect("it stopped");
    assert!(rest.ends_with("=> CD\n"), "{out}");
}

#[test]
fn a_trap_after_a_stop_leaves_the_next_line_in_order() {
    let guest = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func $deep (param $n i32) (if (i32.eqz (local.get $n)) (then unreachable)) (call $deep (i32.sub (local.get $n) (i32.const 1))))
        (func $f (export "f") (param $n i32) (result i32)
            (if (i32.eq (local.get $n) (i32.const 2)) (then (call $deep (i32.const 3))))
            (i32.store8 (i32.const 64) (i32.const 65)) (local.get $n)))"#;
    let out = good(
        "traps",
        guest,
        &["--break", "deep"],
        "ab\n:step\n:continue\n:continue\n:continue\n:continue\n:expect error unreachable\n:unbreak all\n:break f\nabc\n:step out\n:expect Abc\n",
    );
    assert!(out.contains("f(2) trapped: "), "{out}");
}

mod same_results {
    //! Guests that are stopped everywhere answer as those that are not.

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use linmem::abi::InputLine;
    use linmem::guest::{Go, Passes, PauseListener};
    use linmem::record::Run;
    use linmem::session::{BUILT_IN, Live, Options, Source, Watchdog};

    const LINES: [&[u8]; 5] = [b"Did you know", b"", b"x", "h\u{e9}llo w\u{f6}rld".as_bytes(), b"Did you know"];

    fn options(pauses: bool) -> Options {
        let trace = Passes { stores: true, loads: pauses, pauses };
        let mut options = Options { trace, ..Options::default() };
        options.limits.time = None;
        options
    }

    #[test]
    fn built_in_guests_that_are_stopped_at_every_line_and_store_answer_like_those_that_are_not() {
        let mut all = 0;
        for (name, bytes, _) in BUILT_IN {
            let source = Source { name: (*name).to_owned(), bytes: bytes.to_vec() };
            for how in [Go::Into, Go::Over, Go::Store] {
                let (mut plain, _) = Live::open(&source, &options(false), Watchdog::new(None)).expect("it opens");
                let watch = Watchdog::new(None);
                let (mut stopped, start) = Live::open(&source, &options(true), watch.clone()).expect("it opens");
                let mut run = Run::new(usize::MAX);
                run.push(Arc::new(start), stopped.present().clone());
                let (stops, steering) = (Arc::new(AtomicUsize::new(0)), watch.clone());
                let (counted, shared) = (stops.clone(), Arc::new(std::sync::Mutex::new(run)));
                let seen = shared.clone();
                watch.control().set_listener(PauseListener::new(move |paused| {
                    // What is shown of the call is a whole history each time: undone, it is what was before.
                    let mut run = seen.lock().expect("nobody panicked");
                    let before = run.at(run.now()).expect("it is kept");
                    let before = if run.is_unfinished() { None } else { Some(before) };
                    run.show_unfinished(Arc::new(paused.cause), paused.present);
                    if let Some(before) = before {
                        let moment = linmem::record::Moment { cause: run.len() - 1, change: 0 };
                        assert_eq!(run.at(moment).expect("it is kept"), before);
                    }
                    let cause = run.cause(run.len() - 1).expect("it was shown");
                    assert!(cause.is_well_formed() && !cause.is_over());
                    counted.fetch_add(1, Ordering::SeqCst);
                    steering.control().go(how);
                }));
                for (number, line) in (1..).zip(LINES) {
                    // It is stopped first where the line begins.
                    watch.control().pause();
                    let sent = stopped.send(InputLine { bytes: line, ended: true }, number);
                    let expected = plain.send(InputLine { bytes: line, ended: true }, number);
                    assert_eq!(sent.outcome, expected.outcome, "{name}");
                    assert_eq!(stopped.present(), plain.present(), "{name}");
                    assert_eq!(sent.steps.len(), expected.steps.len(), "{name}");
                    shared.lock().expect("nobody panicked").push(Arc::new(sent), stopped.present().clone());
                }
                all += stops.load(Ordering::SeqCst);
            }
        }
        assert!(all > 1000, "{all} stops");
    }
}

#[test]
fn a_guest_is_stopped_in_a_call_that_the_host_makes_while_it_answers_an_import() {
    let guest = r#"(module (import "env" "cb" (func $cb (param i32) (result i32))) (memory (export "memory") 1)
        (func $inner (export "inner") (param $n i32) (i32.store8 (i32.const 100) (local.get $n)))
        (func $f (export "f") (param $n i32) (result i32) (i32.add (call $cb (local.get $n)) (i32.const 1))))"#;
    let recipe =
        "each line\n  total = f(n)\n  answer \"{total}\"\non env.cb(x)\n  inner(x)\n  u8[101] = x\n  return x\n";
    let folder = folder("nested");
    std::fs::write(folder.join("r.recipe"), recipe).expect("the folder is ours");
    let out = good(
        "nested",
        guest,
        &["--abi", "r.recipe", "--break", "inner"],
        ":watch 100 2\nabc\n:frames\n:step out\n:expect at 100 hex 03\n:frames\n:continue\n:expect at 101 hex 03\n:frames\n:continue\n:expect 4\nab\n\
         :continue\n:continue\n:continue\n:expect 3\n",
    );
    assert!(out.contains("stopped: in inner (offset 0x"), "{out}");
    // The calls across the boundary that led there too.
    let calls = out.split("> :frames").nth(1).expect("it was asked for");
    assert!(calls.contains("\nin inner (offset 0x"), "{out}");
    assert!(
        calls.contains(
            "\ncalled by the import env.cb, in the call of f; which of the guest's functions called it is not known\n"
        ),
        "{out}"
    );
    assert!(
        out.contains("(watchpoint 2)\nin the import env.cb, in the call of f; which"),
        "of the host's write too: {out}"
    );
    assert!(out.contains("stopped: 0x64 written by inner (offset 0x"), "{out}");
    assert!(out.contains("stopped: 0x65 written by the host"), "{out}");
}

#[test]
fn recompiling_goes_on_recording_loads() {
    let guest = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func $first (export "f") (param i32) (result i32)
            (i32.store8 (i32.const 65) (i32.load8_u (i32.const 64)))
            (local.get 0)))"#;
    let out = good("loads", guest, &["--trace", "loads"], "ab\n:recompile\n:readers 64\n");
    let readers = out.split("> :readers 64\n").nth(1).expect("they are listed");
    assert!(readers.contains("load 1 B at 0x40..0x41"), "{readers}");
}
