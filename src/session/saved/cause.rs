//! Format 3: causes, their steps and changes.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::hex::Hex;
use super::mirror;
use crate::record;

/// Maximum decoded size of the accesses of one cause, in bytes.
const ACCESSES: usize = 1 << 30;

/// A cause, without its changes.
#[derive(Serialize, Deserialize)]
pub(super) struct Cause<'a> {
    pub(super) trigger: Trigger<'a>,
    pub(super) steps: Vec<Step<'a>>,
    /// How many changes follow.
    pub(super) changes: usize,
    /// The guest's accesses, as [`crate::record`] encodes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) accesses: Vec<Hex<'a>>,
    /// Which accesses were recorded; omitted if none. Files before this field are read by their sites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) traced: Option<Traced>,
    /// What it wrote, if its bytes were dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) written: Vec<Written>,
    /// The index of the step to show first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) focus: Option<usize>,
    /// The answer, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<Hex<'a>>,
    /// The failure, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure<'a>>,
    /// A later failure in the recipe's `finally`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cleanup: Option<Failure<'a>>,
}

/// Ranges of a memory, each as its first and its last address.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    memory: usize,
    by: Actor,
    evidence: Evidence,
    ranges: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Traced {
    stores: bool,
    loads: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trigger<'a> {
    Start,
    Line(Hex<'a>),
    Command(Cow<'a, str>),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Step<'a> {
    pub(super) depth: usize,
    pub(super) kind: StepKind<'a>,
    /// Its changes: start and end (exclusive).
    pub(super) changes: [usize; 2],
    /// Its accesses: start and end (exclusive); omitted if it began before the first and made none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) accesses: Option<[u64; 2]>,
    /// Whether memory is known before and after it; omitted if both are true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) known: Option<[bool; 2]>,
    /// The earlier call that this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) repeats: Option<usize>,
    pub(super) elapsed_ns: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StepKind<'a> {
    Instantiate {},
    Call {
        export: Cow<'a, str>,
        args: Vec<Value>,
        results: Option<Vec<Value>>,
    },
    Import {
        import: Cow<'a, str>,
        args: Vec<Value>,
        results: Option<Vec<Value>>,
    },
    Write {
        memory: usize,
        addr: u64,
        len: u64,
        /// Which bytes are bytes of the line: the first one's index in the write, its index in the line, their number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<[u64; 3]>,
    },
    Read {
        memory: usize,
        addr: u64,
        len: u64,
        /// The number, if the recipe loaded one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<u64>,
    },
    Say {
        text: Hex<'a>,
    },
    Note {
        text: Cow<'a, str>,
    },
    Grow {
        memory: usize,
        pages: u64,
    },
    Set {
        global: Cow<'a, str>,
        value: Value,
    },
}

/// A value. Floats are stored as their bits.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Value {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    Opaque,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change<'a> {
    Bytes {
        memory: usize,
        addr: u64,
        old: Hex<'a>,
        new: Hex<'a>,
        by: Actor,
        evidence: Evidence,
        /// Which bytes were written, if not all: one bit per byte.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mask: Option<Hex<'a>>,
    },
    /// Bytes whose values are not kept.
    Bare {
        memory: usize,
        addr: u64,
        len: u64,
        by: Actor,
        evidence: Evidence,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mask: Option<Hex<'a>>,
    },
    Growth {
        memory: usize,
        from: u64,
        to: u64,
        by: Actor,
    },
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Actor {
    Module,
    Host,
    Guest,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Evidence {
    Written,
    Found,
}

impl<'a> From<&'a record::Cause> for Cause<'a> {
    fn from(cause: &'a record::Cause) -> Cause<'a> {
        let record::Cause { trigger, steps, changes, accesses, traced, written, focus, outcome, cleanup, .. } = cause;
        let parts = accesses.encode().filter(|_| !accesses.is_empty());
        Cause {
            trigger: trigger.into(),
            steps: steps.iter().map(Step::from).collect(),
            changes: changes.len(),
            accesses: parts.map(|part| Hex(part.into())).collect(),
            traced: (*traced != record::Traced::default()).then_some((*traced).into()),
            written: written.iter().map(Written::from).collect(),
            focus: *focus,
            answer: outcome.as_ref().ok().map(|answer| Hex::new(answer)),
            failure: outcome.as_ref().err().map(Failure::from),
            cleanup: cleanup.as_ref().map(Failure::from),
        }
    }
}

impl Cause<'_> {
    /// Converts to a record, without any changes yet.
    pub(super) fn into_record(self) -> Result<record::Cause, String> {
        let parts = self.accesses.iter().map(|part| &*part.0);
        let accesses = match self.accesses.is_empty() {
            true => Some(record::AccessLog::default()),
            false => record::AccessLog::decode(parts, ACCESSES),
        };
        let accesses = accesses.ok_or("the accesses of a record are damaged")?;
        Ok(record::Cause {
            traced: self.traced.map_or_else(|| traced_by_sites(&accesses), Traced::into),
            written: self.written.into_iter().map(Written::into_record).collect::<Option<_>>().ok_or(UNSOUND)?,
            trigger: self.trigger.into(),
            steps: recorded_steps(self.steps),
            changes: Vec::new(),
            bare: 0,
            accesses: Arc::new(accesses),
            focus: self.focus,
            outcome: match (self.answer, self.failure) {
                (_, Some(failure)) => Err(failure.into()),
                (Some(answer), None) => Ok(answer.into_vec()),
                (None, None) => return Err("a record has neither an answer nor a failure".to_owned()),
            },
            cleanup: self.cleanup.map(Failure::into),
        })
    }
}

/// The error for ranges out of order.
const UNSOUND: &str = "the written ranges of a record are damaged";

impl From<&record::WrittenRanges> for Written {
    fn from(written: &record::WrittenRanges) -> Written {
        let record::WrittenRanges { memory, by, evidence, .. } = *written;
        Written { memory, by: by.into(), evidence: evidence.into(), ranges: written.bounds().to_vec() }
    }
}

impl Written {
    fn into_record(self) -> Option<record::WrittenRanges> {
        let Written { memory, by, evidence, ranges } = self;
        record::WrittenRanges::from_bounds(memory, by.into(), evidence.into(), ranges)
    }
}

/// What was recorded, in a file that does not tell: a module without loads looks as if none were recorded.
fn traced_by_sites(accesses: &record::AccessLog) -> record::Traced {
    let loads = accesses.sites().iter().any(|site| site.kind == record::SiteKind::Load);
    record::Traced { stores: !accesses.sites().is_empty(), loads }
}

impl From<record::Traced> for Traced {
    fn from(record::Traced { stores, loads }: record::Traced) -> Traced {
        Traced { stores, loads }
    }
}

impl From<Traced> for record::Traced {
    fn from(Traced { stores, loads }: Traced) -> record::Traced {
        record::Traced { stores, loads }
    }
}

impl<'a> From<&'a record::Trigger> for Trigger<'a> {
    fn from(trigger: &'a record::Trigger) -> Trigger<'a> {
        match trigger {
            record::Trigger::Start => Trigger::Start,
            record::Trigger::Line(line) => Trigger::Line(Hex::new(line)),
            record::Trigger::Command(command) => Trigger::Command(command.into()),
        }
    }
}

impl From<Trigger<'_>> for record::Trigger {
    fn from(trigger: Trigger<'_>) -> record::Trigger {
        match trigger {
            Trigger::Start => record::Trigger::Start,
            Trigger::Line(line) => record::Trigger::Line(line.into_vec()),
            Trigger::Command(command) => record::Trigger::Command(command.into_owned()),
        }
    }
}

impl<'a> From<&'a record::Step> for Step<'a> {
    fn from(step: &'a record::Step) -> Step<'a> {
        let record::Step { depth, kind, changes, accesses, known, repeats, elapsed } = step;
        Step {
            depth: *depth,
            kind: kind.into(),
            changes: [changes.start, changes.end],
            accesses: (*accesses != (0..0)).then_some([accesses.start, accesses.end]),
            known: (*known != record::Known::BOTH).then_some([known.before, known.after]),
            repeats: *repeats,
            elapsed_ns: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

/// The steps. Earlier files omit the accesses of every step without any: those come after all of earlier steps.
fn recorded_steps(steps: Vec<Step<'_>>) -> Vec<record::Step> {
    // The ends of the enclosing steps' accesses, and how many were made before the next step for certain.
    let (mut ends, mut made): (Vec<u64>, u64) = (Vec::new(), 0);
    let place = |mut step: Step<'_>| {
        made = ends.drain(step.depth.min(ends.len())..).fold(made, u64::max);
        let [start, end] = *step.accesses.get_or_insert([made, made]);
        made = made.max(start);
        ends.push(end);
        step.into()
    };
    steps.into_iter().map(place).collect()
}

impl From<Step<'_>> for record::Step {
    fn from(step: Step<'_>) -> record::Step {
        let [start, end] = step.changes;
        let [first, last] = step.accesses.unwrap_or_default();
        let [before, after] = step.known.unwrap_or([true, true]);
        record::Step {
            depth: step.depth,
            kind: step.kind.into(),
            changes: start..end,
            accesses: first..last,
            known: record::Known { before, after, kept: true },
            repeats: step.repeats,
            elapsed: Duration::from_nanos(step.elapsed_ns),
        }
    }
}

impl<'a> From<&'a record::StepKind> for StepKind<'a> {
    fn from(kind: &'a record::StepKind) -> StepKind<'a> {
        match kind {
            record::StepKind::Instantiate => StepKind::Instantiate {},
            record::StepKind::Call { export, args, results } => {
                StepKind::Call { export: (&**export).into(), args: saved(args), results: results.as_deref().map(saved) }
            }
            record::StepKind::Import { import, args, results } => StepKind::Import {
                import: (&**import).into(),
                args: saved(args),
                results: results.as_deref().map(saved),
            },
            &record::StepKind::Write { memory, addr, len, line } => {
                let line = line.map(|record::LinePart { at, start, len }| [at, start, len]);
                StepKind::Write { memory, addr, len, line }
            }
            &record::StepKind::Read { memory, addr, len, value } => StepKind::Read { memory, addr, len, value },
            record::StepKind::Say { text } => StepKind::Say { text: Hex::new(text) },
            record::StepKind::Note { text } => StepKind::Note { text: text.into() },
            &record::StepKind::Grow { memory, pages } => StepKind::Grow { memory, pages },
            record::StepKind::Set { global, value } => {
                StepKind::Set { global: (&**global).into(), value: (*value).into() }
            }
        }
    }
}

impl From<StepKind<'_>> for record::StepKind {
    fn from(kind: StepKind<'_>) -> record::StepKind {
        match kind {
            StepKind::Instantiate {} => record::StepKind::Instantiate,
            StepKind::Call { export, args, results } => {
                record::StepKind::Call { export: shared(export), args: recorded(args), results: results.map(recorded) }
            }
            StepKind::Import { import, args, results } => record::StepKind::Import {
                import: shared(import),
                args: recorded(args),
                results: results.map(recorded),
            },
            StepKind::Write { memory, addr, len, line } => {
                let line = line.map(|[at, start, len]| record::LinePart { at, start, len });
                record::StepKind::Write { memory, addr, len, line }
            }
            StepKind::Read { memory, addr, len, value } => record::StepKind::Read { memory, addr, len, value },
            StepKind::Say { text } => record::StepKind::Say { text: text.into_vec() },
            StepKind::Note { text } => record::StepKind::Note { text: text.into_owned() },
            StepKind::Grow { memory, pages } => record::StepKind::Grow { memory, pages },
            StepKind::Set { global, value } => record::StepKind::Set { global: shared(global), value: value.into() },
        }
    }
}

fn shared(name: Cow<'_, str>) -> Arc<str> {
    Arc::from(name)
}

fn saved(values: &[record::Value]) -> Vec<Value> {
    values.iter().map(|&value| value.into()).collect()
}

fn recorded(values: Vec<Value>) -> Vec<record::Value> {
    values.into_iter().map(record::Value::from).collect()
}

impl From<record::Value> for Value {
    fn from(value: record::Value) -> Value {
        match value {
            record::Value::I32(n) => Value::I32(n),
            record::Value::I64(n) => Value::I64(n),
            record::Value::F32(bits) => Value::F32(bits),
            record::Value::F64(bits) => Value::F64(bits),
            record::Value::Opaque => Value::Opaque,
        }
    }
}

impl From<Value> for record::Value {
    fn from(value: Value) -> record::Value {
        match value {
            Value::I32(n) => record::Value::I32(n),
            Value::I64(n) => record::Value::I64(n),
            Value::F32(bits) => record::Value::F32(bits),
            Value::F64(bits) => record::Value::F64(bits),
            Value::Opaque => record::Value::Opaque,
        }
    }
}

impl<'a> From<&'a record::Change> for Change<'a> {
    fn from(change: &'a record::Change) -> Change<'a> {
        match change {
            record::Change::Bytes { memory, addr, old_then_new, by, evidence, mask } => {
                let (old, new) = old_then_new.split_at(old_then_new.len() / 2);
                Change::Bytes {
                    memory: *memory,
                    addr: *addr,
                    old: Hex::new(old),
                    new: Hex::new(new),
                    by: (*by).into(),
                    evidence: (*evidence).into(),
                    mask: mask.as_ref().map(|mask| Hex::new(mask.bits())),
                }
            }
            record::Change::Bare { memory, addr, len, by, evidence, mask } => Change::Bare {
                memory: *memory,
                addr: *addr,
                len: *len,
                by: (*by).into(),
                evidence: (*evidence).into(),
                mask: mask.as_ref().map(|mask| Hex::new(mask.bits())),
            },
            &record::Change::Growth { memory, from, to, by } => Change::Growth { memory, from, to, by: by.into() },
        }
    }
}

impl Change<'_> {
    /// Converts to a record. Whether it fits the memory before it is checked later.
    pub(super) fn into_record(self) -> Result<record::Change, String> {
        Ok(match self {
            Change::Bytes { memory, addr, old, new, by, evidence, mask } => {
                let mask = masked(mask, old.0.len())?;
                if old.0.len() != new.0.len() {
                    return Err("a change has different numbers of old and new bytes".to_owned());
                }
                record::Change::bytes(memory, addr, &old.0, &new.0, by.into(), evidence.into()).with_mask(mask)
            }
            Change::Bare { memory, addr, len, by, evidence, mask } => {
                let mask = masked(mask, usize::try_from(len).map_err(|_| MASK)?)?;
                record::Change::Bare { memory, addr, len, by: by.into(), evidence: evidence.into(), mask }
            }
            Change::Growth { memory, from, to, by } => record::Change::Growth { memory, from, to, by: by.into() },
        })
    }
}

/// The mask of a change of so many bytes, if it has one.
fn masked(mask: Option<Hex<'_>>, len: usize) -> Result<Option<record::Mask>, &'static str> {
    let mask = mask.map(|mask| record::Mask::from_bits(&mask.0, len).ok_or(MASK));
    mask.transpose()
}

/// The error for a mask of another length than its change.
const MASK: &str = "the mask of a change does not fit it";

mirror!(Actor, record::Actor, [Module, Host, Guest]);
mirror!(Evidence, record::Evidence, [Written, Found]);
