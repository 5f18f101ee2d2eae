//! The config file: settings, one `name = value` per line. The command line overrides them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;

use crate::cli::{Cli, definition};
use crate::record::counted;
use crate::settings::{Kind, SETTINGS, Settings, find};

/// Maximum length of a config file, in bytes.
const LONGEST: u64 = 1 << 20;

/// Parses the command line on top of the config file's settings.
///
/// # Errors
/// The command line or the config file is not valid (the latter with a line number), or help was requested.
pub fn parse() -> Result<Cli, clap::Error> {
    let mut unread = None;
    let cli = Cli::parse_with(std::env::args_os(), || {
        read(&mut unread).map_err(|message| definition().error(ErrorKind::InvalidValue, message))
    })?;
    Ok(Cli { unread, ..cli })
}

/// The settings in the config file, or the defaults. If it cannot be read, `unread` says why: with the home of another
/// user, that is no reason to stop.
fn read(unread: &mut Option<String>) -> Result<Settings, String> {
    let Some(path) = file() else { return Ok(Settings::default()) };
    match read_file(&path) {
        Ok(text) => settings(&path, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(format!("{}: {error}", path.display())),
        Err(error) => {
            *unread = Some(format!("the config file is ignored: {}: {error}", path.display()));
            Ok(Settings::default())
        }
    }
}

/// The text of a regular file: a device may be endless, and a pipe may never have any.
fn read_file(path: &Path) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    match text.len() as u64 > LONGEST {
        true => Err(io::Error::other(format!("longer than {}", counted(LONGEST, "byte")))),
        false => Ok(text),
    }
}

/// The path of the config file, in `$XDG_CONFIG_HOME` or `~/.config`.
fn file() -> Option<PathBuf> {
    Some(folder("XDG_CONFIG_HOME", ".config")?.join("linmem/config"))
}

/// A directory for program data: the variable's value, or a directory in the user's home.
pub(crate) fn folder(variable: &str, at_home: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set(variable).or_else(|| Some(set("HOME")?.join(at_home)))
}

/// The settings in the text of a config file.
///
/// # Errors
/// A line is not valid; the message names the file and the line.
pub fn settings(path: &Path, text: &str) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            set(&mut settings, line).map_err(|message| format!("{}:{number}: {message}", path.display()))?;
        }
    }
    Ok(settings)
}

/// Applies one line: `timeout = 5s`, `quiet = true`; `quiet` and `no-quiet` alone as on the command line.
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
