//! An exchange as one JSON object on one line: what `linmem guide json` describes.

mod exchange;
mod failure;
mod value;

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Serializer;

use self::exchange::Exchange;
use crate::check::Finding;
use crate::record::{Cause, Failure};
use crate::view::is_printable as is_printable_text;

/// Writes an exchange of a run. Runs are numbered from 1.
pub(super) fn write_cause(
    out: &mut impl Write,
    run: usize,
    line: u64,
    cause: &Cause,
    findings: &[Finding],
) -> io::Result<()> {
    write(out, &Exchange::new(run, line, cause, findings))
}

/// Writes a line that was not sent, and why.
pub(super) fn write_unsent(out: &mut impl Write, line: u64, failure: &Failure) -> io::Result<()> {
    write(out, &Exchange::unsent(line, failure))
}

/// A value as one line of JSON.
pub(super) fn line(value: &impl Serialize) -> String {
    let mut line = Vec::new();
    // Writing to a buffer cannot fail, and all keys are strings.
    let _ = write(&mut line, value);
    String::from_utf8(line).unwrap_or_default()
}

fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Escaping))?;
    out.write_all(b"\n")
}

/// Compact JSON that escapes control and invisible characters.
struct Escaping;

impl serde_json::ser::Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c: char| !is_printable(c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let c = rest[at..].chars().next().unwrap_or_default();
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        c => is_printable_text(c),
    }
}
