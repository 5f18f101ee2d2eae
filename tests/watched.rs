//! What watchpoints and steps leave of the record, and what they cost the guest.

use std::path::PathBuf;
use std::process::Output;

use crate::command_script;
use crate::piped::text;

fn folder(test: &str) -> PathBuf {
    command_script::folder(&format!("watched/{test}"))
}

/// Runs a script on a guest.
fn script(test: &str, guest: &str, args: &[&str], lines: &str) -> Output {
    command_script::feed(&folder(test), guest, args, lines)
}

/// What a script printed, which ended well.
fn good(test: &str, guest: &str, lines: &str) -> String {
    let output = script(test, guest, &["--no-rows"], lines);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && err.contains("all good"), "{out}\n{err}");
    out
}

/// Writes its argument's count of numbers, from 1, to address 400, and again to 404.
const COUNTS: &str = r#"(module (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param $n i32) (result i32) (local.get $n))
    (func $count (export "count") (param $n i32) (local $i i32)
        (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (i32.store (i32.const 400) (local.get $i))
            (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
        (i32.store (i32.const 404) (local.get $i))
        (i32.store (i32.const 404) (local.get $i))))"#;

#[test]
fn a_call_that_goes_on_after_a_step_keeps_what_its_stores_found() {
    for goes in [":step store\n:continue\n", ":step store\n:step store\n:continue\n", ":step store\n:step\n:continue\n"]
    {
        for count in [3, 40, 200, 600, 900] {
            let out = good("steps", COUNTS, &format!(":break count\n:call count {count}\n{goes}:writers 400 4\n"));
            let (last, before) = (u32::to_le_bytes(count), u32::to_le_bytes(count - 1));
            let hex = |bytes: [u8; 4]| bytes.map(|byte| format!("{byte:02x}")).join(" ");
            assert!(out.contains(&format!("{} -> {}", hex(before), hex(last))), "{goes}{count}: {out}");
            assert!(out.contains("00 00 00 00 -> 01 00 00 00"), "{goes}{count}: {out}");
        }
    }
}

#[test]
fn a_call_whose_watchpoints_are_removed_in_the_middle_keeps_what_its_stores_found() {
    let lines = ":watch 400\n:call count 5\n:continue\n:unwatch all\n:continue\n:writers 400 4\n";
    let out = good("unwatch", COUNTS, lines);
    let writers = out.split("> :writers").nth(1).expect("they are listed");
    for number in 0..5 {
        assert!(writers.contains(&format!("0{number} 00 00 00 -> 0{} 00 00 00", number + 1)), "{writers}");
    }
}

#[test]
fn a_watchpoint_that_is_set_again_in_the_middle_of_a_call_knows_what_changes() {
    let lines = ":break count\n:watch 400\n:call count 5\n:continue\n:continue\n:unwatch 2\n:step\n:watch 404 change\n\
                 :continue\n:expect at 404 hex 05\n:continue\n:expect at 400 hex 05\n";
    let out = good("again", COUNTS, lines);
    assert_eq!(out.matches("(watchpoint 3)").count(), 1, "the second store changes nothing: {out}");
}

/// The call that a script leaves in the middle has its answer, in each format; it is not an error that it stopped.
#[test]
fn a_call_that_is_stopped_when_the_script_ends_runs_to_its_end() {
    for end in ["", ":quit\n"] {
        let lines = format!(":break count\n:watch 400\n:call count 3\n{end}");
        let out = good("ends", COUNTS, &lines);
        assert!(out.contains("the script ends in the middle of a call, which runs to its end"), "{out}");
        assert!(out.contains("call count(3) returned"), "{out}");
        // Where it would have stopped again is told.
        assert!(out.contains("0x190..0x194 written by count"), "{out}");
        let json = script("ends-json", COUNTS, &["--show", "json"], &format!(":break count\n:call count 3\n{end}"));
        let objects = text(&json.stdout);
        assert!(json.status.success(), "{objects}");
        assert!(objects.lines().last().is_some_and(|last| last.contains(r#""command":"call count 3""#)), "{objects}");
    }
    let out = good("ends-line", COUNTS, ":break f\nab\n");
    assert!(out.contains("=> ab"), "{out}");
}

#[test]
fn a_call_that_fails_after_the_script_has_ended_in_it_is_counted() {
    let guest = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func $f (export "f") (param i32) (result i32) (unreachable)))"#;
    let output = script("ends-badly", guest, &["--show", "json"], ":break f\nab\n");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}\n{err}");
    assert!(err.contains("stdin:2: ") && err.contains("unreachable executed") && err.contains("1 failed"), "{err}");
    assert!(out.lines().last().is_some_and(|last| last.contains("unreachable")), "{out}");
}

#[test]
fn a_script_that_ends_in_a_stopped_call_is_not_the_last_where_another_goes_on() {
    let folder = folder("sourced");
    std::fs::write(folder.join("inner"), ":break f\nab\n").expect("the folder is ours");
    let out = good("sourced", COUNTS, ":source inner\n:expect at 64 text ab\n:continue\n:expect ab\n");
    assert!(!out.contains("the script ends"), "{out}");
}

#[test]
fn a_quiet_script_prints_nothing_where_the_guest_is_compiled_again_or_stops() {
    std::fs::write(folder("quiet").join("other.wat"), COUNTS).expect("the folder is ours");
    let lines = "ab\n:break f\n:recompile\n:reload other.wat\nab\n:unbreak all\n:continue\n:watch 400\n:call count 3\n";
    let output = script("quiet", COUNTS, &["--quiet"], lines);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && out.is_empty() && err.is_empty(), "{out}\n{err}");
}

