//! What reports say of a byte's origin and of its writers is certain only where it is.

use std::path::PathBuf;

use crate::command_script;
use crate::piped::text;

fn folder(test: &str) -> PathBuf {
    command_script::folder(&format!("origins/{test}"))
}

/// What a script prints that is run on a guest.
fn run(test: &str, guest: &str, args: &[&str], input: &str) -> String {
    let output = command_script::feed(&folder(test), guest, args, input);
    text(&output.stdout) + &text(&output.stderr)
}

#[track_caller]
fn has(printed: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(printed.contains(wanted), "{wanted}\n{printed}");
    }
}

/// A WASI program that gets its arguments at 0x500 and 0x600, and reads the line in two pieces to 0x700.
const READER: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $args (i32.const 0x500) (i32.const 0x600)))
        (i32.store (i32.const 0x10) (i32.const 0x700))
        (i32.store (i32.const 0x14) (i32.const 4))
        (drop (call $read (i32.const 0) (i32.const 0x10) (i32.const 1) (i32.const 0x20)))
        (i32.store (i32.const 0x10) (i32.const 0x704))
        (i32.store (i32.const 0x14) (i32.const 8))
        (drop (call $read (i32.const 0) (i32.const 0x10) (i32.const 1) (i32.const 0x24)))))"#;

#[test]
fn the_host_knows_which_byte_of_the_line_it_wrote() {
    let ask = ":origin 0x700\n:origin 0x704\n:origin 0x708\n:origin 0x60a\n:origin 0x20\n";
    let script = format!("abcdabcd\n{ask}:save session overwrite\n:load session\n{ask}");
    let printed = run("line", READER, &["--arg", "abcdabcdX"], &script);
    let read = "in wasi_snapshot_preview1.fd_read, written by the host in exchange 1 step";
    for wanted in [
        &format!("0x700: byte 0 of the line {read} 9\n"),
        &format!("0x704: byte 4 of the line {read} 13\n"),
        &format!("0x708: byte 0 after the line {read} 13\n"),
        // It is the beginning of the line, too.
        "0x60a: byte 0 of 10 bytes in wasi_snapshot_preview1.args_get, written by the host in exchange 1 step 6\n",
        &format!("0x20: byte 0 of 4 bytes {read} 10\n"),
    ] {
        assert_eq!(printed.matches(wanted).count(), 2, "{wanted}\n{printed}");
    }
}

/// Gets random bytes.
const RANDOM: &str = r#"(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "random") (drop (call $random (i32.const 0x800) (i32.const 8)))))"#;

#[test]
fn what_an_import_writes_is_not_of_the_command() {
    let script = ":call random\n:origin 0x802\n:poke u32 0x900 7\n:origin 0x901\n";
    let printed = run("command", RANDOM, &[], script);
    has(
        &printed,
        &[
            "0x802: byte 2 of 8 bytes in wasi_snapshot_preview1.random_get, written by the host in exchange 1 step 3\n",
            "0x901: byte 1 of `:poke u32 0x900 7`, written by the host in exchange 2 step 1\n",
        ],
    );
}

/// Two texts in a line, which the recipe writes apart.
const TEXTS: &str = r#"(module (memory (export "memory") 1) (func (export "f") (param i32 i32)))"#;

#[test]
fn a_text_of_the_line_and_a_line_with_an_end_are_bytes_of_the_line() {
    let recipe =
        "name texts\nsplit tab\neach line\n  write \"> \", line1 at 0x100\n  write line2 at 0x200\n* f(1, 2)\n";
    std::fs::write(folder("texts").join("recipe"), recipe).expect("the folder is ours");
    let script = "ab\tcab\n:origin 0x100\n:origin 0x103\n:origin 0x201\n";
    let printed = run("texts", TEXTS, &["--abi", "recipe"], script);
    has(
        &printed,
        &["0x100: byte 0 of 4 bytes, written", "0x103: byte 1 of the line,", "0x201: byte 4 of the line, written"],
    );
}

