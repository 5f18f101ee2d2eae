//! Emits the inserted code: checks whether to stop, and recorded accesses.
//!
//! A record has 16 bytes, in a buffer in a memory of its own:
//!
//! | offset | what |
//! | --- | --- |
//! | 0 | the number of the site, with the highest bit set for bulk operations and growth |
//! | 4 | the address |
//! | 8 | of a store, the value; of a copy or fill, the length; of growth, the size before; of a load, anything |
//! | 12 | of a copy, the other address operand; of a fill, the byte; of growth, by how much |
//!
//! What an access found in memory is not recorded: replaying the records on a copy of the memory gives it. The global
//! `cursor` is the address of the next record. A record is made after the instruction succeeds: one that traps leaves none. When
//! the cursor reaches the limit, which is stored at the start of the buffer, a function of the module's own is called, and
//! calls the hook. Where watchpoints are set, the limit is such that this follows each record: the function then looks
//! whether the buffer is full, or the address in the window where something is watched. Only else it returns at once.

use wasm_encoder::{BlockType, Encode, Instruction, MemArg, ValType};

use super::access::{Access, Bulk};
use super::added::Added;
use super::points;
use super::scratch::Scratch;
use super::sections::MemoryKind;
use crate::record::{LONG, Site, SiteKind};

/// The number of the scratch local that keeps the depth of calls.
const DEPTH: u8 = 9;
/// Bytes in a record.
pub(in crate::guest) const RECORD: u32 = 16;
/// Addresses in the buffer: of the limit and the words after it, of the first record, and of the end. If the buffer were
/// larger, less of what the guest itself uses would stay in the fastest cache; if it were smaller, the hook would be
/// called more often.
pub(in crate::guest) const LIMIT_AT: u32 = 0;
/// The cursor from which on the hook is called wherever the last record is.
pub(in crate::guest) const FULL_AT: u32 = 4;
/// The window: its first address, and how much more its last is.
pub(in crate::guest) const WINDOW_AT: u32 = 8;
pub(in crate::guest) const WINDOW_REST_AT: u32 = 12;
pub(in crate::guest) const RECORDS_AT: u32 = 64;
pub(in crate::guest) const RECORDS_END: u32 = 32 << 10;
/// The hook's site argument when the buffer is full.
pub(in crate::guest) const NO_SITE: u32 = u32::MAX;

/// Emits the replacement of one instruction.
pub(super) struct Emitter<'a, 'b> {
    pub(super) code: &'a mut Vec<u8>,
    pub(super) scratch: &'a mut Scratch<'b>,
    pub(super) sites: &'a mut Vec<Site>,
    pub(super) added: Added,
    pub(super) memories: &'a [MemoryKind],
    /// Whether a local has the cursor, besides the global: to read what was written a moment ago takes longer than all
    /// else about a record.
    pub(super) keeps_cursor: bool,
    /// The function's index and the instruction's offset in the file.
    pub(super) at: (u32, u32),
}

/// The locals that hold the parts of a record.
#[derive(Clone, Copy)]
struct Locals {
    addr: u32,
    cursor: u32,
}

/// The body of the function that calls the hook when the buffer is full, or the last record may be of something watched.
pub(super) fn drain_body(added: Added) -> Vec<u8> {
    let word = |at: u32| {
        let arg = MemArg { offset: at.into(), align: 2, memory_index: added.buffer_memory };
        [Instruction::I32Const(0), Instruction::I32Load(arg)]
    };
    // A field of the last record, which ends at the cursor.
    let field = |at: u32| {
        let arg = MemArg { offset: at.into(), align: 2, memory_index: added.buffer_memory };
        let record = Instruction::I32Const(RECORD.cast_signed());
        [Instruction::GlobalGet(added.cursor_global), record, Instruction::I32Sub, Instruction::I32Load(arg)]
    };
    let mut all = vec![Instruction::Block(BlockType::Empty), Instruction::GlobalGet(added.cursor_global)];
    all.extend(word(FULL_AT));
    all.extend([Instruction::I32GeU, Instruction::BrIf(0)]);
    // The highest bit: a record with a length of its own.
    all.extend(field(0));
    all.extend([Instruction::I32Const(0), Instruction::I32LtS, Instruction::BrIf(0)]);
    all.extend(field(4));
    all.extend(word(WINDOW_AT));
    all.push(Instruction::I32Sub);
    all.extend(word(WINDOW_REST_AT));
    all.extend([Instruction::I32LeU, Instruction::BrIf(0), Instruction::Return, Instruction::End]);
    let call = Instruction::CallIndirect { type_index: added.hook_type, table_index: added.hook_table };
    let zero = Instruction::I64Const(0);
    let site = Instruction::I32Const(NO_SITE.cast_signed());
    all.extend([site, zero.clone(), zero.clone(), zero, Instruction::I32Const(0), call, Instruction::End]);
    let mut code = vec![0];
    all.iter().for_each(|instruction| instruction.encode(&mut code));
    code
}

