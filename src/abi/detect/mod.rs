//! Detection: which conventions a module's exports and imports fit, with the reasons and the doubts.
//!
//! Signatures never tell a convention for sure: `(i32, i32) -> i32` is a length, a pointer, a hash or an error code.
//! So markers of a toolchain count most, then names with arities, then types; and what is unsure is said.

mod allocated;
mod buffers;
mod names;
mod surroundings;
#[cfg(test)]
mod tests;
mod toolchains;

use super::Recipe;
use super::built_in::built_in;
use super::recipe::parse;
use crate::guest::{Interface, Signature, Type};

pub(super) use names::frees;
use names::{list, may_transform};

/// A convention that a module's exports fit.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The recipe, with the module's own names filled in.
    pub recipe: Recipe,
    /// How sure it is: the more the surer. What is below [`SURE`] runs only when it is asked for.
    pub score: u32,
    /// What speaks for it.
    pub reasons: Vec<String>,
    /// What could be otherwise.
    pub doubts: Vec<String>,
}

/// A convention that a module does not fit.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// The convention.
    pub convention: &'static str,
    /// Why not.
    pub why: String,
    /// Whether it nearly fits: the user may have to choose the transform.
    pub near: bool,
}

/// Why a module does not fit.
struct Why {
    words: String,
    near: bool,
}

type Fit<T> = Result<T, Why>;
type Attempt<'a> = fn(&Module<'a>) -> Fit<Candidate>;

const I32: Type = Type::I32;
/// Modules that export more functions than this are libraries.
const LIBRARY: usize = 8;

/// The conventions that a module fits, the surest first; and of the others, why not, those that nearly fit first.
/// `call` names the transform, where the user says it.
pub fn candidates(interface: &Interface, call: Option<&str>) -> (Vec<Candidate>, Vec<Rejection>) {
    let module = Module { interface, call };
    let attempts: [(&str, Attempt<'_>); 20] = [
        ("static-buffer", buffers::static_buffer),
        ("getters", buffers::getters),
        ("packed", |module| allocated::packed(module, "packed", 70)),
        ("packed-low", |module| allocated::packed(module, "packed-low", 40)),
        ("c-string", allocated::c_string),
        ("struct", allocated::structure),
        ("out-struct", allocated::out_struct),
        ("out-len", allocated::out_len),
        ("in-place", allocated::in_place),
        ("in-place-len", allocated::in_place_len),
        ("fixed-region", buffers::fixed_region),
        ("callback", allocated::callback),
        ("assemblyscript", toolchains::assemblyscript),
        ("wasm-bindgen", |module| toolchains::wasm_bindgen(module, "wasm-bindgen", 2)),
        ("wasm-bindgen-result", |module| toolchains::wasm_bindgen(module, "wasm-bindgen-result", 4)),
        ("wasm-bindgen-area", toolchains::wasm_bindgen_area),
        ("canonical", toolchains::canonical),
        ("wasi", toolchains::wasi),
        ("typst", toolchains::typst),
        ("dprint", toolchains::dprint),
    ];
    let (mut found, mut misses) = (Vec::new(), Vec::new());
    let own = interface.says.as_deref().map(str::trim);
    for (convention, attempt) in attempts {
        match module.memory().and_then(|()| attempt(&module)) {
            Ok(mut candidate) => {
                if own == Some(convention) {
                    candidate.score = SAID;
                    candidate.reasons.insert(0, "the module says so itself".to_owned());
                }
                found.push(surroundings::complete(candidate, interface));
            }
            Err(Why { words, near }) => misses.push(Rejection { convention, why: words, near }),
        }
    }
    match own.filter(|own| built_in(own).is_none()).map(parse) {
        Some(Ok(recipe)) => found.push(Candidate::own(recipe)),
        Some(Err(error)) => misses.push(Rejection {
            convention: "its own",
            why: format!("the module's section `linmem` holds neither a convention's name nor a recipe: {error}"),
            near: true,
        }),
        None => (),
    }
    found.sort_by_key(|candidate| std::cmp::Reverse(candidate.score));
    misses.sort_by_key(|miss| !miss.near);
    (found, misses)
}

/// The least score of a convention that runs unasked.
pub const SURE: u32 = 30;

/// The score of what the module itself says.
const SAID: u32 = 1000;

/// It does not fit.
fn reject(words: impl Into<String>) -> Why {
    Why { words: words.into(), near: false }
}

/// It would fit, but for this.
fn near_miss(words: impl Into<String>) -> Why {
    Why { words: words.into(), near: true }
}

/// A module, and what the user says about it.
struct Module<'a> {
    interface: &'a Interface,
    call: Option<&'a str>,
}

