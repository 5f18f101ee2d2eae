//! Conventions that a toolchain or a host lays down: its marks are in the module.

use super::names::{list, may_transform};
use super::{Candidate, Fit, I32, Module, near_miss, reject};
use crate::abi::built_in::Argument;
use crate::abi::recipe::is_wasi;
use crate::guest::Signature;

pub(super) fn assemblyscript(module: &Module<'_>) -> Fit<Candidate> {
    module.marks(&["__new", "__pin", "__unpin"])?;
    let transform = module.marked_transform(&[I32], &[I32])?;
    let mut candidate = Candidate::new("assemblyscript", 95, "it exports __new, __pin and __unpin");
    candidate.transform(transform);
    candidate.doubt("whether the two i32 are strings, the type does not tell");
    Ok(candidate)
}

const TEXTS: &str = "whether it takes a text or bytes, the types do not tell: bytes that are no UTF-8 need the recipe without \
                     `text utf8`";

/// wasm-bindgen's strings as that many results: pointer and length, and in front of an error two more.
pub(super) fn wasm_bindgen(module: &Module<'_>, name: &str, results: usize) -> Fit<Candidate> {
    let allocator = BindgenAllocator::of(module)?;
    let transform = module.transform(&[I32, I32], &vec![I32; results])?;
    let mut candidate = Candidate::new(name, 95, allocator.reason());
    allocator.fill_in(&mut candidate);
    candidate.transform(transform);
    candidate.doubt(TEXTS);
    Ok(candidate)
}

pub(super) fn wasm_bindgen_area(module: &Module<'_>) -> Fit<Candidate> {
    let allocator = BindgenAllocator::of(module)?;
    let marked = module.interface.funcs().find(|(name, ty)| {
        let named = *name == "__wbindgen_add_to_stack_pointer" || name.starts_with("__wbindgen_export");
        named && ty.is(&[I32], &[I32])
    });
    let (stack, _) = marked.ok_or_else(|| reject("there is no export __wbindgen_add_to_stack_pointer"))?;
    let transform = module.marked_transform(&[I32, I32, I32], &[])?;
    let mut candidate = Candidate::new("wasm-bindgen-area", 95, format!("it exports {stack}"));
    allocator.fill_in(&mut candidate);
    candidate.recipe.rename("__wbindgen_add_to_stack_pointer", stack);
    candidate.transform(transform);
    candidate.doubt(TEXTS);
    Ok(candidate)
}

/// wasm-bindgen's allocator. It takes an alignment, or in older builds none; in some it has a number for a name.
struct BindgenAllocator<'a> {
    malloc: (&'a str, &'a Signature),
    free: Option<(&'a str, &'a Signature)>,
}

impl<'a> BindgenAllocator<'a> {
    fn of(module: &Module<'a>) -> Fit<BindgenAllocator<'a>> {
        let numbered = |name: &str| name.starts_with("__wbindgen_export");
        let find = |plain: &str, results: usize, most: usize| {
            let mut funcs = module.interface.funcs();
            let fits = |ty: &Signature| ty.results.len() == results && ty.params.len() == most;
            funcs.find(|(name, ty)| *name == plain || (numbered(name) && fits(ty)))
        };
        let malloc = find("__wbindgen_malloc", 1, 2).ok_or_else(|| reject("there is no export __wbindgen_malloc"))?;
        Ok(BindgenAllocator { malloc, free: find("__wbindgen_free", 0, 3) })
    }

    fn reason(&self) -> String {
        format!("it exports {}", self.malloc.0)
    }

    fn fill_in(&self, candidate: &mut Candidate) {
        let args = [Argument::Same(0), Argument::Number(1)];
        let (malloc, ty) = self.malloc;
        candidate.recipe.redirect("__wbindgen_malloc", malloc, &args[..ty.params.len().min(2)]);
        let args = [Argument::Same(0), Argument::Same(1), Argument::Number(1)];
        match self.free {
            None => candidate.recipe.without("__wbindgen_free"),
            Some((free, ty)) => candidate.recipe.redirect("__wbindgen_free", free, &args[..ty.params.len().min(3)]),
        }
    }
}

pub(super) fn canonical(module: &Module<'_>) -> Fit<Candidate> {
    module.marks(&["cabi_realloc"])?;
    let transform = module.marked_transform(&[I32, I32], &[I32])?;
    let mut candidate = Candidate::new("canonical", 90, "it exports cabi_realloc");
    candidate.recipe.rename("cabi_post_transform", &format!("cabi_post_{transform}"));
    candidate.transform(transform);
    Ok(candidate)
}

pub(super) fn wasi(module: &Module<'_>) -> Fit<Candidate> {
    if module.call.is_some_and(|call| call != "_start") {
        return Err(reject("a program is started by _start, and another transform was asked for"));
    }
    if !module.signature("_start").is_some_and(|ty| ty.is(&[], &[])) {
        return Err(reject("there is no export _start, with which a program begins"));
    }
    if !module.interface.imports.iter().any(is_wasi) {
        return Err(near_miss("it exports _start, but imports nothing of WASI"));
    }
    let mut candidate = Candidate::new("wasi", 100, "it exports _start, and imports WASI");
    candidate.doubt("whether it reads its standard input, nothing tells");
    let besides = module.interface.funcs().map(|(name, _)| name).filter(|name| may_transform(name));
    let besides: Vec<_> = besides.collect();
    if !besides.is_empty() {
        candidate.score = 25;
        candidate.doubt(format!("it exports functions besides: it may be a library ({})", list(&besides)));
    }
    Ok(candidate)
}

pub(super) fn typst(module: &Module<'_>) -> Fit<Candidate> {
    if !module.interface.imports.iter().any(|import| import.module == "typst_env") {
        return Err(reject("it imports nothing of typst_env"));
    }
    let transform = module.marked_transform(&[I32], &[I32])?;
    let mut candidate = Candidate::new("typst", 95, "it imports Typst's functions");
    candidate.transform(transform);
    Ok(candidate)
}

pub(super) fn dprint(module: &Module<'_>) -> Fit<Candidate> {
    module.marks(&["clear_shared_bytes", "get_shared_bytes_ptr", "get_formatted_text"])?;
    if !module.signature("format").is_some_and(|ty| ty.is(&[I32], &[I32])) {
        return Err(near_miss("its export format is not (i32) -> (i32): it is of another version than 4"));
    }
    let mut candidate = Candidate::new("dprint", 100, "it exports what a plugin of dprint does");
    candidate
        .doubt("the file's name, file.txt, and the settings are those of the recipe: a copy of it can change them");
    Ok(candidate)
}
