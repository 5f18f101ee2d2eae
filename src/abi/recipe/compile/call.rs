//! Calls of the guest in a driver, and what is known of memory that they take back.

use wasm_encoder::BlockType;

use super::super::ops::Call;
use super::layout::{self, freed};
use super::{CALLED, Compiler, Fit, OWN, flag, local, narrow, place};

impl Compiler<'_> {
    pub(super) fn call(&mut self, call: &Call, number: usize) -> Fit<()> {
        let plan = self.plan;
        let signature = &plan.funcs[call.export].signature;
        for (place, (_, arg)) in call.args.iter().enumerate() {
            self.value(arg, number)?;
            self.argument(place);
        }
        if call.frees {
            self.take_back(call, number);
        }
        self.emit().i32_const(0).i32_const(narrow(number)).i32_store(place(OWN, layout::STEP));
        // Where the answer ends so far, if it is wanted although the call traps.
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
        Ok(())
    }

    /// Puts a value aside as an argument, and its bits where the host finds them if the call traps.
    fn argument(&mut self, number: usize) {
        let temp = local::TEMPS + u32::try_from(number).unwrap_or(0);
        let cell = layout::argument(number);
        self.emit().local_set(temp).i32_const(0).local_get(temp).i64_store(place(OWN, cell));
    }

    /// Notes what is about to be taken back, or is stuck if it was before. Of no bytes there may be many at one address.
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
        self.close();
        self.freed.push(cell);
    }

    /// Forgets what was taken back if the guest called an import since, and may have handed it out again.
    fn forget_freed_by_imports(&mut self, cells: &[u32]) {
        self.emit().i32_const(0).i32_atomic_load(flag(CALLED));
        self.open(|code| code.if_(BlockType::Empty));
        cells.iter().for_each(|&cell| self.forget_freed(cell));
        self.emit().i32_const(0).i32_const(0).i32_atomic_store(flag(CALLED));
        self.close();
    }

    pub(super) fn forget_freed(&mut self, cell: u32) {
        self.emit().i32_const(0).i64_const(0).i64_store(place(OWN, cell));
    }
}
