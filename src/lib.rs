//! linmem shows what crosses the boundary between a host and a WebAssembly guest.
//!
//! A line is written into the guest's linear memory, an export is called, and the answer is read back. linmem records
//! each step with the bytes that it changed and who changed them, and can show memory at any moment again.
//!
//! # The library
//!
//! Without the feature `cli`, which is on by default, this crate needs no terminal: it drives guests and reports what
//! happened. [`session::Live`] is a running guest, [`record`] its recording, and [`view`] the recording as text.
//!
//! ```
//! use linmem::abi::InputLine;
//! use linmem::record::{Actor, Change};
//! use linmem::session::{Live, Options, Source, Watchdog};
//!
//! let source = Source::find("passing-data".as_ref())?;
//! let options = Options::default();
//! let (mut live, _start) = Live::open(&source, &options, Watchdog::new(options.limits.time))?;
//!
//! let exchange = live.send(InputLine { bytes: b"Did you know", ended: true }, 1);
//! assert_eq!(exchange.outcome?, b"Did you know Wasm is cool!");
//!
//! // The guest appended to the line, in place.
//! let by_guest = exchange.changes.iter().find_map(|change| match change {
//!     Change::Bytes { addr, old_then_new, by: Actor::Guest, .. } => Some((*addr, old_then_new.len() / 2)),
//!     _ => None,
//! });
//! assert_eq!(by_guest, Some((0x41c, 14)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/print_changes.rs` prints every step of an exchange with what it changed.
//!
//! # The modules
//!
//! Dependencies point down: a module uses only modules below it. The first five are the program, which the feature
//! `cli` adds.
//!
//! | module | subject |
//! | --- | --- |
//! | `front` | the user interfaces: the full-screen view, the prompt, scripts, the pipe |
//! | `config` | the config file: settings |
//! | `cli` | the command line, as clap types |
//! | `command` | the `:` language: one table for parsing, completion and help |
//! | `settings` | limits and preferences: one table for flags, the config file and `:set` |
//! | [`view`] | what front ends show, as plain data: rows, marks, steps, sentences |
//! | [`session`] | a guest, its convention and its timeline; saved sessions |
//! | [`check`] | findings: what is wrong or suspicious, read off the record |
//! | [`abi`] | conventions: how a line gets into a guest and its answer out |
//! | [`infer`] | inference: finds a convention from examples |
//! | [`debug`] | debug information: names, instructions, source lines |
//! | [`guest`] | the sandbox, the only module that uses wasmer |
//! | [`record`] | causes, steps, changes, time travel: pure data |

pub mod abi;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod command;
#[cfg(feature = "cli")]
pub mod config;
pub mod debug;
#[cfg(feature = "cli")]
pub mod front;
pub mod guest;
pub mod infer;
pub mod record;
pub mod session;
#[cfg(feature = "cli")]
pub mod settings;
pub mod view;
