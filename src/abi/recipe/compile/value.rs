//! Compiles values: each pushes an i64, computed as in [`super::super::values`].

use super::super::ops::{Test, Val};
use super::super::state::ResolvedGlobal;
use super::super::{Comparison, Width};
use super::layout::slot;
use super::{Compiler, Fit, GUEST, OWN, Unfit, local, number, place};
use crate::guest::Type;

impl Compiler<'_> {
    /// Pushes the value. Gets stuck in `step` if it cannot be computed.
    pub(super) fn value(&mut self, value: &Val, step: usize) -> Fit<()> {
        match value {
            Val::Const(n) => {
                self.emit().i64_const(*n);
            }
            Val::Slot(number) => {
                self.emit().i32_const(0).i64_load(place(OWN, slot(*number)));
            }
            Val::LowSlot(number) => {
                self.emit().i32_const(0).i64_load32_u(place(OWN, slot(*number)));
            }
            Val::HighSlot(number) => {
                self.emit().i32_const(0).i64_load32_u(place(OWN, slot(*number) + 4));
            }
            Val::LineLen => {
                self.emit().local_get(local::N).i64_extend_i32_u();
            }
            Val::LineUnits => {
                self.emit().local_get(local::N).i32_const(1).i32_shr_u().i64_extend_i32_u();
            }
            // They are rare, and need loops or checks; split lines are left to the interpreter.
            Val::Leb(_) | Val::PastLeb(_) | Val::FromFloat(..) | Val::TextLen(_) => return Err(Unfit),
            Val::Load(width, at) => self.load(*width, at, step)?,
            Val::Low(inner) => {
                self.value(inner, step)?;
                self.emit().i32_wrap_i64().i64_extend_i32_u();
            }
            Val::High(inner) => {
                self.value(inner, step)?;
                self.emit().i64_const(32).i64_shr_u();
            }
            Val::HighLow(high, low) => {
                self.value(high, step)?;
                self.emit().i64_const(32).i64_shl();
                self.value(low, step)?;
                self.emit().i32_wrap_i64().i64_extend_i32_u().i64_or();
            }
            Val::Sum(a, b) => {
                self.value(a, step)?;
                self.value(b, step)?;
                self.emit().i64_add();
            }
            Val::Difference(a, b) => {
                self.value(a, step)?;
                self.value(b, step)?;
                self.emit().i64_sub();
            }
            Val::Global(number) => self.global(*number)?,
            Val::ToFloat(ty, inner) => {
                self.value(inner, step)?;
                match ty {
                    Type::F32 => self.emit().f32_convert_i64_s(),
                    _ => self.emit().f64_convert_i64_s(),
                };
                self.bits(*ty);
            }
        }
        Ok(())
    }

    fn load(&mut self, width: Width, at: &Val, step: usize) -> Fit<()> {
        self.value(at, step)?;
        self.emit().local_set(local::ADDR);
        self.number_in_bounds(width, step);
        let mut code = self.emit();
        code.local_get(local::ADDR).i32_wrap_i64();
        match width {
            Width::U8 => code.i64_load8_u(place(GUEST, 0)),
            Width::U16 => code.i64_load16_u(place(GUEST, 0)),
            Width::U32 => code.i64_load32_u(place(GUEST, 0)),
            Width::U64 => code.i64_load(place(GUEST, 0)),
        };
        Ok(())
    }

    fn global(&mut self, global: usize) -> Fit<()> {
        let is_variable = |known: &&ResolvedGlobal| matches!(known, ResolvedGlobal::Variable(_));
        let imported = self.plan.globals[..global].iter().filter(is_variable).count();
        match &self.plan.globals[global] {
            ResolvedGlobal::Constant(bits) => {
                let bits = bits.cast_signed();
                self.emit().i64_const(bits);
            }
            ResolvedGlobal::Variable(variable) => {
                let ty = variable.ty;
                number(ty)?;
                self.emit().global_get(u32::try_from(imported).unwrap_or(u32::MAX));
                self.bits(ty);
            }
        }
        Ok(())
    }

    /// Converts a number of that type to its bits.
    pub(super) fn bits(&mut self, ty: Type) {
        let mut code = self.emit();
        match ty {
            Type::I32 => code.i64_extend_i32_u(),
            Type::F32 => code.i32_reinterpret_f32().i64_extend_i32_u(),
            Type::F64 => code.i64_reinterpret_f64(),
            _ => return,
        };
    }

    /// Converts bits to a number of that type.
    pub(super) fn number_of(&mut self, ty: Type) {
        let mut code = self.emit();
        match ty {
            Type::I32 => code.i32_wrap_i64(),
            Type::F32 => code.i32_wrap_i64().f32_reinterpret_i32(),
            Type::F64 => code.f64_reinterpret_i64(),
            _ => return,
        };
    }

    /// Pushes whether a condition holds.
    pub(super) fn test(&mut self, test: &Test, step: usize) -> Fit<()> {
        for side in [&test.left, &test.right] {
            self.value(side, step)?;
            self.number_of(test.ty);
        }
        let mut code = self.emit();
        match (test.comparison, test.ty) {
            (Comparison::Equal, Type::I32) => code.i32_eq(),
            (Comparison::Equal, Type::F32) => code.f32_eq(),
            (Comparison::Equal, Type::F64) => code.f64_eq(),
            (Comparison::Equal, _) => code.i64_eq(),
            (Comparison::NotEqual, Type::I32) => code.i32_ne(),
            (Comparison::NotEqual, Type::F32) => code.f32_ne(),
            (Comparison::NotEqual, Type::F64) => code.f64_ne(),
            (Comparison::NotEqual, _) => code.i64_ne(),
            (Comparison::Less, Type::I32) => code.i32_lt_s(),
            (Comparison::Less, Type::F32) => code.f32_lt(),
            (Comparison::Less, Type::F64) => code.f64_lt(),
            (Comparison::Less, _) => code.i64_lt_s(),
            (Comparison::Greater, Type::I32) => code.i32_gt_s(),
            (Comparison::Greater, Type::F32) => code.f32_gt(),
            (Comparison::Greater, Type::F64) => code.f64_gt(),
            (Comparison::Greater, _) => code.i64_gt_s(),
        };
        Ok(())
    }

    /// Gets stuck in a step unless the [`local::LEN`] bytes at [`local::ADDR`] are in bounds of the guest's memory as
    /// it was when the driver was entered. An empty range is always in bounds.
    pub(super) fn in_bounds(&mut self, step: usize) {
        let mut code = self.emit();
        code.local_get(local::LEN).i64_const(0).i64_ne();
        code.local_get(local::ADDR).local_get(local::SIZE).i64_gt_u();
        code.local_get(local::SIZE).local_get(local::ADDR).i64_sub().local_get(local::LEN).i64_lt_u();
        code.i32_or().i32_and();
        self.stuck_if(step);
    }

    /// The same for a number of that width.
    pub(super) fn number_in_bounds(&mut self, width: Width, step: usize) {
        let bytes = i64::try_from(width.bytes()).unwrap_or(0);
        let mut code = self.emit();
        code.local_get(local::ADDR).local_get(local::SIZE).i64_gt_u();
        code.local_get(local::SIZE).local_get(local::ADDR).i64_sub().i64_const(bytes).i64_lt_u();
        code.i32_or();
        self.stuck_if(step);
    }
}
