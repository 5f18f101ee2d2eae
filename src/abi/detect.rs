//! Detection: which conventions a module's exports fit, with the reasons and the doubts.
//!
//! Signatures never tell a convention for sure: `(i32, i32) -> i32` is a length, a pointer, a hash or an error code.
//! So markers count most, then names with arities, then types; and what is unsure is said.

use super::Recipe;
use super::built_in::{Argument, built_in};
use crate::guest::{Interface, Signature, Type};
use crate::record::plain;

/// A convention that a module's exports fit.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The recipe, with the module's own names filled in.
    pub recipe: Recipe,
    /// How sure it is: the more the surer.
    pub score: u32,
    /// What speaks for it.
    pub reasons: Vec<String>,
    /// What could be otherwise.
    pub doubts: Vec<String>,
}

const I32: Type = Type::I32;

/// Words in the name of a function that tells where something is.
const POINTER_WORDS: &[&str] = &["ptr", "pointer", "buffer", "buf", "addr", "offset"];
/// Words in the name of a function that tells how large something is.
const ROOM_WORDS: &[&str] = &["len", "length", "size", "cap", "capacity", "room"];
/// Words in the name of a function that hands out memory.
const ALLOC_WORDS: &[&str] = &["malloc", "alloc", "allocate"];
/// Words in the name of a function that takes memory back.
const FREE_WORDS: &[&str] = &["free", "dealloc", "deallocate"];
/// Words in the name of a function that serves a runtime and transforms nothing.
const SERVICE_WORDS: &[&str] = &[
    "realloc",
    "calloc",
    "new",
    "pin",
    "unpin",
    "collect",
    "retain",
    "release",
    "wbindgen",
    "stack",
    "cabi",
    "initialize",
    "start",
];

/// The conventions that a module fits, the surest first; and of the others, why not. `call` names the transform,
/// where the user says it.
pub fn candidates(interface: &Interface, call: Option<&str>) -> (Vec<Candidate>, Vec<(&'static str, String)>) {
    let module = Module { interface, call };
    let attempts: [(&str, Attempt<'_>); 9] = [
        ("static-buffer", Module::static_buffer),
        ("wasm-bindgen", Module::wasm_bindgen),
        ("wasm-bindgen-area", Module::wasm_bindgen_area),
        ("canonical", Module::canonical),
        ("packed", |module| module.packed("packed", 70)),
        ("packed-low", |module| module.packed("packed-low", 40)),
        ("c-string", Module::c_string),
        ("in-place", Module::in_place),
        ("fixed-region", Module::fixed_region),
    ];
    let (mut found, mut misses) = (Vec::new(), Vec::new());
    for (name, attempt) in attempts {
        match attempt(&module) {
            Ok(candidate) => found.push(candidate),
            Err(why) => misses.push((name, why)),
        }
    }
    found.sort_by_key(|candidate| std::cmp::Reverse(candidate.score));
    (found, misses)
}

type Attempt<'a> = fn(&Module<'a>) -> Result<Candidate, String>;

/// A module, and what the user says about it.
struct Module<'a> {
    interface: &'a Interface,
    call: Option<&'a str>,
}

impl<'a> Module<'a> {
    fn static_buffer(&self) -> Result<Candidate, String> {
        self.memory()?;
        let getters = self.of_type(&[], &[I32]);
        let plausible: Vec<_> =
            getters.iter().copied().filter(|name| !has_word(name, ROOM_WORDS) && !is_service(name)).collect();
        let named: Vec<_> = plausible.iter().copied().filter(|name| has_word(name, POINTER_WORDS)).collect();
        let (pointer, score) = match (&named[..], &plausible[..]) {
            ([one], _) => (*one, 80),
            ([], [one]) => (*one, 50),
            ([], []) => return Err("no export of type () -> i32 could tell where the guest's buffer is".to_owned()),
            ([], many) | (many, _) => {
                return Err(format!(
                    "several exports could tell where the guest's buffer is: {}; a recipe says which",
                    list(many)
                ));
            }
        };
        let transform = self.transform(&[I32], &[I32])?;
        let mut candidate = found("static-buffer", score, format!("{pointer}() could tell where a buffer is"));
        candidate.transform("add_wasm_is_cool", transform);
        candidate.recipe.rename("get_wasm_memory_buffer_pointer", pointer);
        match room_getter(&getters, pointer) {
            Some(room) => candidate.recipe.rename("get_wasm_memory_buffer_len", room),
            None => candidate.doubts.push("nothing tells how large the buffer is".to_owned()),
        }
        if score < 80 {
            candidate.doubts.push(format!("the name {pointer} does not say that it is a pointer"));
        }
        Ok(candidate)
    }

