//! Who wrote a byte last, and whether a range was written at all, searched in slices, as it may take long.

use std::ops::Range;
use std::task::Poll;
use std::time::Instant;

use super::gaps::{forgotten, hidden_writes};
use super::writers::{self, Access, bare_writes};
use super::{AccessEntry, Touches, Touching, exchange};
use crate::record::{Actor, Evidence, Found, Position, Run, Target};

/// The last writer of a byte, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastWriter {
    /// It is known.
    Known(Box<AccessEntry>),
    /// It is not known, for this reason.
    Unknown(String),
    /// Nothing wrote the byte.
    Nobody,
}

/// A search for the last writer of a byte up to now. Memory that was compared leaves it unknown.
#[derive(Clone, Debug)]
pub struct LastWriterSearch(Touches);

impl LastWriterSearch {
    /// A search for the last writer of the byte at an address.
    pub fn new(run: &Run, memory: usize, addr: u64) -> LastWriterSearch {
        let target = Target { memory, range: addr..addr.saturating_add(1), reads: false };
        let now = Position { cause: run.len(), change: 0, access: 0 };
        LastWriterSearch(Touches::new(target, Touching::Writes, now, true))
    }

    /// Goes on until the deadline, or to the end.
    pub fn go_on(&mut self, run: &Run, until: Option<Instant>) -> Poll<LastWriter> {
        self.0.go_on(run, until).map(|found| {
            let target = self.0.target();
            let kept = found.and_then(|found| described(run, found, target));
            last_writer(run, kept.or_else(|| last_bare(run, target)))
        })
    }
}

/// A search for the first write to a range, besides those of the module's data segments.
#[derive(Clone, Debug)]
pub struct FirstWriteSearch(Touches);

impl FirstWriteSearch {
    /// A search for the first write to a range of a memory.
    pub fn new(run: &Run, memory: usize, range: Range<u64>) -> FirstWriteSearch {
        FirstWriteSearch(Touches::all(Target { memory, range, reads: false }, Touching::Writes, run))
    }

    /// Goes on until the deadline, or to the end: `Ok(None)` says that nothing wrote there, an error why that is
    /// unknown.
    pub fn go_on(&mut self, run: &Run, until: Option<Instant>) -> Poll<Result<Option<AccessEntry>, String>> {
        let target = self.0.target().clone();
        if let Some(entry) = bare_writes(run, &target).find(|entry| entry.by != Actor::Module) {
            return Poll::Ready(Ok(Some(entry)));
        }
        loop {
            match self.0.go_on(run, until) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(found)) if run.actor(found) == Some(Actor::Module) => (),
                Poll::Ready(Some(found)) => return Poll::Ready(Ok(described(run, found, &target))),
                Poll::Ready(None) => {
                    let unknown = forgotten(run).or_else(|| hidden_writes(run, run.oldest_listed()));
                    return Poll::Ready(unknown.map_or(Ok(None), Err));
                }
            }
        }
    }
}

fn described(run: &Run, found: Found, target: &Target) -> Option<AccessEntry> {
    writers::described(run.cause(found.cause)?, found.cause, Access::Touch(found.touch), target)
}

/// What the last known write says of the last writer.
fn last_writer(run: &Run, entry: Option<AccessEntry>) -> LastWriter {
    let since = entry.as_ref().map_or(run.oldest_listed(), |entry| entry.cause);
    if let Some(reason) = hidden_writes(run, since).or_else(|| forgotten(run).filter(|_| entry.is_none())) {
        return LastWriter::Unknown(reason);
    }
    match entry {
        Some(entry) if entry.evidence == Evidence::Found => LastWriter::Unknown(match entry.touch {
            Some(_) => "the change was found by comparing memory".to_owned(),
            None => format!("only the written ranges of {} are kept", exchange(entry.cause)),
        }),
        Some(entry) => LastWriter::Known(Box::new(entry)),
        None => LastWriter::Nobody,
    }
}

/// The last write to a target in an exchange of which only the written ranges are kept. Several actors there leave it
/// unknown who was last.
fn last_bare(run: &Run, target: &Target) -> Option<AccessEntry> {
    let last = bare_writes(run, target).last()?;
    let others = bare_writes(run, target).filter(|other| other.cause == last.cause && other.by != last.by).count();
    Some(AccessEntry { evidence: if others > 0 { Evidence::Found } else { last.evidence }, ..last })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::abi::InputLine;
    use crate::guest::{Passes, Watchdog};
    use crate::session::{Live, Options, Source};

    /// The run of the built-in guest, whose stores are recorded, after these lines.
    fn run(lines: &[&str]) -> Run {
        let options = Options { trace: Passes { stores: true, ..Passes::default() }, ..Options::default() };
        let opened = Live::open(&Source::default_guest(), &options, Watchdog::new(None));
        let (mut live, start) = opened.map_err(|error| error.to_string()).expect("it opens");
        let mut run = Run::new(usize::MAX);
        run.push(Arc::new(start), live.present().clone());
        for (number, line) in (1..).zip(lines) {
            let cause = live.send(InputLine { bytes: line.as_bytes(), ended: true }, number);
            run.push(Arc::new(cause), live.present().clone());
        }
        run
    }

    /// The result of a search that goes on in the smallest slices, and how many it took.
    fn in_slices<T>(mut go_on: impl FnMut(Option<Instant>) -> Poll<T>) -> (T, usize) {
        let past = Some(Instant::now());
        (1..)
            .find_map(|slices| match go_on(past) {
                Poll::Pending => None,
                Poll::Ready(result) => Some((result, slices)),
            })
            .expect("it ends")
    }

    #[test]
    fn searches_can_be_interrupted_and_find_the_same() {
        let run = run(&["hello", "hi", "hi"]);
        for addr in [0x410, 0x415, 0x800] {
            let Poll::Ready(whole) = LastWriterSearch::new(&run, 0, addr).go_on(&run, None) else {
                panic!("it has all the time it needs")
            };
            let mut search = LastWriterSearch::new(&run, 0, addr);
            let (found, slices) = in_slices(|until| search.go_on(&run, until));
            assert_eq!(found, whole, "{addr:#x}");
            match found {
                LastWriter::Nobody => assert!(slices > run.len(), "each exchange is a slice at least: {slices}"),
                LastWriter::Known(entry) => assert!(addr < 0x800 && entry.cause > 0, "{entry:?}"),
                LastWriter::Unknown(why) => panic!("{addr:#x}: {why}"),
            }
        }
        let mut search = FirstWriteSearch::new(&run, 0, 0x800..0x900);
        let (found, slices) = in_slices(|until| search.go_on(&run, until));
        assert_eq!(found, Ok(None));
        assert!(slices >= run.len(), "each exchange is a slice at least: {slices}");
        let mut search = FirstWriteSearch::new(&run, 0, 0x41d..0x420);
        let (found, _) = in_slices(|until| search.go_on(&run, until));
        assert_eq!(found.expect("it is known").map(|entry| (entry.cause, entry.by)), Some((1, Actor::Guest)));
    }
}
