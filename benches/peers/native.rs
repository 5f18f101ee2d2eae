//! The native loop: what linmem's pipe does, without a guest.

use std::io::{self, BufRead, BufReader, Write};

use super::Work;

/// As much is read and written at once as linmem does.
const CHUNK: usize = 64 << 10;

/// Copies each line of stdin into a buffer, changes it there, and writes it to stdout.
pub(super) fn run(work: Work) -> io::Result<()> {
    let mut input = BufReader::with_capacity(CHUNK, io::stdin().lock());
    let mut output = io::stdout().lock();
    let (mut line, mut answers) = (Vec::new(), Vec::with_capacity(2 * CHUNK));
    while input.read_until(b'\n', &mut line)? > 0 {
        let is_ended = line.pop_if(|last| *last == b'\n').is_some();
        match work {
            Work::Append => line.extend_from_slice(b" Wasm is cool!"),
            Work::Capitals => line.make_ascii_uppercase(),
        }
        answers.extend_from_slice(&line);
        answers.extend(is_ended.then_some(b'\n'));
        line.clear();
        if answers.len() >= CHUNK {
            output.write_all(&answers)?;
            answers.clear();
        }
    }
    output.write_all(&answers)
}
