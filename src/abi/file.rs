//! A recipe in a file of the user.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::recipe::{self, Recipe, RecipeError};
use super::{NoConvention, known};
use crate::guest::Limits;
use crate::record::counted;

/// A recipe with its text, from which errors quote lines.
#[derive(Clone, Debug)]
pub struct RecipeFile {
    /// The file's name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The recipe that the text describes.
    pub recipe: Recipe,
}

impl RecipeFile {
    /// The recipe in a text; the name is for messages.
    ///
    /// # Errors
    /// The first line that is not valid.
    pub fn new(name: String, text: String) -> Result<RecipeFile, RecipeError> {
        Ok(RecipeFile { recipe: recipe::parse(&text)?, name, text })
    }

    /// The recipe in a file, which may have as many bytes as the limits say.
    ///
    /// # Errors
    /// The file cannot be read, or its first line that is not valid.
    pub fn read(path: &Path, limits: &Limits) -> Result<RecipeFile, NoConvention> {
        let (name, text) = (path.display().to_string(), RecipeFile::text_of(path, limits)?);
        let recipe = recipe::parse(&text);
        let recipe = recipe.map_err(|error| NoConvention::new(&format!("{name}: {}", error.quoted(&text))))?;
        Ok(RecipeFile { name, text, recipe })
    }

    /// The text in a file, valid or not.
    ///
    /// # Errors
    /// The file cannot be read, or is too long for a recipe.
    pub fn text_of(path: &Path, limits: &Limits) -> Result<String, NoConvention> {
        let name = path.display().to_string();
        let read = File::open(path).and_then(|file| RecipeFile::text_within(file, &name, limits));
        read.map_err(|error| NoConvention::new(&format!("{name}: {error}; {}", known())))?
    }

    /// The text that a reader has, valid or not; the name is for messages.
    ///
    /// # Errors
    /// Outside, it cannot be read; inside, it is too long for a recipe.
    pub fn text_within(text: impl Read, name: &str, limits: &Limits) -> io::Result<Result<String, NoConvention>> {
        let (mut read, most) = (String::new(), limits.recipe);
        text.take(most.saturating_add(1)).read_to_string(&mut read)?;
        if read.len() as u64 > most {
            let most = counted(most, "byte");
            let words = format!("{name}: longer than {most}, the limit for a recipe (--max-recipe sets it)");
            return Ok(Err(NoConvention::new(&words)));
        }
        Ok(Ok(read))
    }
}
