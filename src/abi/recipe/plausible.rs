//! Whether a guest's results are plausible for the recipe. Only assumed conventions are checked: a user who chose a
//! recipe knows better.

use super::{Action, Expr, Length, Recipe};
use crate::guest::Interface;
use crate::record::{Failure, Limit, counted};

/// Compilers place no data below this address.
const FIRST_ADDRESS: u64 = 1024;

/// What is known of a module and its recipe, to judge results.
#[derive(Clone, Debug)]
pub(super) struct Plausible {
    /// The assumption and its alternatives, for failures.
    assumption: String,
    /// The module's data segments, as (start, end).
    data: Vec<(u64, u64)>,
    /// How the recipe uses the transform's result.
    result: Option<ResultUse>,
    /// Whether the guest allocated the line's memory, with the line's length.
    allocated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResultUse {
    Address,
    Length,
}

/// The address and length of the written line.
pub(super) type LineAt = (u64, u64);

impl Plausible {
    /// Collects what is known of an assumed recipe, for the memory with that index.
    pub(super) fn new(
        assumption: String,
        recipe: &Recipe,
        interface: &Interface,
        memory: usize,
        allocated: bool,
    ) -> Plausible {
        let own =
            interface.segments.iter().filter(|segment| u32::try_from(memory) == Ok(segment.memory) && segment.len > 0);
        let data = own.filter_map(|segment| Some((segment.addr?, segment.addr?.saturating_add(segment.len))));
        Plausible { assumption, data: data.collect(), result: recipe.result_use(), allocated }
    }

    /// Adds the assumption to a failure if it may be the cause. If the guest `has_answered` a line, a trap or an access out
    /// of bounds has another.
    #[cold]
    pub(super) fn explain(&self, failure: Failure, has_answered: bool) -> Failure {
        let may_be_why = match (&failure, failure.root()) {
            (_, Failure::Trap { .. } | Failure::OutOfBounds { .. }) if has_answered => false,
            (_, Failure::Trap { .. } | Failure::OutOfBounds { .. } | Failure::Mismatch(_)) => true,
            (_, Failure::Limit(Limit::Output(..)) | Failure::Unterminated { .. } | Failure::Backwards { .. }) => true,
            // The recipe rejected the result, not the line.
            (failure, Failure::Refused(_)) => matches!(failure, Failure::InRecipe { .. }),
            _ => false,
        };
        match may_be_why {
            true => Failure::Assumed { assumption: self.assumption.clone(), failure: Box::new(failure) },
            false => failure,
        }
    }
}

impl Recipe {
    /// How the transform's single result is used, if as an address or a length.
    fn result_use(&self) -> Option<ResultUse> {
        let transform = self.line.iter().find(|statement| statement.transform)?;
        let Action::Let(names, _) = &transform.action else { return None };
        let [result] = &names[..] else { return None };
        self.line.iter().find_map(|statement| match &statement.action {
            Action::Read(span) if is_offset_of(&span.at, result) => Some(ResultUse::Address),
            Action::Read(span) if matches!(&span.len, Length::Bytes(Expr::Name(name)) if name == result) => {
                Some(ResultUse::Length)
            }
            Action::Let(_, Expr::Load(_, at)) if is_offset_of(at, result) => Some(ResultUse::Address),
            _ => None,
        })
    }
}

/// Whether an address is `name` or a sum that contains it.
fn is_offset_of(at: &Expr, name: &str) -> bool {
    match at {
        Expr::Name(found) => found == name,
        Expr::Sum(left, _) | Expr::Difference(left, _) => is_offset_of(left, name),
        _ => false,
    }
}

impl Plausible {
    /// Why the transform's result is implausible; `None` if it is plausible.
    pub(super) fn doubts_result(&self, value: u64, line: Option<LineAt>) -> Option<String> {
        let (at, len) = line?;
        match self.result? {
            ResultUse::Address if value == len && len > 0 => {
                Some(format!("the guest returned {value}, which is the line's length, not an address"))
            }
            ResultUse::Address => self.doubts_address(value, at),
            ResultUse::Length if at > 0 && value == at => {
                Some(format!("the guest returned {value:#x}, which is the line's address, not a length"))
            }
            ResultUse::Length if at > 0 && len > 0 && value == at.saturating_add(len) => {
                Some(format!("the guest returned {value:#x}, which is where the line ends, not a length"))
            }
            ResultUse::Length if self.allocated && value > len => {
                Some(format!("the guest returned the length {value} for a block of {}", counted(len, "byte")))
            }
            ResultUse::Length => None,
        }
    }

