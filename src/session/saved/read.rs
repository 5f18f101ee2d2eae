//! Reads a session from a file and validates it.

use std::io::{BufRead, Read};
use std::sync::Arc;

use super::entry::{Entry, FORMAT, Head};
use super::{Saved, SessionFileError, cause, guest, has_causes, line, places, v2};
use crate::check::Findings;
use crate::record::{Cause, Change, Image, MEMORIES, Memories, PAGE, Run, WASM_PAGE, counted, unit};
use crate::session::about::{HISTORY, RUNS};
use crate::session::{About, Bookmarks, PastRun};

/// Maximum length of the first line, in bytes.
const HEAD: u64 = 4096;
/// Maximum total size of a guest's memories, touched or not.
const SIZES: u64 = 64 << 30;
/// Maximum number of forgotten causes of a run.
const FORGOTTEN: u64 = 1 << 40;

/// Reads a file of any known format.
pub(super) fn read(mut input: impl BufRead, most: u64) -> Result<Saved, SessionFileError> {
    let mut text = Vec::new();
    let parse = parser(line::read(&mut input.by_ref().take(HEAD), &mut text).ok().flatten())?;
    let mut reader = Reader { most, ..Reader::default() };
    let damage = loop {
        let entry = line::read(&mut input, &mut text)
            .and_then(|line| line.ok_or_else(|| "unexpected end of file".to_owned()))
            .and_then(parse);
        match entry.and_then(|entry| reader.take(entry)) {
            Ok(true) => (),
            Ok(false) => break None,
            Err(why) => break Some(format!("damaged after record {}: {why}", reader.causes)),
        }
    };
    // The file may be truncated at the start of the last run.
    reader.runs.pop_if(|past| !has_causes(&past.run));
    match reader.runs.pop() {
        Some(last) => Ok(Saved { past: reader.runs, last, bookmarks: reader.bookmarks, damage }),
        None => Err(damage.map_or(SessionFileError::Empty, SessionFileError::Damaged)),
    }
}

type Parse = fn(&str) -> Result<Entry<'static>, String>;

/// The parser for the lines after this header.
fn parser(head: Option<&str>) -> Result<Parse, SessionFileError> {
    let head = head.and_then(|head| serde_json::from_str(head).ok());
    let Head { linmem_session: format, linmem } = head.ok_or(SessionFileError::NotASession)?;
    match format {
        2 => Ok(v2::parse),
        FORMAT => Ok(|line| serde_json::from_str(line).map_err(|error| error.to_string())),
        format => Err(SessionFileError::UnknownFormat { format, linmem }),
    }
}

/// Everything read so far.
#[derive(Default)]
struct Reader {
    /// Maximum size of the memories, in bytes.
    most: u64,
    /// Upper bound of their current size. Recounted only when it is large.
    taken: u64,
    /// The memories of the next run.
    memories: Memories,
    start: Option<Memories>,
    runs: Vec<PastRun>,
    bookmarks: Bookmarks,
    /// A cause, and how many of its changes are missing.
    open: Option<(Cause, usize)>,
    /// Number of causes read, and the cost of the open one.
    causes: u64,
    cost: u64,
}

