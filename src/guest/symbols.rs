//! Names and source locations for stack traces. The engine knows functions only by index.

use std::sync::Arc;

use wasmer_types::FrameInfo;

use super::instrument::{OPERANDS, OffsetMap};
use crate::record::{Frame, TrapCause, TrapDetail};

/// Maximum number of frames of a trap, not counting inlined ones.
const KEPT: usize = 32;
/// Maximum number of consecutive frames of one function: where it trapped, and where it called itself.
const IN_A_ROW: usize = 2;

/// Resolves code offsets to names and source locations.
pub trait Symbols: Send + Sync {
    /// The frames at an instruction, innermost first: inlined functions, then the function itself.
    fn frames(&self, index: u32, offset: Option<usize>) -> Vec<Frame>;

    /// The source file and line of an instruction, if known.
    fn line(&self, _offset: usize) -> Option<(Arc<str>, u32)> {
        None
    }

    /// What the module tells of a trap.
    fn explain(&self, _trap: &TrapState<'_>) -> TrapDetail {
        TrapDetail::default()
    }
}

/// The state of a guest that trapped.
#[derive(Debug)]
pub struct TrapState<'a> {
    /// Why it trapped.
    pub cause: &'a TrapCause,
    /// Where, innermost frame first.
    pub frames: &'a [Frame],
    /// The operands of the instruction, as bits, if it is one whose operands are kept; else of an earlier one.
    pub operands: [u64; OPERANDS],
    /// Whether operands of conversions are kept.
    pub keeps_conversions: bool,
    /// For each memory, the address in it that the processor refused. It is past the memory's end.
    pub faults: Vec<Option<u64>>,
    /// The memories.
    pub memories: Vec<&'a [u8]>,
    /// The value of the global that is taken for the stack pointer.
    pub stack: Option<u64>,
}

/// The symbols of a module without debug information.
pub struct NoSymbols;

impl Symbols for NoSymbols {
    fn frames(&self, index: u32, offset: Option<usize>) -> Vec<Frame> {
        vec![Frame { index, offset, ..Frame::default() }]
    }
}

/// The frames of a trap, innermost first, and the number of outermost frames left out.
pub(super) fn frames(
    trace: &[FrameInfo],
    offsets: &OffsetMap,
    mut named: impl FnMut(u32, Option<usize>) -> Vec<Frame>,
) -> (Vec<Frame>, usize) {
    let mut frames: Vec<Frame> = Vec::new();
    let (mut kept, mut row) = (0, 0);
    for (number, info) in trace.iter().enumerate() {
        let index = info.func_index();
        row = if frames.last().is_some_and(|last| last.index == index) { row + 1 } else { 1 };
        if let (true, Some(last)) = (row > IN_A_ROW, frames.last_mut()) {
            last.repeats += 1;
            continue;
        }
        if kept == KEPT {
            return (frames, trace.len() - number);
        }
        kept += 1;
        frames.extend(named(index, offsets.original(index, info.func_offset())));
    }
    (frames, 0)
}
