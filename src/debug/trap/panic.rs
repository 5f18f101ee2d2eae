//! The message of a guest that trapped on purpose: a panic, an abort, a failed assertion.

use super::tables::Tables;
use super::text::Memory;
use super::{access, arguments, rust};
use crate::debug::DebugInfo;
use crate::guest::TrapState;
use crate::record::{PanicMessage, PanicSource};

/// How many bytes of the stack are searched for text.
const SEARCHED: u64 = 1024;
/// The shortest text that counts as a message, in bytes.
const SHORTEST: usize = 12;

/// Looks for the message, where it is most certain first.
pub(super) fn find(info: &DebugInfo, trap: &TrapState<'_>) -> Option<PanicMessage> {
    let memory = Memory(trap.memories.first()?);
    let stack = trap.stack.filter(|stack| stack.is_multiple_of(4));
    let tables = || Tables::read(info.module());
    let pairs = arguments::pairs(info, trap);
    let recorded = stack.and_then(|stack| rust::find(memory, stack, info, &tables(), &pairs));
    if recorded.as_ref().is_some_and(|found| found.text.is_some()) {
        return recorded;
    }
    let passed = arguments::find(memory, info, trap);
    let formatted = || stack.filter(|_| is_panicking(trap)).and_then(|stack| on_stack(memory, stack, info));
    passed.or(recorded).or_else(formatted)
}

/// Whether one of the functions is named after panics.
fn is_panicking(trap: &TrapState<'_>) -> bool {
    trap.frames.iter().filter_map(|frame| frame.name.as_deref()).any(arguments::is_for_messages)
}

/// The longest text on the stack that may be a message: what a panic function has formatted.
fn on_stack(memory: Memory<'_>, stack: u64, info: &DebugInfo) -> Option<PanicMessage> {
    let data = access::data(info.module()).into_iter().filter(|&data| data > stack).min();
    let end = (stack + SEARCHED).min(memory.0.len() as u64).min(data.unwrap_or(u64::MAX));
    let bytes = memory.bytes(stack, end.checked_sub(stack)?)?;
    let is_text = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    let mut longest: &[u8] = &[];
    for run in bytes.split(|byte| !is_text(byte)) {
        if run.len() > longest.len() && run.contains(&b' ') {
            longest = run;
        }
    }
    if longest.len() < SHORTEST {
        return None;
    }
    let distance = longest.as_ptr().addr().checked_sub(bytes.as_ptr().addr())?;
    Some(PanicMessage {
        text: Some(String::from_utf8_lossy(longest).into_owned()),
        place: None,
        addr: stack + distance as u64,
        len: longest.len() as u64,
        source: PanicSource::StackText,
    })
}
