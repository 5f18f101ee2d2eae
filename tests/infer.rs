//! Inference: a recipe is found from one line and its answer, though no name of the module helps, and answers other
//! lines right.

use std::path::{Path, PathBuf};

use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{ExternalKind, Parser, Payload};

use crate::piped::{file, run, text};

/// The built-in guests that answer in capitals are left out of this list; see [`CAPITALS`].
const GUESTS: [(&str, &[(&str, &str)]); 19] = [
    ("assets/guests/passing-data.wat", &[("Did you know", "Did you know Wasm is cool!"), ("", " Wasm is cool!")]),
    ("assets/guests/in-place-len.wat", &[("Did you know", "Didyouknow"), ("a b", "ab")]),
    ("tests/guests/base64.wasm", &[("Did you know", "RGlkIHlvdSBrbm93"), ("a", "YQ=="), ("", "")]),
    ("tests/guests/camel.wasm", &[("did you know", "didYouKnow"), ("a b", "aB")]),
    ("tests/guests/hex.wasm", &[("Did you", "44696420796f75"), ("abc", "616263")]),
    ("tests/guests/initials.wasm", &[("Did you know", "DYK"), ("hello big wide world", "HBWW")]),
    ("tests/guests/measure.wasm", &[("Did you know", "3 words, 12 characters, 12 bytes")]),
    ("tests/guests/morse.wasm", &[("SOS 73", "... --- ... / --... ...--"), ("t", "-")]),
    ("tests/guests/pig.wasm", &[("did you know?", "idday ouyay owknay?"), ("a a a", "away away away")]),
    ("tests/guests/reverse.wasm", &[("Did you know", "wonk uoy diD"), ("\u{e9}a", "a\u{e9}")]),
    ("tests/guests/roman.wasm", &[("14", "XIV"), ("4", "IV"), ("2026", "MMXXVI")]),
    ("tests/guests/runs.wasm", &[("aaab", "3a1b"), ("aaaaaaaaaaa", "9a2a"), ("abc", "1a1b1c")]),
    ("tests/guests/slug.wasm", &[("Did you know? Wasm is cool!", "did-you-know-wasm-is-cool"), ("A B  C", "a-b-c")]),
    ("tests/guests/sort.wasm", &[("did you know", "did know you"), ("z y x w", "w x y z")]),
    ("tests/guests/squeeze.wasm", &[("Did  you   know", "Did you know"), ("a  b", "a b")]),
    ("tests/guests/swap.wasm", &[("Did you know", "dID YOU KNOW"), ("xyz", "XYZ"), ("", "")]),
    ("tests/guests/title.wasm", &[("did you know", "Did You Know"), ("a bc", "A Bc")]),
    ("tests/guests/trim.wasm", &[("\t Did you know  ", "Did you know"), ("  x", "x")]),
    ("tests/guests/words.wasm", &[("Did you know", "know you Did"), ("one two three four", "four three two one")]),
];

/// Built-in guests that answer in capitals. `wasi` and its like need the names of their standard's exports, and dprint
/// needs a protocol of several calls.
const CAPITALS: [&str; 16] = [
    "assemblyscript",
    "c-string",
    "callback",
    "canonical",
    "fixed-region",
    "getters",
    "in-place",
    "out-len",
    "out-struct",
    "packed",
    "packed-low",
    "struct",
    "typst",
    "wasm-bindgen",
    "wasm-bindgen-area",
    "wasm-bindgen-result",
];

const LINES: [(&str, &str); 4] = [
    ("Did you know", "DID YOU KNOW"),
    ("a", "A"),
    ("x y z", "X Y Z"),
    ("a longer line, 42 of it", "A LONGER LINE, 42 OF IT"),
];

/// A line whose answer is too long for a length of one byte, and that answer.
const LONG: &str = "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 01";
const LONG_STARS: &str = "0*1*2*3*4*5*6*7*8*9* *0*1*2*3*4*5*6*7*8*9* *0*1*2*3*4*5*6*7*8*9* *\
                          0*1*2*3*4*5*6*7*8*9* *0*1*2*3*4*5*6*7*8*9* *0*1*2*3*4*5*6*7*8*9* *0*1*";

