//! Marks: ranges of memory that the user gave a name. They belong to the session, whatever moment is looked at.

use crate::record::plain;

/// The longest name, in bytes.
const LONGEST: usize = 32;
/// The most marks of a session.
const MOST: usize = 1000;

/// A range of memory that the user gave a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// Its name.
    pub name: String,
    /// Which memory, by its place.
    pub memory: usize,
    /// The first address.
    pub start: u64,
    /// The address behind the last.
    pub end: u64,
}

/// The marks of a session, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookmarks(Vec<Bookmark>);

impl Bookmarks {
    /// Gives a range a name. If the name was another's, that one has it no longer.
    ///
    /// # Errors
    /// It is no name, in words.
    pub fn set(&mut self, mark: Bookmark) -> Result<(), String> {
        check(&mark.name)?;
        self.0.retain(|other| other.name != mark.name);
        if self.0.len() >= MOST {
            return Err(format!("there are {MOST} marks already; :unmark removes one"));
        }
        self.0.push(mark);
        Ok(())
    }

    /// Takes a name away; `None` if there is no such mark.
    pub fn remove(&mut self, name: &str) -> Option<Bookmark> {
        let place = self.0.iter().position(|mark| mark.name == name)?;
        Some(self.0.remove(place))
    }

    /// The marks, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Bookmark> {
        self.0.iter()
    }
}

/// A name must be one that no number and no other way to write an address could be taken for.
fn check(name: &str) -> Result<(), String> {
    let fits = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.') && !name.is_empty();
    let first = !name.starts_with(|c: char| c.is_ascii_digit());
    match fits && first && name.len() <= LONGEST && !matches!(name, "." | ".." | "end") {
        true => Ok(()),
        false => Err(format!(
            "`{}` is no name for a mark: up to {LONGEST} letters, digits, _ and ., and no digit first",
            plain(name)
        )),
    }
}
