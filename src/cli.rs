//! The command line, as clap types.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::abi::{ConventionRequest, NoConvention};
use crate::command::{duration, size};
use crate::debug::PathMapping;
use crate::guest::{Limits, Passes};
use crate::session::Options;

const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}\n\n{options}\n{after-help}";

const ABOUT: &str = "See a WebAssembly guest's memory before and after each call, byte by byte";

const USAGE: &str = "\
linmem [OPTIONS] [GUEST]   GUEST: a .wasm or .wat file, or one of ours
       linmem guests | recipe [NAME] | inspect GUEST | replay FILE
              | guide commands|json|recipes | completions SHELL | man";

const EXAMPLES: &str = "Examples:
  linmem                                the full screen, on a guest of ours
  linmem my.wasm --call shout           the same on a guest of yours
  printf 'Did you know\\n' | linmem      one line in, one line out
  linmem --line 'Hi there' --show hex   memory before and after each step
The full screen opens when stdin and stdout are terminals; else, and with -l,
--show, -k, -0 or --whole, lines are read from stdin. Exit status: 0 all
answered, 1 some line failed (-k, --script), 2 usage, 3 guest not loaded, 4 no
convention, 5 exchange failed, 6 limit, 7 reading or writing failed, 101 a bug
in linmem, 130 by Ctrl-C.";

/// What the command line says.
#[derive(Debug, Parser)]
#[command(bin_name = "linmem", version, about = ABOUT, help_template = TEMPLATE, override_usage = USAGE, after_help = EXAMPLES, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do, if not to run a guest.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// A .wasm or .wat file, or a guest that comes along [default: passing-data]
    #[arg(value_parser = OsStringValueParser::new().try_map(guest), value_hint = ValueHint::FilePath)]
    pub guest: Option<PathBuf>,

    /// What is said about the convention.
    #[command(flatten)]
    pub how: How,

    /// An argument for a program (WASI); repeatable
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub arg: Vec<OsString>,

    /// A variable for a program (WASI); repeatable
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = OsStringValueParser::new().try_map(variable))]
    pub env: Vec<OsString>,

    /// Directory of sources recorded as FROM; repeatable
    #[arg(long, value_name = "FROM=TO")]
    pub source_map: Vec<PathMapping>,

    /// Longest time for one line; 0 = none
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub timeout: Duration,

    /// Most memory, such as 1GiB
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = size)]
    pub max_memory: u64,

    /// Longest answer
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size)]
    pub max_output: u64,

    /// Record the guest's stores: off, stores, loads
    #[arg(long, value_name = "WHAT", hide_possible_values = true)]
    pub trace: Option<Trace>,

    /// Memory for recorded stores [default: 256MiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_record: Option<u64>,

    /// Colours: auto, always, never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: When,

    /// Lines and commands at a prompt, no full screen
    #[arg(long, conflicts_with_all = ["script", "line", "show", "keep_going", "null", "whole"])]
    pub repl: bool,

    /// Follow lines and commands of a file, - is stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["line", "keep_going", "null", "whole"])]
    pub script: Option<PathBuf>,

    /// Load a guest anew when its file changes
    #[arg(long, conflicts_with_all = ["script", "line", "show", "keep_going", "null", "whole"])]
    pub watch: bool,

    /// Keys of the prompt: emacs, vi
    #[arg(long, value_name = "KEYS", default_value = "emacs", hide_possible_values = true)]
    pub keys: Keys,

    /// Do not read or keep the history of typed lines
    #[arg(long)]
    pub no_history: bool,

    /// Say nothing but answers and failures
    #[arg(short, long)]
    pub quiet: bool,

    /// A line to send, not those of stdin; repeatable
    #[arg(short, long, value_name = "TEXT", help_heading = "Pipe", allow_hyphen_values = true)]
    pub line: Vec<OsString>,

    /// Print memory before and after too: hex, json
    #[arg(long, value_name = "FORM", help_heading = "Pipe", hide_possible_values = true)]
    pub show: Option<Show>,

    /// Go on after a failure: an empty line for it
    #[arg(short, long, help_heading = "Pipe")]
    pub keep_going: bool,

    /// Lines end in NUL instead of LF, in and out
    #[arg(short = '0', long, help_heading = "Pipe", conflicts_with = "whole")]
    pub null: bool,

    /// Send all of stdin as one line
    #[arg(long, help_heading = "Pipe", conflicts_with = "line")]
    pub whole: bool,
}

/// What is said about the convention.
#[derive(Debug, Args)]
pub struct How {
    /// The export to call, where several fit
    #[arg(long, value_name = "NAME")]
    pub call: Option<String>,

    /// How to talk to it: a convention, or a recipe
    #[arg(long, value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
    pub abi: Option<PathBuf>,

    /// Imports that nothing answers return zero
    #[arg(long)]
    pub stub_imports: bool,
}

