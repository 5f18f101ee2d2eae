//! A guest without and a guest with recording, which are compared after every call.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use linmem::guest::{
    Boundary, Code, Extern, Guest, Host, Interface, Limits, Passes, Program, Recorded, Type, Watchdog,
};
use linmem::record::{Actor, Failure, Moment, Outcome, Recorder, Run, SiteKind, Target, Trigger, Value};

pub(crate) const STORES: Passes = Passes { stores: true, loads: false, pauses: false };
pub(crate) const ALL: Passes = Passes { stores: true, loads: true, pauses: false };

/// Answers every import with zeros.
struct Zeroes;

impl Host for Zeroes {
    fn import(&mut self, _: usize, _: &[Value], _: &mut dyn Boundary) -> Result<Vec<Value>, Box<Failure>> {
        Ok(Vec::new())
    }

    fn name(&self, place: usize) -> Arc<str> {
        format!("import {place}").into()
    }
}

/// A plain instance of a module, and one with recording.
pub(crate) struct Pair {
    name: String,
    interface: Interface,
    plain: Guest,
    traced: Guest,
    watch: Watchdog,
    recorder: Recorder,
    pub(crate) run: Run,
    /// How many accesses were recorded.
    pub(crate) accesses: u64,
}

fn compile(name: &str, binary: &[u8], limits: Limits, passes: Passes) -> Option<Program> {
    Code::read(name, binary).ok()?.compile_traced(limits, passes).ok()
}

impl Pair {
    /// Both instances; `None` if the module cannot be run.
    pub(crate) fn new(name: &str, binary: &[u8], passes: Passes, record: u64) -> Option<Pair> {
        let limits = Limits { record, time: Some(Duration::from_secs(20)), memory: 64 << 20, ..Limits::default() };
        let plain = compile(name, binary, limits, Passes::default())?;
        let traced = compile(name, binary, limits, passes).expect("what can be compiled can be traced");
        assert_eq!(traced.why_untraced(), None, "{name}");
        let interface = plain.interface().clone();
        let watch = Watchdog::new(limits.time);
        let plain = plain.instantiate(&Watchdog::new(limits.time)).ok()?;
        let traced = traced.instantiate(&watch).expect("what can be instantiated can be traced");
        let mut pair = Pair {
            name: name.to_owned(),
            interface,
            plain,
            traced,
            watch,
            recorder: Recorder::default(),
            run: Run::new(usize::MAX),
            accesses: 0,
        };
        Recorded::new(&mut pair.traced, &mut pair.recorder).instantiated(Duration::ZERO);
        let start = pair.recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        pair.run.push(Arc::new(start), pair.recorder.present().clone());
        pair.check_present();
        Some(pair)
    }

    pub(crate) fn interface(&self) -> &Interface {
        &self.interface
    }

    /// The bytes of a memory of the plain guest.
    pub(crate) fn plain_bytes(&mut self, memory: usize) -> &[u8] {
        self.plain.bytes(memory)
    }

    /// Calls an export of both guests, and checks that they behave the same and that the record is right. False if one
    /// of them ran out of time or stack.
    pub(crate) fn call(&mut self, export: &str, args: &[Value]) -> bool {
        self.outcome(export, args).is_some()
    }

    /// The same. If neither ran out of time or stack: the results of both, or `None` if they failed.
    pub(crate) fn outcome(&mut self, export: &str, args: &[Value]) -> Option<Option<Vec<Value>>> {
        let func = self.plain.func(export).expect("it is exported");
        let expected = self.plain.watch().clone().during(|| {
            let results = self.plain.call(&func, args, &mut Zeroes).map(<[Value]>::to_vec);
            results.map_err(|failure| *failure)
        });
        let func = self.traced.func(export).expect("it is exported");
        let mut recorded = Recorded::new(&mut self.traced, &mut self.recorder);
        let found = self.watch.during(|| {
            let results = recorded.call(&func, args, &mut Zeroes).map(<[Value]>::to_vec);
            results.map_err(|failure| *failure)
        });
        if is_about_resources(&expected) || is_about_resources(&found) {
            return None;
        }
        self.settle();
        let found = found.map_err(|failure| self.with_offset_of(failure, &expected));
        assert_eq!(found, expected, "{}: {export}{args:?}", self.name);
        Some(expected.ok())
    }

    /// Replaces the traced guest's trap offset with the other's if that one trapped in a load. The compiler may fuse a
    /// load into the instruction that uses its value, and then attributes the trap to that one.
    fn with_offset_of(&self, mut failure: Failure, expected: &Result<Vec<Value>, Failure>) -> Failure {
        let last = self.run.cause(self.run.len() - 1).expect("it happened");
        // A load that is out of bounds at any address has no site.
        let is_load = |offset: Option<usize>| {
            let mut sites = last.accesses.sites().iter().filter(|site| Some(site.offset as usize) == offset);
            sites.all(|site| site.kind == SiteKind::Load)
        };
        if let (Failure::Trap { trace, .. }, Err(Failure::Trap { trace: other, .. })) = (&mut failure, expected)
            && let (Some(frame), Some(other)) = (trace.first_mut(), other.first())
            && is_load(frame.offset)
            && frame.offset < other.offset
        {
            frame.offset = other.offset;
        }
        failure
    }

    fn settle(&mut self) {
        let cause = self.recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        self.accesses += cause.accesses.len();
        self.run.push(Arc::new(cause), self.recorder.present().clone());
        self.check_present();
        self.check_last();
    }