    fn wasm_bindgen(&self) -> Result<Candidate, String> {
        self.memory()?;
        let transform = self.transform(&[I32, I32], &[I32, I32])?;
        let mut candidate = found("wasm-bindgen", 95, "it exports __wbindgen_malloc".to_owned());
        self.wasm_bindgen_allocator(&mut candidate)?;
        candidate.transform("transform", transform);
        Ok(candidate)
    }

    fn wasm_bindgen_area(&self) -> Result<Candidate, String> {
        self.memory()?;
        if self.signature("__wbindgen_add_to_stack_pointer").is_none() {
            return Err("there is no export __wbindgen_add_to_stack_pointer".to_owned());
        }
        let transform = self.transform(&[I32, I32, I32], &[])?;
        let mut candidate = found("wasm-bindgen-area", 95, "it exports __wbindgen_add_to_stack_pointer".to_owned());
        self.wasm_bindgen_allocator(&mut candidate)?;
        candidate.transform("transform", transform);
        Ok(candidate)
    }

    /// wasm-bindgen's allocator takes an alignment, or in older builds none.
    fn wasm_bindgen_allocator(&self, candidate: &mut Candidate) -> Result<(), String> {
        let malloc = self.signature("__wbindgen_malloc").ok_or("there is no export __wbindgen_malloc")?;
        if malloc.params.len() == 1 {
            candidate.recipe.redirect("__wbindgen_malloc", "__wbindgen_malloc", &[Argument::Same(0)]);
        }
        match self.signature("__wbindgen_free").map(|free| free.params.len()) {
            None => candidate.recipe.without("__wbindgen_free"),
            Some(2) => {
                candidate.recipe.redirect(
                    "__wbindgen_free",
                    "__wbindgen_free",
                    &[Argument::Same(0), Argument::Same(1)],
                );
            }
            Some(_) => (),
        }
        Ok(())
    }

    fn canonical(&self) -> Result<Candidate, String> {
        self.memory()?;
        if self.signature("cabi_realloc").is_none() {
            return Err("there is no export cabi_realloc".to_owned());
        }
        let transform = self.transform(&[I32, I32], &[I32])?;
        let mut candidate = found("canonical", 90, "it exports cabi_realloc".to_owned());
        candidate.recipe.rename("cabi_post_transform", &format!("cabi_post_{transform}"));
        candidate.transform("transform", transform);
        Ok(candidate)
    }

    fn packed(&self, name: &'static str, score: u32) -> Result<Candidate, String> {
        self.memory()?;
        let transform = self.transform(&[I32, I32], &[Type::I64])?;
        let mut candidate = found(name, score, format!("{transform} takes a pointer and a length and returns an i64"));
        self.allocator(&mut candidate)?;
        candidate.transform("transform", transform);
        candidate.doubts.push("which half of the i64 is the pointer, the type does not tell".to_owned());
        Ok(candidate)
    }

    fn c_string(&self) -> Result<Candidate, String> {
        self.memory()?;
        let transform = self.transform(&[I32], &[I32])?;
        let mut candidate =
            found("c-string", 60, format!("{transform} takes and returns one number, a pointer perhaps"));
        self.allocator(&mut candidate)?;
        candidate.transform("transform", transform);
        candidate.doubts.push("who frees the answer, the types do not tell: it is left to the guest".to_owned());
        Ok(candidate)
    }

    fn in_place(&self) -> Result<Candidate, String> {
        self.memory()?;
        let transform = self.transform(&[I32, I32], &[])?;
        let mut candidate =
            found("in-place", 60, format!("{transform} takes a pointer and a length and returns nothing"));
        self.allocator(&mut candidate)?;
        candidate.transform("transform", transform);
        Ok(candidate)
    }

    fn fixed_region(&self) -> Result<Candidate, String> {
        self.memory()?;
        let transform = self.transform(&[I32, I32], &[I32])?;
        let mut candidate = found("fixed-region", 20, format!("{transform} takes an address and a length"));
        candidate.transform("transform", transform);
        candidate
            .doubts
            .push("at which address the line belongs, nothing tells; what is there is overwritten".to_owned());
        Ok(candidate)
    }

    fn memory(&self) -> Result<(), String> {
        match self.interface.memories().is_empty() {
            true => Err("the module exports no memory, so a host cannot pass it bytes".to_owned()),
            false => Ok(()),
        }
    }

