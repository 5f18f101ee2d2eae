//! Lists the built-in conventions (recipe files) and guests (`.wat` files) in `assets`. They are named nowhere else.
//! Also identifies the sources that decide what modules are compiled to.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

/// The guest that runs by default. It comes first in lists.
const DEFAULT_GUEST: &str = "passing-data";
/// The line of a recipe file after which its evidence follows.
const EVIDENCE: &str = "\nevidence\n";

fn main() {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let assets = package.join("assets");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    write(&out.join("conventions.rs"), &conventions(&assets.join("recipes")));
    write(&out.join("guests.rs"), &guests(&assets.join("guests")));
    let mut hasher = DefaultHasher::new();
    hash(&package.join("src/guest"), &mut hasher);
    // The versions of what it depends on. The lock file is not there if this is a dependency of another program.
    ["Cargo.toml", "Cargo.lock"].iter().for_each(|file| hash(&package.join(file), &mut hasher));
    println!("cargo::rustc-env=LINMEM_GUEST_SOURCES={:016x}", hasher.finish());
}

/// Hashes a file, or all files in a folder and those below. Code that other sources compiled is not loaded.
fn hash(path: &Path, hasher: &mut DefaultHasher) {
    println!("cargo::rerun-if-changed={}", path.display());
    let Ok(entries) = fs::read_dir(path) else {
        return hasher.write(&fs::read(path).unwrap_or_default());
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    paths.iter().for_each(|path| hash(path, hasher));
}

/// For each convention: its name, recipe and evidence.
fn conventions(folder: &Path) -> String {
    let mut list = String::from("&[\n");
    for (name, file) in files(folder, "recipe") {
        let text = fs::read_to_string(&file).expect("a recipe is text");
        let (recipe, evidence) = text.split_once(EVIDENCE).unwrap_or_else(|| panic!("{name} lacks `evidence`"));
        writeln!(list, "    ({name:?}, {:?}, {evidence:?}),", format!("{recipe}\n")).expect("a string takes it");
    }
    list + "]\n"
}

/// For each guest: its name, source, and the description in its first line.
fn guests(folder: &Path) -> String {
    let mut list = String::from("&[\n");
    let mut files = files(folder, "wat");
    files.sort_by_key(|(name, _)| name != DEFAULT_GUEST);
    for (name, file) in files {
        let text = fs::read_to_string(&file).expect("a guest is text");
        let first = text.lines().next().unwrap_or_default();
        let about = first.strip_prefix(&format!(";; {name}.wat: "));
        let about = about.unwrap_or_else(|| panic!("{name}.wat does not begin with `;; {name}.wat: `"));
        writeln!(list, "    ({name:?}, include_bytes!({:?}), {about:?}),", file.display()).expect("a string takes it");
    }
    list + "]\n"
}

/// The files in a folder with this extension, with their names, sorted by name.
fn files(folder: &Path, extension: &str) -> Vec<(String, PathBuf)> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = fs::read_dir(folder).expect("the folder is part of the sources");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    let named = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
    let mut files: Vec<_> =
        named.map(|path| (path.file_stem().expect("it has one").display().to_string(), path)).collect();
    files.sort();
    files
}

fn write(file: &Path, text: &str) {
    fs::write(file, text).expect("the build's folder is writable");
}
