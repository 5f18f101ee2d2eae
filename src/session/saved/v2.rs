//! Format 2, written before November 2026, and its conversion to format 3. These types never change.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

use super::hex::Hex;
use super::{cause, entry, failure, guest};

/// Parses a line and converts it to format 3.
pub(super) fn parse(line: &str) -> Result<entry::Entry<'static>, String> {
    serde_json::from_str::<Entry>(line).map_err(|error| error.to_string())?.upgrade()
}

type Text = Cow<'static, str>;
type Bytes = Hex<'static>;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Memory(u64),
    Page(u64, Bytes),
    Start,
    Run { about: Box<About>, globals: Vec<Global>, oldest: usize },
    Cause(Box<Cause>, usize),
    Change(Change),
    Marks(Vec<Mark>),
    End(u64),
}

impl Entry {
    fn upgrade(self) -> Result<entry::Entry<'static>, String> {
        Ok(match self {
            Entry::Memory(bytes) => entry::Entry::Memory { bytes },
            Entry::Page(number, bytes) => entry::Entry::Page { number, bytes },
            Entry::Start => entry::Entry::Start {},
            Entry::Run { about, globals, oldest } => {
                let globals = globals.into_iter().map(Global::upgrade).collect();
                entry::Entry::Run(Box::new(guest::Run {
                    guest: about.upgrade(),
                    globals,
                    oldest,
                    listed: Vec::new(),
                    places: Vec::new(),
                }))
            }
            Entry::Cause(cause, changes) => entry::Entry::Cause(Box::new(cause.upgrade(changes)?)),
            Entry::Change(change) => entry::Entry::Change(change.upgrade()?),
            Entry::Marks(marks) => entry::Entry::Marks(marks.into_iter().map(Mark::upgrade).collect()),
            Entry::End(causes) => entry::Entry::End { causes },
        })
    }
}

#[derive(Deserialize)]
struct About {
    name: Text,
    convention: Text,
    recipe: Text,
    undecided: Option<Text>,
    sha256: Text,
    interface: Interface,
    memory: usize,
}

impl About {
    fn upgrade(self) -> guest::Guest<'static> {
        let About { name, convention, recipe, undecided, sha256, interface, memory } = self;
        let (interface, assumed, untraced) = (interface.upgrade(), None, None);
        guest::Guest { name, convention, recipe, undecided, assumed, untraced, sha256, interface, memory }
    }
}

#[derive(Deserialize)]
struct Interface {
    exports: Vec<Export>,
    imports: Vec<Import>,
    memories: Vec<MemoryType>,
    segments: Vec<Segment>,
    globals: Vec<Variable>,
    has_start: bool,
    is_dynamic: bool,
    says: Option<Text>,
}

impl Interface {
    fn upgrade(self) -> guest::Interface<'static> {
        let Interface { exports, imports, memories, segments, globals, has_start, is_dynamic, says } = self;
        let export = |Export { name, what }| guest::Export { name, what: Extern::upgrade(what) };
        let import = |Import { module, name, what }| guest::Import { module, name, what: Extern::upgrade(what) };
        let memory =
            |MemoryType { pages, most, shared, wide }| guest::Memory { pages, max_pages: most, shared, memory64: wide };
        let segment = |Segment { memory, addr, len, name }| guest::Segment { memory, addr, len, name };
        let variable = |Variable { name, start }| guest::Variable { name, start };
        guest::Interface {
            exports: exports.into_iter().map(export).collect(),
            imports: imports.into_iter().map(import).collect(),
            memories: memories.into_iter().map(memory).collect(),
            segments: segments.into_iter().map(segment).collect(),
            variables: globals.into_iter().map(variable).collect(),
            has_start,
            is_dynamic,
            says,
        }
    }
}

#[derive(Deserialize)]
struct Export {
    name: Text,
    what: Extern,
}

#[derive(Deserialize)]
struct Import {
    module: Text,
    name: Text,
    what: Extern,
}

#[derive(Deserialize)]
enum Extern {
    Func(Signature),
    Memory { index: u32, pages: u32 },
    Global,
    Table,
    Tag,
}

impl Extern {
    fn upgrade(self) -> guest::Extern {
        let types = |types: Vec<Type>| types.into_iter().map(Type::upgrade).collect();
        match self {
            Extern::Func(Signature { params, results }) => {
                guest::Extern::Function { params: types(params), results: types(results) }
            }
            Extern::Memory { index, pages } => guest::Extern::Memory { index, pages },
            // Format 2 did not save its type.
            Extern::Global => guest::Extern::Global { ty: guest::Type::Other, mutable: false },
            Extern::Table => guest::Extern::Table { ty: None, entries: 0, max_entries: None },
            Extern::Tag => guest::Extern::Tag {},
        }
    }
}

#[derive(Deserialize)]
struct Signature {
    params: Vec<Type>,
    results: Vec<Type>,
}

