//! A function of the guest that allocates memory, and how it is called.

use crate::abi::quoted;

/// A half of a number of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Low,
    High,
}

impl Half {
    pub(super) fn value(self, number: u64) -> u64 {
        match self {
            Half::Low => number & 0xffff_ffff,
            Half::High => number >> 32,
        }
    }

    /// The other half.
    pub(super) fn other(self, number: u64) -> u64 {
        match self {
            Half::Low => Half::High.value(number),
            Half::High => Half::Low.value(number),
        }
    }

    pub(super) fn of(self, value: &str) -> String {
        match self {
            Half::Low => format!("lo({value})"),
            Half::High => format!("hi({value})"),
        }
    }
}

/// A function that allocates memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Allocator {
    pub(super) export: String,
    /// Its arguments; `None` is the size.
    pub(super) args: Vec<Option<u64>>,
    /// Whether a block is a structure that says where the memory is: address, capacity, length.
    pub(super) is_region: bool,
    /// Which half of its result is the address, if the other half is the size.
    pub(super) slice: Option<Half>,
    /// Whether its name says that it allocates.
    pub(super) is_named: bool,
    /// The export that frees its blocks, with the number of its parameters.
    pub(super) free: Option<(String, usize)>,
}

impl Allocator {
    /// The address of `size` bytes that it allocates, as a recipe writes it.
    pub(super) fn call(&self, size: &str) -> String {
        let call = self.plain_call(size);
        self.slice.map_or(call.clone(), |half| half.of(&call))
    }

    /// The call that allocates `size` bytes.
    pub(super) fn plain_call(&self, size: &str) -> String {
        let args: Vec<_> = self.args.iter().map(|arg| arg.map_or(size.to_owned(), |n| n.to_string())).collect();
        format!("{}({})", quoted(&self.export), args.join(", "))
    }

    /// The call that frees a block of `size` bytes.
    pub(super) fn free_call(&self, ptr: &str, size: &str) -> Option<String> {
        let (export, params) = self.free.as_ref()?;
        let args = [ptr, size, "1"];
        Some(format!("{}({})", quoted(export), args.get(..*params)?.join(", ")))
    }
}
