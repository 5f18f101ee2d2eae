//! What the module and its recipe say, before anything runs: allocators, data, the stack, the convention.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::abi::recipe::{Action, Encoding, Length, Recipe};
use crate::abi::{Roles, ValueSource, frees, is_allocator, stubbed_imports};
use crate::guest::{Extern, Interface, Signature, Type};
use crate::record::Value;

/// The part that a module's export has in the life of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It returns a block; its size is the product of these arguments.
    Allocate { sizes: Vec<usize>, zeroed: bool },
    /// It frees a block, and returns another or the same in its place: old address, new size.
    Reallocate { old: usize, size: usize },
    /// It frees a block: its address, and its size if that is an argument.
    Free { addr: usize, size: Option<usize> },
    /// It serves the runtime, and leaves blocks alone: pins an object, moves the stack.
    Serve,
}

/// A data segment.
#[derive(Clone, Debug)]
pub(super) struct Data {
    /// Its name, if it has one; else its number.
    pub(super) name: String,
    pub(super) range: Range<u64>,
}

/// What is known of a guest.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The index of the memory that the convention uses.
    pub(super) memory: usize,
    parts: HashMap<String, Part>,
    /// The data segments, by address.
    pub(super) data: Vec<Data>,
    /// The stack in memory, if both of its ends are known.
    pub(super) stack: Option<Range<u64>>,
    /// Addresses from 0 on that compilers leave free, if a compiler made the module.
    pub(super) null_zone: Option<Range<u64>>,
    /// The exports that free blocks.
    pub(super) deallocators: Vec<String>,
    /// Whether `_initialize` is exported.
    pub(super) has_initialize: bool,
    /// The imports that nothing provides, as `module.name`.
    pub(super) stubs: HashSet<String>,
    encoding: Encoding,
    /// Where the recipe writes the line, if that is a number.
    pub(super) fixed: Option<u64>,
    /// The exports that return where the guest's buffer for the line is, and how large it is.
    pub(super) buffer: Option<(String, String)>,
    /// Whether the recipe reads texts that end with a zero byte.
    pub(super) reads_to_zero: bool,
}

impl Facts {
    /// Reads them off a module's interface and its recipe.
    pub fn new(interface: &Interface, recipe: &Recipe, memory: usize) -> Facts {
        let roles = Roles::of(recipe);
        let functions = interface.exports.iter().filter_map(|export| match &export.what {
            Extern::Func(signature) => Some((export.name.as_str(), signature)),
            _ => None,
        });
        let mut parts: HashMap<_, _> =
            functions.filter_map(|(name, signature)| Some((name.to_owned(), part(name, signature)?))).collect();
        if let Some(ValueSource::Allocator(name, size)) = &roles.line {
            let named = Part::Allocate { sizes: vec![*size], zeroed: false };
            parts.entry(name.clone()).or_insert(named);
        }
        let frees = parts.iter().filter(|(_, part)| matches!(part, Part::Free { .. }));
        let mut deallocators: Vec<_> = frees.map(|(name, _)| name.clone()).collect();
        deallocators.sort_unstable();
        let data = data(interface, memory);
        let is_compiled = MARKS.iter().any(|name| global(interface, name).is_some());
        let first = data.first().map_or(NULL_ZONE, |data| data.range.start);
        Facts {
            memory,
            parts,
            stack: stack(interface, &data).filter(|_| memory == 0),
            null_zone: (is_compiled && memory == 0 && first >= NULL_ZONE).then_some(0..NULL_ZONE),
            data,
            deallocators,
            has_initialize: interface.exports.iter().any(|export| export.name == "_initialize"),
            stubs: stubbed_imports(recipe, interface),
            encoding: recipe.encoding,
            fixed: match roles.line {
                Some(ValueSource::Number(addr)) => Some(addr),
                _ => None,
            },
            buffer: match (&roles.line, &roles.room) {
                (Some(ValueSource::Getter(addr)), Some(ValueSource::Getter(len))) => Some((addr.clone(), len.clone())),
                _ => None,
            },
            reads_to_zero: reads_to_zero(recipe),
        }
    }

    /// The memory that the convention uses.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// The address of the block that a call frees; `None` for a call that frees none, or moves one.
    pub fn freed(&self, export: &str, args: &[Value]) -> Option<u64> {
        match self.part(export)? {
            Part::Free { addr, .. } => number(args, *addr),
            _ => None,
        }
    }

    /// The address and size of the block that a call returned, and whether nobody has written it.
    pub fn allocated(&self, export: &str, args: &[Value], results: &[Value]) -> Option<(u64, u64, bool)> {
        let addr = number(results, 0).filter(|addr| *addr != 0)?;
        match self.part(export)? {
            Part::Allocate { sizes, zeroed } => Some((addr, product(args, sizes)?, !zeroed)),
            Part::Reallocate { old, size } => Some((addr, number(args, *size)?, number(args, *old) == Some(0))),
            _ => None,
        }
    }

    /// The part that an export has in the life of blocks, if any.
    pub(super) fn part(&self, export: &str) -> Option<&Part> {
        self.parts.get(export)
    }

