//! Sessions in files: the timeline of a run, to be looked at again without running anything.
//!
//! A file is lines of JSON, each behind its checksum: a head, every cause in order, an end. So a file that was cut
//! short or damaged can be read as far as it is sound. Nothing in it is believed: each change must fit the memory
//! that those before it left.

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::About;
use crate::record::{Cause, MEMORIES, Memories, Moment, Run};

/// The version of the format.
const VERSION: u32 = 1;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 << 30;

/// What stands at the head of a file.
#[derive(Serialize, Deserialize)]
struct Head {
    linmem_session: u32,
    linmem: String,
    guest: String,
    sha256: String,
    convention: String,
    recipe: String,
    /// The number of the first cause: those before were forgotten.
    oldest: usize,
    /// The memories before the first cause.
    base: Vec<serde_json::Value>,
}

/// A cause, or the end.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Cause(Cause),
    /// How many causes there are.
    End(usize),
}

/// A timeline from a file.
pub struct Saved {
    /// What is known of the guest.
    pub about: About,
    /// The timeline.
    pub run: Run,
    /// What is wrong with the rest of the file, if it could not be read to its end.
    pub damage: Option<String>,
}

/// Writes a run into a file, which is there whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, about: &About, run: &Run) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.part", std::process::id()));
    let written = write(Path::new(&draft), about, run).and_then(|()| std::fs::rename(&draft, path));
    if written.is_err() {
        // It may not even be there.
        let _ = std::fs::remove_file(&draft);
    }
    written
}

fn write(path: &Path, about: &About, run: &Run) -> io::Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    let oldest = run.oldest();
    let base = run.at(Moment { cause: oldest, change: 0 }).unwrap_or_default();
    let head = Head {
        linmem_session: VERSION,
        linmem: env!("CARGO_PKG_VERSION").to_owned(),
        guest: about.name.clone(),
        sha256: about.sha256.clone(),
        convention: about.convention.clone(),
        recipe: about.recipe.clone(),
        oldest,
        base: base.iter().map(serde_json::to_value).collect::<Result<_, _>>()?,
    };
    put(&mut out, &head)?;
    for cause in (oldest..run.len()).filter_map(|number| run.cause(number)) {
        put(&mut out, &Entry::Cause(Cause::clone(cause)))?;
    }
    put(&mut out, &Entry::End(run.len() - oldest))?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn put(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(line)?;
    writeln!(out, "{:08x} {text}", crc32fast::hash(text.as_bytes()))
}

/// Reads a file, as far as it is sound.
///
/// # Errors
/// In words: there is no such file, or it is no session, or of another version, or its head is damaged.
pub fn load(path: &Path) -> Result<Saved, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    read(&bytes)
}

fn read(bytes: &[u8]) -> Result<Saved, String> {
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let head = head(lines.next().unwrap_or_default())?;
    let about = About {
        name: head.guest,
        sha256: head.sha256,
        convention: head.convention,
        recipe: head.recipe,
        undecided: None,
        interface: Arc::default(),
        memory: 0,
    };
    if head.base.len() > MEMORIES {
        return Err(format!("its head is damaged: no guest has {} memories", head.base.len()));
    }
    let base = head.base.into_iter().map(serde_json::from_value).collect::<Result<Memories, _>>();
    let base = base.map_err(|error| format!("its head is damaged: {error}"))?;
    let mut run = Run::resumed(head.oldest, base);
    let mut causes = 0;
    for line in lines {
        let entry = text(line).and_then(|text| serde_json::from_str(text).map_err(|error| error.to_string()));
        let damage = match entry {
            Ok(Entry::End(count)) if count == causes => return Ok(Saved { about, run, damage: None }),
            Ok(Entry::End(count)) => format!("{count} causes should stand in it"),
            Ok(Entry::Cause(cause)) => match cause.apply(run.present()) {
                Some(present) => {
                    run.push(Arc::new(cause), present);
                    causes += 1;
                    continue;
                }
                None => "a change does not fit the memory before it".to_owned(),
            },
            Err(words) => words,
        };
        return Ok(Saved { about, run, damage: Some(format!("behind cause {causes} it is damaged: {damage}")) });
    }
    Ok(Saved { about, run, damage: Some(format!("behind cause {causes} it is cut short")) })
}

fn head(line: &[u8]) -> Result<Head, String> {
    /// What every version has.
    #[derive(Deserialize)]
    struct Version {
        linmem_session: u32,
        linmem: String,
    }
    let text = text(line).map_err(|words| format!("this is no saved session, or its head is damaged: {words}"))?;
    let version: Version = serde_json::from_str(text).map_err(|_| "this is no saved session".to_owned())?;
    if version.linmem_session != VERSION {
        let (found, by) = (version.linmem_session, version.linmem);
        return Err(format!(
            "it was saved by linmem {by} in version {found} of the format; this linmem reads {VERSION}"
        ));
    }
    serde_json::from_str(text).map_err(|error| format!("its head is damaged: {error}"))
}

/// The text of a line, if its checksum is right.
fn text(line: &[u8]) -> Result<&str, String> {
    let line = line.strip_suffix(b"\n").ok_or("the line is cut short")?;
    let (sum, text) = line.split_at_checked(9).ok_or("the line is too short")?;
    if sum != format!("{:08x} ", crc32fast::hash(text)).as_bytes() {
        return Err("the checksum is wrong".to_owned());
    }
    std::str::from_utf8(text).map_err(|error| error.to_string())
}
