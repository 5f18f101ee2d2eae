//! The user's options for running a guest.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::Stops;
use crate::abi::ConventionRequest;
use crate::debug::PathMapping;
use crate::guest::{CompileOptions, Limits, Passes};
use crate::record::Listener;

/// The user's options for running a guest.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The guest's limits.
    pub limits: Limits,
    /// How modules are compiled.
    pub compile: CompileOptions,
    /// The requested convention.
    pub wish: ConventionRequest,
    /// A line to try conventions with, where several match and the guest may run.
    pub probe: Option<Vec<u8>>,
    /// The arguments of a guest that is a program, after its name.
    pub args: Vec<OsString>,
    /// Where to find the guest's source files.
    pub source_maps: Vec<PathMapping>,
    /// The environment of a guest that is a program, as `NAME=VALUE`.
    pub env: Vec<OsString>,
    /// Which of the guest's memory accesses are recorded.
    pub trace: Passes,
    /// The byte with which blocks are filled that the guest's allocator returns or gets back.
    pub poison: Option<u8>,
    /// Time per exchange for comparing memory at import calls, where stores are not recorded; `None` for two seconds.
    pub patience: Option<Duration>,
    /// Receives the guest's messages as it emits them.
    pub listener: Option<Listener>,
    /// The watched files: when one changes, the guest is reloaded.
    pub watched: Watched,
    /// What is sent again after a guest was reloaded because its file changed.
    pub resend: Resend,
    /// When the recipe is compiled.
    pub batch: Batching,
    /// The breakpoints and watchpoints.
    pub stops: Stops,
}

/// When a recipe is compiled, so that the guest answers many lines in one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Batching {
    /// Once there are so many lines that it pays off.
    #[default]
    Auto,
    /// Before the first line, or as soon as an assumed convention has answered many lines.
    Always,
    /// Not at all: each line is answered step by step.
    Never,
}

/// The watched files.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// The module.
    pub guest: Option<PathBuf>,
    /// The recipe.
    pub recipe: Option<PathBuf>,
}

/// How much of a run is sent again after a reload because a file changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resend {
    /// All lines and commands of the run, in order.
    #[default]
    All,
    /// The last line.
    Last,
}
