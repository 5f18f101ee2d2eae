//! The command that infers the guest's convention from an example.

use super::args::Args;
use super::awaited::Awaited;
use super::error::{ArgumentError, Error};
use super::{Context, Reply};
use crate::infer::{BUDGET, Evidence, Example};

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

impl InferArg {
    /// Parses the arguments.
    ///
    /// # Errors
    /// They are not valid.
    pub(super) fn parse(args: &mut Args<'_>) -> Result<InferArg, ArgumentError> {
        if args.take("use") {
            return Ok(InferArg::Use);
        }
        let mut evidence =
            Evidence { examples: Vec::new(), line: None, call: None, budget: BUDGET, trials: u64::MAX, stubs: false };
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
