//! The types of settings' values: how each is parsed, printed and described.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use super::Settings;
use super::amount::{duration, shown_size, size};
use crate::debug::PathMapping;
use crate::guest::{FirstCode, Passes};
use crate::session::{Batching, Resend};
use crate::view::HostLanguage;

/// The kind of values that a setting takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// On or off.
    Switch,
    /// One value, by the name of its kind: `TIME`.
    Value(&'static str),
    /// One of these words.
    Choice(Vec<&'static str>),
    /// Any number of values of that kind, each given separately.
    List(&'static str),
}

impl Kind {
    /// The placeholder for a value: `TIME`, `on|off`.
    pub fn placeholder(&self) -> String {
        match self {
            Kind::Switch => "on|off".to_owned(),
            Kind::Value(name) | Kind::List(name) => (*name).to_owned(),
            Kind::Choice(names) => names.join("|"),
        }
    }
}

/// Where the value of a setting is.
pub(super) trait Field: Sync {
    fn set(&self, settings: &mut Settings, text: &OsStr) -> Result<(), String>;
    fn shown(&self, settings: &Settings) -> String;
    fn kind(&self) -> Kind;
}

/// A field of [`Settings`].
pub(super) struct At<T>(pub(super) fn(&mut Settings) -> &mut T);

impl<T: Value> Field for At<T> {
    fn set(&self, settings: &mut Settings, text: &OsStr) -> Result<(), String> {
        self.0(settings).read(text)
    }

    fn shown(&self, settings: &Settings) -> String {
        self.0(&mut settings.clone()).shown()
    }

    fn kind(&self) -> Kind {
        T::kind()
    }
}

/// A type that a setting can have.
pub(super) trait Value: 'static {
    fn kind() -> Kind;
    fn read(&mut self, text: &OsStr) -> Result<(), String>;
    fn shown(&self) -> String;
}

fn text(text: &OsStr) -> Result<&str, String> {
    text.to_str().ok_or_else(|| "not valid UTF-8".to_owned())
}

impl Value for bool {
    fn kind() -> Kind {
        Kind::Switch
    }

    fn read(&mut self, word: &OsStr) -> Result<(), String> {
        *self = match text(word)? {
            "on" | "true" => true,
            "off" | "false" => false,
            other => return Err(format!("expected on or off, got `{other}`")),
        };
        Ok(())
    }

    fn shown(&self) -> String {
        if *self { "on" } else { "off" }.to_owned()
    }
}

/// A time limit; 0 means none.
impl Value for Option<Duration> {
    fn kind() -> Kind {
        Kind::Value("TIME")
    }

    fn read(&mut self, word: &OsStr) -> Result<(), String> {
        let time = match text(word)? {
            "none" => Duration::ZERO,
            word => duration(word)?,
        };
        *self = (!time.is_zero()).then_some(time);
        Ok(())
    }

    fn shown(&self) -> String {
        self.map_or("none".to_owned(), |time| format!("{time:?}"))
    }
}

/// A number of bytes.
impl Value for u64 {
    fn kind() -> Kind {
        Kind::Value("SIZE")
    }

    fn read(&mut self, word: &OsStr) -> Result<(), String> {
        *self = size(text(word)?)?;
        Ok(())
    }

    fn shown(&self) -> String {
        shown_size(*self)
    }
}

/// A number of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count(u64);

impl Value for Count {
    fn kind() -> Kind {
        Kind::Value("COUNT")
    }

    fn read(&mut self, word: &OsStr) -> Result<(), String> {
        let word = text(word)?;
        let number = word.parse().map_err(|_| format!("expected a number such as 1000, got `{word}`"))?;
        *self = Count(number);
        Ok(())
    }

    fn shown(&self) -> String {
        self.0.to_string()
    }
}

/// A field that is a plain number elsewhere, and here a number of things.
pub(super) struct Counted(pub(super) fn(&mut Settings) -> &mut u64);

impl Field for Counted {
    fn set(&self, settings: &mut Settings, text: &OsStr) -> Result<(), String> {
        let mut count = Count(0);
        count.read(text)?;
        *self.0(settings) = count.0;
        Ok(())
    }

    fn shown(&self, settings: &Settings) -> String {
        Count(*self.0(&mut settings.clone())).shown()
    }

    fn kind(&self) -> Kind {
        Count::kind()
    }
}

/// Environment variables, each as `NAME=VALUE`. A later value replaces an earlier one of the same name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(pub Vec<OsString>);

impl Value for Variables {
    fn kind() -> Kind {
        Kind::List("NAME[=VALUE]")
    }

    fn read(&mut self, word: &OsStr) -> Result<(), String> {
        let variable = variable(word)?;
        let name =
            |variable: &OsStr| variable.as_encoded_bytes().split(|&byte| byte == b'=').next().map(<[u8]>::to_vec);
        self.0.retain(|other| name(other) != name(&variable));
        self.0.push(variable);
        Ok(())
    }

    fn shown(&self) -> String {
        self.0.iter().map(|variable| variable.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

/// Whether findings are raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Where somebody looks at memory: on the screen, at the prompt, in scripts, with `--show`.
    Auto,
    /// Everywhere, and the exit status tells.
    On,
    /// Nowhere.
    Off,
}

impl Value for Check {
    fn kind() -> Kind {
        Kind::Switch
    }

    fn read(&mut self, word: &OsStr) -> Result<(), String> {
        let mut on = true;
        *self = match text(word)? {
            "auto" => Check::Auto,
            _ => {
                on.read(word)?;
                if on { Check::On } else { Check::Off }
            }
        };
        Ok(())
    }

    fn shown(&self) -> String {
        match self {
            Check::Auto => "auto",
            Check::On => "on",
            Check::Off => "off",
        }
        .to_owned()
    }
}

/// The names of the kinds of findings that are not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed(pub Vec<&'static str>);

impl Value for Allowed {
    fn kind() -> Kind {
        Kind::List("FINDING")
    }

    fn read(&mut self, word: &OsStr) -> Result<(), String> {
        let name = text(word)?;
        let kind = crate::check::kind(name)
            .ok_or_else(|| format!("unknown finding `{name}`; `linmem guide findings` lists them"))?;
        self.0.push(kind.name);
        Ok(())
    }

    fn shown(&self) -> String {
        self.0.join(" ")
    }
}

/// A byte to fill blocks with, if any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filler(pub Option<u8>);

impl Value for Filler {
    fn kind() -> Kind {
        Kind::Value("BYTE")
    }

    fn read(&mut self, word: &OsStr) -> Result<(), String> {
        self.0 = match text(word)? {
            "none" => None,
            word => {
                let digits = word.strip_prefix("0x").unwrap_or(word);
                let is_byte = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_byte);
                Some(byte.ok_or_else(|| format!("expected two hexadecimal digits, got `{word}`"))?)
            }
        };
        Ok(())
    }

    fn shown(&self) -> String {
        self.0.map_or_else(|| "none".to_owned(), |byte| format!("{byte:02x}"))
    }
}

impl Value for Vec<PathMapping> {
    fn kind() -> Kind {
        Kind::List("FROM=TO")
    }

    fn read(&mut self, word: &OsStr) -> Result<(), String> {
        self.push(text(word)?.parse().map_err(|error: &str| error.to_owned())?);
        Ok(())
    }

    fn shown(&self) -> String {
        String::new()
    }
}

/// Parses a variable: `NAME=VALUE`, or `NAME` alone for the host's variable of that name.
fn variable(word: &OsStr) -> Result<OsString, String> {
    let bytes = word.as_encoded_bytes();
    if bytes.contains(&0) {
        return Err("a variable cannot contain a NUL byte".to_owned());
    }
    if bytes.is_empty() || bytes.starts_with(b"=") {
        return Err("expected NAME=VALUE, but the name is missing".to_owned());
    }
    if bytes.contains(&b'=') {
        return Ok(word.to_owned());
    }
    match std::env::var_os(word) {
        Some(value) => Ok([word, &value].join(OsStr::new("="))),
        None => Err("no such variable in the environment; NAME=VALUE sets one".to_owned()),
    }
}

/// A type with named values.
trait Choice: Copy + PartialEq + 'static {
    const ALL: &'static [(&'static str, Self)];
}

