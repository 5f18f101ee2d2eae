//! The `:` language through scripts: every command, its output, and its errors.

use std::path::Path;
use std::process::Output;

use crate::hermetic;

/// A guest with a buffer, exports of all number types, globals, and a memory that may grow.
const ODDS: &str = r#"(module
    (memory (export "memory") 1 3)
    (global (export "count") (mut i32) (i32.const 7))
    (global (export "fixed") i64 (i64.const -1))
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "shout") (param i32) (result i32)
        (if (i32.eq (local.get 0) (i32.const 3)) (then (unreachable)))
        (i32.store8 (i32.add (i32.const 64) (local.get 0)) (i32.const 33))
        (i32.add (local.get 0) (i32.const 1)))
    (func (export "mix") (param i64 f32 f64) (result f64)
        (i64.store (i32.const 256) (local.get 0))
        (f64.add (f64.promote_f32 (local.get 1)) (local.get 2)))
    (func (export "bump") (result i32) (global.get 0)))"#;

fn folder(test: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands").join(test);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    folder
}

/// Runs a script on the guest above.
fn script_with(test: &str, script: &str, args: &[&str]) -> Output {
    let folder = folder(test);
    std::fs::write(folder.join("odds.wat"), ODDS).expect("the test directory is writable");
    std::fs::write(folder.join("script"), script).expect("the test directory is writable");
    let mut command = hermetic::linmem();
    command.current_dir(folder).args(["odds.wat", "--script", "script"]).args(args);
    command.output().expect("linmem starts")
}

