//! A module rewritten so that its guests can be stopped and watched, and so that the host calls its start function.
//!
//! The rewriting is made of passes over one rewriter:
//!
//! - **Checks**, always: at the head of each loop, before each bulk operation, and at the entry of each function that
//!   calls another or is long, the guest looks whether it is to stop. Any thread of the host can set the flag, which
//!   lies in a memory of one page. Code with none of these ends soon by itself, and pays nothing.
//! - **Stores** and **loads**, on request: each leaves a record of what it did to which address (see `emit`).
//!
//! Everything else is copied as it is. What is added is appended, so no index shifts: memories, a global, a table, a
//! function, types, and the scratch locals that a body needs.
//!
//! The start section is dropped, and its function exported instead: instantiation runs no guest code then, and
//! the start is a call like any other. Memories are exported too, those included that the module keeps to itself:
//! they can be looked at.

mod access;
mod body;
mod emit;
mod offset_map;
mod scratch;
mod sections;

#[cfg(test)]
mod tests;

use std::fmt;

use wasm_encoder::{Encode, ValType};
use wasmparser::BinaryReaderError;

use self::body::BodyRewriter;
use self::sections::{
    CODE_SECTION, EXPORT_SECTION, FUNCTION_SECTION, GLOBAL_SECTION, MEMORY_SECTION, START_SECTION, Sections,
    TABLE_SECTION, TYPE_SECTION,
};
use crate::record::Site;

pub(super) use self::emit::{FIRST_RECORD, LIMIT, LIMIT_AT, NO_SITE, RING_PAGES};
pub(super) use self::offset_map::OffsetMap;

/// In an export: what kind of thing it names.
const EXPORTS_FUNCTION: u8 = 0;
const EXPORTS_TABLE: u8 = 1;
const EXPORTS_MEMORY: u8 = 2;
const EXPORTS_GLOBAL: u8 = 3;

/// What is recorded of a guest's accesses to memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passes {
    /// Everything that changes memory.
    pub stores: bool,
    /// Everything that only reads it.
    pub loads: bool,
}

/// A rewritten module.
pub(super) struct Instrumented {
    /// The module to compile.
    pub(super) binary: Vec<u8>,
    /// The exports that were added.
    pub(super) added: AddedExports,
    /// The way back to the original.
    pub(super) offsets: OffsetMap,
    /// The instructions that are recorded, by the numbers in the records.
    pub(super) sites: Vec<Site>,
    /// How many memories the module has of its own, imported ones included.
    pub(super) memories: u32,
    /// How many tables it has.
    pub(super) tables: u32,
}

/// The exports that were added to a module.
pub(super) struct AddedExports {
    /// The memory with the flags, see [`super::flag::Flag`]; the one that stops the guest is its first four bytes.
    pub(super) flag: String,
    /// The start function, if the module has one.
    pub(super) start: Option<String>,
    /// The module's own memories, those that it imports and those that it keeps to itself included, by index.
    pub(super) memories: Vec<String>,
    /// What records accesses, if they are recorded.
    pub(super) trace: Option<TraceExports>,
}

/// The exports through which the host takes records.
pub(super) struct TraceExports {
    /// The memory with the records.
    pub(super) ring: String,
    /// The global that is the address of the next record.
    pub(super) cursor: String,
    /// The table whose entry 0 is called when the ring is full, and after `memory.init`.
    pub(super) hook: String,
}

/// Why a module cannot be rewritten.
#[derive(Debug)]
pub(super) enum InstrumentError {
    /// It is not valid after all.
    Invalid(BinaryReaderError),
    /// It uses this, which cannot be recorded.
    Unknown(String),
    /// It is larger than 4 GiB.
    TooLarge,
}

impl Instrumented {
    /// Rewrites a valid module.
    ///
    /// # Errors
    /// See [`InstrumentError`]; without passes that record, only [`InstrumentError::Invalid`].
    pub(super) fn new(original: &[u8], passes: Passes) -> Result<Instrumented, InstrumentError> {
        let mut sections = Sections::of(original)?;
        let is_traced = passes != Passes::default();
        if is_traced && sections.memories.iter().any(|memory| !memory.usual_pages) {
            return Err(InstrumentError::Unknown("a memory with pages of another size than 64 KiB".to_owned()));
        }
        let exports = AddedExports::new(&sections, is_traced);
        let indices = indices(&sections);
        append_flag(&mut sections, &exports)?;
        if let Some(trace) = &exports.trace {
            append_trace(&mut sections, indices, trace)?;
        }
        sections.remove(START_SECTION);

        let mut bodies = BodyRewriter::new(original, &sections, passes, indices);
        let mut code = Vec::with_capacity(original.len() * 5 / 4);
        (sections.bodies.len() + usize::from(is_traced)).encode(&mut code);
        for place in 0..sections.bodies.len() {
            bodies.rewrite(&sections, place, &mut code)?;
        }
        if is_traced {
            emit::drain_body(indices).encode(&mut code);
        }
        sections.replace(CODE_SECTION, code);
        let (sites, offsets) = bodies.finish();
        let memories = u32::try_from(sections.memories.len()).unwrap_or(u32::MAX);
        let tables = sections.tables + u32::from(is_traced);
        Ok(Instrumented { binary: sections.finish(), added: exports, offsets, sites, memories, tables })
    }
}

