//! The library in a program without a terminal: the output of the example.

#[allow(dead_code)]
#[path = "../examples/print_changes.rs"]
mod print_changes;

fn print(guest: &str, line: &str) -> String {
    let mut out = Vec::new();
    print_changes::print_changes(&mut out, guest.as_ref(), line.as_bytes()).expect("the guest answers");
    String::from_utf8(out).expect("what is printed is text")
}

#[test]
fn the_example_prints_what_each_step_changed() {
    let expected = "\
call get_wasm_memory_buffer_pointer() -> 0x410
write 12 B at 0x410..0x41c
    the host changed 12 bytes at 0x410..0x41c
call add_wasm_is_cool(12) -> 26
    the guest changed 14 bytes at 0x41c..0x42a
call get_wasm_memory_buffer_pointer() -> 0x410
read 26 B at 0x410..0x42a
=> Did you know Wasm is cool!
";
    assert_eq!(print("passing-data", "Did you know"), expected);
}
