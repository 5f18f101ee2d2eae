//! Rewrites a module so that its guests can be stopped and traced, and so that the host calls its start function.
//!
//! The rewriting consists of passes:
//!
//! - **Checks**, always: at the head of each loop, before each bulk operation and within a long one (see `portions`), and
//!   at the entry of each function that calls or is long, the guest checks a stop flag. Any thread of the host can set the flag, which is in a memory of
//!   one page. Code without these ends soon and pays nothing.
//! - **Operands**, always: those of some instructions are kept until the next, for the explanation of a trap (see
//!   `operands`).
//! - **Stores** and **loads**, on request: each leaves a record of the access (see `emit`).
//!
//! Everything else is copied unchanged. Additions are appended, so no index shifts: memories, a global, a table, a
//! function, types, and scratch locals.
//!
//! The start section is removed and its function exported instead, so that instantiation runs no guest code and the
//! start is a call like any other. All memories are exported too, so that they can be inspected.

mod access;
mod added;
mod body;
mod emit;
mod offset_map;
mod operands;
mod points;
mod portions;
mod scratch;
mod sections;
mod stored;

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
use super::Cancellation;
use crate::record::Site;

pub use self::access::Touched;
pub(super) use self::emit::{FULL_AT, LIMIT_AT, NO_SITE, RECORD, RECORDS_AT, RECORDS_END, WINDOW_AT, WINDOW_REST_AT};
pub(super) use self::offset_map::OffsetMap;
pub(super) use self::operands::{OPERANDS, OPERANDS_AT};
pub(super) use self::points::{DEEPEST_AT, MODE_AT, MODE_BREAKS, MODE_CALL, MODE_POINTS, POINT_SITE, POINTS_AT};
pub use self::points::{PointRequest, Points};

/// The kind of an export.
const EXPORTS_FUNCTION: u8 = 0;
const EXPORTS_TABLE: u8 = 1;
const EXPORTS_MEMORY: u8 = 2;
const EXPORTS_GLOBAL: u8 = 3;

/// Which of a guest's memory accesses are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passes {
    /// All instructions that change memory.
    pub stores: bool,
    /// All instructions that only read memory.
    pub loads: bool,
    /// Nothing by itself: the guest can be stopped at lines of its source, and its calls are counted. Needs `stores`.
    pub pauses: bool,
}

impl Passes {
    /// What either does.
    pub fn and(self, other: Passes) -> Passes {
        let (stores, loads) = (self.stores || other.stores, self.loads || other.loads);
        Passes { stores, loads, pauses: self.pauses || other.pauses }
    }
}

/// A rewritten module.
pub(super) struct Instrumented {
    /// The module to compile.
    pub(super) binary: Vec<u8>,
    /// What was added.
    pub(super) parts: Instrumentation,
}

/// What rewriting added to a module, and how that relates to the original.
pub(super) struct Instrumentation {
    /// The added exports.
    pub(super) added: AddedExports,
    /// Maps rewritten offsets to the original.
    pub(super) offsets: OffsetMap,
    /// The recorded instructions, by site number.
    pub(super) sites: Vec<Site>,
    /// Where its guests can be stopped.
    pub(super) points: Points,
    /// Number of the module's own memories, including imported ones.
    pub(super) memories: u32,
    /// Number of tables.
    pub(super) tables: u32,
}

/// The exports added to a module.
pub(super) struct AddedExports {
    /// The memory that contains the flags; see [`super::flag::Flag`]. The stop flag is its first four bytes.
    pub(super) flag: String,
    /// The start function, if the module has one.
    pub(super) start: Option<String>,
    /// The global that is taken for the stack pointer, if there is one.
    pub(super) stack: Option<String>,
    /// The module's own memories, by index, including imported and internal ones.
    pub(super) memories: Vec<String>,
    /// The exports for tracing, if accesses are recorded.
    pub(super) trace: Option<TraceExports>,
}

/// The exports through which the host reads records.
pub(super) struct TraceExports {
    /// The memory that contains the records.
    pub(super) buffer: String,
    /// The global with the address of the next record.
    pub(super) cursor: String,
    /// The table whose entry 0 is called when the buffer is full and after `memory.init`.
    pub(super) hook: String,
    /// The global that counts calls, if the guest has stop points.
    pub(super) depth: Option<String>,
}

