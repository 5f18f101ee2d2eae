//! A module rewritten so that its guests can be stopped, and so that the host calls its start function.
//!
//! At the head of each loop, before each bulk operation, and at the entry of each function that calls another or is
//! long, this is inserted:
//!
//! ```wat
//! i32.const 0  i32.atomic.load $stop  if  unreachable  end
//! ```
//!
//! `$stop` is a memory of one page, added behind the module's own and exported, in which any thread of the host
//! can set a flag. Code with none of these ends soon by itself, and pays nothing. The load is atomic so that
//! the compiler does not move it out of the loop. Everything else is copied as it is, and no index shifts.
//!
//! The start section is dropped, and its function exported instead: instantiation runs no guest code then, and
//! the start is a call like any other. Memories are exported too, those included that the module keeps to itself:
//! they can be looked at.

use std::borrow::Cow;

use wasm_encoder::{BlockType, Encode, Instruction, MemArg, Module, RawSection};
use wasmparser::{BinaryReader, BinaryReaderError, FunctionBody, Operator, Parser, Payload, TypeRef};

const MEMORY_SECTION: u8 = 5;
const EXPORT_SECTION: u8 = 7;
const START_SECTION: u8 = 8;
const CODE_SECTION: u8 = 10;

/// In an export: what kind of thing it names.
const EXPORTS_FUNCTION: u8 = 0;
const EXPORTS_MEMORY: u8 = 2;

/// A function of more operators than this is long.
const LONG: usize = 1000;

/// A memory type: one page at the least and at the most.
const ONE_PAGE: [u8; 3] = [1, 1, 1];

/// A rewritten module.
pub(super) struct Instrumented {
    /// The module to compile.
    pub(super) binary: Vec<u8>,
    /// The exports that were added.
    pub(super) added: Added,
    /// The way back to the original.
    pub(super) places: OffsetMap,
    /// How many memories the module has of its own, imported ones included.
    pub(super) memories: u32,
    /// How many tables it has.
    pub(super) tables: u32,
}

/// The exports that were added to a module.
pub(super) struct Added {
    /// The memory with the flags, see [`super::flag::Flag`]; the one that stops the guest is its first four bytes.
    pub(super) flag: String,
    /// The start function, if the module has one.
    pub(super) start: Option<String>,
    /// The module's own memories, those that it imports and those that it keeps to itself included, by index.
    pub(super) memories: Vec<String>,
}

/// Where code was before the rewriting.
#[derive(Debug, Default)]
pub(super) struct OffsetMap {
    imported_funcs: u32,
    /// For each function with a body: where it began in the original, and how many insertions came before it.
    bodies: Vec<(usize, usize)>,
    /// Where something was inserted, as offsets in the original, ascending.
    inserted: Vec<usize>,
    /// The length of what is inserted.
    check_len: usize,
}

/// A module taken apart, its sections in order.
#[derive(Default)]
struct Sections<'a> {
    sections: Vec<(u8, Cow<'a, [u8]>)>,
    bodies: Vec<FunctionBody<'a>>,
    exports: Vec<&'a str>,
    imported_funcs: u32,
    memories: u32,
    tables: u32,
    start: Option<u32>,
}

impl Instrumented {
    /// Rewrites a valid module.
    ///
    /// # Errors
    /// The module is not valid after all.
    pub(super) fn new(original: &[u8]) -> Result<Instrumented, BinaryReaderError> {
        let mut parts = Sections::of(original)?;
        let added = Added {
            flag: parts.fresh_name("linmem stop"),
            start: parts.start.map(|_| parts.fresh_name("linmem start")),
            memories: (0..parts.memories).map(|index| parts.fresh_name(&format!("linmem memory {index}"))).collect(),
        };
        let check = check(parts.memories);
        let mut places =
            OffsetMap { imported_funcs: parts.imported_funcs, check_len: check.len(), ..OffsetMap::default() };

        let mut exports = vec![export(&added.flag, EXPORTS_MEMORY, parts.memories)];
        exports.extend(added.memories.iter().zip(0..).map(|(name, index)| export(name, EXPORTS_MEMORY, index)));
        exports.extend(added.start.iter().zip(parts.start).map(|(name, func)| export(name, EXPORTS_FUNCTION, func)));
        parts.append(MEMORY_SECTION, &[ONE_PAGE.to_vec()])?;
        parts.append(EXPORT_SECTION, &exports)?;
        parts.sections.retain(|(id, _)| *id != START_SECTION);
        parts.insert_checks(original, &check, &mut places)?;

        let mut module = Module::new();
        for (id, data) in &parts.sections {
            module.section(&RawSection { id: *id, data });
        }
        let Sections { memories, tables, .. } = parts;
        Ok(Instrumented { binary: module.finish(), added, places, memories, tables })
    }
}

