//! Visitors for the values in parsed recipes and in bound steps.

use super::ops::{Bytes, Interpolation, Len, MessageExpr, Op, OpKind, Val, Words, Written};
use super::{Action, Condition, Expr, Length, Message, Part, Recipe, Span, Statement};

impl Recipe {
    /// The statements of all sections and handlers.
    pub fn statements_mut(&mut self) -> impl Iterator<Item = &mut Statement> {
        let handlers = self.handlers.iter_mut().map(|handler| &mut handler.body);
        [&mut self.once, &mut self.line, &mut self.finally].into_iter().chain(handlers).flatten()
    }

    /// Visits every value in the recipe, including nested ones.
    pub fn each_expr(&mut self, visit: &mut impl FnMut(&mut Expr)) {
        self.statements_mut().for_each(|statement| statement.each_expr(visit));
    }
}

impl Statement {
    /// Visits every value in it, including nested ones, except those in text.
    pub(in crate::abi) fn each_expr(&mut self, visit: &mut impl FnMut(&mut Expr)) {
        if let Some(Condition { left, right, .. }) = &mut self.condition {
            left.each(visit);
            right.each(visit);
        }
        match &mut self.action {
            Action::Let(_, value) | Action::Grow(value) | Action::GrowTo(value) => value.each(visit),
            Action::Return(values) => values.iter_mut().for_each(|value| value.each(visit)),
            Action::Write { parts, at, within } => {
                parts.iter_mut().for_each(|part| match part {
                    Part::Number(_, value) | Part::Leb(value) => value.each(visit),
                    Part::Line | Part::OfLine(_) | Part::Byte(_) | Part::Text(_) => (),
                });
                at.each(visit);
                within.iter_mut().for_each(|room| room.each(visit));
            }
            Action::Store(_, at, value) => {
                at.each(visit);
                value.each(visit);
            }
            Action::Read(span) => span.each_expr(visit),
            Action::Append(message) | Action::Fail(message) | Action::Say(message) => match message {
                Message::Span(span) => span.each_expr(visit),
                Message::Words(_) | Message::Answer => (),
            },
            Action::AnswerLine | Action::AnswerStdout | Action::Answer(_) | Action::Stop => (),
        }
    }
}

impl Span {
    fn each_expr(&mut self, visit: &mut impl FnMut(&mut Expr)) {
        self.at.each(visit);
        if let Length::Bytes(len) | Length::To(len) = &mut self.len {
            len.each(visit);
        }
    }
}

impl Expr {
    fn each(&mut self, visit: &mut impl FnMut(&mut Expr)) {
        visit(self);
        match self {
            Expr::Call { args, .. } => args.iter_mut().for_each(|arg| arg.each(visit)),
            Expr::Load(_, inner) | Expr::Leb(inner) | Expr::PastLeb(inner) => inner.each(visit),
            Expr::Low(inner) | Expr::High(inner) => inner.each(visit),
            Expr::Sum(a, b) | Expr::Difference(a, b) | Expr::HighLow(a, b) => {
                a.each(visit);
                b.each(visit);
            }
            Expr::Number(_) | Expr::Name(_) | Expr::Global(_) => (),
        }
    }

    /// Whether the predicate holds for the value or a nested one.
    pub fn any(&self, holds: &impl Fn(&Expr) -> bool) -> bool {
        let mut found = false;
        self.clone().each(&mut |expr| found |= holds(expr));
        found
    }
}

impl Op {
    /// Visits every value in a step, including its condition's and nested ones.
    pub(super) fn each_value(&self, visit: &mut impl FnMut(&Val)) {
        if let Some(test) = &self.condition {
            test.left.each(visit);
            test.right.each(visit);
        }
        self.action.each_value(&mut |value| value.each(visit));
    }

    /// The slots that it reads.
    pub(super) fn reads(&self) -> Vec<usize> {
        let mut slots = Vec::new();
        self.each_value(&mut |value| slots.extend(value.slot()));
        slots
    }
}

impl OpKind {
    /// Visits the values of a step, but not nested ones.
    fn each_value(&self, visit: &mut impl FnMut(&Val)) {
        match self {
            OpKind::Call(call) => call.args.iter().for_each(|(_, arg)| visit(arg)),
            OpKind::Return(values) => values.iter().for_each(|(_, value)| visit(value)),
            OpKind::Set(_, value) | OpKind::Grow(value) | OpKind::GrowTo(value) => visit(value),
            OpKind::Write { parts, at, within } => {
                parts.iter().for_each(|part| match part {
                    Written::Number(_, value) | Written::Leb(value) => visit(value),
                    Written::Line | Written::Text(_) | Written::Bytes(_) => (),
                });
                visit(at);
                within.iter().for_each(visit);
            }
            OpKind::Store(_, at, value) => {
                visit(at);
                visit(value);
            }
            OpKind::Read(span) => span.each_value(visit),
            OpKind::Append(message) | OpKind::Fail(message) | OpKind::Say(message) => match message {
                MessageExpr::Words(words) => words.each_value(visit),
                MessageExpr::Bytes(span) => span.each_value(visit),
                MessageExpr::Answer => (),
            },
            OpKind::Answer(words) => words.each_value(visit),
            OpKind::Unset(_) | OpKind::AnswerLine | OpKind::AnswerStdout | OpKind::Stop => (),
        }
    }

    /// The slots that it sets.
    pub(super) fn sets(&self) -> &[usize] {
        match self {
            OpKind::Call(call) => &call.into,
            OpKind::Set(slot, _) | OpKind::Unset(slot) => std::slice::from_ref(slot),
            _ => &[],
        }
    }
}

impl Words {
    fn each_value(&self, visit: &mut impl FnMut(&Val)) {
        self.pieces.iter().for_each(|piece| match &piece.held {
            Interpolation::Number(value, _) => visit(value),
            Interpolation::Bytes(span) => span.each_value(visit),
        });
    }
}

impl Bytes {
    fn each_value(&self, visit: &mut impl FnMut(&Val)) {
        match &self.len {
            Len::Bytes(len) | Len::To(len) => visit(len),
            Len::UntilZero => (),
        }
        visit(&self.at);
    }
}

impl Val {
    /// Visits it and the values in it.
    fn each(&self, visit: &mut impl FnMut(&Val)) {
        visit(self);
        match self {
            Val::Load(_, inner) | Val::Leb(inner) | Val::PastLeb(inner) => inner.each(visit),
            Val::Low(inner) | Val::High(inner) => inner.each(visit),
            Val::ToFloat(_, inner) | Val::FromFloat(_, inner) => inner.each(visit),
            Val::Sum(a, b) | Val::Difference(a, b) | Val::HighLow(a, b) => {
                a.each(visit);
                b.each(visit);
            }
            Val::Slot(_) | Val::LowSlot(_) | Val::HighSlot(_) => (),
            Val::Const(_) | Val::LineLen | Val::TextLen(_) | Val::LineUnits | Val::Global(_) => (),
        }
    }

    /// The slot that it is, if it is one, whole or a half of it.
    pub(super) fn slot(&self) -> Option<usize> {
        match self {
            Val::Slot(slot) | Val::LowSlot(slot) | Val::HighSlot(slot) => Some(*slot),
            _ => None,
        }
    }
}
