//! Several calls for one line: one that begins, one that takes the line, one that ends and tells the answer.
//!
//! The first may return a handle, or set up a block of memory that all share; any of the three may be missing.

use std::collections::HashMap;

use super::Example;
use super::arguments::{Arg, Form, ZERO, assignments, cost_of};
use super::code::Code;
use super::constants::numbers;
use super::entries::sources;
use super::entry::{Entry, SEQUENCE, Source};
use super::passing::{entry, named_call};
use super::survey::Survey;
use crate::abi::{frees, is_allocator};
use crate::guest::{Interface, Signature};

/// How many functions are tried as one that begins, and how many numbers as its argument.
const BEGINNERS: usize = 10;
const SEEDS: usize = 10;
/// How many functions are tried as one that takes the line, and how many ways to pass it to each.
const TAKERS: usize = 10;
const WAYS: usize = 16;
/// How many places for the line are tried.
const PLACES: usize = 4;
/// In how many places a line that is read counts.
const READ_AT: usize = 2;
/// How many functions are tried as one that ends.
const ENDERS: usize = 12;
/// How many parameters it may have.
const LONGEST: usize = 5;
/// How many ways to begin, and to go on after ways that read the line.
const MOST: usize = 2500;
/// How many ways that read the line are gone on with.
const READERS: usize = 60;
/// How many of them are begun otherwise.
const BEGUN: usize = 10;
/// The cost of each further call.
const FURTHER: u32 = 4;

const BEGINNING: [&str; 9] = ["new", "create", "init", "begin", "start", "open", "make", "reset", "alloc"];
const TAKING: [&str; 12] =
    ["update", "feed", "push", "write", "add", "append", "process", "parse", "run", "eval", "put", "send"];
const ENDING: [&str; 12] =
    ["final", "finish", "digest", "result", "get", "take", "end", "flush", "output", "render", "done", "read"];

/// Names of functions that make an object of the guest's from a text.
const MAKING: [&str; 9] = ["new", "create", "make", "from", "wrap", "string", "text", "intern", "bytes"];
/// How many functions are tried as one that makes an object of the line, and how many places for the line.
const MAKERS: usize = 4;
const MADE_AT: usize = 2;

type Func<'a> = (&'a str, &'a Signature);

/// A call that begins: the function and its arguments.
#[derive(Clone, Debug)]
struct Beginning<'a> {
    func: Func<'a>,
    args: Vec<Arg>,
}

/// The arguments of a function with so many parameters that takes an object, each with its cost.
fn of_object(count: usize) -> Vec<(Vec<Arg>, u32)> {
    match count {
        1 => vec![(vec![Arg::Status], 0)],
        2 => vec![
            (vec![Arg::Area, Arg::Status], 0),
            (vec![Arg::Status, Arg::Area], 1),
            (vec![Arg::Status, ZERO], 2),
            (vec![ZERO, Arg::Status], 2),
            (vec![Arg::Buffer, Arg::Status], 3),
            (vec![Arg::Status, Arg::Number(1)], 3),
        ],
        _ => vec![
            (vec![Arg::Status, Arg::Buffer, Arg::Capacity], 0),
            (vec![Arg::Area, Arg::Status, ZERO], 1),
            (vec![Arg::Area, Arg::Status, Arg::Number(1)], 2),
            (vec![Arg::Status, Arg::Area, Arg::AreaNext], 3),
        ],
    }
}

impl Beginning<'_> {
    /// What stands for the guest's state from then on.
    fn state(&self) -> Option<Arg> {
        match (self.func.1.results.len(), self.args.contains(&Arg::State)) {
            (_, true) => Some(Arg::State),
            (1, _) => Some(Arg::Handle),
            _ => None,
        }
    }
}

/// What all sequences of a module are made of.
pub(super) struct Sequences<'a> {
    survey: &'a Survey,
    interface: &'a Interface,
    code: &'a Code,
    example: &'a Example,
    /// The function that the user named.
    call: Option<&'a str>,
    sources: Vec<(Source<'a>, u32)>,
}

/// Whether a name has one of these words in it, as a cost.
fn cost(name: &str, words: &[&str]) -> u32 {
    let name = name.to_lowercase();
    if words.iter().any(|word| name.contains(word)) { 0 } else { 3 }
}

