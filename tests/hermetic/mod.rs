//! How the tests start programs: with an environment of their own.
//!
//! Whoever runs the tests may have a configuration, a history, `NO_COLOR`, `TERM` or `COLUMNS`; no test may depend on it.

use std::process::Command;

/// linmem with an empty environment: no home, no configuration, no history.
pub(crate) fn linmem() -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear();
    command
}

/// A shell command in an environment that holds only a `PATH`, on which linmem comes first.
pub(crate) fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).env_clear().env("PATH", path());
    command
}

/// A `PATH` on which linmem comes first.
pub(crate) fn path() -> String {
    let folder = std::path::Path::new(BINARY).parent().expect("the binary is in a folder");
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

/// Where the binary is.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_linmem");
