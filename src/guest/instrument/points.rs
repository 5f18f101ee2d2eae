//! Stop points: places in the code at which a guest that is compiled for control can be stopped.
//!
//! At each, the guest looks at one word, the mode. Where that is not zero, it calls the function that decides whether the
//! hook is called: because the host wants to be heard, because the guest goes from point to point and calls are no
//! deeper than a limit, or because a byte for this point is set, which a breakpoint does. How deep calls are is counted
//! in a global around each call.

use std::sync::Arc;

use wasm_encoder::{BlockType, Encode, Instruction, MemArg};
use wasmparser::Operator;

use super::added::Added;

/// The most stop points. Each has a byte, and some bytes of code.
pub(super) const MOST_POINTS: usize = 1 << 20;
/// The most in one function, whose size has a limit.
pub(super) const MOST_IN_BODY: usize = 1 << 18;

/// The site that the hook is called with at a stop point.
pub(in crate::guest) const POINT_SITE: u32 = u32::MAX - 1;

/// Where the memory with the flags has the mode, the deepest calls to stop at, and a byte for each point.
pub(in crate::guest) const MODE_AT: u32 = 12;
pub(in crate::guest) const DEEPEST_AT: u32 = 16;
pub(in crate::guest) const POINTS_AT: u32 = 64;

/// In the mode: the hook is to be called at breakpoints; at every point that is not too deep; at the next point.
pub(in crate::guest) const MODE_BREAKS: u32 = 1;
pub(in crate::guest) const MODE_POINTS: u32 = 2;
pub(in crate::guest) const MODE_CALL: u32 = 4;

/// The stop points of a module, each by the offset in the original of the instruction that is next there, ascending.
#[derive(Clone, Debug, Default)]
pub struct Points(Arc<[u32]>);

impl Points {
    pub(super) fn new(offsets: &[u32]) -> Points {
        Points(offsets.into())
    }

    /// The first at an offset or after it.
    pub fn at_or_after(&self, offset: u32) -> Option<u32> {
        self.0.get(self.0.partition_point(|&point| point < offset)).copied()
    }

    /// Whether there is one at that offset.
    pub fn has(&self, offset: u32) -> bool {
        self.0.binary_search(&offset).is_ok()
    }

    /// The offset of the one of that number.
    pub(in crate::guest) fn offset(&self, number: usize) -> Option<u32> {
        self.0.get(number).copied()
    }

