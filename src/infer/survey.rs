//! What a module's exports do, found by calling them: which allocate memory, which say where a buffer is.

use super::allocator::{Allocator, Half};
use super::draft::Draft;
use super::trial::{Lab, Specimen};
use crate::abi::{frees, is_allocator, is_wasi, quoted};
use crate::guest::{Extern, Signature, Type};
use crate::record::Value;

/// The sizes of the two blocks that a function must allocate.
const SIZES: [u64; 2] = [72, 200];
/// The size of a structure that says where a block is: address, capacity, length.
const REGION: u64 = 12;
/// How many functions are called to find out what they do.
const CALLED: usize = 400;
/// How many functions are tried as one that sets the module up.
const SET_UPS: usize = 8;
/// The calls that toolchains require before any other.
const SET_UP: [&str; 4] = ["_initialize", "__wasm_call_ctors", "__wbindgen_start", "initialize"];

/// What is known of a module before any line is sent.
#[derive(Default)]
pub(super) struct Survey {
    /// The header and the section `once` that every recipe for it needs.
    pub(super) base: Draft,
    /// What allocates memory, likely ones first.
    pub(super) allocators: Vec<Allocator>,
    /// Functions without parameters that return a number, with the number that a fresh guest returns.
    pub(super) getters: Vec<(String, u64)>,
    /// Exported globals whose values may be addresses.
    pub(super) globals: Vec<(String, u64)>,
    /// Functions with one parameter that return a number: they may say something about a handle.
    pub(super) accessors: Vec<String>,
    /// Which memory lines and answers go through.
    pub(super) memory: usize,
    /// Its size at the start, in bytes.
    pub(super) size: u64,
}

/// A number as an argument of this type.
pub(super) fn number(ty: Type, n: u64) -> Value {
    match ty {
        Type::I32 => Value::I32(u32::try_from(n).unwrap_or(u32::MAX).cast_signed()),
        Type::I64 => Value::I64(n.cast_signed()),
        Type::F32 => Value::F32((n as f32).to_bits()),
        Type::F64 => Value::F64((n as f64).to_bits()),
        _ => Value::Opaque,
    }
}

/// A number as an address or a length: an integer, or a float that is a whole number.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
pub(super) fn whole(value: Value) -> Option<u64> {
    let float = match value {
        Value::F32(bits) => f64::from(f32::from_bits(bits)),
        Value::F64(bits) => f64::from_bits(bits),
        value => return value.unsigned(),
    };
    ((0.0..9e15).contains(&float) && float.fract() == 0.0).then_some(float as u64)
}

/// The result of a call as an address or a length, if it is the only one.
pub(super) fn unsigned(results: &[Value]) -> Option<u64> {
    match results {
        [value] => whole(*value),
        _ => None,
    }
}

/// The little-endian number of `width` bytes at an address, if it is inside memory.
pub(super) fn number_at(memory: &[u8], addr: u64, width: usize) -> Option<u64> {
    let at = usize::try_from(addr).ok()?;
    let bytes = memory.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// Surveys a module, with what every recipe for it needs, and one of its memories. What allocates memory may be `known`
/// from another survey.
pub(super) fn survey(lab: &Lab<'_>, base: Draft, memory: usize, known: Option<&Survey>) -> Survey {
    let mut survey = Survey {
        base,
        allocators: known.map(|known| known.allocators.clone()).unwrap_or_default(),
        getters: Vec::new(),
        globals: Vec::new(),
        accessors: Vec::new(),
        memory,
        size: 0,
    };
    let funcs: Vec<_> = lab.interface().funcs().take(CALLED).collect();
    let Some(mut quiet) = specimen(lab, &survey.base) else { return survey };
    survey.size = quiet.memory(memory).len() as u64;
    for (name, ty) in &funcs {
        if lab.is_over() {
            break;
        }
        match (ty.params.len(), &ty.results[..]) {
            (0, [result]) if result.is_number() => {
                if let Some(value) = quiet.call(name, &[]).as_deref().and_then(unsigned) {
                    survey.getters.push(((*name).to_owned(), value));
                } else if let Some(fresh) = specimen(lab, &survey.base) {
                    quiet = fresh;
                }
            }
            (1..=4, [result]) if result.is_number() && known.is_none() => {
                survey.allocators.extend(allocator(lab, &survey, name, ty));
            }
            _ => (),
        }
        if ty.params.len() == 1 && ty.results.len() == 1 {
            survey.accessors.push((*name).to_owned());
        }
    }
    survey.allocators.sort_by_key(|allocator| !allocator.is_named);
    let globals = lab.interface().exports.iter().filter(|export| matches!(export.what, Extern::Global(_)));
    for export in globals {
        let value = quiet.global(&export.name).and_then(Value::unsigned);
        if let Some(value) = value.filter(|&value| value < survey.size) {
            survey.globals.push((export.name.clone(), value));
        }
    }
    survey
}

/// What recipes for the module may need besides the steps of a line, likely ones first, each with a memory: another
/// memory than the first, or a call that sets the module up.
pub(super) fn bases(lab: &Lab<'_>) -> Vec<(Draft, usize)> {
    let interface = lab.interface();
    let base = base(lab);
    let mut bases = vec![(base.clone(), 0)];
    for (memory, names) in interface.memory_names().into_iter().enumerate() {
        if let Some(name) = names.first().filter(|_| memory > 0) {
            let mut other = base.clone();
            other.header.push(format!("memory {}", quoted(name)));
            bases.push((other, memory));
        }
    }
    let is_set_up = |(name, ty): &(&str, &Signature)| ty.params.is_empty() && !SET_UP.contains(name);
    for (name, _) in interface.funcs().filter(is_set_up).filter(|(_, ty)| ty.results.is_empty()).take(SET_UPS) {
        let mut set_up = base.clone();
        set_up.once.push(format!("{}()", quoted(name)));
        bases.push((set_up, 0));
    }
    bases
}

/// What every recipe for the module needs.
fn base(lab: &Lab<'_>) -> Draft {
    let interface = lab.interface();
    let mut base = Draft::default();
    if interface.imports.iter().any(is_wasi) {
        base.header.push("host   wasi".to_owned());
    }
    let needs_stubs = |import: &crate::guest::Import| !is_wasi(import) && !matches!(import.what, Extern::Memory { .. });
    if interface.imports.iter().any(needs_stubs) {
        base.header.push("host   stubs".to_owned());
    }
    for (_, import, ty) in interface.imported_funcs() {
        // A stub would say that null is an object, whose properties the guest then asks for.
        if import.name.contains("is_undefined") && ty.params.len() == 1 && ty.results.len() == 1 {
            let title = format!("on {}.{}(value)", quoted(&import.module), quoted(&import.name));
            base.handlers.extend([title, "  return 1".to_owned()]);
        }
    }
    let is_set_up = |ty: &Signature| ty.params.is_empty() && ty.results.is_empty();
    for name in SET_UP {
        if interface.funcs().any(|(export, ty)| export == name && is_set_up(ty)) {
            base.once.push(format!("{}()", quoted(name)));
        }
    }
    base
}

/// A fresh guest to call by hand.
fn specimen<'a>(lab: &Lab<'a>, base: &Draft) -> Option<Specimen<'a>> {
    lab.specimen(&base.with_after(vec!["answer \"\"".to_owned()]).recipe()?)
}

