//! linmem shows what crosses the boundary between a host and a WebAssembly guest.
//!
//! A line is written into the guest's linear memory, the guest's transform is called, and the answer is
//! read back. linmem shows that memory before and after each step, byte by byte, with who changed what.
//!
//! The rooms, top to bottom. Data flows one way, and a room knows only those below it:
//!
//! | room | subject |
//! | --- | --- |
//! | [`front`] | what the user faces: the full screen, the prompt, scripts, the pipe |
//! | [`cli`] | the command line, as clap types |
//! | [`config`] | the config file: defaults for options |
//! | [`command`] | the `:` language: one table for parsing, completion and help |
//! | [`view`] | what is shown, with no terminal in it: rows, marks, steps, sentences |
//! | [`session`] | a guest, its convention and its timeline |
//! | [`abi`] | conventions: how a line gets into a guest and its answer out |
//! | [`debug`] | what a module tells about itself: names, instructions, source lines |
//! | [`guest`] | the sandbox, and the only room that knows wasmer |
//! | [`record`] | causes, steps, changes, time travel: pure data |

pub mod abi;
pub mod cli;
pub mod command;
pub mod config;
pub mod debug;
pub mod front;
pub mod guest;
pub mod record;
pub mod session;
pub mod view;
