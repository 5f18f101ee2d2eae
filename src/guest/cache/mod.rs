//! The cache: compiled code is kept in files, so that a module that was compiled before starts at once.
//!
//! What is loaded is executed. So nothing is read or written unless the folder and each file belong to the user, and
//! nobody else can write to them; and nothing is used unless its checksum is right, and its key names this module,
//! this linmem, this compiler and this processor. Whatever is wrong, the module is compiled.
//!
//! Files take their names when they are complete, so several linmems can share a folder, and a crash leaves at worst a
//! draft. They are not synced: the checksum finds what a crash of the system damaged.

mod attempt;
mod entry;
mod folder;
mod key;
#[cfg(all(test, unix))]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use self::folder::{File, Folder};

pub(super) use self::attempt::Attempt;
pub(super) use self::entry::Entry;
pub(super) use self::key::Key;

/// How old the time of the last use may be before it is noted again.
const NOTED: Duration = Duration::from_secs(3600);
/// How old a draft is that nobody completes any more.
const ABANDONED: Duration = Duration::from_secs(3600);
/// How old a draft may be that somebody is probably completing.
const YOUNG: Duration = Duration::from_secs(600);

/// A folder of compiled code. It may not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    most: u64,
}

/// What a cache contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Number of modules and kinds of instrumentation.
    pub entries: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Compiled code of a module that the cache contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// How the module is instrumented, or that it is a driver for it.
    pub kind: String,
    /// The size in bytes.
    pub bytes: u64,
}

impl Cache {
    /// The cache in a folder, which is created when something is kept. Beyond `most` bytes, what was not used for
    /// longest is removed.
    pub fn new(folder: PathBuf, most: u64) -> Cache {
        Cache { folder, most }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The size limit in bytes.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// What it contains.
    ///
    /// # Errors
    /// The folder belongs to somebody else, or cannot be read.
    pub fn contents(&self) -> io::Result<Contents> {
        let files = self.files()?;
        Ok(Contents { entries: files.len(), bytes: files.iter().map(|file| file.bytes).sum() })
    }

    /// The compiled code that it contains of a module, whether or not this linmem can use it.
    pub fn of_module(&self, binary: &[u8]) -> Vec<Kept> {
        let module = Key::module_name(binary);
        let files = self.files().unwrap_or_default();
        let of_module = files.into_iter().filter_map(|file| {
            let kind = key::kind_of(&file.name, &module)?.to_owned();
            Some(Kept { kind, bytes: file.bytes })
        });
        let mut found: Vec<_> = of_module.collect();
        found.sort_by(|one, other| one.kind.cmp(&other.kind));
        found
    }

    /// Removes everything, and returns what that was.
    ///
    /// # Errors
    /// The folder belongs to somebody else, or files cannot be removed.
    pub fn clear(&self) -> io::Result<Contents> {
        let Some(folder) = Folder::existing(&self.folder)? else { return Ok(Contents::default()) };
        let mut removed = Contents::default();
        for file in folder.files()? {
            folder.remove(&file.name)?;
            if !file.is_draft() {
                removed = Contents { entries: removed.entries + 1, bytes: removed.bytes + file.bytes };
            }
        }
        Ok(removed)
    }

    /// Whether something can be kept.
    pub(super) fn is_usable(&self) -> bool {
        Folder::created(&self.folder).is_ok()
    }

    /// Whether something is kept under a key, whole or not.
    pub(super) fn has(&self, key: &Key) -> bool {
        Folder::existing(&self.folder).ok().flatten().is_some_and(|folder| folder.open(&key.file_name()).is_ok())
    }

    /// What is kept under a key, if it is whole.
    pub(super) fn find(&self, key: &Key) -> Option<Entry> {
        let folder = Folder::existing(&self.folder).ok()??;
        let (file, about) = folder.open(&key.file_name()).ok()?;
        let entry = Entry::read(&file, about.len(), key)?;
        if about.modified().is_ok_and(|used| is_older(used, NOTED)) {
            // Otherwise it may be removed too early.
            let _ = file.set_modified(SystemTime::now());
        }
        Some(entry)
    }

    /// Keeps an entry, if that is possible, and says whether it was.
    pub(super) fn keep(&self, key: &Key, head: &[u8], artifact: &[u8]) -> bool {
        let parts = [&entry::header(key, head, artifact), head, artifact];
        let bytes: u64 = parts.iter().map(|part| part.len() as u64).sum();
        if bytes > self.most {
            return false;
        }
        // Where the folder cannot be written to, the module is compiled each time.
        Folder::created(&self.folder).is_ok_and(|folder| {
            let is_written = folder.write(&key.file_name(), &parts).is_ok();
            // What is too much is removed the next time.
            is_written && {
                let _ = self.trim(&folder);
                true
            }
        })
    }

    /// Removes what was not used for longest until the size limit is kept, and drafts that nobody completes.
    fn trim(&self, folder: &Folder) -> io::Result<()> {
        let (drafts, mut files): (Vec<_>, Vec<_>) = folder.files()?.into_iter().partition(File::is_draft);
        for draft in drafts.iter().filter(|draft| is_older(draft.used, ABANDONED)) {
            folder.remove(&draft.name)?;
        }
        // Drafts that somebody may be completing count too. Others take nothing from what is complete.
        let young = drafts.iter().filter(|draft| !is_older(draft.used, YOUNG));
        let mut bytes: u64 = files.iter().chain(young).map(|file| file.bytes).sum();
        files.sort_by_key(|file| file.used);
        for file in files {
            if bytes <= self.most {
                break;
            }
            folder.remove(&file.name)?;
            bytes -= file.bytes;
        }
        Ok(())
    }

    fn files(&self) -> io::Result<Vec<File>> {
        let folder = Folder::existing(&self.folder)?;
        let files = folder.map_or(Ok(Vec::new()), |folder| folder.files())?;
        Ok(files.into_iter().filter(|file| !file.is_draft()).collect())
    }
}

fn is_older(time: SystemTime, age: Duration) -> bool {
    time.elapsed().is_ok_and(|elapsed| elapsed > age)
}

/// Removes a file that may be gone already.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
