//! Settings: limits and preferences for one session or all sessions.
//!
//! Each setting is declared once, in [`SETTINGS`]. Its flag, its name in the config file, `:set`, `:limits`, the guide, the
//! man page and completion all follow from that entry.

mod amount;
mod value;

use std::ffi::{OsStr, OsString};
use std::sync::LazyLock;

use crate::check::Finding;
use crate::debug::PathMapping;
use crate::guest::{FirstCode, Limits};
use crate::session::{Batching, Resend};

pub use amount::duration;
pub use value::{Allowed, Check, ColorChoice, Filler, Keys, Kind, Look, SeenBy, Trace, Variables};
use value::{At, Counted, Field};

/// The value of every setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The limits of the guest.
    pub limits: Limits,
    /// Whether compiled code is kept and used again.
    pub cache: bool,
    /// Which code a module runs that was not compiled before.
    pub first_code: FirstCode,
    /// The size limit of the compiled code that is kept, in bytes.
    pub max_cache: u64,
    /// The limits of scripts, saved sessions and inference.
    pub inputs: InputLimits,
    /// Which memory accesses of the guest are recorded.
    pub trace: Trace,
    /// When a recipe is compiled.
    pub batch: Batching,
    /// Where to find the sources that debug information names.
    pub source_maps: Vec<PathMapping>,
    /// The environment of a program.
    pub env: Variables,
    /// When to use colors.
    pub color: ColorChoice,
    /// The colors of the screen.
    pub theme: Look,
    /// The host whose view of the bytes at the cursor the screen shows.
    pub seen_by: SeenBy,
    /// The key bindings of the prompt.
    pub keys: Keys,
    /// Whether typed lines are saved for later sessions.
    pub history: bool,
    /// Whether only answers and errors are printed.
    pub quiet: bool,
    /// Whether the prompt and scripts list the steps after each line.
    pub steps: bool,
    /// Whether the prompt and scripts show the changed rows of memory after each line.
    pub rows: bool,
    /// What to send again after a reload because the guest's file changed.
    pub resend: Resend,
    /// Whether findings are raised.
    pub check: Check,
    /// The kinds of findings that are not shown.
    pub allow: Allowed,
    /// The byte with which the blocks of the guest's allocator are filled.
    pub poison: Filler,
}

/// The default size limit of the compiled code that is kept.
const CACHE: u64 = 1 << 30;

/// The limits of what linmem reads and does besides running a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputLimits {
    /// Bytes of a script, or of a line of one that is read from stdin.
    pub script: u64,
    /// Bytes of a saved session.
    pub session: u64,
    /// How deep scripts that run scripts are nested.
    pub nesting: u64,
    /// How many files a script runs, directly or not. A file that runs itself several times would otherwise run for very
    /// long, even if it is nested only a few times.
    pub sourced: u64,
    /// How many guests inference creates.
    pub trials: u64,
}

impl Default for InputLimits {
    fn default() -> InputLimits {
        InputLimits { script: 64 << 20, session: 16 << 30, nesting: 8, sourced: 1000, trials: 1_000_000 }
    }
}

/// The default limits. Records may use up to an eighth of the machine's memory, and the compiler up to half.
static LIMITS: LazyLock<Limits> = LazyLock::new(|| {
    let (limits, all) = (Limits::default(), machine_memory());
    let share = |part: u64| (all / part) >> 20 << 20;
    let (record, compile_memory) = (limits.record.min(share(8)), limits.compile_memory.min(share(2)));
    Limits { record, compile_memory, ..limits }
});

/// The machine's memory in bytes, as far as it is known.
fn machine_memory() -> u64 {
    let kilobytes = |text: String| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:").map(str::trim_start))?;
        line.split(' ').next()?.parse().ok()
    };
    let known = std::fs::read_to_string("/proc/meminfo").ok().and_then(kilobytes);
    known.map_or(u64::MAX, |kilobytes| kilobytes.saturating_mul(1024))
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            limits: *LIMITS,
            cache: true,
            first_code: FirstCode::Optimized,
            max_cache: CACHE,
            inputs: InputLimits::default(),
            trace: Trace::Auto,
            batch: Batching::Auto,
            source_maps: Vec::new(),
            env: Variables::default(),
            color: ColorChoice::Auto,
            theme: Look::Dark,
            seen_by: SeenBy::default(),
            keys: Keys::Emacs,
            history: true,
            quiet: false,
            steps: false,
            rows: true,
            resend: Resend::All,
            check: Check::Auto,
            allow: Allowed::default(),
            poison: Filler::default(),
        }
    }
}