    /// The memories of both guests are equal, and match the recorder's.
    fn check_present(&mut self) {
        let memories = self.plain.memories();
        for memory in 0..memories {
            let live = self.traced.bytes(memory);
            assert!(self.plain.bytes(memory) == live, "{}: memory {memory} differs from the untraced one", self.name);
            // Comparing finds nothing that was not recorded.
            self.recorder.compare(memory, live, Actor::Guest, &|| true);
        }
        let missed = self.recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        assert!(missed.changes.is_empty(), "{}: not recorded: {:?}", self.name, missed.changes.first());
    }

    /// The last cause's changes and accesses lead from memory before it to memory after it, and back.
    fn check_last(&self) {
        let number = self.run.len() - 1;
        let cause = self.run.cause(number).expect("it happened");
        let before = self.run.at(Moment { cause: number, change: 0 }).expect("it is known");
        let mut memories = before.clone();
        cause.changes.iter().for_each(|change| change.redo(&mut memories));
        assert!(memories == *self.run.present(), "{}: before + changes is not after", self.name);
        cause.changes.iter().rev().for_each(|change| change.undo(&mut memories));
        assert!(memories == before, "{}: undone is not before", self.name);
        let dropped = cause.accesses.dropped();
        for segment in cause.accesses.segments() {
            let Range { start, end } = segment.accesses;
            let kept = match dropped.start < end && start < dropped.end {
                true => [start..dropped.start, dropped.end..end],
                false => [start..end, end..end],
            };
            kept.into_iter().for_each(|kept| self.check_accesses(number, kept));
        }
    }

    /// Each access matches memory before and after it.
    pub(crate) fn check_accesses(&self, number: usize, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let cause = self.run.cause(number).expect("it happened");
        let at = |access| self.run.at_access(number, access).unwrap_or_else(|| panic!("{}: {access}", self.name));
        let mut memories = at(range.start);
        for access in range.clone() {
            let access = cause.accesses.get(access).expect("it is kept");
            let name = || format!("{}: {access:?}", self.name);
            if let Some((from, to)) = access.growth() {
                let memory = &mut memories[access.site.memory as usize];
                assert_eq!(memory.len(), from << 16, "{}", name());
                memory.resize(to << 16);
                continue;
            }
            let Some(old) = access.old() else {
                assert!(access.site.kind.is_bulk(), "{}", name());
                memories = at(access.number + 1);
                continue;
            };
            let memory = &mut memories[access.site.memory as usize];
            let mut found = vec![0; old.len()];
            assert_eq!(memory.read(access.addr, &mut found), old.len(), "{}", name());
            assert_eq!(found, old, "{}", name());
            if access.site.kind.writes() {
                memory.write(access.addr, access.new_bytes().expect("its old bytes are kept"));
            }
        }
        assert!(memories == at(range.end), "{}: the accesses do not lead to the memories after them", self.name);
        for at in [range.start, range.start + (range.end - range.start) / 3, range.end] {
            let memories = self.run.at_access(number, at).expect("it is kept");
            if at < range.end {
                let target = |memory| Target { memory, range: 0..u64::MAX, reads: false };
                let writes =
                    (0..memories.len()).map(|memory| cause.accesses.touching(at..range.end, &target(memory)).count());
                let expected = (at..range.end)
                    .filter(|&at| cause.accesses.get(at).is_some_and(|at| at.site.kind.writes() && at.len > 0));
                assert_eq!(writes.sum::<usize>(), expected.count(), "{}", self.name);
            }
        }
    }

    /// Has the host write bytes into the first memory of both guests, if it reaches so far.
    pub(crate) fn write(&mut self, addr: u64, bytes: &[u8]) {
        if (self.plain.bytes(0).len() as u64) < addr + bytes.len() as u64 {
            return;
        }
        self.plain.write(0, addr, bytes).expect("it reaches so far");
        Recorded::new(&mut self.traced, &mut self.recorder).write(0, addr, bytes).expect("it reaches so far");
        self.settle();
    }

    /// Calls every exported function with some arguments.
    pub(crate) fn call_all(&mut self) -> usize {
        let exports = self.interface.exports.clone();
        let mut calls = 0;
        for export in &exports {
            let Extern::Func(signature) = &export.what else { continue };
            let args: Vec<_> = signature.params.iter().zip(1..).map(|(&ty, place)| argument(ty, place)).collect();
            if args.contains(&Value::Opaque) {
                continue;
            }
            calls += 1;
            if !self.call(&export.name, &args) {
                break;
            }
        }
        calls
    }
}

/// Whether a call hit the limit of time or stack, of which a traced guest needs more.
fn is_about_resources(outcome: &Result<Vec<Value>, Failure>) -> bool {
    match outcome {
        Err(Failure::Trap { trace, .. }) => trace.is_empty(),
        Err(Failure::Limit(_)) => true,
        _ => false,
    }
}

fn argument(ty: Type, place: i32) -> Value {
    match ty {
        Type::I32 => Value::I32(place * 17),
        Type::I64 => Value::I64(i64::from(place) * 99),
        Type::F32 => Value::F32(1.5_f32.to_bits()),
        Type::F64 => Value::F64(2.5_f64.to_bits()),
        _ => Value::Opaque,
    }
}

pub(crate) fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test's module is right")
}
