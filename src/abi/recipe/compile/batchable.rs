//! Which host functions a driver can call: those that do not use the line, the answer, or values of the line, which the
//! driver holds.

use super::super::bind::{Bound, BoundHandler};
use super::super::imports::ImportProvider;
use super::super::ops::{MessageExpr, Op, OpKind, Val, Written};

/// Whether an import can be answered without the line, its answer, and its values, all of which the driver holds.
pub(super) fn is_apart(answerer: ImportProvider, bound: &Bound) -> bool {
    match answerer {
        ImportProvider::Nobody | ImportProvider::Stub => true,
        ImportProvider::Wasi(function) => !function.reads_the_line(),
        ImportProvider::Wasi2(function) => !function.reads_the_line(),
        ImportProvider::Handler(number) => {
            let BoundHandler { body, own, .. } = &bound.handlers[number];
            body.iter().all(|op| op.is_apart(own))
        }
    }
}

impl Op {
    /// Whether a handler's step uses only the handler's own values and the guest.
    fn is_apart(&self, own: &[usize]) -> bool {
        let acts = match &self.action {
            OpKind::Call(_) | OpKind::Set(..) | OpKind::Unset(_) | OpKind::Store(..) => true,
            OpKind::Grow(_) | OpKind::GrowTo(_) | OpKind::Stop | OpKind::Return(_) => true,
            OpKind::Write { parts, .. } => !parts.iter().any(|part| matches!(part, Written::Line | Written::Text(_))),
            OpKind::Fail(message) | OpKind::Say(message) => !matches!(message, MessageExpr::Answer),
            OpKind::Read(_) | OpKind::Append(_) => false,
            OpKind::Answer(_) | OpKind::AnswerLine | OpKind::AnswerStdout => false,
        };
        let mut is_apart = acts && self.action.sets().iter().all(|slot| own.contains(slot));
        self.each_value(&mut |value| {
            let is_of_line = matches!(value, Val::LineLen | Val::TextLen(_) | Val::LineUnits);
            is_apart &= !is_of_line && value.slot().is_none_or(|slot| own.contains(&slot));
        });
        is_apart
    }
}
