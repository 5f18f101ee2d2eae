//! The standard streams of a program while they are connected to the host's, so that it reads and writes in pieces
//! instead of a line and its answer.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};

use crate::record::{Access, Failure};

/// The largest piece that is read at once, in bytes.
const CHUNK: usize = 1 << 20;

/// Where a program's standard input comes from, and where its standard output goes.
pub struct Streams {
    input: Box<dyn Read>,
    output: Box<dyn Write>,
    say: Box<SayLine>,
    /// Why the host could not read or write, which ended the program.
    error: Option<StreamError>,
    chunk: Vec<u8>,
    /// Whether the input is at its end.
    is_over: bool,
}

/// Gets a line of standard error.
type SayLine = dyn FnMut(&[u8]);

/// Why a program's input could not be read, or its output not be written.
#[derive(Debug)]
pub enum StreamError {
    /// Reading failed.
    Input(io::Error),
    /// Writing failed.
    Output(io::Error),
}

impl Streams {
    /// Reads from `input`, and writes to `output` at once. `say` gets each line of standard error.
    pub fn new(input: impl Read + 'static, output: impl Write + 'static, say: impl FnMut(&[u8]) + 'static) -> Streams {
        let (input, output, say) = (Box::new(input), Box::new(output), Box::new(say));
        Streams { input, output, say, error: None, chunk: Vec::new(), is_over: false }
    }

    /// Why the program was ended, if the host could not read or write.
    pub(super) fn into_error(self) -> Option<StreamError> {
        self.error
    }

    /// Waits for input, and returns up to `wanted` bytes of it: none at its end.
    ///
    /// # Errors
    /// The input cannot be read. [`Streams::into_error`] has the reason.
    pub(super) fn read(&mut self, wanted: u64) -> Result<&[u8], Box<Failure>> {
        let wanted = usize::try_from(wanted).unwrap_or(CHUNK).min(CHUNK);
        if self.chunk.len() < wanted {
            self.chunk.resize(wanted, 0);
        }
        // A program that goes on reading waits for nothing, so that its time counts.
        while !self.is_over {
            match self.input.read(&mut self.chunk[..wanted]) {
                Ok(count) => {
                    self.is_over = count == 0 && wanted > 0;
                    return Ok(&self.chunk[..count]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(error) => return self.end(StreamError::Input(error)),
            }
        }
        Ok(&[])
    }

    /// Passes on a line of standard error.
    pub(super) fn say(&mut self, line: &[u8]) {
        (self.say)(line);
    }

    /// Writes output from a guest's memory, and returns its size. Buffers are addresses and lengths.
    ///
    /// # Errors
    /// A buffer is out of bounds, or as for [`Streams::write`].
    pub(super) fn write_from(&mut self, memory: &[u8], buffers: &[(u64, u64)]) -> Result<usize, Box<Failure>> {
        let mut written = 0;
        for &(addr, len) in buffers {
            let end = addr.checked_add(len).and_then(|end| usize::try_from(end).ok());
            let bytes = end.zip(usize::try_from(addr).ok()).and_then(|(end, start)| memory.get(start..end));
            let outside = Failure::OutOfBounds { access: Access::Read, addr, len, memory: memory.len() as u64 };
            let bytes = bytes.ok_or(outside)?;
            self.write(bytes)?;
            written += bytes.len();
        }
        Ok(written)
    }

    /// Writes output.
    ///
    /// # Errors
    /// It cannot be written. [`Streams::into_error`] has the reason.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Box<Failure>> {
        match self.output.write_all(bytes).and_then(|()| self.output.flush()) {
            Ok(()) => Ok(()),
            Err(error) => self.end(StreamError::Output(error)),
        }
    }

    /// Ends the program.
    fn end<T>(&mut self, error: StreamError) -> Result<T, Box<Failure>> {
        self.error = Some(error);
        Err(Failure::Cancelled.into())
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("error", &self.error).finish_non_exhaustive()
    }
}
