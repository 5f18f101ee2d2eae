//! Names and source places in a trap's frames. The engine knows functions by their indices alone.

use wasmer_types::FrameInfo;

use super::instrument::OffsetMap;
use crate::record::Frame;

/// The most frames of a trap that are kept, those of inlined functions not counted.
const KEPT: usize = 32;
/// How many frames of one function in a row are kept: where it trapped, and where it called itself.
const IN_A_ROW: usize = 2;

/// What names a place in the guest's code for people.
pub trait Symbols: Send + Sync {
    /// The frames of an instruction, innermost first: those of functions that are inlined there, and the function's own.
    fn frames(&self, index: u32, offset: Option<usize>) -> Vec<Frame>;
}

/// Symbols of a module about which nothing is known.
pub struct NoSymbols;

impl Symbols for NoSymbols {
    fn frames(&self, index: u32, offset: Option<usize>) -> Vec<Frame> {
        vec![Frame { index, offset, ..Frame::default() }]
    }
}

/// The frames of a trap, innermost first, and how many of the outermost are left out.
pub(super) fn frames(trace: &[FrameInfo], offsets: &OffsetMap, symbols: &dyn Symbols) -> (Vec<Frame>, usize) {
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
        frames.extend(symbols.frames(index, offsets.original(index, info.func_offset())));
    }
    (frames, 0)
}
