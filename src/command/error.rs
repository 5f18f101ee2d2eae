//! Why a command was not run.

use std::fmt;

use crate::view::visible;

/// Why a command was not run, or not completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Nothing follows the colon.
    NoCommand,
    /// Unknown command, with a similar one if there is any.
    UnknownCommand(String, Option<&'static str>),
    /// An ambiguous prefix of several commands.
    AmbiguousCommand(String, Vec<&'static str>),
    /// Invalid arguments, with the command's usage.
    Arguments(ArgumentError, String),
    /// The command could not be run; the message says why.
    Failed(String),
}

/// Why an argument is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgumentError {
    /// Missing argument.
    Missing(String),
    /// Unexpected argument.
    Unexpected(String),
    /// Invalid argument; the message says what was expected.
    Invalid(String),
}

impl Error {
    pub(super) fn failed(message: impl Into<String>) -> Error {
        Error::Failed(message.into())
    }
}

impl ArgumentError {
    pub(super) fn missing<T>(what: &str) -> Result<T, ArgumentError> {
        Err(ArgumentError::Missing(what.to_owned()))
    }

    /// The error for a word that does not match what was expected.
    pub(super) fn expected<T>(what: &str, word: &str) -> Result<T, ArgumentError> {
        Err(ArgumentError::Invalid(format!("expected {what}, got `{word}`")))
    }
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArgumentError::Missing(what) => write!(f, "missing {what}"),
            ArgumentError::Unexpected(word) => write!(f, "unexpected argument `{word}`"),
            ArgumentError::Invalid(message) => f.write_str(message),
        }
    }
}

impl fmt::Display for Error {
    /// Messages may contain the user's and the guest's text, so control characters are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = match self {
            Error::NoCommand => "missing command; :help lists them".to_owned(),
            Error::UnknownCommand(name, None) => format!("unknown command `:{name}`; :help lists them"),
            Error::UnknownCommand(name, Some(near)) => format!("unknown command `:{name}`; did you mean :{near}?"),
            Error::AmbiguousCommand(name, names) => {
                let names: Vec<_> = names.iter().map(|name| format!(":{name}")).collect();
                format!("ambiguous command `:{name}`: {}", names.join(" or "))
            }
            Error::Arguments(error, usage) => format!("{error}; usage: {usage}"),
            Error::Failed(message) => message.clone(),
        };
        f.write_str(&visible(message.as_bytes()))
    }
}

impl std::error::Error for Error {}
