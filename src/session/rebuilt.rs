//! Watches the guest's file and its recipe's, and reports when one changes.

use std::mem::discriminant;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, SystemTime};

use super::{GuestOp, Source, Update, Watched};

/// Polling interval. A file that is being written changes between polls; it is read once it stops changing.
const PERIOD: Duration = Duration::from_millis(150);

impl Watched {
    /// Watches the files on a thread, until the returned handle is dropped. `source` is what was loaded.
    pub(super) fn keep(self, source: &Source, report: impl Fn(Update) + Send + 'static) -> Watching {
        let guest = self.guest.map(|path| File::new(FileRole::Guest(path), Some(source.bytes.clone())));
        let recipe = self.recipe.map(|path| {
            let held = contents(&path);
            File::new(FileRole::Recipe(path), held)
        });
        let mut files: Vec<_> = guest.into_iter().chain(recipe).collect();
        if files.is_empty() {
            return Watching(None);
        }
        let (sender, others) = channel::<File>();
        std::thread::spawn(move || {
            loop {
                match others.recv_timeout(PERIOD) {
                    Ok(other) => {
                        files.retain(|file| discriminant(&file.kind) != discriminant(&other.kind));
                        files.push(other);
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        let changed = files.iter_mut().filter_map(File::look);
                        changed.for_each(|(words, deed)| report(Update::Rebuilt(words, deed)));
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Watching(Some(sender))
    }
}

/// A handle to the watching thread, if any.
pub(super) struct Watching(Option<Sender<File>>);

impl Watching {
    /// The file to watch after this operation: that of the new guest or recipe. Built-in ones have no file and never
    /// change.
    pub(super) fn file(&self, deed: &GuestOp) -> Option<File> {
        self.0.as_ref()?;
        match deed {
            GuestOp::Reload(source) => {
                Some(File::new(FileRole::Guest(PathBuf::from(&source.name)), Some(source.bytes.clone())))
            }
            GuestOp::Adopt(path) => Some(File::new(FileRole::Recipe(path.clone()), contents(path))),
            GuestOp::AdoptRecipe(_) => Some(File::new(FileRole::Recipe(PathBuf::new()), None)),
            _ => None,
        }
    }

    /// Watches this file in place of the previous one with the same role.
    pub(super) fn turn_to(&self, file: Option<File>) {
        if let (Some(sender), Some(file)) = (&self.0, file) {
            // The thread lives as long as this handle.
            let _ = sender.send(file);
        }
    }
}

/// The role of a file.
enum FileRole {
    Guest(PathBuf),
    Recipe(PathBuf),
}

/// A file and its observed state.
pub(super) struct File {
    kind: FileRole,
    /// The contents when last read.
    taken: Option<Vec<u8>>,
    /// Time and size at the last poll.
    seen: Option<Stamp>,
    /// Time and size when last read.
    settled: Option<Stamp>,
}

type Stamp = (SystemTime, u64);

impl File {
    fn new(kind: FileRole, taken: Option<Vec<u8>>) -> File {
        File { kind, taken, seen: None, settled: None }
    }

    /// The operation to run, with its command text, if the file has changed and is stable.
    fn look(&mut self) -> Option<(String, GuestOp)> {
        let now = stamp(self.kind.path());
        let rests = now.is_some() && now == self.seen;
        self.seen = now;
        if !rests || now == self.settled {
            return None;
        }
        let held = match &self.kind {
            FileRole::Guest(path) => Source::find(path).ok()?.bytes,
            FileRole::Recipe(path) => contents(path)?,
        };
        self.settled = now;
        if self.taken.as_ref() == Some(&held) {
            return None;
        }
        let name = self.kind.path().display().to_string();
        let told = match &self.kind {
            FileRole::Guest(_) => {
                let source = Source { name: name.clone(), bytes: held.clone() };
                (format!("reload {name}"), GuestOp::Reload(source))
            }
            FileRole::Recipe(path) => (format!("convention {name}"), GuestOp::Adopt(path.clone())),
        };
        self.taken = Some(held);
        Some(told)
    }
}

impl FileRole {
    fn path(&self) -> &Path {
        match self {
            FileRole::Guest(path) | FileRole::Recipe(path) => path,
        }
    }
}

/// The bytes of a regular file: a device may be endless, and a pipe was read already.
fn contents(path: &Path) -> Option<Vec<u8>> {
    std::fs::metadata(path).ok()?.is_file().then(|| std::fs::read(path).ok())?
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Some((metadata.modified().ok()?, metadata.len()))
}
