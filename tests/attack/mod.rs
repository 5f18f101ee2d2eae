//! The attack: each file feeds bytes to one part of linmem, and says what must hold whatever they are.
//!
//! In `fuzz/`, libFuzzer chooses the bytes. In `cargo test`, [`short`] chooses them, the same in each run.

mod command;
mod config;
mod driver;
mod load;
mod original;
mod recipe;
mod session;
#[cfg(test)]
mod short;
pub(crate) mod trace;
mod view;

use std::time::Duration;

use linmem::guest::{Cache, CompileOptions, Limits};

/// A part of linmem under attack.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// Feeds it these bytes.
    pub(crate) run: fn(&[u8]),
    /// Bytes that reach far into it.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
}

/// The targets that take any bytes. [`trace`] takes modules.
pub(crate) const TARGETS: [Target; 7] = [
    Target { name: "command", run: command::run, seeds: command::seeds },
    Target { name: "config", run: config::run, seeds: config::seeds },
    Target { name: "driver", run: driver::run, seeds: driver::seeds },
    Target { name: "load", run: load::run, seeds: load::seeds },
    Target { name: "recipe", run: recipe::run, seeds: recipe::seeds },
    Target { name: "session", run: session::run, seeds: session::seeds },
    Target { name: "view", run: view::run, seeds: view::seeds },
];

/// Limits that a hostile guest reaches soon.
fn limits() -> Limits {
    Limits {
        memory: 4 << 20,
        time: Some(Duration::from_millis(200)),
        output: 1 << 20,
        record: 1 << 20,
        ..Limits::default()
    }
}

/// How guests are compiled. The few of them are the same again and again: if `ATTACK_CACHE` names a folder, compiled code
/// is kept there.
pub(crate) fn compile() -> CompileOptions {
    let cache = std::env::var_os("ATTACK_CACHE").map(|folder| Cache::new(folder.into(), 4 << 20));
    CompileOptions { cache, ..CompileOptions::default() }
}

/// Asserts that nothing in a text reaches the terminal as a control character.
#[track_caller]
fn assert_safe(text: &str) {
    let control = text.lines().flat_map(str::chars).find(|c| c.is_control());
    assert!(control.is_none(), "{control:?} in {text:?}");
}