/// Why a module cannot be rewritten.
#[derive(Debug)]
pub(super) enum InstrumentError {
    /// It is not valid.
    Invalid(BinaryReaderError),
    /// It uses this instruction, which cannot be recorded.
    Unknown(String),
    /// It is larger than 4 GiB.
    TooLarge,
    /// The user cancelled it.
    Cancelled,
}

impl Instrumented {
    /// Rewrites a valid module, unless that is cancelled.
    ///
    /// # Errors
    /// See [`InstrumentError`]; without passes that record, [`InstrumentError::Unknown`] does not occur.
    pub(super) fn new(
        original: &[u8],
        passes: Passes,
        points: &PointRequest,
        cancellation: &Cancellation,
    ) -> Result<Instrumented, InstrumentError> {
        let mut sections = Sections::of(original)?;
        let is_traced = passes != Passes::default();
        let passes = Passes { stores: passes.stores || passes.pauses, ..passes };
        if is_traced && sections.memories.iter().any(|memory| !memory.usual_pages) {
            return Err(InstrumentError::Unknown("a memory with a page size other than 64 KiB".to_owned()));
        }
        let exports = AddedExports::new(&sections, passes);
        let indices = indices(&sections);
        let mut bodies = BodyRewriter::new(original, &sections, passes, points, indices);
        let mut code = Vec::with_capacity(original.len() * 5 / 4);
        let added = usize::from(is_traced) + usize::from(passes.pauses);
        (sections.bodies.len() + added).encode(&mut code);
        for place in 0..sections.bodies.len() {
            if cancellation.is_cancelled() {
                return Err(InstrumentError::Cancelled);
            }
            bodies.rewrite(&sections, place, &mut code)?;
        }
        if is_traced {
            emit::drain_body(indices).encode(&mut code);
        }
        if passes.pauses {
            points::point_body(indices).encode(&mut code);
        }
        let (sites, points, offsets) = bodies.finish();
        append_flag(&mut sections, &exports, points.len())?;
        if let Some(trace) = &exports.trace {
            append_trace(&mut sections, indices, trace)?;
        }
        sections.remove(START_SECTION);
        sections.replace(CODE_SECTION, code);
        let memories = u32::try_from(sections.memories.len()).unwrap_or(u32::MAX);
        let tables = sections.tables + u32::from(is_traced);
        let parts = Instrumentation { added: exports, offsets, sites, points, memories, tables };
        Ok(Instrumented { binary: sections.finish(), parts })
    }
}

impl AddedExports {
    /// Names that do not clash with the module's exports.
    fn new(sections: &Sections<'_>, passes: Passes) -> AddedExports {
        let trace = || TraceExports {
            buffer: sections.fresh_name("linmem records"),
            cursor: sections.fresh_name("linmem cursor"),
            hook: sections.fresh_name("linmem hook"),
            depth: passes.pauses.then(|| sections.fresh_name("linmem depth")),
        };
        let memory = |index| sections.fresh_name(&format!("linmem memory {index}"));
        AddedExports {
            flag: sections.fresh_name("linmem stop"),
            start: sections.start.map(|_| sections.fresh_name("linmem start")),
            stack: sections.stack.map(|_| sections.fresh_name("linmem stack")),
            memories: (0..sections.memories.len()).map(memory).collect(),
            trace: (passes != Passes::default()).then(trace),
        }
    }
}

/// The indices of the additions, after the module's own.
fn indices(sections: &Sections<'_>) -> added::Added {
    let memories = u32::try_from(sections.memories.len()).unwrap_or(u32::MAX);
    added::Added {
        flag_memory: memories,
        buffer_memory: memories.saturating_add(1),
        cursor_global: sections.globals,
        hook_table: sections.tables,
        hook_type: sections.types,
        drain_func: sections.function_count(),
        depth_global: sections.globals.saturating_add(1),
        point_func: sections.function_count().saturating_add(1),
    }
}

