//! Messages among the constant arguments of the calls that led to a trap: how AssemblyScript, C, Zig and Rust name a
//! failed check.

use std::collections::VecDeque;

use wasmparser::Operator;

use super::code::Code;
use super::rust::location_at;
use super::text::Memory;
use crate::debug::DebugInfo;
use crate::guest::TrapState;
use crate::record::{PanicMessage, PanicSource};

/// The shortest text that counts as a message, in bytes.
const SHORTEST: u64 = 4;
/// The most frames that are looked at.
const FRAMES: usize = 16;

/// A call whose arguments are partly known: constants, by their place from the last argument on.
struct Call {
    name: Option<String>,
    /// The arguments, the last one first; `None` for one that is not a constant.
    args: Vec<Option<u64>>,
}

/// Words in the names of functions that are given messages.
const WORDS: [&str; 9] = ["panic", "abort", "assert", "fail", "throw", "fatal", "unwrap", "expect", "oom"];

/// Whether a function is one that is given messages, to judge by its name.
pub(super) fn is_for_messages(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// The message that is passed by the innermost call that passes one, and the first source location.
pub(super) fn find(memory: Memory<'_>, info: &DebugInfo, trap: &TrapState<'_>) -> Option<PanicMessage> {
    let calls = calls(info, trap);
    let mut messages = calls.iter().filter_map(|call| call.message(memory));
    let place = || calls.iter().find_map(|call| call.location(memory));
    let found = messages.next();
    match found {
        // Only Rust has such locations, and its message is that of the call, whatever the name.
        Some(message) if message.place.is_none() => match place() {
            Some((place, _)) => Some(PanicMessage { place: Some(place), source: PanicSource::Arguments, ..message }),
            None => Some(message),
        },
        Some(message) => Some(message),
        None => place().map(|(place, addr)| PanicMessage {
            text: None,
            place: Some(place),
            addr,
            len: 16,
            source: PanicSource::Arguments,
        }),
    }
}

/// The calls that led to a trap, innermost first.
fn calls(info: &DebugInfo, trap: &TrapState<'_>) -> Vec<Call> {
    let mut offsets: Vec<usize> = trap.frames.iter().filter_map(|frame| frame.offset).collect();
    offsets.dedup();
    offsets.iter().take(FRAMES).filter_map(|&offset| call_at(info, offset)).collect()
}

/// The call at an offset: the instruction there, or the one before an `unreachable`.
fn call_at(info: &DebugInfo, offset: usize) -> Option<Call> {
    let Code { here, mut before } = Code::at(info, offset)?;
    let operator = if matches!(here, Operator::Unreachable) { before.pop_back()? } else { here };
    let name = match operator {
        Operator::Call { function_index } => info.function_name(function_index),
        Operator::CallIndirect { .. } => {
            // The slot comes last.
            before.pop_back();
            None
        }
        _ => return None,
    };
    let mut args = Vec::new();
    let mut end = before.len();
    while let Some((arg, len)) = argument(&before, end) {
        args.push(arg);
        end -= len;
    }
    Some(Call { name, args })
}

/// The argument that ends before that place, if it is a constant, and how many instructions make it; `None` if they are
/// not simple.
fn argument(before: &VecDeque<Operator<'_>>, end: usize) -> Option<(Option<u64>, usize)> {
    use Operator as O;
    let place = end.checked_sub(1)?;
    Some(match before[place] {
        O::I32Const { value } => (Some(u64::from(value.cast_unsigned())), 1),
        O::LocalGet { local_index } => (constant_of(local_index, before.range(..place)), 1),
        O::GlobalGet { .. } | O::I64Const { .. } => (None, 1),
        // The address of something on the stack.
        O::I32Add => match (before.get(place.checked_sub(2)?)?, &before[place - 1]) {
            (O::LocalGet { .. }, O::I32Const { .. }) => (None, 3),
            _ => return None,
        },
        _ => return None,
    })
}

/// The constant that a local was set to by the instructions before, as code that is not optimized does.
fn constant_of<'a>(local: u32, before: impl DoubleEndedIterator<Item = &'a Operator<'a>>) -> Option<u64> {
    let mut before = before.rev();
    let sets = |operator: &Operator<'_>| match *operator {
        Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => local_index == local,
        _ => false,
    };
    let is_straight = |operator: &&Operator<'_>| {
        use Operator as O;
        !matches!(operator, O::End | O::Else | O::Loop { .. } | O::Block { .. } | O::If { .. } | O::TryTable { .. })
    };
    before.by_ref().take_while(is_straight).find(|operator| sets(operator))?;
    match before.next()? {
        Operator::I32Const { value } => Some(u64::from(value.cast_unsigned())),
        _ => None,
    }
}

