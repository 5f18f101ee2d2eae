//! The JSON of an exchange, as separate types: their field names and order are the format.

use std::time::Duration;

use serde::Serialize;

use super::failure::Error;
use super::value::{Bytes, Integer, Value};
use crate::check;
use crate::record::{self, AccessLog, Cause, Failure, Traced, Trigger};
use crate::view::runs_guest;

/// The version of the format. Adding a field keeps it; renaming a field or changing its meaning raises it.
const VERSION: u32 = 2;

#[derive(Serialize)]
pub(super) struct Exchange<'a> {
    v: u32,
    /// Omitted for the first run.
    #[serde(skip_serializing_if = "is_first")]
    run: usize,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    input: Option<Bytes<'a>>,
    output: Option<Bytes<'a>>,
    error: Option<Error<'a>>,
    /// The guest's messages.
    messages: Vec<Bytes<'a>>,
    elapsed_ns: u64,
    steps: Vec<Step<'a>>,
    changes: Vec<Change<'a>>,
    /// If the bytes were dropped, and the changes with them: the written ranges.
    written: Option<Vec<Written>>,
    /// What was recorded of the guest's accesses, as `--trace` names it; null if the guest did not run.
    recorded: Option<&'static str>,
    /// Null where none was recorded.
    accesses: Option<Accesses>,
    findings: Vec<Finding<'a>>,
}

/// Something that is wrong or suspicious.
#[derive(Serialize)]
struct Finding<'a> {
    name: &'a str,
    sentence: &'a str,
    why: &'a str,
    /// The index of the step to look at.
    step: Option<usize>,
    memory: usize,
    /// The range to look at, from the first address to behind the last; null if there is none.
    range: Option<[u64; 2]>,
}

/// Ranges of a memory that somebody wrote.
#[derive(Serialize)]
struct Written {
    memory: usize,
    by: &'static str,
    evidence: &'static str,
    ranges: Vec<[u64; 2]>,
}

/// How many accesses the guest made, and which of them are not kept.
#[derive(Serialize)]
struct Accesses {
    count: u64,
    /// Those from the first number to before the second.
    dropped: Option<[u64; 2]>,
    without_bytes: u64,
}

#[derive(Serialize)]
struct Step<'a> {
    depth: usize,
    #[serde(flatten)]
    kind: StepKind<'a>,
    /// The range of changes made during the step, half-open.
    changes: [usize; 2],
    /// Whether memory is known before and after it. Omitted if both are true.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_known: Option<[bool; 2]>,
    elapsed_ns: u64,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum StepKind<'a> {
    Start,
    Call { export: &'a str, args: Vec<Value>, results: Option<Vec<Value>> },
    Write { memory: usize, addr: Integer, len: Integer },
    Read { memory: usize, addr: Integer, len: Integer, loaded: Option<Integer> },
    Grow { memory: usize, pages: u64 },
    Import { import: &'a str, args: Vec<Value>, results: Option<Vec<Value>> },
    Say { text: Bytes<'a> },
    Note { text: Bytes<'a> },
    Set { global: &'a str, value: Value },
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Change<'a> {
    Bytes {
        memory: usize,
        addr: u64,
        by: &'static str,
        evidence: &'static str,
        old: Bytes<'a>,
        new: Bytes<'a>,
        /// If only some bytes were written: the written ranges, as half-open address ranges.
        written: Option<Vec<[u64; 2]>>,
    },
    /// Bytes whose values are not kept.
    Bare {
        memory: usize,
        addr: u64,
        len: u64,
        by: &'static str,
        evidence: &'static str,
        /// The written ranges, as half-open address ranges.
        written: Vec<[u64; 2]>,
    },
    Growth {
        memory: usize,
        by: &'static str,
        from_pages: u64,
        to_pages: u64,
    },
}

impl Exchange<'_> {
    pub(super) fn new<'a>(run: usize, line: u64, cause: &'a Cause, findings: &'a [check::Finding]) -> Exchange<'a> {
        let (input, command) = match &cause.trigger {
            Trigger::Line(line) => (Some(Bytes::new(line)), None),
            Trigger::Command(command) => (None, Some(command.as_str())),
            Trigger::Start => (None, None),
        };
        Exchange {
            v: VERSION,
            run,
            line,
            command,
            input,
            output: cause.outcome.as_deref().ok().filter(|_| command.is_none()).map(Bytes::new),
            error: Error::of(cause),
            messages: cause.messages().map(Bytes::new).collect(),
            elapsed_ns: nanos(cause.elapsed()),
            steps: cause.steps.iter().map(Step::from).collect(),
            changes: cause.changes.iter().map(Change::from).collect(),
            written: (!cause.written.is_empty()).then(|| cause.written.iter().map(Written::from).collect()),
            recorded: recorded(cause),
            accesses: Accesses::of(&cause.accesses),
            findings: findings.iter().map(Finding::from).collect(),
        }
    }

    /// A line that was not sent.
    pub(super) fn unsent(line: u64, failure: &Failure) -> Exchange<'_> {
        Exchange {
            v: VERSION,
            run: 1,
            line,
            command: None,
            input: None,
            output: None,
            error: Some(failure.into()),
            messages: Vec::new(),
            elapsed_ns: 0,
            steps: Vec::new(),
            changes: Vec::new(),
            written: None,
            recorded: None,
            accesses: None,
            findings: Vec::new(),
        }
    }
}

impl<'a> From<&'a check::Finding> for Finding<'a> {
    fn from(finding: &'a check::Finding) -> Finding<'a> {
        let range = &finding.range;
        Finding {
            name: finding.kind.name,
            sentence: &finding.sentence,
            why: finding.kind.why,
            step: finding.step,
            memory: finding.memory,
            range: (!range.is_empty()).then_some([range.start, range.end]),
        }
    }
}

fn recorded(cause: &Cause) -> Option<&'static str> {
    let word = match cause.traced {
        Traced { loads: true, .. } => "loads",
        Traced { stores: true, .. } => "stores",
        Traced { .. } => "off",
    };
    runs_guest(cause).then_some(word)
}

impl From<&record::WrittenRanges> for Written {
    fn from(written: &record::WrittenRanges) -> Written {
        let ranges = written.bounds().iter().map(|&(first, last)| [u64::from(first), u64::from(last) + 1]).collect();
        let evidence = evidence(written.evidence);
        Written { memory: written.memory, by: written.by.word(), evidence, ranges }
    }
}

fn evidence(evidence: record::Evidence) -> &'static str {
    match evidence {
        record::Evidence::Written => "written",
        record::Evidence::Found => "compared",
    }
}

