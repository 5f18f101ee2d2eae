//! A table of commands for the tests of all front ends: what to type, and what must appear.
//!
//! They are typed in order, after the line `Did you know`, on the built-in guest. `FOLDER` stands for a directory with
//! the file `script` in it.

#![allow(dead_code, reason = "the suite and the screen's own tests each use their own column")]

pub(crate) mod broken;

/// A guest that makes capitals of its line, byte by byte, by a function of its own.
pub(crate) const SHOUTS: &str = r#"(module (memory (export "memory") 1) (global (export "count") (mut i32) (i32.const 0))
    (func (export "ptr") (result i32) (i32.const 64))
    (func $up (param $at i32)
        (i32.store8 (local.get $at) (i32.sub (i32.load8_u (local.get $at)) (i32.const 32))))
    (func $shout (export "f") (param $n i32) (result i32) (local $i i32)
        (loop $next
            (if (i32.lt_u (local.get $i) (local.get $n)) (then
                (call $up (i32.add (i32.const 64) (local.get $i)))
                (global.set 0 (i32.add (global.get 0) (i32.const 1)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br $next))))
        (local.get $n)))"#;

/// The content of the file `script`.
pub(crate) const SCRIPT: &str = "# two lines\nfrom a file\n:expect from a file Wasm is cool!\nlast\n";

/// A command without its colon, and what the prompt and the full screen show.
pub(crate) struct Case {
    pub(crate) command: &'static str,
    pub(crate) prompt: &'static str,
    pub(crate) screen: &'static str,
}

const fn case(command: &'static str, prompt: &'static str, screen: &'static str) -> Case {
    Case { command, prompt, screen }
}

/// A command with the same result in both.
const fn same(command: &'static str, both: &'static str) -> Case {
    case(command, both, both)
}

/// Every command but `quit`, which comes last.
pub(crate) const CASES: &[Case] = &[
    same("send \\x41", "=> A Wasm is cool!"),
    same("call get_wasm_memory_buffer_len", "-> 1024"),
    same("dump 0x8000", "00008000"),
    same("peek u8 0x410", "0x410  u8 65"),
    same("poke u8 0x1000 7", "the host changed 1 byte"),
    case("undo", "the host changed 1 byte", ":undo 4"),
    case("find Wasm", "4 B at 0x401..0x405", "match 1 of 2: Wasm"),
    case("goto 0x401", "00000400  20 57", "at 0x401  data1+0x1"),
    same("as js 0x410 4", "its length  4 UTF-16 units; 4 characters, 4 bytes"),
    same("inspect", "utf-8       W U+0057"),
    same("mark here", "marked 1 B at 0x401..0x402 as here"),
    same("unmark here", "removed the mark here"),
    case("copy hex 0x401 4", "57 61 73 6d", "characters, if the terminal allows it"),
    same("write FOLDER/bytes data1", "wrote 14 B at 0x400..0x40e to"),
    same("shot FOLDER/screen.txt", "saved the screen as"),
    same("changes", "0x1000..0x1001  host: "),
    same("struct str @ 0x410", "str @ 8 B at 0x410..0x418"),
    same("struct Pair { u16 a; u16 b; }", "Pair  4 B, aligned to 2"),
    same("struct", "AssemblyScript"),
    same("steps", "> 1 write"),
    same("writers 0x1000", "host write 1 B at 0x1000..0x1001"),
    same("readers 0x420", "host read"),
    case("origin 0x410", "byte 0 of the line", "stopped: the guest's stores were not recorded"),
    case("profile", "add_wasm_is_cool", "loads  function"),
    same("frames", "no trap, or its frames are unknown"),
    case("check", "note: reads by the guest were not checked", "note: reads and writes by the guest were not checked"),
    same("regions", "written in exchange 5"),
    case("back", "exchange 4, step 1 of 1", "exchange 4 of 5 | step 1 of 1"),
    case("forward", "exchange 5, step 1 of 1", "exchange 5 of 5 | step 1 of 1"),
    same("exchange 1.2", "step 2 of 5"),
    same("exports", "add_wasm_is_cool  function (i32) -> (i32)"),
    same("imports", "the guest imports nothing"),
    same("globals", "the guest exports no globals"),
    same("memory", "memory 0: 1"),
    same("memory 1", "unknown memory `1`"),
    same("grow", "memory grew"),
    case("reset", "memory starts with 1 page", ":reset: "),
    case("reload", "memory starts with 1 page", ":reload: "),
    same("runs", "earlier run"),
    same("runs 1", "this is run 1 of 3"),
    same("runs now", "this is run 3 of 3"),
    same("convention", "static-buffer (:recipe shows it)"),
    same("recipe", "each line"),
    same("infer use", "nothing was inferred yet"),
    same("recipe c-string", "name   c-string"),
    same("limits", "--max-memory"),
    same("set", "steps = off"),
    same("set timeout 2s", "timeout = 2s"),
    same("set steps on", "steps = on"),
    same("expect error x", "expected an error, got"),
    same("save FOLDER/saved", "saved; open it with"),
    same("save FOLDER/saved", "file exists; add `overwrite`"),
    same("save FOLDER/saved overwrite", "saved; open it with"),
    same("load FOLDER/saved", "opened; :load without a file returns to the live session"),
    same("send x", "nothing can run in a saved session"),
    same("load", "returned from the saved session"),
    same("source FOLDER/script", "=> last Wasm is cool!"),
    // The screen's test has a guest that records nothing at first.
    case("watch 0x41c..0x42a", "watchpoint 1: 14 B at 0x41c..0x42a written", "run 4, compiled again"),
    same("unwatch 1", "removed watchpoint 1"),
    same("continue", "the guest is not stopped"),
    same("pause", "no call is under way"),
    same("step store", "the guest is not stopped"),
    case("break add_wasm_is_cool", "run 4: compiled the guest again", "run 5, compiled again"),
    same("slow 10", "the guest is not stopped"),
    same("unbreak 2", "removed breakpoint 2"),
    case("recompile", "run 5: compiled the guest again", "run 6, compiled again"),
    same("help peek", ":peek TYPE ADDR [COUNT]"),
];

/// Fails if one of these commands has no case.
pub(crate) fn check_all_have_a_case<'a>(mut names: impl Iterator<Item = &'a str>) {
    let tried = |name: &str| CASES.iter().any(|case| case.command.split(' ').next() == Some(name));
    let missing = names.find(|&name| name != "quit" && !tried(name));
    assert!(missing.is_none(), ":{} has no case", missing.unwrap_or_default());
}