#[derive(Deserialize)]
enum Type {
    I32,
    I64,
    F32,
    F64,
    Other,
}

impl Type {
    fn upgrade(self) -> guest::Type {
        match self {
            Type::I32 => guest::Type::I32,
            Type::I64 => guest::Type::I64,
            Type::F32 => guest::Type::F32,
            Type::F64 => guest::Type::F64,
            Type::Other => guest::Type::Other,
        }
    }
}

#[derive(Deserialize)]
struct MemoryType {
    pages: u64,
    most: Option<u64>,
    shared: bool,
    wide: bool,
}

#[derive(Deserialize)]
struct Segment {
    memory: u32,
    addr: Option<u64>,
    len: u64,
    name: Option<Text>,
}

#[derive(Deserialize)]
struct Variable {
    name: Text,
    start: Option<u64>,
}

#[derive(Deserialize)]
struct Global {
    name: Text,
    ty: Type,
    mutable: bool,
    value: Value,
}

impl Global {
    fn upgrade(self) -> guest::Global<'static> {
        let Global { name, ty, mutable, value } = self;
        guest::Global { name, ty: ty.upgrade(), mutable, value: value.upgrade() }
    }
}

#[derive(Deserialize)]
struct Cause {
    trigger: Trigger,
    crossings: Vec<Step>,
    changes: Vec<Change>,
    focus: Option<usize>,
    outcome: Outcome,
}

impl Cause {
    /// Converts the cause, which `changes` changes follow.
    fn upgrade(self, changes: usize) -> Result<cause::Cause<'static>, String> {
        let Cause { trigger, crossings, changes: inside, focus, outcome } = self;
        // The cost of these would not be charged.
        if !inside.is_empty() {
            return Err("a record has changes inside itself".to_owned());
        }
        let (answer, failure) = match outcome {
            Outcome::Ok(answer) => (Some(answer), None),
            Outcome::Err(failure) => (None, Some(failure.upgrade())),
        };
        let steps = crossings.into_iter().map(Step::upgrade).collect();
        let (trigger, accesses, traced, written) = (trigger.upgrade(), Vec::new(), None, Vec::new());
        Ok(cause::Cause { trigger, steps, changes, accesses, traced, written, focus, answer, failure, cleanup: None })
    }
}

#[derive(Deserialize)]
enum Trigger {
    Start,
    Line(Bytes),
    Command(Text),
}

impl Trigger {
    fn upgrade(self) -> cause::Trigger<'static> {
        match self {
            Trigger::Start => cause::Trigger::Start,
            Trigger::Line(line) => cause::Trigger::Line(line),
            Trigger::Command(command) => cause::Trigger::Command(command),
        }
    }
}

#[derive(Deserialize)]
enum Outcome {
    Ok(Bytes),
    Err(Failure),
}

#[derive(Deserialize)]
struct Step {
    depth: usize,
    step: StepKind,
    changes: Changes,
    elapsed: Duration,
}

#[derive(Deserialize)]
struct Changes {
    start: usize,
    end: usize,
}

impl Step {
    fn upgrade(self) -> cause::Step<'static> {
        let Step { depth, step, changes: Changes { start, end }, elapsed } = self;
        let elapsed_ns = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        cause::Step {
            depth,
            kind: step.upgrade(),
            changes: [start, end],
            accesses: None,
            known: None,
            repeats: None,
            elapsed_ns,
        }
    }
}

#[derive(Deserialize)]
enum StepKind {
    Instantiate,
    Call { export: Text, args: Vec<Value>, results: Option<Vec<Value>> },
    Write { memory: usize, addr: u64, len: u64 },
    Read { memory: usize, addr: u64, len: u64 },
    Import { import: Text, args: Vec<Value>, results: Option<Vec<Value>> },
    Say { text: Bytes },
    Grow { memory: usize, pages: u64 },
    Set { global: Text, value: Value },
}

impl StepKind {
    fn upgrade(self) -> cause::StepKind<'static> {
        let values = |values: Vec<Value>| values.into_iter().map(Value::upgrade).collect();
        match self {
            StepKind::Instantiate => cause::StepKind::Instantiate {},
            StepKind::Call { export, args, results } => {
                cause::StepKind::Call { export, args: values(args), results: results.map(values) }
            }
            StepKind::Write { memory, addr, len } => cause::StepKind::Write { memory, addr, len, line: None },
            StepKind::Read { memory, addr, len } => cause::StepKind::Read { memory, addr, len, value: None },
            StepKind::Import { import, args, results } => {
                cause::StepKind::Import { import, args: values(args), results: results.map(values) }
            }
            StepKind::Say { text } => cause::StepKind::Say { text },
            StepKind::Grow { memory, pages } => cause::StepKind::Grow { memory, pages },
            StepKind::Set { global, value } => cause::StepKind::Set { global, value: value.upgrade() },
        }
    }
}

