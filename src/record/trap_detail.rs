//! What is known of a trap besides its cause and its frames.

use serde::{Deserialize, Serialize};

/// What was found out about a trap. What could not be found out is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrapDetail {
    /// The instruction, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// Its accesses to memory that are out of bounds, or that may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accesses: Vec<TrapAccess>,
    /// Its accesses to tables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<TrapSlot>,
    /// For an indirect call, the types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callee: Option<TrapCallee>,
    /// The number that could not be converted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operand: Option<String>,
    /// The message of a panic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<PanicMessage>,
}

/// An access to memory by an instruction that trapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrapAccess {
    /// What it accesses: the index of a memory, or of a data segment.
    pub index: u32,
    /// What that is.
    pub of: Accessed,
    /// The first address. Where only an address inside the access is known, that address.
    pub addr: u64,
    /// Whether `addr` is the first one.
    pub is_first: bool,
    /// How many bytes.
    pub len: u64,
    /// Whether it writes them.
    pub writes: bool,
    /// The size of the memory or segment in bytes.
    pub size: u64,
}

/// What an instruction accesses by an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accessed {
    /// A memory.
    Memory,
    /// A data segment.
    Data,
}

/// An access to a table by an instruction that trapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrapSlot {
    /// The index of the table.
    pub table: u32,
    /// The first slot.
    pub slot: u64,
    /// How many slots.
    pub len: u64,
    /// The size of the table, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// The function of an indirect call, as it was expected and as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrapCallee {
    /// The expected type.
    pub expected: String,
    /// The type of the function in the slot, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Its index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Its name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the slot may have been changed since the module was instantiated, so that this is only likely.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub initial: bool,
}

/// The message of a guest that panicked, aborted or failed an assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanicMessage {
    /// The message, if it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The source location that the guest passed with it, as `file:line:column`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Where the message is in memory 0: its first address, and its length in bytes; or else where the location is.
    pub addr: u64,
    /// The length in bytes; 0 for a message that is made of several parts.
    pub len: u64,
    /// How it was found.
    pub source: PanicSource,
}

/// How the message of a panic was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanicSource {
    /// In the record that Rust makes of a panic, on the guest's stack.
    RustPanic,
    /// As constant arguments of a call that is under way: of a function that is named after panics, or that is known to be
    /// given a message.
    Arguments,
    /// The same of any function: it may be something else.
    PerhapsArguments,
    /// As text on the guest's stack: it may be something else.
    StackText,
}

impl PanicSource {
    /// Whether it certainly is the message.
    pub fn is_certain(self) -> bool {
        matches!(self, PanicSource::RustPanic | PanicSource::Arguments)
    }
}

impl PanicMessage {
    /// The message and its place: `"index out of bounds" at src/lib.rs:7:35`.
    pub fn words(&self) -> String {
        let place = self.place.as_ref().map(|place| format!("at {}", super::plain(place)));
        let text = self.text.as_ref().map(|text| format!("\"{}\"", super::plain(text)));
        text.into_iter().chain(place).collect::<Vec<_>>().join(" ")
    }
}
