//! The command line, as clap types, with a flag for each setting.

mod definition;
mod given;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

pub use self::definition::definition;
use self::given::{check_before_subcommand, set_given};
use crate::abi::{ConventionRequest, NoConvention};
use crate::command::{self, WatchRequest};
use crate::guest::Limits;
use crate::session::{BreakPlace, Options, Stops};
pub use crate::settings::{Check, ColorChoice, Keys};
use crate::settings::{SETTINGS, Settings, duration};

const ABOUT: &str = "Show a WebAssembly guest's memory before and after each call, byte by byte";

const USAGE: &str = "linmem [OPTIONS] [GUEST]\n       linmem <COMMAND>";

const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}\n\n{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  linmem                                Full-screen view of a built-in guest
  linmem my.wasm --call shout           The same, with your own guest
  printf 'Did you know\\n' | linmem      One line in, one line out
  linmem --line 'Hi there' --show hex   Memory before and after each step

A module or component is a .wasm or .wat file. If stdin and stdout are
terminals, linmem opens the full-screen view. Otherwise, or with --show, -k,
-0 or --whole, it reads lines from stdin; with --line it sends those. --no-NAME
turns off --NAME, such as one in the config file: see linmem guide commands.

Exit status: 0 success, 1 some lines failed (-k, --script), 2 usage error,
3 guest not loaded, 4 no convention, 5 exchange failed, 6 limit reached,
7 I/O error, 8 findings (--check), 101 bug in linmem, 130 Ctrl-C";

const GUEST: &str = "Guest";
const SCREEN: &str = "Screen and prompt";
const PIPE: &str = "Pipe";
const LIMITS: &str = "Limits";
const FINDINGS: &str = "Findings";
const COMPILING: &str = "Compiling";

/// The parsed command line.
#[derive(Debug, Parser)]
#[command(bin_name = "linmem", version, about = ABOUT, help_template = TEMPLATE, override_usage = USAGE, after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct Cli {
    /// The subcommand; without one, run a guest.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Module or built-in guest [default: passing-data]
    #[arg(display_order = 0, value_parser = OsStringValueParser::new().try_map(guest), value_hint = ValueHint::FilePath, help_heading = GUEST)]
    pub guest: Option<PathBuf>,

    /// Options about the convention.
    #[command(flatten)]
    pub convention: ConventionArgs,

    /// Argument for a WASI program; may be repeated
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = GUEST)]
    pub arg: Vec<OsString>,

    /// Stop at a function, FILE:LINE or offset; may be repeated
    #[arg(long = "break", value_name = "PLACE", help_heading = GUEST, hide_short_help = true, value_parser = command::parse_place)]
    pub breakpoints: Vec<BreakPlace>,

    /// Stop after an access, e.g. "0x41c..0x42a change"; may be repeated
    #[arg(long = "watchpoint", value_name = "RANGE", help_heading = GUEST, hide_short_help = true, value_parser = command::parse_watchpoint)]
    pub watchpoints: Vec<WatchRequest>,

    /// Use the prompt instead of the full-screen view
    #[arg(long, help_heading = SCREEN, conflicts_with_all = ["script", "line", "show", "keep_going", "null", "whole"])]
    pub repl: bool,

    /// Run the lines and commands in a file; - is stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = SCREEN, conflicts_with_all = ["line", "keep_going", "null", "whole"])]
    pub script: Option<PathBuf>,

    /// Reload the guest when its file changes
    #[arg(long, help_heading = SCREEN, conflicts_with_all = ["script", "line", "show", "keep_going", "null", "whole"])]
    pub watch: bool,

    /// Line to send instead of stdin; may be repeated
    #[arg(short, long, value_name = "TEXT", help_heading = PIPE, allow_hyphen_values = true)]
    pub line: Vec<OsString>,

    /// Print memory before and after each step: hex, json
    #[arg(long, value_name = "FORMAT", help_heading = PIPE, hide_possible_values = true)]
    pub show: Option<Show>,

    /// Keep going after a failed line; print an empty answer
    #[arg(short, long, help_heading = PIPE)]
    pub keep_going: bool,

    /// Lines end with NUL instead of LF, in input and output
    #[arg(short = '0', long, help_heading = PIPE, conflicts_with = "whole")]
    pub null: bool,

    /// Send all of stdin as one line; programs stream it
    #[arg(long, help_heading = PIPE, conflicts_with = "line")]
    pub whole: bool,

    /// Ignore the config file
    #[arg(long, global = true)]
    pub no_config: bool,

    /// The settings: defaults, overridden by the config file, then by the command line.
    #[arg(skip)]
    pub settings: Settings,

    /// Why the config file was not read, if it could not be.
    #[arg(skip)]
    pub unread: Option<String>,
}

/// Options about the convention.
#[derive(Debug, Args)]
pub struct ConventionArgs {
    /// Export to call if several match
    #[arg(long, value_name = "NAME", help_heading = GUEST)]
    pub call: Option<String>,

