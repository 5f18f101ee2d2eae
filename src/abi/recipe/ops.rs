//! What a bound recipe is made of: its lines and values, with names resolved to slots and numbers.

use super::words::{Held, Words};
use super::{Comparison, Encoding, Width};
use crate::guest::Type;
use crate::record::Wanted;

/// The most arguments of a call; no export in the conventions that are known has half as many.
pub(super) const MOST_ARGS: usize = 16;

/// One line of a recipe, with its names resolved.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) at: usize,
    /// Which of its crossings is the transform, if it is marked as such: its first call, or what there is.
    pub(super) transform: Option<Wanted>,
    /// Whether it calls an export that takes memory back, by its name.
    pub(super) frees: bool,
    /// The slots without which it means nothing.
    pub(super) needs: Vec<usize>,
    pub(super) condition: Option<Test>,
    pub(super) action: Do,
}

#[derive(Clone, Debug)]
pub(super) enum Do {
    Let(Vec<usize>, Val),
    Write { parts: Vec<Written>, at: Val, within: Option<Val> },
    Store(Width, Val, Val),
    Read(Bytes),
    Append(Saying),
    AnswerLine,
    AnswerStdout,
    Answer(Words),
    Fail(Saying),
    Say(Saying),
    Stop,
    Return(Vec<(Type, Val)>),
    Grow(Val),
    GrowTo(Val),
}

/// A part of what is written.
#[derive(Clone, Debug)]
pub(super) enum Written {
    Line,
    Bytes(Vec<u8>),
    Number(Width, Val),
}

#[derive(Clone, Debug)]
pub(super) enum Saying {
    Words(Words),
    Bytes(Bytes),
    Answer,
}

impl Saying {
    /// Whether the guest's own words stand in it.
    pub(super) fn holds_bytes(&self) -> bool {
        match self {
            Saying::Words(words) => words.pieces.iter().any(|piece| matches!(piece.held, Held::Bytes(_))),
            Saying::Bytes(_) | Saying::Answer => true,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Bytes {
    pub(super) encoding: Encoding,
    pub(super) len: Len,
    pub(super) at: Val,
}

#[derive(Clone, Debug)]
pub(super) enum Len {
    Bytes(Val),
    UntilZero,
    To(Val),
}

#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) left: Val,
    pub(super) comparison: Comparison,
    pub(super) right: Val,
    /// Whether both sides are compared as signed 32-bit numbers.
    pub(super) narrow: bool,
}

/// A value. All are kept as 64 bits, those of type i32 without their sign.
#[derive(Clone, Debug)]
pub(super) enum Val {
    Const(i64),
    Slot(usize),
    LineLen,
    /// The line's length in UTF-16 units.
    LineUnits,
    /// An export's number, and the arguments with their types.
    Call(usize, Vec<(Type, Val)>),
    /// The export is missing, and may be.
    Missing,
    Load(Width, Box<Val>),
    Low(Box<Val>),
    High(Box<Val>),
    /// The halves of what is in a slot, which are asked for often.
    LowSlot(usize),
    HighSlot(usize),
    Sum(Box<Val>, Box<Val>),
    Difference(Box<Val>, Box<Val>),
    Global(usize),
}

/// What is known of a value before it is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number of that type.
    Of(Type),
    /// A number that fits any type.
    Literal,
    /// The result of an export that may be missing.
    Perhaps,
    /// A call that returns nothing, or more than one value.
    Results(usize),
}

impl Op {
    /// The slots without which it means nothing.
    pub(super) fn needs(condition: Option<&Test>, action: &Do) -> Vec<usize> {
        let mut needs = Vec::new();
        let mut add = |value: &Val| value.slots(&mut needs);
        if let Some(test) = condition {
            add(&test.left);
            add(&test.right);
        }
        match action {
            Do::Let(_, value) | Do::Grow(value) | Do::GrowTo(value) => add(value),
            Do::Write { at, .. } => add(at),
            Do::Store(_, at, value) => {
                add(at);
                add(value);
            }
            Do::Read(span) => add(&span.at),
            Do::Return(values) => values.iter().for_each(|(_, value)| add(value)),
            Do::AnswerLine | Do::AnswerStdout | Do::Answer(_) | Do::Stop => (),
            Do::Append(_) | Do::Fail(_) | Do::Say(_) => (),
        }
        needs
    }
}

impl Val {
    /// Adds the slots that it reads.
    fn slots(&self, found: &mut Vec<usize>) {
        match self {
            Val::Slot(slot) | Val::LowSlot(slot) | Val::HighSlot(slot) => found.push(*slot),
            Val::Call(_, args) => args.iter().for_each(|(_, arg)| arg.slots(found)),
            Val::Load(_, inner) | Val::Low(inner) | Val::High(inner) => inner.slots(found),
            Val::Sum(a, b) | Val::Difference(a, b) => {
                a.slots(found);
                b.slots(found);
            }
            Val::Const(_) | Val::LineLen | Val::LineUnits | Val::Missing | Val::Global(_) => (),
        }
    }

    /// The low half of a value.
    pub(super) fn low(self) -> Val {
        match self {
            Val::Slot(slot) => Val::LowSlot(slot),
            value => Val::Low(Box::new(value)),
        }
    }

    /// The high half of a value.
    pub(super) fn high(self) -> Val {
        match self {
            Val::Slot(slot) => Val::HighSlot(slot),
            value => Val::High(Box::new(value)),
        }
    }
}
