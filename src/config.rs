//! The config file: settings, one `name = value` a line, which the command line overrides.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;

use crate::cli::{Cli, definition};
use crate::settings::{Kind, SETTINGS, Settings, find};

/// The command line, over the settings of the config file.
///
/// # Errors
/// The command line is wrong, or the file is, with the line's number; or help was asked for.
pub fn parse() -> Result<Cli, clap::Error> {
    Cli::parse_with(std::env::args_os(), || {
        read().map_err(|message| definition().error(ErrorKind::InvalidValue, message))
    })
}

/// The settings, with those that the file gives.
fn read() -> Result<Settings, String> {
    let Some(path) = file() else { return Ok(Settings::default()) };
    match std::fs::read_to_string(&path) {
        Ok(text) => settings(&path, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
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

fn settings(path: &Path, text: &str) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            set(&mut settings, line).map_err(|message| format!("{}:{number}: {message}", path.display()))?;
        }
    }
    Ok(settings)
}

/// Sets what one line says: `timeout = 5s`, `quiet = true`; `quiet` and `no-quiet` alone, as on the command line.
fn set(settings: &mut Settings, line: &str) -> Result<(), String> {
    let (name, value) = line.split_once('=').map_or((line, None), |(name, value)| (name.trim(), Some(value.trim())));
    let unknown = || {
        let names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        format!("unknown setting `{name}`; the settings are {}", names.join(", "))
    };
    let negated = name.strip_prefix("no-").and_then(find);
    let setting = find(name).or(negated).ok_or_else(unknown)?;
    let value = match (setting.kind(), value) {
        (_, Some(value)) if negated.is_none() && !value.is_empty() => value,
        (Kind::Switch, None) if negated.is_none() => "on",
        (Kind::Switch, None) => "off",
        (kind, _) => return Err(format!("expected `{} = {}`", setting.name, kind.placeholder())),
    };
    setting.set(settings, OsStr::new(value)).map_err(|message| format!("{}: {message}", setting.name))
}