impl<T: Choice> Value for T {
    fn kind() -> Kind {
        Kind::Choice(T::ALL.iter().map(|(name, _)| *name).collect())
    }

    fn read(&mut self, word: &OsStr) -> Result<(), String> {
        let word = text(word)?;
        let found = T::ALL.iter().find(|(name, _)| *name == word);
        *self = found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = T::ALL.iter().map(|(name, _)| *name).collect();
            let (last, others) = names.split_last().unwrap_or((&"", &[]));
            format!("expected {} or {last}, got `{word}`", others.join(", "))
        })?;
        Ok(())
    }

    fn shown(&self) -> String {
        T::ALL.iter().find(|(_, value)| value == self).map_or("", |(name, _)| *name).to_owned()
    }
}

/// When to use colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// In files and pipes too.
    Always,
    /// Never; changed bytes are still marked.
    Never,
}

impl Choice for ColorChoice {
    const ALL: &'static [(&'static str, ColorChoice)] =
        &[("auto", ColorChoice::Auto), ("always", ColorChoice::Always), ("never", ColorChoice::Never)];
}

/// The colors of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// For a dark background.
    #[default]
    Dark,
    /// For a light background.
    Light,
    /// For a dark background, with the bytes colored by class: zero, printable, control, other.
    DarkClasses,
    /// The same for a light background.
    LightClasses,
}

