//! The `:` language through scripts: lines, calls, time, runs, settings and expectations, with their output and errors.

use crate::command_script::{folder, refused, said, script, script_with};
use crate::hermetic;

#[test]
fn line_prints_changed_rows_summary_and_answer() {
    let (stdout, stderr, code) = script("line", "hello\n");
    assert_eq!(
        stdout,
        "> hello\n\
         exchange 1, step 3 of 5: call shout(5) -> 6\n      \
         before  00000040  68 65 6c 6c 6f 00 00 00  00 00 00 00 00 00 00 00  |hello...........|\n      \
         after   00000040  68 65 6c 6c 6f 21 00 00  00 00 00 00 00 00 00 00  |hello!..........|\n      \
         by                               gg\n\
         the guest changed 1 byte at 0x45..0x46\n\
         => hello!\n"
    );
    assert_eq!((stderr.as_str(), code), ("script: 1 line, 0 commands, 0 expectations, all good\n", Some(0)));
}

#[test]
fn a_step_that_reads_says_which_bytes_it_read() {
    let read = said("read", ":exchange 1.5");
    assert!(
        read.ends_with("step 5 of 5: read 6 B at 0x40..0x46\nthe host read 6 bytes: \"hello!\"\n=> hello!\n"),
        "{read}"
    );
    let (cut, ..) = script("read2", "h\u{e9}llo \u{1f600}\n:exchange 1.5\n");
    assert!(cut.contains("the host read 12 bytes: \"h\u{e9}llo \u{1f600}!\""), "{cut}");
    assert!(cut.lines().all(|line| !line.contains("could not read")));
    let (long, ..) = script("read3", &format!("{}\n:exchange 1.5\n", "x".repeat(200)));
    assert!(long.contains("the host read 201 bytes: \"xxx") && long.contains("xxx\u{2026}\"\n"), "{long}");
}

