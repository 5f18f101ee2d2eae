//! The static buffer: the guest owns a fixed buffer and tells where it is.
//!
//! The convention of wasmer's "Passing Data" lesson, from the host's side:
//!
//! 1. get the guest's memory;
//! 2. call the pointer getter;
//! 3. write the line there;
//! 4. call the transform with the line's length; it returns the answer's length;
//! 5. call the pointer getter again, since the buffer may have moved;
//! 6. read the answer there;
//! 7. hand it on.
//!
//! Line and answer share the buffer. How large it is, a third getter may tell; it is asked once, beforehand.

use crate::guest::{Boundary, Func, Guest, Interface, Type};
use crate::record::{Failure, Value};

/// Which exports of a module play which part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// `() -> i32`: where the buffer is.
    pub pointer: String,
    /// `(i32) -> i32`: takes the line's length, returns the answer's.
    pub transform: String,
    /// `() -> i32`: how large the buffer is, if the guest says.
    pub room: Option<String>,
}

/// The convention, bound to one guest.
pub struct StaticBuffer {
    pointer: Func,
    transform: Func,
    room_getter: Option<Func>,
    room: Option<u64>,
}

/// The memory that the buffer lies in: the first that the guest exports.
const MEMORY: usize = 0;

/// Words in the name of a function that tells where something is.
const POINTER_WORDS: &[&str] = &["ptr", "pointer", "buffer", "buf", "addr", "offset"];
/// Words in the name of a function that tells how large something is.
const ROOM_WORDS: &[&str] = &["len", "length", "size", "cap", "capacity", "room"];
/// Words in the name of a function that hands out or takes back memory, or serves a runtime.
const ALLOCATOR_WORDS: &[&str] =
    &["alloc", "malloc", "free", "dealloc", "realloc", "new", "pin", "unpin", "retain", "release", "wbindgen", "stack"];

impl Names {
    /// Finds who plays which part, by types first and names second.
    ///
    /// # Errors
    /// In words: what is missing, or what could be meant.
    pub fn detect(interface: &Interface, call: Option<&str>) -> Result<Names, String> {
        if interface.memories() == 0 {
            return Err("the module exports no memory, so a host cannot pass it bytes".to_owned());
        }
        let getters = exports_of_type(interface, &[], &[Type::I32]);
        let pointer = detect_pointer(&getters)?;
        let transform = detect_transform(interface, call)?;
        let room = detect_room(&getters, &pointer);
        Ok(Names { pointer, transform, room })
    }
}

impl StaticBuffer {
    /// Resolves the names in a guest.
    ///
    /// # Errors
    /// [`Failure::Mismatch`] if an export is missing.
    pub fn bind(names: &Names, guest: &Guest) -> Result<StaticBuffer, Failure> {
        let func = |name: &str| {
            guest.func(name).ok_or_else(|| Failure::Mismatch(format!("the guest exports no function `{name}`")))
        };
        Ok(StaticBuffer {
            pointer: func(&names.pointer)?,
            transform: func(&names.transform)?,
            room_getter: names.room.as_deref().map(func).transpose()?,
            room: None,
        })
    }

    /// Asks the guest how large its buffer is, if it can tell.
    ///
    /// # Errors
    /// The call failed.
    pub fn prepare(&mut self, boundary: &mut impl Boundary) -> Result<(), Failure> {
        if let Some(getter) = &self.room_getter {
            self.room = Some(number(getter, boundary.call(getter, &[])?)?);
        }
        Ok(())
    }

    /// One exchange.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn exchange(&self, boundary: &mut impl Boundary, line: &[u8], answer: &mut Vec<u8>) -> Result<(), Failure> {
        let addr = self.locate(boundary)?;
        let len = line.len() as u64;
        if let Some(room) = self.room.filter(|&room| len > room) {
            return Err(Failure::NoRoom { len, room, addr });
        }
        boundary.write(MEMORY, addr, line)?;
        boundary.transform_next();
        let arg = i32::try_from(len).map_err(|_| Failure::NoRoom { len, room: i32::MAX as u64, addr })?;
        let returned = number(&self.transform, boundary.call(&self.transform, &[Value::I32(arg)])?)?;
        let addr = self.locate(boundary)?;
        boundary.read(MEMORY, addr, returned, answer).map_err(|failure| self.explain(failure, len, returned))
    }

    fn locate(&self, boundary: &mut impl Boundary) -> Result<u64, Failure> {
        number(&self.pointer, boundary.call(&self.pointer, &[])?)
    }

    /// A length that leaves the memory and is negative as the guest wrote it is a guest's way to say no.
    fn explain(&self, failure: Failure, len: u64, returned: u64) -> Failure {
        let signed = u32::try_from(returned).map_or(0, u32::cast_signed);
        if !matches!(failure, Failure::OutOfBounds { .. }) || signed >= 0 {
            return failure;
        }
        let room = match self.room {
            Some(room) => format!("; line and answer share a buffer of {room} bytes, and the line is {len} bytes long"),
            None => String::new(),
        };
        Failure::Refused(format!("the guest said no: {}({len}) returned {signed}{room}", self.transform.name))
    }
}

/// The one integer that a getter or a transform returns, as the unsigned address or length that it is.
fn number(func: &Func, results: &[Value]) -> Result<u64, Failure> {
    results
        .first()
        .and_then(|value| value.unsigned())
        .ok_or_else(|| Failure::Mismatch(format!("{} returned no integer", func.name)))
}