impl Reader {
    /// Adds an entry. Returns false for the last.
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
            (Entry::Change(_), None) => return Err("a change belongs to no record".to_owned()),
            (Entry::End { causes }, None) if causes == self.causes => return self.last_has_causes().map(|()| false),
            (Entry::End { causes }, None) => {
                return Err(format!("the file should have {causes} {}", unit(causes, "record")));
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
            return Err("a page is outside its memory".to_owned());
        }
        image.write(at, bytes);
        Ok(())
    }

    fn run(&mut self, run: guest::Run<'_>) -> Result<(), String> {
        self.last_has_causes()?;
        if self.runs.len() > RUNS {
            return Err("there are more runs than a session keeps".to_owned());
        }
        let guest::Run { guest, globals, oldest, listed, places } = run;
        if oldest as u64 > FORGOTTEN {
            return Err(format!("invalid number of dropped exchanges: {oldest}"));
        }
        let start = self.start.take().unwrap_or_default();
        let mut run = Run::resumed(HISTORY, oldest, start, std::mem::take(&mut self.memories));
        run.list(listed.into_iter().map(listed_cause).collect::<Result<_, _>>()?);
        let mut about = About::from(guest);
        about.debug = places::debug_info(places).map(Arc::new);
        let globals = globals.into_iter().map(Into::into).collect();
        self.runs.push(PastRun { about, run, globals, findings: Findings::default() });
        Ok(())
    }

    /// Checks that the newest run has causes before another run or the end may follow.
    fn last_has_causes(&self) -> Result<(), String> {
        match self.runs.last() {
            Some(past) if !has_causes(&past.run) => Err("a run has no records".to_owned()),
            _ => Ok(()),
        }
    }

    /// Adds a cause to the timeline, once it has all its changes.
    fn settle(&mut self, mut cause: Cause, left: usize) -> Result<(), String> {
        if left > 0 {
            self.open = Some((cause, left));
            return Ok(());
        }
        if !cause.is_well_formed() {
            return Err("the steps of a record do not fit together".to_owned());
        }
        cause.note_bare();
        let past = self.runs.last_mut().ok_or("a record belongs to no run")?;
        if cause.bare > 0 && has_causes(&past.run) {
            return Err("values of a record are missing".to_owned());
        }
        let present = cause.apply(past.run.present()).ok_or("a change does not fit the memory before it")?;
        if present.iter().map(Image::len).sum::<u64>() > SIZES {
            return Err(TOO_LARGE.to_owned());
        }
        past.run.push(Arc::new(cause), present);
        self.causes += 1;
        Ok(())
    }

    /// Charges for a change and the pages that it may touch.
    fn touch(&mut self, change: &Change) -> Result<(), String> {
        self.cost = self.cost.saturating_add(change.cost() as u64);
        if self.cost > self.most.saturating_mul(4).saturating_add(HISTORY as u64) {
            return Err("a record changes more than a session keeps".to_owned());
        }
        // A change's cost is at least twice its bytes; it may touch one more page at each end.
        self.charge(change.cost() as u64 + 2 * PAGE as u64)
    }

    fn charge(&mut self, bytes: u64) -> Result<(), String> {
        self.taken = self.taken.saturating_add(bytes);
        let most = self.most.max(1 << 20);
        if self.taken <= most.saturating_add(most / 4) {
            return Ok(());
        }
        self.taken = self.count();
        // Without the margin of a quarter: otherwise it would be recounted all the time when nearly full.
        match self.taken > most {
            true => {
                Err(format!("its memories take more than {} (--max-memory sets the limit)", counted(self.most, "byte")))
            }
            false => Ok(()),
        }
    }

    /// Total bytes of the pages in the memories.
    fn count(&self) -> u64 {
        let runs = self.runs.iter().flat_map(|past| past.run.present());
        let pages = |image: &Image| image.touched().count() as u64;
        runs.chain(&self.memories).map(pages).sum::<u64>() * PAGE as u64
    }
}

/// A cause that is listed without its bytes.
fn listed_cause(cause: cause::Cause<'_>) -> Result<Arc<Cause>, String> {
    let cause = cause.into_record()?;
    let is_bare = cause.changes.is_empty() && cause.accesses.is_empty();
    match is_bare && cause.is_well_formed() {
        true => Ok(Arc::new(cause)),
        false => Err("the steps of a record do not fit together".to_owned()),
    }
}

/// The error for memories larger than any guest may have.
const TOO_LARGE: &str = "its memories are larger than those of any guest";

#[cfg(test)]
mod tests {
    use std::io::{self, BufReader, Read};

    use super::*;

    /// Of what is no session, only the beginning is read: it may be endless.
    #[test]
    fn a_session_is_known_by_its_beginning() {
        for head in [&b""[..], b"{", b"{\"linmem_session\":", b"\n", b"\x7fELF"] {
            let mut input = BufReader::new(head.chain(io::repeat(0)).take(1 << 20));
            assert!(matches!(read(&mut input, 1 << 20), Err(SessionFileError::NotASession)));
            let mut rest = Vec::new();
            input.read_to_end(&mut rest).expect("it has bytes");
            assert!(rest.len() > 900_000, "{} bytes are left", rest.len());
        }
    }
}
