//! Which host functions leave a driver alone: the line, its answer, and the values that belong to it are the driver's.

use super::super::bind::{Bound, BoundHandler};
use super::super::imports::ImportProvider;
use super::super::ops::{Bytes, Interpolation, Len, MessageExpr, Op, OpKind, Val};

/// Whether an import is answered without the line, its answer, and the values that belong to it: these the driver has.
pub(super) fn is_apart(answerer: ImportProvider, bound: &Bound) -> bool {
    match answerer {
        ImportProvider::Nobody | ImportProvider::Stub => true,
        ImportProvider::Wasi(function) => !function.reads_the_line(),
        ImportProvider::Handler(number) => {
            let BoundHandler { params, body } = &bound.handlers[number];
            body.iter().all(|op| op.is_apart(params))
        }
    }
}

impl Op {
    /// Whether a handler's step has to do with its arguments and with memory alone, not with the line.
    fn is_apart(&self, params: &[usize]) -> bool {
        let mut values = Vec::new();
        if let Some(test) = &self.condition {
            values.extend([&test.left, &test.right]);
        }
        let said = match &self.action {
            OpKind::Fail(saying) | OpKind::Say(saying) => Some(saying),
            OpKind::Stop => None,
            OpKind::Return(results) => {
                values.extend(results.iter().map(|(_, value)| value));
                None
            }
            _ => return false,
        };
        match said {
            Some(MessageExpr::Answer) => return false,
            Some(MessageExpr::Bytes(span)) => values.extend(span.values()),
            Some(MessageExpr::Words(words)) => {
                for piece in &words.pieces {
                    match &piece.held {
                        Interpolation::Number(value, _) => values.push(value),
                        Interpolation::Bytes(span) => values.extend(span.values()),
                    }
                }
            }
            None => (),
        }
        values.into_iter().all(|value| value.is_apart(params))
    }
}

impl Bytes {
    /// The values in it.
    fn values(&self) -> impl Iterator<Item = &Val> {
        let len = match &self.len {
            Len::Bytes(len) | Len::To(len) => Some(len),
            Len::UntilZero => None,
        };
        len.into_iter().chain([&self.at])
    }
}

impl Val {
    fn is_apart(&self, params: &[usize]) -> bool {
        match self {
            Val::LineLen | Val::LineUnits => false,
            Val::Slot(slot) | Val::LowSlot(slot) | Val::HighSlot(slot) => params.contains(slot),
            Val::Load(_, inner) | Val::Low(inner) | Val::High(inner) | Val::ToFloat(_, inner) => inner.is_apart(params),
            Val::Sum(a, b) | Val::Difference(a, b) => a.is_apart(params) && b.is_apart(params),
            Val::Const(_) | Val::Global(_) => true,
        }
    }
}