/// A setting: its name, its description, and where its value is.
pub struct Setting {
    /// Its name: `max-memory`.
    pub name: &'static str,
    /// The letter of its flag, if it has one.
    pub short: Option<char>,
    /// Its description, as in `--help`.
    pub about: &'static str,
    /// The description of `--no-NAME`, if the setting is a switch that is on by default.
    pub off: &'static str,
    /// The group that it belongs to.
    pub group: Group,
    /// Whether `:set` can change it.
    pub live: bool,
    field: &'static dyn Field,
}

/// A group of settings: which part of linmem uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Limits of a guest, and of what linmem reads.
    Limits,
    /// How a module, or a recipe, is compiled.
    Compiling,
    /// How a guest is run.
    Program,
    /// Which findings are raised.
    Findings,
    /// The behavior of the screen and the prompt.
    Display,
}

/// Every setting, in the order of `--help`.
pub const SETTINGS: &[Setting] = &[
    limit("timeout", "Time limit per line; 0 for none", &At(|all| &mut all.limits.time)),
    limit("step-timeout", "Time limit per call of an export", &At(|all| &mut all.limits.step)),
    limit("max-memory", "Memory limit for a guest", &At(|all| &mut all.limits.memory)),
    limit("max-table", "Limit on table entries", &Counted(|all| &mut all.limits.table)),
    limit("max-stack", "Stack limit for calls", &At(|all| &mut all.limits.stack)),
    limit("max-output", "Size limit for an answer", &At(|all| &mut all.limits.output)),
    limit("max-messages", "Size limit for messages", &At(|all| &mut all.limits.messages)),
    limit("max-steps", "Limit on steps per line", &Counted(|all| &mut all.limits.steps)),
    limit("max-record", "Memory limit for recorded data", &At(|all| &mut all.limits.record)),
    limit("max-module", "Size limit for a module", &At(|all| &mut all.limits.module)),
    limit("max-recipe", "Size limit for a recipe", &At(|all| &mut all.limits.recipe)),
    limit("max-script", "Size limit for a script", &At(|all| &mut all.inputs.script)),
    limit("max-session", "Size limit for a saved session", &At(|all| &mut all.inputs.session)),
    limit("max-nesting", "Nesting limit for :source", &Counted(|all| &mut all.inputs.nesting)),
    limit("max-sourced", "Limit on files run by a script", &Counted(|all| &mut all.inputs.sourced)),
    limit("max-trials", "Limit on trials of infer", &Counted(|all| &mut all.inputs.trials)),
    Setting {
        live: true,
        ..setting(
            "compile-timeout",
            "Compile time limit; 0: none",
            Group::Compiling,
            &At(|all| &mut all.limits.compile_time),
        )
    },
    Setting {
        live: true,
        ..setting(
            "max-compile-memory",
            "Compiler memory limit",
            Group::Compiling,
            &At(|all| &mut all.limits.compile_memory),
        )
    },
    Setting {
        off: "Do not keep or use compiled code",
        ..setting("cache", "Keep compiled code and use it", Group::Compiling, &At(|all| &mut all.cache))
    },
    setting("first-code", "First code: auto, quick, optimized", Group::Compiling, &At(|all| &mut all.first_code)),
    setting("batch", "Compile the recipe: auto, always, never", Group::Compiling, &At(|all| &mut all.batch)),
    setting("max-cache", "Cache size limit", Group::Compiling, &At(|all| &mut all.max_cache)),
    setting("trace", "Record: auto, off, stores, loads", Group::Program, &At(|all| &mut all.trace)),
    setting(
        "source-map",
        "Read sources under FROM from TO; may be repeated",
        Group::Program,
        &At(|all| &mut all.source_maps),
    ),
    setting("env", "Environment variable for a WASI program", Group::Program, &At(|all| &mut all.env)),
    Setting {
        live: true,
        ..setting(
            "check",
            "Report findings; exit status 8 if there are any",
            Group::Findings,
            &At(|all| &mut all.check),
        )
    },
    Setting {
        live: true,
        ..setting("allow", "Finding to silence; may be repeated", Group::Findings, &At(|all| &mut all.allow))
    },
    setting("poison", "Byte that fills new blocks, such as cc", Group::Findings, &At(|all| &mut all.poison)),
    setting("color", "Colors: auto, always, never", Group::Display, &At(|all| &mut all.color)),
    Setting {
        live: true,
        ..setting("theme", "Theme: dark, light, dark-classes ...", Group::Display, &At(|all| &mut all.theme))
    },
    Setting {
        live: true,
        ..setting("as", "Show a host's view: none, js, c ...", Group::Display, &At(|all| &mut all.seen_by))
    },
    setting("keys", "Prompt key bindings: emacs, vi", Group::Display, &At(|all| &mut all.keys)),
    Setting {
        off: "Do not read or write the history of typed lines",
        ..setting("history", "Keep a history of typed lines", Group::Display, &At(|all| &mut all.history))
    },
    Setting {
        short: Some('q'),
        ..setting("quiet", "Print only answers and errors", Group::Display, &At(|all| &mut all.quiet))
    },
    Setting {
        live: true,
        ..setting("steps", "At the prompt, list the steps of each line", Group::Display, &At(|all| &mut all.steps))
    },
    Setting {
        live: true,
        off: "At the prompt, do not show changed memory",
        ..setting("rows", "At the prompt, show changed memory", Group::Display, &At(|all| &mut all.rows))
    },
    Setting {
        live: true,
        ..setting("resend", "Lines that --watch resends: all, last", Group::Display, &At(|all| &mut all.resend))
    },
];