/// Appends the memory for the flags, and the exports that every guest needs.
fn append_flag(sections: &mut Sections<'_>, exports: &AddedExports, points: usize) -> Result<(), BinaryReaderError> {
    let index = u32::try_from(sections.memories.len()).unwrap_or(u32::MAX);
    let mut entries = vec![export(&exports.flag, EXPORTS_MEMORY, index)];
    entries.extend(exports.memories.iter().zip(0..).map(|(name, index)| export(name, EXPORTS_MEMORY, index)));
    let start = exports.start.iter().zip(sections.start);
    entries.extend(start.map(|(name, func)| export(name, EXPORTS_FUNCTION, func)));
    let stack = exports.stack.iter().zip(sections.stack);
    entries.extend(stack.map(|(name, global)| export(name, EXPORTS_GLOBAL, global)));
    sections.append(MEMORY_SECTION, &[memory(points::flag_pages(points))])?;
    sections.append(EXPORT_SECTION, &entries)
}

/// Appends the memory, global, table and function for tracing.
fn append_trace(
    sections: &mut Sections<'_>,
    indices: added::Added,
    exports: &TraceExports,
) -> Result<(), BinaryReaderError> {
    sections.append(TYPE_SECTION, &[hook_type(), drain_type(), point_type()])?;
    let count = if exports.depth.is_some() { 2 } else { 1 };
    let funcs: Vec<_> = [indices.hook_type + 1, indices.hook_type + 2].iter().take(count).map(encoded).collect();
    sections.append(FUNCTION_SECTION, &funcs)?;
    sections.append(TABLE_SECTION, &[hook_table()])?;
    sections.append(MEMORY_SECTION, &[memory(1)])?;
    let globals = [mutable_global(RECORDS_AT), mutable_global(0)];
    sections.append(GLOBAL_SECTION, &globals[..count])?;
    // Filled in later.
    sections.append(CODE_SECTION, &[])?;
    let mut entries = vec![
        export(&exports.buffer, EXPORTS_MEMORY, indices.buffer_memory),
        export(&exports.cursor, EXPORTS_GLOBAL, indices.cursor_global),
        export(&exports.hook, EXPORTS_TABLE, indices.hook_table),
    ];
    entries.extend(exports.depth.iter().map(|name| export(name, EXPORTS_GLOBAL, indices.depth_global)));
    sections.append(EXPORT_SECTION, &entries)
}

fn encoded(number: &u32) -> Vec<u8> {
    let mut entry = Vec::new();
    number.encode(&mut entry);
    entry
}

/// The type of the hook: a site and three numbers.
fn hook_type() -> Vec<u8> {
    let mut entry = vec![0x60, 4];
    for ty in [ValType::I32, ValType::I64, ValType::I64, ValType::I64] {
        ty.encode(&mut entry);
    }
    entry.push(0);
    entry
}

/// The type of the function that empties the buffer: no parameters.
fn drain_type() -> Vec<u8> {
    vec![0x60, 0, 0]
}

/// A function type: the function that is called at a stop point takes the point's number.
fn point_type() -> Vec<u8> {
    let mut entry = vec![0x60, 1];
    ValType::I32.encode(&mut entry);
    entry.push(0);
    entry
}

/// A table of function references with 1 to 2 entries. If minimum and maximum are equal, wasmer compiles calls through
/// the table to its first contents.
fn hook_table() -> Vec<u8> {
    vec![0x70, 1, 1, 2]
}

/// A memory type of fixed size, below 128 pages.
fn memory(pages: u32) -> Vec<u8> {
    let mut entry = vec![1];
    pages.encode(&mut entry);
    pages.encode(&mut entry);
    entry
}

/// A mutable global of type i32, which begins with that number.
fn mutable_global(first: u32) -> Vec<u8> {
    let mut entry = Vec::new();
    ValType::I32.encode(&mut entry);
    entry.push(1);
    for instruction in [wasm_encoder::Instruction::I32Const(first.cast_signed()), wasm_encoder::Instruction::End] {
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
            InstrumentError::Cancelled => f.write_str("cancelled"),
        }
    }
}
