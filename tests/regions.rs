//! Regions through scripts: the module's static regions, the allocator's blocks, and what is not claimed.

use std::path::{Path, PathBuf};

use crate::hermetic;

/// A guest laid out as compilers do it, with an allocator that reuses the block freed last.
const LAID_OUT: &str = r#"(module
    (memory (export "memory") 2)
    (global $__stack_pointer (mut i32) (i32.const 0x1000))
    (global $heap_base i32 (i32.const 0x1100))
    (global $next (mut i32) (i32.const 0x1100))
    (export "__heap_base" (global $heap_base))
    (global (export "BUFFER") i32 (i32.const 0x1044))
    (data $.rodata (i32.const 0x1000) "constants")
    (data $.data (i32.const 0x1040) "variables")
    (data (i32.const 0x1060) "nameless")
    (func (export "alloc") (param i32) (result i32)
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get 0) (i32.const 15)) (i32.const -16)))))
    (func (export "dealloc") (param i32 i32)
        (if (i32.eqz (i32.and (local.get 1) (i32.const 1))) (then (global.set $next (local.get 0)))))
    (func (export "same") (param i32 i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#;

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("regions").join(test);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    folder
}

/// The output of a script on a guest.
fn script(test: &str, guest: &str, script: &str, args: &[&str]) -> String {
    let folder = folder(test);
    std::fs::write(folder.join("guest.wat"), guest).expect("the test directory is writable");
    std::fs::write(folder.join("script"), script).expect("the test directory is writable");
    let mut command = hermetic::linmem();
    let output = command.current_dir(folder).args(["guest.wat", "--script", "script"]).args(args).output();
    let output = output.expect("linmem starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text")
}

/// The regions listed last.
fn listed(stdout: &str) -> Vec<&str> {
    stdout.rsplit("> :regions\n").next().expect("they are listed").lines().collect()
}

#[test]
fn regions_include_data_stack_and_heap() {
    let stdout = script("layout", LAID_OUT, ":regions\n", &["--abi", "packed"]);
    assert_eq!(
        listed(&stdout),
        [
            "stack      4,096 B at 0x0..0x1000   below the initial __stack_pointer, before the data",
            "heap       126,720 B at 0x1100..0x20000   from __heap_base on",
            "__heap_base at 0x1100   a global of the module, with its initial value",
            "__stack_pointer at 0x1000   a global of the module, with its initial value",
            ".rodata    9 B at 0x1000..0x1009   the module's data segment 1",
            ".data      9 B at 0x1040..0x1049   the module's data segment 2",
            "data3      8 B at 0x1060..0x1068   the module's data segment 3",
        ]
    );
    let stdout = script(
        "layout",
        LAID_OUT,
        ":peek u8 .data+1\n:peek u8 @BUFFER\n:goto heap\n:copy address\n:grow\n:regions\n",
        &[],
    );
    assert!(stdout.contains("0x1041  u8 97") && stdout.contains("0x1044  u8 97"), "{stdout}");
    assert!(stdout.contains("> :copy address\n0x1100\n"), "{stdout}");
    assert!(stdout.contains("heap       192,256 B at 0x1100..0x30000"), "the heap grows with the memory: {stdout}");
}

#[test]
fn allocated_blocks_are_known_at_every_moment() {
    let stdout = script(
        "blocks",
        LAID_OUT,
        "abc\nde\n:regions\n:exchange 2.1\n:regions\n:exchange 1.1\n:regions\n",
        &["--abi", "packed"],
    );
    let all: Vec<_> =
        stdout.split("> :regions\n").skip(1).map(|rest| rest.lines().take(4).collect::<Vec<_>>()).collect();
    let begins = |listing: usize, expected: &[&str]| {
        let found: Vec<_> = all[listing].iter().take(expected.len()).map(|line| line.trim_end()).collect();
        assert_eq!(found, expected, "{stdout}");
    };
    let first = "block1     3 B at 0x1100..0x1103   allocated by alloc in exchange 1";
    let freed = format!("{first}, freed in exchange 1");
    let second = "block2     2 B at 0x1110..0x1112   allocated by alloc in exchange 2";
    let lines = |at, len| {
        (format!("input      {at}   written in exchange {len}"), format!("output     {at}   read in exchange {len}"))
    };
    let (input, output) = lines("2 B at 0x1110..0x1112", 2);
    // Where the transform is called, nothing of this exchange has been freed.
    begins(0, &[&input, &output, second, &freed]);
    begins(1, &[&input, &output, second, &freed]);
    let (input, output) = lines("3 B at 0x1100..0x1103", 1);
    begins(2, &[&input, &output, first]);
}

#[test]
fn a_buffer_is_as_large_as_the_guest_says() {
    let folder = folder("buffer");
    std::fs::write(folder.join("script"), "hi\n:regions\n:dump buffer\n").expect("the test directory is writable");
    let mut command = hermetic::linmem();
    let output = command.current_dir(folder).args(["--script", "script"]).output().expect("linmem starts");
    let stdout = String::from_utf8(output.stdout).expect("it is text");
    let expected = "buffer     1,024 B at 0x410..0x810   address from get_wasm_memory_buffer_pointer(), \
                    size from get_wasm_memory_buffer_len()\n";
    assert!(stdout.contains(expected), "{stdout}");
    assert!(stdout.contains("\n00000800  00"), "{stdout}");
}

#[test]
fn answer_is_distinguished_from_other_reads() {
    // The host reads the address and length of the program's text before the text.
    let folder = folder("wasi");
    std::fs::write(folder.join("script"), "Did you know\n:dump output\n").expect("the test directory is writable");
    let mut command = hermetic::linmem();
    let output = command.current_dir(folder).args(["wasi", "--script", "script"]).output().expect("linmem starts");
    let stdout = String::from_utf8(output.stdout).expect("it is text");
    assert!(stdout.split("> :dump output\n").nth(1).expect("it is dumped").contains("|DID YOU KNOW"), "{stdout}");
}

#[test]
fn modules_with_very_many_segments_are_listed_within_bounds() {
    let segments: String = (0..20_000).map(|n| format!("(data (i32.const {}) \"x\")", 2 * n)).collect();
    let guest = format!(
        r#"(module (memory (export "memory") 1) {segments}
            (func (export "ptr") (result i32) (i32.const 64)) (func (export "f") (param i32) (result i32) (local.get 0)))"#
    );
    let stdout = script("many", &guest, ":regions\n:goto data20000\n:inspect data10000+1\n", &[]);
    assert!(stdout.contains("... and 18,976 more\n"), "{stdout}");
    assert!(stdout.contains("> :goto data20000\n00009c30  "), "{stdout}");
    assert!(stdout.contains("at 0x4e1f\n"), "between two of them: {stdout}");
}

#[test]
fn damaged_names_are_ignored() {
    let mut module = wat::parse_str(LAID_OUT).expect("it is a module");
    let names = module.windows(5).rposition(|window| window == b"\x04name").expect("it has names");
    // The name section is truncated.
    let last = module.len() - 1;
    module[last] = 0xff;
    module[names + 5 + 3] = 0xff;
    std::fs::write(folder("damaged").join("damaged.wasm"), &module).expect("the test directory is writable");
    let mut command = hermetic::linmem();
    let output = command.current_dir(folder("damaged")).args(["inspect", "damaged.wasm"]).output();
    let output = output.expect("linmem starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
