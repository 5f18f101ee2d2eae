//! A short attack on each target, the same in each run: its seeds, random bytes, and seeds with random edits.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use arbitrary::Unstructured;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{TARGETS, trace};

/// An edit of some bytes, at an index.
#[derive(Clone, Debug)]
enum Edit {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// Copies that many bytes from one index to the other.
    Repeat(Index, Index, usize),
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let len = bytes.len();
        match self {
            Edit::Set(at, byte) if len > 0 => bytes[at.index(len)] = *byte,
            Edit::Insert(at, new) => drop(bytes.splice(at.index(len + 1)..at.index(len + 1), new.iter().copied())),
            Edit::Remove(at, count) => drop(bytes.drain(at.index(len + 1)..(at.index(len + 1) + count).min(len))),
            Edit::Repeat(from, to, count) => {
                let from = from.index(len + 1);
                let copied = bytes[from..(from + count).min(len)].to_vec();
                bytes.splice(to.index(len + 1)..to.index(len + 1), copied);
            }
            Edit::Set(..) => (),
        }
    }
}

/// Pieces that parsers look for.
const PIECES: [&[u8]; 14] = [
    b"\n",
    b" ",
    b"\0",
    b"0",
    b"-1",
    b"18446744073709551615",
    b"4294967296",
    b"\xff\xff\xff\xff\x0f",
    b"(",
    b"\"",
    b"{",
    b"\xe2\x80\xae",
    b"\x1b[2J",
    b"..",
];

fn edit() -> impl Strategy<Value = Edit> {
    let new = prop_oneof![
        3 => prop::sample::select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..9),
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (any::<Index>(), new).prop_map(|(at, new)| Edit::Insert(at, new)),
        (any::<Index>(), 1..20_usize).prop_map(|(at, count)| Edit::Remove(at, count)),
        (any::<Index>(), any::<Index>(), 1..200_usize).prop_map(|(from, to, count)| Edit::Repeat(from, to, count)),
    ]
}

/// Attacks a target that often.
fn short(name: &str, cases: u32) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("it is listed");
    let seeds = (target.seeds)();
    seeds.iter().for_each(|seed| (target.run)(seed));
    let edited = (prop::sample::select(seeds), prop::collection::vec(edit(), 1..6)).prop_map(|(mut bytes, edits)| {
        edits.iter().for_each(|edit| edit.apply(&mut bytes));
        bytes
    });
    let attack = prop_oneof![1 => prop::collection::vec(any::<u8>(), 0..400), 4 => edited];
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let done = TestRunner::new_with_rng(config, rng).run(&attack, |bytes| {
        (target.run)(&bytes);
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// What libFuzzer found, in `tests/attack/found/TARGET`.
#[test]
fn what_was_found_stays_mended() {
    for target in &TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attack/found").join(target.name);
        let Ok(files) = fs::read_dir(folder) else { continue };
        for file in files {
            let path = file.expect("it can be listed").path();
            eprintln!("{}", path.display());
            (target.run)(&fs::read(path).expect("it can be read"));
        }
    }
}

#[test]
fn commands_are_harmless() {
    short("command", 200);
}

#[test]
fn config_files_and_command_lines_are_harmless() {
    short("config", 2000);
}

#[test]
fn compiled_recipes_behave_like_interpreted_ones() {
    short("driver", 200);
}

#[test]
fn modules_are_harmless() {
    short("load", 1500);
}

#[test]
fn recipes_are_harmless() {
    short("recipe", 1500);
}

#[test]
fn saved_sessions_are_harmless() {
    short("session", 100);
}

#[test]
fn instrumented_modules_behave_like_the_original() {
    compare_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attack/modules"));
}

/// The same with any modules: `MODULES=FOLDER cargo test --test suite attack:: -- --ignored --nocapture`.
#[test]
#[ignore = "needs modules"]
fn instrumented_modules_of_a_folder_behave_like_the_original() {
    let folder = std::env::var_os("MODULES").expect("MODULES names a folder");
    println!("{} modules behave like the original", compare_all(Path::new(&folder)));
}

/// Compares each module of a folder with itself, instrumented. They must end by themselves. Returns how many ran.
fn compare_all(folder: &Path) -> usize {
    let modules = fs::read_dir(folder).expect("the folder can be read");
    let mut modules: Vec<_> = modules.map(|file| file.expect("it can be listed").path()).collect();
    modules.sort();
    let mut ran = 0;
    for module in modules {
        let binary = fs::read(&module).expect("it can be read");
        let choices = [[0; 200], std::array::from_fn(|place| place.wrapping_mul(151).to_le_bytes()[0])];
        let compared = choices.map(|choices| {
            catch_unwind(|| trace::run(&binary, Unstructured::new(&choices)))
                .unwrap_or_else(|_| panic!("{} differs", module.display()))
        });
        ran += usize::from(compared.contains(&true));
    }
    assert!(ran > 0, "no module can be run");
    ran
}

#[test]
fn keys_are_harmless_at_any_size() {
    short("view", 25);
}
