//! Which host functions leave a driver alone: the line, its answer, and the values that belong to it are the driver's.

use super::super::bind::{Answering, Bound};
use super::super::imports::Answerer;
use super::super::ops::{Bytes, Do, Held, Len, Op, Saying, Val};

/// Whether an import is answered without the line, its answer, and the values that belong to it: these the driver has.
pub(super) fn is_apart(answerer: Answerer, bound: &Bound) -> bool {
    match answerer {
        Answerer::Nobody | Answerer::Stub => true,
        Answerer::Wasi(function) => !function.reads_the_line(),
        Answerer::Handler(number) => {
            let Answering { params, body } = &bound.handlers[number];
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
            Do::Fail(saying) | Do::Say(saying) => Some(saying),
            Do::Stop => None,
            Do::Return(results) => {
                values.extend(results.iter().map(|(_, value)| value));
                None
            }
            _ => return false,
        };
        match said {
            Some(Saying::Answer) => return false,
            Some(Saying::Bytes(span)) => values.extend(span.values()),
            Some(Saying::Words(words)) => {
                for piece in &words.pieces {
                    match &piece.held {
                        Held::Number(value, _) => values.push(value),
                        Held::Bytes(span) => values.extend(span.values()),
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
            Val::Load(_, inner) | Val::Low(inner) | Val::High(inner) => inner.is_apart(params),
            Val::Sum(a, b) | Val::Difference(a, b) => a.is_apart(params) && b.is_apart(params),
            Val::Const(_) | Val::Global(_) => true,
        }
    }
}