impl Emitter<'_, '_> {
    /// Traps if the stop flag is set.
    pub(super) fn check(&mut self) {
        self.is_stopped();
        self.emit([Instruction::If(BlockType::Empty), Instruction::Unreachable, Instruction::End]);
    }

    /// A stop point. Where the body `keeps_depth`, it does so at its entry, and takes it back at other points.
    pub(super) fn point(&mut self, number: u32, keeps_depth: bool, is_entry: bool) {
        if keeps_depth {
            let local = self.scratch.local(ValType::I32, DEPTH);
            points::keep_depth(self.added, local, !is_entry, self.code);
        }
        points::point(self.added, number, self.code);
    }

    /// Takes the cursor from its global.
    pub(super) fn take_cursor(&mut self) {
        let local = self.cursor();
        self.emit([Instruction::GlobalGet(self.added.cursor_global), Instruction::LocalSet(local)]);
    }

    /// A memory access, with its record.
    pub(super) fn access(&mut self, access: Access, instruction: &[u8]) {
        match access {
            Access::Load { width, arg, lane } => match self.is_reachable(arg, width) {
                true => self.load(width, arg, lane, instruction),
                false => self.code.extend_from_slice(instruction),
            },
            Access::Store { value, width, arg } => match self.is_reachable(arg, width) {
                true => self.store(value, width, arg, instruction),
                false => self.code.extend_from_slice(instruction),
            },
            Access::Exchange { value, width, arg } => match self.is_reachable(arg, width) {
                true => self.exchange(value, width, arg, instruction),
                false => self.code.extend_from_slice(instruction),
            },
            Access::CompareExchange { value, width, arg } => match self.is_reachable(arg, width) {
                true => self.compare_exchange(value, width, arg, instruction),
                false => self.code.extend_from_slice(instruction),
            },
            Access::Copy { to, from } => self.bulk(SiteKind::Copy, (to, from), access, instruction),
            Access::Fill { memory } => self.bulk(SiteKind::Fill, (memory, memory), access, instruction),
            Access::Init { memory } => self.init(memory, instruction),
            Access::Grow { memory } => self.grow(memory, instruction),
        }
    }

    /// Whether an access can be in bounds at all: no memory has more than 4 GiB. If not, it always traps.
    fn is_reachable(&self, arg: wasmparser::MemArg, width: u8) -> bool {
        arg.offset <= u64::from(u32::MAX) - u64::from(width)
    }

    fn load(&mut self, width: u8, arg: wasmparser::MemArg, lane: bool, instruction: &[u8]) {
        let site = self.site(SiteKind::Load, width, arg, false);
        let locals = self.locals(arg.memory);
        if lane {
            let vector = self.scratch.local(ValType::V128, 0);
            self.emit([Instruction::LocalSet(vector), Instruction::LocalTee(locals.addr)]);
            self.emit([Instruction::LocalGet(vector)]);
        } else {
            self.emit([Instruction::LocalTee(locals.addr)]);
        }
        self.code.extend_from_slice(instruction);
        self.begin_record();
        self.put_head(locals, arg, 0, Instruction::I32Const(site));
        self.end_record(locals, 1);
    }

    fn store(&mut self, value: ValType, width: u8, arg: wasmparser::MemArg, instruction: &[u8]) {
        let halves = if width == 16 { 2 } else { 1 };
        let sites = [false, true].map(|joined| match halves == 2 || !joined {
            true => self.site(SiteKind::Store, width.min(8), arg, joined),
            false => 0,
        });
        let locals = self.locals(arg.memory);
        let operand = self.scratch.local(value, 0);
        self.emit([Instruction::LocalSet(operand), Instruction::LocalTee(locals.addr)]);
        self.emit([Instruction::LocalGet(operand)]);
        self.code.extend_from_slice(instruction);
        self.begin_record();
        for (half, site) in (0..halves).zip(sites) {
            let part = wasmparser::MemArg { offset: arg.offset + u64::from(half) * 8, ..arg };
            self.put_head(locals, part, half * RECORD, Instruction::I32Const(site));
            if value == ValType::V128 && width < 16 {
                self.put_stored(locals, width, arg);
            } else {
                self.put_number(locals, half, value, operand);
            }
        }
        self.end_record(locals, halves);
    }