fn detect_pointer(getters: &[&str]) -> Result<String, String> {
    let plausible: Vec<_> = getters.iter().copied().filter(|name| !has_word(name, ROOM_WORDS)).collect();
    let named: Vec<_> = plausible.iter().copied().filter(|name| has_word(name, POINTER_WORDS)).collect();
    match (&named[..], &plausible[..]) {
        ([one], _) | ([], [one]) => Ok((*one).to_owned()),
        ([], []) => Err("no export of type () -> i32 could tell where the guest's buffer is".to_owned()),
        ([], many) | (many, _) => {
            Err(format!("several exports could tell where the guest's buffer is: {}", list(many)))
        }
    }
}

fn detect_transform(interface: &Interface, call: Option<&str>) -> Result<String, String> {
    let fitting = exports_of_type(interface, &[Type::I32], &[Type::I32]);
    if let Some(name) = call {
        if fitting.contains(&name) {
            return Ok(name.to_owned());
        }
        return Err(match interface.funcs().find(|(export, _)| *export == name) {
            Some((_, signature)) => format!(
                "the export `{name}` is {signature}, and a transform is (i32) -> (i32): it takes the line's length and returns the answer's"
            ),
            None => format!(
                "the module exports no function `{name}`; those that could be the transform: {}",
                list(&fitting)
            ),
        });
    }
    let plausible: Vec<_> = fitting.iter().copied().filter(|name| !has_word(name, ALLOCATOR_WORDS)).collect();
    match &plausible[..] {
        [one] => Ok((*one).to_owned()),
        [] => Err("no export of type (i32) -> i32 could be the transform, which takes the line's length and returns the answer's".to_owned()),
        many => Err(format!("several exports could be the transform: {}; choose one with --call NAME", list(many))),
    }
}

/// The getter that tells the buffer's size: of those named for a size, the one named most like the pointer's.
fn detect_room(getters: &[&str], pointer: &str) -> Option<String> {
    let shared = |name: &str| name.chars().zip(pointer.chars()).take_while(|(a, b)| a == b).count();
    let sized = getters.iter().copied().filter(|name| has_word(name, ROOM_WORDS));
    sized.max_by_key(|name| shared(name)).map(str::to_owned)
}

fn exports_of_type<'a>(interface: &'a Interface, params: &[Type], results: &[Type]) -> Vec<&'a str> {
    interface.funcs().filter(|(_, signature)| signature.is(params, results)).map(|(name, _)| name).collect()
}

/// Whether one of the words stands in a name such as `get_buffer_len`, `getBufferLen` or `bufferlen`.
fn has_word(name: &str, words: &[&str]) -> bool {
    let mut parts = vec![String::new()];
    for (before, c) in std::iter::once(' ').chain(name.chars()).zip(name.chars()) {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            parts.push(String::new());
        }
        parts.last_mut().expect("never empty").extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
    }
    parts.iter().any(|part| words.iter().any(|word| part == word || (word.len() > 3 && part.ends_with(word))))
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::{Export, Extern, Signature};

    fn interface(funcs: &[(&str, usize)]) -> Interface {
        let memory = Export { name: "memory".to_owned(), what: Extern::Memory(1) };
        let funcs = funcs.iter().map(|(name, params)| Export {
            name: (*name).to_owned(),
            what: Extern::Func(Signature { params: vec![Type::I32; *params], results: vec![Type::I32] }),
        });
        Interface { exports: std::iter::once(memory).chain(funcs).collect(), imports: Vec::new() }
    }

    #[test]
    fn the_lesson_is_found_by_its_types_and_words() {
        let found = Names::detect(
            &interface(&[
                ("get_wasm_memory_buffer_len", 0),
                ("get_wasm_memory_buffer_pointer", 0),
                ("add_wasm_is_cool", 1),
            ]),
            None,
        );
        let names = found.expect("all three are there");
        assert_eq!(names.pointer, "get_wasm_memory_buffer_pointer");
        assert_eq!(names.transform, "add_wasm_is_cool");
        assert_eq!(names.room.as_deref(), Some("get_wasm_memory_buffer_len"));
    }

    #[test]
    fn other_names_will_do() {
        let names = Names::detect(&interface(&[("where", 0), ("shout", 1), ("malloc", 1)]), None).expect("it fits");
        assert_eq!((names.pointer.as_str(), names.transform.as_str(), names.room), ("where", "shout", None));
    }

    #[test]
    fn a_choice_is_asked_for_and_taken() {
        let interface = interface(&[("bufPtr", 0), ("upper", 1), ("lower", 1), ("version", 0)]);
        let refused = Names::detect(&interface, None).expect_err("two transforms");
        assert!(refused.contains("upper, lower; choose one with --call NAME"), "{refused}");
        let names = Names::detect(&interface, Some("lower")).expect("it was said");
        assert_eq!((names.pointer.as_str(), names.transform.as_str()), ("bufPtr", "lower"));
        let refused = Names::detect(&interface, Some("bufPtr")).expect_err("wrong type");
        assert!(refused.contains("`bufPtr` is () -> (i32)"), "{refused}");
        assert!(Names::detect(&interface, Some("nope")).is_err());
    }
}
