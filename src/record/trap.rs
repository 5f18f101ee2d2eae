//! Why WebAssembly code traps.

use std::fmt;

/// Why the guest's code trapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrapCause {
    /// The instruction `unreachable`: compilers put it where a program panics or aborts.
    Unreachable,
    /// A load or a store outside memory.
    MemoryOutOfBounds,
    /// An entry outside a table.
    TableOutOfBounds,
    /// Calls that nest too deep.
    StackOverflow,
    /// An integer divided by zero.
    DivideByZero,
    /// An integer division or conversion whose result has no room in its type.
    IntegerOverflow,
    /// A float that is NaN or too large, converted to an integer.
    InvalidConversion,
    /// An indirect call of a table entry that is null.
    NullFunction,
    /// An indirect call of a function of another type.
    TypeMismatch,
    /// An atomic access at an address that is not aligned.
    Unaligned,
    /// An exception that nothing caught.
    UncaughtException,
    /// Anything else, in the engine's words.
    Other(String),
}

/// Each cause with its name in files and its description.
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

/// The name in files: sessions of earlier versions hold a description, which is kept as it is.
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