#[derive(Deserialize)]
enum Value {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    Opaque,
}

impl Value {
    fn upgrade(self) -> cause::Value {
        match self {
            Value::I32(n) => cause::Value::I32(n),
            Value::I64(n) => cause::Value::I64(n),
            Value::F32(bits) => cause::Value::F32(bits),
            Value::F64(bits) => cause::Value::F64(bits),
            Value::Opaque => cause::Value::Opaque,
        }
    }
}

#[derive(Deserialize)]
enum Change {
    Bytes {
        memory: usize,
        addr: u64,
        /// The old bytes, then the same number of new ones.
        halves: Bytes,
        by: Actor,
        evidence: Evidence,
    },
    Growth {
        memory: usize,
        from: u64,
        to: u64,
        by: Actor,
    },
}

impl Change {
    fn upgrade(self) -> Result<cause::Change<'static>, String> {
        Ok(match self {
            Change::Bytes { memory, addr, halves, by, evidence } => {
                let mut old = halves.into_vec();
                let new = old.split_off(old.len() / 2);
                let (old, new) = (Hex(old.into()), Hex(new.into()));
                let (by, evidence) = (by.upgrade(), evidence.upgrade());
                cause::Change::Bytes { memory, addr, old, new, by, evidence, mask: None }
            }
            Change::Growth { memory, from, to, by } => cause::Change::Growth { memory, from, to, by: by.upgrade() },
        })
    }
}

#[derive(Deserialize)]
enum Actor {
    Module,
    Host,
    Guest,
}

impl Actor {
    fn upgrade(self) -> cause::Actor {
        match self {
            Actor::Module => cause::Actor::Module,
            Actor::Host => cause::Actor::Host,
            Actor::Guest => cause::Actor::Guest,
        }
    }
}

#[derive(Deserialize)]
enum Evidence {
    Written,
    Found,
}

impl Evidence {
    fn upgrade(self) -> cause::Evidence {
        match self {
            Evidence::Written => cause::Evidence::Written,
            Evidence::Found => cause::Evidence::Found,
        }
    }
}

#[derive(Deserialize)]
enum Failure {
    Trap { call: Text, cause: Text, said: Option<Text>, trace: Vec<Frame> },
    OutOfBounds { attempt: Text, addr: u64, len: u64, memory: u64 },
    NoRoom { len: u64, room: u64, addr: u64 },
    Refused(Text),
    Limit(Limit),
    Interrupted,
    Cancelled,
    Exit(i32),
    InImport { import: Text, failure: Box<Failure> },
    Mismatch(Text),
    InRecipe { at: usize, failure: Box<Failure> },
}

impl Failure {
    fn upgrade(self) -> failure::Failure<'static> {
        match self {
            Failure::Trap { call, cause, said, trace } => {
                let frame =
                    |Frame { name, index, offset }| failure::Frame { name, index, offset, ..failure::Frame::default() };
                let trace = trace.into_iter().map(frame).collect();
                failure::Failure::Trap { call, cause, said, trace, omitted: 0, detail: Box::default() }
            }
            Failure::OutOfBounds { attempt, addr, len, memory } => {
                let access = if attempt == "writing" { failure::Access::Write } else { failure::Access::Read };
                failure::Failure::OutOfBounds { access, addr, len, memory }
            }
            Failure::NoRoom { len, room, addr } => failure::Failure::NoRoom { len, room, addr },
            Failure::Refused(message) => failure::Failure::Refused { message },
            Failure::Limit(Limit::Time(limit)) => {
                failure::Failure::TimeLimit { limit_ns: u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX) }
            }
            Failure::Limit(Limit::Output(len, limit)) => failure::Failure::OutputLimit { len, limit },
            Failure::Interrupted => failure::Failure::Interrupted {},
            Failure::Cancelled => failure::Failure::Cancelled {},
            Failure::Exit(status) => failure::Failure::Exit { status },
            Failure::InImport { import, failure } => {
                failure::Failure::InImport { import, failure: Box::new(failure.upgrade()) }
            }
            Failure::Mismatch(message) => failure::Failure::Mismatch { message },
            Failure::InRecipe { at, failure } => {
                failure::Failure::InRecipe { line: at, failure: Box::new(failure.upgrade()) }
            }
        }
    }
}

#[derive(Deserialize)]
struct Frame {
    name: Option<Text>,
    index: u32,
    offset: Option<usize>,
}

#[derive(Deserialize)]
enum Limit {
    Time(Duration),
    Output(u64, u64),
}

#[derive(Deserialize)]
struct Mark {
    name: Text,
    memory: usize,
    start: u64,
    end: u64,
}

impl Mark {
    fn upgrade(self) -> entry::Mark<'static> {
        let Mark { name, memory, start, end } = self;
        entry::Mark { name, memory, start, end }
    }
}