    /// Fills in who hands out memory and who takes it back, with the arguments that they take.
    fn allocator(&self, candidate: &mut Candidate) -> Result<(), String> {
        let funcs = || self.interface.funcs().filter(|(_, ty)| ty.params.iter().all(|ty| *ty == I32));
        let gives = |ty: &Signature| ty.results == [I32] && (1..=2).contains(&ty.params.len());
        let takes = |ty: &Signature| ty.results.is_empty() && (1..=3).contains(&ty.params.len());
        let alloc = funcs().find(|(name, ty)| {
            gives(ty) && has_word(name, ALLOC_WORDS) && !has_word(name, &["realloc", "calloc", "dealloc"])
        });
        let (alloc, ty) = alloc.ok_or("no export hands out memory (malloc, alloc, allocate)")?;
        candidate.reasons.push(format!("{alloc} hands out memory"));
        let args = [Argument::Same(0), Argument::Number(1)];
        candidate.recipe.redirect("alloc", alloc, &args[..ty.params.len()]);
        match funcs().find(|(name, ty)| takes(ty) && has_word(name, FREE_WORDS)) {
            None => {
                candidate.recipe.without("dealloc");
                candidate.doubts.push("no export takes memory back, so each line costs the guest some".to_owned());
            }
            Some((free, ty)) => {
                let args = [Argument::Same(0), Argument::Same(1), Argument::Number(1)];
                candidate.recipe.redirect("dealloc", free, &args[..ty.params.len()]);
            }
        }
        Ok(())
    }

    /// The one export of that type that is no service.
    fn transform(&self, params: &[Type], results: &[Type]) -> Result<&'a str, String> {
        let ty = Signature { params: params.to_vec(), results: results.to_vec() };
        let fitting = self.of_type(params, results);
        if let Some(name) = self.call {
            return match (fitting.iter().find(|fit| **fit == name), self.signature(name)) {
                (Some(name), _) => Ok(name),
                (None, Some(other)) => Err(format!("`{name}` is {other}, and the transform is {ty} here")),
                (None, None) => Err(format!("the module exports no function `{name}`")),
            };
        }
        let plausible: Vec<_> = fitting.into_iter().filter(|name| !is_service(name)).collect();
        match &plausible[..] {
            [one] => Ok(one),
            [] => Err(format!("no export could be the transform, which is {ty} here")),
            many => Err(format!("several exports could be the transform: {}; choose one with --call NAME", list(many))),
        }
    }

    fn of_type(&self, params: &[Type], results: &[Type]) -> Vec<&'a str> {
        let fitting = self.interface.funcs().filter(|(_, ty)| ty.is(params, results));
        fitting.map(|(name, _)| name).collect()
    }

    fn signature(&self, name: &str) -> Option<&'a Signature> {
        self.interface.funcs().find(|(export, _)| *export == name).map(|(_, ty)| ty)
    }
}

impl Candidate {
    fn transform(&mut self, placeholder: &str, name: &str) {
        self.recipe.rename(placeholder, name);
        self.reasons.push(format!("{name} has the transform's type"));
    }
}

fn found(name: &str, score: u32, reason: String) -> Candidate {
    let recipe = built_in(name).expect("it comes along");
    Candidate { recipe, score, reasons: vec![reason], doubts: Vec::new() }
}

/// The getter that tells the buffer's size: one named for a size that is called like the pointer's but for that, as
/// `x_buffer_len` is beside `x_buffer_ptr`. A mere `len` may be anything's length.
fn room_getter<'a>(getters: &[&'a str], pointer: &str) -> Option<&'a str> {
    let subject = |name: &str| -> Vec<String> {
        let general = |part: &String| {
            [ROOM_WORDS, &["get", "ptr", "pointer", "addr", "offset"]].concat().contains(&part.as_str())
        };
        parts(name).into_iter().filter(|part| !part.is_empty() && !general(part)).collect()
    };
    let wanted = subject(pointer);
    let mut sized = getters.iter().copied().filter(|name| has_word(name, ROOM_WORDS));
    sized.find(|name| !wanted.is_empty() && subject(name) == wanted)
}

fn is_service(name: &str) -> bool {
    [ALLOC_WORDS, FREE_WORDS, SERVICE_WORDS].iter().any(|words| has_word(name, words))
}

