//! Ways to pass a line: where it is written, in which form, and which arguments say so.

use super::arguments::{Arg, FORMS, Form, ZERO, assignments, cost_of};
use super::draft::Draft;
use super::entry::{Entry, Source};
use super::passing::{call, entry};
use super::survey::Survey;
use crate::abi::recipe::Encoding;
use crate::abi::{is_wasi, may_transform, quoted, region_address};
use crate::guest::{Extern, Interface, Signature, Type};

/// How many ways are generated at most for one function.
const WAYS: usize = 20_000;
/// How many parameters a function may have.
const LONGEST: usize = 10;
/// How many imports are tried as the one that asks for the line.
const ASKING: usize = 8;
/// The number of the first import that asks for the line, among the places for it.
const ASKED: usize = 1000;
/// The same for imports that ask for one byte.
const BYTEWISE: usize = 2000;

/// The ways to pass a line to any of these functions, cheapest first. `is_hex` says whether line and answer may be
/// hexadecimal digits for the bytes that the guest takes and returns.
pub(super) fn entries(survey: &Survey, interface: &Interface, call: Option<&str>, is_hex: bool) -> Vec<Entry> {
    let sources = sources(survey, interface);
    let mut entries = Vec::new();
    for (number, (name, ty)) in interface.funcs().enumerate() {
        if call.is_some_and(|call| call != name) || ty.params.len() > LONGEST {
            continue;
        }
        let is_allocator = survey.allocators.iter().any(|allocator| allocator.is_named && allocator.export == name);
        if call.is_none() && (is_allocator || name.starts_with("__") || name.starts_with("cabi_")) {
            continue;
        }
        let cost = if call.is_none() && !may_transform(name) { 8 } else { 0 };
        let before = entries.len();
        for form in FORMS.into_iter().chain(is_hex.then_some(Form::Hex)) {
            let [elsewhere, in_buffer] = [false, true].map(|is_buffer| assignments(&ty.params, form, is_buffer));
            for (place, (source, price)) in sources.iter().enumerate() {
                let all = if matches!(source, Source::Allocated(_)) { &elsewhere } else { &in_buffer };
                let way = (source, form, (number, place));
                written(&mut entries, survey, (name, ty), way, all, cost + price);
            }
        }
        fetched(&mut entries, survey, interface, (number, name, ty), cost);
        by_bytes(&mut entries, survey, interface, (number, name, ty), cost);
        entries[before..].sort_by_key(|entry| entry.draft.cost);
        entries.truncate(before + WAYS);
    }
    entries.sort_by_key(|entry| entry.draft.cost);
    entries
}

/// The same way with other arguments.
pub(super) fn with_args(survey: &Survey, interface: &Interface, entry: &Entry, args: &[Arg]) -> Option<Entry> {
    let func = interface.funcs().find(|(name, _)| *name == entry.export)?;
    let sources = sources(survey, interface);
    let (source, _) = sources.get(entry.numbers.1)?;
    let cost = (entry.draft.cost + cost_of(args, entry.form)).saturating_sub(cost_of(&entry.args, entry.form));
    let made = self::entry(survey, func, source, entry.form, (args, &[]), cost)?;
    Some(Entry { numbers: entry.numbers, ..made })
}

/// The same way with an area for the answer instead of a zero, for each zero.
pub(super) fn with_area(survey: &Survey, interface: &Interface, entry: &Entry) -> Vec<Entry> {
    let zeroes = entry.args.iter().enumerate().filter(|(_, arg)| **arg == ZERO).map(|(place, _)| place);
    let with = |place: usize| {
        let mut args = entry.args.clone();
        args[place] = Arg::Area;
        with_args(survey, interface, entry, &args)
    };
    zeroes.filter_map(with).collect()
}

/// The places for a line, each with its cost.
pub(super) fn sources<'a>(survey: &'a Survey, interface: &Interface) -> Vec<(Source<'a>, u32)> {
    let mut sources = Vec::new();
    for allocator in &survey.allocators {
        let unusual: u32 = allocator.args.iter().flatten().map(|_| 1).sum();
        sources.push((Source::Allocated(allocator), if allocator.is_named { unusual } else { 3 + unusual }));
    }
    let is_address = |value: u64| value >= 8 && value < survey.size;
    for (name, value) in &survey.getters {
        if is_address(*value) {
            let cost = if survey.allocators.iter().any(|allocator| allocator.is_named) { 4 } else { 2 };
            sources.push((Source::Buffer(format!("{}()", quoted(name))), cost));
        }
    }
    for (name, _) in survey.globals.iter().filter(|(_, value)| is_address(*value)) {
        let is_linker = name.starts_with("__");
        let cost = if is_linker && name != "__heap_base" { 20 } else { 3 };
        sources.push((Source::Buffer(format!("@{}", quoted(name))), cost));
    }
    let free = region_address(interface);
    sources.push((Source::Free(free), 5));
    sources.push((Source::Grown(survey.size), 5));
    for addr in [0, 1024] {
        if addr != free {
            sources.push((Source::Free(addr), 7));
        }
    }
    sources
}

