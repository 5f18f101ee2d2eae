//! What WASI writes into a guest's memory, in both versions of its interface.

use std::path::Path;

use crate::hermetic;

/// Imports from `MODULE`, and stores what each function returns from 0x400 on. All memory that may be written to is 0xee.
const GUEST: &str = r#"(module
    (import "MODULE" "fd_filestat_get" (func $stat (param i32 i32) (result i32)))
    (import "MODULE" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "MODULE" "clock_res_get" (func $resolution (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "run") (param $size i32)
        (memory.fill (i32.const 0x100) (i32.const 0xee) (i32.const 0x100))
        (memory.fill (i32.const 0x300) (i32.const 0xee) (i32.const 0x100))
        ;; Subscriptions to a clock and to the standard input.
        (i64.store (i32.const 0x200) (i64.const 0x1111111111111111))
        (i64.store (i32.add (i32.const 0x200) (local.get $size)) (i64.const 0x2222222222222222))
        (i32.store8 offset=8 (i32.add (i32.const 0x200) (local.get $size)) (i32.const 1))
        (i32.store (i32.const 0x400) (call $stat (i32.const 0) (i32.const 0x100)))
        (i32.store (i32.const 0x404) (call $poll (i32.const 0x200) (i32.const 0x300) (i32.const 2) (i32.const 0x408)))
        (i32.store (i32.const 0x40c) (call $resolution (i32.const 3) (i32.const 0x180)))
        (i32.store (i32.const 0x410) (call $resolution (i32.const 4) (i32.const 0x188)))))"#;

/// The hexadecimal digits of a guest's memory after it called those functions: 0x100 bytes at 0x100, 0x60 bytes at
/// 0x300, and 20 bytes at 0x400.
fn written(module: &str, size: u64) -> [String; 3] {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wasi").join(module);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    let recipe = format!(
        "text hex\nhost wasi\neach line\n  run({size})\n  read 0x100 at 0x100\n  append 0x60 at 0x300\n  append 20 at 0x400\n"
    );
    std::fs::write(folder.join("guest.wat"), GUEST.replace("MODULE", module)).expect("the test directory is writable");
    std::fs::write(folder.join("recipe"), recipe).expect("the test directory is writable");
    let mut command = hermetic::linmem();
    command.current_dir(&folder).env("XDG_CONFIG_HOME", &folder);
    let output = command.args(["guest.wat", "--abi", "recipe", "--line", "00"]).output().expect("linmem starts");
    let digits = String::from_utf8(output.stdout).expect("they are digits");
    assert_eq!(digits.trim_end().len(), 2 * (0x100 + 0x60 + 20), "{}", String::from_utf8_lossy(&output.stderr));
    [&digits[..0x200], &digits[0x200..0x2c0], &digits[0x2c0..0x2c0 + 40]].map(str::to_owned)
}

#[test]
fn each_version_has_its_own_layouts() {
    for (module, filestat, subscription) in [("wasi_snapshot_preview1", 64, 48), ("wasi_unstable", 56, 56)] {
        let [stat, events, results] = written(module, subscription);
        let untouched = "ee".repeat(0x80 - filestat);
        assert_eq!(&stat[..0x100], format!("{}{untouched}", "00".repeat(filestat)), "{module}: the filestat");
        assert_eq!(&stat[0x100..0x120], format!("01{}{}", "00".repeat(7), "ee".repeat(8)), "{module}: the resolution");
        let (clock, stdin) = ("11".repeat(8), "22".repeat(8));
        let (zeroes, rest) = ("00".repeat(21), "ee".repeat(0x20));
        assert_eq!(events, format!("{clock}000000{zeroes}{stdin}000001{zeroes}{rest}"), "{module}: the events");
        assert_eq!(results, "000000000000000002000000000000001c000000", "{module}: errno and counts");
    }
}

#[test]
fn the_older_version_has_no_sock_accept() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wasi").join("sock");
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    std::fs::write(folder.join("recipe"), "host wasi\neach line\n  answer the line\n")
        .expect("the test directory is writable");
    for (module, status) in [("wasi_snapshot_preview1", true), ("wasi_unstable", false)] {
        let guest = format!(
            r#"(module (import "{module}" "sock_accept" (func (param i32 i32 i32) (result i32))) (memory (export "memory") 1))"#
        );
        std::fs::write(folder.join("guest.wat"), guest).expect("the test directory is writable");
        let mut command = hermetic::linmem();
        command.current_dir(&folder).env("XDG_CONFIG_HOME", &folder);
        let output = command.args(["guest.wat", "--abi", "recipe", "--line", "x"]).output().expect("linmem starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), status, "{stderr}");
        assert!(status || stderr.contains("wasi_unstable.sock_accept"), "{stderr}");
    }
}
