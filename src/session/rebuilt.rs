//! Watching the guest's file and its recipe's: when one of them is another than it was, it is told of.

use std::mem::discriminant;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, SystemTime};

use super::{GuestOp, Source, Update};

/// How often the files are looked at. A file that is being written changes from one look to the next: it is taken
/// when it has come to rest.
const PERIOD: Duration = Duration::from_millis(150);

/// The files that are watched.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// The module.
    pub guest: Option<PathBuf>,
    /// The recipe.
    pub recipe: Option<PathBuf>,
}

impl Watched {
    /// Watches the files on a thread of its own, for as long as what it returns lives. `source` is what was loaded.
    pub(super) fn keep(self, source: &Source, report: impl Fn(Update) + Send + 'static) -> Watching {
        let guest = self.guest.map(|path| File::new(FileRole::Guest(path), Some(source.bytes.clone())));
        let recipe = self.recipe.map(|path| {
            let held = std::fs::read(&path).ok();
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

/// A hold on the thread that watches, if there is one.
pub(super) struct Watching(Option<Sender<File>>);

impl Watching {
    /// The file that is to be watched once that is done: where the guest comes from then, or its recipe. What comes
    /// along is in no file, and never seen to change.
    pub(super) fn file(&self, deed: &GuestOp) -> Option<File> {
        self.0.as_ref()?;
        match deed {
            GuestOp::Reload(source) => {
                Some(File::new(FileRole::Guest(PathBuf::from(&source.name)), Some(source.bytes.clone())))
            }
            GuestOp::Adopt(path) => Some(File::new(FileRole::Recipe(path.clone()), std::fs::read(path).ok())),
            _ => None,
        }
    }

    /// Watches that file, and no longer the one in whose place it came.
    pub(super) fn turn_to(&self, file: Option<File>) {
        if let (Some(sender), Some(file)) = (&self.0, file) {
            // That thread lives as long as this.
            let _ = sender.send(file);
        }
    }
}

/// What a file is to the guest.
enum FileRole {
    Guest(PathBuf),
    Recipe(PathBuf),
}

/// A file, and what was seen of it.
pub(super) struct File {
    kind: FileRole,
    /// What it held when it was taken last.
    taken: Option<Vec<u8>>,
    /// Its time and size when it was looked at last.
    seen: Option<Stamp>,
    /// The same when it was taken last.
    settled: Option<Stamp>,
}

type Stamp = (SystemTime, u64);

impl File {
    fn new(kind: FileRole, taken: Option<Vec<u8>>) -> File {
        File { kind, taken, seen: None, settled: None }
    }

    /// What is to be done, with the words for it, if the file is another than it was and has come to rest.
    fn look(&mut self) -> Option<(String, GuestOp)> {
        let now = stamp(self.kind.path());
        let rests = now.is_some() && now == self.seen;
        self.seen = now;
        if !rests || now == self.settled {
            return None;
        }
        let held = match &self.kind {
            FileRole::Guest(path) => Source::find(path).ok()?.bytes,
            FileRole::Recipe(path) => std::fs::read(path).ok()?,
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

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
