//! The config file: defaults for some options, one `name = value` a line, as on the command line without the dashes.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, Parser};

use crate::cli::Cli;

/// The options that may be said several times, in the file and on the command line.
const GATHERED: &[&str] = &["env", "source-map"];

/// The options that may have a default in the file, and whether they take a value.
const OPTIONS: &[(&str, bool)] = &[
    ("timeout", true),
    ("max-memory", true),
    ("max-output", true),
    ("trace", true),
    ("max-record", true),
    ("env", true),
    ("source-map", true),
    ("color", true),
    ("keys", true),
    ("no-history", false),
    ("quiet", false),
];

/// The command line, with the defaults of the config file for what it does not say.
///
/// # Errors
/// The command line is wrong, or the file is, which the words tell with the line's number; or help was asked for.
pub fn parse() -> Result<Cli, clap::Error> {
    let args: Vec<OsString> = std::env::args_os().collect();
    let said = Cli::command().try_get_matches_from(&args)?;
    let wrong = |words| Cli::command().error(ErrorKind::InvalidValue, words);
    // What runs no guest needs no defaults.
    let Some(path) = file().filter(|_| said.subcommand_name().is_none()) else { return Cli::try_parse_from(args) };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Cli::try_parse_from(args),
        Err(error) => return Err(wrong(format!("{}: {error}", path.display()))),
    };
    let defaults = defaults(&path, &text, &said).map_err(wrong)?;
    let (program, rest) = args.split_at(args.len().min(1));
    Cli::try_parse_from(program.iter().cloned().chain(defaults).chain(rest.iter().cloned()))
}

/// Where the platform keeps what configures a program: `$XDG_CONFIG_HOME`, or `~/.config`.
fn file() -> Option<PathBuf> {
    Some(folder("XDG_CONFIG_HOME", ".config")?.join("linmem/config"))
}

/// A folder where the platform keeps things of programs': what the variable says, or that one in the user's own.
pub(crate) fn folder(variable: &str, at_home: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set(variable).or_else(|| Some(set("HOME")?.join(at_home)))
}

/// What the file says and the command line does not, as arguments.
fn defaults(path: &Path, text: &str, said: &ArgMatches) -> Result<Vec<OsString>, String> {
    let mut arguments = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let explain = |words: String| format!("{}:{number}: {words}", path.display());
        let (name, value) = argument(line).map_err(explain)?;
        let argument = if value.is_empty() { format!("--{name}") } else { format!("--{name}={value}") };
        // By itself first, so that what is wrong with it is told with its line.
        Cli::try_parse_from(["linmem", &argument]).map_err(|error| {
            let words = error.to_string();
            explain(words.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
        })?;
        if GATHERED.contains(&name) || said.value_source(&name.replace('-', "_")) != Some(ValueSource::CommandLine) {
            arguments.push(argument.into());
        }
    }
    Ok(arguments)
}

/// The name and the value of a line; no value for a switch that is on.
fn argument(line: &str) -> Result<(&'static str, &str), String> {
    let (name, value) = line.split_once('=').map_or((line, None), |(name, value)| (name.trim(), Some(value.trim())));
    let known = || OPTIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let option = OPTIONS.iter().find(|(known, _)| *known == name);
    match (option, value) {
        (None, _) => Err(format!("there is no option `{name}` to set here; those are {}", known())),
        (Some((name, true)), Some(value)) if !value.is_empty() => Ok((name, value)),
        (Some((name, false)), None) => Ok((name, "")),
        (Some((name, true)), _) => Err(format!("expected `{name} = VALUE`")),
        (Some((name, false)), Some(_)) => Err(format!("expected `{name}` alone: it is on where it is said")),
    }
}
