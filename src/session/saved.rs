//! Sessions in files: the timeline with all its runs, to be looked at again without running anything.
//!
//! A file is lines of JSON, each with its checksum behind it: a head; for each run its memories before the oldest cause
//! that is known, what is known of the guest, and each cause with its changes; the marks; an end. So a file that was
//! cut short or damaged can be read as far as it is sound. Nothing in it is believed: each change must fit the memory
//! that those before it left, and all of it must fit what a session may take.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::worker::{HISTORY, RUNS};
use super::{About, Bookmarks, PastRun, Session};
use crate::guest::Global;
use crate::record::{Bytes, Cause, Change, Image, MEMORIES, Memories, Moment, PAGE, Run, WASM_PAGE, unit};

/// The version of the format.
const VERSION: u32 = 2;
/// The longest line, in bytes: a line that was sent, or an answer, of a quarter of it.
const LINE: u64 = 1 << 30;
/// The most bytes that all memories of a guest may have, touched or not.
const SIZES: u64 = 64 << 30;
/// The most causes of a run that may have been forgotten.
const FORGOTTEN: u64 = 1 << 40;

/// What stands at the head of a file.
#[derive(Serialize, Deserialize)]
struct Head {
    linmem_session: u32,
    linmem: String,
}

/// What follows it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    /// A memory of this size in bytes, all zero but for the pages that follow.
    Memory(u64),
    /// A page of the memory before, by its number.
    Page(u64, Bytes),
    /// The memories before are those that the start of the next run left.
    Start,
    /// A run whose memories are those before.
    Run {
        about: About,
        globals: Vec<Global>,
        /// The number of the first cause: those before were forgotten.
        oldest: usize,
    },
    /// A cause, without its changes, of which so many follow.
    Cause(Cause, usize),
    Change(Change),
    /// The ranges of memory that the user gave a name.
    Marks(Bookmarks),
    /// How many causes there are.
    End(usize),
}

/// A session from a file.
pub struct Saved {
    /// The runs before the last, the oldest first.
    pub past: Vec<PastRun>,
    /// The last run.
    pub last: PastRun,
    /// The ranges of memory that the user gave a name.
    pub bookmarks: Bookmarks,
    /// What is wrong with the rest of the file, if it could not be read to its end.
    pub damage: Option<String>,
}

/// Writes a session into a file, which is there whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, session: &Session) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.part", std::process::id()));
    let written = write(Path::new(&draft), session).and_then(|()| std::fs::rename(&draft, path));
    if written.is_err() {
        // It may not even be there.
        let _ = std::fs::remove_file(&draft);
    }
    written
}

fn write(path: &Path, session: &Session) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    put(&mut out, &Head { linmem_session: VERSION, linmem: env!("CARGO_PKG_VERSION").to_owned() })?;
    let mut runs = session.runs().filter(|(_, _, run)| has_causes(run));
    runs.try_for_each(|(about, globals, run)| put_run(&mut out, about, globals, run))?;
    put(&mut out, &Entry::Marks(session.bookmarks().clone()))?;
    put(&mut out, &Entry::End(session.runs().map(|(_, _, run)| run.len() - run.oldest()).sum()))?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Whether anything is known of a run.
fn has_causes(run: &Run) -> bool {
    run.oldest() < run.len()
}

fn put_run(out: &mut impl Write, about: &About, globals: &[Global], run: &Run) -> io::Result<()> {
    let oldest = run.oldest();
    if oldest > 0 {
        put_memories(out, run.start())?;
        put(out, &Entry::Start)?;
    }
    put_memories(out, &run.at(Moment { cause: oldest, change: 0 }).unwrap_or_default())?;
    put(out, &Entry::Run { about: about.clone(), globals: globals.to_vec(), oldest })?;
    for cause in (oldest..run.len()).filter_map(|number| run.cause(number)) {
        let Cause { trigger, steps, changes, focus, outcome } = &**cause;
        let (trigger, steps, outcome) = (trigger.clone(), steps.clone(), outcome.clone());
        let bare = Cause { trigger, steps, changes: Vec::new(), focus: *focus, outcome };
        put(out, &Entry::Cause(bare, changes.len()))?;
        changes.iter().try_for_each(|change| put(out, &Entry::Change(change.clone())))?;
    }
    Ok(())
}

