//! Debug information of guests from real compilers (tests/guests/lines): names, source lines, instructions. Damaged
//! modules yield less.

use std::path::{Path, PathBuf};

use linmem::debug::{DebugInfo, Place, SourceFrame};
use linmem::guest::Symbols;

const GUESTS: [(&str, &str); 4] =
    [("c", "lines/c.c"), ("rust", "lines/rust.rs"), ("zig", "zig.zig"), ("assemblyscript", "lines/assemblyscript.ts")];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/lines").join(name)
}

fn module(guest: &str) -> Vec<u8> {
    std::fs::read(path(&format!("{guest}.wasm"))).expect("the guest is in the repository")
}

fn info(guest: &str) -> DebugInfo {
    DebugInfo::new(module(guest).into(), Some(&path(&format!("{guest}.wasm"))), Vec::new())
}

/// The number of the source line that ends in that comment.
fn line(file: &str, remark: &str) -> u32 {
    let name = Path::new(file).file_name().expect("it is a file");
    let text = std::fs::read_to_string(path(&name.to_string_lossy())).expect("the source is in the repository");
    let place = text.lines().position(|line| line.ends_with(remark)).expect("the source has that comment");
    u32::try_from(place + 1).expect("it is short")
}

/// Every instruction of the functions with that name suffix: offset, text, place.
fn instructions(info: &DebugInfo, function: &str) -> Vec<(usize, String, Place)> {
    let functions = info.function_named(function);
    assert_eq!(functions.len(), 1, "{function}");
    let body = info.function_range(functions[0]).expect("it has a body");
    let printed = body.flat_map(|offset| info.instruction(offset, 0));
    printed.map(|(offset, text)| (offset, text, info.place(offset).expect("it is in a function"))).collect()
}

#[test]
fn the_store_of_a_byte_has_its_source_line() {
    for (guest, file) in GUESTS {
        let info = info(guest);
        let (stores, traps) = (line(file, "// stores"), line(file, "// traps"));
        let mut found = Vec::new();
        for (_, text, place) in instructions(&info, "put") {
            if text.contains(".store") {
                let frame =
                    place.frames.iter().find(|frame| frame.file.as_deref() == Some(file)).expect("it has a place");
                found.push(frame.line.expect("it has a line"));
            }
        }
        found.sort_unstable();
        assert_eq!(found, [traps, stores], "{guest}");
    }
}

#[test]
fn inlined_functions_are_frames_of_their_own() {
    for (guest, file, names) in [
        ("c", "lines/c.c", ["put_outside", "put"]),
        ("rust", "lines/rust.rs", ["rust::text::put_outside", "rust::text::put"]),
        ("zig", "zig.zig", ["zig.putOutside", "zig.put"]),
    ] {
        let info = info(guest);
        let frames = instructions(&info, "put").into_iter().map(|(_, _, place)| place.frames);
        let traps = line(file, "// traps");
        let inlined = frames.into_iter().find(|frames| frames.iter().any(|frame| frame.line == Some(traps)));
        let frames = inlined.unwrap_or_else(|| panic!("{guest}: no instruction is of line {traps}"));
        let own = frames.iter().filter(|frame| frame.file.as_deref() == Some(file));
        let own: Vec<_> = own.map(|frame| (frame.function.as_deref().unwrap_or_default(), frame.inlined)).collect();
        assert_eq!(own, [(names[0], true), (names[1], false)], "{guest}");
    }
}

#[test]
fn a_line_leads_to_its_code_and_back() {
    for (guest, file) in GUESTS {
        let info = info(guest);
        let stores = line(file, "// stores");
        for named in [file, Path::new(file).file_name().and_then(|name| name.to_str()).expect("it is text")] {
            let offsets = info.offsets_of_line(named, stores);
            assert!(!offsets.is_empty(), "{guest} {named}");
            for offset in offsets {
                let frames = info.place(offset).expect("it is in a function").frames;
                assert_eq!((frames[0].file.as_deref(), frames[0].line), (Some(file), Some(stores)), "{guest}");
                assert!(!info.instruction(offset, 0).is_empty(), "{guest}: an instruction begins there");
            }
        }
        assert!(info.offsets_of_line("none.c", stores).is_empty());
        assert!(info.offsets_of_line(file, 100_000).is_empty());
    }
}