#[test]
fn send_accepts_escapes_hex_and_files() {
    assert!(said("send", r":send a\x62\u{e9}\n").ends_with("=> ab\u{e9}\\n!\n"));
    assert!(said("send2", r#":send " \"a ""#).ends_with("=>  \"a !\n"));
    assert!(said("send3", ":send hex 61 0062ff").ends_with("=> a\\0b\\xff!\n"));
    std::fs::write(folder("send4").join("line"), b"from a file").expect("the test directory is writable");
    assert!(said("send4", ":send file line").ends_with("=> from a file!\n"));
    assert!(said("send5", "::colon").ends_with("=> :colon!\n"));
    assert!(said("send6", " kept ").ends_with("=>  kept !\n"));
    assert!(refused("send7", ":send hex 0").contains("pairs of hexadecimal digits"));
    assert!(refused("send8", r":send \q").contains("expected an escape"));
    assert!(refused("send9", ":send file nowhere").starts_with("nowhere: "));
}

#[test]
fn call_accepts_typed_arguments_and_shows_changes() {
    let text = said("call", ":call mix 0x4142 1.5 -0.25");
    assert!(text.contains("step 1 of 1: call mix(16706, 1.5, -0.25) -> 1.25"), "{text}");
    assert!(text.contains("the guest wrote 8 bytes at 0x100..0x108, 2 of them changed"), "{text}");
    assert!(said("call2", ":call bump").contains("bump() -> 7"));
    assert!(refused("call3", ":call mix 1").contains("mix(i64, f32, f64) -> (f64) takes 3 arguments, got 1"));
    assert!(refused("call4", ":call mix x 1 1").contains("expected a value of type i64, got `x`"));
    assert!(refused("call5", ":call bmup").contains("no function `bmup`; did you mean bump?"));
    assert!(refused("call8", ":call bum").contains("did you mean bump?"));
    assert!(refused("call9", ":call hou").contains("did you mean shout?"));
    assert!(refused("call6", ":call bump 1").contains("unexpected argument `1`: bump() -> (i32) takes 0 arguments"));
    assert!(refused("call7", ":call shout 3").contains("shout(3) trapped"));
}

#[test]
fn timeline_is_listed_and_navigated() {
    assert_eq!(said("changes", ":changes"), "1 B at 0x45..0x46  guest: \"\\0\" -> \"!\"\n");
    let text = said("steps", ":steps");
    assert!(text.contains("> 3 call  shout(5) -> 6   1 B changed\n") && text.lines().count() == 5, "{text}");
    let text = said("back", ":back");
    assert!(text.contains("exchange 1, step 2 of 5: write 5 B at 0x40..0x45") && text.contains("=> hello!"), "{text}");
    assert!(said("forward", ":forward 2").contains("step 5 of 5: read 6 B"));
    assert!(refused("forward2", ":forward 9").contains("this is the last step"));
    assert!(said("exchange", ":exchange 0").contains("the start"));
    assert!(said("exchange2", ":exchange 1.1").contains("exchange 1, step 1 of 5"));
    assert!(said("exchange3", ":exchange now").contains("step 3 of 5"));
    assert!(refused("exchange4", ":exchange 9").contains("no exchange 9; expected 0 to 1"));
    assert!(refused("exchange5", ":exchange 1.9").contains("exchange 1 has 5 steps"));
    let (stdout, ..) = script("past", "hello\n:exchange 1.2\n:peek u8 0x45\n:exchange now\n:peek u8 0x45\n");
    assert!(stdout.contains("0x45  u8 0\n") && stdout.contains("0x45  u8 33\n"), "{stdout}");
}

#[test]
fn exports_imports_globals_and_limits_are_listed_and_set() {
    let text = said("exports", ":exports");
    assert!(
        text.contains("mix  function (i64, f32, f64) -> (f64)\n") && text.contains("memory  memory of 1 page\n"),
        "{text}"
    );
    assert_eq!(said("imports", ":imports"), "the guest imports nothing\n");
    assert_eq!(said("globals", ":globals"), "count = 7   (i32, mutable)\nfixed = -1   (i64, immutable)\n");
    let (stdout, ..) = script("globals2", ":globals count 0x10\n:globals\n:call bump\n");
    assert!(stdout.contains("set count = 16"), "{stdout}");
    assert!(stdout.contains("count = 16   (i32") && stdout.contains("bump() -> 16"), "{stdout}");
    assert!(refused("globals3", ":globals fixed 1").contains("is immutable"));
    assert!(refused("globals4", ":globals conut 1").contains("did you mean count?"));
    assert_eq!(said("memory", ":memory"), "memory 0: 1 page = 65,536 bytes\n");
    assert!(said("grow", ":grow 2").contains("memory grew from 1 to 3 pages"));
    assert!(refused("grow2", ":grow 3").contains("memory did not grow by 3 pages"));
    assert!(said("limits", ":limits").contains("--timeout 5s                Time limit per line"));
    assert!(!said("convention", ":convention").is_empty());
}

#[test]
fn reset_and_reload_start_a_new_run_and_keep_the_old() {
    let (stdout, stderr, code) =
        script("reset", "hello\n:globals count 9\n:reset\n:globals\n:peek u8 0x45\nagain\n:runs\n:exchange 1\n");
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("count = 7") && stdout.contains("0x45  u8 0") && stdout.contains("=> again!"), "{stdout}");
    assert!(
        stdout.contains("earlier run: 2 exchanges   (run 1, odds.wat)\nthis run: 1 exchange   (run 2, odds.wat)"),
        "{stdout}"
    );
    let (stdout, stderr, _) = script("reload", ":reload passing-data\nhi\n:reload\n:send ho\n:reload nowhere\n");
    assert!(stdout.contains("=> hi Wasm is cool!") && stdout.contains("=> ho Wasm is cool!"), "{stdout}{stderr}");
    assert!(stderr.contains("script:5: nowhere: no such file"), "{stderr}");
    let broken = folder("broken").join("broken.wat");
    std::fs::write(&broken, "(module").expect("the test directory is writable");
    let (stdout, stderr, _) =
        script("broken", "fine\n:reload broken.wat\n:expect error could not replace the guest\nwell\n");
    assert!(stdout.contains("=> well!") && stderr.contains("all good"), "{stdout}{stderr}");
}

#[test]
fn expectations_decide_the_exit_status() {
    let good = "# a comment\n\nhello\n:expect hello!\n:expect at 0x44 hex 6f 21\n:expect at 0x40 text hello\nabc\n:expect error trapped\n";
    let (stdout, stderr, code) = script("expect", good);
    assert_eq!(
        (stderr.as_str(), code),
        ("script: 2 lines, 0 commands, 4 expectations, all good\n", Some(0)),
        "{stdout}"
    );
    let (_, stderr, code) = script("expect2", "hello\n:expect hello?\n:expect at 0x44 hex 6f22\nabc\n");
    assert_eq!(code, Some(1));
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines[0], "script:2: expected \"hello?\", got \"hello!\"");
    assert_eq!(lines[1], "script:3: expected 6f 22 at 0x44, found 6f 21");
    assert!(lines[2].starts_with("script:4: shout(3) trapped"), "{stderr}");
    assert_eq!(lines.last(), Some(&"script: 2 lines, 0 commands, 2 expectations, 3 failed"), "{stderr}");
    assert!(refused("expect3", ":expect error x").contains("expected an error, got \"hello!\""));
    let quiet = script_with("quiet", "hello\n:expect hello!\n", &["--quiet"]);
    assert!(quiet.stdout.is_empty() && quiet.stderr.is_empty() && quiet.status.success());
}

