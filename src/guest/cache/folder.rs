//! The folder of the cache: private to the user, and so are its files.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use super::remove;

/// The ends of the names of entries and of drafts. Other files are left alone.
const ENTRY: &str = ".compiled";
const DRAFT: &str = ".compiled-draft";

/// A folder that belongs to the user, and that nobody else can write to.
pub(super) struct Folder<'a>(&'a Path);

/// A file in the folder.
pub(super) struct File {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// When it was used last.
    pub(super) used: SystemTime,
}

impl File {
    /// Whether it was not completed.
    pub(super) fn is_draft(&self) -> bool {
        self.name.ends_with(DRAFT)
    }
}

impl Folder<'_> {
    /// The folder, if it exists.
    ///
    /// # Errors
    /// It belongs to somebody else, others can write to it, or it is something else.
    pub(super) fn existing(path: &Path) -> io::Result<Option<Folder<'_>>> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
            Ok(about) if !about.is_dir() => Err(io::Error::other("not a directory")),
            Ok(about) => is_private(&about).map(|()| Some(Folder(path))),
        }
    }

    /// The folder, created if it does not exist.
    ///
    /// # Errors
    /// As for [`Folder::existing`], or it cannot be created.
    pub(super) fn created(path: &Path) -> io::Result<Folder<'_>> {
        if let Some(folder) = Folder::existing(path)? {
            return Ok(folder);
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(path)?;
        Folder::existing(path)?.ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Opens an entry for reading, and says what is known of it.
    ///
    /// # Errors
    /// It does not exist, belongs to somebody else, or others can write to it.
    pub(super) fn open(&self, name: &str) -> io::Result<(fs::File, Metadata)> {
        // Opening a pipe would wait for somebody to write to it.
        if !fs::metadata(self.path(name))?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let file = fs::File::open(self.path(name))?;
        // Of the file that was opened: the name may have been taken by another meanwhile.
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        is_private(&about)?;
        Ok((file, about))
    }

    /// Writes an entry, which takes its name when it is complete.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        static DRAFTS: AtomicU64 = AtomicU64::new(0);
        let number = DRAFTS.fetch_add(1, Relaxed);
        let draft = self.0.join(format!("{}-{number}{DRAFT}", std::process::id()));
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Another process may have had the same number before, and have crashed.
        remove(&draft)?;
        let mut file = options.write(true).create_new(true).open(&draft)?;
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        written.and_then(|()| fs::rename(&draft, self.path(name))).inspect_err(|_| {
            // What could not be written is of no use. If it stays, it is removed later.
            let _ = fs::remove_file(&draft);
        })
    }

    /// Opens the file of an attempt, which counts as a draft, and creates it if it does not exist.
    ///
    /// # Errors
    /// It cannot be written, belongs to somebody else, or others can write to it.
    pub(super) fn open_attempt(&self, name: &str) -> io::Result<(PathBuf, fs::File)> {
        let path = self.0.join(format!("{name}-attempt{DRAFT}"));
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.append(true).create(true).open(&path)?;
        is_private(&file.metadata()?)?;
        Ok((path, file))
    }

    /// All entries and drafts.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn files(&self) -> io::Result<Vec<File>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.0)? {
            let entry = entry?;
            // Another process may have removed it meanwhile.
            let (Ok(about), Ok(mut name)) = (entry.metadata(), entry.file_name().into_string()) else { continue };
            if !about.is_file() {
                continue;
            }
            if let Some(len) = name.strip_suffix(ENTRY).map(str::len) {
                name.truncate(len);
            } else if !name.ends_with(DRAFT) {
                continue;
            }
            files.push(File { name, bytes: about.len(), used: about.modified()? });
        }
        Ok(files)
    }

    /// Removes a file, unless it is gone already.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        remove(&if name.ends_with(DRAFT) { self.0.join(name) } else { self.path(name) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}{ENTRY}"))
    }
}

/// Fails unless a file or folder belongs to the user, and nobody else can write to it.
#[cfg(unix)]
fn is_private(about: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if about.uid() != user() {
        return Err(io::Error::new(ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    match about.mode() & 0o022 {
        0 => Ok(()),
        _ => Err(io::Error::new(ErrorKind::PermissionDenied, "other users can write to it")),
    }
}

/// Who owns a file is not known on other systems.
#[cfg(not(unix))]
fn is_private(_: &Metadata) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// The user as whom linmem runs.
#[cfg(unix)]
#[allow(unsafe_code, reason = "the standard library does not say who the user is")]
fn user() -> u32 {
    // SAFETY: it takes nothing, changes nothing and cannot fail.
    unsafe { libc::geteuid() }
}
