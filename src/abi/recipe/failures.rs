//! How what goes wrong in an exchange is told.

use crate::record::Failure;

/// The failure of a guest that had said something before.
pub(super) fn said(words: String, failure: Failure) -> Box<Failure> {
    Box::new(match failure {
        Failure::Trap { call, cause, trace, omitted, .. } => {
            Failure::Trap { call, cause, said: Some(words), trace, omitted }
        }
        Failure::InRecipe { at, failure } => Failure::InRecipe { at, failure: said(words, *failure) },
        other => other,
    })
}

#[cold]
pub(super) fn placed(failure: Failure, at: usize) -> Box<Failure> {
    Box::new(failure.in_recipe(at))
}

/// The longest words of a failure that are kept, in bytes: a guest's own can be as long as its memory.
const LONGEST: usize = 64 << 10;

#[cold]
pub(super) fn refused(mut words: String) -> Box<Failure> {
    if words.len() > LONGEST {
        words.truncate(words.floor_char_boundary(LONGEST));
        words.push_str(" ...");
    }
    Box::new(Failure::Refused(words))
}
