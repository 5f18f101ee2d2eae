//! A way to pass a line, as a recipe: the statements that write the line and what else the arguments need.

use std::borrow::Cow;

use super::allocator::Allocator;
use super::arguments::{Arg, Form};
use super::draft::Draft;
use super::entry::{Entry, Source};
use super::survey::Survey;
use crate::abi::quoted;
use crate::abi::recipe::Encoding;
use crate::guest::Signature;

/// The size of a block for the guest's state, in bytes.
const STATE: u64 = 512;
/// The statement that says how large a buffer for the answer is, and one that says that it is larger.
pub(super) const CAPACITY: &str = "capacity = n + n + n + 1024";
pub(super) const LARGER: &str = "capacity = n + n + n + 1611";
/// The size of a structure or an area, in bytes.
const SMALL: u64 = 16;

/// A way to pass a line to a function. `None` if the arguments and the source do not go together. `more` are arguments of
/// other calls.
pub(super) fn entry(
    survey: &Survey,
    (name, ty): (&str, &Signature),
    source: &Source<'_>,
    form: Form,
    (args, more): (&[Arg], &[Arg]),
    cost: u32,
) -> Option<Entry> {
    let all = [args, more].concat();
    let is_slice = matches!(source, Source::Allocated(by) if by.slice.is_some());
    if all.contains(&Arg::Block) && !is_slice {
        return None;
    }
    let mut draft = Draft { cost, ..survey.base.clone() };
    if form.encoding() != Encoding::Bytes {
        draft.header.insert(0, format!("text   {}", form.encoding().word()));
    }
    let mut names = vec!["ptr"];
    match source {
        Source::Allocated(by) => allocated(by, form, &all, &mut draft, &mut names),
        Source::Buffer(address) => {
            if all.iter().any(|arg| needs_memory(*arg)) {
                return None;
            }
            draft.before.push(format!("ptr = {address}"));
            draft.before.extend(form.write("ptr"));
        }
        Source::Free(addr) | Source::Grown(addr) => {
            if matches!(source, Source::Grown(_)) {
                draft.once.insert(0, "grow 1".to_owned());
            }
            free(*addr, form, &all, &mut draft, &mut names);
        }
    }
    fill(&all, &mut draft);
    let address =
        args.iter().position(|arg| matches!(arg, Arg::Ptr | Arg::Pair(_) | Arg::Packed | Arg::PackedLow | Arg::Block));
    let length = args.iter().position(|arg| matches!(arg, Arg::Len | Arg::Units | Arg::End));
    let is_allocated = matches!(source, Source::Allocated(_));
    draft.transform = Some(call(name, args, ty.results.len()));
    let plain = Entry::new(draft, names, (name, ty), form.encoding(), (0, 0));
    Some(Entry { address, length, is_allocated, form, args: args.to_vec(), ..plain })
}

/// Whether an argument needs memory besides the line's.
fn needs_memory(arg: Arg) -> bool {
    matches!(arg, Arg::Pair(_) | Arg::Packed | Arg::PackedLow | Arg::Area | Arg::Buffer | Arg::State)
}

/// The blocks of a fixed size that arguments need, with their names and sizes.
fn blocks(args: &[Arg]) -> Vec<(&'static str, u64)> {
    let has = |wanted: &[Arg]| args.iter().any(|arg| wanted.contains(arg));
    let all = [
        ("state", STATE, has(&[Arg::State])),
        ("pair", SMALL, has(&[Arg::Packed, Arg::PackedLow]) || args.iter().any(|arg| matches!(arg, Arg::Pair(_)))),
        ("area", SMALL, has(&[Arg::Area])),
    ];
    all.into_iter().filter(|(.., is_needed)| *is_needed).map(|(name, size, _)| (name, size)).collect()
}

