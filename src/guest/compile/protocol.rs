//! What this process and the one that compiles for it tell each other.
//!
//! What is asked for comes first, then the module, each after its length. The replies are frames: a byte that says what
//! it is, a length, content.

use std::io::{self, ErrorKind, Read, Write};

/// The argument that has linmem compile what it reads. It is not meant to be typed.
pub(super) const WORD: &str = "compile-stdin";

/// What the process says first: only the same linmem understands the rest.
pub(super) const GREETING: &str = concat!(env!("CARGO_PKG_VERSION"), " ", env!("LINMEM_GUEST_SOURCES"));

/// A reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// The greeting.
    Greeting(Vec<u8>),
    /// How much is compiled, of how much.
    Progress(u64, u64),
    /// The compiled code. If quick code was asked for, optimised code follows, unless that is kept.
    Artifact(Vec<u8>),
    /// The compiler's message, if it rejects the module.
    Refused(String),
}

const GREETS: u8 = b'g';
const PROGRESS: u8 = b'p';
const ARTIFACT: u8 = b'a';
const REFUSED: u8 = b'r';

impl Frame {
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let (kind, content) = match self {
            Frame::Greeting(text) => (GREETS, text.as_slice()),
            Frame::Progress(done, total) => {
                let numbers = [done.to_le_bytes(), total.to_le_bytes()].concat();
                return write(PROGRESS, &numbers, out);
            }
            Frame::Artifact(bytes) => (ARTIFACT, bytes.as_slice()),
            Frame::Refused(text) => (REFUSED, text.as_bytes()),
        };
        write(kind, content, out)
    }

    /// Reads a frame.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Frame> {
        let mut kind = [0];
        from.read_exact(&mut kind)?;
        let content = read_bytes(from)?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).map_err(|_| malformed());
        Ok(match kind[0] {
            GREETS => Frame::Greeting(content),
            PROGRESS if content.len() == 16 => Frame::Progress(number(&content[..8])?, number(&content[8..])?),
            ARTIFACT => Frame::Artifact(content),
            REFUSED => Frame::Refused(text(content)),
            _ => return Err(malformed()),
        })
    }
}

fn write(kind: u8, content: &[u8], out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[kind])?;
    write_bytes(content, out)?;
    out.flush()
}

/// Writes bytes after their length.
pub(super) fn write_bytes(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)
}

/// Reads what [`write_bytes`] wrote.
pub(super) fn read_bytes(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut len = [0; 8];
    from.read_exact(&mut len)?;
    let len = u64::from_le_bytes(len);
    let mut bytes = Vec::new();
    // What is not sent is not allocated.
    from.take(len).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == len { Ok(bytes) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn malformed() -> io::Error {
    ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_they_were_written_or_not_at_all() {
        let frames = [
            Frame::Greeting(b"hello".to_vec()),
            Frame::Progress(7, u64::MAX),
            Frame::Artifact(vec![3; 1000]),
            Frame::Refused("no".to_owned()),
        ];
        for frame in frames {
            let mut bytes = Vec::new();
            frame.write(&mut bytes).expect("a vector takes it");
            for len in 0..bytes.len() {
                assert!(Frame::read(&mut &bytes[..len]).is_err(), "{len} bytes of {frame:?}");
            }
            assert_eq!(Frame::read(&mut bytes.as_slice()).expect("it is whole"), frame);
        }
        let other = [b"p\x01\0\0\0\0\0\0\0x", &b"?\0\0\0\0\0\0\0\0"[..]];
        other.iter().for_each(|bytes| assert!(Frame::read(&mut &bytes[..]).is_err()));
        let endless = [&b"a"[..], &u64::MAX.to_le_bytes(), b"few"].concat();
        assert!(Frame::read(&mut endless.as_slice()).is_err());
    }
}
