//! The command that infers the guest's convention from an example.

use std::task::Poll;
use std::time::Instant;

use super::args::Args;
use super::error::{ArgumentError, Error};
use super::quotes::quoted;
use super::{Context, Reply};
use crate::infer::{BUDGET, Evidence, Example, Inferred, Outcome};
use crate::session::{Inference, Session};
use crate::view::{guesses, in_vain, inference_progress, inferred, visible};

/// What is asked for.
pub(super) enum InferArg {
    /// Use the recipe that was inferred last.
    Use,
    Infer {
        evidence: Evidence,
        /// Whether to use the recipe at once.
        run: bool,
    },
}

/// An inference of which the result is awaited.
#[derive(Debug)]
pub(super) struct Awaited {
    inference: Inference,
    command: String,
    evidence: Evidence,
    run: bool,
}

impl InferArg {
    /// Parses the arguments.
    ///
    /// # Errors
    /// They are not valid.
    pub(super) fn parse(args: &mut Args<'_>) -> Result<InferArg, ArgumentError> {
        if args.take("use") {
            return Ok(InferArg::Use);
        }
        let mut evidence = Evidence { examples: Vec::new(), line: None, call: None, budget: BUDGET, trials: u64::MAX };
        let line = args.word("LINE")?;
        if args.take("=>") {
            evidence.examples.push(Example { line, answer: args.word("ANSWER")? });
        } else {
            evidence.line = Some(line);
        }
        loop {
            if args.take("call") {
                evidence.call = Some(args.text("EXPORT")?);
            }
            let run = evidence.line.is_none() && args.take("run");
            if run || args.is_empty() || evidence.line.is_some() || evidence.call.is_some() {
                return Ok(InferArg::Infer { evidence, run });
            }
            let line = args.word("LINE")?;
            if !args.take("=>") {
                return ArgumentError::missing("=> ANSWER");
            }
            evidence.examples.push(Example { line, answer: args.word("ANSWER")? });
        }
    }
}

/// Begins an inference, or uses what one found.
pub(super) fn run(context: &mut Context<'_>, command: String, asked: InferArg) -> Result<Reply, Error> {
    context.has_guest()?;
    match asked {
        InferArg::Use => {
            context.is_free()?;
            let recipe = context.session.inferred().cloned();
            let recipe =
                recipe.ok_or_else(|| Error::failed("nothing was inferred yet; :infer LINE => ANSWER does it"))?;
            context.session.adopt(command, recipe);
            Ok(Reply::Sent)
        }
        InferArg::Infer { evidence, run } => {
            let limits = context.settings.limits;
            let evidence = Evidence { trials: context.settings.inputs.trials, ..evidence };
            let inference = context.session.infer(limits, evidence.clone());
            let inference = inference.ok_or_else(|| Error::failed("the guest is still loading"))?;
            Ok(super::reports::inference(context, Awaited { inference, command, evidence, run }))
        }
    }
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
            lines.push(format!("to decide between them, add \"{}\" => ANSWER to the command", visible(line)));
        }
        lines.push(":infer use begins a new run with this recipe".to_owned());
        Reply::Text(lines)
    }

    fn guessed(&self, found: &[crate::infer::Guess]) -> Vec<String> {
        let line = self.evidence.line.as_deref().unwrap_or_default();
        let call = self.evidence.call.as_ref().map(|call| format!(" call {}", quoted(call, false)));
        guesses(line, found, |answer| {
            format!(":infer \"{}\" => \"{answer}\"{}", visible(line), call.clone().unwrap_or_default())
        })
    }
}
