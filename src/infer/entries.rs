//! Ways to pass a line: where it is written, in which form, and which arguments say so.

use super::allocator::Allocator;
use super::arguments::{Arg, FORMS, Form, ZERO, assignments, cost_of};
use super::draft::Draft;
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

/// The number of a way with further calls, instead of its function's.
pub(super) const SEQUENCE: usize = usize::MAX - 1;

/// A way to pass a line to a function.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The recipe up to the transform.
    pub(super) draft: Draft,
    /// The names that it sets.
    pub(super) names: Vec<&'static str>,
    /// How many results the transform has.
    pub(super) results: usize,
    pub(super) encoding: Encoding,
    /// The transform.
    pub(super) export: String,
    /// The number of the transform, and of the place for the line.
    pub(super) numbers: (usize, usize),
    /// The index of the argument that says where the line is; `None` if the transform knows.
    pub(super) address: Option<usize>,
    /// The index of the argument that says how long it is.
    pub(super) length: Option<usize>,
    /// Whether the line is in memory that the guest allocated.
    pub(super) is_allocated: bool,
    /// The line's form.
    pub(super) form: Form,
    /// The arguments, if the host writes the line.
    pub(super) args: Vec<Arg>,
    /// The call before, if one begins: the function and its arguments.
    pub(super) beginning: Option<(String, Vec<Arg>)>,
}

impl Entry {
    /// A way of which only the draft is special.
    pub(super) fn new(
        draft: Draft,
        names: Vec<&'static str>,
        (name, ty): (&str, &Signature),
        encoding: Encoding,
        numbers: (usize, usize),
    ) -> Entry {
        Entry {
            draft,
            names,
            results: ty.results.len(),
            encoding,
            export: name.to_owned(),
            numbers,
            address: None,
            length: None,
            is_allocated: false,
            form: Form::Plain,
            args: Vec::new(),
            beginning: None,
        }
    }

    /// What it has in common with other ways that pass the line at the same place.
    pub(super) fn kind(&self) -> Kind {
        let (func, place) = self.numbers;
        (func, self.address, self.length, place)
    }

    /// The call of the transform, and the form of the line.
    pub(super) fn call(&self) -> (usize, String, Form) {
        (self.numbers.0, self.draft.transform.clone().unwrap_or_default(), self.form)
    }

    /// What it costs, as if constants cost nothing.
    pub(super) fn cost_without_constants(&self) -> u32 {
        let constants = self.args.iter().filter(|arg| arg.is_constant()).map(|arg| arg.cost()).sum();
        self.draft.cost.saturating_sub(constants)
    }

    /// Whether further calls surround the one that takes the line.
    pub(super) fn is_sequence(&self) -> bool {
        self.numbers.0 >= SEQUENCE
    }

    /// Whether the transform is told where the line is.
    pub(super) fn has_address(&self) -> bool {
        self.address.is_some()
    }
}

/// What ways have in common that pass the line alike: the function, the arguments that are the line's address and length,
/// and the place in memory: what was taken for an allocator may be something else.
pub(super) type Kind = (usize, Option<usize>, Option<usize>, usize);

/// Where the line goes.
#[derive(Clone, Debug)]
pub(super) enum Source<'a> {
    /// Memory that the guest allocates.
    Allocated(&'a Allocator),
    /// A buffer whose address an expression gives.
    Buffer(String),
    /// Memory that nobody uses, from this address on.
    Free(u64),
    /// The same, in a page that is added.
    Grown(u64),
}

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

/// Handlers for imports without arguments that return a number: the line's length.
fn lengths(interface: &Interface) -> Vec<String> {
    let asks = |ty: &Signature| ty.params.is_empty() && ty.results.len() == 1;
    let imports = interface.imported_funcs().filter(|(_, import, ty)| asks(ty) && !is_wasi(import));
    let handlers = imports.map(|(_, import, _)| {
        [format!("on {}.{}()", quoted(&import.module), quoted(&import.name)), "  return n".to_owned()]
    });
    handlers.flatten().collect()
}
