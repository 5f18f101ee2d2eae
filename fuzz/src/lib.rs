//! The targets of the attack, which are in `tests/attack`: the package's own tests run them, too.

#![allow(dead_code, reason = "these modules have more users in the package's tests")]

#[path = "../../tests/attack/mod.rs"]
mod attack;
#[path = "../../tests/cases/mod.rs"]
mod cases;
#[path = "../../tests/odd_guest/mod.rs"]
mod odd_guest;
#[path = "../../tests/pair/mod.rs"]
mod pair;
#[path = "../../tests/recipe_writer/mod.rs"]
mod recipe_writer;
#[path = "../../tests/side_by_side/mod.rs"]
mod side_by_side;
#[cfg(feature = "smith")]
mod smith;

use std::fs;
use std::path::Path;

/// Attacks a target with these bytes.
pub fn attack(name: &str, data: &[u8]) {
    let target = attack::TARGETS.iter().find(|target| target.name == name).expect("it is listed");
    (target.run)(data);
}

/// If `SEEDS` names a folder, writes the seeds of a target there and ends the program. The targets themselves do that:
/// a program without libFuzzer cannot be linked with an instrumented linmem.
pub fn write_seeds(name: &str) {
    if let Some(folder) = std::env::var_os("SEEDS") {
        write(Path::new(&folder), "", &seeds(name));
        std::process::exit(0);
    }
    #[cfg(feature = "smith")]
    if let Some(folder) = std::env::var_os("MODULES") {
        write(Path::new(&folder), ".wasm", &modules());
        std::process::exit(0);
    }
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    #[cfg(feature = "smith")]
    if name == "trace" {
        return smith::seeds();
    }
    let target = attack::TARGETS.iter().find(|target| target.name == name).expect("it is listed");
    (target.seeds)()
}

fn write(folder: &Path, extension: &str, files: &[Vec<u8>]) {
    fs::create_dir_all(folder).expect("the folder can be made");
    for (file, number) in files.iter().zip(1..) {
        fs::write(folder.join(format!("{number:02}{extension}")), file).expect("the folder is writable");
    }
}

/// Compares the module made of these bytes, if they make one, with itself, instrumented.
#[cfg(feature = "smith")]
pub fn trace(data: &[u8]) {
    let mut bytes = arbitrary::Unstructured::new(data);
    if let Some(binary) = smith::module(&mut bytes) {
        attack::trace::run(&binary, bytes);
    }
}

/// The modules made of the seeds of the target `trace`.
#[cfg(feature = "smith")]
fn modules() -> Vec<Vec<u8>> {
    let mut seeds = smith::seeds();
    seeds.iter_mut().filter_map(|seed| smith::module(&mut arbitrary::Unstructured::new(seed))).collect()
}