impl<'a> Sections<'a> {
    fn of(original: &'a [u8]) -> Result<Sections<'a>, BinaryReaderError> {
        let mut parts = Sections::default();
        for payload in Parser::new(0).parse_all(original) {
            let payload = payload?;
            if let Some((id, range)) = payload.as_section() {
                parts.sections.push((id, original[index(range.start)..index(range.end)].into()));
            }
            match payload {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        match import?.ty {
                            TypeRef::Func(_) | TypeRef::FuncExact(_) => parts.imported_funcs += 1,
                            TypeRef::Memory(_) => parts.memories += 1,
                            TypeRef::Table(_) => parts.tables += 1,
                            _ => (),
                        }
                    }
                }
                Payload::MemorySection(memories) => parts.memories += memories.count(),
                Payload::TableSection(tables) => parts.tables += tables.count(),
                Payload::ExportSection(exports) => {
                    for export in exports {
                        parts.exports.push(export?.name);
                    }
                }
                Payload::StartSection { func, .. } => parts.start = Some(func),
                Payload::CodeSectionEntry(body) => parts.bodies.push(body),
                _ => (),
            }
        }
        Ok(parts)
    }

    /// A name that no export has.
    fn fresh_name(&self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while self.exports.contains(&name.as_str()) {
            name.push('\'');
        }
        name
    }

    /// Appends entries to a section that is a list, and makes the section if the module has none.
    fn append(&mut self, id: u8, entries: &[Vec<u8>]) -> Result<(), BinaryReaderError> {
        let place = match self.sections.iter().position(|(section, _)| *section == id) {
            Some(place) => place,
            None => {
                let later = |(section, _): &(u8, Cow<'_, [u8]>)| rank(*section) > rank(id);
                let place = self.sections.iter().position(later).unwrap_or(self.sections.len());
                self.sections.insert(place, (id, Cow::Borrowed(&[0])));
                place
            }
        };
        let section = &mut self.sections[place].1;
        let mut reader = BinaryReader::new(section, 0);
        let count = reader.read_var_u32()?;
        let mut data = Vec::new();
        (count + u32::try_from(entries.len()).unwrap_or(0)).encode(&mut data);
        data.extend_from_slice(&section[index(reader.original_position())..]);
        entries.iter().for_each(|entry| data.extend_from_slice(entry));
        *section = data.into();
        Ok(())
    }

    fn insert_checks(
        &mut self,
        original: &[u8],
        check: &[u8],
        places: &mut OffsetMap,
    ) -> Result<(), BinaryReaderError> {
        let Some((_, code)) = self.sections.iter_mut().find(|(id, _)| *id == CODE_SECTION) else { return Ok(()) };
        let mut data = Vec::with_capacity(code.len() * 5 / 4);
        self.bodies.len().encode(&mut data);
        let mut rewritten = Vec::new();
        for body in &self.bodies {
            let range = body.range();
            let (mut from, end) = (index(range.start), index(range.end));
            places.bodies.push((from, places.inserted.len()));
            let first = places.inserted.len();
            find_checks(body, &mut places.inserted)?;
            rewritten.clear();
            for &at in &places.inserted[first..] {
                rewritten.extend_from_slice(&original[from..at]);
                rewritten.extend_from_slice(check);
                from = at;
            }
            rewritten.extend_from_slice(&original[from..end]);
            rewritten.as_slice().encode(&mut data);
        }
        *code = data.into();
        Ok(())
    }
}

impl OffsetMap {
    /// The offset in the original module of an instruction that lies `offset` bytes behind the beginning of the
    /// body of the function with that index, as rewritten. `None` if there is no such function.
    pub(super) fn original(&self, func: u32, offset: usize) -> Option<usize> {
        let place = usize::try_from(func.checked_sub(self.imported_funcs)?).ok()?;
        let &(start, first) = self.bodies.get(place)?;
        let last = self.bodies.get(place + 1).map_or(self.inserted.len(), |&(_, first)| first);
        let mut original = start + offset;
        for &at in &self.inserted[first..last] {
            // What stood at `at` stands `check_len` further on now. The check itself belongs to `at`.
            if original >= at + self.check_len {
                original -= self.check_len;
            } else {
                return Some(original.min(at));
            }
        }
        Some(original)
    }
}

/// Appends the offsets in a function's body where a check belongs: at the entry, if it calls or is long; in each
/// loop; before each operation on as many bytes or entries as it likes.
fn find_checks(body: &FunctionBody<'_>, into: &mut Vec<usize>) -> Result<(), BinaryReaderError> {
    let mut reader = body.get_operators_reader()?;
    let entry = into.len();
    let entry_at = index(reader.original_position());
    let (mut calls, mut count) = (false, 0);
    while !reader.eof() {
        let at = index(reader.original_position());
        count += 1;
        match reader.read()? {
            Operator::Loop { .. } => into.push(index(reader.original_position())),
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => calls = true,
            Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryInit { .. }
            | Operator::MemoryGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::TableGrow { .. } => into.push(at),
            _ => (),
        }
    }
    if calls || count > LONG {
        into.insert(entry, entry_at);
    }
    Ok(())
}