/// Whether one of the words stands in a name such as `get_buffer_len`, `getBufferLen` or `bufferlen`.
fn has_word(name: &str, words: &[&str]) -> bool {
    let fits = |part: &String, word: &str| part == word || (word.len() > 3 && part.ends_with(word));
    parts(name).iter().any(|part| words.iter().any(|word| fits(part, word)))
}

/// The words of a name, in small letters.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for (before, c) in std::iter::once(' ').chain(name.chars()).zip(name.chars()) {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            parts.push(String::new());
        }
        parts.last_mut().expect("never empty").extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
    }
    parts
}

/// The names, as many as a reader has patience for.
fn list(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| plain(name)).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::{Export, Extern};

    /// A module with a memory and these functions: (name, number of i32 parameters, results).
    fn module(funcs: &[(&str, usize, &[Type])]) -> Interface {
        let memory = Export { name: "memory".to_owned(), what: Extern::Memory { index: 0, pages: 1 } };
        let funcs = funcs.iter().map(|(name, params, results)| Export {
            name: (*name).to_owned(),
            what: Extern::Func(Signature { params: vec![I32; *params], results: results.to_vec() }),
        });
        Interface { exports: std::iter::once(memory).chain(funcs).collect(), ..Interface::default() }
    }

    /// The best candidate's recipe as text.
    fn best(interface: &Interface, call: Option<&str>) -> String {
        let (found, _) = candidates(interface, call);
        found.first().map_or(String::new(), |candidate| candidate.recipe.to_string())
    }

    const ONE: &[Type] = &[I32];

    #[test]
    fn the_lesson_is_found_by_its_types_and_words() {
        let recipe = best(&module(&[("buffer_len", 0, ONE), ("buffer_ptr", 0, ONE), ("shout", 1, ONE)]), None);
        for line in ["name   static-buffer", "room = buffer_len()?", "ptr = buffer_ptr()", "* len = shout(n)"] {
            assert!(recipe.contains(line), "{recipe}");
        }
    }

    #[test]
    fn a_length_of_something_else_is_no_room() {
        for other in ["output_len", "heap_size", "len", "version_size"] {
            let recipe = best(&module(&[("input_ptr", 0, ONE), (other, 0, ONE), ("f", 1, ONE)]), None);
            assert!(
                recipe.contains("get_wasm_memory_buffer_len()?"),
                "no such export, so nothing is checked: {recipe}"
            );
        }
    }

    #[test]
    fn allocators_are_called_with_as_many_arguments_as_they_take() {
        for (alloc, alloc_args, free, free_args, lines) in [
            ("malloc", 1, "free", 1, ["ptr = malloc(n)", "  free(ptr)"]),
            ("my_alloc", 2, "my_dealloc", 3, ["ptr = my_alloc(n, 1)", "  my_dealloc(ptr, n, 1)"]),
        ] {
            let funcs = [(alloc, alloc_args, ONE), (free, free_args, &[][..]), ("run", 2, &[Type::I64][..])];
            let recipe = best(&module(&funcs), None);
            assert!(recipe.contains("name   packed\n"), "{recipe}");
            lines.iter().for_each(|line| assert!(recipe.contains(line), "{recipe}"));
        }
        let recipe = best(&module(&[("alloc", 1, ONE), ("run", 2, &[])]), None);
        assert!(recipe.contains("name   in-place") && !recipe.contains("dealloc"), "{recipe}");
    }

    #[test]
    fn markers_outrank_types() {
        let bindgen = [("__wbindgen_malloc", 2, ONE), ("__wbindgen_free", 3, &[][..]), ("upper", 2, &[I32, I32][..])];
        assert!(best(&module(&bindgen), None).contains("* (out, len) = upper(ptr, n)"));
        let canonical = [("cabi_realloc", 4, ONE), ("upper", 2, ONE), ("cabi_post_upper", 1, &[][..])];
        assert!(best(&module(&canonical), None).contains("cabi_post_upper(area)?"));
    }

    #[test]
    fn a_choice_is_asked_for_and_taken() {
        let interface = module(&[("bufPtr", 0, ONE), ("upper", 1, ONE), ("lower", 1, ONE)]);
        let (found, misses) = candidates(&interface, None);
        assert!(found.is_empty());
        assert!(misses[0].1.contains("upper, lower; choose one with --call NAME"), "{misses:?}");
        assert!(best(&interface, Some("lower")).contains("* len = lower(n)"));
        let (_, misses) = candidates(&interface, Some("bufPtr"));
        assert!(misses[0].1.contains("`bufPtr` is () -> (i32)"), "{misses:?}");
    }
}
