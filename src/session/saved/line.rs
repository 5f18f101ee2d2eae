//! The lines of a saved session: JSON, a space, and the CRC-32 of the JSON as eight hexadecimal digits.

use std::io::{self, BufRead, Read, Write};

use serde::Serialize;

use crate::record::PAGE;

/// Maximum length of a line, in bytes. Lines and answers may have a quarter of that.
const LONGEST: u64 = 1 << 30;

/// Writes a line.
pub(super) fn write(out: &mut impl Write, entry: &impl Serialize) -> io::Result<()> {
    let mut summed = Summed { out: &mut *out, sum: crc32fast::Hasher::new(), left: LONGEST };
    serde_json::to_writer(&mut summed, entry)?;
    let sum = summed.sum.finalize();
    writeln!(out, " {sum:08x}")
}

/// A writer that computes a checksum.
struct Summed<W> {
    out: W,
    sum: crc32fast::Hasher,
    /// How many more bytes the line may have.
    left: u64,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| io::Error::other("a line or an answer in it is too long to be saved"))?;
        self.out.write_all(bytes)?;
        self.sum.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads the JSON of the next line into `line` and verifies its checksum; `None` at the end.
pub(super) fn read<'a>(input: &mut impl BufRead, line: &'a mut Vec<u8>) -> Result<Option<&'a str>, String> {
    line.clear();
    line.shrink_to(PAGE);
    input.take(LONGEST + 10).read_until(b'\n', line).map_err(|error| error.to_string())?;
    if line.is_empty() {
        return Ok(None);
    }
    let text = line.strip_suffix(b"\n").ok_or("a line is incomplete or too long")?;
    let (text, sum) = text.split_last_chunk::<9>().ok_or("a line is too short")?;
    if *sum != *format!(" {:08x}", crc32fast::hash(text)).as_bytes() {
        return Err("a checksum is wrong".to_owned());
    }
    std::str::from_utf8(text).map(Some).map_err(|error| error.to_string())
}
