//! Malicious DWARF: cycles, and tables that many units share, so that reading each for every reference would take
//! hours or all memory.

use wasm_encoder::{CodeSection, CustomSection, Function, FunctionSection, Module, TypeSection};

use crate::debug::{DebugInfo, SourceFrame};

/// The DWARF address of the only function's body: after the count of bodies and the body's length.
const CODE: u8 = 2;

/// A module with one function of several instructions, and these DWARF sections.
fn info(sections: &[(&str, &[u8])]) -> DebugInfo {
    let mut module = Module::new();
    let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    functions.function(0);
    let mut body = Function::new([]);
    body.raw([1; 40]);
    body.instructions().end();
    code.function(&body);
    module.section(&types).section(&functions).section(&code);
    for (name, data) in sections {
        module.section(&CustomSection { name: (*name).into(), data: (*data).into() });
    }
    DebugInfo::new(module.finish().into(), None, Vec::new())
}

/// The frames at the start of the function.
fn frames(info: &DebugInfo) -> Vec<SourceFrame> {
    let body = info.function_range(0).expect("the module has a function");
    info.place(body.start).expect("it is inside").frames
}

/// A DWARF 4 unit with these entries.
fn unit(abbreviations: u32, entries: &[u8]) -> Vec<u8> {
    let len = u32::try_from(entries.len()).expect("it is small") + 7;
    [&len.to_le_bytes(), &[4, 0][..], &abbreviations.to_le_bytes(), &[4], entries].concat()
}

/// An entry of an abbreviation table: code, tag, whether it has children, attributes with their forms.
fn abbreviation(code: u8, tag: u8, has_children: u8, attributes: &[(u8, u8)]) -> Vec<u8> {
    let mut bytes = vec![code, tag, has_children];
    attributes.iter().for_each(|&(name, form)| bytes.extend([name, form]));
    bytes.extend([0, 0]);
    bytes
}

const UNIT: u8 = 0x11;
const FUNCTION: u8 = 0x2e;
const NAME: u8 = 0x03;
const LINES: u8 = 0x10;
const LOW: u8 = 0x11;
const HIGH: u8 = 0x12;
const ORIGIN: u8 = 0x31;
const RANGES: u8 = 0x55;

const ADDRESS: u8 = 0x01;
const NUMBER: u8 = 0x06;
const TEXT: u8 = 0x08;
const REFERENCE: u8 = 0x13;
const OFFSET: u8 = 0x17;
const PRESENT: u8 = 0x19;

/// A low address and a length, covering the function.
const EXTENT: [u8; 8] = [CODE, 0, 0, 0, 40, 0, 0, 0];

#[test]
fn a_function_is_found_by_its_extent_and_named_by_its_origin() {
    let table = [
        abbreviation(1, UNIT, 1, &[(LOW, ADDRESS), (HIGH, NUMBER)]),
        abbreviation(2, FUNCTION, 0, &[(LOW, ADDRESS), (HIGH, NUMBER), (ORIGIN, REFERENCE)]),
        abbreviation(3, FUNCTION, 0, &[(NAME, TEXT)]),
        vec![0],
    ];
    // The entries are at offsets 11, 20 and 33.
    let entries = [&[1][..], &EXTENT, &[2], &EXTENT, &[33, 0, 0, 0], &[3], b"shout\0", &[0]].concat();
    let info = info(&[(".debug_abbrev", &table.concat()), (".debug_info", &unit(0, &entries))]);
    let named = SourceFrame { function: Some("shout".to_owned()), ..SourceFrame::default() };
    assert_eq!(frames(&info), [named]);
}

#[test]
fn references_in_a_circle_end() {
    let table = [
        abbreviation(1, UNIT, 1, &[(LOW, ADDRESS), (HIGH, NUMBER)]),
        abbreviation(2, FUNCTION, 0, &[(LOW, ADDRESS), (HIGH, NUMBER), (ORIGIN, REFERENCE)]),
        vec![0],
    ];
    for (first, second) in [(20, 20), (33, 20), (0, 0), (200, 255), (11, 11)] {
        let function = |origin: u8| [&[2][..], &EXTENT, &[origin, 0, 0, 0]].concat();
        let entries = [&[1][..], &EXTENT, &function(first), &function(second), &[0]].concat();
        let info = info(&[(".debug_abbrev", &table.concat()), (".debug_info", &unit(0, &entries))]);
        assert_eq!(frames(&info), [SourceFrame::default()], "{first} {second}");
    }
}

