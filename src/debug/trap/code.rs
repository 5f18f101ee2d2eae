//! The instruction at an offset, and those just before it.

use std::collections::VecDeque;

use wasmparser::{BinaryReader, FunctionBody, Operator};

use crate::debug::DebugInfo;

/// How many instructions before are kept. The arguments of a call are among them.
const BEFORE: usize = 24;

/// An instruction and those before it.
pub(super) struct Code<'a> {
    /// The instruction.
    pub(super) here: Operator<'a>,
    /// Those before it in the function, the last one last.
    pub(super) before: VecDeque<Operator<'a>>,
}

impl<'a> Code<'a> {
    /// The instruction at an offset in the module. `None` if none begins there.
    pub(super) fn at(info: &'a DebugInfo, offset: usize) -> Option<Code<'a>> {
        let body = info.function_range(info.function_of(offset)?)?;
        let reader = BinaryReader::new(info.module().get(body.clone())?, body.start as u64);
        let mut operators = FunctionBody::new(reader).get_operators_reader().ok()?;
        let mut before = VecDeque::with_capacity(BEFORE);
        while !operators.eof() {
            let at = usize::try_from(operators.original_position()).ok()?;
            if at > offset {
                return None;
            }
            let here = operators.read().ok()?;
            if at == offset {
                return Some(Code { here, before });
            }
            if before.len() == BEFORE {
                before.pop_front();
            }
            before.push_back(here);
        }
        None
    }
}
