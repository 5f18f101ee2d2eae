//! Lines that the guest asks for as values of JavaScript: the transform is given a number that stands for the line, and
//! passes it to an import that returns the text.

use std::borrow::Cow;

use super::draft::Draft;
use super::entry::Entry;
use super::passing::call_with;
use super::survey::Survey;
use crate::abi::quoted;
use crate::abi::recipe::Encoding;
use crate::guest::{Import, Interface, Signature};

/// What stands for the line. The first numbers are taken: undefined, null and the like.
const LINE: &str = "1000";
/// The number of the first such way, among the places for a line.
const VALUES: usize = 3000;
/// How many parameters a function may have.
const MOST: usize = 3;
const COST: u32 = 5;

/// How an import returns the text: the part of its name, what is written, and how much that is.
const GETTERS: [(&str, &str, &str); 3] = [
    ("string_get", "write at text", "n"),
    ("json_serialize", "write \"\\\"\", line, \"\\\"\" at text", "n + 2"),
    ("json_serialize", "write at text", "n"),
];

/// The ways to pass a line as a value, if the guest imports what returns its text.
pub(super) fn entries(survey: &Survey, interface: &Interface, call: Option<&str>) -> Vec<Entry> {
    let Some(allocator) = survey.allocators.first() else { return Vec::new() };
    let mut found = Vec::new();
    for (variant, (part, write, size)) in GETTERS.into_iter().enumerate() {
        let gets = |ty: &Signature| ty.params.len() == 2 && ty.results.is_empty();
        let mut getters = interface.imported_funcs().filter(|(_, import, ty)| import.name.contains(part) && gets(ty));
        let Some((_, getter, _)) = getters.next() else { continue };
        let handler = [
            format!("on {}.{}(at, value)", quoted(&getter.module), quoted(&getter.name)),
            format!("  text = {}", allocator.call(size)),
            format!("  {write}"),
            "  u32[at] = text".to_owned(),
            format!("  u32[at + 4] = {size}"),
        ];
        for (number, func) in interface.funcs().enumerate() {
            let fits = (1..=MOST).contains(&func.1.params.len()) && func.1.params.iter().all(|param| param.is_number());
            if !fits || call.is_some_and(|call| call != func.0) || func.0.starts_with("__") {
                continue;
            }
            for (place, with_area) in [(0, false), (1, true)] {
                if place < func.1.params.len() {
                    let draft = draft(survey, interface, func, &handler, with_area);
                    found.push(Entry::new(draft, vec![], func, Encoding::Bytes, (number, VALUES + variant)));
                }
            }
        }
    }
    found
}

/// The recipe up to the transform, which may be given an area for the answer before what stands for the line.
fn draft(
    survey: &Survey,
    interface: &Interface,
    (name, ty): (&str, &Signature),
    getter: &[String],
    with_area: bool,
) -> Draft {
    let mut draft = Draft { cost: COST + u32::from(with_area), ..survey.base.clone() };
    let mut args = vec![Cow::Borrowed("0"); ty.params.len()];
    args[usize::from(with_area)] = LINE.into();
    if with_area {
        args[0] = "area".into();
        draft.before.extend(survey.allocators.first().map(|by| format!("area = {}", by.call("16"))));
    }
    draft.transform = Some(call_with(name, &args, ty.results.len()));
    draft.handlers.extend(getter.iter().cloned());
    let asks = |import: &Import, ty: &Signature| import.name.contains("is_string") && ty.params.len() == 1;
    for (_, import, _) in interface.imported_funcs().filter(|(_, import, ty)| asks(import, ty)) {
        let title = format!("on {}.{}(value)", quoted(&import.module), quoted(&import.name));
        draft.handlers.extend([title, "  return 1".to_owned()]);
    }
    draft
}