#[test]
fn a_range_list_that_all_units_share_is_not_read_without_end() {
    let table = [abbreviation(1, UNIT, 0, &[(LOW, ADDRESS), (RANGES, OFFSET)]), vec![0]].concat();
    let one = unit(0, &[1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let units = one.repeat(20_000);
    for range in [[CODE, 0, 0, 0, 9, 0, 0, 0], [9, 0, 0, 0, 9, 0, 0, 0]] {
        let list = [range.repeat(100_000), vec![0; 8]].concat();
        let info = info(&[(".debug_abbrev", &table), (".debug_info", &units), (".debug_ranges", &list)]);
        assert_eq!(frames(&info).len(), 1);
    }
}

#[test]
fn a_line_table_that_all_units_share_is_read_by_those_that_are_asked() {
    let table = [abbreviation(1, UNIT, 0, &[(LOW, ADDRESS), (HIGH, NUMBER), (LINES, OFFSET)]), vec![0]].concat();
    let one = unit(0, &[&[1][..], &EXTENT, &[0, 0, 0, 0]].concat());
    let lines = line_table(&["a.c"], 1, &b"\x01".repeat(1_000_000));
    let info = info(&[(".debug_abbrev", &table), (".debug_info", &one.repeat(20_000)), (".debug_line", &lines)]);
    let frames = frames(&info);
    assert_eq!((frames[0].file.as_deref(), frames[0].line), (Some("a.c"), Some(1)));
    assert_eq!(info.offsets_of_line("a.c", 1).len(), 1);
}

#[test]
fn a_table_is_read_only_as_far_as_the_next_begins() {
    let table = [
        abbreviation(1, UNIT, 1, &[(LOW, ADDRESS), (HIGH, NUMBER)]),
        abbreviation(2, FUNCTION, 0, &[(LOW, ADDRESS), (HIGH, NUMBER), (NAME, TEXT)]),
        vec![0],
    ];
    let entries = [&[1][..], &EXTENT, &[2], &EXTENT, b"shout\0", &[0]].concat();
    let named = SourceFrame { function: Some("shout".to_owned()), ..SourceFrame::default() };
    for (other, expected) in [(0, named), (1, SourceFrame::default())] {
        let units = [unit(0, &entries), unit(other, &[0])].concat();
        assert_eq!(
            frames(&info(&[(".debug_abbrev", &table.concat()), (".debug_info", &units)])),
            [expected],
            "{other}"
        );
    }
}

#[test]
fn an_entry_with_more_attributes_than_compilers_write_ends_the_unit() {
    // Attributes that take no space could make a small unit slow.
    let many: Vec<_> = (0..200).map(|_| (LINES, PRESENT)).collect();
    let table = [
        abbreviation(1, UNIT, 1, &[(LOW, ADDRESS), (HIGH, NUMBER)]),
        abbreviation(2, FUNCTION, 0, &many),
        abbreviation(3, FUNCTION, 0, &many.repeat(2)),
        abbreviation(4, FUNCTION, 0, &[(LOW, ADDRESS), (HIGH, NUMBER), (NAME, TEXT)]),
        vec![0],
    ];
    let named = SourceFrame { function: Some("shout".to_owned()), ..SourceFrame::default() };
    for (code, expected) in [(2, named), (3, SourceFrame::default())] {
        let entries = [&[1][..], &EXTENT, &[code].repeat(1000), &[4], &EXTENT, b"shout\0", &[0]].concat();
        let info = info(&[(".debug_abbrev", &table.concat()), (".debug_info", &unit(0, &entries))]);
        assert_eq!(frames(&info), [expected], "{code}");
    }
}

#[test]
fn a_table_of_more_files_than_there_is_room_for_is_not_read() {
    let table = [abbreviation(1, UNIT, 0, &[(LOW, ADDRESS), (HIGH, NUMBER), (LINES, OFFSET)]), vec![0]].concat();
    let unit = unit(0, &[&[1][..], &EXTENT, &[0, 0, 0, 0]].concat());
    let names = vec!["a"; 600_000];
    let lines = line_table(&names, 1, b"\x01");
    let info = info(&[(".debug_abbrev", &table), (".debug_info", &unit), (".debug_line", &lines)]);
    assert_eq!(frames(&info), [SourceFrame::default()]);
}

/// A version 4 line table with one sequence, at the function and in the first of these files, that runs these
/// instructions.
fn line_table(files: &[&str], line: u8, program: &[u8]) -> Vec<u8> {
    let mut names: Vec<u8> = files.iter().flat_map(|name| [name.as_bytes(), &[0, 0, 0, 0]].concat()).collect();
    names.push(0);
    // Instruction length 1, one operation, statements, line base 0, line range 1, one opcode more than the standard ones.
    let header = [&[1, 1, 1, 0, 1, 13][..], &[0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1], &[0], &names].concat();
    let set_address = [0, 5, 2, CODE, 0, 0, 0];
    let (advance_line, advance_address, end) = ([3, line - 1], [2, 30], [0, 1, 1]);
    let code = [&set_address[..], &advance_line, program, &advance_address, &end].concat();
    let len = |bytes: usize| u32::try_from(bytes).expect("it is small").to_le_bytes();
    let rest = [&[4, 0][..], &len(header.len()), &header, &code].concat();
    [&len(rest.len())[..], &rest].concat()
}