/// The instructions that trap when the flag, the first four bytes of that memory, is set.
fn check(memory_index: u32) -> Vec<u8> {
    let flag = MemArg { offset: 0, align: 2, memory_index };
    let mut code = Vec::new();
    for instruction in [
        Instruction::I32Const(0),
        Instruction::I32AtomicLoad(flag),
        Instruction::If(BlockType::Empty),
        Instruction::Unreachable,
        Instruction::End,
    ] {
        instruction.encode(&mut code);
    }
    code
}

fn export(name: &str, kind: u8, index: u32) -> Vec<u8> {
    let mut entry = Vec::new();
    name.encode(&mut entry);
    entry.push(kind);
    index.encode(&mut entry);
    entry
}

/// The place of a section in the order that the specification demands; custom sections stand anywhere.
fn rank(id: u8) -> usize {
    const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
    ORDER.iter().position(|&section| section == id).map_or(0, |place| place + 1)
}

/// An offset in a module that lies in memory.
fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("the module lies in memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite(wat: &str) -> (Vec<u8>, Instrumented) {
        let original = wat::parse_str(wat).expect("the test's module is right");
        let stoppable = Instrumented::new(&original).expect("it is valid");
        wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
            .validate_all(&stoppable.binary)
            .expect("a rewritten module is valid");
        (original, stoppable)
    }

    #[test]
    fn modules_of_every_shape_stay_valid() {
        for wat in [
            "(module)",
            "(module (memory 1))",
            r#"(module (import "env" "m" (memory 1)) (memory 2) (func (loop (br 0))))"#,
            "(module (func $f (call $f)))",
            r#"(module (global i32 (i32.const 1)) (table 1 funcref) (elem (i32.const 0) $f) (start $f) (func $f))"#,
            r#"(module (memory 1) (data "passive") (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1))))"#,
            r#"(module (tag) (func (export "linmem stop") (block (loop (try_table (br 1))))))"#,
        ] {
            rewrite(wat);
        }
    }

    #[test]
    fn only_code_that_could_go_on_for_long_is_checked() {
        for (wat, checks) in [
            ("(module (func (nop)))", 0),
            ("(module (func (loop (nop))))", 1),
            ("(module (func (loop (loop (br 1)))))", 2),
            ("(module (func $f (call $f)))", 1),
            ("(module (func $f (loop (return_call $f))))", 2),
            ("(module (func $f (call $g)) (func $g (nop)))", 1),
            ("(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 9))))", 1),
            (&format!("(module (func {}))", "nop ".repeat(1001)), 1),
        ] {
            assert_eq!(rewrite(wat).1.places.inserted.len(), checks, "{wat}");
        }
    }

    #[test]
    fn names_that_the_module_has_are_left_to_it() {
        let (_, stoppable) = rewrite(r#"(module (start $s) (func $s (export "linmem stop") (export "linmem start")))"#);
        assert_eq!(stoppable.added.flag, "linmem stop'");
        assert_eq!(stoppable.added.start.as_deref(), Some("linmem start'"));
    }

    #[test]
    fn each_instruction_is_found_again() {
        let wat = r#"(module (import "a" "b" (func)) (func (nop))
            (func (i32.const 300) (drop) (loop (nop) (call 0) (loop (nop) (br 0))) (unreachable)))"#;
        let (original, stoppable) = rewrite(wat);
        let bodies = |module: &[u8]| -> Vec<(usize, Vec<(usize, String)>)> {
            let payloads = Parser::new(0).parse_all(module).map(|payload| payload.expect("it is valid"));
            let bodies = payloads.filter_map(|payload| match payload {
                Payload::CodeSectionEntry(body) => {
                    Some(body.as_bytes().to_vec()).map(|bytes| (body.range().start, bytes))
                }
                _ => None,
            });
            bodies
                .map(|(start, bytes)| {
                    let body = FunctionBody::new(BinaryReader::new(&bytes, 0));
                    let mut reader = body.get_operators_reader().expect("it is valid");
                    let mut found = Vec::new();
                    while !reader.eof() {
                        let at = index(reader.original_position());
                        found.push((at, format!("{:?}", reader.read().expect("it is valid"))));
                    }
                    (index(start), found)
                })
                .collect()
        };
        let (before, after) = (bodies(&original), bodies(&stoppable.binary));
        for (func, ((start, old), (_, new))) in (1..).zip(before.iter().zip(&after)) {
            // What was inserted is skipped: the five instructions of a check.
            let mut new = new.iter().peekable();
            let mut kept = Vec::new();
            while let Some((at, name)) = new.next() {
                let is_check = name == "I32Const { value: 0 }";
                if is_check {
                    new.by_ref().take(4).for_each(|_| ());
                } else {
                    kept.push((stoppable.places.original(func, *at).expect("it is there") - start, name.clone()));
                }
            }
            assert_eq!(&kept, old);
        }
        assert_eq!(stoppable.places.original(0, 0), None, "an import has no body");
    }
}
