//! Fills and copies of much memory, which are done in portions: between two of them, the guest checks whether to stop.
//!
//! The operation is one all the same: it traps before it writes anything, and leaves one record. If the guest stops in the
//! middle, the record tells what was done.

#[cfg(test)]
mod tests;

use wasm_encoder::{BlockType, Instruction, MemArg, ValType};

use super::access::{Access, Bulk};
use super::emit::Emitter;

/// Bytes in a portion: they take about a millisecond.
const PORTION: i32 = 4 << 20;

/// Numbers of the scratch locals: what is left to do, what was done, and the size of a memory.
const LEFT: u8 = 10;
const DONE: u8 = 13;
const SIZE: u8 = 16;

/// In which direction portions are done: where the ranges overlap, only one is right.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl Emitter<'_, '_> {
    /// A fill or a copy that is not recorded, with its operands on the stack.
    pub(super) fn unrecorded(&mut self, access: Access, instruction: &[u8]) {
        match self.bulk_of(access, instruction, None) {
            Some(bulk) => self.in_portions(&bulk),
            None => self.code.extend_from_slice(instruction),
        }
    }

    /// A fill or a copy, whose operands are moved from the stack into locals.
    pub(super) fn bulk_of<'c>(&mut self, access: Access, instruction: &'c [u8], site: Option<i32>) -> Option<Bulk<'c>> {
        let (memory, source, types) = match access {
            Access::Copy { to, from } => {
                let len = if self.is_64(to) && self.is_64(from) { ValType::I64 } else { ValType::I32 };
                (to, Some(from), [self.address_type(to), self.address_type(from), len])
            }
            Access::Fill { memory } => {
                let address = self.address_type(memory);
                (memory, None, [address, ValType::I32, address])
            }
            _ => return None,
        };
        let operands = self.take_operands(types);
        Some(Bulk { memory, source, types, operands, instruction, site })
    }

    /// Does the operation, in portions if it is long and within bounds.
    pub(super) fn in_portions(&mut self, bulk: &Bulk<'_>) {
        let [addr, other, len] = bulk.operands;
        let left = self.locals_from(LEFT, bulk.types);
        for (operand, left) in bulk.operands.into_iter().zip(left) {
            self.emit([Instruction::LocalGet(operand), Instruction::LocalSet(left)]);
        }
        let is_usual =
            [Some(bulk.memory), bulk.source].into_iter().flatten().all(|memory| self.has_usual_pages(memory));
        if is_usual {
            self.is_more_than_a_portion(bulk, len);
            self.emit([Instruction::If(BlockType::Empty)]);
            self.is_within_bounds((addr, bulk.types[0]), (len, bulk.types[2]), bulk.memory);
            if let Some(source) = bulk.source {
                self.is_within_bounds((other, bulk.types[1]), (len, bulk.types[2]), source);
                self.emit([Instruction::I32And]);
            }
            self.emit([Instruction::If(BlockType::Empty)]);
            if bulk.is_within() {
                self.emit([Instruction::LocalGet(addr), Instruction::LocalGet(other)]);
                self.emit([of_type(bulk.types[0], Instruction::I32GtU, Instruction::I64GtU)]);
                self.emit([Instruction::If(BlockType::Empty)]);
                self.portions(bulk, left, Direction::Down);
                self.emit([Instruction::Else]);
                self.portions(bulk, left, Direction::Up);
                self.emit([Instruction::End]);
            } else {
                self.portions(bulk, left, Direction::Up);
            }
            self.emit([Instruction::End, Instruction::End]);
        }
        self.give_operands(left);
        self.code.extend_from_slice(bulk.instruction);
    }

    /// Does portions until at most one is left.
    fn portions(&mut self, bulk: &Bulk<'_>, left: [u32; 3], direction: Direction) {
        let [addr, other, len] = left;
        let [addr_type, other_type, len_type] = bulk.types;
        self.emit([Instruction::Loop(BlockType::Empty)]);
        let subtract = of_type(len_type, Instruction::I32Sub, Instruction::I64Sub);
        self.emit([Instruction::LocalGet(len), portion(len_type), subtract, Instruction::LocalSet(len)]);
        self.emit([Instruction::LocalGet(addr)]);
        self.add_if(direction == Direction::Down, len, addr_type);
        self.emit([Instruction::LocalGet(other)]);
        self.add_if(direction == Direction::Down, len, other_type);
        self.emit([portion(len_type)]);
        self.code.extend_from_slice(bulk.instruction);
        if direction == Direction::Up {
            self.advance(addr, addr_type);
            if bulk.source.is_some() {
                self.advance(other, other_type);
            }
        }
        self.is_stopped();
        self.emit([Instruction::If(BlockType::Empty)]);
        self.record_part(bulk, len, direction);
        self.emit([Instruction::Unreachable, Instruction::End]);
        self.is_more_than_a_portion(bulk, len);
        self.emit([Instruction::BrIf(0), Instruction::End]);
    }

    /// Leaves the record of what was done of an operation, of which so much is left.
    fn record_part(&mut self, bulk: &Bulk<'_>, left: u32, direction: Direction) {
        let Some(site) = bulk.site else { return };
        let done = self.locals_from(DONE, bulk.types);
        for ((operand, ty), done) in bulk.operands.into_iter().zip(bulk.types).zip(done).take(2) {
            self.emit([Instruction::LocalGet(operand)]);
            self.add_if(direction == Direction::Down, left, ty);
            self.emit([Instruction::LocalSet(done)]);
        }
        let subtract = of_type(bulk.types[2], Instruction::I32Sub, Instruction::I64Sub);
        self.emit([Instruction::LocalGet(bulk.operands[2]), Instruction::LocalGet(left), subtract]);
        self.emit([Instruction::LocalSet(done[2])]);
        self.bulk_record(site, &Bulk { operands: done, ..*bulk });
    }

    fn is_more_than_a_portion(&mut self, bulk: &Bulk<'_>, len: u32) {
        let more = of_type(bulk.types[2], Instruction::I32GtU, Instruction::I64GtU);
        self.emit([Instruction::LocalGet(len), portion(bulk.types[2]), more]);
    }

    /// Whether a range, given by an address and a length in locals, is within a memory.
    fn is_within_bounds(&mut self, addr: (u32, ValType), len: (u32, ValType), memory: u32) {
        let size = self.scratch.local(ValType::I64, SIZE);
        self.emit([Instruction::MemorySize(memory)]);
        if !self.is_64(memory) {
            self.emit([Instruction::I64ExtendI32U]);
        }
        self.emit([Instruction::I64Const(16), Instruction::I64Shl, Instruction::LocalSet(size)]);
        self.get_wide(len);
        self.emit([Instruction::LocalGet(size), Instruction::I64LeU]);
        self.get_wide(addr);
        self.emit([Instruction::LocalGet(size)]);
        self.get_wide(len);
        self.emit([Instruction::I64Sub, Instruction::I64LeU, Instruction::I32And]);
    }

    fn get_wide(&mut self, (local, ty): (u32, ValType)) {
        self.emit([Instruction::LocalGet(local)]);
        if ty == ValType::I32 {
            self.emit([Instruction::I64ExtendI32U]);
        }
    }

    /// Adds a local to the operand on the stack.
    fn add_if(&mut self, is_wanted: bool, local: u32, ty: ValType) {
        if is_wanted {
            self.emit([Instruction::LocalGet(local), of_type(ty, Instruction::I32Add, Instruction::I64Add)]);
        }
    }

    /// Moves an address past a portion.
    fn advance(&mut self, addr: u32, ty: ValType) {
        let add = of_type(ty, Instruction::I32Add, Instruction::I64Add);
        self.emit([Instruction::LocalGet(addr), portion(ty), add, Instruction::LocalSet(addr)]);
    }

    fn locals_from(&mut self, number: u8, types: [ValType; 3]) -> [u32; 3] {
        [0, 1, 2].map(|place| self.scratch.local(types[usize::from(place)], number + place))
    }

    /// Puts the stop flag, the first four bytes of its memory, on the stack. The load is atomic so that the compiler does
    /// not hoist it out of a loop.
    pub(super) fn is_stopped(&mut self) {
        let flag = MemArg { offset: 0, align: 2, memory_index: self.added.flag_memory };
        self.emit([Instruction::I32Const(0), Instruction::I32AtomicLoad(flag)]);
    }
}

fn portion(ty: ValType) -> Instruction<'static> {
    of_type(ty, Instruction::I32Const(PORTION), Instruction::I64Const(PORTION.into()))
}

fn of_type<'a>(ty: ValType, narrow: Instruction<'a>, wide: Instruction<'a>) -> Instruction<'a> {
    if ty == ValType::I64 { wide } else { narrow }
}