#[test]
fn the_text_of_a_line_comes_from_the_map_or_from_directories_that_the_user_names() {
    for (guest, file) in GUESTS {
        let stores = line(file, "// stores");
        let text = |mappings: &[String]| {
            let mappings = mappings.iter().map(|mapping| mapping.parse().expect("it is a mapping")).collect();
            let path = path(&format!("{guest}.wasm"));
            DebugInfo::new(module(guest).into(), Some(&path), mappings).source_line(file, stores)
        };
        let from = if file.starts_with("lines") { "lines" } else { "." };
        let mapped = text(&[format!("{from}={}", path("").display())]).expect("the source is there");
        assert!(mapped.ends_with("// stores"), "{guest}: {mapped}");
        let unmapped = text(&[]);
        assert_eq!(unmapped.is_some(), guest == "assemblyscript", "{guest}: only its map holds the text");
    }
}

/// A module with its DWARF sections replaced by a custom section of that name and content.
fn with_section(module: &[u8], name: &str, text: &str) -> Vec<u8> {
    let mut kept = wasm_encoder::Module::new();
    for payload in wasmparser::Parser::new(0).parse_all(module).map(|payload| payload.expect("it is valid")) {
        let is_dwarf = matches!(&payload, wasmparser::Payload::CustomSection(it) if it.name().starts_with(".debug"));
        let section = payload.as_section().filter(|_| !is_dwarf);
        if let Some((id, range)) = section {
            let position = |offset: u64| usize::try_from(offset).expect("it is small");
            let data = &module[position(range.start)..position(range.end)];
            kept.section(&wasm_encoder::RawSection { id, data });
        }
    }
    let len = u8::try_from(text.len()).expect("the test's text is short");
    let data = [&[len][..], text.as_bytes()].concat();
    kept.section(&wasm_encoder::CustomSection { name: name.into(), data: data.into() });
    kept.finish()
}

/// Whether the store in the C guest has a source line, with that module in a directory with these files.
fn has_line(test: &str, files: &[(&str, &[u8])], module: &[u8]) -> bool {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("debug").join(test);
    for (name, content) in files {
        let file = directory.join(name);
        std::fs::create_dir_all(file.parent().expect("it is in a directory")).expect("the test directory exists");
        std::fs::write(file, content).expect("the test directory exists");
    }
    let info = DebugInfo::new(module.into(), Some(&directory.join("inner/module.wasm")), Vec::new());
    let stores = line("lines/c.c", "// stores");
    instructions(&info, "put").iter().any(|(_, _, place)| place.frames[0].line == Some(stores))
}

#[test]
fn separate_debug_information_must_be_beside_the_module() {
    let whole = module("c");
    let names = |text: &str| with_section(&whole, "external_debug_info", text);
    let beside: &[(&str, &[u8])] = &[("inner/c.debug.wasm", &whole)];
    for named in ["c.debug.wasm", "./c.debug.wasm", "https://example.com/build/c.debug.wasm?v=1", "/build/c.debug.wasm"]
    {
        assert!(has_line("beside", beside, &names(named)), "{named}");
    }
    let elsewhere: &[(&str, &[u8])] = &[("c.debug.wasm", &whole), ("inner/other.wasm", b"nothing")];
    let above = Path::new(env!("CARGO_TARGET_TMPDIR")).join("debug/elsewhere/c.debug.wasm").display().to_string();
    for named in ["../c.debug.wasm", "..", "c.debug.wasm", "other.wasm", "none.wasm", "", &above] {
        assert!(!has_line("elsewhere", elsewhere, &names(named)), "{named}");
    }
    assert!(!has_line("beside", beside, &names("c.debug.wasm\0")));
    assert!(!has_line("beside", beside, &with_section(&whole, "unrelated", "c.debug.wasm")));
}