/// What linmem does besides running a guest.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the guests that come along
    Guests,

    /// List the conventions that come along, or print the recipe of one
    Recipe {
        /// The convention's name
        name: Option<String>,
    },

    /// Tell what a guest exports and which conventions it fits, without running it
    Inspect {
        /// A .wasm or .wat file, or a guest that comes along
        #[arg(value_parser = OsStringValueParser::new().try_map(guest), value_hint = ValueHint::FilePath)]
        guest: PathBuf,
        /// What is said about the convention.
        #[command(flatten)]
        how: How,
        /// List every export, import and segment
        #[arg(long)]
        all: bool,
        /// As one JSON object, for programs
        #[arg(long)]
        json: bool,
    },

    /// Print a guide: commands, json, recipes
    Guide {
        /// What about
        #[arg(hide_possible_values = true)]
        topic: Topic,
    },

    /// Look at a session that :save wrote, without running anything
    Replay {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Print it instead: hex, json
        #[arg(long, value_name = "FORM", hide_possible_values = true)]
        show: Option<Show>,
        /// At the prompt, without a full screen
        #[arg(long, conflicts_with = "show")]
        repl: bool,
        /// Most memory for what is in it
        #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = size)]
        max_memory: u64,
    },

    /// Print what completes linmem's options in a shell
    Completions {
        /// The shell: bash, elvish, fish, powershell, zsh
        #[arg(hide_possible_values = true)]
        shell: Shell,
    },

    /// Print the man page
    Man,
}

/// What there is a guide about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Topic {
    /// The commands at the prompt, in the full screen and in scripts.
    Commands,
    /// What --show json prints.
    Json,
    /// The language of recipes.
    Recipes,
}

/// What a guest records of its accesses to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Trace {
    /// Nothing: changes are found by comparing
    Off,
    /// Every store
    Stores,
    /// Every store and load
    Loads,
}

impl Trace {
    fn passes(self) -> Passes {
        Passes { stores: self != Trace::Off, loads: self == Trace::Loads }
    }
}

/// How memory is printed in the pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Show {
    /// Hex dumps of the changed rows, before and after
    Hex,
    /// One JSON object a line, and nothing else: see `linmem guide json`
    Json,
}

/// The keys of the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Keys {
    /// Ctrl-A, Ctrl-E, Ctrl-R and so on
    Emacs,
    /// Esc for the commands of vi
    Vi,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Also into files and pipes
    Always,
    /// Not at all; marks stay
    Never,
}

impl How {
    /// The wish that it is, with the recipe read if a file of one was given.
    ///
    /// # Errors
    /// There is no such convention or file, or the file holds no recipe.
    pub fn wish(&self) -> Result<ConventionRequest, NoConvention> {
        let wish = ConventionRequest {
            call: self.call.clone(),
            stub_imports: self.stub_imports,
            ..ConventionRequest::default()
        };
        self.abi.as_deref().map_or_else(|| Ok(wish.clone()), |named| wish.named(named))
    }
}

impl Cli {
    /// What is said about how the guest is to be run, but for the convention.
    ///
    /// Stores are recorded where somebody looks at them, unless the command line says otherwise.
    pub fn options(&self, is_looked_at: bool) -> Options {
        let time = (!self.timeout.is_zero()).then_some(self.timeout);
        let record = self.max_record.unwrap_or_else(|| Limits::default().record.min(machine_memory() / RECORD_SHARE));
        let limits = Limits { memory: self.max_memory, time, output: self.max_output, record };
        let usual = if is_looked_at { Trace::Stores } else { Trace::Off };
        let trace = self.trace.unwrap_or(usual).passes();
        Options {
            limits,
            trace,
            args: self.arg.clone(),
            source_maps: self.source_map.clone(),
            env: self.environment(),
            ..Options::default()
        }
    }

    /// The variables in their order; of several that have one name, the last.
    fn environment(&self) -> Vec<OsString> {
        let mut seen = HashSet::new();
        let mut kept: Vec<_> = self.env.iter().rev().filter(|variable| seen.insert(name(variable))).cloned().collect();
        kept.reverse();
        kept
    }

    /// Whether colours are to be used on stdout.
    pub fn colored(&self) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => !no_color && (set("CLICOLOR_FORCE") || std::io::stdout().is_terminal()),
        }
    }

    /// Whether something was said that only the pipe does.
    pub fn wants_pipe(&self) -> bool {
        !self.line.is_empty() || self.show.is_some() || self.keep_going || self.null || self.whole
    }
}

/// Records take at most this part of the machine's memory, if nothing else is said.
const RECORD_SHARE: u64 = 8;

/// The bytes of memory that the machine has, as far as that is known.
fn machine_memory() -> u64 {
    let kilobytes = |text: String| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:").map(str::trim_start))?;
        line.split(' ').next()?.parse().ok()
    };
    let known = std::fs::read_to_string("/proc/meminfo").ok().and_then(kilobytes);
    known.map_or(u64::MAX, |kilobytes| kilobytes.saturating_mul(1024))
}

/// A guest's name. A guest is not read from stdin, which is for lines.
fn guest(name: OsString) -> Result<PathBuf, String> {
    match name.to_str() {
        Some("-") => Err("stdin is for lines; give the guest as a file".to_owned()),
        _ => Ok(PathBuf::from(name)),
    }
}

/// The name of a variable.
fn name(variable: &OsStr) -> Option<&[u8]> {
    variable.as_encoded_bytes().split(|&byte| byte == b'=').next()
}

/// A variable of a guest's environment, as `NAME=VALUE`. A name alone stands for the host's variable of that name.
fn variable(said: OsString) -> Result<OsString, String> {
    let bytes = said.as_encoded_bytes();
    if bytes.contains(&0) {
        return Err("a variable cannot hold a NUL, which ends it".to_owned());
    }
    if bytes.is_empty() || bytes.starts_with(b"=") {
        return Err("the name is missing; a variable is NAME=VALUE".to_owned());
    }
    if bytes.contains(&b'=') {
        return Ok(said);
    }
    match std::env::var_os(&said) {
        Some(value) => Ok([said, value].join(OsStr::new("="))),
        None => Err("there is no variable of that name here to be passed on; NAME=VALUE gives one".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_fault_with_the_definition() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