impl Accesses {
    fn of(log: &AccessLog) -> Option<Accesses> {
        let (count, dropped) = (log.len(), log.dropped());
        let without_bytes = log.missing(&(0..count)).bare;
        let dropped = (!dropped.is_empty()).then_some([dropped.start, dropped.end]);
        (count > 0).then_some(Accesses { count, dropped, without_bytes })
    }
}

impl<'a> From<&'a record::Step> for Step<'a> {
    fn from(step: &'a record::Step) -> Step<'a> {
        let record::Known { before, after, .. } = step.known;
        Step {
            depth: step.depth,
            kind: (&step.kind).into(),
            changes: [step.changes.start, step.changes.end],
            memory_known: (!before || !after).then_some([before, after]),
            elapsed_ns: nanos(step.elapsed),
        }
    }
}

impl<'a> From<&'a record::StepKind> for StepKind<'a> {
    fn from(kind: &'a record::StepKind) -> StepKind<'a> {
        let values = |values: &[record::Value]| values.iter().map(|&value| Value::from(value)).collect();
        match kind {
            record::StepKind::Instantiate => StepKind::Start,
            record::StepKind::Call { export, args, results } => {
                StepKind::Call { export, args: values(args), results: results.as_deref().map(values) }
            }
            &record::StepKind::Write { memory, addr, len, .. } => {
                StepKind::Write { memory, addr: Integer(addr), len: Integer(len) }
            }
            &record::StepKind::Read { memory, addr, len, value } => {
                StepKind::Read { memory, addr: Integer(addr), len: Integer(len), loaded: value.map(Integer) }
            }
            &record::StepKind::Grow { memory, pages } => StepKind::Grow { memory, pages },
            record::StepKind::Import { import, args, results } => {
                StepKind::Import { import, args: values(args), results: results.as_deref().map(values) }
            }
            record::StepKind::Say { text } => StepKind::Say { text: Bytes::new(text) },
            record::StepKind::Note { text } => StepKind::Note { text: Bytes::new(text.as_bytes()) },
            record::StepKind::Set { global, value } => StepKind::Set { global, value: Value::from(*value) },
        }
    }
}

impl<'a> From<&'a record::Change> for Change<'a> {
    fn from(change: &'a record::Change) -> Change<'a> {
        match change {
            record::Change::Bytes { memory, addr, old_then_new, by, evidence, mask } => {
                let (old, new) = old_then_new.split_at(old_then_new.len() / 2);
                let evidence = self::evidence(*evidence);
                let (old, new) = (Bytes::new(old), Bytes::new(new));
                let runs = || change.runs().map(|run| [run.start, run.end]).collect();
                let written = mask.as_ref().map(|_| runs());
                Change::Bytes { memory: *memory, addr: *addr, by: by.word(), evidence, old, new, written }
            }
            &record::Change::Bare { memory, addr, len, by, evidence, .. } => {
                let evidence = self::evidence(evidence);
                let written = change.runs().map(|run| [run.start, run.end]).collect();
                Change::Bare { memory, addr, len, by: by.word(), evidence, written }
            }
            &record::Change::Growth { memory, from, to, by } => {
                Change::Growth { memory, by: by.word(), from_pages: from, to_pages: to }
            }
        }
    }
}

fn is_first(run: &usize) -> bool {
    *run == 1
}

fn nanos(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}