/// Segments of two memories at the same addresses, some of which overlap, and passive ones.
const SEGMENTS: &str = r#"(module
    (memory $a (export "memory") 1) (memory $b (export "b") 1)
    (data $two (i32.const 0x104) "xy")
    (data $one (i32.const 0x100) "ABCDEFGH")
    (data $three (memory $b) (i32.const 0x100) "MEMORYBB")
    (data $.rodata "passive!")
    (data "unnamed")
    (func (export "copy") (memory.copy $a $b (i32.const 0x800) (i32.const 0x100) (i32.const 8)))
    (func (export "load") (i32.store $a (i32.const 0x810) (i32.load $b (i32.const 0x100))))
    (func (export "init") (param i32)
        (memory.init $.rodata (i32.const 0x880) (local.get 0) (i32.const 4))
        (memory.init $b 4 (i32.const 0x890) (i32.const 1) (i32.const 4))))"#;

#[test]
fn a_segment_is_the_one_of_that_memory_that_was_copied_last() {
    let script = ":origin 0x105\n:call copy\n:origin 0x801\n:call load\n:origin 0x812\n:memory 1\n:origin 0x103\n";
    let printed = run("segments", SEGMENTS, &["--trace", "loads"], script);
    has(
        &printed,
        &[
            "0x105: data segment `one`+0x5, copied",
            "0x801: copied from 0x101 of memory 1 by memory.copy in copy at",
            "\n0x101 of memory 1: data segment `three`+0x1, copied in step 1 of the start",
            "0x812: loaded from 0x102 of memory 1 and stored in load at",
            "\n0x103 of memory 1: data segment `three`+0x3, copied",
        ],
    );
}

#[test]
fn a_passive_segment_has_its_name_and_the_offset_in_it() {
    let ask = ":origin 0x881\n:memory 1\n:origin 0x893\n:memory 0\n";
    let script = format!(":call init 2\n{ask}:save session overwrite\n:load session\n{ask}");
    let printed = run("passive", SEGMENTS, &[], &script);
    for wanted in
        ["0x881: copied from passive data segment `.rodata`+0x3 by memory.init in init at", "+0x4 by memory.init"]
    {
        assert!(printed.contains(wanted), "{wanted}\n{printed}");
    }
    assert_eq!(printed.matches("+0x3 by memory.init").count(), 2, "{printed}");
    has(&printed, &["copied from passive data segment 4+0x4 by"]);
}

/// Loads that extend what they load, and lanes of vectors.
const EXTENDING: &str = r#"(module (memory (export "memory") 1)
    (data (i32.const 0x100) "\80ABCDEFGHIJKLMNO")
    (func (export "sign") (i32.store (i32.const 0x200) (i32.load8_s (i32.const 0x100))))
    (func (export "far") (local i32)
        (local.set 0 (i32.load8_s (i32.const 0x100)))
        (i32.store (i32.const 0x210) (local.get 0)))
    (func (export "lane") (v128.store8_lane 2 (i32.const 0x220) (v128.load (i32.const 0x100))))
    (func (export "splat") (v128.store (i32.const 0x230) (v128.load16_splat (i32.const 0x101)))))"#;

#[test]
fn a_value_that_was_extended_or_spread_comes_from_its_load() {
    let script = ":call sign\n:origin 0x200\n:origin 0x201\n:call far\n:origin 0x210\n\
                  :call lane\n:origin 0x220\n:call splat\n:origin 0x23b\n";
    let printed = run("extended", EXTENDING, &["--trace", "loads"], script);
    let line = |start: &str| printed.lines().find(|line| line.starts_with(start)).expect("it is reported");
    for (start, is_certain) in [
        ("0x200: loaded from 0x100 and stored in sign", true),
        ("0x201: stored in sign at ", true),
        ("0x210: loaded from 0x100 and stored in far", false),
        ("0x220: loaded from 0x102 and stored in lane", true),
        ("0x23b: loaded from 0x102 and stored in splat", true),
    ] {
        let line = line(start);
        assert_eq!(!line.contains("(inferred from equal values)"), is_certain, "{line}");
    }
    assert!(line("0x201").contains("extended from a load of 1 B at 0x100"), "{printed}");
}

/// A memory without pages, which grows in a call.
const EMPTY: &str = r#"(module (memory (export "memory") 0)
    (func (export "f") (drop (memory.grow (i32.const 1)))))"#;

