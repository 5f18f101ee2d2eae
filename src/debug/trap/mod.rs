//! What a module tells about a trap: the instruction, what it accessed, whom it called, and the message of a panic.
//!
//! Everything comes from the state of the guest when it trapped, so nothing has to be recorded for it.

mod access;
mod arguments;
mod code;
mod panic;
mod rust;
mod tables;
mod text;

use code::Code;
use tables::Tables;

use super::DebugInfo;
use crate::guest::TrapState;
use crate::record::{TrapCallee, TrapCause, TrapDetail};

/// Explains a trap.
pub(super) fn explain(info: &DebugInfo, trap: &TrapState<'_>) -> TrapDetail {
    let Some(offset) = trap.frames.first().and_then(|frame| frame.offset) else { return TrapDetail::default() };
    let text = info.instruction(offset, 0).into_iter().next().map(|(_, text)| text);
    let mut detail = TrapDetail { instruction: text, ..TrapDetail::default() };
    let Some(code) = Code::at(info, offset) else { return detail };
    match trap.cause {
        TrapCause::MemoryOutOfBounds => detail.accesses = access::accesses(info, &code.here, trap),
        TrapCause::TableOutOfBounds | TrapCause::NullFunction | TrapCause::TypeMismatch => {
            let tables = Tables::read(info.module());
            detail.slots = tables.slots(&code.here, trap.operands);
            detail.callee = tables.callee(&code.here, trap.operands, info).map(|callee| agreeing(callee, trap.cause));
        }
        TrapCause::InvalidConversion | TrapCause::IntegerOverflow if trap.keeps_conversions => {
            detail.operand = access::converted(&code.here, trap.operands[0]);
        }
        TrapCause::Unreachable => detail.panic = panic::find(info, trap),
        _ => (),
    }
    detail
}

/// What is known of a callee, where the engine found no function, or one of another type.
fn agreeing(callee: TrapCallee, cause: &TrapCause) -> TrapCallee {
    let is_null = *cause == TrapCause::NullFunction;
    let is_other = *cause == TrapCause::TypeMismatch && callee.found.as_ref() == Some(&callee.expected);
    match is_null || is_other {
        true => TrapCallee { found: None, index: None, name: None, initial: !is_null, ..callee },
        false => callee,
    }
}
