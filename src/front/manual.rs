//! What linmem prints about itself: its built-in guests and conventions, guides, completions.

use std::io::{self, Write};
use std::path::Path;

use super::convention_page::convention_page;
use super::status::{self, Status};
use super::{compiling, inspect, man};
use crate::abi::{built_in, built_in_recipes};
use crate::check::KINDS;
use crate::cli::{Cli, Command, ConventionArgs, Topic, definition};
use crate::command::COMMANDS;
use crate::session::{self, BUILT_IN, Options, Source};
use crate::settings::{SETTINGS, Settings};

/// The introduction to the settings in the guide.
const SETTINGS_GUIDE: &str = "\
Settings are given on the command line as `--NAME VALUE`, or in the config file as `NAME = VALUE`, one per line.\n`:set NAME VALUE` changes those that can change while a guest is loaded. The config file is `$XDG_CONFIG_HOME/linmem/config`, or\n`~/.config/linmem/config`; `--no-config` ignores it. The command line overrides it: `--no-quiet` undoes `quiet = true`.\n\nThe themes `dark-classes` and `light-classes` color bytes by class: zero, printable, control, other.";

/// Prints what the subcommand asks for.
pub(super) fn print(command: &Command, cli: &Cli) -> Status {
    let mut text = Vec::new();
    let made = match command {
        Command::Guests => guests(&mut text),
        Command::Recipe { name: None, .. } => recipes(&mut text),
        Command::Recipe { name: Some(name), .. } => return recipe(name),
        Command::Inspect { guest, all, json, convention } => return inspect_guest(guest, *all, *json, convention, cli),
        Command::Guide { topic: Topic::Recipes, convention: Some(name) } => return convention(name),
        Command::Guide { convention: Some(name), .. } => {
            return status::fail(Status::Usage, &format!("unexpected argument `{name}`: only `recipes` has pages"));
        }
        Command::Guide { topic: Topic::Commands, .. } => commands(&mut text),
        Command::Guide { topic: Topic::Findings, .. } => findings(&mut text),
        Command::Guide { topic: Topic::Json, .. } => text.write_all(include_bytes!("../../assets/guide/json.md")),
        Command::Guide { topic: Topic::Promises, .. } => {
            text.write_all(include_bytes!("../../assets/guide/promises.md"))
        }
        Command::Guide { topic: Topic::Recipes, .. } => text.write_all(include_bytes!("../../assets/guide/recipes.md")),
        Command::Cache { action } => return compiling::print(*action, cli),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut definition(), "linmem", &mut text);
            Ok(())
        }
        // Opened elsewhere.
        Command::Replay { .. } | Command::Infer(_) => Ok(()),
        Command::Man => man::write(&mut text),
    };
    status::of_write(made.and_then(|()| io::stdout().write_all(&text)))
}

fn guests(text: &mut Vec<u8>) -> io::Result<()> {
    BUILT_IN.iter().try_for_each(|(name, _, about)| writeln!(text, "{name:<18} {about}"))
}

fn recipes(text: &mut Vec<u8>) -> io::Result<()> {
    let mut recipes = built_in_recipes().filter_map(|(name, _)| built_in(name));
    recipes.try_for_each(|recipe| writeln!(text, "{:<18} {}", recipe.name, recipe.about))
}

fn recipe(name: &str) -> Status {
    match built_in_recipes().find(|(known, _)| *known == name) {
        Some((_, text)) => status::of_write(io::stdout().write_all(text.as_bytes())),
        None => unknown_convention(name),
    }
}

/// Prints the page about a built-in convention.
fn convention(name: &str) -> Status {
    match convention_page(name) {
        Some(page) => status::of_write(io::stdout().write_all(page.as_bytes())),
        None => unknown_convention(name),
    }
}

fn unknown_convention(name: &str) -> Status {
    status::fail(Status::Usage, &format!("unknown built-in convention `{name}`; `linmem recipe` lists them"))
}

fn inspect_guest(guest: &Path, all: bool, json: bool, how: &ConventionArgs, cli: &Cli) -> Status {
    let source = match Source::find_within(guest, &cli.settings.limits) {
        Ok(source) => source,
        Err(error) => return status::fail(Status::NotLoaded, &error.to_string()),
    };
    let options = match super::wish(how, cli) {
        Ok(wish) => Options { wish, ..compiling::options(cli, false) },
        Err(status) => return status,
    };
    match session::inspect(&source, &options) {
        Ok(inspection) => {
            let text = match json {
                true => inspect::json(&source, &inspection, &cli.settings),
                false => inspect::text(&source, &inspection, &cli.settings, all),
            };
            let written = status::of_write(io::stdout().write_all(text.as_bytes()));
            match inspection.obstacle {
                Some(_) if written == Status::Answered => Status::NotLoaded,
                _ => written,
            }
        }
        Err(error) => status::fail(Status::NotLoaded, &format!("{}: {error}", source.name)),
    }
}

fn commands(text: &mut Vec<u8>) -> io::Result<()> {
    writeln!(text, "# Commands: in the full-screen view, at the prompt, and in scripts\n")?;
    for spec in COMMANDS {
        writeln!(text, "{}\n    {}", spec.usage(), spec.about)?;
    }
    text.write_all(include_bytes!("../../assets/guide/commands.md"))?;
    settings(text)
}

/// The kinds of findings: what each is, and why it matters.
fn findings(text: &mut Vec<u8>) -> io::Result<()> {
    text.write_all(include_bytes!("../../assets/guide/findings.md"))?;
    KINDS.iter().try_for_each(|kind| writeln!(text, "\n{}\n    {}\n    {}", kind.name, kind.about, kind.why))
}

/// The settings, their values, and where each can be set.
fn settings(text: &mut Vec<u8>) -> io::Result<()> {
    writeln!(text, "\n## Settings\n\n{SETTINGS_GUIDE}\n")?;
    for setting in SETTINGS {
        let written = format!("{} {}", setting.name, setting.kind().placeholder());
        let default = match setting.shown(&Settings::default()) {
            none if none.is_empty() => String::new(),
            default => format!(" (default: {default})"),
        };
        let live = if setting.live { ", :set" } else { "" };
        writeln!(text, "{written}\n    {}{default}; --{}, config{live}", setting.about, setting.name)?;
    }
    Ok(())
}