impl AddedExports {
    /// Names that no export of the module has.
    fn new(sections: &Sections<'_>, is_traced: bool) -> AddedExports {
        let trace = || TraceExports {
            ring: sections.fresh_name("linmem records"),
            cursor: sections.fresh_name("linmem cursor"),
            hook: sections.fresh_name("linmem hook"),
        };
        let memory = |index| sections.fresh_name(&format!("linmem memory {index}"));
        AddedExports {
            flag: sections.fresh_name("linmem stop"),
            start: sections.start.map(|_| sections.fresh_name("linmem start")),
            memories: (0..sections.memories.len()).map(memory).collect(),
            trace: is_traced.then(trace),
        }
    }
}

/// The indices that what is added has: those behind the module's own.
fn indices(sections: &Sections<'_>) -> emit::Added {
    let memories = u32::try_from(sections.memories.len()).unwrap_or(u32::MAX);
    emit::Added {
        flag_memory: memories,
        ring_memory: memories.saturating_add(1),
        cursor_global: sections.globals,
        hook_table: sections.tables,
        hook_type: sections.types,
        drain_func: sections.function_count(),
    }
}

/// Appends the memory with the flags, and the exports that every guest needs.
fn append_flag(sections: &mut Sections<'_>, exports: &AddedExports) -> Result<(), BinaryReaderError> {
    let index = u32::try_from(sections.memories.len()).unwrap_or(u32::MAX);
    let mut entries = vec![export(&exports.flag, EXPORTS_MEMORY, index)];
    entries.extend(exports.memories.iter().zip(0..).map(|(name, index)| export(name, EXPORTS_MEMORY, index)));
    let start = exports.start.iter().zip(sections.start);
    entries.extend(start.map(|(name, func)| export(name, EXPORTS_FUNCTION, func)));
    sections.append(MEMORY_SECTION, &[memory(1)])?;
    sections.append(EXPORT_SECTION, &entries)
}

/// Appends what records are made with.
fn append_trace(
    sections: &mut Sections<'_>,
    indices: emit::Added,
    exports: &TraceExports,
) -> Result<(), BinaryReaderError> {
    sections.append(TYPE_SECTION, &[hook_type(), drain_type()])?;
    let mut func = Vec::new();
    (indices.hook_type + 1).encode(&mut func);
    sections.append(FUNCTION_SECTION, &[func])?;
    sections.append(TABLE_SECTION, &[hook_table()])?;
    sections.append(MEMORY_SECTION, &[memory(emit::RING_PAGES)])?;
    sections.append(GLOBAL_SECTION, &[cursor_global()])?;
    // Its content follows.
    sections.append(CODE_SECTION, &[])?;
    sections.append(
        EXPORT_SECTION,
        &[
            export(&exports.ring, EXPORTS_MEMORY, indices.ring_memory),
            export(&exports.cursor, EXPORTS_GLOBAL, indices.cursor_global),
            export(&exports.hook, EXPORTS_TABLE, indices.hook_table),
        ],
    )
}

/// A function type: the hook takes a site and three numbers.
fn hook_type() -> Vec<u8> {
    let mut entry = vec![0x60, 4];
    for ty in [ValType::I32, ValType::I64, ValType::I64, ValType::I64] {
        ty.encode(&mut entry);
    }
    entry.push(0);
    entry
}

/// A function type: the function that drains the ring takes nothing.
fn drain_type() -> Vec<u8> {
    vec![0x60, 0, 0]
}

/// A table type: function references, one at least and two at most. Where minimum and maximum are the same, wasmer
/// compiles calls through the table to what it held first.
fn hook_table() -> Vec<u8> {
    vec![0x70, 1, 1, 2]
}

/// A memory type: as many pages at the least as at the most, fewer than 128.
fn memory(pages: u32) -> Vec<u8> {
    let mut entry = vec![1];
    pages.encode(&mut entry);
    pages.encode(&mut entry);
    entry
}

/// A mutable global, which begins as the address of the first record.
fn cursor_global() -> Vec<u8> {
    let mut entry = Vec::new();
    ValType::I32.encode(&mut entry);
    entry.push(1);
    for instruction in [wasm_encoder::Instruction::I32Const(FIRST_RECORD.cast_signed()), wasm_encoder::Instruction::End]
    {
        instruction.encode(&mut entry);
    }
    entry
}

fn export(name: &str, kind: u8, index: u32) -> Vec<u8> {
    let mut entry = Vec::new();
    name.encode(&mut entry);
    entry.push(kind);
    index.encode(&mut entry);
    entry
}

impl From<BinaryReaderError> for InstrumentError {
    fn from(error: BinaryReaderError) -> InstrumentError {
        InstrumentError::Invalid(error)
    }
}

impl fmt::Display for InstrumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstrumentError::Invalid(error) => error.fmt(f),
            InstrumentError::Unknown(feature) => write!(f, "linmem cannot record stores in a module with {feature}"),
            InstrumentError::TooLarge => f.write_str("the module is larger than 4 GiB"),
        }
    }
}
