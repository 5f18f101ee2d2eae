//! What the command line gives: arguments before a subcommand, and settings.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};

use crate::settings::{Kind, SETTINGS, Setting, Settings};

/// Fails if an argument before the subcommand has no meaning for it. Global options have one, and settings that the
/// subcommand has too.
pub(super) fn check_before_subcommand(all: &clap::Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some((name, subcommand)) = chosen(all, matches) else { return Ok(()) };
    for arg in all.get_arguments().filter(|arg| is_given(arg.get_id().as_str(), matches) && !arg.is_global_set()) {
        let long = arg.get_long();
        let same = subcommand.get_arguments().find(|other| long.is_some() && other.get_long() == long);
        let is_setting = |arg: &Arg| {
            let id = arg.get_id().as_str();
            SETTINGS.iter().any(|setting| id == setting.name || id == negated(setting.name))
        };
        let message = match (long, same) {
            (_, Some(same)) if is_setting(same) => continue,
            (Some(long), Some(_)) => format!("--{long} must follow the subcommand: linmem {name} --{long} ..."),
            (Some(long), None) => format!("--{long} cannot be used with the subcommand `{name}`"),
            (None, _) => format!("a guest cannot precede the subcommand: linmem {name} ..."),
        };
        return Err(all.clone().error(ErrorKind::ArgumentConflict, message));
    }
    Ok(())
}

/// The subcommand that was chosen, with its name, such as `recipe check`.
fn chosen<'a>(all: &'a clap::Command, matches: &ArgMatches) -> Option<(String, &'a clap::Command)> {
    let (name, given) = matches.subcommand()?;
    let subcommand = all.find_subcommand(name)?;
    Some(match chosen(subcommand, given) {
        Some((inner, subcommand)) => (format!("{name} {inner}"), subcommand),
        None => (name.to_owned(), subcommand),
    })
}

/// Whether the command line has an argument with that id.
fn is_given(id: &str, given: &ArgMatches) -> bool {
    let known = given.ids().any(|known| known.as_str() == id);
    known && given.value_source(id) == Some(ValueSource::CommandLine)
}

/// Applies a setting given on the command line.
pub(super) fn set_given(setting: &Setting, given: &ArgMatches, settings: &mut Settings) -> Result<(), String> {
    let is_given = |id: &str| is_given(id, given);
    if setting.kind() == Kind::Switch {
        let (on, off) = (is_given(setting.name), is_given(&negated(setting.name)));
        return if on || off { setting.set(settings, if on { "on" } else { "off" }.as_ref()) } else { Ok(()) };
    }
    if !is_given(setting.name) {
        return Ok(());
    }
    let mut values = given.get_many::<OsString>(setting.name).into_iter().flatten();
    values.try_for_each(|value| setting.set(settings, value))
}

/// The id of the flag that turns a switch off.
pub(super) fn negated(switch: &str) -> String {
    format!("no_{switch}")
}
