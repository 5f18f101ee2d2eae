//! The command that changes a limit, or what is shown after each line.

use super::amount::{duration, size};
use super::args::Args;
use super::table::nearest;
use super::{Context, Error, Reply};
use crate::guest::Limits;
use crate::view::counted;

/// What is shown after each line at a prompt and in a script. The full screen shows all of it at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The steps across the boundary.
    pub steps: bool,
    /// The changed rows of memory.
    pub rows: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { steps: false, rows: true }
    }
}

/// The names of all that can be set.
const NAMES: [&str; 4] = ["timeout", "max-output", "steps", "rows"];

pub(super) fn set(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let (limits, settings) = (context.session.limits(), context.settings);
    let Some(name) = args.more()? else { return Ok(Reply::Text(list(limits, settings))) };
    match name.as_str() {
        "timeout" => {
            let time = duration(&args.text("a time such as 5s, or 0 for none")?).map_err(Error)?;
            set_limits(context, Limits { time: (!time.is_zero()).then_some(time), ..limits })
        }
        "max-output" => {
            let output = size(&args.text("a size such as 64MiB")?).map_err(Error)?;
            set_limits(context, Limits { output, ..limits })
        }
        "steps" => Ok(Reply::Set(Settings { steps: switch(args)?, ..settings })),
        "rows" => Ok(Reply::Set(Settings { rows: switch(args)?, ..settings })),
        other => {
            let near = nearest(other, NAMES.into_iter());
            let near = near.map_or_else(|| ":set lists them".to_owned(), |near| format!("did you mean {near}?"));
            Err(Error(format!("there is no setting `{other}`; {near}")))
        }
    }
}

fn switch(args: &mut Args<'_>) -> Result<bool, Error> {
    match args.text("on or off")?.as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(Error(format!("expected on or off, not `{other}`"))),
    }
}

fn set_limits(context: &mut Context<'_>, limits: Limits) -> Result<Reply, Error> {
    context.has_guest()?;
    context.session.set_limits(limits);
    Ok(Reply::Text(list(limits, context.settings)[..2].to_vec()))
}

/// What is set, each with what it means.
fn list(limits: Limits, settings: Settings) -> Vec<String> {
    let on = |on: bool| if on { "on" } else { "off" };
    let time = limits.time.map_or("none".to_owned(), |time| format!("{time:?}"));
    let rows = [
        (time, "the longest time for one exchange"),
        (counted(limits.output, "byte"), "the longest answer"),
        (on(settings.steps).to_owned(), "list the steps across the boundary after each line"),
        (on(settings.rows).to_owned(), "show the changed rows of memory after each line"),
    ];
    NAMES.iter().zip(rows).map(|(name, (value, about))| format!("{name} = {value}   ({about})")).collect()
}
