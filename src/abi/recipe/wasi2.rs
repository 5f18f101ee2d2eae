//! The functions of WASI preview 2 that linmem knows, and how a component's core modules call them.

use crate::guest::Import;

/// How a component's core modules pass values in a call of an import.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lowered {
    pub(super) memory: usize,
    /// The number of the export that allocates memory for results.
    pub(super) realloc: Option<usize>,
}

/// A function of WASI preview 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function(pub(super) Option<Name>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Arguments,
    Environment,
    InitialCwd,
    Exit,
    ExitWithCode,
    Stdin,
    Stdout,
    Stderr,
    Terminal,
    MonotonicNow,
    MonotonicResolution,
    Subscribe,
    WallNow,
    WallResolution,
    RandomBytes,
    RandomNumber,
    RandomSeed,
    Read,
    Skip,
    CheckWrite,
    Write,
    WriteZeroes,
    Flush,
    Ready,
    Block,
    Poll,
    Directories,
    ErrorCode,
    Drop,
}

/// The functions, by interface and name.
const FUNCTIONS: &[(&str, &str, Name)] = &[
    ("cli/environment", "get-arguments", Name::Arguments),
    ("cli/environment", "get-environment", Name::Environment),
    ("cli/environment", "initial-cwd", Name::InitialCwd),
    ("cli/exit", "exit", Name::Exit),
    ("cli/exit", "exit-with-code", Name::ExitWithCode),
    ("cli/stdin", "get-stdin", Name::Stdin),
    ("cli/stdout", "get-stdout", Name::Stdout),
    ("cli/stderr", "get-stderr", Name::Stderr),
    ("cli/terminal-stdin", "get-terminal-stdin", Name::Terminal),
    ("cli/terminal-stdout", "get-terminal-stdout", Name::Terminal),
    ("cli/terminal-stderr", "get-terminal-stderr", Name::Terminal),
    ("clocks/monotonic-clock", "now", Name::MonotonicNow),
    ("clocks/monotonic-clock", "resolution", Name::MonotonicResolution),
    ("clocks/monotonic-clock", "subscribe-instant", Name::Subscribe),
    ("clocks/monotonic-clock", "subscribe-duration", Name::Subscribe),
    ("clocks/wall-clock", "now", Name::WallNow),
    ("clocks/wall-clock", "resolution", Name::WallResolution),
    ("random/random", "get-random-bytes", Name::RandomBytes),
    ("random/random", "get-random-u64", Name::RandomNumber),
    ("random/insecure", "get-insecure-random-bytes", Name::RandomBytes),
    ("random/insecure", "get-insecure-random-u64", Name::RandomNumber),
    ("random/insecure-seed", "insecure-seed", Name::RandomSeed),
    ("io/streams", "[method]input-stream.read", Name::Read),
    ("io/streams", "[method]input-stream.blocking-read", Name::Read),
    ("io/streams", "[method]input-stream.skip", Name::Skip),
    ("io/streams", "[method]input-stream.blocking-skip", Name::Skip),
    ("io/streams", "[method]input-stream.subscribe", Name::Subscribe),
    ("io/streams", "[method]output-stream.check-write", Name::CheckWrite),
    ("io/streams", "[method]output-stream.write", Name::Write),
    ("io/streams", "[method]output-stream.blocking-write-and-flush", Name::Write),
    ("io/streams", "[method]output-stream.write-zeroes", Name::WriteZeroes),
    ("io/streams", "[method]output-stream.blocking-write-zeroes-and-flush", Name::WriteZeroes),
    ("io/streams", "[method]output-stream.flush", Name::Flush),
    ("io/streams", "[method]output-stream.blocking-flush", Name::Flush),
    ("io/streams", "[method]output-stream.subscribe", Name::Subscribe),
    ("io/poll", "[method]pollable.ready", Name::Ready),
    ("io/poll", "[method]pollable.block", Name::Block),
    ("io/poll", "poll", Name::Poll),
    ("filesystem/preopens", "get-directories", Name::Directories),
    ("filesystem/types", "filesystem-error-code", Name::ErrorCode),
];

impl Function {
    /// Whether it reads the line.
    pub(super) fn reads_the_line(self) -> bool {
        matches!(self.0, Some(Name::Read | Name::Skip))
    }
}

/// The function of WASI preview 2 that an import names, if any: one that is not known, if it is in a package of WASI.
pub(super) fn function(import: &Import) -> Option<Function> {
    let interface = import.module.strip_prefix("wasi:")?;
    let interface = interface.split('@').next().unwrap_or_default();
    if import.name.starts_with("[resource-drop]") {
        return Some(Function(Some(Name::Drop)));
    }
    let found = FUNCTIONS.iter().find(|(known, name, _)| *known == interface && *name == import.name);
    Some(Function(found.map(|(_, _, name)| *name)))
}
