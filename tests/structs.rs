//! Structs over bytes, through scripts: declared, built in, and from the types in a module's DWARF.

use std::path::Path;

use serde_json::Value;

use crate::command_script::{refused, said, script};
use crate::hermetic;

/// Runs a script on a guest in C++ whose DWARF describes types, and returns what it prints.
fn records(test: &str, script: &str, args: &[&str]) -> String {
    run("records", test, script, args)
}

/// Runs a script on a guest with DWARF.
fn run(guest: &str, test: &str, script: &str, args: &[&str]) -> String {
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/guests/lines/{guest}.wasm"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("structs").join(test);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    std::fs::write(folder.join("script"), script).expect("the test directory is writable");
    let mut command = hermetic::linmem();
    let output = command.current_dir(folder).arg(guest).args(["--script", "script"]).args(args).output();
    let output = output.expect("linmem starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text")
}

/// The address of the record, which the guest tells.
fn address(guest: &str) -> String {
    let told = run(guest, &format!("address-{guest}"), "x\n:call at\n", &[]);
    let (_, result) = told.rsplit_once("call at() -> ").expect("it returns it");
    let end = result.find(|c: char| !c.is_ascii_digit()).unwrap_or(result.len());
    result[..end].to_owned()
}

#[test]
fn a_declared_struct_shows_its_members_before_and_after() {
    let (shown, stderr, code) = script(
        "struct1",
        ":struct Line { u8 first; u32 rest; char tail[4]; }\nhello\n:struct Line @ 0x40\n:struct\n:changes\n\
         :peek u8 Line.tail\n",
    );
    assert_eq!(code, Some(0), "{stderr}");
    assert!(shown.contains("Line  12 B, aligned to 4\n+0x0    first      u8\n+0x1    (padding)\n"), "{shown}");
    let expected = "Line @ 12 B at 0x40..0x4c\n  +0x0    first      u8       104\n  +0x1    (padding)           65 6c 6c\n  \
                    +0x4    rest       u32      111 -> 8559\n  +0x8    tail       char[4]  \"\"\n";
    assert!(shown.contains(expected), "{shown}");
    assert!(shown.contains("\nLine           12 B   declared\n"), "{shown}");
    assert!(shown.contains("1 B at 0x45..0x46  guest: \"\\0\" -> \"!\"   Line.rest\n"), "changes by field: {shown}");
    assert!(shown.contains("0x48  u8 0\n"), "the name of a member is an address: {shown}");
}

#[test]
fn pointers_are_followed_and_texts_are_quoted() {
    let (shown, stderr, code) = script(
        "struct2",
        "hello\n:poke u32 0x200 0x40 6\n:poke u64 0x210 0x300000006\n:struct str @ 0x200\n:struct packed @ 0x210\n\
         :struct Node { str *name; Node2 *none; }\n:struct Node2 { u32 x; }\n:struct Node { str *name; Node2 *none; }\n\
         :poke u32 0x220 0x200\n:struct Node @ 0x220\n",
    );
    assert_eq!(code, Some(1), "one is declared too early: {stderr}");
    assert!(stderr.contains("unknown type `Node2`; :struct lists the known ones"), "{stderr}");
    assert!(shown.contains("  +0x0    ptr  char*  0x40 \"hello!\"\n"), "{shown}");
    assert!(shown.contains("  +0x4    ptr  char*  null -> 0x3 \"\\0\\0\\0\\0\\0\\0\"\n"), "{shown}");
    assert!(shown.contains("  0x200   name->ptr  char*   - -> 0x40 \"hello!\"\n"), "{shown}");
    assert!(shown.contains("  +0x4    none       Node2*  null\n"), "{shown}");
}

#[test]
fn what_is_wrong_with_a_struct_is_said() {
    assert!(refused("struct3", ":struct Nothing").contains("unknown type `Nothing`"));
    assert!(refused("struct4", ":struct str 0x40").contains("expected @ and an address, got `0x40`; usage: :struct"));
    assert!(refused("struct5", ":struct str @").contains("missing ADDR"));
    assert!(refused("struct6", ":struct A { u32 x; ").contains("missing } after the members"));
    assert!(refused("struct7", ":struct A { u33 x; }").contains("unknown type `u33`"));
    assert!(refused("struct8", ":struct str @ 0x10000").contains("is out of bounds"));
    assert!(said("struct9", ":struct str @ end").contains("+0x4    len  u32    -\n"));
    assert!(said("struct10", ":struct u16[2] @ 0x40").contains("u16[2]  [25960, 27756]\n"));
}

