//! Starts programs for tests in a clean environment.
//!
//! The user may have a config file, a history, `NO_COLOR`, `TERM` or `COLUMNS`; no test may depend on them.

use std::process::Command;

/// linmem with an empty environment: no home, no config file, no history.
pub(crate) fn linmem() -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear();
    command.envs(cache());
    command
}

/// Where linmem keeps compiled code, if `LINMEM_TEST_CACHE` says so: by default nowhere. `tests/cache-modes.sh` runs all
/// tests with a cache.
pub(crate) fn cache() -> Option<(&'static str, String)> {
    std::env::var("LINMEM_TEST_CACHE").ok().map(|folder| ("XDG_CACHE_HOME", folder))
}

/// A shell command in an environment with only a `PATH`, on which linmem comes first.
pub(crate) fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).env_clear().env("PATH", path()).envs(cache());
    command
}

/// A `PATH` on which linmem comes first.
pub(crate) fn path() -> String {
    let folder = std::path::Path::new(BINARY).parent().expect("the binary is in a folder");
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

/// The path of the binary.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_linmem");
