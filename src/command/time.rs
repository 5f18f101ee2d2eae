//! Commands that look at another moment of the timeline.

use super::args::Args;
use super::{Context, Error, Reply};
use crate::view::{Selection, counted, whole};

pub(super) fn back(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    step(context, args, false)
}

pub(super) fn forward(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    step(context, args, true)
}

pub(super) fn exchange(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let run = context.session.run();
    let word = args.text("an exchange such as 3, a step of it such as 3.2, or now")?;
    if word == "now" {
        return Selection::newest(run).map(look).ok_or_else(|| Error("nothing happened yet".to_owned()));
    }
    let (cause, step) = word.split_once('.').map_or((word.as_str(), None), |(cause, step)| (cause, Some(step)));
    let read = |text: &str| whole(text).and_then(|n| usize::try_from(n).ok());
    let wrong = || Error("expected an exchange such as 3, a step of it such as 3.2, or now".to_owned());
    let cause = read(cause).ok_or_else(wrong)?;
    let place = step.map(|step| read(step).and_then(|step| step.checked_sub(1)).ok_or_else(wrong)).transpose()?;
    let node = run.cause(cause).ok_or_else(|| {
        Error(format!(
            "there is no exchange {cause}; {} to {} can be looked at",
            run.oldest(),
            run.len().saturating_sub(1)
        ))
    })?;
    if place.is_some_and(|place| place >= node.steps.len()) {
        return Err(Error(format!("exchange {cause} has {}", counted(node.steps.len() as u64, "step"))));
    }
    Selection::new(run, None, cause, place.or(node.focus))
        .map(look)
        .ok_or_else(|| Error("that moment was forgotten".to_owned()))
}

/// Goes over the steps of all exchanges in order.
fn step(context: &mut Context<'_>, args: &mut Args<'_>, forward: bool) -> Result<Reply, Error> {
    let count = args.number_or("a number of steps", 1)?;
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
                return Err(Error("this is the newest step".to_owned()));
            }
        } else if place > 0 {
            place -= 1;
        } else if cause > run.oldest() {
            cause -= 1;
            place = steps(cause).saturating_sub(1);
        } else {
            return Err(Error("this is the oldest step that is known".to_owned()));
        }
    }
    Selection::new(run, None, cause, Some(place)).map(look).ok_or_else(|| Error("that moment was forgotten".to_owned()))
}

fn look(selection: Selection) -> Reply {
    Reply::Look(Box::new(selection))
}
