//! Wraps what goes wrong in an exchange into failures.

use crate::record::Failure;

/// The failure of a guest, with the messages that preceded it.
pub(super) fn said(words: String, failure: Failure) -> Box<Failure> {
    Box::new(match failure {
        Failure::Trap { call, cause, trace, omitted, detail, .. } => {
            Failure::Trap { call, cause, said: Some(words), trace, omitted, detail }
        }
        Failure::InRecipe { at, failure } => Failure::InRecipe { at, failure: said(words, *failure) },
        other => other,
    })
}

#[cold]
pub(super) fn placed(failure: Failure, at: usize) -> Box<Failure> {
    Box::new(failure.in_recipe(at))
}

/// The maximum size of a failure's message, in bytes: the guest's own may fill its memory.
const LONGEST: usize = 64 << 10;

#[cold]
pub(super) fn refused(mut words: String) -> Box<Failure> {
    if words.len() > LONGEST {
        words.truncate(words.floor_char_boundary(LONGEST));
        words.push_str(" ...");
    }
    Box::new(Failure::Refused(words))
}
