//! Why WebAssembly code traps.

use std::fmt;

/// Why the guest's code trapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrapCause {
    /// The `unreachable` instruction, which compilers emit for panics and aborts.
    Unreachable,
    /// A load or store outside memory.
    MemoryOutOfBounds,
    /// An access outside a table.
    TableOutOfBounds,
    /// The call stack is exhausted.
    StackOverflow,
    /// An integer divided by zero.
    DivideByZero,
    /// The result of an integer division or conversion does not fit its type.
    IntegerOverflow,
    /// A conversion to an integer from a float that is NaN or too large.
    InvalidConversion,
    /// An indirect call through a null table entry.
    NullFunction,
    /// An indirect call of a function with another type.
    TypeMismatch,
    /// An atomic access at an unaligned address.
    Unaligned,
    /// An uncaught exception.
    UncaughtException,
    /// Anything else, with the engine's message.
    Other(String),
}

/// Each cause with its name in session files and its description.
const KNOWN: &[(TrapCause, &str, &str)] = &[
    (TrapCause::Unreachable, "unreachable", "unreachable executed (a panic, an abort or a failed check)"),
    (TrapCause::MemoryOutOfBounds, "memory_out_of_bounds", "out-of-bounds memory access"),
    (TrapCause::TableOutOfBounds, "table_out_of_bounds", "out-of-bounds table access"),
    (TrapCause::StackOverflow, "stack_overflow", "call stack exhausted"),
    (TrapCause::DivideByZero, "divide_by_zero", "integer divide by zero"),
    (TrapCause::IntegerOverflow, "integer_overflow", "integer overflow"),
    (
        TrapCause::InvalidConversion,
        "invalid_conversion",
        "invalid conversion to integer (the float is NaN or too large)",
    ),
    (TrapCause::NullFunction, "null_function", "indirect call to null"),
    (TrapCause::TypeMismatch, "type_mismatch", "indirect call type mismatch"),
    (TrapCause::Unaligned, "unaligned", "unaligned atomic access"),
    (TrapCause::UncaughtException, "uncaught_exception", "uncaught exception"),
];

impl TrapCause {
    fn known(&self) -> Option<&(TrapCause, &str, &str)> {
        KNOWN.iter().find(|(cause, ..)| cause == self)
    }
}

impl fmt::Display for TrapCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrapCause::Other(message) => f.write_str(message),
            cause => f.write_str(cause.known().map_or("", |(_, _, description)| description)),
        }
    }
}

/// Parses a name from a session file. Older versions wrote a description, which is kept.
impl From<String> for TrapCause {
    fn from(name: String) -> TrapCause {
        let known = KNOWN.iter().find(|(_, known, _)| *known == name);
        known.map_or(TrapCause::Other(name), |(cause, ..)| cause.clone())
    }
}

impl From<TrapCause> for String {
    fn from(cause: TrapCause) -> String {
        match cause {
            TrapCause::Other(message) => message,
            cause => cause.known().map_or("", |(_, name, _)| name).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_comes_back_from_its_name() {
        let other = TrapCause::Other("it divided by zero".to_owned());
        for cause in KNOWN.iter().map(|(cause, ..)| cause).chain([&other]) {
            assert_eq!(TrapCause::from(String::from(cause.clone())), *cause);
            assert!(!cause.to_string().is_empty());
        }
    }
}
