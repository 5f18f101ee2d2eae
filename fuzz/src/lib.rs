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

/// Attacks a target with these bytes.
pub fn attack(name: &str, data: &[u8]) {
    let target = attack::TARGETS.iter().find(|target| target.name == name).expect("it is listed");
    (target.run)(data);
}

/// The seeds of each target, with its name.
pub fn seeds() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    #[allow(unused_mut, reason = "without wasm-smith nothing is added")]
    let mut all: Vec<_> = attack::TARGETS.iter().map(|target| (target.name, (target.seeds)())).collect();
    #[cfg(feature = "smith")]
    all.push(("trace", smith::seeds()));
    all
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
pub fn modules() -> Vec<Vec<u8>> {
    let mut seeds = smith::seeds();
    seeds.iter_mut().filter_map(|seed| smith::module(&mut arbitrary::Unstructured::new(seed))).collect()
}
