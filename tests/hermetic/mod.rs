//! Starts programs for tests in a clean environment.
//!
//! The user may have a config file, a history, `NO_COLOR`, `TERM` or `COLUMNS`; no test may depend on them.

use std::process::Command;

/// linmem with an empty environment: no home, no config file, no history.
pub(crate) fn linmem() -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear();
    command.envs(mode());
    command
}

/// In which mode linmem runs, as environment variables: where it keeps compiled code, if `LINMEM_TEST_CACHE` says so, by
/// default nowhere; and its config file, in the folder `LINMEM_TEST_CONFIG`, by default none. `tests/every-mode.sh` runs all
/// tests in many modes.
pub(crate) fn mode() -> impl Iterator<Item = (&'static str, String)> {
    let modes = [("LINMEM_TEST_CACHE", "XDG_CACHE_HOME"), ("LINMEM_TEST_CONFIG", "XDG_CONFIG_HOME")];
    modes.into_iter().filter_map(|(test, variable)| Some((variable, std::env::var(test).ok()?)))
}

/// A shell command in an environment with only a `PATH`, on which linmem comes first.
pub(crate) fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).env_clear().env("PATH", path()).envs(mode());
    command
}

/// A `PATH` on which linmem comes first.
pub(crate) fn path() -> String {
    let folder = std::path::Path::new(BINARY).parent().expect("the binary is in a folder");
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

/// The path of the binary.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_linmem");