/// Small guests that each need something special, with the examples.
const SPECIAL: [(&str, &[(&str, &str)]); 14] = [
    ("mode", &[("Did you", "DDiidd  yyoouu"), ("abc", "aabbcc"), ("x", "xx")]),
    ("mode", &[("Did you", "D-i-d- -y-o-u-"), ("abc", "a-b-c-"), ("x", "x-")]),
    ("handle", &[("Did you know", "wonk uoy diD"), ("abc", "cba"), ("x", "x")]),
    ("sum", &[("Did you know", "1005357428"), ("a", "3826002220"), ("x y", "3402250132")]),
    ("state", &[("Did you know", "1143197"), ("a", "97873"), ("x y", "275457")]),
    ("digest", &[("Did you know", "61e7ba07586fac42"), ("a", "99904bf9f5a55431"), ("x y", "e1466100a0c8fb20")]),
    ("option", &[("Did you know", "Did-you-know"), ("a", "a"), ("x y z", "x-y-z")]),
    ("object", &[("Did you", "D.i.d. .y.o.u."), ("abc", "a.b.c."), ("x", "x.")]),
    ("pieces", &[("Did you know", "[Did][you][know]"), ("abc", "[abc]"), ("x y", "[x][y]")]),
    ("bytes", &[("Did you know", "Did -you -know!"), ("abc", "abc!"), ("x y", "x -y!")]),
    ("short", &[("Did you know", "wonk uoy diD"), ("abc", "cba"), ("x", "x")]),
    ("record", &[("Did you", "DDiidd  yyoouu"), ("abc", "aabbcc"), ("x", "xx")]),
    ("leb", &[("Did you know", "D*i*d* *y*o*u* *k*n*o*w*"), ("abc", "a*b*c*"), (LONG, LONG_STARS)]),
    ("value", &[("Did you know", "Did_you_know"), ("abc", "abc"), ("x y", "x_y")]),
];

/// The module of a file as a binary whose exports have meaningless names, without custom sections.
fn without_names(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("the guest is there");
    let binary = wat::parse_bytes(&bytes).expect("it is a module");
    let mut copy = Module::new();
    for payload in Parser::new(0).parse_all(&binary) {
        match payload.expect("it is valid") {
            Payload::CustomSection(_) => (),
            Payload::ExportSection(exports) => {
                let mut renamed = ExportSection::new();
                for (number, export) in exports.into_iter().enumerate() {
                    let export = export.expect("it is valid");
                    let kind = match export.kind {
                        ExternalKind::Func => ExportKind::Func,
                        ExternalKind::Memory => ExportKind::Memory,
                        ExternalKind::Global => ExportKind::Global,
                        ExternalKind::Table => ExportKind::Table,
                        other => panic!("no guest exports {other:?}"),
                    };
                    // The letters say nothing, and are in another order than the exports.
                    renamed.export(&format!("q{:02x}", number * 37 % 251), kind, export.index);
                }
                copy.section(&renamed);
            }
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    let at = |offset: u64| usize::try_from(offset).expect("it fits");
                    copy.section(&RawSection { id, data: &binary[at(range.start)..at(range.end)] });
                }
            }
        }
    }
    copy.finish()
}

/// Infers a recipe from the first pair, and returns what is wrong with the answers to the others.
fn inferred(name: &str, module: &[u8], pairs: &[(&str, &str)]) -> Result<(), String> {
    let guest = file(&format!("infer-{name}.wasm"), module);
    let (line, answer) = pairs[0];
    let found = run(&["infer", &guest, "--line", line, "--answer", answer, "--timeout", "100s"], b"");
    if found.status.code() != Some(0) {
        return Err(format!("{name}: {}", text(&found.stderr)));
    }
    let recipe = file(&format!("infer-{name}.recipe"), &found.stdout);
    for (line, answer) in &pairs[1..] {
        let output = run(&[&guest, "--abi", &recipe, "--line", line], b"");
        if text(&output.stdout) != format!("{answer}\n") {
            let said = (text(&output.stdout), text(&output.stderr), text(&found.stdout));
            return Err(format!("{name}: {line:?} gives {said:?}"));
        }
    }
    Ok(())
}

/// What is wrong with the recipes inferred for these guests, once their names are taken away.
fn wrong_of(guests: &[(String, &[(&str, &str)])]) -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let tried = guests.iter().map(|(path, pairs)| {
        let name = Path::new(path).file_stem().expect("it has a name").to_string_lossy().into_owned();
        inferred(&name, &without_names(&root.join(path)), pairs)
    });
    tried.filter_map(Result::err).collect()
}

