//! Bookmarks: ranges of memory named by the user. They belong to the session, not to a moment.

use crate::record::plain;

/// Maximum length of a name in bytes.
const LONGEST: usize = 32;
/// Maximum number of bookmarks per session.
const MOST: usize = 1000;

/// A range of memory named by the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// Its name.
    pub name: String,
    /// The memory's index.
    pub memory: usize,
    /// The first address.
    pub start: u64,
    /// The end (exclusive).
    pub end: u64,
}

/// The bookmarks of a session, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookmarks(Vec<Bookmark>);

impl Bookmarks {
    /// Adds a bookmark, replacing any with the same name.
    ///
    /// # Errors
    /// The name is invalid; a message that says why.
    pub fn set(&mut self, mark: Bookmark) -> Result<(), String> {
        check(&mark.name)?;
        self.0.retain(|other| other.name != mark.name);
        if self.0.len() >= MOST {
            return Err(format!("too many marks (the limit is {MOST}); :unmark removes one"));
        }
        self.0.push(mark);
        Ok(())
    }

    /// Removes a bookmark; `None` if there is none with this name.
    pub fn remove(&mut self, name: &str) -> Option<Bookmark> {
        let place = self.0.iter().position(|mark| mark.name == name)?;
        Some(self.0.remove(place))
    }

    /// The bookmarks, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Bookmark> {
        self.0.iter()
    }
}

/// Checks that a name cannot be mistaken for a number or another form of address.
fn check(name: &str) -> Result<(), String> {
    let fits = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.') && !name.is_empty();
    let first = !name.starts_with(|c: char| c.is_ascii_digit());
    match fits && first && name.len() <= LONGEST && !matches!(name, "." | ".." | "end") {
        true => Ok(()),
        false => Err(format!(
            "`{}` is not a valid name for a mark: use up to {LONGEST} letters, digits, _ and ., not starting with a digit",
            plain(name)
        )),
    }
}
