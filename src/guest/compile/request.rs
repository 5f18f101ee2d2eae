//! What a process that compiles is asked for.

use std::path::PathBuf;
use std::time::Duration;

use super::effort::Effort;
use crate::guest::Cache;
use crate::guest::bytes::{Reader, put, put_option};
use crate::guest::cache::Key;

/// A request, besides the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// How much effort the code takes that is waited for. Behind quick code, optimised code is compiled.
    pub(super) effort: Effort,
    /// How long compiling in the background may take.
    pub(super) time: Option<Duration>,
    /// How many bytes of memory it may need.
    pub(super) memory: u64,
    /// Where optimised code is kept.
    pub(super) keeping: Option<Keeping>,
}

/// Where compiled code is kept, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::guest) struct Keeping {
    pub(in crate::guest) cache: Cache,
    pub(in crate::guest) key: Key,
    /// What is kept besides the compiled code.
    pub(in crate::guest) head: Vec<u8>,
}

impl Request {
    /// The request for optimised code, and nothing else.
    pub(super) const OPTIMIZED: Request = Request { effort: Effort::Full, time: None, memory: u64::MAX, keeping: None };

    /// The request as bytes. No bytes stand for [`Request::OPTIMIZED`].
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if *self == Request::OPTIMIZED {
            return out;
        }
        put(u32::from(self.effort == Effort::Quick), &mut out);
        put_option(self.time, &mut out, |time, out| put_long(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), out));
        put_long(self.memory, &mut out);
        put_option(self.keeping.as_ref(), &mut out, Keeping::put);
        out
    }

    /// Reads what [`Request::bytes`] returned.
    pub(super) fn read(bytes: &[u8]) -> Option<Request> {
        if bytes.is_empty() {
            return Some(Request::OPTIMIZED);
        }
        let mut from = Reader::new(bytes);
        let effort = if from.number()? == 1 { Effort::Quick } else { Effort::Full };
        let time = from.option(long)?.map(Duration::from_millis);
        let request = Request { effort, time, memory: long(&mut from)?, keeping: from.option(Keeping::read)? };
        from.end().map(|()| request)
    }
}

impl Keeping {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(self.cache.folder().as_os_str().as_encoded_bytes(), out);
        put_long(self.cache.most(), out);
        self.key.put(out);
        put_bytes(&self.head, out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Keeping> {
        let cache = Cache::new(path(bytes(from)?)?, long(from)?);
        Some(Keeping { cache, key: Key::read(from)?, head: bytes(from)?.to_vec() })
    }
}

/// The path in these bytes.
#[cfg(unix)]
fn path(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(std::ffi::OsStr::from_bytes(bytes).into())
}

/// Nothing is kept on other systems.
#[cfg(not(unix))]
fn path(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

fn put_long(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn long(from: &mut Reader<'_>) -> Option<u64> {
    Some(u64::from_le_bytes(from.take(8)?.try_into().ok()?))
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_long(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn bytes<'a>(from: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = usize::try_from(long(from)?).ok()?;
    from.take(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::compile::effort::engine;
    use crate::guest::{Passes, PointRequest};

    #[test]
    fn requests_are_read_as_they_were_written_or_not_at_all() {
        let passes = Passes { stores: true, ..Passes::default() };
        let key = Key::new(b"a module", passes, &PointRequest::default(), &engine(Effort::Full));
        let keeping = Keeping { cache: Cache::new("/a/folder".into(), 1 << 40), key, head: vec![7; 300] };
        let time = Some(Duration::from_millis(1500));
        let request = Request { effort: Effort::Quick, time, memory: 1 << 33, keeping: Some(keeping) };
        for request in [request.clone(), Request { keeping: None, time: None, ..request }] {
            let bytes = request.bytes();
            for len in 1..bytes.len() {
                assert_eq!(Request::read(&bytes[..len]), None, "{len} bytes");
            }
            assert_eq!(Request::read(&bytes), Some(request));
        }
        assert_eq!(Request::read(&Request::OPTIMIZED.bytes()), Some(Request::OPTIMIZED));
    }
}
