//! Which instructions access memory, and how.

use wasm_encoder::ValType;
use wasmparser::{MemArg, Operator};

/// A memory access by one instruction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Access {
    /// Reads `width` bytes. `lane`: into a lane of a vector operand.
    Load { width: u8, arg: MemArg, lane: bool },
    /// Writes `width` bytes of an operand.
    Store { value: ValType, width: u8, arg: MemArg },
    /// Atomically reads `width` bytes, and writes the result of an operation on them and an operand.
    Exchange { value: ValType, width: u8, arg: MemArg },
    /// Atomically reads `width` bytes, and writes an operand if they equal another operand.
    CompareExchange { value: ValType, width: u8, arg: MemArg },
    /// Copies within a memory or between two.
    Copy { to: u32, from: u32 },
    /// Fills a range with one byte.
    Fill { memory: u32 },
    /// Copies from a data segment.
    Init { memory: u32 },
    /// Grows a memory.
    Grow { memory: u32 },
}

/// The bytes that an instruction accesses at one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The index of the memory.
    pub memory: u32,
    /// How many bytes.
    pub width: u8,
    /// Whether it writes them.
    pub writes: bool,
}

impl Touched {
    /// What an instruction accesses; `None` for bulk operations and for one that does not access memory.
    pub fn of(operator: &Operator<'_>) -> Option<Touched> {
        Some(match Access::of(operator).ok()?? {
            Access::Load { width, arg, .. } => Touched { memory: arg.memory, width, writes: false },
            Access::Store { width, arg, .. }
            | Access::Exchange { width, arg, .. }
            | Access::CompareExchange { width, arg, .. } => Touched { memory: arg.memory, width, writes: true },
            Access::Copy { .. } | Access::Fill { .. } | Access::Init { .. } | Access::Grow { .. } => return None,
        })
    }
}

/// An instruction that changes memory in a way that linmem cannot record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unknown(pub(super) &'static str);

/// A fill or a copy whose operands are in locals: an address, another operand, and the length.
#[derive(Clone, Copy)]
pub(super) struct Bulk<'a> {
    pub(super) memory: u32,
    /// The memory that is copied from; `None` for a fill.
    pub(super) source: Option<u32>,
    pub(super) types: [ValType; 3],
    pub(super) operands: [u32; 3],
    pub(super) instruction: &'a [u8],
    /// The site, if it is recorded.
    pub(super) site: Option<i32>,
}

impl Bulk<'_> {
    /// Whether it copies within a memory.
    pub(super) fn is_within(&self) -> bool {
        self.source == Some(self.memory)
    }
}

impl Access {
    /// The memory access of an instruction, if any.
    ///
    /// # Errors
    /// The instruction changes memory in a way that linmem cannot record.
    pub(super) fn of(operator: &Operator<'_>) -> Result<Option<Access>, Unknown> {
        if let Operator::MemoryDiscard { .. } = operator {
            return Err(Unknown("memory.discard"));
        }
        Ok(scalar(operator).or_else(|| vector(operator)).or_else(|| atomic(operator)).or_else(|| bulk(operator)))
    }
}

impl Access {
    /// The access of an instruction that fills or copies memory.
    pub(super) fn in_bulk(operator: &Operator<'_>) -> Option<Access> {
        bulk(operator).filter(|access| matches!(access, Access::Copy { .. } | Access::Fill { .. }))
    }
}

fn load(width: u8, arg: MemArg) -> Access {
    Access::Load { width, arg, lane: false }
}

fn scalar(operator: &Operator<'_>) -> Option<Access> {
    use Operator as O;
    use ValType::{F32, F64, I32, I64};
    let store = |value, width, arg| Access::Store { value, width, arg };
    Some(match *operator {
        O::I32Load8S { memarg } | O::I32Load8U { memarg } | O::I64Load8S { memarg } | O::I64Load8U { memarg } => {
            load(1, memarg)
        }
        O::I32Load16S { memarg } | O::I32Load16U { memarg } | O::I64Load16S { memarg } | O::I64Load16U { memarg } => {
            load(2, memarg)
        }
        O::I32Load { memarg } | O::F32Load { memarg } | O::I64Load32S { memarg } | O::I64Load32U { memarg } => {
            load(4, memarg)
        }
        O::I64Load { memarg } | O::F64Load { memarg } => load(8, memarg),
        O::I32Store { memarg } => store(I32, 4, memarg),
        O::I32Store8 { memarg } => store(I32, 1, memarg),
        O::I32Store16 { memarg } => store(I32, 2, memarg),
        O::I64Store { memarg } => store(I64, 8, memarg),
        O::I64Store8 { memarg } => store(I64, 1, memarg),
        O::I64Store16 { memarg } => store(I64, 2, memarg),
        O::I64Store32 { memarg } => store(I64, 4, memarg),
        O::F32Store { memarg } => store(F32, 4, memarg),
        O::F64Store { memarg } => store(F64, 8, memarg),
        _ => return None,
    })
}