#[test]
fn modules_without_names_are_inferred_from_one_example() {
    let capitals = CAPITALS.map(|name| (format!("assets/guests/{name}.wat"), &LINES[..]));
    let others = GUESTS.iter().map(|&(path, pairs)| (path.to_owned(), pairs));
    let all: Vec<_> = capitals.into_iter().chain(others).collect();
    let mut wrong = std::thread::scope(|scope| {
        let halves = all.chunks(all.len().div_ceil(2)).map(|half| scope.spawn(|| wrong_of(half)));
        let halves: Vec<_> = halves.collect();
        halves.into_iter().flat_map(|half| half.join().expect("it ends")).collect::<Vec<_>>()
    });
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {}: {}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn constants_and_further_calls_are_inferred_without_names() {
    let guests = SPECIAL.map(|(name, pairs)| (format!("tests/inferred/{name}.wat"), pairs));
    let wrong = wrong_of(&guests);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn protocols_that_imports_name_are_spoken() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let wrong = [
        ("wapc", &[("Did you", "DID YOU"), ("a", "A"), ("", "")][..]),
        ("extism", &[("Did you know", "wonk uoy diD"), ("abc", "cba"), ("x", "x")][..]),
    ];
    let wrong = wrong.map(|(name, pairs)| {
        let text = std::fs::read(root.join(format!("tests/inferred/{name}.wat"))).expect("the guest is there");
        inferred(name, &wat::parse_bytes(&text).expect("it is a module"), pairs)
    });
    assert_eq!(wrong, [Ok(()), Ok(())]);
}

#[test]
fn the_guests_own_names_lead_to_the_recipe_that_detection_would_fill_in() {
    let output = run(&["infer", "packed-low", "-l", "hello", "-a", "HELLO"], b"");
    let printed = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(printed.contains("name   packed-low\n") && printed.contains("dealloc(lo(out), hi(out))"), "{printed}");
    assert!(
        printed.starts_with("# Inferred for packed-low by linmem: it gave the right answer to 1 example"),
        "{printed}"
    );
}

#[test]
fn notes_are_left_out_with_quiet_and_doubts_are_not() {
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inferred/leb.wat").display().to_string();
    let example = ["infer", &guest, "-l", "did you", "-a", "d*i*d* *y*o*u*", "--stub-imports", "--timeout", "100s"];
    let (said, quiet) = (run(&example, b""), run(&[&example[..], &["-q"]].concat(), b""));
    assert_eq!((said.status.code(), quiet.status.code()), (Some(0), Some(0)), "{}", text(&quiet.stderr));
    assert!(text(&said.stderr).contains("is not freed"), "{}", text(&said.stderr));
    assert!(!text(&quiet.stderr).contains("freed"), "{}", text(&quiet.stderr));
}

#[test]
fn what_was_tried_in_vain_is_said() {
    let output = run(&["infer", "packed", "-l", "hello", "-a", "goodbye"], b"");
    let said = text(&output.stderr);
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(4)), "{said}");
    assert!(said.contains("no recipe found: ") && said.contains("check the line and its answer"), "{said}");
    let output = run(&["infer", "packed", "-l", "a", "-l", "b", "-a", "A"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("each --line needs its --answer"));
}

#[test]
fn recipe_is_saved_embedded_and_run() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("infer-files");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the folder can be created");
    let path = |name: &str| folder.join(name).display().to_string();
    let (recipe, module) = (path("found.recipe"), path("copy.wasm"));
    let example = ["-l", "hello", "-a", "HELLO"];
    let args = [&["infer", "packed-low"], &example[..], &["--save", &recipe, "--embed", &module, "--run"]].concat();
    let output = run(&args, b"ab\ncd\n");
    assert_eq!(text(&output.stdout), "AB\nCD\n", "{}", text(&output.stderr));
    assert_eq!(text(&run(&["packed-low", "--abi", &recipe, "-l", "xy"], b"").stdout), "XY\n");
    // The copy needs no option.
    let output = run(&[&module, "-l", "xy"], b"");
    assert_eq!((text(&output.stdout).as_str(), text(&output.stderr).as_str()), ("XY\n", ""));
    let again = [&["infer", "packed-low"], &example[..], &["--save", &recipe]].concat();
    assert_eq!(run(&again, b"").status.code(), Some(7), "an existing file is not replaced");
}
