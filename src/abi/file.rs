//! A recipe in a file of the user.

use std::fs::File;
use std::io::Read;
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
        let most = limits.recipe;
        let file = path.display();
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_string(&mut text));
        read.map_err(|error| NoConvention::new(&format!("{file}: {error}; {}", known())))?;
        if text.len() as u64 > most {
            let most = counted(most, "byte");
            let words = format!("{file}: longer than {most}, the limit for a recipe (--max-recipe sets it)");
            return Err(NoConvention::new(&words));
        }
        Ok(text)
    }
}