fn vector(operator: &Operator<'_>) -> Option<Access> {
    use Operator as O;
    let lane = |width, arg| Access::Load { width, arg, lane: true };
    let store = |width, arg| Access::Store { value: ValType::V128, width, arg };
    Some(match *operator {
        O::V128Load { memarg } => load(16, memarg),
        O::V128Load8x8S { memarg }
        | O::V128Load8x8U { memarg }
        | O::V128Load16x4S { memarg }
        | O::V128Load16x4U { memarg }
        | O::V128Load32x2S { memarg }
        | O::V128Load32x2U { memarg }
        | O::V128Load64Splat { memarg }
        | O::V128Load64Zero { memarg } => load(8, memarg),
        O::V128Load32Splat { memarg } | O::V128Load32Zero { memarg } => load(4, memarg),
        O::V128Load16Splat { memarg } => load(2, memarg),
        O::V128Load8Splat { memarg } => load(1, memarg),
        O::V128Load8Lane { memarg, .. } => lane(1, memarg),
        O::V128Load16Lane { memarg, .. } => lane(2, memarg),
        O::V128Load32Lane { memarg, .. } => lane(4, memarg),
        O::V128Load64Lane { memarg, .. } => lane(8, memarg),
        O::V128Store { memarg } => store(16, memarg),
        O::V128Store8Lane { memarg, .. } => store(1, memarg),
        O::V128Store16Lane { memarg, .. } => store(2, memarg),
        O::V128Store32Lane { memarg, .. } => store(4, memarg),
        O::V128Store64Lane { memarg, .. } => store(8, memarg),
        _ => return None,
    })
}

fn atomic(operator: &Operator<'_>) -> Option<Access> {
    use Operator as O;
    use ValType::{I32, I64};
    let store = |value, width, arg| Access::Store { value, width, arg };
    let exchange = |value, width, arg| Access::Exchange { value, width, arg };
    let compare = |value, width, arg| Access::CompareExchange { value, width, arg };
    Some(match *operator {
        O::I32AtomicLoad8U { memarg } | O::I64AtomicLoad8U { memarg } => load(1, memarg),
        O::I32AtomicLoad16U { memarg } | O::I64AtomicLoad16U { memarg } => load(2, memarg),
        O::I32AtomicLoad { memarg } | O::I64AtomicLoad32U { memarg } => load(4, memarg),
        O::I64AtomicLoad { memarg } => load(8, memarg),
        O::I32AtomicStore { memarg } => store(I32, 4, memarg),
        O::I32AtomicStore8 { memarg } => store(I32, 1, memarg),
        O::I32AtomicStore16 { memarg } => store(I32, 2, memarg),
        O::I64AtomicStore { memarg } => store(I64, 8, memarg),
        O::I64AtomicStore8 { memarg } => store(I64, 1, memarg),
        O::I64AtomicStore16 { memarg } => store(I64, 2, memarg),
        O::I64AtomicStore32 { memarg } => store(I64, 4, memarg),
        O::I32AtomicRmwAdd { memarg }
        | O::I32AtomicRmwSub { memarg }
        | O::I32AtomicRmwAnd { memarg }
        | O::I32AtomicRmwOr { memarg }
        | O::I32AtomicRmwXor { memarg }
        | O::I32AtomicRmwXchg { memarg } => exchange(I32, 4, memarg),
        O::I32AtomicRmw8AddU { memarg }
        | O::I32AtomicRmw8SubU { memarg }
        | O::I32AtomicRmw8AndU { memarg }
        | O::I32AtomicRmw8OrU { memarg }
        | O::I32AtomicRmw8XorU { memarg }
        | O::I32AtomicRmw8XchgU { memarg } => exchange(I32, 1, memarg),
        O::I32AtomicRmw16AddU { memarg }
        | O::I32AtomicRmw16SubU { memarg }
        | O::I32AtomicRmw16AndU { memarg }
        | O::I32AtomicRmw16OrU { memarg }
        | O::I32AtomicRmw16XorU { memarg }
        | O::I32AtomicRmw16XchgU { memarg } => exchange(I32, 2, memarg),
        O::I64AtomicRmwAdd { memarg }
        | O::I64AtomicRmwSub { memarg }
        | O::I64AtomicRmwAnd { memarg }
        | O::I64AtomicRmwOr { memarg }
        | O::I64AtomicRmwXor { memarg }
        | O::I64AtomicRmwXchg { memarg } => exchange(I64, 8, memarg),
        O::I64AtomicRmw8AddU { memarg }
        | O::I64AtomicRmw8SubU { memarg }
        | O::I64AtomicRmw8AndU { memarg }
        | O::I64AtomicRmw8OrU { memarg }
        | O::I64AtomicRmw8XorU { memarg }
        | O::I64AtomicRmw8XchgU { memarg } => exchange(I64, 1, memarg),
        O::I64AtomicRmw16AddU { memarg }
        | O::I64AtomicRmw16SubU { memarg }
        | O::I64AtomicRmw16AndU { memarg }
        | O::I64AtomicRmw16OrU { memarg }
        | O::I64AtomicRmw16XorU { memarg }
        | O::I64AtomicRmw16XchgU { memarg } => exchange(I64, 2, memarg),
        O::I64AtomicRmw32AddU { memarg }
        | O::I64AtomicRmw32SubU { memarg }
        | O::I64AtomicRmw32AndU { memarg }
        | O::I64AtomicRmw32OrU { memarg }
        | O::I64AtomicRmw32XorU { memarg }
        | O::I64AtomicRmw32XchgU { memarg } => exchange(I64, 4, memarg),
        O::I32AtomicRmwCmpxchg { memarg } => compare(I32, 4, memarg),
        O::I32AtomicRmw8CmpxchgU { memarg } => compare(I32, 1, memarg),
        O::I32AtomicRmw16CmpxchgU { memarg } => compare(I32, 2, memarg),
        O::I64AtomicRmwCmpxchg { memarg } => compare(I64, 8, memarg),
        O::I64AtomicRmw8CmpxchgU { memarg } => compare(I64, 1, memarg),
        O::I64AtomicRmw16CmpxchgU { memarg } => compare(I64, 2, memarg),
        O::I64AtomicRmw32CmpxchgU { memarg } => compare(I64, 4, memarg),
        _ => return None,
    })
}