fn script(test: &str, script: &str) -> (String, String, Option<i32>) {
    let output = script_with(test, script, &[]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// Runs one command after a line, and returns its output.
fn said(test: &str, command: &str) -> String {
    let (stdout, stderr, code) = script(test, &format!("hello\n{command}\n"));
    assert_eq!(code, Some(0), "{command}: {stdout}{stderr}");
    stdout.split_once(&format!("> {command}\n")).expect("the command is echoed").1.to_owned()
}

/// Runs one command after a line, and returns its error.
fn refused(test: &str, command: &str) -> String {
    let (stdout, stderr, code) = script(test, &format!("hello\n{command}\n"));
    assert_eq!(code, Some(1), "{command}: {stdout}{stderr}");
    stderr.lines().next().and_then(|line| line.strip_prefix("script:2: ")).unwrap_or(&stderr).to_owned()
}

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
fn peek_poke_and_find_access_memory() {
    let text = said("dump", ":dump 0x40 16");
    assert!(text.starts_with("00000040  68 65 6c 6c 6f 21 00"), "{text}");
    assert!(refused("dump2", ":dump 0x10000").contains("0x10000 is out of bounds: memory ends at 0x10000"));
    assert_eq!(said("peek", ":peek u16 0x40 2"), "0x40  u16 25960\n0x42  u16 27756\n");
    assert_eq!(said("peek2", ":peek i8 64"), "0x40  i8 104\n");
    assert!(refused("peek6", ":peek u8 ouptut").contains("; did you mean output?"));
    assert!(refused("peek3", ":peek u9 64").contains("expected a type (u8"));
    assert!(refused("peek4", ":peek u64 65532").contains("is out of bounds: memory ends at 0x10000"));
    let text = said("poke", ":poke i16 0x80 -2 3");
    assert!(
        text.contains("write 4 B at 0x80..0x84")
            && text.contains("the host wrote 4 bytes at 0x80..0x84, 3 of them changed"),
        "{text}"
    );
    assert!(text.contains("fe ff 03 00"), "{text}");
    assert!(said("poke2", ":poke hex 0x80 12ff").contains("12 ff"));
    assert!(said("poke3", r":poke text 0x80 hi\0").contains("68 69 00"));
    assert!(refused("poke4", ":poke u8 0x80 256").contains("expected a value of type u8, got `256`"));
    assert!(refused("poke5", ":poke u8 0x10000 1").contains("0x10000 is out of bounds"));
    assert!(said("regions", ":regions").contains("output     6 B at 0x40..0x46"));
    assert_eq!(said("peek5", ":peek u8 output+1"), "0x41  u8 101\n");
    assert_eq!(said("find", ":find llo"), "3 B at 0x42..0x45\n");
    assert_eq!(said("find2", ":find hex 6f21"), "2 B at 0x44..0x46\n");
    assert_eq!(said("find3", ":find u16 8559"), "2 B at 0x44..0x46\n");
    assert_eq!(said("find4", ":find nowhere"), "not found\n");
}

#[test]
fn goto_mark_and_find_move_the_cursor() {
    let text = said("goto", ":goto 0x44");
    assert!(text.starts_with("00000040  68 65 6c 6c 6f 21") && text.lines().count() > 8, "{text}");
    assert!(refused("goto2", ":goto 1.2").contains(":exchange 1.2 goes there in time"));
    assert!(refused("goto3", ":goto now").contains(":exchange now goes there in time"));
    assert!(refused("goto4", ":goto 4g").contains("neither an address nor a name"));
    let (stdout, ..) = script("goto5", "hello\n:goto output + 4\n:peek u8 +1\n:dump\n:copy address\n");
    assert!(stdout.contains("0x45  u8 33") && stdout.ends_with("> :copy address\n0x44\n"), "{stdout}");
    assert!(said("dump3", ":dump input").starts_with("00000040  68"));
    assert_eq!(said("dump4", ":dump 0xfff0").lines().count(), 1, "up to the end of memory");
    assert_eq!(said("dump5", ":dump 0x100..0x120").lines().count(), 2);
    assert_eq!(said("dump7", ":dump input 4").lines().count(), 1, "a region's name is also an address");
    let surplus = refused("dump8", ":dump 0x100..0x120 16");
    assert!(surplus.contains("unexpected argument `16`; usage: ADDR [LEN] | ADDR..END"), "{surplus}");
    assert!(refused("dump6", ":dump 0x20..0x10").contains("ends before it begins"));

    let marked = "hello\n:mark here 0x100 16\n:mark there 0x44..input+5\n:mark here.2 output\n:mark\n:peek u8 there\n\
                  :dump here\n:reset\n:peek u8 here+1\n:unmark here\n:regions\n";
    let (stdout, stderr, code) = script("mark", marked);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("here       16 B at 0x100..0x110   your mark\nthere      1 B at 0x44..0x45"), "{stdout}");
    assert!(stdout.contains("here.2     6 B at 0x40..0x46") && stdout.contains("0x44  u8 111"), "{stdout}");
    assert!(stdout.contains("0x101  u8 0"), "marks survive a reset: {stdout}");
    let regions = stdout.split("> :regions\n").nth(1).expect("they are listed");
    assert!(regions.starts_with("there ") && !regions.contains("0x110"), "{regions}");
    assert_eq!(said("mark2", ":mark"), "no marks; :mark NAME [ADDR [LEN]] sets one\n");
    assert!(refused("mark3", ":mark 1st 0").contains("is not a valid name for a mark"));
    assert!(refused("mark4", ":mark input 0").contains("`input` is already the name of a region"));
    assert!(refused("mark5", ":mark x 0xffff 2").contains("is out of bounds: memory ends at 0x10000"));
    assert!(refused("mark6", ":unmark x").contains("unknown mark `x`; :mark lists them"));

    assert_eq!(said("find5", ":find hex 6c ?? 21"), "3 B at 0x43..0x46\n");
    assert_eq!(said("find6", ":find 0x6?6c6f"), "3 B at 0x42..0x45\n");
    assert_eq!(said("find7", ":find u16:8559"), "2 B at 0x44..0x46\n");
    assert_eq!(said("find8", r":find o\x21"), "2 B at 0x44..0x46\n");
    assert!(refused("find9", ":find u8 x").contains("`x` is not a valid u8 (quote text that begins with u8)"));
    assert!(refused("find10", ":find").contains("missing TEXT; usage: :find TEXT | hex BYTES"));
}

#[test]
fn bytes_are_copied_as_text_and_written_to_files() {
    let text = said("inspect", ":inspect 0x45");
    assert!(text.starts_with("at 0x45  output+0x5\nnow: the guest, exchange 1 step 3 (shout)\n"), "{text}");
    assert!(text.contains("\nu8          0 -> 33\n") && text.contains("\nu16      be 0 -> 8448\n"), "{text}");
    assert!(text.contains("c string    \"\" 0 B -> \"!\" 1 B\n"), "{text}");
    assert!(said("inspect2", ":inspect 0xffff").contains("u32         -\n"));

    assert_eq!(said("copy", ":copy hex output"), "68 65 6c 6c 6f 21\n");
    assert_eq!(said("copy2", ":copy base64 input"), "aGVsbG8=\n");
    assert_eq!(said("copy3", ":copy text 0x43 4"), "lo!\\0\n");
    assert!(said("copy4", ":copy rust input").starts_with("const AT_40: [u8; 5] = [\n    0x68, 0x65"));
    assert!(said("copy5", ":copy c input").contains("at_40[5] = {"));
    assert!(
        refused("copy6", ":copy octal").contains("expected a format (hex c rust base64 text address), got `octal`")
    );

    let fresh = |test: &str, file: &str| {
        let path = folder(test).join(file);
        let _ = std::fs::remove_file(&path);
        path
    };
    let path = fresh("write", "part");
    assert_eq!(said("write", ":write part output"), "wrote 6 B at 0x40..0x46 to part\n");
    assert_eq!(std::fs::read(&path).expect("it is there"), b"hello!");
    assert!(refused("write", ":write part 0 1").contains("part: file exists; add `overwrite` to replace it"));
    assert_eq!(std::fs::read(&path).expect("it is there"), b"hello!");
    assert_eq!(said("write", ":write part 0x44 2 overwrite"), "wrote 2 B at 0x44..0x46 to part\n");
    assert_eq!(std::fs::read(&path).expect("it is there"), b"o!");
    let path = fresh("write2", "all");
    assert_eq!(said("write2", ":write all"), "wrote 65,536 B at 0x0..0x10000 to all\n");
    assert_eq!(std::fs::read(&path).expect("it is there").len(), 65_536);
    assert!(refused("write3", ":write x 0x40").contains("missing LEN after the address"));
    assert!(refused("write4", ":write nowhere/x").starts_with("nowhere/x: "));

    let path = fresh("shot", "screen.txt");
    assert!(said("shot", ":shot screen.txt").contains("saved the screen as screen.txt"));
    let shown = std::fs::read_to_string(&path).expect("it is there");
    assert!(shown.contains("exchange 1 of 1 | step 3 of 5") && shown.contains("=> hello!"), "{shown}");
    assert!(refused("shot", ":shot screen.txt").contains("screen.txt: file exists"));
    assert!(said("shot", ":shot screen.txt overwrite").contains("saved the screen as"));
    assert!(refused("shot", ":shot screen.png").contains("a picture is .svg or .txt"));
}

#[test]
fn undo_restores_poked_bytes() {
    let (stdout, stderr, code) =
        script("undo", ":poke u8 0x80 1\n:poke u8 0x80 2\n:undo\n:peek u8 0x80\n:undo\n:peek u8 0x80\n:undo\n");
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("0x80  u8 1\n") && stdout.contains("0x80  u8 0\n"), "{stdout}");
    assert!(stdout.contains("the host changed 1 byte at 0x80..0x81"), "{stdout}");
    assert!(stderr.starts_with("script:7: no :poke to undo"), "{stderr}");
    let (_, stderr, _) = script("undo2", ":poke text 0x40 abc\nxyz\n:undo\n");
    assert!(stderr.contains("3 B at 0x40..0x43 has changed since exchange 1"), "{stderr}");
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
    assert!(said("exchange", ":exchange 0").contains("exchange 0"));
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
    assert!(said("limits", ":limits").contains("--timeout 5s           Time limit per line"));
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
    assert_eq!(lines[3], "script: 2 lines, 0 commands, 2 expectations, 3 failed");
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
fn commands_act_on_the_selected_memory() {
    let two = r#"(module (memory (export "memory") 1) (memory (export "second") 2) (memory 1)
        (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32) (i32.store8 1 (i32.const 8) (local.get 0)) (local.get 0)))"#;
    let folder = folder("memories");
    std::fs::write(folder.join("two.wat"), two).expect("the test directory is writable");
    let script = "abc\n:memory\n:memory second\n:peek u8 8\n:poke u8 16 77\n:expect at 16 hex 4d\n:dump 16 1\n:grow\n\
                  :find M\n:memory 0\n:peek u8 16\n:memory 7\n:memory secund\n";
    std::fs::write(folder.join("script"), script).expect("the test directory is writable");
    let mut command = hermetic::linmem();
    let output = command.current_dir(folder).args(["two.wat", "--script", "script"]).output().expect("it starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for words in [
        "memory 0: 1 page = 65,536 bytes   (memory, current)\n\
         memory 1: 2 pages = 131,072 bytes   (second)\nmemory 2: 1 page = 65,536 bytes   (unnamed)\n",
        "      memory 1\n      before  00000000",
        "memory 1: the guest changed 1 byte at 0x8..0x9",
        "> :peek u8 8\n0x8  u8 3\n",
        "memory 1: the host changed 1 byte at 0x10..0x11",
        "> :expect at 16 hex 4d\nas expected\n",
        "00000010  4d",
        "memory 1: memory grew from 2 to 3 pages",
        "> :find M\n1 B at 0x10..0x11\n",
        "> :peek u8 16\n0x10  u8 0\n",
    ] {
        assert!(stdout.contains(words), "{words:?} is not in {stdout}");
    }
    assert!(stderr.contains("script:12: unknown memory `7`; :memory lists them"), "{stderr}");
    assert!(stderr.contains("script:13: unknown memory `secund`; did you mean second?"), "{stderr}");
}

