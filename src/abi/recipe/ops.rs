//! What a bound recipe is made of: its lines and values, with names resolved to slots and numbers.

use super::value_format::ValueFormat;
use super::{Comparison, Encoding, Width};
use crate::guest::Type;
use crate::record::FocusTarget;

/// The most arguments of a call; no export in the conventions that are known has half as many.
pub(super) const MOST_ARGS: usize = 16;

/// A step of a line: one crossing, or a computation that is none. A call is a step of its own: one that a recipe has
/// inside another value goes ahead, and leaves what it returns in a slot. So a step may be done again as long as
/// nothing came of it, and what was done before it is not.
#[derive(Clone, Debug)]
pub(super) struct Op {
    /// The recipe's line that it is of.
    pub(super) at: usize,
    /// Which of its crossings is the transform, if it is marked as such.
    pub(super) transform: Option<FocusTarget>,
    /// The slots without which it means nothing.
    pub(super) needs: Vec<usize>,
    pub(super) condition: Option<Test>,
    pub(super) action: OpKind,
}

#[derive(Clone, Debug)]
pub(super) enum OpKind {
    Call(Call),
    Set(usize, Val),
    /// What a call of an export would have set that is missing, and may be.
    Unset(usize),
    Write {
        parts: Vec<Written>,
        at: Val,
        within: Option<Val>,
    },
    Store(Width, Val, Val),
    Read(Bytes),
    Append(MessageExpr),
    AnswerLine,
    AnswerStdout,
    Answer(Words),
    Fail(MessageExpr),
    Say(MessageExpr),
    Stop,
    Return(Vec<(Type, Val)>),
    Grow(Val),
    GrowTo(Val),
}

/// A call of an export.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The export's number.
    pub(super) export: usize,
    /// The arguments, with their types.
    pub(super) args: Vec<(Type, Val)>,
    /// The slots for what it returns: for none of it, for the first value, or for all.
    pub(super) into: Vec<usize>,
    /// Whether the export takes memory back, by its name.
    pub(super) frees: bool,
    /// Whether it asks what a line before it asked, for the same name: then what it returns can be compared.
    pub(super) repeats: bool,
    /// Whether it is called only if the allocator may have returned what it frees.
    pub(super) guarded: bool,
}

/// A part of what is written.
#[derive(Clone, Debug)]
pub(super) enum Written {
    Line,
    Bytes(Vec<u8>),
    Number(Width, Val),
}

#[derive(Clone, Debug)]
pub(super) enum MessageExpr {
    Words(Words),
    Bytes(Bytes),
    Answer,
}

impl MessageExpr {
    /// Whether the guest's own words stand in it.
    pub(super) fn holds_bytes(&self) -> bool {
        match self {
            MessageExpr::Words(words) => words.pieces.iter().any(|piece| matches!(piece.held, Interpolation::Bytes(_))),
            MessageExpr::Bytes(_) | MessageExpr::Answer => true,
        }
    }
}

/// Words, and what stands between them.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// Each of what stands between, with the words before it.
    pub(super) pieces: Vec<Piece>,
    /// The words behind them.
    pub(super) last: String,
}

/// What stands between words, with the words before it.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) before: String,
    pub(super) held: Interpolation,
}

/// What stands between words.
#[derive(Clone, Debug)]
pub(super) enum Interpolation {
    /// A value, and how it is shown.
    Number(Val, ValueFormat),
    /// Bytes in the guest's memory, as text.
    Bytes(Bytes),
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
    /// The type that both sides are compared as; integers are signed.
    pub(super) ty: Type,
}

/// A value. All are kept as 64 bits, those of type i32 without their sign.
#[derive(Clone, Debug)]
pub(super) enum Val {
    Const(i64),
    Slot(usize),
    LineLen,
    /// The line's length in UTF-16 units.
    LineUnits,
    Load(Width, Box<Val>),
    Low(Box<Val>),
    High(Box<Val>),
    /// The halves of what is in a slot, which are asked for often.
    LowSlot(usize),
    HighSlot(usize),
    Sum(Box<Val>, Box<Val>),
    Difference(Box<Val>, Box<Val>),
    Global(usize),
    /// An integer as a float of that type.
    ToFloat(Type, Box<Val>),
}

impl Op {
    /// The slots without which it means nothing: those that it reads, but for a room, which may be unset.
    pub(super) fn required(&self) -> Vec<usize> {
        let optional = match &self.action {
            OpKind::Write { within: Some(Val::Slot(slot)), .. } => Some(*slot),
            _ => None,
        };
        self.reads().into_iter().filter(|slot| Some(*slot) != optional).collect()
    }
}

impl Val {
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