    fn exchange(&mut self, value: ValType, width: u8, arg: wasmparser::MemArg, instruction: &[u8]) {
        let site = self.site(SiteKind::Exchange, width, arg, false);
        let locals = self.locals(arg.memory);
        let operand = self.scratch.local(value, 0);
        self.emit([Instruction::LocalSet(operand), Instruction::LocalTee(locals.addr)]);
        self.emit([Instruction::LocalGet(operand)]);
        self.code.extend_from_slice(instruction);
        self.begin_record();
        self.put_head(locals, arg, 0, Instruction::I32Const(site));
        self.put_stored(locals, width, arg);
        self.end_record(locals, 1);
    }

    fn compare_exchange(&mut self, value: ValType, width: u8, arg: wasmparser::MemArg, instruction: &[u8]) {
        let exchanged = self.site(SiteKind::Exchange, width, arg, false);
        let compared = self.site(SiteKind::Compare, width, arg, false);
        let locals = self.locals(arg.memory);
        let (operand, expected) = (self.scratch.local(value, 0), self.scratch.local(value, 1));
        let site = self.scratch.local(ValType::I32, 2);
        self.emit([Instruction::LocalSet(operand), Instruction::LocalSet(expected)]);
        self.emit([Instruction::LocalTee(locals.addr), Instruction::LocalGet(expected)]);
        self.emit([Instruction::LocalGet(operand)]);
        self.code.extend_from_slice(instruction);
        self.emit([Instruction::LocalTee(operand)]);
        self.emit([Instruction::I32Const(exchanged), Instruction::I32Const(compared)]);
        // Compares as many bytes as are accessed; the loaded value is zero-extended.
        self.emit([Instruction::LocalGet(operand), Instruction::LocalGet(expected)]);
        match value {
            ValType::I64 => {
                let mask = if width == 8 { -1 } else { (1 << (8 * width)) - 1 };
                self.emit([Instruction::I64Const(mask), Instruction::I64And, Instruction::I64Eq]);
            }
            _ => {
                let mask = if width == 4 { -1 } else { (1 << (8 * width)) - 1 };
                self.emit([Instruction::I32Const(mask), Instruction::I32And, Instruction::I32Eq]);
            }
        }
        self.emit([Instruction::Select, Instruction::LocalSet(site)]);
        self.begin_record();
        self.put_head(locals, arg, 0, Instruction::LocalGet(site));
        self.put_stored(locals, width, arg);
        self.end_record(locals, 1);
    }

    /// A fill or a copy.
    fn bulk(&mut self, kind: SiteKind, (memory, source): (u32, u32), access: Access, instruction: &[u8]) {
        let site = self.bulk_site(kind, memory, source);
        let Some(bulk) = self.bulk_of(access, instruction, Some(site)) else { return };
        self.in_portions(&bulk);
        self.bulk_record(site, &bulk);
    }

    /// The record of a fill or a copy.
    pub(super) fn bulk_record(&mut self, site: i32, bulk: &Bulk<'_>) {
        let Bulk { memory, types, operands, .. } = *bulk;
        let locals = self.locals(memory);
        self.emit([Instruction::LocalGet(operands[0]), Instruction::LocalSet(locals.addr)]);
        self.begin_record();
        let arg = wasmparser::MemArg { align: 0, max_align: 0, offset: 0, memory };
        self.put_head(locals, arg, 0, Instruction::I32Const(site | LONG.cast_signed()));
        self.put_half(locals, 8, types[2], operands[2]);
        self.put_half(locals, 12, types[1], operands[1]);
        self.end_record(locals, 1);
    }