#[test]
fn a_memory_without_pages_grows_and_does_not_start_in_a_call() {
    for trace in ["stores", "off"] {
        let printed = run("empty", EMPTY, &["--trace", trace], ":call f\n:changes\n");
        has(&printed, &["memory grew from 0 to 1 page (+65,536 bytes)"]);
        assert!(!printed.contains("memory starts with 1 page"), "{printed}");
    }
}

/// Vector stores across ranges of 16 bytes and inside of one, and copies.
const COUNTED: &str = r#"(module (memory (export "memory") 1)
    (func (export "vector")
        (v128.store (i32.const 0x40) (v128.const i64x2 1 2))
        (v128.store (i32.const 0x58) (v128.const i64x2 1 2)))
    (func (export "copy")
        (memory.copy (i32.const 0x200) (i32.const 0x110) (i32.const 16))
        (memory.copy (i32.const 0x304) (i32.const 0x300) (i32.const 8))))"#;

#[test]
fn a_vector_store_is_one_access_everywhere() {
    let script = ":call vector\n:writers 0x40..0x50\n:writers 0x4c\n:expect writer 0x4c vector\n:profile\n";
    let printed = run("vector", COUNTED, &[], script);
    let zeros = ["00"; 16].join(" ");
    let stores: Vec<_> = printed.lines().filter(|line| line.contains("store 16 B at 0x40..0x50")).collect();
    let [whole, half] = stores[..] else { panic!("{printed}") };
    assert!(whole.contains(&format!("  {zeros} -> 01 00 00")) && half.contains("0x4c: 00 -> 00"), "{printed}");
    has(&printed, &["as expected", "1 access at 0x40", "1 access at 0x50", "1 access at 0x60"]);
}

#[test]
fn a_watchpoint_stops_once_at_a_vector_store() {
    let script = ":watch 0x40..0x50 write\n:call vector\n:continue\n";
    let printed = run("watched", COUNTED, &[], script);
    has(&printed, &["16 B at 0x40..0x50 written by vector"]);
    assert_eq!(printed.matches("(watchpoint 1)").count(), 1, "{printed}");
    let printed = run("watched", COUNTED, &[], ":watch 0x4c write\n:call vector\n:continue\n");
    has(&printed, &["16 B at 0x40..0x50 written by vector"]);
}

#[test]
fn the_hottest_ranges_count_what_copies_read() {
    let printed = run("hottest", COUNTED, &[], ":call copy\n:call copy\n:profile\n");
    has(&printed, &["2 accesses at 0x110", "2 accesses at 0x200", "2 accesses at 0x300"]);
}

/// An export whose helper writes a byte among so many stores that those in the middle need not be kept.
const HELPED: &str = r#"(module (memory (export "memory") 2)
    (func $helper (i32.store8 (i32.const 0x200) (i32.const 7)))
    (func $many (param i32)
        (loop $again
            (i32.store (i32.const 0x10000) (local.get 0))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "go") (param i32)
        (call $many (local.get 0))
        (call $helper)
        (call $many (local.get 0))))"#;

#[test]
fn the_last_writer_is_the_function_or_else_it_is_during_a_call() {
    let printed = run("helped", HELPED, &[], ":call go 5\n:inspect 0x200\n");
    has(&printed, &["now: the guest, exchange 1 step 1 (helper)\n"]);
    let printed = run("compared", HELPED, &["--trace", "off"], ":call go 5\n:inspect 0x200\n");
    has(&printed, &["now: the guest, exchange 1 step 1 (during go)\n"]);
}

#[test]
fn a_dropped_store_leaves_the_function_unknown() {
    let expect = |name: &str| format!(":expect writer 0x200 {name}\n");
    let script = [":call go 100000\n", &expect("go"), &expect("host"), &expect("guest"), ":inspect 0x200\n"].concat();
    let printed = run("dropped", HELPED, &["--max-record", "1M"], &script);
    has(
        &printed,
        &[
            "expected 0x200 written by go, but the writer is unknown: which function stored it in exchange 1 is not kept",
            "expected 0x200 written by host, found: exchange 1 step 1  stores 1 B at 0x200..0x201",
            "as expected",
            "now: the guest, exchange 1 step 1 (during go)",
        ],
    );
}