impl Look {
    /// Whether it is for a light background.
    pub fn is_light(self) -> bool {
        matches!(self, Look::Light | Look::LightClasses)
    }

    /// Whether bytes are colored by class.
    pub fn has_classes(self) -> bool {
        matches!(self, Look::DarkClasses | Look::LightClasses)
    }
}

impl Choice for Look {
    const ALL: &'static [(&'static str, Look)] = &[
        ("dark", Look::Dark),
        ("light", Look::Light),
        ("dark-classes", Look::DarkClasses),
        ("light-classes", Look::LightClasses),
    ];
}

/// The host whose view of the bytes at the cursor the screen shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeenBy(pub Option<HostLanguage>);

impl Choice for SeenBy {
    const ALL: &'static [(&'static str, SeenBy)] = &[
        ("none", SeenBy(None)),
        ("js", SeenBy(Some(HostLanguage::Js))),
        ("c", SeenBy(Some(HostLanguage::C))),
        ("wazero", SeenBy(Some(HostLanguage::Wazero))),
        ("rust", SeenBy(Some(HostLanguage::Rust))),
    ];
}

/// The key bindings of the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Emacs keys: Ctrl-A, Ctrl-E, Ctrl-R and so on.
    Emacs,
    /// vi keys: Esc for commands.
    Vi,
}

impl Choice for Keys {
    const ALL: &'static [(&'static str, Keys)] = &[("emacs", Keys::Emacs), ("vi", Keys::Vi)];
}

/// Which memory accesses of the guest are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Stores, in interactive front ends.
    Auto,
    /// None: changes are found by comparing.
    Off,
    /// Every store.
    Stores,
    /// Every store and load.
    Loads,
}

impl Trace {
    /// The instrumentation passes that record this.
    pub fn passes(self, is_looked_at: bool) -> Passes {
        let stores = match self {
            Trace::Auto => is_looked_at,
            Trace::Off => false,
            Trace::Stores | Trace::Loads => true,
        };
        Passes { stores, loads: self == Trace::Loads, pauses: false }
    }
}

impl Choice for Trace {
    const ALL: &'static [(&'static str, Trace)] =
        &[("auto", Trace::Auto), ("off", Trace::Off), ("stores", Trace::Stores), ("loads", Trace::Loads)];
}

impl Choice for Batching {
    const ALL: &'static [(&'static str, Batching)] =
        &[("auto", Batching::Auto), ("always", Batching::Always), ("never", Batching::Never)];
}

impl Choice for FirstCode {
    const ALL: &'static [(&'static str, FirstCode)] =
        &[("auto", FirstCode::Auto), ("quick", FirstCode::Quick), ("optimized", FirstCode::Optimized)];
}

impl Choice for Resend {
    const ALL: &'static [(&'static str, Resend)] = &[("all", Resend::All), ("last", Resend::Last)];
}