    /// Data segments are visible only once they are in memory, so the hook is called afterwards.
    fn init(&mut self, memory: u32, instruction: &[u8]) {
        let site = self.bulk_site(SiteKind::Init, memory, memory);
        let types = [self.address_type(memory), ValType::I32, ValType::I32];
        let operands = self.take_operands(types);
        self.give_operands(operands);
        self.code.extend_from_slice(instruction);
        self.call_hook(site, types, operands);
        self.take_cursor();
    }

    fn grow(&mut self, memory: u32, instruction: &[u8]) {
        let site = self.bulk_site(SiteKind::Grow, memory, memory);
        let ty = self.address_type(memory);
        let (delta, before) = (self.scratch.local(ty, 3), self.scratch.local(ty, 4));
        self.emit([Instruction::LocalTee(delta)]);
        self.code.extend_from_slice(instruction);
        self.emit([Instruction::LocalTee(before)]);
        let locals = self.locals(memory);
        self.begin_record();
        let arg = wasmparser::MemArg { align: 0, max_align: 0, offset: 0, memory };
        self.put_head(locals, arg, 0, Instruction::I32Const(site | LONG.cast_signed()));
        self.put_half(locals, 8, ty, before);
        self.put_half(locals, 12, ty, delta);
        self.end_record(locals, 1);
    }
}

/// Helpers for the above.
impl Emitter<'_, '_> {
    pub(super) fn emit<const N: usize>(&mut self, instructions: [Instruction<'_>; N]) {
        instructions.iter().for_each(|instruction| instruction.encode(self.code));
    }

    /// Allocates a site number, as an operand of `i32.const`.
    fn site(&mut self, kind: SiteKind, width: u8, arg: wasmparser::MemArg, joined: bool) -> i32 {
        let displacement = u32::try_from(arg.offset).unwrap_or(u32::MAX) + if joined { 8 } else { 0 };
        self.add_site(Site {
            func: self.at.0,
            offset: self.at.1,
            kind,
            width,
            memory: arg.memory,
            source: arg.memory,
            displacement,
            joined,
        })
    }

    fn bulk_site(&mut self, kind: SiteKind, memory: u32, source: u32) -> i32 {
        let (func, offset) = self.at;
        self.add_site(Site { func, offset, kind, width: 0, memory, source, displacement: 0, joined: false })
    }

    fn add_site(&mut self, site: Site) -> i32 {
        self.sites.push(site);
        // A 4 GiB module has fewer than 2^31 instructions of two bytes.
        i32::try_from(self.sites.len() - 1).unwrap_or(i32::MAX)
    }

    pub(super) fn is_64(&self, memory: u32) -> bool {
        self.memories.get(memory as usize).is_some_and(|memory| memory.is_64)
    }

    pub(super) fn has_usual_pages(&self, memory: u32) -> bool {
        self.memories.get(memory as usize).is_some_and(|memory| memory.usual_pages)
    }

    pub(super) fn address_type(&self, memory: u32) -> ValType {
        if self.is_64(memory) { ValType::I64 } else { ValType::I32 }
    }

    fn locals(&mut self, memory: u32) -> Locals {
        // Lower numbers may be used for operands.
        let addr = self.scratch.local(self.address_type(memory), 5);
        Locals { addr, cursor: self.cursor() }
    }

    fn cursor(&mut self) -> u32 {
        self.scratch.local(ValType::I32, 6)
    }

    fn begin_record(&mut self) {
        if !self.keeps_cursor {
            self.take_cursor();
        }
    }

    /// Advances the cursor by this many records, and calls the hook if the buffer is full.
    fn end_record(&mut self, locals: Locals, records: u32) {
        self.emit([
            Instruction::LocalGet(locals.cursor),
            Instruction::I32Const((records * RECORD).cast_signed()),
            Instruction::I32Add,
            Instruction::LocalTee(locals.cursor),
            Instruction::GlobalSet(self.added.cursor_global),
            Instruction::LocalGet(locals.cursor),
            Instruction::I32Const(LIMIT_AT.cast_signed()),
            Instruction::I32Load(MemArg { offset: 0, align: 2, memory_index: self.added.buffer_memory }),
            Instruction::I32GeU,
            Instruction::If(BlockType::Empty),
            Instruction::Call(self.added.drain_func),
        ]);
        self.take_cursor();
        self.emit([Instruction::End]);
    }

    /// Stores the site and the accessed address in the record `at` bytes after the cursor.
    fn put_head(&mut self, locals: Locals, arg: wasmparser::MemArg, at: u32, site: Instruction<'_>) {
        let field = |offset| {
            let arg = MemArg { offset: u64::from(offset), align: 2, memory_index: self.added.buffer_memory };
            Instruction::I32Store(arg)
        };
        let (site_field, address_field) = (field(at), field(at + 4));
        self.emit([Instruction::LocalGet(locals.cursor), site, site_field]);
        self.emit([Instruction::LocalGet(locals.cursor), Instruction::LocalGet(locals.addr)]);
        if self.is_64(arg.memory) {
            // An access that succeeded is below 4 GiB.
            self.emit([Instruction::I32WrapI64]);
        }
        if arg.offset > 0 {
            let offset = u32::try_from(arg.offset).unwrap_or(u32::MAX).cast_signed();
            self.emit([Instruction::I32Const(offset), Instruction::I32Add]);
        }
        self.emit([address_field]);
    }

    /// Stores the current bytes at the address in the record.
    fn put_stored(&mut self, locals: Locals, width: u8, arg: wasmparser::MemArg) {
        self.emit([Instruction::LocalGet(locals.cursor), Instruction::LocalGet(locals.addr)]);
        self.emit([raw_load(width, arg), self.buffer_store(8)]);
    }

    /// Stores a local's value in a record. A vector takes two records, one per half.
    fn put_number(&mut self, locals: Locals, half: u32, ty: ValType, local: u32) {
        self.emit([Instruction::LocalGet(locals.cursor), Instruction::LocalGet(local)]);
        match ty {
            ValType::I32 => self.emit([Instruction::I64ExtendI32U]),
            ValType::F32 => self.emit([Instruction::I32ReinterpretF32, Instruction::I64ExtendI32U]),
            ValType::F64 => self.emit([Instruction::I64ReinterpretF64]),
            ValType::V128 => self.emit([Instruction::I64x2ExtractLane(if half == 0 { 0 } else { 1 })]),
            _ => (),
        }
        self.emit([self.buffer_store(half * RECORD + 8)]);
    }

    /// Stores the low 32 bits of a local in a field of the record.
    fn put_half(&mut self, locals: Locals, field: u32, ty: ValType, local: u32) {
        let arg = MemArg { offset: u64::from(field), align: 2, memory_index: self.added.buffer_memory };
        self.emit([Instruction::LocalGet(locals.cursor), Instruction::LocalGet(local)]);
        if ty == ValType::I64 {
            self.emit([Instruction::I32WrapI64]);
        }
        self.emit([Instruction::I32Store(arg)]);
    }

    fn buffer_store(&self, field: u32) -> Instruction<'static> {
        let arg = MemArg { offset: u64::from(field), align: 3, memory_index: self.added.buffer_memory };
        Instruction::I64Store(arg)
    }

