//! The host functions of a recipe: runs a handler when the guest calls an import.

use std::sync::Arc;

use super::failures::{placed, refused};
use super::imports::ImportProvider;
use super::last_words::last_words;
use super::ops::{Op, OpKind, Val};
use super::run::Runner;
use super::state::{ImportContext, State};
use super::{wasi, wasi2_call};
use crate::guest::{Boundary, Host, Type};
use crate::record::{Failure, Value};

impl Host for ImportContext<'_, '_> {
    fn import(
        &mut self,
        place: usize,
        args: &[Value],
        boundary: &mut dyn Boundary,
    ) -> Result<Vec<Value>, Box<Failure>> {
        let ImportContext { plan, state, io } = self;
        // The guest ran in between and may have reallocated the freed blocks.
        state.freed.clear();
        let bound = &plan.bound;
        let results = match bound.answerers.get(place).copied().unwrap_or(ImportProvider::Nobody) {
            ImportProvider::Handler(number) => {
                let handler = &bound.handlers[number];
                state.activate(&handler.own, |state| {
                    for (slot, arg) in handler.params.iter().zip(args) {
                        state.values[*slot] = Some(arg.bits());
                    }
                    Runner { plan, state, io, boundary }.handle(&handler.body)
                })
            }
            ImportProvider::Wasi(function) => {
                let State { wasi, messages, .. } = &mut **state;
                wasi::Call { wasi, messages, boundary, memory: bound.memory, args }.answer(function)
            }
            ImportProvider::Wasi2(function) => {
                let lowered = plan.lowered(place);
                wasi2_call::Call { context: self, boundary, lowered, place, args }.answer(function)
            }
            ImportProvider::Stub | ImportProvider::Nobody => {
                let name = bound.imports.get(place).map_or("", |name| &**name);
                if let Some(words) = last_words(name, args, &*boundary, bound.memory) {
                    state.settled = Some(Err(refused(words)));
                }
                Ok(Vec::new())
            }
        };
        self.state.freed.clear();
        results
    }

    fn takes_over(&self) -> bool {
        self.state.settled.is_some() || self.state.is_told()
    }

    fn name(&self, place: usize) -> Arc<str> {
        self.plan.bound.imports.get(place).cloned().unwrap_or_else(|| "".into())
    }
}

impl<B: Boundary + ?Sized> Runner<'_, '_, B> {
    /// Runs a handler and returns its results. An answer that it sets is kept until the guest returns.
    fn handle(&mut self, body: &[Op]) -> Result<Vec<Value>, Box<Failure>> {
        for op in body {
            if let Some(test) = &op.condition
                && !self.holds(test)?
            {
                continue;
            }
            match &op.action {
                OpKind::Return(values) => {
                    let number = |(ty, value): &(Type, Val)| Ok(Value::new(*ty, self.value(value)?));
                    return values.iter().map(number).collect();
                }
                OpKind::Fail(saying) => {
                    // The last call's result is meaningless here: the guest is in the middle of a call.
                    self.state.last = None;
                    let words = self.saying(saying)?;
                    self.state.settled = Some(Err(placed(*refused(words), op.at)));
                }
                OpKind::Stop => {
                    let told = self.state.settled.take().and_then(Result::err);
                    return Err(told.unwrap_or_else(|| placed(Failure::Stopped, op.at)));
                }
                _ => {
                    let settles = matches!(
                        op.action,
                        OpKind::Read(_) | OpKind::Append(_) | OpKind::Answer(_) | OpKind::AnswerLine
                    );
                    self.op(op).map_err(|failure| placed(*failure, op.at))?;
                    if settles {
                        self.state.settled = Some(Ok(()));
                    }
                }
            }
        }
        Ok(Vec::new())
    }
}
