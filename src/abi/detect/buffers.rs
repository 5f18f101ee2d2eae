//! Conventions in which nobody hands out memory: the guest's own buffers, and agreed addresses.

use super::names::{INPUT, OUTPUT, POINTER, ROOM, has_word, is_service, list, parts};
use super::{Candidate, Fit, I32, Module, near_miss, reject};
use crate::guest::{Extern, Interface};

/// Below this a fixed region is put where the module has no data.
const PLENTY: u64 = 64 << 10;

pub(super) fn static_buffer(module: &Module<'_>) -> Fit<Candidate> {
    let getters = module.of_type(&[], &[I32]);
    let plausible: Vec<_> = getters.iter().copied().filter(|name| !has_word(name, ROOM) && !is_service(name)).collect();
    let named: Vec<_> = plausible.iter().copied().filter(|name| has_word(name, POINTER)).collect();
    let (pointer, score) = match (&named[..], &plausible[..]) {
        ([one], _) => (*one, 80),
        // A name that says nothing is some evidence where little else is exported.
        ([], [one]) => (*one, if getters.len() > 3 { 25 } else { 50 }),
        ([], []) => return Err(reject("no export of type () -> i32 could tell where the guest's buffer is")),
        ([], many) | (many, _) => {
            let names = list(many);
            let words = format!("several exports could tell where the guest's buffer is: {names}; a recipe says which");
            return Err(if named.is_empty() { reject(words) } else { near_miss(words) });
        }
    };
    let transform = module.transform(&[I32], &[I32])?;
    let mut candidate = Candidate::new("static-buffer", score, format!("{pointer}() could tell where a buffer is"));
    candidate.recipe.rename("add_wasm_is_cool", transform);
    candidate.reasons.push(format!("{transform} has the transform's type"));
    candidate.recipe.rename("get_wasm_memory_buffer_pointer", pointer);
    match room_getter(&getters, pointer) {
        Some(room) => candidate.recipe.rename("get_wasm_memory_buffer_len", room),
        None => candidate.doubt("nothing tells how large the buffer is"),
    }
    if score < 80 {
        candidate.doubt(format!("the name {pointer} does not say that it is a pointer"));
    }
    Ok(candidate)
}

pub(super) fn getters(module: &Module<'_>) -> Fit<Candidate> {
    let getters = module.of_type(&[], &[I32]);
    let one = |what: &[&str], kind: &[&str], words: &str| {
        let mut fitting = getters.iter().copied().filter(|name| has_word(name, what) && has_word(name, kind));
        let first = fitting.next().ok_or_else(|| reject(format!("no export of type () -> i32 tells {words}")))?;
        match fitting.next() {
            None => Ok(first),
            Some(other) => Err(near_miss(format!("both {first} and {other} could tell {words}; a recipe says which"))),
        }
    };
    let output = one(OUTPUT, POINTER, "where the answer is")?;
    let len = one(OUTPUT, ROOM, "how long the answer is")?;
    let input = one(INPUT, POINTER, "where the line belongs").map_err(|why| {
        near_miss(format!("{output} and {len} tell where the answer is, but {}; a recipe can say", why.words))
    })?;
    let transform = module.transform(&[I32], &[]).or_else(|_| module.transform(&[I32], &[I32]))?;
    let mut candidate = Candidate::new("getters", 90, format!("{input} and {output} tell of two buffers"));
    for (from, to) in [("input_ptr", input), ("output_ptr", output), ("output_len", len)] {
        candidate.recipe.rename(from, to);
    }
    candidate.transform(transform);
    match room_getter(&getters, input) {
        Some(room) => candidate.recipe.rename("input_size", room),
        None => candidate.doubt("nothing tells how large the buffer for the line is"),
    }
    if module.signature(transform).is_some_and(|ty| !ty.results.is_empty()) {
        candidate.doubt(format!("what {transform} returns is not looked at: it may be an error"));
    }
    Ok(candidate)
}

pub(super) fn fixed_region(module: &Module<'_>) -> Fit<Candidate> {
    let transform = module.transform(&[I32, I32], &[I32])?;
    let mut candidate = Candidate::new("fixed-region", 20, format!("{transform} takes an address and a length"));
    candidate.transform(transform);
    let (place, words) = region(module.interface);
    candidate.reasons.push(words);
    match place {
        Place::Base => {
            candidate.score = 35;
            candidate.recipe.place_at_global("ptr", "__heap_base");
        }
        Place::Address(addr) => candidate.recipe.place_at("ptr", addr),
    }
    candidate.doubt("at which address the line belongs, nothing tells; what is there is overwritten");
    Ok(candidate)
}

/// Where a region is put.
enum Place {
    /// At the exported global `__heap_base`.
    Base,
    Address(i64),
}

/// An address behind what the compiler placed in memory, as far as the module tells; and why there.
fn region(interface: &Interface) -> (Place, String) {
    let is_base =
        |export: &&crate::guest::Export| export.name == "__heap_base" && matches!(export.what, Extern::Global(_));
    if interface.exports.iter().find(is_base).is_some() {
        return (Place::Base, "__heap_base is where free memory begins".to_owned());
    }
    let unknown = interface.segments.iter().any(|segment| segment.addr.is_none());
    let low = interface.segments.iter().filter_map(|segment| segment.addr).min();
    match low {
        None if !unknown => (Place::Address(0), "there is no data at address 0".to_owned()),
        Some(low) if low >= PLENTY && !unknown => {
            (Place::Address(0), format!("the module's data begins at {low:#x}, and below it is room"))
        }
        _ => {
            let ends = interface.segments.iter().filter_map(|segment| segment.addr?.checked_add(segment.len));
            let end = ends.max().unwrap_or(0).checked_next_multiple_of(16).unwrap_or(0);
            let addr = i64::try_from(end).unwrap_or(0);
            (Place::Address(addr), format!("the module's data ends before {end:#x}"))
        }
    }
}

/// The getter that tells the buffer's size: one named for a size that is called like the pointer's but for that, as
/// `x_buffer_len` is beside `x_buffer_ptr`. A mere `len` may be anything's length.
fn room_getter<'a>(getters: &[&'a str], pointer: &str) -> Option<&'a str> {
    let subject = |name: &str| -> Vec<String> {
        let general =
            |part: &String| [ROOM, &["get", "ptr", "pointer", "addr", "offset"]].concat().contains(&part.as_str());
        parts(name).into_iter().filter(|part| !part.is_empty() && !general(part)).collect()
    };
    let wanted = subject(pointer);
    let mut sized = getters.iter().copied().filter(|name| has_word(name, ROOM));
    sized.find(|name| !wanted.is_empty() && subject(name) == wanted)
}
