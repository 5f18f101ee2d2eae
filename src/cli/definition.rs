//! The definition of the command line for clap: options and subcommands, and a flag for each setting.

use std::ffi::OsString;

use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, CommandFactory};

use super::given::negated;
use super::{COMPILING, Cli, FINDINGS, GUEST, LIMITS, SCREEN};
use crate::settings::{Group, Kind, SETTINGS, Setting, Settings};

/// The clap definition: that of [`Cli`], with the settings' flags.
pub fn definition() -> clap::Command {
    let is_limit = |it: &Setting| matches!(it.group, Group::Limits | Group::Compiling);
    let all = with_settings(Cli::command(), |_| true);
    let all = all.mut_subcommand("inspect", |inspect| with_settings(inspect, is_limit));
    // Its time limit is one of its own.
    let of_inference = |it: &Setting| is_limit(it) && it.name != "timeout" || it.name == "quiet";
    let all = all.mut_subcommand("infer", |infer| with_settings(infer, of_inference));
    let all = all.mut_subcommand("replay", |replay| {
        let replay = with_settings(replay, |it| it.group != Group::Program);
        // Nothing runs in a saved session.
        listing_limits(replay, &["max-memory", "max-session"])
            .mut_args(|arg| if arg.get_id() == "resend" { arg.hide(true) } else { arg })
    });
    let all = all.mut_subcommand("recipe", |recipe| {
        // Nothing runs here either.
        let with_limits =
            |command, listed: &[&str]| listing_limits(with_settings(command, |it| it.group == Group::Limits), listed);
        let recipe = recipe.mut_subcommand("check", |check| with_limits(check, &["max-module", "max-recipe"]));
        recipe.mut_subcommand("fmt", |fmt| with_limits(fmt, &["max-recipe"]))
    });
    let all = all.mut_subcommand("cache", |cache| with_settings(cache, |it| ["cache", "max-cache"].contains(&it.name)));
    let with_switches = ["inspect", "infer", "replay", "cache"];
    with_switches.into_iter().fold(with_negations(all), |all, name| all.mut_subcommand(name, with_negations))
}

/// Lists only these limits: the command accepts the others, but they have no effect on it.
fn listing_limits(command: clap::Command, listed: &[&str]) -> clap::Command {
    let is_unlisted = |arg: &Arg| match arg.get_help_heading() {
        Some(LIMITS) => !listed.contains(&arg.get_id().as_str()),
        heading => heading == Some(COMPILING),
    };
    command.mut_args(|arg| if is_unlisted(&arg) { arg.hide(true) } else { arg })
}

/// Adds the flags of some settings.
fn with_settings(command: clap::Command, uses: impl Fn(&Setting) -> bool) -> clap::Command {
    command.args(SETTINGS.iter().filter(|setting| uses(setting)).map(flag))
}

/// The flag of a setting.
fn flag(setting: &'static Setting) -> Arg {
    let arg = Arg::new(setting.name).long(setting.name).help(setting.about).help_heading(match setting.group {
        Group::Limits => LIMITS,
        Group::Compiling => COMPILING,
        Group::Program => GUEST,
        Group::Display => SCREEN,
        Group::Findings => FINDINGS,
    });
    let arg = match setting.short {
        Some(short) => arg.short(short),
        None => arg,
    };
    // Those that people set; `--help` and `:limits` list the others too.
    let frequent = ["timeout", "max-memory", "max-output", "max-record"];
    let is_rare = match setting.group {
        Group::Limits => !frequent.contains(&setting.name),
        group => group == Group::Compiling,
    };
    let arg = arg.hide_short_help(is_rare);
    let value = OsStringValueParser::new().try_map(|text| setting.check(text));
    let default = || setting.shown(&Settings::default());
    match setting.kind() {
        Kind::Switch => arg.action(ArgAction::SetTrue).hide(setting.is_on_by_default()),
        Kind::Value(name) => arg.value_name(name).value_parser(value).default_value(default()),
        Kind::Choice(names) => {
            let arg = arg.value_name(setting.name.to_uppercase()).default_value(default());
            arg.value_parser(PossibleValuesParser::new(names).map(OsString::from)).hide_possible_values(true)
        }
        Kind::List(name) => arg.value_name(name).value_parser(value).action(ArgAction::Append),
    }
}

/// Adds `--no-NAME` for each switch that lacks one. It is shown if the switch is on by default.
fn with_negations(command: clap::Command) -> clap::Command {
    let negations: Vec<_> = command.get_arguments().filter(|arg| is_switch(arg)).map(negation).collect();
    let command = command.mut_args(|on| match is_switch(&on) {
        true => {
            let off = negated(on.get_id().as_str());
            on.overrides_with(off)
        }
        false => on,
    });
    command.args(negations)
}

/// The flag that turns a switch off.
fn negation(on: &Arg) -> Arg {
    let name = on.get_long().unwrap_or_default();
    let setting = crate::settings::find(name).filter(|setting| setting.is_on_by_default());
    let off = Arg::new(negated(on.get_id().as_str())).long(format!("no-{name}")).action(ArgAction::SetTrue);
    let off = off.help(setting.map_or("", |setting| setting.off)).hide(setting.is_none());
    let off = off.overrides_with(on.get_id()).hide_short_help(on.is_hide_short_help_set());
    match on.get_help_heading() {
        Some(heading) => off.help_heading(heading.to_owned()),
        None => off,
    }
}

pub(super) fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue) && !arg.get_id().as_str().starts_with("no_")
}