    /// The number of the one at that offset.
    pub(in crate::guest) fn number(&self, offset: u32) -> Option<u32> {
        self.0.binary_search(&offset).ok().and_then(|number| u32::try_from(number).ok())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which stop points a module is to have, besides those where functions are entered and loops begin.
#[derive(Clone, Debug, Default)]
pub struct PointRequest {
    /// Where lines of the source begin, in ascending order. In a function without any, statements take their place.
    pub lines: Vec<u32>,
    /// Other instructions, in ascending order.
    pub others: Vec<u32>,
}

/// How many pages the memory with the flags has, for so many points.
pub(super) fn flag_pages(points: usize) -> u32 {
    u32::try_from((POINTS_AT as usize + points).div_ceil(65_536)).unwrap_or(u32::MAX).max(1)
}

/// Decides which instructions of a body stop points stand before.
pub(super) struct PointFinder<'a> {
    /// Where lines begin, ascending: those from the body's start on.
    lines: &'a [u32],
    /// Other instructions that points stand before, in the same way.
    others: &'a [u32],
    /// Whether lines of the body are known.
    has_lines: bool,
    /// What the instruction before says of the next.
    next: Next,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A point belongs before it: the function is entered, or a loop begins.
    Point,
    /// A statement begins, which is a point where no lines are known.
    Statement,
    Nothing,
}

impl<'a> PointFinder<'a> {
    /// For a body in that range of offsets.
    pub(super) fn new(request: &'a PointRequest, start: usize, end: usize) -> PointFinder<'a> {
        let from = |offsets: &'a [u32]| &offsets[offsets.partition_point(|&offset| (offset as usize) < start)..];
        let (lines, others) = (from(&request.lines), from(&request.others));
        let has_lines = lines.first().is_some_and(|&line| (line as usize) < end);
        PointFinder { lines, others, has_lines, next: Next::Point }
    }

    /// Whether a point stands before an instruction.
    pub(super) fn is_point(&mut self, at: u32, operator: &Operator<'_>) -> bool {
        for offsets in [&mut self.lines, &mut self.others] {
            while offsets.first().is_some_and(|&offset| offset < at) {
                *offsets = &offsets[1..];
            }
        }
        let is_line = self.lines.first() == Some(&at) || self.others.first() == Some(&at);
        let next = std::mem::replace(&mut self.next, after(operator));
        let is_end = matches!(operator, Operator::End | Operator::Else);
        is_line || next == Next::Point || (next == Next::Statement && !self.has_lines && !is_end)
    }
}

/// What an instruction says of the one after it.
fn after(operator: &Operator<'_>) -> Next {
    use Operator as O;
    match operator {
        O::Loop { .. } => Next::Point,
        O::Block { .. } | O::If { .. } | O::Else | O::End | O::BrIf { .. } | O::Drop | O::Nop => Next::Statement,
        O::LocalSet { .. } | O::GlobalSet { .. } | O::TableSet { .. } => Next::Statement,
        O::Call { .. } | O::CallIndirect { .. } | O::CallRef { .. } => Next::Statement,
        O::I32Store { .. }
        | O::I32Store8 { .. }
        | O::I32Store16 { .. }
        | O::I64Store { .. }
        | O::I64Store8 { .. }
        | O::I64Store16 { .. }
        | O::I64Store32 { .. }
        | O::F32Store { .. }
        | O::F64Store { .. }
        | O::V128Store { .. }
        | O::MemoryCopy { .. }
        | O::MemoryFill { .. }
        | O::MemoryInit { .. } => Next::Statement,
        _ => Next::Nothing,
    }
}

/// Whether an instruction calls a function, to which it returns.
pub(super) fn calls(operator: &Operator<'_>) -> bool {
    matches!(operator, Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. })
}

/// Whether an instruction may catch what is thrown in a call, which is not counted as over then.
pub(super) fn catches(operator: &Operator<'_>) -> bool {
    matches!(operator, Operator::TryTable { .. } | Operator::Try { .. })
}

fn word(added: Added, at: u32) -> MemArg {
    MemArg { offset: at.into(), align: 2, memory_index: added.flag_memory }
}

/// Appends the check at a point. The load is atomic so that the compiler does not move it out of a loop.
pub(super) fn point(added: Added, number: u32, code: &mut Vec<u8>) {
    let instructions = [
        Instruction::I32Const(0),
        Instruction::I32AtomicLoad(word(added, MODE_AT)),
        Instruction::If(BlockType::Empty),
        Instruction::I32Const(number.cast_signed()),
        Instruction::Call(added.point_func),
        Instruction::End,
    ];
    instructions.iter().for_each(|instruction| instruction.encode(code));
}

/// Appends a call with what counts it.
pub(super) fn counted_call(added: Added, call: &[u8], code: &mut Vec<u8>) {
    count(added, 1, code);
    code.extend_from_slice(call);
    count(added, -1, code);
}

fn count(added: Added, by: i32, code: &mut Vec<u8>) {
    let instructions = [
        Instruction::GlobalGet(added.depth_global),
        Instruction::I32Const(by),
        Instruction::I32Add,
        Instruction::GlobalSet(added.depth_global),
    ];
    instructions.iter().for_each(|instruction| instruction.encode(code));
}

/// Appends what keeps the depth of calls in a local, or takes it from there.
pub(super) fn keep_depth(added: Added, local: u32, restore: bool, code: &mut Vec<u8>) {
    let instructions = match restore {
        false => [Instruction::GlobalGet(added.depth_global), Instruction::LocalSet(local)],
        true => [Instruction::LocalGet(local), Instruction::GlobalSet(added.depth_global)],
    };
    instructions.iter().for_each(|instruction| instruction.encode(code));
}

/// The body of the function that is called at a point while the mode is not zero. Its parameter is the point's number.
pub(super) fn point_body(added: Added) -> Vec<u8> {
    let byte = MemArg { offset: POINTS_AT.into(), align: 0, memory_index: added.flag_memory };
    let mode = || [Instruction::I32Const(0), Instruction::I32AtomicLoad(word(added, MODE_AT))];
    let bit = |bit: u32| [Instruction::I32Const(bit.cast_signed()), Instruction::I32And];
    let mut all = Vec::new();
    all.extend(mode());
    all.extend(bit(MODE_CALL));
    // The mode has the bit of points, and calls are not too deep.
    all.extend(mode());
    all.extend(bit(MODE_POINTS));
    all.extend([
        Instruction::I32Const(0),
        Instruction::I32Ne,
        Instruction::GlobalGet(added.depth_global),
        Instruction::I32Const(0),
        Instruction::I32Load(word(added, DEEPEST_AT)),
        Instruction::I32LeS,
        Instruction::I32And,
        Instruction::I32Or,
    ]);
    // The mode has the bit of breakpoints, and one is at this point.
    all.extend(mode());
    all.extend(bit(MODE_BREAKS));
    all.extend([
        Instruction::LocalGet(0),
        Instruction::I32Load8U(byte),
        Instruction::I32And,
        Instruction::I32Or,
        Instruction::If(BlockType::Empty),
        Instruction::I32Const(POINT_SITE.cast_signed()),
        Instruction::LocalGet(0),
        Instruction::I64ExtendI32U,
        Instruction::I64Const(0),
        Instruction::I64Const(0),
        Instruction::I32Const(0),
        Instruction::CallIndirect { type_index: added.hook_type, table_index: added.hook_table },
        Instruction::End,
        Instruction::End,
    ]);
    let mut code = vec![0];
    all.iter().for_each(|instruction| instruction.encode(&mut code));
    code
}
