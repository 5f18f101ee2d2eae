//! A convention that runs although another one matches too, and the messages about it.

use std::fmt;

use super::detect::{Candidate, PLAUSIBLE};

/// A convention that was assumed although others match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    convention: String,
    /// The other conventions that match.
    others: Vec<String>,
    /// What it answered to which line when it was tried, if it was chosen for that.
    tried: Option<(String, String)>,
}

impl Assumption {
    pub(super) fn new(best: &Candidate, others: &[Candidate]) -> Assumption {
        let plausible = others.iter().filter(|other| other.score >= PLAUSIBLE);
        let others = plausible.map(|other| other.recipe.name.clone()).collect();
        Assumption { convention: best.recipe.name.clone(), others, tried: None }
    }

    /// A convention that was chosen because it alone ran cleanly.
    pub(super) fn tried<'a>(
        best: &Candidate,
        others: impl Iterator<Item = &'a Candidate>,
        (line, answer): (&[u8], &[u8]),
    ) -> Assumption {
        let others = others.map(|other| other.recipe.name.clone()).collect();
        let tried = Some((quote(line), quote(answer)));
        Assumption { convention: best.recipe.name.clone(), others, tried }
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
        match &self.tried {
            None => format!("assuming convention {}; {}", self.convention, self.advice()),
            Some((line, answer)) => format!(
                "convention {} was chosen by running it once: it answers {line} with {answer}; {}",
                self.convention,
                self.advice()
            ),
        }
    }
}

/// How many characters of a line or an answer are shown.
const SHOWN: usize = 40;

/// Bytes in quotes, shortened.
pub(super) fn quote(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?} ...", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// The text that is appended to a failure's message.
impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.tried.is_some() { "chosen by running it once" } else { "assumed" };
        write!(f, "{} was {how}; {}", self.convention, self.advice())
    }
}
