//! Conventions in which the guest hands out memory for the line.

use super::names::{ALLOC, FREE, TAKES_ANSWER, has_word, list};
use super::{Candidate, Fit, I32, Module, near_miss, reject};
use crate::abi::built_in::Argument;
use crate::guest::{Signature, Type};

pub(super) fn packed(module: &Module<'_>, name: &str, score: u32) -> Fit<Candidate> {
    let mut candidate = allocating(module, name, score)?;
    let transform = module.transform(&[I32, I32], &[Type::I64])?;
    candidate.reasons.push(format!("{transform} takes a pointer and a length and returns an i64"));
    candidate.transform(transform);
    candidate.doubt("which half of the i64 is the pointer, the type does not tell");
    Ok(candidate)
}

pub(super) fn c_string(module: &Module<'_>) -> Fit<Candidate> {
    let mut candidate = allocating(module, "c-string", 60)?;
    let transform = module.transform(&[I32], &[I32])?;
    candidate.reasons.push(format!("{transform} takes and returns one number, a pointer perhaps"));
    candidate.transform(transform);
    candidate.doubt("who frees the answer, the types do not tell: it is left to the guest");
    Ok(candidate)
}

pub(super) fn structure(module: &Module<'_>) -> Fit<Candidate> {
    let mut candidate = allocating(module, "struct", 40)?;
    let transform = module.transform(&[I32, I32], &[I32])?;
    candidate.transform(transform);
    candidate.doubt("whether the i32 that comes back is an address, the type does not tell");
    Ok(candidate)
}

pub(super) fn out_struct(module: &Module<'_>) -> Fit<Candidate> {
    let mut candidate = allocating(module, "out-struct", 60)?;
    let transform = module.transform(&[I32, I32, I32], &[])?;
    candidate
        .reasons
        .push(format!("{transform} takes three numbers and returns nothing: it must put the answer somewhere"));
    candidate.transform(transform);
    candidate.doubt("which of the three numbers says where, the types do not tell: compilers put it first");
    Ok(candidate)
}

pub(super) fn out_len(module: &Module<'_>) -> Fit<Candidate> {
    let mut candidate = allocating(module, "out-len", 60)?;
    let transform = module.transform(&[I32, I32, I32], &[I32])?;
    candidate.reasons.push(format!("{transform} could take a pointer, a length, and where the answer's length is put"));
    candidate.transform(transform);
    candidate.doubt("what the third number means, the type does not tell");
    Ok(candidate)
}

pub(super) fn in_place(module: &Module<'_>) -> Fit<Candidate> {
    let mut candidate = allocating(module, "in-place", 60)?;
    let transform = module.transform(&[I32, I32], &[])?;
    candidate.reasons.push(format!("{transform} takes a pointer and a length and returns nothing"));
    candidate.transform(transform);
    Ok(candidate)
}

pub(super) fn in_place_len(module: &Module<'_>) -> Fit<Candidate> {
    let mut candidate = allocating(module, "in-place-len", 45)?;
    let transform = module.transform(&[I32, I32], &[I32])?;
    candidate.transform(transform);
    candidate.doubt("whether the i32 that comes back is a length, the type does not tell");
    Ok(candidate)
}

pub(super) fn callback(module: &Module<'_>) -> Fit<Candidate> {
    let takers = module.interface.imported_funcs().filter(|(_, import, ty)| {
        ty.params == [I32, I32] && ty.results.len() <= 1 && has_word(&import.name, TAKES_ANSWER)
    });
    let takers: Vec<_> = takers.map(|(_, import, _)| import).collect();
    let import = match takers[..] {
        [one] => one,
        [] => return Err(reject("no import is named as one that takes an answer, (i32, i32) -> ()")),
        ref many => {
            let names: Vec<_> = many.iter().map(|import| import.name.as_str()).collect();
            return Err(near_miss(format!(
                "several imports could take the answer: {}; a recipe says which",
                list(&names)
            )));
        }
    };
    let mut candidate = allocating(module, "callback", 80)?;
    let transform = module.transform(&[I32, I32], &[]).or_else(|_| module.transform(&[I32, I32], &[I32]))?;
    candidate.reasons.push(format!("the guest could hand its answer to {}", import.full_name()));
    candidate.transform(transform);
    for handler in &mut candidate.recipe.handlers {
        (handler.module, handler.name) = (import.module.clone(), import.name.clone());
    }
    Ok(candidate)
}

/// A convention's recipe with who hands out memory and who takes it back, and the arguments that they take.
fn allocating(module: &Module<'_>, name: &str, score: u32) -> Fit<Candidate> {
    let funcs = || module.interface.funcs().filter(|(_, ty)| ty.params.iter().all(|ty| *ty == I32));
    let gives = |ty: &Signature| ty.results == [I32] && (1..=2).contains(&ty.params.len());
    let takes = |ty: &Signature| ty.results.is_empty() && (1..=3).contains(&ty.params.len());
    let is_alloc = |name: &str| {
        has_word(name, ALLOC) && !has_word(name, &["realloc", "calloc", "dealloc"]) && !name.contains("wbindgen")
    };
    let alloc = funcs().find(|(name, ty)| gives(ty) && is_alloc(name));
    let (alloc, ty) = alloc.ok_or_else(|| reject("no export hands out memory (malloc, alloc, allocate)"))?;
    let mut candidate = Candidate::new(name, score, format!("{alloc} hands out memory"));
    let args = [Argument::Same(0), Argument::Number(1)];
    candidate.recipe.redirect("alloc", alloc, &args[..ty.params.len()]);
    match funcs().find(|(name, ty)| takes(ty) && has_word(name, FREE)) {
        None => {
            candidate.recipe.without("dealloc");
            candidate.doubt("no export takes memory back, so each line costs the guest some");
        }
        Some((free, ty)) => {
            let args = [Argument::Same(0), Argument::Same(1), Argument::Number(1)];
            candidate.recipe.redirect("dealloc", free, &args[..ty.params.len()]);
        }
    }
    Ok(candidate)
}