#[test]
fn script_nesting_is_limited() {
    std::fs::write(folder("source").join("inner"), "inner\n:expect inner!\n").expect("the test directory is writable");
    assert!(said("source", ":source inner").contains("=> inner!"));
    std::fs::write(folder("source2").join("inner"), "inner\n:expect outer!\n").expect("the test directory is writable");
    let (_, stderr, code) = script("source2", ":source inner\n");
    assert!(stderr.contains("inner:2: ") && stderr.contains("script:1: inner: 1 line"), "{stderr}");
    assert_eq!(code, Some(1));
    let (_, stderr, code) = script("source3", ":source script\n");
    assert!(stderr.contains("more than 8 deep"), "{stderr}");
    assert_eq!(code, Some(1));
    assert!(refused("source4", ":source nowhere").starts_with("nowhere: "));
    let (stdout, _, code) = script("quit", ":quit\nnever\n");
    assert_eq!((stdout.as_str(), code), ("> :quit\n", Some(0)));
}

#[test]
fn commands_can_be_abbreviated_and_errors_suggest_names() {
    assert!(said("short", ":mem").starts_with("memory 0"));
    assert!(refused("short2", ":re").contains(":reset or :reload"));
    assert!(refused("short3", ":dmup").contains("unknown command `:dmup`; did you mean :dump?"));
    assert!(refused("other", ":delete 1").contains("unknown command `:delete`; did you mean :unbreak?"));
    assert!(refused("other2", ":break off").contains("; :unbreak all removes breakpoints"));
    let removal = "unexpected argument `off`; :unbreak NUMBER removes a breakpoint";
    assert!(refused("other3", ":break 1 off").contains(removal));
    assert!(refused("other4", ":as go").contains("got `go`; did you mean wazero?"));
    assert!(refused("other5", ":struct Foo { a: u32 }").contains("the type comes before the name, as in C: `u32 a;`"));
    assert!(refused("short4", ":xyzzy").contains(":help lists them"));
    assert!(refused("short5", ":").contains("missing command"));
    assert!(refused("short6", ":reset now").contains("unexpected argument `now`; usage: :reset"));
    let help = said("help", ":help");
    assert!(help.lines().all(|line| line.len() < 80), "the help fits a narrow terminal: {help}");
    assert!(help.contains(":peek ") && help.contains(":: sends a line that begins with a colon"), "{help}");
    assert!(said("help2", ":help peek").starts_with(":peek TYPE ADDR [COUNT]\n"));
    assert!(said("help3", ":h :pok").starts_with(":poke "));
}

#[test]
fn limits_can_be_changed_at_run_time() {
    let spin = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32)
            (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0)))) (local.get 0)))"#;
    let folder = folder("spin");
    std::fs::write(folder.join("spin.wat"), spin).expect("the test directory is writable");
    let script = ":set timeout 50ms\nspin\n:expect error still running after 50ms\n:set max-output 3\nab\nabcde\n\
                  :expect error the limit is 3\n:reset\nabcde\n:expect error the limit is 3\n:set max-output 1KiB\nabcde\n\
                  :expect abcde\n:limits\n:set\n:set timeout 1h\n:set steps maybe\n:set timeuot 1s\n";
    std::fs::write(folder.join("script"), script).expect("the test directory is writable");
    let mut command = hermetic::linmem();
    let output = command.current_dir(folder).args(["spin.wat", "--script", "script"]).output().expect("it starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("--timeout 50ms "), "{stdout}");
    assert!(stdout.contains("timeout = 50ms") && stdout.contains("max-output = 1KiB"), "{stdout}");
    let lines: Vec<_> = stderr.lines().collect();
    assert!(
        lines[0].starts_with("script:16: expected the unit ms, s or m, got `h`; usage: :set timeout TIME"),
        "{stderr}"
    );
    assert!(lines[1].starts_with("script:17: expected on or off, got `maybe`; usage: :set steps on|off"), "{stderr}");
    assert!(lines[2].starts_with("script:18: unknown setting `timeuot`; did you mean timeout?"), "{stderr}");
    assert_eq!(lines.len(), 4, "{stderr}");
}