fn bulk(operator: &Operator<'_>) -> Option<Access> {
    use Operator as O;
    Some(match *operator {
        O::MemoryCopy { dst_mem, src_mem } => Access::Copy { to: dst_mem, from: src_mem },
        O::MemoryFill { mem } => Access::Fill { memory: mem },
        O::MemoryInit { mem, .. } => Access::Init { memory: mem },
        O::MemoryGrow { mem } => Access::Grow { memory: mem },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One operator of each kind that `wasmparser` has with a memory immediate.
    fn operators_on_memory() -> Vec<Operator<'static>> {
        let memarg = MemArg { align: 0, max_align: 0, offset: 0, memory: 0 };
        let mut found = Vec::new();
        macro_rules! collect {
            ($(@$proposal:ident $op:ident $({ $($field:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
                $(collect!(@one $op $({ $($field),* })?);)*
            };
            (@one $op:ident { memarg }) => { found.push(Operator::$op { memarg }) };
            (@one $op:ident { memarg, lane }) => { found.push(Operator::$op { memarg, lane: 0 }) };
            (@one $op:ident { mem }) => { found.push(Operator::$op { mem: 0 }) };
            (@one $op:ident { data_index, mem }) => { found.push(Operator::$op { data_index: 0, mem: 0 }) };
            (@one $op:ident { dst_mem, src_mem }) => { found.push(Operator::$op { dst_mem: 0, src_mem: 0 }) };
            (@one $op:ident $({ $($field:ident),* })?) => {};
        }
        wasmparser::for_each_operator!(collect);
        found
    }

    #[test]
    fn every_instruction_on_memory_is_known() {
        let operators = operators_on_memory();
        assert!(operators.len() > 110, "{}", operators.len());
        for operator in operators {
            let harmless = matches!(
                operator,
                Operator::MemorySize { .. }
                    | Operator::MemoryAtomicNotify { .. }
                    // These read nothing but what they compare.
                    | Operator::MemoryAtomicWait32 { .. }
                    | Operator::MemoryAtomicWait64 { .. }
            );
            let access = Access::of(&operator);
            assert!(harmless || access.is_err() || matches!(access, Ok(Some(_))), "{operator:?}");
        }
    }
}