/// The addresses and lengths of texts among the constant arguments of the calls that led to a trap.
pub(super) fn pairs(info: &DebugInfo, trap: &TrapState<'_>) -> Vec<(u64, u64)> {
    calls(info, trap).iter().flat_map(Call::pairs).collect()
}

impl Call {
    /// The argument at a place from the last one on, if it is a constant.
    fn arg(&self, place: usize) -> Option<u64> {
        self.args.get(place).copied().flatten()
    }

    fn is_named(&self, name: &str) -> bool {
        let own = self.name.as_deref().unwrap_or_default();
        own == name || own.strip_suffix(name).is_some_and(|before| before.ends_with(['.', '/', '_', ':']))
    }

    fn message(&self, memory: Memory<'_>) -> Option<PanicMessage> {
        self.abort(memory)
            .or_else(|| self.assertion(memory))
            .or_else(|| self.pair(memory))
            .or_else(|| self.c_string(memory))
    }

    /// AssemblyScript's `abort(message, file, line, column)`, with texts in UTF-16.
    fn abort(&self, memory: Memory<'_>) -> Option<PanicMessage> {
        if !self.is_named("abort") {
            return None;
        }
        let (file, line, column) = (self.arg(2)?, self.arg(1)?, self.arg(0)?);
        let (file, _) = memory.utf16(file)?;
        let place = Some(format!("{file}:{line}:{column}"));
        let message = self.arg(3).and_then(|addr| Some((addr, memory.utf16(addr)?)));
        Some(match message {
            Some((addr, (text, len))) => {
                PanicMessage { text: Some(text), place, addr, len, source: PanicSource::Arguments }
            }
            None => PanicMessage { text: None, place, addr: self.arg(2)?, len: 0, source: PanicSource::Arguments },
        })
    }

    /// C's `__assert_fail(condition, file, line, function)`.
    fn assertion(&self, memory: Memory<'_>) -> Option<PanicMessage> {
        if !self.is_named("__assert_fail") {
            return None;
        }
        let (addr, file, line) = (self.arg(3)?, self.arg(2)?, self.arg(1)?);
        let (text, file) = (memory.until_zero(addr)?, memory.until_zero(file)?);
        Some(PanicMessage {
            text: Some(format!("assertion failed: {text}")),
            place: Some(format!("{file}:{line}")),
            addr,
            len: text.len() as u64,
            source: PanicSource::Arguments,
        })
    }

    /// What may be the address of a text and its length, one after the other, the last arguments first.
    fn pairs(&self) -> impl DoubleEndedIterator<Item = (u64, u64)> {
        self.args.windows(2).filter_map(|pair| match *pair {
            [Some(len), Some(addr)] if len >= SHORTEST && addr > 0 => Some((addr, len)),
            _ => None,
        })
    }

    /// The text of the first pair that is one.
    fn pair(&self, memory: Memory<'_>) -> Option<PanicMessage> {
        let mut texts = self.pairs().filter_map(|(addr, len)| Some((addr, len, memory.text(addr, len)?)));
        let (addr, len, text) = texts.next_back()?;
        let text = text.chars().any(char::is_alphabetic).then(|| text.to_owned())?;
        Some(PanicMessage { text: Some(text), place: None, addr, len, source: self.source() })
    }

    /// The address of a text that ends at a zero byte, passed to a function for messages.
    fn c_string(&self, memory: Memory<'_>) -> Option<PanicMessage> {
        let is_for_messages = self.name.as_deref().is_some_and(is_for_messages);
        let addresses = self.args.iter().flatten().rev().filter(|_| is_for_messages);
        let (addr, text) = addresses
            .filter_map(|&addr| Some((addr, memory.until_zero(addr)?)))
            .find(|(addr, text)| *addr > 0 && text.len() as u64 >= SHORTEST && text.chars().any(char::is_alphabetic))?;
        let (len, source) = (text.len() as u64, PanicSource::PerhapsArguments);
        Some(PanicMessage { text: Some(text.to_owned()), place: None, addr, len, source })
    }

    fn source(&self) -> PanicSource {
        let is_panic = |name: &str| name.to_ascii_lowercase().contains("panic");
        match self.name.as_deref().is_some_and(is_panic) {
            true => PanicSource::Arguments,
            false => PanicSource::PerhapsArguments,
        }
    }

    /// A source location of Rust among the arguments, and where it is.
    fn location(&self, memory: Memory<'_>) -> Option<(String, u64)> {
        self.args.iter().flatten().find_map(|&addr| Some((location_at(memory, addr)?, addr)))
    }
}
