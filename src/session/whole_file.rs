//! Files that are written whole or not at all: a draft in the same folder is synced, and then takes the file's name.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The maximum number of symbolic links that are followed.
const LINKS: usize = 40;

/// The drafts that are being written.
static DRAFTS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Writes a file. One that exists keeps its mode, and its content until the new one is complete. Symbolic links are
/// followed.
///
/// # Errors
/// The file cannot be written; it exists and `overwrite` is false; or it is a directory, a device or the like.
pub fn write_whole(
    path: &Path,
    overwrite: bool,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let target = followed(path)?;
    let old = match fs::metadata(&target) {
        Ok(old) if !old.is_file() => return Err(io::Error::other("not a regular file")),
        Ok(_) if !overwrite => return Err(ErrorKind::AlreadyExists.into()),
        Ok(old) => Some(old),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if old.is_some() {
        // A file that may not be written to must not be replaced either.
        OpenOptions::new().write(true).open(&target)?;
    }
    let draft = Draft::create(&target)?;
    old.map_or(Ok(()), |old| keep_mode(&draft.file, &old))?;
    let mut out = BufWriter::new(draft.file.try_clone()?);
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    draft.take_name(&target, overwrite)
}

/// Removes the drafts that are being written, and lets nobody begin another: the program is about to exit.
pub fn remove_drafts() {
    let drafts = drafts();
    for draft in &*drafts {
        // It may have taken its name.
        let _ = fs::remove_file(draft);
    }
    std::mem::forget(drafts);
}

fn drafts() -> MutexGuard<'static, Vec<PathBuf>> {
    DRAFTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file that symbolic links lead to, which may not exist.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Ok(link) = fs::read_link(&path) else { return Ok(path) };
        path = folder(&path).join(link);
    }
    Err(io::Error::other("too many symbolic links"))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Gives a file the mode of the one that it replaces, and its owner where that is possible.
fn keep_mode(file: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // Only root may give files away.
        let _ = std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()));
    }
    file.set_permissions(old.permissions())
}

/// A draft, which is removed unless it took its name.
struct Draft {
    path: PathBuf,
    file: File,
}

impl Draft {
    fn create(target: &Path) -> io::Result<Draft> {
        // As long as this is locked, `remove_drafts` does not miss the file.
        let mut drafts = drafts();
        let mut number = drafts.len();
        loop {
            let path = folder(target).join(format!(".linmem-{}-{number}.part", std::process::id()));
            // Never through a link, and never a file that somebody else writes.
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                opened => {
                    let file = opened?;
                    drafts.push(path.clone());
                    return Ok(Draft { path, file });
                }
            }
        }
    }

    fn take_name(self, target: &Path, overwrite: bool) -> io::Result<()> {
        // Unlike `rename`, `hard_link` replaces no file that was created in the meantime; but some file systems have
        // no links.
        let linked = if overwrite { Err(ErrorKind::Unsupported.into()) } else { fs::hard_link(&self.path, target) };
        match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
            Err(_) => fs::rename(&self.path, target)?,
            Ok(()) => (),
        }
        // So that the name survives a crash too. Some systems cannot sync folders.
        let _ = File::open(folder(target)).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After `rename` there is none.
        let _ = fs::remove_file(&self.path);
        drafts().retain(|path| *path != self.path);
    }
}