fn put_memories(out: &mut impl Write, memories: &Memories) -> io::Result<()> {
    for image in memories {
        put(out, &Entry::Memory(image.len()))?;
        image.touched().try_for_each(|(number, page)| put(out, &Entry::Page(number, Bytes(page.to_vec()))))?;
    }
    Ok(())
}

fn put(out: &mut impl Write, entry: &impl Serialize) -> io::Result<()> {
    let mut summed = Summed { out: &mut *out, sum: crc32fast::Hasher::new(), left: LINE };
    serde_json::to_writer(&mut summed, entry)?;
    let sum = summed.sum.finalize();
    writeln!(out, " {sum:08x}")
}

/// Writes a line, and takes its checksum.
struct Summed<W> {
    out: W,
    sum: crc32fast::Hasher,
    /// How much longer it may become.
    left: u64,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| io::Error::other("a line or an answer in it is too long to be saved"))?;
        self.out.write_all(bytes)?;
        self.sum.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads a file, as far as it is sound, and as its memories take no more than about `most` bytes.
///
/// # Errors
/// In words: there is no such file, or it is no session, or of another version, or nothing in it is sound.
pub fn load(path: &Path, most: u64) -> Result<Saved, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    read(BufReader::new(file), most)
}

/// What a file is told that holds something else.
const NO_SESSION: &str = "this is no saved session (the command :save FILE writes one)";

fn read(mut input: impl BufRead, most: u64) -> Result<Saved, String> {
    let mut line = Vec::new();
    let no_session = |words| format!("{NO_SESSION}, or its head is damaged: {words}");
    let head = next(&mut input, &mut line).map_err(no_session)?;
    check_version(head.ok_or_else(|| no_session("it is empty".to_owned()))?)?;
    let mut reader = Reader { most, ..Reader::default() };
    let damage = loop {
        let entry = next(&mut input, &mut line).and_then(|text| match text {
            Some(text) => serde_json::from_str(text).map_err(|error| error.to_string()),
            None => Err("it is cut short".to_owned()),
        });
        match entry.and_then(|entry| reader.take(entry)) {
            Ok(true) => (),
            Ok(false) => break None,
            Err(words) => break Some(format!("behind cause {} it is damaged: {words}", reader.causes)),
        }
    };
    // It may have been cut short where the last run begins.
    reader.runs.pop_if(|chapter| !has_causes(&chapter.run));
    match reader.runs.pop() {
        Some(last) => Ok(Saved { past: reader.runs, last, bookmarks: reader.bookmarks, damage }),
        None => Err(damage.unwrap_or_else(|| "nothing happened in it".to_owned())),
    }
}

/// The text of the next line, if its checksum is right; nothing at the end.
fn next<'a>(input: &mut impl BufRead, line: &'a mut Vec<u8>) -> Result<Option<&'a str>, String> {
    line.clear();
    line.shrink_to(PAGE);
    input.take(LINE + 10).read_until(b'\n', line).map_err(|error| error.to_string())?;
    if line.is_empty() {
        return Ok(None);
    }
    let text = line.strip_suffix(b"\n").ok_or("the line is cut short, or too long")?;
    let (text, sum) = text.split_last_chunk::<9>().ok_or("the line is too short")?;
    if *sum != *format!(" {:08x}", crc32fast::hash(text)).as_bytes() {
        return Err("the checksum is wrong".to_owned());
    }
    std::str::from_utf8(text).map(Some).map_err(|error| error.to_string())
}

fn check_version(head: &str) -> Result<(), String> {
    let Head { linmem_session, linmem } = serde_json::from_str(head).map_err(|_| NO_SESSION.to_owned())?;
    if linmem_session == VERSION {
        return Ok(());
    }
    Err(format!(
        "it was saved by linmem {linmem} in version {linmem_session} of the format; this linmem reads {VERSION}"
    ))
}

/// What was read of a file so far.
#[derive(Default)]
struct Reader {
    /// The most bytes that the memories may take.
    most: u64,
    /// The most that they can take by now: counted anew only where that is much.
    taken: u64,
    /// The memories of the run to come.
    memories: Memories,
    start: Option<Memories>,
    runs: Vec<PastRun>,
    bookmarks: Bookmarks,
    /// A cause, and how many of its changes are still to come.
    open: Option<(Cause, usize)>,
    /// How many causes were read, and the cost of the one that is open.
    causes: usize,
    cost: u64,
}

