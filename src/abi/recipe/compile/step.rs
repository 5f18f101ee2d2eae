//! The steps of a recipe in a driver, and the loop over the lines of a batch.

use wasm_encoder::{BlockType, InstructionSink, MemArg};

use super::super::ops::{Bytes, Call, Do, Len, Op, Saying, Val, Written};
use super::super::{Encoding, Width};
use super::layout::{self, ANSWERS, ANSWERS_END, DONE, LENGTHS, NONE, freed, is_set, slot};
use super::{Compiler, FLAGS, Fit, GUEST, OWN, Unfit, local, place};
use crate::guest::Type;

/// The blocks that are left before their end, by how many are open inside them.
const EXIT: u32 = 1;
const NEXT: u32 = 2;
const SETTLED: u32 = 3;

const EMPTY: BlockType = BlockType::Empty;

/// The flags: where they are in their memory. See [`crate::guest::DriverCode::HOST`].
const STOP: u32 = 0;
const LEAVE: u32 = 4;
const CALLED: u32 = 8;

impl Compiler<'_> {
    /// The loop over the lines of a batch.
    pub(super) fn batch(&mut self) -> Fit<()> {
        self.emit().i32_const(ANSWERS.cast_signed()).local_tee(local::END).local_set(local::ANSWER);
        self.open(|code| code.block(EMPTY));
        self.open(|code| code.loop_(EMPTY));
        self.begin_line();
        self.open(|code| code.block(EMPTY));
        let plan = self.plan;
        let mut settles = false;
        for (number, op) in plan.bound.line.iter().enumerate() {
            self.step(op, number)?;
            settles |= matches!(op.action, Do::AnswerLine);
            self.note_sets(op, !settles);
        }
        self.close();
        if plan.bound.has_host {
            // What the guest asked of the host may have settled what comes of the line.
            self.emit().i32_const(0).i32_atomic_load(flag(LEAVE));
            self.stuck_if(plan.bound.line.len());
        }
        for (number, op) in (plan.bound.line.len()..).zip(&plan.bound.finally) {
            self.tidying(op, number)?;
        }
        self.end_line();
        self.close();
        self.close();
        self.emit().i32_const(0).local_get(local::LINE).i32_store(place(OWN, layout::LINE));
        self.emit().i32_const(0).local_get(local::AT).i32_store(place(OWN, layout::AT));
        self.emit().i32_const(0).local_get(local::ANSWER).i32_store(place(OWN, layout::ANSWER));
        self.emit().i32_const(0).local_get(local::END).i32_store(place(OWN, layout::END));
        self.emit().local_get(local::STUCK).end();
        Ok(())
    }

    /// Returns if the batch is over, or is to be; else all is as [`super::super::exchange`] has it when a line begins.
    fn begin_line(&mut self) {
        let mut code = self.emit();
        code.local_get(local::END).local_set(local::ANSWER);
        code.i32_const(DONE).local_set(local::STUCK);
        code.local_get(local::LINE).local_get(local::COUNT).i32_ge_u().br_if(NEXT - EXIT);
        code.local_get(local::END).i32_const(ANSWERS_END.cast_signed()).i32_ge_u().br_if(NEXT - EXIT);
        code.i32_const(0).i32_atomic_load(flag(STOP)).br_if(NEXT - EXIT);
        code.i32_const(0).i32_atomic_load(flag(LEAVE)).br_if(NEXT - EXIT);
        code.local_get(local::LINE).i32_const(2).i32_shl().i32_load(place(OWN, LENGTHS)).local_set(local::N);
        // For a call that traps.
        code.i32_const(0).local_get(local::LINE).i32_store(place(OWN, layout::LINE));
        code.i32_const(0).local_get(local::AT).i32_store(place(OWN, layout::AT));
        code.i32_const(0).local_get(local::ANSWER).i32_store(place(OWN, layout::ANSWER));
        code.i32_const(0).i32_const(NONE).i32_store(place(OWN, layout::LAST));
        for number in self.plan.bound.kept..self.plan.bound.names.len() {
            self.emit().i32_const(0).v128_const(0).v128_store(place(OWN, slot(number)));
        }
        for number in 0..self.plan.freeing().count() {
            self.forget_freed(freed(number));
        }
    }

    fn end_line(&mut self) {
        let mut code = self.emit();
        code.local_get(local::END).i32_const(0).i32_load(place(OWN, layout::SEPARATOR));
        code.i32_store8(place(OWN, 0));
        code.local_get(local::END).i32_const(1).i32_add().local_set(local::END);
        code.local_get(local::AT).local_get(local::N).i32_add().i32_const(1).i32_add().local_set(local::AT);
        code.local_get(local::LINE).i32_const(1).i32_add().local_set(local::LINE);
        code.br(0);
    }

    /// A step of the section `finally`: only if all of its values were set.
    fn tidying(&mut self, op: &Op, number: usize) -> Fit<()> {
        let uncertain: Vec<_> = op.needs.iter().filter(|slot| !self.certain.contains(slot)).collect();
        if uncertain.is_empty() {
            self.step(op, number)?;
            self.note_sets(op, true);
            return Ok(());
        }
        self.emit().i32_const(1);
        for &slot in uncertain {
            self.emit().i32_const(0).i32_load(place(OWN, is_set(slot))).i32_and();
        }
        self.open(|code| code.if_(EMPTY));
        let freed = self.freed.clone();
        self.step(op, number)?;
        self.freed.extend(freed);
        self.note_sets(op, false);
        self.close();
        Ok(())
    }

    /// Notes which slots a step sets for sure, if it is done at all, or may unset.
    fn note_sets(&mut self, op: &Op, is_done: bool) {
        match &op.action {
            Do::Call(call) if is_done && op.condition.is_none() => self.certain.extend(&call.into),
            Do::Set(slot, _) if is_done && op.condition.is_none() => self.certain.push(*slot),
            Do::Unset(slot) => self.certain.retain(|certain| certain != slot),
            _ => (),
        }
    }

    fn step(&mut self, op: &Op, number: usize) -> Fit<()> {
        let Some(test) = &op.condition else { return self.act(op, number) };
        self.test(test, number)?;
        self.open(|code| code.if_(EMPTY));
        let freed = self.freed.clone();
        self.act(op, number)?;
        self.freed.extend(freed);
        self.close();
        Ok(())
    }

    fn act(&mut self, op: &Op, number: usize) -> Fit<()> {
        if !matches!(&op.action, Do::Call(call) if call.frees) {
            std::mem::take(&mut self.freed).into_iter().for_each(|cell| self.forget_freed(cell));
        }
        match &op.action {
            Do::Call(call) => self.call(call, number)?,
            Do::Set(slot, value) => {
                self.value(value, number)?;
                self.set(*slot);
            }
            Do::Unset(number) => {
                self.emit().i32_const(0).v128_const(0).v128_store(place(OWN, slot(*number)));
            }
            Do::Write { parts, at, within } => self.write(parts, at, within.as_ref(), number)?,
            Do::Store(width, at, value) => {
                self.value(value, number)?;
                self.emit().local_set(local::VALUE);
                self.value(at, number)?;
                self.emit().local_set(local::ADDR);
                self.number_in_bounds(*width, number);
                self.emit().local_get(local::ADDR).i32_wrap_i64().local_get(local::VALUE);
                self.store(*width);
            }
            Do::Read(span) => {
                self.emit().local_get(local::ANSWER).local_set(local::END);
                self.read(span, number)?;
            }
            Do::Append(Saying::Bytes(span)) => self.read(span, number)?,
            Do::AnswerLine => self.answer_line(number),
            Do::GrowTo(size) => {
                self.value(size, number)?;
                self.emit().local_get(local::SIZE).i64_gt_u();
                self.stuck_if(number);
            }
            Do::Answer(_) | Do::Append(_) | Do::Fail(_) | Do::Say(_) | Do::Grow(_) => self.stuck(number),
            Do::AnswerStdout | Do::Stop | Do::Return(_) => return Err(Unfit),
        }
        Ok(())
    }

    fn call(&mut self, call: &Call, number: usize) -> Fit<()> {
        let plan = self.plan;
        let signature = &plan.funcs[call.export].signature;
        for (place, (ty, arg)) in call.args.iter().enumerate() {
            self.value(arg, number)?;
            self.argument(*ty, place);
        }
        if call.frees {
            self.take_back(call, number);
        }
        self.emit().i32_const(0).i32_const(low(number)).i32_store(place(OWN, layout::STEP));
        if plan.bound.has_host {
            self.emit().i32_const(0).local_get(local::END).i32_store(place(OWN, layout::END));
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
        code.i32_const(0).i32_const(low(call.export)).i32_store(place(OWN, layout::LAST));
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
    fn argument(&mut self, ty: Type, number: usize) {
        match ty {
            Type::F32 => {
                self.emit().f32_convert_i64_s();
                self.bits(ty);
            }
            Type::F64 => {
                self.emit().f64_convert_i64_s();
                self.bits(ty);
            }
            Type::I32 | Type::I64 | Type::Other => (),
        }
        let temp = local::TEMPS + u32::try_from(number).unwrap_or(0);
        let cell = layout::argument(number);
        self.emit().local_set(temp).i32_const(0).local_get(temp).i64_store(place(OWN, cell));
    }

    /// Turns bits into the number of that type.
    fn number_of(&mut self, ty: Type) {
        let mut code = self.emit();
        match ty {
            Type::I32 => code.i32_wrap_i64(),
            Type::F32 => code.i32_wrap_i64().f32_reinterpret_i32(),
            Type::F64 => code.f64_reinterpret_i64(),
            Type::I64 | Type::Other => return,
        };
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
        self.open(|code| code.if_(EMPTY));
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
        self.open(|code| code.if_(EMPTY));
        cells.iter().for_each(|&cell| self.forget_freed(cell));
        self.emit().i32_const(0).i32_const(0).i32_atomic_store(flag(CALLED));
        self.close();
    }

    fn forget_freed(&mut self, cell: u32) {
        self.emit().i32_const(0).i64_const(0).i64_store(place(OWN, cell));
    }

    fn write(&mut self, parts: &[Written], at: &Val, within: Option<&Val>, number: usize) -> Fit<()> {
        self.numbers(parts, number)?;
        self.len(parts);
        self.room(within, number)?;
        self.value(at, number)?;
        self.emit().local_set(local::ADDR);
        self.in_bounds(number);
        self.emit().local_get(local::ADDR).i32_wrap_i64().local_set(local::PLACE);
        let mut temps = local::TEMPS..;
        for part in parts {
            match part {
                Written::Line => {
                    let write = self.helpers.write;
                    let mut code = self.emit();
                    code.local_get(local::PLACE).local_get(local::AT).local_get(local::N).call(write);
                    code.local_get(local::N);
                }
                Written::Bytes(bytes) => {
                    let (text, len) = self.text(bytes)?;
                    let write = self.helpers.write;
                    self.emit().local_get(local::PLACE).i32_const(text).i32_const(len).call(write).i32_const(len);
                }
                Written::Number(width, _) => {
                    self.emit().local_get(local::PLACE).local_get(temps.next().ok_or(Unfit)?);
                    self.store(*width);
                    self.emit().i32_const(i32::try_from(width.bytes()).unwrap_or(0));
                }
            }
            self.emit().local_get(local::PLACE).i32_add().local_set(local::PLACE);
        }
        Ok(())
    }

    /// Computes the numbers among the parts before any of them is written.
    fn numbers(&mut self, parts: &[Written], number: usize) -> Fit<()> {
        let mut temps = local::TEMPS..local::TEMPS + u32::try_from(super::MOST_ARGS).unwrap_or(0);
        for part in parts {
            if let Written::Number(_, value) = part {
                self.value(value, number)?;
                let temp = temps.next().ok_or(Unfit)?;
                self.emit().local_set(temp);
            }
        }
        Ok(())
    }

    /// Sets [`local::LEN`] to how many bytes the parts have.
    fn len(&mut self, parts: &[Written]) {
        let mut own = 0;
        self.emit().i64_const(0);
        for part in parts {
            match part {
                Written::Line => {
                    self.emit().local_get(local::N).i64_extend_i32_u().i64_add();
                }
                Written::Bytes(bytes) => own += bytes.len(),
                Written::Number(width, _) => own += width.bytes(),
            }
        }
        self.emit().i64_const(i64::try_from(own).unwrap_or(i64::MAX)).i64_add().local_set(local::LEN);
    }

    /// Is stuck if what is written is longer than the room for it.
    fn room(&mut self, within: Option<&Val>, number: usize) -> Fit<()> {
        let Some(room) = within else { return Ok(()) };
        self.emit().local_get(local::LEN);
        self.value(room, number)?;
        self.emit().i64_gt_u();
        if let Val::Slot(slot) = room {
            self.emit().i32_const(0).i32_load(place(OWN, is_set(*slot))).i32_and();
        }
        self.stuck_if(number);
        Ok(())
    }

    /// Where bytes of the recipe's own are in the driver's memory, and how many.
    fn text(&mut self, bytes: &[u8]) -> Fit<(i32, i32)> {
        let at = layout::TEXTS as usize + self.texts.len();
        if at + bytes.len() > LENGTHS as usize {
            return Err(Unfit);
        }
        self.texts.extend_from_slice(bytes);
        Ok((i32::try_from(at).map_err(|_| Unfit)?, i32::try_from(bytes.len()).map_err(|_| Unfit)?))
    }

    fn store(&mut self, width: Width) {
        let mut code = self.emit();
        match width {
            Width::U8 => code.i64_store8(place(GUEST, 0)),
            Width::U16 => code.i64_store16(place(GUEST, 0)),
            Width::U32 => code.i64_store32(place(GUEST, 0)),
            Width::U64 => code.i64_store(place(GUEST, 0)),
        };
    }

    /// Appends bytes of the guest's to the answer.
    fn read(&mut self, span: &Bytes, number: usize) -> Fit<()> {
        if !matches!(span.encoding, Encoding::Bytes | Encoding::Utf8) {
            return Err(Unfit);
        }
        self.extent(span, number)?;
        self.in_bounds(number);
        // The longest answer, and room for a separator.
        let mut code = self.emit();
        code.local_get(local::LEN);
        code.local_get(local::END).local_get(local::ANSWER).i32_sub().i64_extend_i32_u();
        code.i64_add().local_get(local::LONGEST).i64_gt_u();
        code.local_get(local::LEN);
        code.i32_const(ANSWERS_END.cast_signed()).local_get(local::END).i32_sub().i64_extend_i32_u();
        code.i64_ge_u().i32_or();
        self.stuck_if(number);
        let read = self.helpers.read;
        let mut code = self.emit();
        code.local_get(local::END)
            .local_get(local::ADDR)
            .i32_wrap_i64()
            .local_get(local::LEN)
            .i32_wrap_i64()
            .call(read);
        code.local_get(local::END).local_get(local::LEN).i32_wrap_i64().i32_add().local_set(local::END);
        Ok(())
    }

    /// Sets [`local::ADDR`] and [`local::LEN`] to where a span begins, and how many bytes it has.
    fn extent(&mut self, span: &Bytes, number: usize) -> Fit<()> {
        match &span.len {
            Len::Bytes(len) => {
                self.value(len, number)?;
                self.value(&span.at, number)?;
                self.emit().local_set(local::ADDR).local_set(local::LEN);
            }
            Len::To(end) => {
                self.value(end, number)?;
                self.value(&span.at, number)?;
                self.emit().local_set(local::ADDR).local_tee(local::LEN).local_get(local::ADDR).i64_lt_u();
                self.stuck_if(number);
                self.emit().local_get(local::LEN).local_get(local::ADDR).i64_sub().local_set(local::LEN);
            }
            Len::UntilZero => {
                self.value(&span.at, number)?;
                let until_zero = self.helpers.until_zero;
                let mut code = self.emit();
                code.local_tee(local::ADDR).local_get(local::SIZE).call(until_zero).local_tee(local::LEN);
                code.i64_const(0).i64_lt_s();
                self.stuck_if(number);
            }
        }
        Ok(())
    }

    fn answer_line(&mut self, number: usize) {
        let mut code = self.emit();
        code.local_get(local::ANSWER).local_set(local::END);
        code.local_get(local::N).i32_const(ANSWERS_END.cast_signed()).local_get(local::END).i32_sub().i32_ge_u();
        self.stuck_if(number);
        let settled = self.depth - SETTLED;
        let mut code = self.emit();
        code.local_get(local::END).local_get(local::AT).local_get(local::N).memory_copy(OWN, OWN);
        code.local_get(local::END).local_get(local::N).i32_add().local_set(local::END);
        code.br(settled);
    }

    /// Sets a slot to the value that was left.
    fn set(&mut self, number: usize) {
        let mut code = self.emit();
        code.local_set(local::VALUE);
        code.i32_const(0).local_get(local::VALUE).i64_store(place(OWN, slot(number)));
        code.i32_const(0).i32_const(1).i32_store(place(OWN, is_set(number)));
    }

    /// Returns from the driver: the host is to go on with that step.
    pub(super) fn stuck(&mut self, number: usize) {
        let exit = self.depth - EXIT;
        self.emit().i32_const(low(number)).local_set(local::STUCK).br(exit);
    }

    fn open(&mut self, block: for<'c, 's> fn(&'c mut InstructionSink<'s>) -> &'c mut InstructionSink<'s>) {
        block(&mut self.emit());
        self.depth += 1;
    }

    fn close(&mut self) {
        self.emit().end();
        self.depth -= 1;
    }
}

/// One of the flags; atomic loads are aligned.
fn flag(offset: u32) -> MemArg {
    MemArg { offset: u64::from(offset), align: 2, memory_index: FLAGS }
}

/// A number of a step or export, of which there are few.
fn low(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