#[test]
fn load_opens_a_saved_session_and_returns() {
    let text = "one\n:save saved overwrite\n:save saved\n:load saved\n:peek u8 0x40\nthree\n:save copy overwrite\n:load\n:load\nfour\n:load nowhere\n:load odds.wat\n";
    let (stdout, stderr, _) = script("load", text);
    for words in [
        "saved: opened; :load without a file returns to the live session",
        "> :peek u8 0x40\n0x40  u8 111\n",
        "returned from the saved session",
        "=> four!",
    ] {
        assert!(stdout.contains(words), "{words:?} is not in {stdout}");
    }
    assert!(stderr.contains("script:3: saved: file exists; add `overwrite` to replace it"), "{stderr}");
    assert!(stderr.contains("script:6: nothing can run in a saved session"), "{stderr}");
    assert!(stderr.contains("script:9: no saved session is open; :load FILE opens one"), "{stderr}");
    assert!(
        stderr.contains("script:11: nowhere: No such file")
            && stderr.contains("script:12: odds.wat: not a saved session"),
        "{stderr}"
    );
}

/// A command of each kind with a surplus argument. Its first word is the command's name.
const SURPLUS: &[&str] = &[
    "send \"a\" junk",
    "call bump junk",
    "goto 0x40 junk",
    "dump 0x40 16 junk",
    "inspect 0x40 junk",
    "as js 0x40 1 json junk",
    "peek u8 0x40 1 junk",
    "poke u8 0x80 1 junk",
    "undo 1 junk",
    "find u8 33 junk",
    "regions junk",
    "mark m 0 1 junk",
    "unmark kept junk",
    "copy hex 0x40 1 junk",
    "write junk-file 0 1 overwrite junk",
    "shot junk.txt overwrite junk",
    "changes junk",
    "writers 0x40 json junk",
    "readers 0x40 json junk",
    "origin 0x40 json junk",
    "profile json junk",
    "struct str @ 0x40 json junk",
    "struct A { u32 x; } junk",
    "steps junk",
    "frames junk",
    "check on junk",
    "back 1 junk",
    "forward 1 junk",
    "exchange 0 junk",
    "exports junk",
    "imports junk",
    "globals count 9 junk",
    "memory 0 junk",
    "grow 1 junk",
    "reset junk",
    "reload odds.wat junk",
    "runs 1 junk",
    "convention in-place junk",
    "recipe in-place junk",
    "infer use junk",
    "limits junk",
    "set timeout 1s junk",
    "set steps on junk",
    "expect at 0x40 text \"hello\" junk",
    "save junk-file overwrite junk",
    "load odds.wat junk",
    "source odds.wat junk",
    "watch 0x40 1 write junk",
    "unwatch all junk",
    "break f junk",
    "unbreak all junk",
    "continue junk",
    "step over 1 junk",
    "slow 1 junk",
    "pause junk",
    "recompile junk",
    "help peek junk",
    "quit junk",
];

#[test]
fn refuses_surplus_arguments() {
    for spec in linmem::command::COMMANDS {
        assert!(SURPLUS.iter().any(|line| line.split(' ').next() == Some(spec.name)), ":{} is not tried", spec.name);
    }
    let _ = std::fs::remove_file(folder("surplus").join("junk-file"));
    let lines: String = SURPLUS.iter().map(|line| format!(":{line}\n")).collect();
    let state = ":mark\n:set\n:globals\n:memory\n:runs\n:peek u8 0x80\n";
    let (stdout, stderr, code) =
        script("surplus", &format!("hello\n:mark kept 0x40 1\n{state}{lines}{state}:peek u8 0x80\n"));
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    let before = stdout.split_once("> :mark\n").expect("it is listed").1;
    let before = before.split_once(&format!("> :{}\n", SURPLUS[0])).expect("then come the others").0;
    assert_eq!(stdout.matches(before).count(), 2, "nothing changed: {stdout}");
    let refused: Vec<_> = stderr.lines().filter(|line| line.starts_with("script:")).collect();
    let first = 2 + state.lines().count() + 1;
    for (place, command) in SURPLUS.iter().enumerate() {
        let told = refused.get(place).copied().unwrap_or_default();
        assert!(
            told.starts_with(&format!("script:{}: ", first + place)) && told.contains("junk"),
            ":{command}: {told}"
        );
    }
    assert_eq!(refused.len(), SURPLUS.len() + 1, "and the summary: {stderr}");
    assert!(!folder("surplus").join("junk-file").exists() && !folder("surplus").join("junk.txt").exists());
}

#[test]
fn former_names_of_commands_and_settings_still_work() {
    assert!(said("old", ":crossings").contains("> 3 call  shout(5) -> 6"));
    assert_eq!(said("old2", ":set crossings on"), "steps = on\n");
    assert!(!said("old3", ":help").contains("crossing") && !said("old4", ":set").contains("crossing"));
}
