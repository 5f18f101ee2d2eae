//! The arguments of a command: quotes, escapes, numbers, typed values.

use std::path::{Path, PathBuf};

use super::error::ArgumentError;
use super::quotes::closing;
use crate::guest::Type;
use crate::record::{Hex, Value};
use crate::view::{HostLanguage, NUMBER_TYPES, Notation, NumberType, integer, unescape, whole};

type Result<T> = std::result::Result<T, ArgumentError>;

/// The rest of a command after its name, read argument by argument.
pub(super) struct Args<'a> {
    /// The whole command, as typed.
    command: &'a str,
    rest: &'a str,
    /// The usage of the part being parsed, if it is shorter than the command's.
    usage: Option<String>,
}

/// An address, resolved later against the current memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address(pub(super) String);

/// A range of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RangeArg {
    /// The selection.
    Selection,
    /// `ADDR`, `ADDR LEN`, `ADDR..END`, or the name of a region.
    At(Address, Option<u64>),
}

impl<'a> Args<'a> {
    /// The arguments of a command, after its name.
    pub(super) fn new(command: &'a str, rest: &'a str) -> Args<'a> {
        Args { command: command.trim_end(), rest, usage: None }
    }

    /// The whole command, as typed.
    pub(super) fn command(&self) -> String {
        self.command.to_owned()
    }

    /// Sets the usage of the part being parsed.
    pub(super) fn reading(&mut self, usage: String) {
        self.usage = Some(usage);
    }

    /// The usage of the part being parsed, if it was set.
    pub(super) fn usage(self) -> Option<String> {
        self.usage
    }

    /// The next argument; `"..."` may contain spaces and escapes.
    fn next(&mut self) -> Result<Option<Vec<u8>>> {
        self.rest = self.rest.trim_start();
        if let Some(inside) = self.rest.strip_prefix('"') {
            let end = closing(inside).ok_or_else(|| ArgumentError::Invalid("missing closing quote".to_owned()))?;
            self.rest = &inside[end + 1..];
            return unescape(&inside[..end]).map(Some).map_err(ArgumentError::Invalid);
        }
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok((!word.is_empty()).then(|| word.into()))
    }

    /// The next argument, any bytes; `what` names it in errors.
    pub(super) fn word(&mut self, what: &str) -> Result<Vec<u8>> {
        self.next()?.map_or_else(|| ArgumentError::missing(what), Ok)
    }

    /// The next argument as text; `what` names it in errors.
    pub(super) fn text(&mut self, what: &str) -> Result<String> {
        String::from_utf8(self.word(what)?).map_err(|_| ArgumentError::Invalid(format!("{what} is not valid UTF-8")))
    }

    /// The next argument, if there is one.
    pub(super) fn optional(&mut self, what: &str) -> Result<Option<String>> {
        if self.is_empty() { Ok(None) } else { self.text(what).map(Some) }
    }

    /// All remaining arguments.
    pub(super) fn words(&mut self, what: &str) -> Result<Vec<String>> {
        let mut words = Vec::new();
        while let Some(word) = self.optional(what)? {
            words.push(word);
        }
        Ok(words)
    }

    /// The next argument as a file name. An unquoted `~/` is the user's home directory.
    pub(super) fn file(&mut self) -> Result<PathBuf> {
        let is_quoted = self.rest.trim_start().starts_with('"');
        let name = self.text("FILE")?;
        let path = if is_quoted { name.into() } else { home(&name) };
        match is_named_pipe(&path) {
            true => Err(ArgumentError::Invalid(format!("{}: not a regular file", path.display()))),
            false => Ok(path),
        }
    }

    /// The next argument as a file name, if there is one.
    pub(super) fn optional_file(&mut self) -> Result<Option<PathBuf>> {
        if self.is_empty() { Ok(None) } else { self.file().map(Some) }
    }

    /// The next argument as a nonnegative number.
    fn number(&mut self, what: &str) -> Result<u64> {
        let word = self.text(what)?;
        whole(&word).map_or_else(|| ArgumentError::expected("a number such as 1040 or 0x410", &word), Ok)
    }

    /// The next argument as a number, or a default.
    pub(super) fn number_or(&mut self, what: &str, default: u64) -> Result<u64> {
        if self.is_empty() { Ok(default) } else { self.number(what) }
    }

    /// The next argument as an address.
    pub(super) fn address(&mut self) -> Result<Address> {
        self.text("ADDR").map(Address)
    }

    /// The rest of the command as an address, if it is not empty.
    pub(super) fn rest_as_address(&mut self) -> Option<Address> {
        let rest = std::mem::take(&mut self.rest).trim();
        (!rest.is_empty()).then(|| Address(rest.to_owned()))
    }

    /// The next arguments as a range: `ADDR`, `ADDR LEN`, `ADDR..END`, a region or `selection`.
    pub(super) fn range(&mut self) -> Result<RangeArg> {
        if self.take("selection") {
            return Ok(RangeArg::Selection);
        }
        let start = self.address()?;
        let is_number = self.rest.trim_start().starts_with(|c: char| c.is_ascii_digit());
        let len = if is_number { Some(self.number("LEN")?) } else { None };
        Ok(RangeArg::At(start, len))
    }

    /// The next arguments as a range, if there are any.
    pub(super) fn optional_range(&mut self) -> Result<Option<RangeArg>> {
        if self.is_empty() { Ok(None) } else { self.range().map(Some) }
    }

    /// The next argument as a number type.
    pub(super) fn number_type(&mut self) -> Result<NumberType> {
        let name = self.text("TYPE")?;
        NumberType::named(&name).map_or_else(
            || {
                let names: Vec<_> = NUMBER_TYPES.iter().map(|ty| ty.name).collect();
                ArgumentError::expected(&format!("a type ({})", names.join(" ")), &name)
            },
            Ok,
        )
    }

    /// All remaining arguments as numbers of that type, encoded as bytes. At least one is required.
    pub(super) fn numbers(&mut self, ty: NumberType) -> Result<Vec<u8>> {
        let words = self.words("VALUE")?;
        if words.is_empty() {
            return ArgumentError::missing("VALUE");
        }
        let read = |word: &String| {
            ty.bytes(word).map_or_else(|| ArgumentError::expected(&format!("a value of type {}", ty.name), word), Ok)
        };
        Ok(words.iter().map(read).collect::<Result<Vec<_>>>()?.concat())
    }

    /// The next argument as a language of hosts.
    pub(super) fn host_language(&mut self) -> Result<HostLanguage> {
        let name = self.text("js, c, wazero or rust")?;
        HostLanguage::named(&name).map_or_else(
            || {
                let names = HostLanguage::ALL.map(HostLanguage::name).join(" ");
                let advice = if name == "go" { "; did you mean wazero?" } else { "" };
                Err(ArgumentError::Invalid(format!("expected a language ({names}), got `{name}`{advice}")))
            },
            Ok,
        )
    }

    /// The next argument as a format for copied bytes.
    pub(super) fn notation(&mut self) -> Result<Notation> {
        let name = self.text("FORMAT")?;
        Notation::named(&name).map_or_else(
            || {
                let names = Notation::ALL.map(Notation::name).join(" ");
                ArgumentError::expected(&format!("a format ({names})"), &name)
            },
            Ok,
        )
    }

    /// The rest of the command after one space, verbatim.
    pub(super) fn rest(&mut self) -> String {
        let rest = std::mem::take(&mut self.rest);
        rest.strip_prefix(char::is_whitespace).unwrap_or(rest).to_owned()
    }

    /// The rest of the command after one space, with escapes resolved; or one quoted string.
    pub(super) fn bytes(&mut self) -> Result<Vec<u8>> {
        if self.rest.trim_start().starts_with('"') {
            return Ok(self.next()?.unwrap_or_default());
        }
        unescape(&self.rest()).map_err(ArgumentError::Invalid)
    }

    /// The rest of the command as hexadecimal digits; spaces are ignored.
    pub(super) fn hex(&mut self) -> Result<Vec<u8>> {
        let digits: String = std::mem::take(&mut self.rest).chars().filter(|c| !c.is_whitespace()).collect();
        match Hex::read(digits.as_bytes()) {
            _ if digits.is_empty() => ArgumentError::missing("BYTES"),
            Some(bytes) => Ok(bytes),
            None => ArgumentError::expected("pairs of hexadecimal digits such as 00ff 41", &digits),
        }
    }

    /// Whether a character is among the remaining arguments.
    pub(super) fn has(&self, c: char) -> bool {
        self.rest.contains(c)
    }

    /// Whether there are no more arguments.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.trim().is_empty()
    }

    /// Fails if there are more arguments.
    pub(super) fn end(&mut self) -> Result<()> {
        match self.rest.trim() {
            "" => Ok(()),
            more => Err(ArgumentError::Unexpected(more.to_owned())),
        }
    }

    /// Consumes the next argument if it is that unquoted word.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(word) {
            Some(after) if after.is_empty() || after.starts_with(char::is_whitespace) => {
                self.rest = after;
                true
            }
            _ => false,
        }
    }
}

/// Whether opening it would wait for another program, perhaps for ever. A pipe that a shell made has no name.
#[cfg(unix)]
pub(super) fn is_named_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo()) && path.canonicalize().is_ok()
}

/// Other systems have none among their files.
#[cfg(not(unix))]
pub(super) fn is_named_pipe(_: &Path) -> bool {
    false
}

/// Expands a leading `~/` to the user's home directory.
pub(super) fn home(name: &str) -> PathBuf {
    match (name.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => name.into(),
    }
}

/// Parses an argument of that type.
pub(super) fn value(text: &str, ty: Type) -> Result<Value> {
    let truncated = |bits: u64| u32::try_from(bits).unwrap_or(0);
    let read = match ty {
        Type::I32 => integer(text, 32).map(|bits| Value::I32(truncated(bits).cast_signed())),
        Type::I64 => integer(text, 64).map(|bits| Value::I64(bits.cast_signed())),
        Type::F32 => text.parse::<f32>().ok().map(|float| Value::F32(float.to_bits())),
        Type::F64 => text.parse::<f64>().ok().map(|float| Value::F64(float.to_bits())),
        _ => None,
    };
    read.map_or_else(|| ArgumentError::expected(&format!("a value of type {ty}"), text), Ok)
}
