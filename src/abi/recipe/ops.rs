//! The steps and values of a bound recipe, with names resolved to slots and numbers.

use super::value_format::ValueFormat;
use super::{Comparison, Encoding, Width};
use crate::guest::Type;
use crate::record::FocusTarget;

/// The maximum number of arguments of a call. Known conventions need fewer than half as many.
pub(super) const MOST_ARGS: usize = 16;

/// A step: an access to the guest, or a computation. A nested call is hoisted into a step of its own that leaves its
/// result in a slot. So a step can be retried if it had no effect, without repeating the steps before it.
#[derive(Clone, Debug)]
pub(super) struct Op {
    /// The recipe line that it belongs to.
    pub(super) at: usize,
    /// Which of its accesses is the transform, if it is marked.
    pub(super) transform: Option<FocusTarget>,
    /// The slots that must be set for it to run.
    pub(super) needs: Vec<usize>,
    pub(super) condition: Option<Test>,
    pub(super) action: OpKind,
}

#[derive(Clone, Debug)]
pub(super) enum OpKind {
    Call(Call),
    Set(usize, Val),
    /// Unsets the slot that a missing optional export would have set.
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
    /// The slots for its results: for none, the first, or all.
    pub(super) into: Vec<usize>,
    /// Whether the export frees memory, by its name.
    pub(super) frees: bool,
    /// Whether an earlier line made the same call for the same name, so that the results can be compared.
    pub(super) repeats: bool,
    /// Whether to call it only if the freed block may come from the allocator.
    pub(super) guarded: bool,
}

/// A part of a write.
#[derive(Clone, Debug)]
pub(super) enum Written {
    Line,
    /// A text of the line, by its number.
    Text(usize),
    Bytes(Vec<u8>),
    Number(Width, Val),
    /// A number in LEB128.
    Leb(Val),
}

#[derive(Clone, Debug)]
pub(super) enum MessageExpr {
    Words(Words),
    Bytes(Bytes),
    Answer,
}

impl MessageExpr {
    /// Whether it contains bytes from the guest.
    pub(super) fn holds_bytes(&self) -> bool {
        match self {
            MessageExpr::Words(words) => words.pieces.iter().any(|piece| matches!(piece.held, Interpolation::Bytes(_))),
            MessageExpr::Bytes(_) | MessageExpr::Answer => true,
        }
    }
}

/// Text with interpolations.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// Each interpolation, with the text before it.
    pub(super) pieces: Vec<Piece>,
    /// The text after the last interpolation.
    pub(super) last: String,
}

/// An interpolation, with the text before it.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) before: String,
    pub(super) held: Interpolation,
}

/// An interpolated part of a message.
#[derive(Clone, Debug)]
pub(super) enum Interpolation {
    /// A value, and how it is shown.
    Number(Val, ValueFormat),
    /// Bytes from the guest's memory, as text.
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

/// A value. All are stored as 64 bits; i32 values are zero-extended.
#[derive(Clone, Debug)]
pub(super) enum Val {
    Const(i64),
    Slot(usize),
    LineLen,
    /// The length of a text of the line, by its number.
    TextLen(usize),
    /// The line's length in UTF-16 code units.
    LineUnits,
    Load(Width, Box<Val>),
    Leb(Box<Val>),
    PastLeb(Box<Val>),
    Low(Box<Val>),
    High(Box<Val>),
    /// The low half of a slot, a common case.
    LowSlot(usize),
    HighSlot(usize),
    Sum(Box<Val>, Box<Val>),
    Difference(Box<Val>, Box<Val>),
    HighLow(Box<Val>, Box<Val>),
    Global(usize),
    /// An integer as a float of that type.
    ToFloat(Type, Box<Val>),
    /// A float of that type as an integer; fails unless it is one that can be an address or a length.
    FromFloat(Type, Box<Val>),
}

impl Op {
    /// The slots that must be set: those that it reads, except a limit, which may be unset.
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
