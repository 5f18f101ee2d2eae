//! A way to pass a line to a function.

use super::allocator::Allocator;
use super::arguments::{Arg, Form};
use super::draft::Draft;
use crate::abi::recipe::Encoding;
use crate::guest::Signature;

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
        // Where a reference or an option is wanted, anything but zero may fail before the line is read.
        let is_modest = self.args.iter().all(|arg| arg.is_plain() && *arg != Arg::Number(1) || *arg == Arg::Area);
        (func, self.address, self.length, place, is_modest)
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
/// the place in memory, as what was taken for an allocator may be something else, and whether other arguments are zero.
pub(super) type Kind = (usize, Option<usize>, Option<usize>, usize, bool);

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