/// A limit, which can always be changed.
const fn limit(name: &'static str, about: &'static str, field: &'static dyn Field) -> Setting {
    Setting { live: true, ..setting(name, about, Group::Limits, field) }
}

const fn setting(name: &'static str, about: &'static str, group: Group, field: &'static dyn Field) -> Setting {
    Setting { name, short: None, about, off: "", group, live: false, field }
}

/// The setting of that name.
pub fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Settings {
    /// Whether a finding is shown where somebody looks.
    pub fn shows(&self, finding: &Finding) -> bool {
        self.check != Check::Off && !self.allow.0.contains(&finding.kind.name)
    }
}

impl Setting {
    /// Sets the value, or adds to it if it is a list.
    ///
    /// # Errors
    /// The text is not a valid value; the message says what was expected.
    pub fn set(&self, settings: &mut Settings, text: &OsStr) -> Result<(), String> {
        self.field.set(settings, text)
    }

    /// Validates a value without setting it.
    ///
    /// # Errors
    /// As for [`Setting::set`].
    pub fn check(&self, text: OsString) -> Result<OsString, String> {
        self.set(&mut Settings::default(), &text).map(|()| text)
    }

    /// Its value as text.
    pub fn shown(&self, settings: &Settings) -> String {
        self.field.shown(settings)
    }

    /// The kind of values it takes.
    pub fn kind(&self) -> Kind {
        self.field.kind()
    }

    /// Whether it is a switch that is on by default.
    pub fn is_on_by_default(&self) -> bool {
        self.kind() == Kind::Switch && self.shown(&Settings::default()) == "on"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_name_of_its_own_and_a_default_that_it_takes() {
        for (place, setting) in SETTINGS.iter().enumerate() {
            assert!(SETTINGS[..place].iter().all(|other| other.name != setting.name), "{}", setting.name);
            let default = setting.shown(&Settings::default());
            if !matches!(setting.kind(), Kind::List(_)) {
                let mut settings = Settings::default();
                assert_eq!(setting.set(&mut settings, OsStr::new(&default)), Ok(()), "{}", setting.name);
                assert_eq!(settings, Settings::default(), "{}", setting.name);
            }
            assert_eq!(setting.is_on_by_default(), !setting.off.is_empty(), "{}", setting.name);
        }
    }

    #[test]
    fn setting_one_changes_what_it_shows() {
        for (name, text, shown) in [
            ("timeout", "0", "none"),
            ("timeout", "1.5", "1.5s"),
            ("max-memory", "1gb", "1GiB"),
            ("max-output", "1000", "1000"),
            ("max-table", "1048576", "1048576"),
            ("step-timeout", "100ms", "100ms"),
            ("quiet", "true", "on"),
            ("rows", "off", "off"),
            ("color", "never", "never"),
            ("resend", "last", "last"),
            ("batch", "never", "never"),
        ] {
            let (mut settings, setting) = (Settings::default(), find(name).expect("there is such a setting"));
            assert_eq!(setting.set(&mut settings, OsStr::new(text)), Ok(()), "{name}");
            assert_eq!(setting.shown(&settings), shown, "{name}");
        }
        let refused = |name: &str, text: &str| find(name).and_then(|setting| setting.check(text.into()).err());
        assert_eq!(refused("quiet", "maybe").as_deref(), Some("expected on or off, got `maybe`"));
        assert_eq!(refused("max-table", "1MiB").as_deref(), Some("expected a number such as 1000, got `1MiB`"));
        assert_eq!(refused("color", "red").as_deref(), Some("expected auto, always or never, got `red`"));
    }
}