    /// Convention, recipe file, or auto
    #[arg(long, value_name = "NAME|FILE", value_hint = ValueHint::FilePath, help_heading = GUEST)]
    pub abi: Option<PathBuf>,

    /// Make unresolved imports return zero
    #[arg(long, help_heading = GUEST)]
    pub stub_imports: bool,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the built-in guests
    Guests,

    /// List, print, check or format recipes
    #[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
    Recipe {
        /// What to do with a recipe.
        #[command(subcommand)]
        act: Option<RecipeCommand>,
        /// Name of the convention whose recipe to print
        name: Option<String>,
    },

    /// Show a guest's exports and conventions, without running it
    Inspect {
        /// Module or built-in guest
        #[arg(value_parser = OsStringValueParser::new().try_map(guest), value_hint = ValueHint::FilePath, help_heading = GUEST)]
        guest: PathBuf,
        /// Options about the convention.
        #[command(flatten)]
        convention: ConventionArgs,
        /// List every export, import and segment
        #[arg(long)]
        all: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },

    /// Infer how a guest passes text, from a line and its answer
    Infer(InferArgs),

    /// Print a guide: commands, findings, json, promises, recipes
    Guide {
        /// Guide to print: commands, findings, json, promises, recipes
        #[arg(hide_possible_values = true)]
        topic: Topic,
        /// After `recipes`: built-in convention to explain
        convention: Option<String>,
    },

    /// Open a saved session, without running anything
    Replay {
        /// File written by :save
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Print the session in a format: hex, json
        #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
        show: Option<Show>,
        /// Use the prompt instead of the full-screen view
        #[arg(long, conflicts_with = "show")]
        repl: bool,
    },

    /// Show, measure or remove the compiled code that is kept
    Cache {
        /// What to do: clear removes all of it, size prints its bytes
        #[arg(hide_possible_values = true)]
        action: Option<CacheAction>,
    },

    /// Print a completion script for a shell
    Completions {
        /// Shell: bash, elvish, fish, powershell, zsh
        #[arg(hide_possible_values = true)]
        shell: Shell,
    },

    /// Print the man page
    Man,
}

/// What to do with a recipe.
#[derive(Debug, Subcommand)]
pub enum RecipeCommand {
    /// Report everything in a recipe that does not fit a guest
    Check {
        /// Recipe file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Module or built-in guest
        #[arg(value_parser = OsStringValueParser::new().try_map(guest), value_hint = ValueHint::FilePath)]
        guest: PathBuf,
        /// Make unresolved imports return zero
        #[arg(long)]
        stub_imports: bool,
    },

    /// Format recipes; without files, stdin to stdout
    Fmt {
        /// Recipe files, which are overwritten
        #[arg(value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
        /// Write nothing; list the files that are not formatted
        #[arg(long)]
        check: bool,
    },
}

/// The arguments of `linmem infer`.
#[derive(Debug, Args)]
pub struct InferArgs {
    /// Module or built-in guest
    #[arg(value_parser = OsStringValueParser::new().try_map(guest), value_hint = ValueHint::FilePath, help_heading = GUEST)]
    pub guest: PathBuf,

    /// Export to call; without it, all are tried
    #[arg(long, value_name = "NAME")]
    pub call: Option<String>,

    /// Example line; may be repeated
    #[arg(short, long, value_name = "TEXT", required = true, allow_hyphen_values = true)]
    pub line: Vec<OsString>,

    /// Answer to the preceding line; without one, guess
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    pub answer: Vec<OsString>,

    /// Write the recipe to a file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub save: Option<PathBuf>,

    /// Write a copy of the module that contains the recipe
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub embed: Option<PathBuf>,

    /// Run the recipe on the lines from stdin
    #[arg(long)]
    pub run: bool,

    /// Make unresolved imports return zero
    #[arg(long)]
    pub stub_imports: bool,

    /// Time limit for all trials together
    #[arg(id = "budget", long = "timeout", value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub budget: Duration,
}

/// The subjects of the guides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Topic {
    /// The commands at the prompt, in the full screen and in scripts.
    Commands,
    /// Problems that linmem detects automatically.
    Findings,
    /// What --show json prints.
    Json,
    /// What linmem does whatever happens, and the limits and tests that hold it.
    Promises,
    /// The language of recipes.
    Recipes,
}

/// What to do with the compiled code that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CacheAction {
    /// Remove all of it.
    Clear,
    /// Print its size in bytes.
    Size,
}

/// How memory is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Show {
    /// Hex dumps of the changed rows, before and after
    Hex,
    /// One JSON object per line, and nothing else: see `linmem guide json`
    Json,
}

