//! What an instruction that trapped accessed in memory, and the number that it could not convert.

use wasmparser::{DataKind, Operator, Parser, Payload};

use crate::debug::DebugInfo;
use crate::guest::{Touched, TrapState};
use crate::record::{Accessed, TrapAccess};

/// The accesses of an instruction, given that one of them was out of bounds.
pub(super) fn accesses(info: &DebugInfo, operator: &Operator<'_>, trap: &TrapState<'_>) -> Vec<TrapAccess> {
    let size = |memory: u32| {
        let memory = usize::try_from(memory).ok().and_then(|memory| trap.memories.get(memory));
        memory.map_or(0, |memory| memory.len() as u64)
    };
    let [first, second, len] = trap.operands;
    let in_memory = |memory: u32, addr: u64, writes: bool| TrapAccess {
        index: memory,
        of: Accessed::Memory,
        addr,
        is_first: true,
        len,
        writes,
        size: size(memory),
    };
    match *operator {
        Operator::MemoryCopy { dst_mem, src_mem } => {
            outside([in_memory(dst_mem, first, true), in_memory(src_mem, second, false)])
        }
        Operator::MemoryFill { mem } => outside([in_memory(mem, first, true)]),
        Operator::MemoryInit { data_index, mem } => {
            let segment = segment(info.module(), data_index);
            let from = segment.map(|size| TrapAccess {
                index: data_index,
                of: Accessed::Data,
                size,
                ..in_memory(mem, second, false)
            });
            outside([in_memory(mem, first, true)].into_iter().chain(from))
        }
        _ => {
            Touched::of(operator).and_then(|touched| refused(touched, trap, size(touched.memory))).into_iter().collect()
        }
    }
}

/// Those that end outside. A segment that was dropped has a size that the module does not tell: then all are kept.
fn outside(accesses: impl IntoIterator<Item = TrapAccess>) -> Vec<TrapAccess> {
    let all: Vec<_> = accesses.into_iter().collect();
    let is_outside = |access: &&TrapAccess| access.addr.checked_add(access.len).is_none_or(|end| end > access.size);
    let outside: Vec<_> = all.iter().filter(is_outside).cloned().collect();
    if outside.is_empty() { all } else { outside }
}

/// The access whose address the processor refused.
fn refused(touched: Touched, trap: &TrapState<'_>, size: u64) -> Option<TrapAccess> {
    let memory = usize::try_from(touched.memory).ok()?;
    let addr = trap.faults.get(memory).copied().flatten()?;
    Some(TrapAccess {
        index: touched.memory,
        of: Accessed::Memory,
        addr,
        // An access across the end of memory is refused at the end.
        is_first: addr > size || touched.width == 1,
        len: touched.width.into(),
        writes: touched.writes,
        size,
    })
}

/// The size of a data segment.
fn segment(module: &[u8], index: u32) -> Option<u64> {
    Parser::new(0).parse_all(module).map_while(Result::ok).find_map(|payload| match payload {
        Payload::DataSection(data) => {
            let segment = data.into_iter().nth(usize::try_from(index).ok()?)?.ok()?;
            Some(segment.data.len() as u64)
        }
        _ => None,
    })
}

/// Where the data segments begin that are in memory from the start.
pub(super) fn data(module: &[u8]) -> Vec<u64> {
    let mut starts = Vec::new();
    for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
        let Payload::DataSection(data) = payload else { continue };
        starts.extend(data.into_iter().map_while(Result::ok).filter_map(|segment| {
            let DataKind::Active { offset_expr, .. } = segment.kind else { return None };
            match offset_expr.get_operators_reader().read().ok()? {
                Operator::I32Const { value } => Some(u64::from(value.cast_unsigned())),
                _ => None,
            }
        }));
    }
    starts
}

/// The float that a conversion was given, from its bits.
pub(super) fn converted(operator: &Operator<'_>, bits: u64) -> Option<String> {
    use Operator as O;
    match operator {
        O::I32TruncF32S | O::I32TruncF32U | O::I64TruncF32S | O::I64TruncF32U => {
            Some(format!("{:?}", f32::from_bits(u32::try_from(bits).ok()?)))
        }
        O::I32TruncF64S | O::I32TruncF64U | O::I64TruncF64S | O::I64TruncF64U => {
            Some(format!("{:?}", f64::from_bits(bits)))
        }
        _ => None,
    }
}
