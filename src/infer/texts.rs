//! Ways to pass a line of several texts, separated by tabs: each text has an address of its own.

use std::borrow::Cow;

use super::allocator::Allocator;
use super::draft::Draft;
use super::entry::Entry;
use super::passing::call_with;
use super::survey::Survey;
use crate::abi::recipe::Encoding;
use crate::guest::{Interface, Signature};

/// What separates the texts.
pub(super) const SEPARATOR: u8 = b'\t';
/// How many texts a line may have.
const MOST: usize = 4;
/// How many more parameters a function may have than addresses and lengths.
const MORE: usize = 3;

/// How texts are passed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Address and length of each.
    Lengths,
    /// Addresses; zero bytes end the texts.
    Nul,
}

impl Form {
    fn params(self) -> usize {
        if self == Form::Lengths { 2 } else { 1 }
    }
}

/// The number of texts in all of these lines, if it is the same and more than one.
pub(super) fn count<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<usize> {
    let mut counts = lines.map(|line| 1 + memchr::memchr_iter(SEPARATOR, line).count());
    let first = counts.next().filter(|first| (2..=MOST).contains(first))?;
    counts.all(|count| count == first).then_some(first)
}

/// The ways to pass so many texts to any of these functions.
pub(super) fn entries(survey: &Survey, interface: &Interface, call: Option<&str>, texts: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (number, (name, ty)) in interface.funcs().enumerate() {
        if call.is_some_and(|call| call != name) || ty.params.iter().any(|param| !param.is_number()) {
            continue;
        }
        for form in [Form::Lengths, Form::Nul] {
            let taken = form.params() * texts;
            if !(taken..=taken + MORE).contains(&ty.params.len()) {
                continue;
            }
            for (place, allocator) in survey.allocators.iter().enumerate() {
                // A region says its length.
                if allocator.is_region && form == Form::Lengths {
                    continue;
                }
                for first in 0..=ty.params.len() - taken {
                    for area in [None, Some(0), Some(ty.params.len() - 1)] {
                        if area.is_some_and(|area| (first..first + taken).contains(&area)) {
                            continue;
                        }
                        let draft = draft(survey, (name, ty), allocator, (form, texts), (first, area));
                        let names = area.map(|_| "area").into_iter().collect();
                        entries.push(Entry::new(draft, names, (name, ty), Encoding::Bytes, (number, place)));
                    }
                }
            }
        }
    }
    entries.sort_by_key(|entry| entry.draft.cost);
    entries
}

/// The recipe up to the transform, with the texts from the argument `first` on, and an area for the answer.
fn draft(
    survey: &Survey,
    (name, ty): (&str, &Signature),
    allocator: &Allocator,
    (form, texts): (Form, usize),
    (first, area): (usize, Option<usize>),
) -> Draft {
    let mut draft = survey.base.clone();
    draft.header.insert(0, "split  tab".to_owned());
    let mut args = vec!["0".to_owned(); ty.params.len()];
    for number in 1..=texts {
        let at = first + (number - 1) * form.params();
        args[at] = format!("ptr{number}");
        let is_ended = form == Form::Nul && !allocator.is_region;
        let (size, end) = if is_ended { (format!("n{number} + 1"), ", 0") } else { (format!("n{number}"), "") };
        if form == Form::Lengths {
            args[at + 1] = size.clone();
        }
        draft.before.push(format!("ptr{number} = {}", allocator.call(&size)));
        if allocator.is_region {
            draft.before.push(format!("write line{number} at u32[ptr{number}]"));
            draft.before.push(format!("u32[ptr{number} + 8] = n{number}"));
        } else {
            draft.before.push(format!("write line{number}{end} at ptr{number}"));
        }
    }
    if let Some(area) = area {
        "area".clone_into(&mut args[area]);
        draft.before.push(format!("area = {}", allocator.call("16")));
        draft.before.extend(["u32[area] = 0", "u32[area + 4] = 0"].map(str::to_owned));
    }
    let zeroes = args.iter().filter(|arg| *arg == "0").count();
    let args: Vec<_> = args.into_iter().map(Cow::Owned).collect();
    draft.transform = Some(call_with(name, &args, ty.results.len()));
    let unusual = allocator.args.iter().flatten().count() + if allocator.is_named { 0 } else { 3 };
    draft.cost = u32::try_from(zeroes * 2 + unusual).unwrap_or(u32::MAX)
        + u32::from(area.is_some())
        + u32::from(area.is_some_and(|area| area > 0))
        + if form == Form::Nul { 1 } else { 0 };
    draft
}
