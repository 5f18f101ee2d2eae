//! Calls of the guest in a driver, and bookkeeping of freed memory.

use wasm_encoder::BlockType;

use super::super::ops::Call;
use super::layout::{self, freed};
use super::{CALLED, Compiler, Fit, OWN, flag, local, narrow, place};

/// The maximum number of static ranges that are checked one by one.
const MOST_RANGES: usize = 4;

impl Compiler<'_> {
    pub(super) fn call(&mut self, call: &Call, number: usize) -> Fit<()> {
        let plan = self.plan;
        let signature = &plan.funcs[call.export].signature;
        for (place, (_, arg)) in call.args.iter().enumerate() {
            self.value(arg, number)?;
            self.argument(place);
        }
        let is_guarded = call.guarded && !call.args.is_empty();
        if is_guarded {
            self.open(|code| code.block(BlockType::Empty));
            self.leave_out(call, number);
        }
        if call.frees {
            self.take_back(call, number);
        }
        self.emit().i32_const(0).i32_const(narrow(number)).i32_store(place(OWN, layout::STEP));
        // Save the end of the answer so far, in case it is needed although the call traps.
        if plan.bound.has_host || number >= plan.bound.line.len() {
            self.tell(local::END, layout::END);
        }
        for ((ty, _), place) in call.args.iter().zip(0..) {
            self.emit().local_get(local::TEMPS + place);
            self.number_of(*ty);
        }
        self.emit().call(u32::try_from(call.export).unwrap_or(u32::MAX));
        let results: Vec<_> = signature.results.iter().zip(local::TEMPS..).collect();
        for (&ty, temp) in results.into_iter().rev() {
            self.bits(ty);
            self.emit().local_set(temp);
        }
        let code = &mut self.emit();
        code.i32_const(0).i32_const(narrow(call.export)).i32_store(place(OWN, layout::LAST));
        code.i32_const(0);
        match signature.results.is_empty() {
            true => code.i64_const(0),
            false => code.local_get(local::TEMPS),
        };
        code.i64_store(place(OWN, layout::RETURNED));
        for (&slot, place) in call.into.iter().zip(0..) {
            self.emit().local_get(local::TEMPS + place);
            self.set(slot);
        }
        if is_guarded {
            self.close();
        }
        Ok(())
    }

    /// Stores a value as an argument, and its bits where the host finds them if the call traps.
    fn argument(&mut self, number: usize) {
        let temp = local::TEMPS + u32::try_from(number).unwrap_or(0);
        let cell = layout::argument(number);
        self.emit().local_set(temp).i32_const(0).local_get(temp).i64_store(place(OWN, cell));
    }

    /// Skips a call that would free memory that no allocator returned. Gets stuck if that was not reported yet.
    fn leave_out(&mut self, call: &Call, number: usize) {
        let end = self.depth;
        if self.plan.bound.has_host {
            let before = self.freed.clone();
            self.forget_freed_by_imports(&before);
        }
        self.emit().local_get(local::TEMPS).i64_eqz().br_if(0);
        let mut code = self.emit();
        code.local_get(local::TEMPS).local_get(local::SIZE).i64_ge_u();
        if call.args.len() > 1 {
            code.local_get(local::SIZE).local_get(local::TEMPS).i64_sub().local_get(local::TEMPS + 1).i64_lt_u();
            code.i32_or();
        }
        self.stuck_if(number);
        // Its length is at least one byte.
        let len = local::TEMPS + 1;
        let mut code = self.emit();
        match call.args.len() {
            1 => code.i64_const(1),
            _ => code.local_get(len).local_get(len).i64_eqz().i64_extend_i32_u().i64_add(),
        };
        code.local_set(local::VALUE);
        self.emit().i32_const(0);
        for cell in self.freed.clone() {
            let mut code = self.emit();
            code.local_get(local::TEMPS).i32_const(0).i64_load(place(OWN, cell)).i64_gt_u();
            code.local_get(local::TEMPS).i32_const(0).i64_load(place(OWN, cell)).i64_sub();
            code.i32_const(0).i64_load(place(OWN, cell + 8)).i64_lt_u().i32_and().i32_or();
        }
        self.in_static_memory();
        self.open(|code| code.if_(BlockType::Empty));
        self.emit().i32_const(0).i32_load(place(OWN, layout::LEFT_OUT)).i32_eqz();
        self.stuck_if(number);
        let end = self.depth - end;
        self.emit().br(end);
        self.close();
    }

    /// Combines the condition on the stack with whether the block overlaps static memory that the line does not. If
    /// there are many ranges, tests the span of them all; the host then decides.
    fn in_static_memory(&mut self) {
        let plan = self.plan;
        let (ranges, knows) = match plan.bound.statics.ranges() {
            ranges if ranges.len() <= MOST_RANGES => (ranges.to_vec(), true),
            ranges => {
                (ranges.first().zip(ranges.last()).map(|(first, last)| (first.0, last.1)).into_iter().collect(), false)
            }
        };
        for (start, end) in ranges {
            let (start, end, len) = (start.cast_signed(), end.cast_signed(), (end - start).cast_signed());
            let mut code = self.emit();
            code.local_get(local::TEMPS).i64_const(end).i64_lt_u();
            code.local_get(local::TEMPS).local_get(local::VALUE).i64_add().i64_const(start).i64_gt_u().i32_and();
            if knows {
                code.i32_const(0).i64_load(place(OWN, layout::LINE_AT)).i64_const(start).i64_sub();
                code.i64_const(len).i64_ge_u().i32_and();
            }
            code.i32_or();
        }
    }

    /// Records the block that is about to be freed, or gets stuck if it was already freed. Several empty blocks may
    /// share an address.
    fn take_back(&mut self, call: &Call, number: usize) {
        if call.args.is_empty() {
            return;
        }
        let place_among = self.plan.freeing().position(|step| step == number).unwrap_or(0);
        let cell = freed(place_among);
        let before = self.freed.clone();
        self.emit().local_get(local::TEMPS).i64_const(0).i64_ne();
        if call.args.len() > 1 {
            self.emit().local_get(local::TEMPS + 1).i64_const(0).i64_ne().i32_and();
        }
        self.open(|code| code.if_(BlockType::Empty));
        if self.plan.bound.has_host {
            self.forget_freed_by_imports(&before);
        }
        if !before.is_empty() {
            self.emit().i32_const(0);
            for cell in before {
                let mut code = self.emit();
                code.i32_const(0).i64_load(place(OWN, cell)).local_get(local::TEMPS).i64_eq().i32_or();
            }
            self.stuck_if(number);
        }
        self.emit().i32_const(0).local_get(local::TEMPS).i64_store(place(OWN, cell));
        self.note_length(call, cell + 8);
        self.close();
        self.freed.push(cell);
    }

    /// Records the minimum length of the freed block: the length argument, or the length of the line if it was written
    /// there.
    fn note_length(&mut self, call: &Call, cell: u32) {
        if !self.plan.is_guarded() {
            return;
        }
        let mut code = self.emit();
        match call.args.len() {
            1 => code.i64_const(0),
            _ => code.local_get(local::TEMPS + 1),
        };
        code.local_set(local::VALUE);
        code.local_get(local::TEMPS).i32_const(0).i64_load(place(OWN, layout::LINE_AT)).i64_eq();
        code.local_get(local::N).i64_extend_i32_u().local_get(local::VALUE).i64_gt_u().i32_and();
        code.if_(BlockType::Empty).local_get(local::N).i64_extend_i32_u().local_set(local::VALUE).end();
        code.i32_const(0).local_get(local::VALUE).i64_store(place(OWN, cell));
    }

    /// Forgets freed blocks if the guest called an import since, as it may have reallocated them.
    fn forget_freed_by_imports(&mut self, cells: &[u32]) {
        self.emit().i32_const(0).i32_atomic_load(flag(CALLED));
        self.open(|code| code.if_(BlockType::Empty));
        cells.iter().for_each(|&cell| self.forget_freed(cell));
        self.emit().i32_const(0).i32_const(0).i32_atomic_store(flag(CALLED));
        self.close();
    }

    pub(super) fn forget_freed(&mut self, cell: u32) {
        self.emit().i32_const(0).v128_const(0).v128_store(place(OWN, cell));
    }
}