impl Cli {
    /// Parses the command line on top of the settings from `base`. With `--no-config`, `base` is not called.
    ///
    /// # Errors
    /// The command line is not valid, `base` failed, or help was requested.
    pub fn parse_with(
        args: impl IntoIterator<Item = OsString>,
        base: impl FnOnce() -> Result<Settings, clap::Error>,
    ) -> Result<Cli, clap::Error> {
        let matches = definition().try_get_matches_from(args)?;
        check_before_subcommand(&definition(), &matches)?;
        let mut cli = Cli::from_arg_matches(&matches)?;
        if !cli.no_config {
            cli.settings = base()?;
        }
        // A setting may be given before the subcommand or after it.
        for given in std::iter::successors(Some(&matches), |given| given.subcommand().map(|(_, given)| given)) {
            for setting in SETTINGS {
                set_given(setting, given, &mut cli.settings)
                    .map_err(|message| definition().error(ErrorKind::InvalidValue, message))?;
            }
        }
        Ok(cli)
    }

    /// Whether findings are raised, where somebody looks at memory or not.
    pub fn checks(&self, is_looked_at: bool) -> bool {
        match self.settings.check {
            Check::Auto => is_looked_at,
            Check::On => true,
            Check::Off => false,
        }
    }

    /// The options for running the guest, except the convention.
    ///
    /// Records stores if an interactive front end shows them, unless a setting overrides that.
    pub fn options(&self, is_looked_at: bool) -> Options {
        let Settings { limits, trace, batch, env, source_maps, resend, poison, .. } = &self.settings;
        let stops = self.stops();
        Options {
            limits: *limits,
            trace: trace.passes(is_looked_at).and(stops.passes()),
            stops,
            poison: poison.0,
            probe: self.line.first().map(|line| line.as_encoded_bytes().to_vec()),
            args: self.arg.clone(),
            env: env.0.clone(),
            source_maps: source_maps.clone(),
            resend: *resend,
            batch: *batch,
            ..Options::default()
        }
    }

    /// Where the guest is to stop from the start on.
    fn stops(&self) -> Stops {
        let stops = Stops::default();
        // Who gives too many has the first ones.
        for place in &self.breakpoints {
            let _ = stops.add_break(place.clone());
        }
        for WatchRequest { start, end, on } in &self.watchpoints {
            let _ = stops.add_watch(0, *start, *end, on.clone());
        }
        stops
    }

    /// Whether to use colors on stdout.
    pub fn colored(&self) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self.settings.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => !no_color && (set("CLICOLOR_FORCE") || std::io::stdout().is_terminal()),
        }
    }

    /// Whether an option was given that only the pipe supports.
    pub fn wants_pipe(&self) -> bool {
        !self.line.is_empty() || self.show.is_some() || self.keep_going || self.null || self.whole
    }
}

impl ConventionArgs {
    /// The request, with the recipe file read if one was given.
    ///
    /// # Errors
    /// There is no such convention or file, or the file is not a valid recipe.
    pub fn request(&self, limits: &Limits) -> Result<ConventionRequest, NoConvention> {
        let request = ConventionRequest {
            call: self.call.clone(),
            stub_imports: self.stub_imports,
            ..ConventionRequest::default()
        };
        self.abi.as_deref().map_or_else(|| Ok(request.clone()), |named| request.named_within(named, limits))
    }
}

/// Parses a guest's name. A guest is never read from stdin, which is for lines.
fn guest(name: OsString) -> Result<PathBuf, String> {
    match name.to_str() {
        Some("-") => Err("stdin is for lines; give the guest as a file".to_owned()),
        _ => Ok(PathBuf::from(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::definition::is_switch;
    use super::*;

    fn parse(args: &[&str]) -> Cli {
        let args = std::iter::once("linmem").chain(args.iter().copied()).map(OsString::from);
        Cli::parse_with(args, || Ok(Settings::default())).expect("the arguments are right")
    }

    #[test]
    fn clap_finds_no_fault_with_the_definition() {
        definition().debug_assert();
    }

    #[test]
    fn the_help_keeps_to_79_columns() {
        let mut all = definition();
        let mut helps = vec![all.render_long_help().to_string(), all.render_help().to_string()];
        helps.extend(all.get_subcommands_mut().map(|command| command.render_help().to_string()));
        for line in helps.iter().flat_map(|help| help.lines()) {
            assert!(line.chars().count() < 80, "{line}");
        }
        assert!(helps[1].lines().count() < 78, "it is short: {}", helps[1]);
    }

    #[test]
    fn every_switch_can_be_turned_off_again() {
        for command in std::iter::once(&definition()).chain(definition().get_subcommands()) {
            for switch in command.get_arguments().filter(|arg| is_switch(arg)) {
                let off = format!("no-{}", switch.get_long().expect("a switch has a name"));
                let has_off = command.get_arguments().any(|arg| arg.get_long() == Some(&off));
                assert!(has_off, "--{off} of {}", command.get_name());
            }
        }
        assert!(!parse(&["--quiet", "--no-quiet"]).settings.quiet);
        assert!(parse(&["--no-quiet", "-q"]).settings.quiet);
        assert!(!parse(&["--no-history"]).settings.history);
        assert!(parse(&["--no-history", "--history"]).settings.history);
        assert!(!parse(&["--keep-going", "--no-keep-going"]).keep_going);
        assert!(parse(&["--no-watch", "--watch"]).watch);
    }
}