/// The way in which a function allocates memory, if it does: two calls return two blocks inside memory that do not
/// overlap, or the same buffer twice.
fn allocator(lab: &Lab<'_>, survey: &Survey, name: &str, ty: &Signature) -> Option<Allocator> {
    // It moves the stack pointer.
    if name.contains("stack_pointer") || frees(name) || !ty.params.iter().all(|param| param.is_number()) {
        return None;
    }
    let ways: &[&[Option<u64>]] = match ty.params.len() {
        1 => &[&[None]],
        2 => &[&[None, Some(1)], &[None, Some(2)], &[None, Some(0)], &[Some(0), None], &[Some(1), None]],
        3 => &[&[None, Some(1), Some(1)], &[Some(0), Some(0), None]],
        _ => &[&[Some(0), Some(0), Some(1), None]],
    };
    let (mut is_region, mut slice) = (true, None);
    let mut works = |way: &&[Option<u64>]| {
        let Some(mut specimen) = specimen(lab, &survey.base) else { return false };
        let mut blocks = Vec::new();
        is_region = true;
        for size in SIZES {
            let args: Vec<_> = way.iter().zip(&ty.params).map(|(arg, &ty)| number(ty, arg.unwrap_or(size))).collect();
            let Some(mut addr) = specimen.call(name, &args).as_deref().and_then(unsigned) else { return false };
            slice = [Half::High, Half::Low].into_iter().find(|half| half.other(addr) == size && half.value(addr) > 0);
            addr = slice.map_or(addr, |half| half.value(addr));
            let words = [0, 4].map(|at| number_at(specimen.memory(survey.memory), addr.saturating_add(at), 4));
            let is_one = matches!(words, [Some(at), Some(capacity)] if capacity == size && at > 0);
            is_region &= is_one;
            let end = addr.saturating_add(if is_one { REGION } else { size });
            if addr < 8 || end > specimen.memory(survey.memory).len() as u64 {
                return false;
            }
            blocks.push(addr..end);
        }
        let (first, second) = (&blocks[0], &blocks[1]);
        first.start == second.start || first.end <= second.start || second.end <= first.start
    };
    let is_named = is_allocator(name) || name == "__new" || name == "cabi_realloc" || name.ends_with("_malloc");
    let way = ways.iter().find(|way| works(way))?;
    let free = free(lab, is_named.then_some(name));
    Some(Allocator { export: name.to_owned(), args: way.to_vec(), is_region, slice, is_named, free })
}

/// The export that frees the blocks of an allocator, as far as names tell.
fn free(lab: &Lab<'_>, allocator: Option<&str>) -> Option<(String, usize)> {
    let allocator = allocator?;
    let fits = |ty: &Signature| ty.results.is_empty() && (1..=3).contains(&ty.params.len());
    let frees: Vec<_> = lab.interface().funcs().filter(|(name, ty)| frees(name) && fits(ty)).collect();
    // Of several, the one whose name differs least: `my_dealloc` for `my_alloc`.
    let shared = |name: &str| name.chars().zip(allocator.chars()).take_while(|(a, b)| a == b).count();
    frees.into_iter().max_by_key(|(name, _)| shared(name)).map(|(name, ty)| (name.to_owned(), ty.params.len()))
}
