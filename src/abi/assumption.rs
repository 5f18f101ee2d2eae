//! A convention that runs although another one matches too, and the messages about it.

use std::fmt;

use super::detect::{Candidate, PLAUSIBLE};

/// A convention that was assumed although others match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    convention: String,
    /// The other conventions that match.
    others: Vec<String>,
}

impl Assumption {
    pub(super) fn new(best: &Candidate, others: &[Candidate]) -> Assumption {
        let plausible = others.iter().filter(|other| other.score >= PLAUSIBLE);
        let others = plausible.map(|other| other.recipe.name.clone()).collect();
        Assumption { convention: best.recipe.name.clone(), others }
    }

    /// How to confirm or change the assumption.
    fn advice(&self) -> String {
        match &self.others[..] {
            [] => "choose another with --abi; `linmem inspect` shows the evidence".to_owned(),
            [one] => format!("{one} also matches (try --abi {one})"),
            [first, ..] => format!("{} also match (try --abi {first})", self.others.join(", ")),
        }
    }

    /// The note that is printed when the guest starts.
    pub fn note(&self) -> String {
        format!("assuming convention {}: {}", self.convention, self.advice())
    }
}

/// The text that is appended to a failure's message.
impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was assumed; {}", self.convention, self.advice())
    }
}
