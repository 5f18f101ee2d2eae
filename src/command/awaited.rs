//! An inference whose result is awaited, and what is told of it.

use std::task::Poll;
use std::time::Instant;

use super::Reply;
use super::error::Error;
use super::quotes::{quoted, text_quoted};
use crate::infer::{Evidence, Inferred, Outcome};
use crate::session::{Inference, Session};
use crate::view::{guesses, in_vain, inference_progress, inferred, visible};

/// An inference of which the result is awaited.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) inference: Inference,
    pub(super) command: String,
    pub(super) evidence: Evidence,
    pub(super) run: bool,
}

impl Awaited {
    /// Waits for the result, at most until the deadline.
    pub(super) fn go_on(&mut self, session: &mut Session, until: Option<Instant>) -> Poll<Result<Reply, Error>> {
        let until = until.unwrap_or_else(|| Instant::now() + self.evidence.budget);
        let Some(outcome) = self.inference.wait(until) else { return Poll::Pending };
        Poll::Ready(match outcome {
            Err(error) => Err(Error::Failed(error.to_string())),
            Ok(Outcome::Inferred(inferred)) => Ok(self.found(session, &inferred)),
            Ok(Outcome::Guesses(found)) => Ok(Reply::Text(self.guessed(&found))),
            Ok(Outcome::InVain(tried)) => Ok(Reply::Text(in_vain(&tried, self.evidence.call.is_some()))),
        })
    }

    /// How far it is.
    pub(super) fn progress(&self) -> String {
        inference_progress(self.inference.progress(), self.inference.time())
    }

    fn found(&self, session: &mut Session, found: &Inferred) -> Reply {
        session.keep_inferred(found);
        if self.run {
            session.adopt(self.command.clone(), found.recipe.clone());
            let doubts: String = found.doubts.iter().map(|doubt| format!("; doubtful: {doubt}")).collect();
            return Reply::SentSaying(format!("inferred: {}{doubts}", found.proof.join("; ")));
        }
        let text = inferred(session.name(), found);
        let mut lines: Vec<_> = text.lines().map(|line| visible(line.as_bytes())).collect();
        if let Some(line) = &found.open_line {
            lines.push(format!("to decide between them, add {} => ANSWER to the command", text_quoted(line)));
        }
        lines.push(":infer use begins a new run with this recipe".to_owned());
        Reply::Text(lines)
    }

    fn guessed(&self, found: &[crate::infer::Guess]) -> Vec<String> {
        let line = self.evidence.line.as_deref().unwrap_or_default();
        let call = self.evidence.call.as_ref().map(|call| format!(" call {}", quoted(call, false)));
        guesses(line, found, |answer| {
            let [line, answer] = [line, answer].map(text_quoted);
            format!(":infer {line} => {answer}{}", call.clone().unwrap_or_default())
        })
    }
}