    /// Why the answer's location is implausible; `None` if it is plausible.
    pub(super) fn doubts_answer(&self, at: u64, len: u64, line: Option<LineAt>) -> Option<String> {
        let end = at.saturating_add(len);
        let (line_at, line_len) = line?;
        if len == 0 {
            return None;
        }
        let over = |(start, end_of): (u64, u64)| at < start && end > end_of;
        let line_end = line_at.saturating_add(line_len);
        let into_line = line_len > 0 && at < line_at && end > line_at;
        let out_of_line = at > line_at && at < line_end && end > line_end;
        let over_data = self.data.iter().copied().find(|&data| over(data));
        let what = match (over_data, into_line || out_of_line) {
            (Some((start, _)), _) => format!("the module's data at {start:#x}"),
            (None, true) => format!("the line at {line_at:#x}"),
            (None, false) => return self.doubts_address(at, line_at),
        };
        Some(format!("the answer, {} at {at:#x}, would partly overlap {what}", counted(len, "byte")))
    }

    fn doubts_address(&self, addr: u64, line: u64) -> Option<String> {
        let data = self.data.iter().map(|(start, _)| *start).min().unwrap_or(FIRST_ADDRESS);
        let low = FIRST_ADDRESS.min(data).min(line);
        (addr != 0 && addr < low)
            .then(|| format!("{addr:#x} is not a plausible address: memory in use begins at {low:#x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plausible(result: Option<ResultUse>) -> Plausible {
        Plausible { assumption: String::new(), data: vec![(0x400, 0x410), (0x500, 0x600)], result, allocated: true }
    }

    #[test]
    fn a_result_is_told_from_a_length_and_from_an_address() {
        let line = Some((0x1000, 5));
        let address = plausible(Some(ResultUse::Address));
        assert!(address.doubts_result(5, line).is_some_and(|words| words.contains("the line's length")));
        assert!(address.doubts_result(1, line).is_some_and(|words| words.contains("0x1 is not a plausible address")));
        assert_eq!(address.doubts_result(0x400, line), None);
        let length = plausible(Some(ResultUse::Length));
        assert!(length.doubts_result(0x1000, line).is_some_and(|words| words.contains("the line's address")));
        assert!(length.doubts_result(0x1005, line).is_some_and(|words| words.contains("where the line ends")));
        assert!(length.doubts_result(6, line).is_some_and(|words| words.contains("a block of 5 bytes")));
        assert_eq!([0, 5].map(|len| length.doubts_result(len, line)), [None, None]);
        assert_eq!(address.doubts_result(5, None), None, "nothing is known of the line");
    }

    #[test]
    fn an_answer_lies_across_neither_the_data_nor_the_line() {
        let (any, line) = (plausible(None), Some((0x1000, 5)));
        let across = |at, len| any.doubts_answer(at, len, line).unwrap_or_default();
        assert!(across(0x3ff, 0x20).contains("the module's data at 0x400"));
        assert!(across(0xfff, 2).contains("the line at 0x1000") && across(0x1001, 5).contains("the line at 0x1000"));
        // Changed in place, trimmed, or grown; text in the data; text after the data's text.
        for (at, len) in [(0x1000, 5), (0x1001, 4), (0x1000, 50), (0x500, 3), (0x400, 0x20), (0x2000, 9), (0, 0)] {
            assert_eq!(across(at, len), "");
        }
        assert!(across(9, 5).contains("0x9 is not a plausible address"));
    }

    #[test]
    fn a_recipe_says_what_a_result_is_taken_for() {
        let of = |name: &str| crate::abi::built_in(name).expect("it is built in").result_use();
        assert_eq!(["c-string", "struct", "out-len", "canonical"].map(of)[..3], [Some(ResultUse::Address); 3]);
        assert_eq!(["in-place-len", "fixed-region"].map(of), [Some(ResultUse::Length); 2]);
        assert_eq!(["packed", "out-struct", "in-place"].map(of), [None; 3]);
    }
}
