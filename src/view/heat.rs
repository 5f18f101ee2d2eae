//! How many bytes were written to each part of a memory, over all exchanges.

use std::task::Poll;
use std::time::Instant;

use super::{Touches, Touching};
use crate::record::{Actor, Change, Found, Run, Target, Touch};

/// The highest level of heat.
pub const HOTTEST: u8 = 9;

/// The bytes written to each part of a memory, as far as they were counted.
#[derive(Clone, Debug)]
pub struct Heat {
    /// Bytes in a part.
    size: u64,
    /// For each part.
    written: Vec<u64>,
    /// The rest to be counted; `None` once all is.
    touches: Option<Touches>,
}

impl Heat {
    /// The heat of a memory of `len` bytes in parts of `size` bytes, nothing counted yet but exchanges of which only
    /// the written ranges are kept.
    pub fn new(run: &Run, memory: usize, len: u64, size: u64) -> Heat {
        let parts = usize::try_from(len.div_ceil(size)).unwrap_or(0);
        let target = Target { memory, range: 0..len, reads: false };
        let touches = Some(Touches::all(target, Touching::Writes, run));
        let mut heat = Heat { size, written: vec![0; parts], touches };
        let bare = (run.oldest_listed()..run.oldest()).filter_map(|number| run.listed(number));
        for written in bare.flat_map(|cause| &cause.written) {
            if written.memory == memory && written.by != Actor::Module {
                written.overlapping(&(0..len)).for_each(|range| heat.add(range.start, range.end - range.start));
            }
        }
        heat
    }

    /// Counts on until the deadline, or to the end. Returns true when done.
    pub fn go_on(&mut self, run: &Run, until: Option<Instant>) -> bool {
        while let Some(touches) = &mut self.touches {
            match touches.go_on(run, until) {
                Poll::Pending => return false,
                Poll::Ready(None) => self.touches = None,
                Poll::Ready(Some(found)) => self.count(run, found),
            }
        }
        true
    }

    /// Whether all was counted.
    pub fn is_done(&self) -> bool {
        self.touches.is_none()
    }

    /// The most bytes written to one part.
    pub fn most(&self) -> u64 {
        self.written.iter().copied().max().unwrap_or(0)
    }

    /// The heat of each part: 0 where nothing was written, else from 1 to [`HOTTEST`], on a logarithmic scale.
    pub fn levels(&self) -> impl Iterator<Item = u8> {
        let bits = |bytes: u64| u64::from(bytes.max(1).ilog2());
        let most = bits(self.most()).max(1);
        let level = move |bytes| 1 + bits(bytes) * u64::from(HOTTEST - 1) / most;
        self.written.iter().map(move |&bytes| match bytes {
            0 => 0,
            bytes => u8::try_from(level(bytes)).unwrap_or(HOTTEST).min(HOTTEST),
        })
    }

    fn count(&mut self, run: &Run, found: Found) {
        let Some(cause) = run.cause(found.cause) else { return };
        match found.touch {
            Touch::Access(number) => {
                if let Some(access) = cause.accesses.get(number) {
                    self.add(access.addr, access.len);
                }
            }
            Touch::Change(number) => {
                let is_counted = |change: &&Change| change.place().is_some_and(|(.., by)| by != Actor::Module);
                if let Some(change) = cause.changes.get(number).filter(is_counted) {
                    change.runs().for_each(|range| self.add(range.start, range.end - range.start));
                }
            }
        }
    }

    fn add(&mut self, addr: u64, len: u64) {
        let (mut from, end) = (addr, addr.saturating_add(len));
        while from < end {
            let part = from / self.size;
            let to = end.min((part + 1).saturating_mul(self.size));
            let Some(written) = usize::try_from(part).ok().and_then(|part| self.written.get_mut(part)) else { return };
            *written += to - from;
            from = to;
        }
    }
}