#[test]
fn stripped_module_still_has_offsets() {
    let wat = r#"(module (func (export "run") (unreachable)) (func (nop)))"#;
    let info = DebugInfo::new(wat::parse_str(wat).expect("it is valid").into(), None, Vec::new());
    let body = info.function_range(0).expect("it has a body");
    let place = info.place(body.start).expect("it is in a function");
    let named = SourceFrame { function: Some("run".to_owned()), ..SourceFrame::default() };
    assert_eq!(place, Place { index: 0, frames: vec![named] });
    let other = info.function_range(1).expect("it has a body");
    assert_eq!(info.place(other.start).map(|place| place.frames), Some(vec![SourceFrame::default()]));
    assert_eq!((info.place(0), info.place(usize::MAX)), (None, None));
}

#[test]
fn debug_info_can_be_queried_from_any_thread() {
    fn shared<T: Send + Sync>() {}
    shared::<DebugInfo>();
}

/// Queries everything, to test that it terminates. Returns how many answers had a line.
fn ask_all(module: &[u8], path: Option<&Path>) -> usize {
    let info = DebugInfo::new(module.into(), path, Vec::new());
    let mut lines = 0;
    for offset in 0..module.len() + 2 {
        let Some(place) = info.place(offset) else { continue };
        let innermost = place.frames.first().expect("the function itself is a frame");
        assert_eq!(info.line(offset), innermost.file.clone().zip(innermost.line), "the quick answer at {offset:#x}");
        lines += place.frames.iter().filter(|frame| frame.line.is_some()).count();
        if offset % 5 == 0 {
            let _ = info.instruction(offset, 3);
        }
    }
    for (_, file) in GUESTS {
        let _ = (info.offsets_of_line(file, 10), info.source_line(file, 10));
    }
    let _ = info.function_named("put");
    lines
}

/// A deterministic random number generator.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % end
    }
}

/// The same with a damaged source map beside the module.
fn damage_its_map(module: &[u8], file: &Path, rounds: usize, random: &mut Random) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("debug/map");
    std::fs::create_dir_all(&directory).expect("the test directory exists");
    let map = std::fs::read(file.with_extension("wasm.map")).expect("the map is in the repository");
    for round in 0..rounds {
        let mut damaged = map.clone();
        for _ in 0..1 + random.below(5) {
            let at = random.below(damaged.len());
            damaged[at] ^= 1 << random.below(8);
        }
        damaged.truncate(if round % 2 == 0 { random.below(map.len()) } else { map.len() });
        std::fs::write(directory.join("assemblyscript.wasm.map"), damaged).expect("the test directory exists");
        ask_all(module, Some(&directory.join("assemblyscript.wasm")));
    }
}

#[test]
fn damaged_modules_yield_less_and_do_no_harm() {
    let rounds: usize = std::env::var("LINMEM_DAMAGE_ROUNDS").map_or(15, |rounds| rounds.parse().expect("a number"));
    let mut random = Random(1);
    for (guest, _) in GUESTS {
        let whole = module(guest);
        let file = path(&format!("{guest}.wasm"));
        assert!(ask_all(&whole, Some(&file)) > 20, "{guest}");
        if guest == "assemblyscript" {
            damage_its_map(&whole, &file, rounds, &mut random);
        }
        for _ in 0..rounds {
            let len = random.below(whole.len());
            ask_all(&whole[..len], Some(&file));
            let mut flipped = whole.clone();
            for _ in 0..1 + random.below(20) {
                let at = random.below(flipped.len());
                flipped[at] ^= 1 << random.below(8);
            }
            ask_all(&flipped, Some(&file));
            let mut overwritten = whole.clone();
            let (from, byte) = (random.below(whole.len()), u8::try_from(random.below(256)).expect("it fits"));
            let to = (from + random.below(16)).min(whole.len());
            overwritten[from..to].fill(byte);
            ask_all(&overwritten, Some(&file));
        }
    }
}
