//! Splits input into lines, in one reused buffer.

use std::io::{ErrorKind, Read, Result};

/// The size of one read.
const CHUNK: usize = 64 << 10;

/// Reads from `R`, split at a separator.
pub struct Lines<R> {
    input: R,
    separator: u8,
    longest: usize,
    buffer: Vec<u8>,
    /// The start of what was not returned yet.
    start: usize,
    end: usize,
    /// The buffer has no separator before this position.
    searched: usize,
    /// The position after the last separator in the buffer; 0 if there is none.
    last: usize,
    over: bool,
    /// Whether the rest of an overlong line is being skipped.
    skipping: bool,
}

/// The result of [`Lines::piece`].
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line, and whether a separator ended it.
    Line(&'a [u8], bool),
    /// A line over the limit, which was dropped, and whether a separator ended it.
    TooLong(bool),
    /// The next line is incomplete: call [`Lines::fill`].
    Wanting,
    /// End of input.
    End,
}

impl<R: Read> Lines<R> {
    /// Splits at `separator` into lines of at most `longest` bytes.
    pub fn new(input: R, separator: u8, longest: usize) -> Lines<R> {
        Lines {
            input,
            separator,
            longest,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            searched: 0,
            last: 0,
            over: false,
            skipping: false,
        }
    }

    /// The next line in the buffer. Never reads.
    pub fn piece(&mut self) -> Piece<'_> {
        let found = memchr::memchr(self.separator, &self.buffer[self.searched..self.end]);
        let (line_end, ended) = match (found, self.over) {
            (Some(at), _) => (self.searched + at, true),
            (None, true) if self.start < self.end || self.skipping => (self.end, false),
            (None, true) => return Piece::End,
            (None, false) => return self.want(),
        };
        let line = self.start..line_end;
        self.start = (line_end + 1).min(self.end);
        self.searched = self.start;
        if std::mem::take(&mut self.skipping) || line.len() > self.longest {
            return Piece::TooLong(ended);
        }
        Piece::Line(&self.buffer[line], ended)
    }

    /// The complete lines in the buffer, with their separators, up to the first that is too long; [`Lines::piece`]
    /// returns the others. Never reads.
    pub fn whole(&self) -> &[u8] {
        if self.skipping || self.last <= self.start {
            return &[];
        }
        let lines = &self.buffer[self.start..self.last];
        let most = lines.len().min(self.longest);
        match memchr::memrchr(self.separator, &lines[..most]) {
            Some(last) => &lines[..=last],
            None => &[],
        }
    }

    /// Consumes that many bytes of [`Lines::whole`], up to the start of a line.
    pub fn skip(&mut self, bytes: usize) {
        self.start += bytes;
        self.searched = self.searched.max(self.start);
    }

    /// Whether the next line is too long, and its end was not read yet: there may be none.
    pub fn is_skipping(&self) -> bool {
        self.skipping
    }

    fn want(&mut self) -> Piece<'_> {
        self.searched = self.end;
        if self.end - self.start > self.longest {
            self.skipping = true;
        }
        if self.skipping {
            self.start = self.end;
        }
        Piece::Wanting
    }

    /// Reads once. The read may block, so flush pending answers before.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn fill(&mut self) -> Result<()> {
        self.make_room();
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.over = true,
                Ok(count) => self.take(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }

    /// Accounts for that many bytes read.
    fn take(&mut self, count: usize) {
        let new = self.end..self.end + count;
        self.end += count;
        if let Some(at) = memchr::memrchr(self.separator, &self.buffer[new.clone()]) {
            self.last = new.start + at + 1;
        }
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.searched -= self.start;
            self.last = self.last.saturating_sub(self.start);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < CHUNK / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reader that returns a few bytes at a time.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> Result<usize> {
            let count = self.1.min(self.0.len()).min(into.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn all(input: &[u8], drip: usize, longest: usize) -> Vec<(Option<Vec<u8>>, bool)> {
        let one_by_one = found(input, drip, longest, |_| 0);
        // In batches, all lines or only the first of those available.
        assert_eq!(found(input, drip, longest, <[u8]>::len), one_by_one);
        assert_eq!(
            found(input, drip, longest, |whole| whole.iter().position(|&b| b == b'\n').map_or(0, |at| at + 1)),
            one_by_one
        );
        one_by_one
    }

    /// The lines. `taken` decides how many bytes of the complete lines to consume in one go.
    fn found(input: &[u8], drip: usize, longest: usize, taken: fn(&[u8]) -> usize) -> Vec<(Option<Vec<u8>>, bool)> {
        let mut lines = Lines::new(Drip(input, drip), b'\n', longest);
        let mut found = Vec::new();
        loop {
            let bytes = taken(lines.whole());
            let taken = lines.whole()[..bytes].split_inclusive(|&byte| byte == b'\n');
            found.extend(taken.map(|line| (Some(line[..line.len() - 1].to_vec()), true)));
            lines.skip(bytes);
            match lines.piece() {
                Piece::Line(line, ended) => found.push((Some(line.to_vec()), ended)),
                Piece::TooLong(ended) => found.push((None, ended)),
                Piece::Wanting => lines.fill().expect("a slice never fails"),
                Piece::End => return found,
            }
        }
    }

    proptest! {
        #[test]
        fn lines_are_those_between_separators(input in "[ab\n]{0,40}", drip in 1usize..9) {
            let mut expected: Vec<_> = input.split('\n').map(|line| (Some(line.as_bytes().to_vec()), true)).collect();
            expected.last_mut().expect("split gives one").1 = false;
            if input.is_empty() || input.ends_with('\n') {
                expected.pop();
            }
            prop_assert_eq!(all(input.as_bytes(), drip, 100), expected);
        }

        #[test]
        fn a_long_line_is_dropped_and_the_next_is_not(long in 6usize..40, drip in 1usize..9, ended: bool) {
            let mut input = [b"ab\n".to_vec(), vec![b'x'; long]].concat();
            let mut expected = vec![(Some(b"ab".to_vec()), true), (None, ended)];
            if ended {
                input.extend(b"\ncd\n");
                expected.push((Some(b"cd".to_vec()), true));
            }
            prop_assert_eq!(all(&input, drip, 5), expected);
        }
    }

    #[test]
    fn lines_longer_than_a_read_are_whole() {
        let long = vec![b'y'; 3 * CHUNK + 7];
        let input = [&long[..], b"\nend"].concat();
        assert_eq!(all(&input, CHUNK, 10 * CHUNK), [(Some(long), true), (Some(b"end".to_vec()), false)]);
    }
}
