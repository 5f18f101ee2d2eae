//! Commands that select another moment of the timeline.

use super::error::{ArgumentError, Error};
use super::{Context, Reply};
use crate::record::Run;
use crate::view::{self, Selection, counted, not_kept, whole};

/// A moment of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// The newest.
    Now,
    /// An exchange, and the index of a step in it.
    At(usize, Option<usize>),
}

impl Moment {
    /// Parses `now`, `3`, or `3.2`.
    pub(super) fn parse(word: &str) -> Result<Moment, ArgumentError> {
        if word == "now" {
            return Ok(Moment::Now);
        }
        let (cause, step) = word.split_once('.').map_or((word, None), |(cause, step)| (cause, Some(step)));
        let read = |text: &str| whole(text).and_then(|n| usize::try_from(n).ok());
        let step = step.map(|step| read(step).and_then(|step| step.checked_sub(1)));
        match (read(cause), step) {
            (Some(cause), None) => Ok(Moment::At(cause, None)),
            (Some(cause), Some(Some(step))) => Ok(Moment::At(cause, Some(step))),
            _ => ArgumentError::expected("an exchange such as 3, a step such as 3.2, or now", word),
        }
    }
}

pub(super) fn exchange(context: &mut Context<'_>, moment: Moment) -> Result<Reply, Error> {
    let run = context.session.run();
    let Moment::At(cause, step) = moment else {
        return Selection::newest(run).map(look).ok_or_else(nothing);
    };
    let node = run.cause(cause).ok_or_else(|| missing(run, cause))?;
    if step.is_some_and(|step| step >= node.steps.len()) {
        return Err(Error::Failed(format!(
            "{} has {}",
            view::exchange(cause),
            counted(node.steps.len() as u64, "step")
        )));
    }
    Selection::new(run, None, cause, step.or(node.focus)).map(look).ok_or_else(forgotten)
}

/// Moves through the steps of all exchanges in order.
pub(super) fn step(context: &mut Context<'_>, count: u64, forward: bool) -> Result<Reply, Error> {
    let at = context.at()?;
    let run = context.session.run();
    let (mut cause, mut place) = (at.cause, at.step.unwrap_or(0));
    let steps = |cause: usize| run.cause(cause).map_or(0, |node| node.steps.len());
    for _ in 0..count {
        if forward {
            if place + 1 < steps(cause) {
                place += 1;
            } else if cause + 1 < run.len() {
                (cause, place) = (cause + 1, 0);
            } else {
                return Err(Error::failed("this is the last step"));
            }
        } else if place > 0 {
            place -= 1;
        } else if cause > run.oldest() {
            cause -= 1;
            place = steps(cause).saturating_sub(1);
        } else {
            return Err(Error::failed("this is the first step that is kept"));
        }
    }
    Selection::new(run, None, cause, Some(place)).map(look).ok_or_else(forgotten)
}

/// Why an exchange cannot be shown.
fn missing(run: &Run, cause: usize) -> Error {
    Error::Failed(match run.listed(cause) {
        Some(_) => not_kept(run, cause),
        None => format!("no exchange {cause}; expected {} to {}", run.oldest(), run.len().saturating_sub(1)),
    })
}

fn look(selection: Selection) -> Reply {
    Reply::Look(Box::new(selection))
}

fn nothing() -> Error {
    Error::failed("nothing has happened yet")
}

fn forgotten() -> Error {
    Error::failed("that moment is no longer kept")
}