impl<'a> Module<'a> {
    fn memory(&self) -> Fit<()> {
        if self.interface.is_dynamic {
            return Err(reject(
                "it is a dynamic library (its section dylink says so): it runs only linked into a program",
            ));
        }
        match self.interface.memory_names().iter().all(Vec::is_empty) {
            true => Err(reject("the module exports no memory, so a host cannot pass it bytes")),
            false => Ok(()),
        }
    }

    /// The one export of that type that is no service.
    fn transform(&self, params: &[Type], results: &[Type]) -> Fit<&'a str> {
        let ty = Signature { params: params.to_vec(), results: results.to_vec() };
        let fitting = self.of_type(params, results);
        if let Some(name) = self.call {
            return match (fitting.iter().find(|fit| **fit == name), self.signature(name)) {
                (Some(name), _) => Ok(name),
                (None, Some(other)) => Err(reject(format!("`{name}` is {other}, and the transform is {ty} here"))),
                (None, None) => Err(reject(self.interface.lacks(name))),
            };
        }
        let plausible: Vec<_> = fitting.iter().copied().filter(|name| may_transform(name)).collect();
        match (&plausible[..], &fitting[..]) {
            ([one], _) if self.is_library() => Err(near_miss(format!(
                "{one} is the only export of the transform's type, {ty}, but one of very many; if it is the transform: \
                 --call {one}"
            ))),
            ([one], _) => Ok(one),
            ([], []) => Err(reject(format!("no export could be the transform, which is {ty} here"))),
            ([], several) => {
                let names = list(several);
                Err(reject(format!("what has the transform's type, {ty}, is named like something else: {names}")))
            }
            (many, _) => {
                let names = list(many);
                Err(near_miss(format!("several exports could be the transform: {names}; choose one with --call NAME")))
            }
        }
    }

    /// Whether so much is exported that a lone function of a type means little.
    fn is_library(&self) -> bool {
        self.interface.funcs().filter(|(name, _)| may_transform(name)).nth(LIBRARY).is_some()
    }

    /// The same, for a module that has the marks of the convention.
    fn marked_transform(&self, params: &[Type], results: &[Type]) -> Fit<&'a str> {
        self.transform(params, results).map_err(|why| near_miss(why.words))
    }

    fn of_type(&self, params: &[Type], results: &[Type]) -> Vec<&'a str> {
        let fitting = self.interface.funcs().filter(|(_, ty)| ty.is(params, results));
        fitting.map(|(name, _)| name).collect()
    }

    fn signature(&self, name: &str) -> Option<&'a Signature> {
        self.interface.funcs().find(|(export, _)| *export == name).map(|(_, ty)| ty)
    }

    /// The exports of these names, by which a convention is known.
    fn marks(&self, names: &[&str]) -> Fit<()> {
        match names.iter().find(|name| self.signature(name).is_none()) {
            Some(missing) => Err(reject(format!("there is no export {missing}"))),
            None => Ok(()),
        }
    }
}

impl Candidate {
    /// A built-in recipe as a candidate.
    fn new(name: &str, score: u32, reason: impl Into<String>) -> Candidate {
        let recipe = built_in(name).expect("it comes along");
        Candidate { recipe, score, reasons: vec![reason.into()], doubts: Vec::new() }
    }

    /// The recipe that a module brings along.
    fn own(mut recipe: Recipe) -> Candidate {
        if recipe.name.is_empty() {
            "its own".clone_into(&mut recipe.name);
        }
        let reasons = vec!["the module brings its recipe along".to_owned()];
        Candidate { recipe, score: SAID, reasons, doubts: Vec::new() }
    }

    /// Fills in the transform.
    fn transform(&mut self, name: &str) {
        self.recipe.rename("transform", name);
        if !self.reasons.iter().any(|reason| reason.starts_with(name)) {
            self.reasons.push(format!("{name} has the transform's type"));
        }
    }

    fn doubt(&mut self, doubt: impl Into<String>) {
        self.doubts.push(doubt.into());
    }
}
