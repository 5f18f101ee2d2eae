//! How many bytes the guest and the host wrote to each part of a memory, over all exchanges. The fill of `--poison` is
//! not counted: no exchange asked for it.

use std::task::Poll;
use std::time::Instant;

use super::gaps::gaps;
use super::{Touches, Touching};
use crate::check::is_poison;
use crate::record::{Actor, Cause, Change, Found, Run, StepKind, Target, Touch};

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
    is_lower_bound: bool,
}

impl Heat {
    /// The heat of a memory of `len` bytes in parts of `size` bytes, nothing counted yet but exchanges of which only
    /// the written ranges are kept.
    pub fn new(run: &Run, memory: usize, len: u64, size: u64) -> Heat {
        let parts = usize::try_from(len.div_ceil(size)).unwrap_or(0);
        let target = Target { memory, range: 0..len, reads: false };
        let touches = Some(Touches::all(target, Touching::Writes, run));
        let is_lower_bound = !gaps(run, false).is_empty();
        let mut heat = Heat { size, written: vec![0; parts], touches, is_lower_bound };
        let bare = (run.oldest_listed()..run.oldest()).filter_map(|number| run.listed(number));
        bare.for_each(|cause| heat.count_bare(cause, memory, len));
        heat
    }

    /// Whether more may have been written than was counted: of some writes, only which bytes they wrote is known, or less.
    pub fn is_lower_bound(&self) -> bool {
        self.is_lower_bound
    }

    /// Counts a cause of which only the written ranges are kept: each byte that the guest wrote once, and the writes of
    /// the host.
    fn count_bare(&mut self, cause: &Cause, memory: usize, len: u64) {
        for written in cause.written.iter().filter(|written| written.memory == memory) {
            match written.by {
                Actor::Module => (),
                Actor::Guest => {
                    written.overlapping(&(0..len)).for_each(|range| self.add(range.start, range.end - range.start));
                }
                Actor::Host => {
                    for (place, step) in cause.steps.iter().enumerate() {
                        let StepKind::Write { memory: of, addr, len, .. } = step.kind else { continue };
                        // One that failed wrote nothing.
                        let is_made = written.overlapping(&(addr..addr.saturating_add(len))).next().is_some();
                        if of == memory && is_made && !is_poison(cause, place) {
                            self.add(addr, len);
                        }
                    }
                }
            }
        }
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
                if let Some(change) = cause.changes.get(number).filter(is_counted)
                    && !is_fill(cause, number)
                {
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

/// Whether `--poison` made a change.
fn is_fill(cause: &Cause, change: usize) -> bool {
    // The last step that began before it. If that has not made it, a call around that step has.
    let step = cause.steps.partition_point(|step| step.changes.start <= change).checked_sub(1);
    step.is_some_and(|step| cause.steps[step].changes.contains(&change) && is_poison(cause, step))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::abi::InputLine;
    use crate::guest::{Passes, Watchdog};
    use crate::session::{Live, Options, Source};

    /// Bytes written to the memory of a guest with an allocator, for two lines, and whether more may have been.
    fn heat(stores: bool, poison: Option<u8>, budget: usize) -> (u64, bool) {
        let trace = Passes { stores, ..Passes::default() };
        let options = Options { trace, poison, ..Options::default() };
        let source = Source::find(std::path::Path::new("packed")).expect("it is built in");
        let opened = Live::open(&source, &options, Watchdog::new(None));
        let (mut live, start) = opened.map_err(|error| error.to_string()).expect("it opens");
        let mut run = Run::new(budget);
        run.push(Arc::new(start), live.present().clone());
        for number in 1..3 {
            let cause = live.send(InputLine { bytes: b"Did you know", ended: true }, number);
            assert!(cause.outcome.is_ok());
            run.push(Arc::new(cause), live.present().clone());
        }
        let len = run.present()[0].len();
        let mut heat = Heat::new(&run, 0, len, len);
        assert!(heat.go_on(&run, None));
        (heat.most(), heat.is_lower_bound())
    }

    #[test]
    fn the_fill_of_poison_is_not_counted() {
        let (plain, is_lower_bound) = heat(true, None, usize::MAX);
        assert!(plain > 2 * 12 && !is_lower_bound, "{plain}");
        assert_eq!(heat(true, Some(0xcc), usize::MAX), (plain, false));
    }

    #[test]
    fn what_was_not_recorded_or_kept_makes_the_counts_a_lower_bound() {
        let (plain, _) = heat(true, None, usize::MAX);
        let (compared, is_lower_bound) = heat(false, None, usize::MAX);
        assert!(is_lower_bound && compared <= plain, "{compared} of {plain}");
        for poison in [None, Some(0xcc)] {
            let (listed, is_lower_bound) = heat(true, poison, 1);
            assert!(is_lower_bound && listed > 0 && listed <= plain, "{listed} of {plain}");
        }
    }
}