#[test]
fn a_call_that_runs_out_of_time_while_something_is_watched_says_that_this_is_slow() {
    let endless = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32) (loop $again (i32.store (i32.const 8) (i32.const 1)) (br $again))
            (unreachable)))"#;
    let args = ["--timeout", "100ms"];
    let output = script("slow", endless, &args, ":watch 400\nab\n:unwatch all\nab\n");
    let out = text(&output.stdout);
    assert_eq!(out.matches("note: watchpoints slow the guest down").count(), 1, "{out}");
}

/// Stores to many addresses, with the second half of a vector at 0x318 and a fill over 0x320.
const MANY: &str = r#"(module (memory (export "memory") 2)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param $n i32) (result i32) (local.get $n))
    (func $touch (param $n i32)
        (v128.store (i32.const 0x310) (v128.const i64x2 1 2))
        (memory.fill (i32.const 0x31e) (i32.const 7) (i32.const 8))
        (i64.store (i32.const 0x330) (i64.const -1))
        (drop (v128.load (i32.const 0x310)))
        (i32.store (i32.const 0x340) (local.get $n))
        (i32.store (i32.const 0x340) (local.get $n))
        (i32.store8 (i32.const 0x1ffff) (i32.const 1)))
    (func (export "many") (param $n i32) (local $i i32)
        (loop $again
            (i32.store (i32.add (i32.const 0x1000) (i32.and (i32.shl (local.get $i) (i32.const 2)) (i32.const 0xfff)))
                (local.get $i))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (call $touch (local.get $n))))"#;

#[test]
fn a_watched_access_is_found_among_many_others_right_when_it_is_made() {
    for count in [1, 100, 2045, 2046, 2047, 50_000] {
        // What is watched, what memory holds at the stop, and what it does not hold yet.
        for (watched, stops, there, later) in [
            ("0x317 1", 1, "at 0x310 hex 01", "at 0x320 hex 00"),
            ("0x318 1", 1, "at 0x318 hex 02", "at 0x320 hex 00"),
            ("0x31f 1", 2, "at 0x318 hex 02", "at 0x330 hex 00"),
            ("0x325 1", 1, "at 0x325 hex 07", "at 0x330 hex 00"),
            ("0x337 1", 1, "at 0x330 hex ff", "at 0x340 hex 00"),
            ("0x31f read", 1, "at 0x330 hex ff", "at 0x340 hex 00"),
            ("0x318 4 == 2", 1, "at 0x318 hex 02", "at 0x320 hex 00"),
            ("0x340 4 change", 1, "at 0x330 hex ff", "at 0x1ffff hex 00"),
            ("0x1ffff", 1, "at 0x1ffff hex 01", "at 0x20 hex 00"),
            ("0x1000 4 == 0x01000000", 0, "", ""),
        ] {
            let stop = format!(":expect {there}\n:expect {later}\n");
            let goes = if stops == 0 { String::new() } else { ":continue\n".repeat(stops - 1) + &stop + ":continue\n" };
            let lines = format!(":watch {watched}\n:call many {count}\n{goes}:expect at 0x1ffff hex 01\n");
            let out = good("many", MANY, &lines);
            assert_eq!(out.matches("\nstopped: ").count(), stops, "{watched}, {count}: {out}");
            assert!(out.contains(&format!("call many({count}) returned")), "{watched}, {count}: {out}");
        }
    }
}

/// Between two stores of the guest, the host writes to what is watched.
#[test]
fn a_change_is_one_after_what_the_host_wrote_in_between() {
    let guest = r#"(module (import "env" "cb" (func $cb)) (memory (export "memory") 1)
        (func $put (param $n i32) (i32.store8 (i32.const 100) (local.get $n)))
        (func (export "f") (param $n i32) (result i32)
            (call $put (i32.const 1)) (call $put (i32.const 1))
            (call $cb)
            (call $put (i32.const 1)) (call $put (i32.const 1))
            (i32.const 5)))"#;
    let recipe = "each line\n  total = f(1)\n  answer \"{total}\"\non env.cb()\n  u8[100] = 9\n";
    std::fs::write(folder("between").join("r.recipe"), recipe).expect("the folder is ours");
    let lines = ":watch 100 change\nab\n:continue\n:continue\n:expect error not returned\n:continue\n:expect 5\n";
    let output = script("between", guest, &["--no-rows", "--abi", "r.recipe"], lines);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert_eq!(out.matches("\nstopped: ").count(), 3, "{out}");
}
