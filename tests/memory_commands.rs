//! The commands that read, change, search, copy and write memory, through scripts.

use crate::command_script::{folder, refused, said, script};
use crate::hermetic;

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
    assert!(refused("goto2", ":goto 1.2").contains("did you mean :exchange 1.2?"));
    assert!(refused("goto3", ":goto now").contains("did you mean :exchange now?"));
    assert!(refused("goto4", ":goto 4g").contains("neither an address nor a name"));
    let (stdout, ..) = script("goto5", "hello\n:goto output + 4\n:peek u8 +1\n:dump\n:copy address\n");
    assert!(stdout.contains("0x45  u8 33") && stdout.ends_with("> :copy address\n0x44\n"), "{stdout}");
    assert!(said("dump3", ":dump input").starts_with("00000040  68"));
    assert_eq!(said("dump4", ":dump 0xfff0").lines().count(), 1, "up to the end of memory");
    assert_eq!(said("dump5", ":dump 0x100..0x120").lines().count(), 2);
    assert_eq!(said("dump7", ":dump input 4"), said("dump9", ":dump 0x40 4"), "a region's name is also an address");
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
    let at_the_end = said("inspect2", ":inspect 0xffff");
    assert!(at_the_end.contains("u8          0\n") && !at_the_end.contains("u32"), "{at_the_end}");

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
