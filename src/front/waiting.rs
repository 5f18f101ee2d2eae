//! Streams that a guest waits for: the time that it waits does not count towards its limit.

use std::io::{Error, Read, Result, Write};

use crate::session::Watchdog;

/// A stream, and the watchdog of the guest that uses it.
pub(super) struct Waiting<T> {
    stream: T,
    watch: Watchdog,
}

impl<T> Waiting<T> {
    pub(super) fn new(stream: T, watch: &Watchdog) -> Waiting<T> {
        Waiting { stream, watch: watch.clone() }
    }

    fn wait<R>(&mut self, work: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        let result = self.watch.wait(|| work(&mut self.stream));
        if self.watch.cancels() { Err(Error::other("interrupted")) } else { result }
    }
}

impl<T: Read> Read for Waiting<T> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.wait(|stream| stream.read(into))
    }
}

impl<T: Write> Write for Waiting<T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.wait(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> Result<()> {
        self.wait(|stream| stream.flush())
    }
}