#[test]
fn types_come_from_dwarf_by_name() {
    let addr = address("records");
    let script = format!(
        "hi\n:struct my::Header @ {addr}\ntwo words.\n:struct Header @ {addr}\n:exchange 2\n:changes\n\
         :struct Kind @ {addr}\n:struct Header\n"
    );
    let shown = records("dwarf", &script, &[]);
    let plain: Vec<_> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let plain = plain.join("\n");
    for line in [
        "my::Header @ 28 B at ",
        "+0x0 kind Kind Word (1) -> Words (7)\n",
        "+0x1 ends_in_dot bool false -> true\n",
        "+0x2 (padding) 00 00\n",
        "+0x4 len uint32_t 2 -> 10\n",
        "+0xc items[0].at uint16_t 0\n",
        "+0xe items[0].len uint16_t 0 -> 3\n",
        "+0x10 items[1].at uint16_t 0 -> 4\n",
        "+0x14 extra.number int32_t -2 -> -10\n",
        "next->len uint32_t 0 -> 2\n",
        " my::Header.kind .. ends_in_dot\n",
    ] {
        assert!(plain.contains(line), "{line}: {shown}");
    }
    assert!(shown.contains("\"TWO WORDS.\""), "a text is followed: {shown}");
    assert!(shown.contains("Kind @ 1 B at "), "an enumeration by its name: {shown}");
}

#[test]
fn strings_and_vectors_of_rust_are_texts_and_lists() {
    let addr = address("vectors");
    let shown = run("vectors", "vectors", &format!("a few words\n:struct Record @ {addr}\n"), &[]);
    let plain: Vec<_> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let plain = plain.join("\n");
    for line in [
        "vectors::Record @ ",
        "line.capacity usize 0 -> 11\n",
        "\"a few words\"\n",
        "line.len usize 0 -> 11\n",
        " ends.ptr u16* ",
        "[1, 5]\n",
        " first.length usize 4 -> 8\n",
        "\"letter a\"\n",
        "is_long bool false\n",
    ] {
        assert!(plain.contains(line), "{line}: {shown}");
    }
}

#[test]
fn a_struct_is_json_too() {
    let addr = address("records");
    let shown = records("json", &format!("hi\n:struct Header @ {addr} json\n"), &["--show", "json"]);
    let objects = shown.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    let found = objects.into_iter().find(|object| object["report"] == "struct").expect("it is printed");
    assert_eq!((found["name"].as_str(), found["size"].as_u64()), (Some("my::Header"), Some(28)));
    let fields = found["fields"].as_array().expect("it has fields");
    let len = fields.iter().find(|field| field["name"] == "len").expect("it is a member");
    assert_eq!(len["before"], "0");
    assert_eq!(len["after"], "2");
    assert_eq!((len["offset"].as_i64(), len["len"].as_u64(), len["changed"].as_bool()), (Some(4), Some(4), Some(true)));
    let next = fields.iter().find(|field| field["name"] == "next->len").expect("it is followed");
    assert!(next["offset"].is_null());
}

#[test]
fn a_module_without_debug_information_has_no_types() {
    assert!(refused("struct11", ":struct my::Header @ 0x40").contains("unknown type `my::Header`"));
    let debug = linmem::debug::DebugInfo::new(std::sync::Arc::from(*b"\0asm\x01\0\0\0"), None, Vec::new());
    assert_eq!(debug.type_named("Header"), Err(linmem::debug::TypeError::Unknown));
}

/// Damaged sections yield fewer types, and never a panic.
#[test]
fn damaged_types_do_no_harm() {
    let module = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/lines/records.wasm"));
    let module = module.expect("the guest is in the repository");
    let start = module.windows(11).position(|bytes| bytes == b".debug_info").expect("it has DWARF");
    for place in (start..module.len()).step_by(3) {
        for value in [0, 0x7f, 0xff] {
            let mut damaged = module.clone();
            damaged[place] = value;
            let debug = linmem::debug::DebugInfo::new(damaged.into(), None, Vec::new());
            // Whatever it is, it is small.
            let _ = debug.type_named("Header").map(|ty| assert!(ty.size < 1 << 33));
        }
    }
}
