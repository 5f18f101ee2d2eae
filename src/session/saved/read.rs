//! Reads a session from a file, and checks all that it says.

use std::io::BufRead;
use std::sync::Arc;

use super::entry::{Entry, FORMAT, Head};
use super::{Saved, SessionFileError, guest, has_causes, line, v2};
use crate::record::{Cause, Change, Image, MEMORIES, Memories, PAGE, Run, WASM_PAGE, unit};
use crate::session::worker::{HISTORY, RUNS};
use crate::session::{Bookmarks, PastRun};

/// The most bytes that all memories of a guest may have, touched or not.
const SIZES: u64 = 64 << 30;
/// The most causes of a run that may have been forgotten.
const FORGOTTEN: u64 = 1 << 40;

/// Reads a file of any format that is known.
pub(super) fn read(mut input: impl BufRead, most: u64) -> Result<Saved, SessionFileError> {
    let mut text = Vec::new();
    let parse = parser(line::read(&mut input, &mut text).ok().flatten())?;
    let mut reader = Reader { most, ..Reader::default() };
    let damage = loop {
        let entry = line::read(&mut input, &mut text)
            .and_then(|line| line.ok_or_else(|| "unexpected end of file".to_owned()))
            .and_then(parse);
        match entry.and_then(|entry| reader.take(entry)) {
            Ok(true) => (),
            Ok(false) => break None,
            Err(why) => break Some(format!("damaged after cause {}: {why}", reader.causes)),
        }
    };
    // It may have been cut short where the last run begins.
    reader.runs.pop_if(|past| !has_causes(&past.run));
    match reader.runs.pop() {
        Some(last) => Ok(Saved { past: reader.runs, last, bookmarks: reader.bookmarks, damage }),
        None => Err(damage.map_or(SessionFileError::Empty, SessionFileError::Damaged)),
    }
}

type Parse = fn(&str) -> Result<Entry<'static>, String>;

/// What reads the lines after that head.
fn parser(head: Option<&str>) -> Result<Parse, SessionFileError> {
    let head = head.and_then(|head| serde_json::from_str(head).ok());
    let Head { linmem_session: format, linmem } = head.ok_or(SessionFileError::NotASession)?;
    match format {
        2 => Ok(v2::parse),
        FORMAT => Ok(|line| serde_json::from_str(line).map_err(|error| error.to_string())),
        format => Err(SessionFileError::UnknownFormat { format, linmem }),
    }
}

/// What was read of a file so far.
#[derive(Default)]
struct Reader {
    /// The most bytes that the memories may take.
    most: u64,
    /// The most that they can take by now: counted again only where that is much.
    taken: u64,
    /// The memories of the run to come.
    memories: Memories,
    start: Option<Memories>,
    runs: Vec<PastRun>,
    bookmarks: Bookmarks,
    /// A cause, and how many of its changes are still to come.
    open: Option<(Cause, usize)>,
    /// How many causes were read, and the cost of the one that is open.
    causes: u64,
    cost: u64,
}

impl Reader {
    /// Takes an entry in; false for the last.
    fn take(&mut self, entry: Entry<'_>) -> Result<bool, String> {
        match (entry, self.open.take()) {
            (Entry::Change(change), Some((mut cause, left))) => {
                let change = change.into_record()?;
                self.touch(&change)?;
                cause.changes.push(change);
                self.settle(cause, left - 1)?;
            }
            (_, Some((_, left))) => {
                return Err(format!("{left} {} missing", if left == 1 { "change is" } else { "changes are" }));
            }
            (Entry::Memory { bytes }, None) => self.memory(bytes)?,
            (Entry::Page { number, bytes }, None) => self.page(number, &bytes.0)?,
            (Entry::Start {}, None) => self.start = Some(std::mem::take(&mut self.memories)),
            (Entry::Run(run), None) => self.run(*run)?,
            (Entry::Cause(cause), None) => {
                self.cost = 0;
                let changes = cause.changes;
                self.settle(cause.into_record()?, changes)?;
            }
            (Entry::Marks(marks), None) => marks.into_iter().try_for_each(|mark| self.bookmarks.set(mark.into()))?,
            (Entry::Change(_), None) => return Err("a change belongs to no cause".to_owned()),
            (Entry::End { causes }, None) if causes == self.causes => return self.last_has_causes().map(|()| false),
            (Entry::End { causes }, None) => {
                return Err(format!("the file should have {causes} {}", unit(causes, "cause")));
            }
        }
        Ok(true)
    }

