//! Keeps the operands of instructions that may trap because of them, so that a trap can be explained: bulk operations,
//! accesses to tables, indirect calls and, where accesses are recorded, conversions of floats.
//!
//! They are stored in the memory with the flags just before the instruction, so after a trap they are those of the
//! instruction that trapped. A load or store needs none: the engine tells the address that it could not access.

use wasm_encoder::{Encode, Instruction, MemArg, ValType};
use wasmparser::Operator;

use super::added::Added;
use super::scratch::Scratch;
use super::sections::MemoryKind;

/// Where the memory with the flags has the operands: up to three numbers of eight bytes.
pub(in crate::guest) const OPERANDS_AT: u32 = 24;
/// How many there are at most.
pub(in crate::guest) const OPERANDS: usize = 3;

/// The number of the first scratch local that holds an operand.
const FIRST: u8 = 10;

/// The types of an instruction's operands, the topmost last.
pub(super) type Types = Vec<ValType>;

/// What has to be known of a module to tell the types of operands.
pub(super) struct Kinds<'a> {
    pub(super) memories: &'a [MemoryKind],
    /// The types of the entries of each table; `None` for one with 64-bit indices.
    pub(super) tables: &'a [Option<ValType>],
    /// Whether operands of conversions are kept too. They are in loops that the others are not in.
    pub(super) conversions: bool,
}

impl Kinds<'_> {
    /// The types of the operands to keep; `None` for an instruction that needs none.
    pub(super) fn operands(&self, operator: &Operator<'_>) -> Option<Types> {
        use Operator as O;
        use ValType::{F32, F64, I32, I64};
        let address = |memory: u32| {
            let kind = usize::try_from(memory).ok().and_then(|memory| self.memories.get(memory));
            if kind.is_some_and(|kind| kind.is_64) { I64 } else { I32 }
        };
        let entry = |table: u32| self.tables.get(usize::try_from(table).ok()?).copied().flatten();
        let narrow = |table: u32| entry(table).map(|_| I32);
        Some(match *operator {
            O::MemoryCopy { dst_mem, src_mem } => {
                let (to, from) = (address(dst_mem), address(src_mem));
                vec![to, from, if to == I64 && from == I64 { I64 } else { I32 }]
            }
            O::MemoryFill { mem } => vec![address(mem), I32, address(mem)],
            O::MemoryInit { mem, .. } => vec![address(mem), I32, I32],
            O::TableGet { table } => vec![narrow(table)?],
            O::TableSet { table } => vec![narrow(table)?, entry(table)?],
            O::TableFill { table } => vec![narrow(table)?, entry(table)?, I32],
            O::TableCopy { dst_table, src_table } => vec![narrow(dst_table)?, narrow(src_table)?, I32],
            O::TableInit { table, .. } => vec![narrow(table)?, I32, I32],
            O::CallIndirect { table_index, .. } => vec![narrow(table_index)?],
            O::I32TruncF32S | O::I32TruncF32U | O::I64TruncF32S | O::I64TruncF32U if self.conversions => vec![F32],
            O::I32TruncF64S | O::I32TruncF64U | O::I64TruncF64S | O::I64TruncF64U if self.conversions => vec![F64],
            _ => return None,
        })
    }
}

/// Appends what keeps the operands on the stack, and leaves them there.
pub(super) fn keep(types: &[ValType], added: Added, scratch: &mut Scratch<'_>, code: &mut Vec<u8>) {
    let locals: Vec<_> = types.iter().zip(FIRST..).map(|(&ty, number)| (ty, scratch.local(ty, number))).collect();
    locals.iter().rev().for_each(|&(_, local)| Instruction::LocalSet(local).encode(code));
    for (&(ty, local), place) in locals.iter().zip(0_u64..) {
        let Some(widen) = widen(ty) else { continue };
        [Instruction::I32Const(0), Instruction::LocalGet(local)].iter().for_each(|each| each.encode(code));
        widen.iter().for_each(|each| each.encode(code));
        let arg = MemArg { offset: u64::from(OPERANDS_AT) + 8 * place, align: 3, memory_index: added.flag_memory };
        Instruction::I64Store(arg).encode(code);
    }
    locals.iter().for_each(|&(_, local)| Instruction::LocalGet(local).encode(code));
}

/// The instructions that make a number of that type an i64 with the same bits. `None` for a reference.
fn widen(ty: ValType) -> Option<Vec<Instruction<'static>>> {
    Some(match ty {
        ValType::I32 => vec![Instruction::I64ExtendI32U],
        ValType::I64 => Vec::new(),
        ValType::F32 => vec![Instruction::I32ReinterpretF32, Instruction::I64ExtendI32U],
        ValType::F64 => vec![Instruction::I64ReinterpretF64],
        ValType::V128 | ValType::Ref(_) => return None,
    })
}

const _: () = assert!(OPERANDS_AT as usize + 8 * OPERANDS <= super::points::POINTS_AT as usize, "they have room");
