//! All tests that go through the program or the library. They are one binary, which is linked once.

mod batches;
mod cases;
mod commands;
mod compared;
mod config;
mod conventions;
mod debug;
mod detection;
#[cfg(unix)]
mod dropped;
mod embedding;
mod findings;
mod formats;
mod globals;
mod guests;
mod hermetic;
mod inspect;
mod json;
mod loading;
mod pipe;
mod programs;
#[cfg(unix)]
mod prompt;
mod pty;
mod recipes;
mod record;
mod regions;
#[cfg(unix)]
mod reports;
mod saved;
#[cfg(unix)]
mod screen;
mod scripts;
mod trace;
mod traps;
mod wasi;
mod watch;
#[cfg(unix)]
mod written;