    /// Moves three operands from the stack into scratch locals.
    pub(super) fn take_operands(&mut self, types: [ValType; 3]) -> [u32; 3] {
        let [first, second, third] = types;
        let operands = [self.scratch.local(first, 2), self.scratch.local(second, 3), self.scratch.local(third, 4)];
        operands.iter().rev().for_each(|&local| Instruction::LocalSet(local).encode(self.code));
        operands
    }

    pub(super) fn give_operands(&mut self, operands: [u32; 3]) {
        operands.iter().for_each(|&local| Instruction::LocalGet(local).encode(self.code));
    }

    /// Calls the hook with a site and three numbers.
    fn call_hook(&mut self, site: i32, types: [ValType; 3], locals: [u32; 3]) {
        self.emit([Instruction::I32Const(site)]);
        for (ty, local) in types.into_iter().zip(locals) {
            self.emit([Instruction::LocalGet(local)]);
            if ty == ValType::I32 {
                self.emit([Instruction::I64ExtendI32U]);
            }
        }
        let call = Instruction::CallIndirect { type_index: self.added.hook_type, table_index: self.added.hook_table };
        self.emit([Instruction::I32Const(0), call]);
    }
}

/// Loads that many bytes as a zero-extended `i64`.
fn raw_load(width: u8, arg: wasmparser::MemArg) -> Instruction<'static> {
    let arg = MemArg { offset: arg.offset, align: 0, memory_index: arg.memory };
    match width {
        1 => Instruction::I64Load8U(arg),
        2 => Instruction::I64Load16U(arg),
        4 => Instruction::I64Load32U(arg),
        _ => Instruction::I64Load(arg),
    }
}