#[test]
fn limits_can_be_changed_at_run_time() {
    let spin = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32)
            (if (i32.eq (local.get 0) (i32.const 4)) (then (loop (br 0)))) (local.get 0)))"#;
    let folder = folder("limits");
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
        "saved: opened; :load returns from it",
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

#[test]
fn fresh_instances_may_have_less_memory_than_the_last() {
    let grows = r#"(module (memory (export "memory") 1) (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param i32) (result i32) (drop (memory.grow (i32.const 2))) (local.get 0)))"#;
    let folder = folder("fresh");
    std::fs::write(folder.join("grows.wat"), grows).expect("the test directory is writable");
    let recipe = "name fresh\ninstance fresh\neach line\n  p = ptr()\n  write at p\n* len = f(n)\n  read len at p\n";
    std::fs::write(folder.join("fresh.recipe"), recipe).expect("the test directory is writable");
    std::fs::write(folder.join("script"), "one\ntwo\n:exchange 2.1\n").expect("the test directory is writable");
    let mut command = hermetic::linmem();
    let args = ["grows.wat", "--abi", "fresh.recipe", "--script", "script"];
    let output = command.current_dir(folder).args(args).output().expect("it starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let words = "a fresh memory of 1 page replaced one of 3 (-131,072 bytes)";
    assert!(stdout.contains(words), "{stdout}{stderr}");
}

/// A command of each kind with a surplus argument. Its first word is the command's name.
const SURPLUS: &[&str] = &[
    "send \"a\" junk",
    "call bump junk",
    "goto 0x40 junk",
    "dump 0x40 16 junk",
    "inspect 0x40 junk",
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
    "steps junk",
    "frames junk",
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
fn unknown_command_may_be_an_address() {
    assert!(said("address", ":0x44").starts_with("00000040  68 65 6c 6c 6f 21"));
    assert!(said("address2", ":output + 4").starts_with("00000040"));
    let (stdout, ..) = script("address3", "hello\n:poke u32 0x80 0x100\n:0x80\n:*\n:peek u8 .\n");
    assert!(stdout.ends_with("> :peek u8 .\n0x100  u8 0\n"), "{stdout}");
    assert!(refused("address4", ":0x10000").contains("0x10000 is out of bounds: memory ends at 0x10000"));
    assert!(refused("address5", ":4g").contains("`4g` is neither an address nor a name"));
    assert!(refused("address6", ":outptu").contains("unknown command `:outptu`"));
    let (stdout, ..) = script(
        "address7",
        "hello\n:mark there 0x80 8\n:poke u32 there 0x44\n:poke u32 there+4 0x45\n\
                               :goto *there\n:peek u8 .\n:goto *(there+4)\n:peek u8 .\n:goto *there+1\n:peek u8 .\n",
    );
    for told in ["0x44  u8 111\n> :goto *(", "0x45  u8 33\n> :goto *there+1", "0x45  u8 33\n"] {
        assert!(stdout.contains(told), "{told:?} is not in {stdout}");
    }
}

#[test]
fn former_names_of_commands_and_settings_still_work() {
    assert!(said("old", ":crossings").contains("> 3 call  shout(5) -> 6"));
    assert_eq!(said("old2", ":set crossings on"), "steps = on\n");
    assert!(!said("old3", ":help").contains("crossing") && !said("old4", ":set").contains("crossing"));
}