impl Reader {
    /// Takes an entry in; false for the last.
    fn take(&mut self, entry: Entry) -> Result<bool, String> {
        match (entry, self.open.take()) {
            (Entry::Change(change), Some((mut cause, left))) => {
                self.touch(&change)?;
                cause.changes.push(change);
                self.settle(cause, left - 1)?;
            }
            (_, Some((_, left))) => return Err(format!("changes are missing ({left})")),
            (Entry::Memory(len), None) => self.memory(len)?,
            (Entry::Page(number, Bytes(bytes)), None) => self.page(number, &bytes)?,
            (Entry::Start, None) => self.start = Some(std::mem::take(&mut self.memories)),
            (Entry::Run { about, globals, oldest }, None) => self.run(about, globals, oldest)?,
            (Entry::Cause(cause, changes), None) => {
                self.cost = 0;
                self.open(cause, changes)?;
            }
            (Entry::Marks(marks), None) => marks.iter().try_for_each(|mark| self.bookmarks.set(mark.clone()))?,
            (Entry::Change(_), None) => return Err("a change of no cause".to_owned()),
            (Entry::End(causes), None) if causes == self.causes => return self.last_has_causes().map(|()| false),
            (Entry::End(causes), None) => return Err(format!("{causes} causes should stand in it")),
        }
        Ok(true)
    }

    fn memory(&mut self, len: u64) -> Result<(), String> {
        let sizes: u64 = self.memories.iter().map(Image::len).sum();
        if self.memories.len() >= MEMORIES || len > 65_536 * WASM_PAGE || sizes + len > SIZES {
            return Err("no guest has such memories".to_owned());
        }
        self.memories.push(Image::zeroed(len));
        Ok(())
    }

    fn page(&mut self, number: u64, bytes: &[u8]) -> Result<(), String> {
        self.charge(PAGE as u64)?;
        let image = self.memories.last_mut().ok_or("a page of no memory")?;
        let at = number.saturating_mul(PAGE as u64);
        if bytes.len() != PAGE || at >= image.len() {
            return Err("a page lies outside of its memory".to_owned());
        }
        image.write(at, bytes);
        Ok(())
    }

    fn run(&mut self, about: About, globals: Vec<Global>, oldest: usize) -> Result<(), String> {
        self.last_has_causes()?;
        if self.runs.len() > RUNS {
            return Err("it has more runs than a session keeps".to_owned());
        }
        if oldest as u64 > FORGOTTEN {
            return Err(format!("a run of which {oldest} causes were forgotten is longer than any"));
        }
        let start = self.start.take().unwrap_or_default();
        let run = Run::resumed(HISTORY, oldest, start, std::mem::take(&mut self.memories));
        self.runs.push(PastRun { about, run, globals });
        Ok(())
    }

    /// The newest run must have causes before another may follow, or the end.
    fn last_has_causes(&self) -> Result<(), String> {
        match self.runs.last() {
            Some(chapter) if !has_causes(&chapter.run) => Err("a run without a cause".to_owned()),
            _ => Ok(()),
        }
    }

    /// Takes a cause whose changes follow: those that it brings inside itself nobody would be charged for.
    fn open(&mut self, cause: Cause, changes: usize) -> Result<(), String> {
        if !cause.changes.is_empty() {
            return Err("a cause with changes inside itself".to_owned());
        }
        self.settle(cause, changes)
    }

    /// Puts a cause on the timeline, once all its changes are there.
    fn settle(&mut self, cause: Cause, left: usize) -> Result<(), String> {
        if left > 0 {
            self.open = Some((cause, left));
            return Ok(());
        }
        let chapter = self.runs.last_mut().ok_or("a cause of no run")?;
        let present = cause.apply(chapter.run.present()).ok_or("a change does not fit the memory before it")?;
        if present.iter().map(Image::len).sum::<u64>() > SIZES {
            return Err("no guest has such memories".to_owned());
        }
        chapter.run.push(Arc::new(cause), present);
        self.causes += 1;
        Ok(())
    }

    /// Charges for what a change may touch, and for keeping it.
    fn touch(&mut self, change: &Change) -> Result<(), String> {
        self.cost = self.cost.saturating_add(change.cost() as u64);
        if self.cost > self.most.saturating_mul(4).saturating_add(HISTORY as u64) {
            return Err("it changes more than a session keeps".to_owned());
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
        let runs = self.runs.iter().flat_map(|chapter| chapter.run.present());
        let pages = |image: &Image| image.touched().count() as u64;
        runs.chain(&self.memories).map(pages).sum::<u64>() * PAGE as u64
    }
}