    fn memory(&mut self, len: u64) -> Result<(), String> {
        let sizes: u64 = self.memories.iter().map(Image::len).sum();
        if self.memories.len() >= MEMORIES || len > 65_536 * WASM_PAGE || sizes + len > SIZES {
            return Err(TOO_LARGE.to_owned());
        }
        self.memories.push(Image::zeroed(len));
        Ok(())
    }

    fn page(&mut self, number: u64, bytes: &[u8]) -> Result<(), String> {
        self.charge(PAGE as u64)?;
        let image = self.memories.last_mut().ok_or("a page belongs to no memory")?;
        let at = number.saturating_mul(PAGE as u64);
        if bytes.len() != PAGE || at >= image.len() {
            return Err("a page lies outside its memory".to_owned());
        }
        image.write(at, bytes);
        Ok(())
    }

    fn run(&mut self, run: guest::Run<'_>) -> Result<(), String> {
        self.last_has_causes()?;
        if self.runs.len() > RUNS {
            return Err("there are more runs than a session keeps".to_owned());
        }
        let guest::Run { guest, globals, oldest } = run;
        if oldest as u64 > FORGOTTEN {
            return Err(format!("no run is so long that {oldest} causes were forgotten"));
        }
        let start = self.start.take().unwrap_or_default();
        let run = Run::resumed(HISTORY, oldest, start, std::mem::take(&mut self.memories));
        self.runs.push(PastRun { about: guest.into(), run, globals: globals.into_iter().map(Into::into).collect() });
        Ok(())
    }

    /// The newest run must have causes before another may follow, or the end.
    fn last_has_causes(&self) -> Result<(), String> {
        match self.runs.last() {
            Some(past) if !has_causes(&past.run) => Err("a run has no causes".to_owned()),
            _ => Ok(()),
        }
    }

    /// Puts a cause on the timeline, once all its changes are there.
    fn settle(&mut self, cause: Cause, left: usize) -> Result<(), String> {
        if left > 0 {
            self.open = Some((cause, left));
            return Ok(());
        }
        if !cause.is_well_formed() {
            return Err("the steps of a cause do not fit together".to_owned());
        }
        let past = self.runs.last_mut().ok_or("a cause belongs to no run")?;
        let present = cause.apply(past.run.present()).ok_or("a change does not fit the memory before it")?;
        if present.iter().map(Image::len).sum::<u64>() > SIZES {
            return Err(TOO_LARGE.to_owned());
        }
        past.run.push(Arc::new(cause), present);
        self.causes += 1;
        Ok(())
    }

    /// Charges for what a change may touch, and for keeping it.
    fn touch(&mut self, change: &Change) -> Result<(), String> {
        self.cost = self.cost.saturating_add(change.cost() as u64);
        if self.cost > self.most.saturating_mul(4).saturating_add(HISTORY as u64) {
            return Err("a cause changes more than a session keeps".to_owned());
        }
        // The change's cost is at least that of its bytes, twice; and it may touch a page more at each end.
        self.charge(change.cost() as u64 + 2 * PAGE as u64)
    }

    fn charge(&mut self, bytes: u64) -> Result<(), String> {
        self.taken = self.taken.saturating_add(bytes);
        let most = self.most.max(1 << 20);
        if self.taken <= most.saturating_add(most / 4) {
            return Ok(());
        }
        self.taken = self.count();
        // Not a quarter more than that: it would be counted again and again where it is nearly full.
        match self.taken > most {
            true => Err(format!(
                "its memories take more than {} {} (--max-memory sets the limit)",
                self.most,
                unit(self.most, "byte")
            )),
            false => Ok(()),
        }
    }

    /// The bytes of all pages that the memories take.
    fn count(&self) -> u64 {
        let runs = self.runs.iter().flat_map(|past| past.run.present());
        let pages = |image: &Image| image.touched().count() as u64;
        runs.chain(&self.memories).map(pages).sum::<u64>() * PAGE as u64
    }
}

/// What is said of memories that no guest has.
const TOO_LARGE: &str = "its memories are larger than those of any guest";