/// The statements that have the guest allocate memory.
fn allocated(by: &Allocator, form: Form, args: &[Arg], draft: &mut Draft, names: &mut Vec<&'static str>) {
    draft.allocator = Some(by.clone());
    draft.line_size = form.size();
    match by.slice {
        Some(half) => {
            draft.before.push(format!("block = {}", by.plain_call(form.size())));
            draft.before.push(format!("ptr = {}", half.of("block")));
        }
        None => draft.before.push(format!("ptr = {}", by.call(form.size()))),
    }
    draft.before.push("fail \"the guest has no memory for the line\" if ptr == 0".to_owned());
    if by.is_region {
        draft.before.extend(["write at u32[ptr]".to_owned(), "u32[ptr + 8] = n".to_owned()]);
    } else {
        draft.before.extend(form.write("ptr"));
    }
    for (name, size) in blocks(args) {
        draft.before.push(format!("{name} = {}", by.call(&size.to_string())));
        names.push(name);
    }
    if args.contains(&Arg::Buffer) {
        draft.before.push(CAPACITY.to_owned());
        draft.before.push(format!("buffer = {}", by.call("capacity")));
        names.extend(["buffer", "capacity"]);
    }
}

/// The statements that use memory from an address on.
fn free(addr: u64, form: Form, args: &[Arg], draft: &mut Draft, names: &mut Vec<&'static str>) {
    let mut free = addr;
    for (name, size) in blocks(args) {
        draft.before.push(format!("{name} = {free}"));
        names.push(name);
        free += size;
    }
    draft.before.push(format!("ptr = {free}"));
    draft.before.extend(form.write("ptr"));
    if args.contains(&Arg::Buffer) {
        draft.before.push(CAPACITY.to_owned());
        draft.before.push("buffer = ptr + n + 8".to_owned());
        names.extend(["buffer", "capacity"]);
    }
}

/// The statements that fill structures and areas.
fn fill(args: &[Arg], draft: &mut Draft) {
    let has = |arg: Arg| args.contains(&arg);
    let layout = args.iter().find_map(|arg| if let Arg::Pair(layout) = arg { Some(layout.words()) } else { None });
    if let Some([first, second, third]) = layout {
        let words = [format!("u32[pair] = {first}"), format!("u32[pair + 4] = {second}")];
        draft.before.extend(words.into_iter().chain([format!("u32[pair + 8] = {third}")]));
    }
    let mut add = |statements: &[&str]| draft.before.extend(statements.iter().map(|text| (*text).to_owned()));
    if has(Arg::Packed) {
        add(&["u32[pair] = ptr", "u32[pair + 4] = n"]);
    }
    if has(Arg::PackedLow) {
        add(&["u32[pair] = n", "u32[pair + 4] = ptr"]);
    }
    if has(Arg::Area) {
        // Beside a buffer, it may say how large that is.
        let first = if has(Arg::Buffer) { "u32[area] = capacity" } else { "u32[area] = 0" };
        add(&[first, "u32[area + 4] = 0"]);
    }
}

/// The call of a function, with names for its results.
pub(super) fn call(name: &str, args: &[Arg], results: usize) -> String {
    let args: Vec<_> = args.iter().map(|arg| arg.text()).collect();
    call_with(name, &args, results)
}

/// The same with arguments as values of a recipe.
pub(super) fn call_with(name: &str, args: &[Cow<'_, str>], results: usize) -> String {
    let call = format!("{}({})", quoted(name), args.join(", "));
    match results {
        0 => call,
        1 => format!("out = {call}"),
        _ => format!("({}) = {call}", result_names(results).join(", ")),
    }
}

/// The call of a function whose only result, if it has one, gets this name.
pub(super) fn named_call(result: &str, name: &str, args: &[Arg], results: usize) -> String {
    let args: Vec<_> = args.iter().map(|arg| arg.text()).collect();
    let call = format!("{}({})", quoted(name), args.join(", "));
    if results == 1 { format!("{result} = {call}") } else { call }
}

/// The names of a transform's results.
pub(super) fn result_names(results: usize) -> Vec<String> {
    match results {
        1 => vec!["out".to_owned()],
        _ => (1..=results).map(|number| format!("out{number}")).collect(),
    }
}
