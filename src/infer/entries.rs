//! Ways to pass a line: where it is written, in which form, and which arguments say so.

use super::allocator::Allocator;
use super::arguments::{Arg, FORMS, Form, assignments, cost_of};
use super::draft::Draft;
use super::survey::Survey;
use crate::abi::recipe::Encoding;
use crate::abi::{is_wasi, may_transform, quoted, region_address};
use crate::guest::{Extern, Interface, Signature};

/// How many ways are generated at most for one function.
const WAYS: usize = 20_000;
/// How many parameters a function may have.
const LONGEST: usize = 10;
/// How many imports are tried as the one that asks for the line.
const ASKING: usize = 8;
/// The number of the first import that asks for the line, among the places for it.
const ASKED: usize = 1000;

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
    numbers: (usize, usize),
    /// The index of the argument that says where the line is; `None` if the transform knows.
    address: Option<usize>,
    /// The index of the argument that says how long it is.
    length: Option<usize>,
    /// Whether the line is in memory that the guest allocated.
    pub(super) is_allocated: bool,
    /// The number of the line's form.
    form: u8,
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
            form: 0,
        }
    }

    /// What it has in common with other ways that pass the line at the same place.
    pub(super) fn kind(&self) -> Kind {
        let (func, place) = self.numbers;
        (func, self.address, self.length, place)
    }

    /// The call of the transform, and the form of the line.
    pub(super) fn call(&self) -> (usize, String, u8) {
        (self.numbers.0, self.draft.transform.clone().unwrap_or_default(), self.form)
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
enum Source<'a> {
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

/// The places for a line, each with its cost.
fn sources<'a>(survey: &'a Survey, interface: &Interface) -> Vec<(Source<'a>, u32)> {
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
        let cost = cost + form.cost() + cost_of(args, form);
        if let Some(entry) = entry(survey, (name, ty), source, form, args, cost) {
            entries.push(Entry { numbers, ..entry });
        }
    }
}

fn entry(
    survey: &Survey,
    (name, ty): (&str, &Signature),
    source: &Source<'_>,
    form: Form,
    args: &[Arg],
    cost: u32,
) -> Option<Entry> {
    let mut draft = Draft { cost, ..survey.base.clone() };
    let has = |arg: Arg| args.contains(&arg);
    let mut names = vec!["ptr"];
    if form.encoding() != Encoding::Bytes {
        draft.header.insert(0, format!("text   {}", form.encoding().word()));
    }
    match source {
        Source::Allocated(by) => {
            draft.allocator = Some((*by).clone());
            draft.line_size = form.size();
            draft.before.push(format!("ptr = {}", by.call(form.size())));
            draft.before.push("fail \"the guest has no memory for the line\" if ptr == 0".to_owned());
            if by.is_region {
                draft.before.extend(["write at u32[ptr]".to_owned(), "u32[ptr + 8] = n".to_owned()]);
            } else {
                draft.before.push(form.write("ptr"));
            }
            if has(Arg::Packed) || has(Arg::PackedLow) {
                draft.before.push(format!("pair = {}", by.call("12")));
                names.push("pair");
            }
            let mut block = |arg: Arg, size: &str| {
                if has(arg) {
                    draft.before.push(format!("{} = {}", arg.text(), by.call(size)));
                    names.push(arg.text());
                }
            };
            block(Arg::Pair, "12");
            block(Arg::Area, "16");
            if has(Arg::Buffer) {
                draft.before.push("capacity = n + n + n + 1024".to_owned());
                draft.before.push(format!("buffer = {}", by.call("capacity")));
                names.extend(["buffer", "capacity"]);
            }
        }
        Source::Buffer(address) => {
            if has(Arg::Pair) || has(Arg::Packed) || has(Arg::PackedLow) || has(Arg::Area) || has(Arg::Buffer) {
                return None;
            }
            draft.before.push(format!("ptr = {address}"));
            draft.before.push(form.write("ptr"));
        }
        Source::Free(addr) | Source::Grown(addr) => {
            if matches!(source, Source::Grown(_)) {
                draft.once.insert(0, "grow 1".to_owned());
            }
            let mut free = *addr;
            for (name, is_there) in
                [("pair", has(Arg::Pair) || has(Arg::Packed) || has(Arg::PackedLow)), ("area", has(Arg::Area))]
            {
                if is_there {
                    draft.before.push(format!("{name} = {free}"));
                    names.push(name);
                    free += 16;
                }
            }
            draft.before.push(format!("ptr = {free}"));
            draft.before.push(form.write("ptr"));
            if has(Arg::Buffer) {
                draft.before.push("capacity = n + n + n + 1024".to_owned());
                draft.before.push("buffer = ptr + n + 8".to_owned());
                names.extend(["buffer", "capacity"]);
            }
        }
    }
    if has(Arg::Pair) {
        draft.before.extend(["u32[pair] = ptr", "u32[pair + 4] = n", "u32[pair + 8] = n"].map(str::to_owned));
    }
    if has(Arg::Packed) {
        draft.before.extend(["u32[pair] = ptr", "u32[pair + 4] = n"].map(str::to_owned));
    }
    if has(Arg::PackedLow) {
        draft.before.extend(["u32[pair] = n", "u32[pair + 4] = ptr"].map(str::to_owned));
    }
    if has(Arg::Area) {
        draft.before.extend(["u32[area] = 0", "u32[area + 4] = 0"].map(str::to_owned));
    }
    let address = args.iter().position(|arg| matches!(arg, Arg::Ptr | Arg::Pair | Arg::Packed | Arg::PackedLow));
    let length = args.iter().position(|arg| matches!(arg, Arg::Len | Arg::Units | Arg::End));
    let is_allocated = matches!(source, Source::Allocated(_));
    let args: Vec<_> = args.iter().map(|arg| arg.text()).collect();
    draft.transform = Some(call(name, &args, ty.results.len()));
    let plain = Entry::new(draft, names, (name, ty), form.encoding(), (0, 0));
    Some(Entry { address, length, is_allocated, form: form as u8, ..plain })
}

/// The call of the transform, with names for its results.
pub(super) fn call(name: &str, args: &[&str], results: usize) -> String {
    let call = format!("{}({})", quoted(name), args.join(", "));
    match results {
        0 => call,
        1 => format!("out = {call}"),
        _ => format!("({}) = {call}", result_names(results).join(", ")),
    }
}

/// The names of a transform's results.
pub(super) fn result_names(results: usize) -> Vec<String> {
    match results {
        1 => vec!["out".to_owned()],
        _ => (1..=results).map(|number| format!("out{number}")).collect(),
    }
}

/// Adds the ways in which the guest asks for the line by calling an import.
fn fetched(
    entries: &mut Vec<Entry>,
    survey: &Survey,
    interface: &Interface,
    (number, name, ty): (usize, &str, &Signature),
    cost: u32,
) {
    let calls = [Arg::Len, Arg::Zero].into_iter().flat_map(|first| {
        let args: Vec<_> = (0..ty.params.len()).map(|place| if place == 0 { first } else { Arg::Zero }).collect();
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
                let text: Vec<_> = args.iter().map(|arg| arg.text()).collect();
                draft.transform = Some(call(name, &text, ty.results.len()));
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