/// Adds the ways that write the line before the call.
fn written(
    entries: &mut Vec<Entry>,
    survey: &Survey,
    (name, ty): (&str, &Signature),
    (source, form, numbers): (&Source<'_>, Form, (usize, usize)),
    assignments: &[Vec<Arg>],
    cost: u32,
) {
    if let Source::Allocated(allocator) = source
        && (allocator.export == name || allocator.is_region && form != Form::Plain)
    {
        return;
    }
    for args in assignments {
        let cost = cost + form.cost() + cost_of(args, form) + misfits(args, ty);
        if let Some(entry) = entry(survey, (name, ty), source, form, (args, &[]), cost) {
            entries.push(Entry { numbers, ..entry });
        }
    }
}

/// What it costs that arguments of 64 bits hold numbers of 32: two of those may be in one.
fn misfits(args: &[Arg], ty: &Signature) -> u32 {
    let is_narrow = |arg: &Arg| matches!(arg, Arg::Ptr | Arg::Len | Arg::Area | Arg::Buffer | Arg::Capacity);
    args.iter().zip(&ty.params).filter(|(arg, param)| **param == Type::I64 && is_narrow(arg)).map(|_| 1).sum()
}

/// Adds the ways in which the guest asks for the line by calling an import.
fn fetched(
    entries: &mut Vec<Entry>,
    survey: &Survey,
    interface: &Interface,
    (number, name, ty): (usize, &str, &Signature),
    cost: u32,
) {
    let calls = [Arg::Len, ZERO].into_iter().flat_map(|first| {
        let args: Vec<_> = (0..ty.params.len()).map(|place| if place == 0 { first } else { ZERO }).collect();
        (ty.params.is_empty() != (first == Arg::Len)).then_some(args)
    });
    let calls: Vec<_> = calls.collect();
    let asking = interface.imports.iter().filter(|import| !is_wasi(import));
    for (place, import) in asking.take(ASKING).enumerate() {
        let Extern::Func(import_ty) = &import.what else { continue };
        let params: Vec<_> = (0..import_ty.params.len()).map(|place| format!("a{place}")).collect();
        for param in 0..params.len() {
            for args in &calls {
                let mut draft = Draft { cost: cost + 6 + cost_of(args, Form::Nul), ..survey.base.clone() };
                draft.transform = Some(call(name, args, ty.results.len()));
                let title = format!("on {}.{}({})", quoted(&import.module), quoted(&import.name), params.join(", "));
                draft.handlers.extend([title, format!("  write at a{param}")]);
                if !import_ty.results.is_empty() {
                    draft.handlers.push("  return n".to_owned());
                }
                draft.handlers.extend(lengths(interface));
                entries.push(Entry::new(draft, Vec::new(), (name, ty), Encoding::Bytes, (number, ASKED + place)));
            }
        }
    }
}

/// Adds the ways in which the guest asks for the line byte by byte, by an import without arguments.
fn by_bytes(
    entries: &mut Vec<Entry>,
    survey: &Survey,
    interface: &Interface,
    (number, name, ty): (usize, &str, &Signature),
    cost: u32,
) {
    let asks = |ty: &Signature| ty.params.is_empty() && ty.results.len() == 1 && ty.results[0].is_number();
    let args = vec![ZERO; ty.params.len()];
    for (place, import, _) in interface.imported_funcs().filter(|(_, import, ty)| asks(ty) && !is_wasi(import)) {
        for (price, end) in (0..).zip(["-1", "0", "10"]) {
            let mut draft = Draft { cost: cost + 6 + price + cost_of(&args, Form::Nul), ..survey.base.clone() };
            draft.once.insert(0, "grow 1".to_owned());
            draft.before.extend([format!("ptr = {}", survey.size), "write at ptr".to_owned(), "at = ptr".to_owned()]);
            draft.transform = Some(call(name, &args, ty.results.len()));
            draft.handlers.extend([
                format!("on {}.{}()", quoted(&import.module), quoted(&import.name)),
                format!("  return {end} if at == ptr + n"),
                "  at = at + 1".to_owned(),
                "  return u8[at - 1]".to_owned(),
            ]);
            entries.push(Entry::new(draft, Vec::new(), (name, ty), Encoding::Bytes, (number, BYTEWISE + place)));
        }
    }
}

/// Handlers for imports without arguments that return a number: the line's length.
fn lengths(interface: &Interface) -> Vec<String> {
    let asks = |ty: &Signature| ty.params.is_empty() && ty.results.len() == 1;
    let imports = interface.imported_funcs().filter(|(_, import, ty)| asks(ty) && !is_wasi(import));
    let handlers = imports.map(|(_, import, _)| {
        [format!("on {}.{}()", quoted(&import.module), quoted(&import.name)), "  return n".to_owned()]
    });
    handlers.flatten().collect()
}
