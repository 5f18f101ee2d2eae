//! An attempt to compile in the background: at most one at a time, and none that fails again and again.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::{ABANDONED, Cache, Folder, Key, is_older, remove};

/// How many attempts may end without a result until an hour has passed. Each writes a byte, and one that can only fail
/// again writes them all.
const TRIES: u64 = 2;

/// An attempt to compile a module. While it exists, others do without.
#[derive(Debug)]
pub(in crate::guest) struct Attempt {
    file: fs::File,
    path: PathBuf,
}

impl Cache {
    /// Begins an attempt. `None` if another process is at it, too many have failed, or nothing can be kept.
    pub(in crate::guest) fn attempt(&self, key: &Key) -> Option<Attempt> {
        let folder = Folder::created(&self.folder).ok()?;
        let (path, mut file) = folder.open_attempt(&key.file_name()).ok()?;
        // The system ends the lock with the process, whatever ends that.
        file.try_lock().ok()?;
        let about = file.metadata().ok()?;
        if about.modified().is_ok_and(|begun| is_older(begun, ABANDONED)) {
            file.set_len(0).ok()?;
        } else if about.len() >= TRIES {
            return None;
        }
        // Another process may have kept the code, and removed the file, before this one had the lock.
        if !path.exists() || self.find(key).is_some() {
            return None;
        }
        file.write_all(b".").ok()?;
        Some(Attempt { file, path })
    }
}

impl Attempt {
    /// The attempt failed, and the next one would too.
    pub(in crate::guest) fn fail(&mut self) {
        // If it cannot be written, there is another attempt.
        let _ = self.file.write_all(b"..");
    }

    /// The attempt has a result.
    pub(in crate::guest) fn succeed(self) {
        // What stays is removed later.
        let _ = remove(&self.path);
    }
}
