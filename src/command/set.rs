//! The commands that list settings, and change them.

use std::ffi::{OsStr, OsString};

use super::args::Args;
use super::error::{ArgumentError, Error};
use super::spelling::hint;
use super::{Context, Reply};
use crate::settings::{Group, Kind, SETTINGS, Setting, Settings};

/// Former names of settings. Accepted but not shown.
const ALIASES: &[(&str, &str)] = &[("crossings", "steps")];

/// The width of a column of settings and their values.
const WIDTH: usize = 22;

/// The arguments of `:set`, as in its usage.
pub(super) fn arguments() -> String {
    let alternatives: Vec<_> = live().map(written).collect();
    format!("[{}]", alternatives.join(" | "))
}

fn live() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| setting.live)
}

/// The usage of a setting: `steps on|off`.
fn written(setting: &Setting) -> String {
    format!("{} {}", setting.name, setting.kind().placeholder())
}

/// Parses a setting and its value; `None` without arguments.
pub(super) fn parse(args: &mut Args<'_>) -> Result<Option<(&'static Setting, OsString)>, ArgumentError> {
    let Some(name) = args.optional("SETTING")? else { return Ok(None) };
    args.reading(":set SETTING VALUE".to_owned());
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(&*name, |(_, name)| name);
    let Some(setting) = live().find(|setting| setting.name == name) else {
        return Err(ArgumentError::Invalid(match crate::settings::find(name) {
            Some(setting) => {
                let value = args.optional("VALUE")?.unwrap_or_else(|| setting.kind().placeholder());
                format!(
                    "`{name}` can only be set on the command line and in the config file: linmem GUEST --{name} {value}"
                )
            }
            None => format!("unknown setting `{name}`; {}", hint(name, live().map(|setting| setting.name), ":set")),
        }));
    };
    args.reading(format!(":set {}", written(setting)));
    let value = args.text(&setting.kind().placeholder())?;
    setting.check(value.into()).map(|value| Some((setting, value))).map_err(ArgumentError::Invalid)
}

/// Changes a setting.
pub(super) fn set(context: &mut Context<'_>, setting: &Setting, value: &OsStr) -> Result<Reply, Error> {
    let mut settings = context.settings.clone();
    setting.set(&mut settings, value).map_err(Error::Failed)?;
    let (old, new) = (context.settings.limits, settings.limits);
    if old != new {
        context.has_guest()?;
        context.session.set_limits(new);
    }
    context.session.set_resend(settings.resend);
    *context.settings = settings;
    let at_once = (old.memory, old.table, old.stack) == (new.memory, new.table, new.stack);
    let applies = if at_once { "" } else { "   (takes effect at the next :reload)" };
    Ok(Reply::Text(vec![format!("{} = {}{applies}", setting.name, setting.shown(context.settings))]))
}

/// Lists the settings that can be changed.
pub(super) fn list(context: &mut Context<'_>) -> Result<Reply, Error> {
    let line = |setting: &Setting| {
        let value = format!("{} = {}", setting.name, setting.shown(context.settings));
        format!("{value:<WIDTH$} {}", setting.about)
    };
    Ok(Reply::Text(live().map(line).collect()))
}

/// Lists the limits of the guest.
pub(super) fn limits(context: &mut Context<'_>) -> Result<Reply, Error> {
    Ok(Reply::Text(limit_lines(context.settings)))
}

/// A line for each limit: its flag, its value and its description.
pub fn limit_lines(settings: &Settings) -> Vec<String> {
    let has_limits = |setting: &&Setting| matches!(setting.group, Group::Limits | Group::Compiling);
    let limits = SETTINGS.iter().filter(has_limits).filter(|setting| matches!(setting.kind(), Kind::Value(_)));
    let line = |setting: &Setting| {
        let flag = format!("--{} {}", setting.name, setting.shown(settings));
        format!("{flag:<27} {}", setting.about)
    };
    limits.map(line).collect()
}