impl<'a> Sequences<'a> {
    pub(super) fn new(
        survey: &'a Survey,
        interface: &'a Interface,
        (code, example): (&'a Code, &'a Example),
        call: Option<&'a str>,
    ) -> Sequences<'a> {
        Sequences { survey, interface, code, example, call, sources: sources(survey, interface) }
    }

    /// The exported functions that may take part.
    fn funcs(&self) -> impl Iterator<Item = Func<'a>> {
        let is_plain = |(name, ty): &Func<'_>| {
            ty.params.iter().all(|param| param.is_number()) && !frees(name) && !name.starts_with("__wbindgen")
        };
        self.interface.funcs().filter(is_plain)
    }

    /// Functions, those with such names first.
    fn ranked(&self, words: &[&str], most: usize, fits: impl Fn(&Func<'a>) -> bool) -> Vec<(Func<'a>, u32)> {
        let mut found: Vec<_> =
            self.funcs().filter(|func| fits(func)).map(|func| (func, cost(func.0, words))).collect();
        found.sort_by_key(|(_, cost)| *cost);
        found.truncate(most);
        found
    }

    /// The calls that may begin.
    fn beginnings(&self) -> Vec<(Beginning<'a>, u32)> {
        let fits = |(name, ty): &Func<'_>| {
            ty.params.len() <= 2 && ty.results.len() <= 1 && self.call != Some(name) && !is_allocator(name)
        };
        let mut found = Vec::new();
        for (func, price) in self.ranked(&BEGINNING, BEGINNERS, fits) {
            let seeds = |place: usize| {
                let numbers = numbers(self.code, func.0, place, self.example).into_iter();
                (0u32..).zip(numbers.take(SEEDS).map(Arg::Number))
            };
            let mut add = |args: Vec<Arg>, more: u32| found.push((Beginning { func, args }, price + more));
            match func.1.params.len() {
                0 => add(Vec::new(), 0),
                1 => {
                    seeds(0).for_each(|(rank, seed)| add(vec![seed], rank));
                    add(vec![Arg::State], 1);
                }
                _ => {
                    seeds(1).for_each(|(rank, seed)| add(vec![Arg::State, seed], 1 + rank));
                    seeds(0).for_each(|(rank, seed)| add(vec![seed, ZERO], 2 + rank));
                }
            }
        }
        found
    }

    /// The ways to begin and then pass the line: the state that the beginning made, or a block of memory, is an argument.
    pub(super) fn begun(&self) -> Vec<Entry> {
        let mut found = Vec::new();
        let none = std::iter::once((None, 0));
        let beginnings = self.beginnings().into_iter().map(|(beginning, price)| (Some(beginning), price));
        for (beginning, price) in none.chain(beginnings) {
            // Without one, a zeroed block may do.
            let state = match &beginning {
                None => Some(Arg::State),
                Some(beginning) => beginning.state(),
            };
            let Some(state) = state else { continue };
            let begins = beginning.as_ref().map(|beginning| beginning.func.0);
            let fits = |(name, ty): &Func<'_>| {
                (2..=5).contains(&ty.params.len()) && begins != Some(*name) && !is_allocator(name)
            };
            for (func, cost) in self.ranked(&TAKING, TAKERS, fits) {
                let named = if self.call.is_some_and(|call| call == func.0) { 0 } else { 2 };
                self.taken(&mut found, beginning.as_ref(), (func, state), price + cost + named);
            }
        }
        found.sort_by_key(|entry: &Entry| entry.draft.cost);
        found.truncate(MOST);
        found
    }

    /// Adds the ways to pass state and line to one function.
    fn taken(
        &self,
        found: &mut Vec<Entry>,
        beginning: Option<&Beginning<'a>>,
        (func, state): (Func<'a>, Arg),
        price: u32,
    ) {
        let count = func.1.params.len();
        for form in [Form::Plain, Form::Nul] {
            let mut ways = Vec::new();
            for place in [0, count - 1] {
                let mut rest = func.1.params.clone();
                rest.remove(place);
                let mut others = assignments(&rest, form, false);
                others.retain(|args| {
                    let other = [Arg::End, Arg::Area, Arg::Buffer, Arg::Capacity];
                    args.iter().all(|arg| arg.is_plain() || other.contains(arg))
                });
                others.sort_by_key(|args| cost_of(args, form));
                ways.extend(others.into_iter().take(WAYS).map(|mut args| {
                    let cost = cost_of(&args, form) + if place == 0 { 0 } else { 2 };
                    args.insert(place, state);
                    (args, cost)
                }));
            }
            let mut places: Vec<_> = self.sources.iter().enumerate().collect();
            places.sort_by_key(|(_, (_, price))| *price);
            for (place, (source, more)) in places.into_iter().take(PLACES) {
                for (args, cost) in &ways {
                    let cost = price + more + form.cost() + cost;
                    let made = self.entry(source, (func, form, args), beginning, None, cost);
                    found.extend(made.map(|entry| Entry { numbers: (SEQUENCE, place), ..entry }));
                }
            }
        }
    }

    /// The ways to begin before ways that are known to read the line.
    pub(super) fn preceded(&self, readers: &[Entry]) -> Vec<Entry> {
        let mut found = Vec::new();
        for (beginning, price) in self.beginnings() {
            if beginning.state().is_some_and(|state| state == Arg::State) {
                continue;
            }
            for reader in readers.iter().take(BEGUN) {
                if reader.export != beginning.func.0 {
                    found.extend(self.again(reader, Some(&beginning), None, price));
                }
            }
        }
        found.sort_by_key(|entry: &Entry| entry.draft.cost);
        found.truncate(MOST);
        found
    }

    /// The ways to go on after ways that read the line.
    pub(super) fn ended(&self, readers: &[Entry]) -> Vec<Entry> {
        let mut found = Vec::new();
        let enders = self.ranked(&ENDING, ENDERS, |(name, ty)| ty.params.len() <= LONGEST && !is_allocator(name));
        for reader in readers.iter().take(READERS) {
            for (func, price) in &enders {
                if func.0 == reader.export || reader.beginning.as_ref().is_some_and(|(name, _)| name == func.0) {
                    continue;
                }
                for (args, cost) in self.endings(reader, *func) {
                    found.extend(self.again(reader, None, Some((*func, &args)), price + cost));
                }
            }
        }
        found.sort_by_key(|entry: &Entry| entry.draft.cost);
        found.truncate(MOST);
        found
    }

    /// The ways in which one function makes an object of the line, and another one takes the object. All functions whose
    /// names say that they may make one, or any.
    pub(super) fn wrapped(&self, is_named: bool) -> Vec<Entry> {
        let makes = |(name, ty): &Func<'_>| {
            ty.params.len() == 2 && ty.results.len() == 1 && self.call != Some(name) && !is_allocator(name)
        };
        let makers = self.ranked(&MAKING, MAKERS, makes).into_iter().filter(|(_, price)| !is_named || *price == 0);
        let makers: Vec<_> = makers.collect();
        let takes = |(name, ty): &Func<'_>| {
            (1..=3).contains(&ty.params.len()) && self.call.is_none_or(|call| call == *name) && !is_allocator(name)
        };
        let takers = self.ranked(&TAKING, 2 * TAKERS, takes);
        let mut places: Vec<_> = self.sources.iter().enumerate().collect();
        places.sort_by_key(|(_, (_, price))| *price);
        let mut found = Vec::new();
        for (maker, price) in &makers {
            for (taker, more) in takers.iter().filter(|(taker, _)| taker.0 != maker.0) {
                let more = if self.call.is_some() { 0 } else { *more };
                for (args, cost) in of_object(taker.1.params.len()) {
                    for (place, (source, far)) in places.iter().take(MADE_AT) {
                        let cost = FURTHER + price + more + cost + far;
                        let line = (*maker, Form::Plain, &[Arg::Ptr, Arg::Len][..]);
                        let made = self.entry(source, line, None, Some((*taker, &args)), cost);
                        found.extend(made.map(|entry| Entry { numbers: (SEQUENCE, *place), ..entry }));
                    }
                }
            }
        }
        found.sort_by_key(|entry: &Entry| entry.draft.cost);
        found.truncate(MOST);
        found
    }

    /// What the arguments of a call that ends may be.
    fn endings(&self, reader: &Entry, (name, ty): Func<'_>) -> Vec<(Vec<Arg>, u32)> {
        let has = |arg: Arg| reader.args.contains(&arg);
        let state = [Arg::Handle, Arg::State].into_iter().find(|arg| has(*arg));
        let state = state.or(Some(Arg::Status).filter(|_| reader.results == 1));
        let numbers = |place: usize| numbers(self.code, name, place, self.example).into_iter().take(SEEDS);
        let mut found: Vec<(Vec<Arg>, u32)> = Vec::new();
        match (ty.params.len(), state) {
            (0, _) => found.push((Vec::new(), 0)),
            (1, state) => {
                found.extend(state.map(|state| (vec![state], 0)));
                found.extend([Arg::Len, Arg::Area, Arg::Buffer, Arg::Ptr].map(|arg| (vec![arg], 2)));
                found.extend((2..).zip(numbers(0)).map(|(cost, number)| (vec![Arg::Number(number)], cost)));
            }
            (2, state) => {
                if let Some(state) = state {
                    found.extend([Arg::Area, Arg::Buffer, Arg::Len, Arg::Ptr].map(|arg| (vec![state, arg], 0)));
                    found.extend([Arg::Area, Arg::Buffer].map(|arg| (vec![arg, state], 2)));
                    found.extend((1..).zip(numbers(1)).map(|(cost, number)| (vec![state, Arg::Number(number)], cost)));
                }
                found.extend([[Arg::Buffer, Arg::Capacity], [Arg::Ptr, Arg::Len]].map(|args| (args.to_vec(), 2)));
                found.push((vec![Arg::Area, Arg::AreaNext], 2));
            }
            (count, Some(state)) => {
                found.push((vec![state, Arg::Buffer, Arg::Capacity], 0));
                found.push((vec![state, Arg::Area, Arg::AreaNext], 0));
                found.push((vec![Arg::Buffer, Arg::Capacity, state], 2));
                found.push((vec![state, Arg::Buffer, Arg::Area], 2));
                found.push((vec![Arg::Area, state, ZERO], 2));
                // Flags may follow.
                let flags = (0..1_i64 << (count - 2)).map(|bits| (0..count - 2).map(move |place| bits >> place & 1));
                for (cost, flags) in (2..).zip(flags) {
                    let flags = flags.map(Arg::Number);
                    found.push(([state, Arg::Buffer].into_iter().chain(flags).collect(), cost));
                }
                found.iter_mut().for_each(|(args, _)| args.resize(count, ZERO));
            }
            (_, None) => found.push((vec![Arg::Buffer, Arg::Capacity, Arg::Area], 2)),
        }
        found
    }

    /// A way that reads the line, with further calls.
    fn again(
        &self,
        reader: &Entry,
        beginning: Option<&Beginning<'a>>,
        end: Option<(Func<'a>, &[Arg])>,
        price: u32,
    ) -> Option<Entry> {
        let (source, _) = self.sources.get(reader.numbers.1)?;
        let func = self.interface.funcs().find(|(name, _)| *name == reader.export)?;
        let kept = reader.beginning.as_ref().and_then(|(name, args)| {
            let func = self.interface.funcs().find(|(export, _)| export == name)?;
            Some(Beginning { func, args: args.clone() })
        });
        let beginning = beginning.or(kept.as_ref());
        let cost = reader.draft.cost + price + FURTHER;
        let made = self.entry(source, (func, reader.form, &reader.args), beginning, end, cost)?;
        Some(Entry { numbers: (SEQUENCE, reader.numbers.1), ..made })
    }

    /// The way with these calls.
    fn entry(
        &self,
        source: &Source<'a>,
        (func, form, args): (Func<'a>, Form, &[Arg]),
        beginning: Option<&Beginning<'a>>,
        end: Option<(Func<'a>, &[Arg])>,
        cost: u32,
    ) -> Option<Entry> {
        let mut more: Vec<Arg> = beginning.map(|beginning| beginning.args.clone()).unwrap_or_default();
        more.extend(end.iter().flat_map(|(_, args)| args.iter().copied()));
        let mut made = entry(self.survey, func, source, form, (args, &more), cost)?;
        if let Some(Beginning { func: (name, ty), args }) = beginning {
            let (call, draft) = (named_call("handle", name, args, ty.results.len()), &mut made.draft);
            let state = draft.before.iter().position(|text| text.starts_with("state = ")).map_or(0, |place| place + 1);
            draft.before.insert(if args.contains(&Arg::State) { state } else { 0 }, call);
            if ty.results.len() == 1 {
                made.names.push("handle");
            }
            made.beginning = Some(((*name).to_owned(), args.clone()));
        }
        if let Some(((name, ty), args)) = end {
            made.draft.before.push(named_call("status", func.0, &made.args.clone(), func.1.results.len()));
            if func.1.results.len() == 1 {
                made.names.push("status");
            }
            made.draft.transform = Some(super::passing::call(name, args, ty.results.len()));
            made.results = ty.results.len();
        }
        Some(made)
    }
}

/// Ways that read the line and are told no more than where it is, each function with its arguments in the likeliest
/// places only.
pub(super) fn distinct(readers: &[Entry]) -> impl Iterator<Item = &Entry> {
    let mut counts = HashMap::new();
    let is_plain = |entry: &&Entry| entry.args.iter().all(|arg| arg.is_plain());
    readers.iter().filter(is_plain).filter(move |entry| {
        let count: &mut usize = counts.entry((entry.export.clone(), entry.form, entry.args.clone())).or_default();
        *count += 1;
        *count <= READ_AT
    })
}
