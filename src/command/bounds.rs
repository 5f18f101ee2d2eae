//! Limits on what a command lists, and bounds checks.

use super::{Error, Place, Reply};
use crate::record::Image;
use crate::view::{range, thousands};

/// The maximum number of rows, values, changes or regions that one command lists.
pub(super) const MOST: usize = 1024;

/// The error for a range without bytes.
pub(super) const EMPTY: &str = "the range is empty";

/// A list of lines, or a message if there are none.
pub(super) fn lines_or(lines: impl ExactSizeIterator<Item = String>, none: &str) -> Reply {
    let lines = first(lines);
    Reply::Text(if lines.is_empty() { vec![none.to_owned()] } else { lines })
}

/// A list of places, or a message if there are none.
pub(super) fn places_or(title: &str, places: Vec<Place>, none: &str) -> Reply {
    match places.is_empty() {
        true => Reply::Text(vec![none.to_owned()]),
        false => Reply::Places(title.to_owned(), places),
    }
}

/// The first lines, up to the limit, and the number of others.
pub(super) fn first(lines: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let left_out = lines.len().saturating_sub(MOST);
    let mut shown: Vec<_> = lines.take(MOST).collect();
    if left_out > 0 {
        shown.push(more(left_out));
    }
    shown
}

/// The line that ends a truncated list.
pub(super) fn more(left_out: usize) -> String {
    format!("... and {} more", thousands(left_out as u64))
}

/// Fails unless the bytes are in bounds.
pub(super) fn inside(image: &Image, addr: u64, len: u64) -> Result<(), Error> {
    match addr.checked_add(len) {
        Some(end) if end <= image.len() => Ok(()),
        _ if addr < image.len() => {
            Err(Error::Failed(format!("{} is out of bounds: memory ends at {:#x}", range(addr, len), image.len())))
        }
        _ => Err(Error::Failed(format!("{addr:#x} is out of bounds: memory ends at {:#x}", image.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_with_how_many_more_there_are() {
        let lines = |count: usize| first((0..count).map(|number| number.to_string()));
        assert!(lines(0).is_empty());
        assert_eq!(lines(MOST).last().map(String::as_str), Some("1023"));
        assert_eq!(lines(MOST + 2000).last().map(String::as_str), Some("... and 2,000 more"));
        assert_eq!(lines(MOST + 2000).len(), MOST + 1);
    }
}
