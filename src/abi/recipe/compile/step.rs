//! Compiles the steps of a recipe, and the loop over the lines of a batch.

use wasm_encoder::{BlockType, InstructionSink};

use super::super::ops::{MessageExpr, Op, OpKind};
use super::layout::{self, ANSWERS, ANSWERS_END, DONE, LENGTHS, NONE, NOWHERE, freed, is_set, slot};
use super::{Compiler, Fit, LEAVE, MOST_CODE, OWN, STOP, Unfit, flag, local, narrow, place};

/// Blocks that are left early, by their nesting depth.
const EXIT: u32 = 1;
const NEXT: u32 = 2;
const SETTLED: u32 = 3;

const EMPTY: BlockType = BlockType::Empty;

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
            settles |= matches!(op.action, OpKind::AnswerLine);
            self.note_sets(op, !settles);
        }
        self.close();
        if plan.bound.has_host {
            // A host function may have settled the outcome of the line.
            self.emit().i32_const(0).i32_atomic_load(flag(LEAVE));
            self.stuck_if(plan.bound.line.len());
        }
        for (number, op) in (plan.bound.line.len()..).zip(&plan.bound.finally) {
            self.tidying(op, number)?;
        }
        self.end_line();
        self.close();
        self.close();
        self.tell_line();
        self.tell(local::END, layout::END);
        self.emit().local_get(local::STUCK).end();
        Ok(())
    }

    /// Returns if the batch is over or was interrupted; otherwise resets the state as [`super::super::exchange`] does
    /// at the start of a line.
    fn begin_line(&mut self) {
        let mut code = self.emit();
        code.local_get(local::END).local_set(local::ANSWER);
        code.i32_const(DONE).local_set(local::STUCK);
        code.local_get(local::LINE).local_get(local::COUNT).i32_ge_u().br_if(NEXT - EXIT);
        code.local_get(local::END).i32_const(ANSWERS_END.cast_signed()).i32_ge_u().br_if(NEXT - EXIT);
        code.i32_const(0).i32_atomic_load(flag(STOP)).br_if(NEXT - EXIT);
        code.i32_const(0).i32_atomic_load(flag(LEAVE)).br_if(NEXT - EXIT);
        code.local_get(local::LINE).i32_const(2).i32_shl().i32_load(place(OWN, LENGTHS)).local_set(local::N);
        code.i32_const(0).i32_const(NONE).i32_store(place(OWN, layout::LAST));
        // For a call that traps.
        self.tell_line();
        (self.plan.bound.kept..self.plan.bound.names.len()).for_each(|number| self.unset(number));
        for number in 0..self.plan.freeing().count() {
            self.forget_freed(freed(number));
        }
        if self.plan.is_guarded() {
            let nowhere = NOWHERE.cast_signed();
            self.emit().i32_const(0).i64_const(nowhere).i64_store(place(OWN, layout::LINE_AT));
        }
    }

    fn end_line(&mut self) {
        let is_utf16 = self.is_utf16();
        let separator = if is_utf16 { 2 } else { 1 };
        let mut code = self.emit();
        code.local_get(local::END).i32_const(0).i32_load(place(OWN, layout::SEPARATOR));
        match is_utf16 {
            true => code.i32_store16(place(OWN, 0)),
            false => code.i32_store8(place(OWN, 0)),
        };
        code.local_get(local::END).i32_const(separator).i32_add().local_set(local::END);
        code.local_get(local::AT).local_get(local::N).i32_add().i32_const(separator).i32_add().local_set(local::AT);
        code.local_get(local::LINE).i32_const(1).i32_add().local_set(local::LINE);
        code.br(0);
    }

    /// A step of the section `finally`: runs only if all of its values were set.
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
        self.may_be_freed(freed);
        self.note_sets(op, false);
        self.close();
        Ok(())
    }

    /// Keeps the cells of freed blocks if the step that may have cleared them did not run.
    fn may_be_freed(&mut self, cells: Vec<u32>) {
        for cell in cells {
            if !self.freed.contains(&cell) {
                self.freed.push(cell);
            }
        }
    }

    /// Records which slots a step definitely sets if it runs, or may unset.
    fn note_sets(&mut self, op: &Op, is_done: bool) {
        if is_done && op.condition.is_none() {
            self.certain.extend(op.action.sets());
        }
        if let OpKind::Unset(slot) = &op.action {
            self.certain.retain(|certain| certain != slot);
        }
    }

    fn step(&mut self, op: &Op, number: usize) -> Fit<()> {
        if self.code.byte_len() > MOST_CODE {
            return Err(Unfit);
        }
        let Some(test) = &op.condition else { return self.act(op, number) };
        self.test(test, number)?;
        self.open(|code| code.if_(EMPTY));
        let freed = self.freed.clone();
        self.act(op, number)?;
        self.may_be_freed(freed);
        self.close();
        Ok(())
    }

    fn act(&mut self, op: &Op, number: usize) -> Fit<()> {
        if !matches!(&op.action, OpKind::Call(call) if call.frees) {
            std::mem::take(&mut self.freed).into_iter().for_each(|cell| self.forget_freed(cell));
        }
        match &op.action {
            OpKind::Call(call) => self.call(call, number)?,
            OpKind::Set(slot, value) => {
                self.value(value, number)?;
                self.set(*slot);
            }
            OpKind::Unset(slot) => self.unset(*slot),
            OpKind::Write { parts, at, within } => self.write(parts, at, within.as_ref(), number)?,
            OpKind::Store(width, at, value) => {
                self.value(value, number)?;
                self.emit().local_set(local::VALUE);
                self.value(at, number)?;
                self.emit().local_set(local::ADDR);
                self.number_in_bounds(*width, number);
                self.emit().local_get(local::ADDR).i32_wrap_i64().local_get(local::VALUE);
                self.store(*width);
            }
            OpKind::Read(span) => {
                self.emit().local_get(local::ANSWER).local_set(local::END);
                self.read(span, number)?;
            }
            OpKind::Append(MessageExpr::Bytes(span)) => self.read(span, number)?,
            OpKind::AnswerLine => self.answer_line(number),
            OpKind::GrowTo(size) => {
                self.value(size, number)?;
                self.emit().local_get(local::SIZE).i64_gt_u();
                self.stuck_if(number);
            }
            OpKind::Answer(_) | OpKind::Append(_) | OpKind::Fail(_) | OpKind::Say(_) | OpKind::Grow(_) => {
                self.stuck(number);
            }
            OpKind::AnswerStdout | OpKind::Stop | OpKind::Return(_) => return Err(Unfit),
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

    /// Stores a local where the host finds it.
    pub(super) fn tell(&mut self, local: u32, cell: u32) {
        self.emit().i32_const(0).local_get(local).i32_store(place(OWN, cell));
    }

    /// Stores the line's number, its offset and the offset of its answer.
    fn tell_line(&mut self) {
        self.tell(local::LINE, layout::LINE);
        self.tell(local::AT, layout::AT);
        self.tell(local::ANSWER, layout::ANSWER);
    }

    fn unset(&mut self, number: usize) {
        self.emit().i32_const(0).v128_const(0).v128_store(place(OWN, slot(number)));
    }

    /// Sets a slot to the value on the stack.
    pub(super) fn set(&mut self, number: usize) {
        let mut code = self.emit();
        code.local_set(local::VALUE);
        code.i32_const(0).local_get(local::VALUE).i64_store(place(OWN, slot(number)));
        code.i32_const(0).i32_const(1).i32_store(place(OWN, is_set(number)));
    }

    /// Returns from the driver: the host continues with that step.
    fn stuck(&mut self, number: usize) {
        let exit = self.depth - EXIT;
        self.emit().i32_const(narrow(number)).local_set(local::STUCK).br(exit);
    }

    /// Gets stuck in a step if the value on the stack is nonzero.
    pub(super) fn stuck_if(&mut self, number: usize) {
        self.open(|code| code.if_(EMPTY));
        self.stuck(number);
        self.close();
    }

    pub(super) fn open(&mut self, block: for<'c, 's> fn(&'c mut InstructionSink<'s>) -> &'c mut InstructionSink<'s>) {
        block(&mut self.emit());
        self.depth += 1;
    }

    pub(super) fn close(&mut self) {
        self.emit().end();
        self.depth -= 1;
    }
}