    /// Whether the bytes of line and answer are text as it is, as far as the recipe says.
    pub(super) fn has_plain_text(&self) -> bool {
        matches!(self.encoding, Encoding::Bytes | Encoding::Utf8)
    }

    /// The data segments that overlap a range.
    pub(super) fn data_in(&self, range: &Range<u64>) -> impl Iterator<Item = &Data> {
        self.data.iter().filter(move |data| data.range.start < range.end && range.start < data.range.end)
    }
}

/// Minimum size of a stack. Alignment leaves smaller gaps.
const GAP: u64 = 1024;
/// Addresses below this are free in what compilers make.
const NULL_ZONE: u64 = 64;
/// Globals that linkers define.
const MARKS: [&str; 4] = ["__heap_base", "__stack_pointer", "__data_end", "__global_base"];

fn global(interface: &Interface, name: &str) -> Option<u64> {
    let fits = |known: &str| known.rsplit('/').next() == Some(name);
    interface.globals.iter().find(|global| fits(&global.name)).and_then(|global| global.start)
}

fn data(interface: &Interface, memory: usize) -> Vec<Data> {
    let segments = interface.segments.iter().zip(1..).filter(|(segment, _)| segment.memory as usize == memory);
    let mut data: Vec<_> = segments
        .filter_map(|(segment, number)| {
            let start = segment.addr.filter(|_| segment.len > 0)?;
            let name = segment.name.clone().unwrap_or_else(|| format!("data segment {number}"));
            Some(Data { name, range: start..start.saturating_add(segment.len) })
        })
        .collect();
    data.sort_by_key(|data| data.range.start);
    data
}

/// The stack, if the module says where it begins and ends.
fn stack(interface: &Interface, data: &[Data]) -> Option<Range<u64>> {
    let at = |name| global(interface, name);
    if let Some((low, high)) = at("__stack_low").zip(at("__stack_high")) {
        return Some(low..high);
    }
    let Some(top) = at("__stack_pointer") else {
        // Linkers put the stack before the data, or between data and heap; only the latter leaves a gap there.
        let gap = at("__data_end").zip(at("__heap_base")).map(|(end, base)| end..base);
        return gap.filter(|gap| gap.end.saturating_sub(gap.start) >= GAP);
    };
    match at("__data_end") {
        Some(end) if end <= top => Some(end..top),
        Some(_) => Some(0..top),
        None if !data.is_empty() && data.iter().all(|data| data.range.start >= top) => Some(0..top),
        None => None,
    }
}

fn reads_to_zero(recipe: &Recipe) -> bool {
    let handled = recipe.handlers.iter().flat_map(|handler| &handler.body);
    let mut steps = recipe.line.iter().chain(handled);
    steps.any(|step| matches!(&step.action, Action::Read(span) if span.len == Length::UntilZero))
}

/// The part of an export, by its name and type.
fn part(name: &str, signature: &Signature) -> Option<Part> {
    let (params, returns) = (signature.params.len(), signature.results.len() == 1);
    if !signature.params.iter().chain(&signature.results).all(|ty| matches!(ty, Type::I32 | Type::I64 | Type::F64)) {
        return None;
    }
    let allocate = |sizes: &[usize]| Some(Part::Allocate { sizes: sizes.to_vec(), zeroed: name == "__new" });
    let is_named = |word: &str| name.to_ascii_lowercase().ends_with(word);
    match (name, params) {
        ("cabi_realloc", 4) if returns => Some(Part::Reallocate { old: 0, size: 3 }),
        ("__pin" | "__unpin" | "__collect" | "__wbindgen_add_to_stack_pointer", _) => Some(Part::Serve),
        ("__new", 2) if returns => allocate(&[0]),
        (_, 3 | 4) if returns && name.starts_with("__wbindgen_realloc") => Some(Part::Reallocate { old: 0, size: 2 }),
        (_, 1 | 2) if returns && name.starts_with("__wbindgen_malloc") => allocate(&[0]),
        (_, 2 | 3) if name.starts_with("__wbindgen_free") => Some(Part::Free { addr: 0, size: Some(1) }),
        (_, 2) if returns && is_named("calloc") => Some(Part::Allocate { sizes: vec![0, 1], zeroed: true }),
        (_, 2) if returns && is_named("realloc") => Some(Part::Reallocate { old: 0, size: 1 }),
        // A destructor of a class: its second argument is no size.
        (_, 1..) if name.starts_with("__wbg_") => None,
        (_, 1 | 2) if returns && is_allocator(name) => allocate(&[0]),
        (_, 1..=3) if frees(name) && signature.results.is_empty() => {
            Some(Part::Free { addr: 0, size: (params > 1).then_some(1) })
        }
        _ if name.to_ascii_lowercase().starts_with("stack") => Some(Part::Serve),
        _ => None,
    }
}

/// The product of some arguments.
pub(super) fn product(args: &[Value], places: &[usize]) -> Option<u64> {
    places.iter().try_fold(1_u64, |product, place| Some(product.saturating_mul(number(args, *place)?)))
}

/// An argument as an address or a size.
pub(super) fn number(args: &[Value], place: usize) -> Option<u64> {
    args.get(place).and_then(|value| super::addresses::addresses(*value)[0])
}
