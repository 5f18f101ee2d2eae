//! Commands that report over all exchanges: who wrote and read a range, where a value came from, a profile, each as
//! text or one line of JSON; and expectations about who wrote.

use std::task::Poll;
use std::time::Instant;

use serde::Serialize;
use serde_json::json;

use super::args::{Address, RangeArg};
use super::awaited::Awaited;
use super::bounds::{MOST, inside, more};
use super::error::Error;
use super::expected::ExpectedWrites;
use super::{Context, Place, Reply};
use crate::debug::DebugInfo;
use crate::record::Evidence;
use crate::session::Session;
use crate::view::{
    AccessEntry, AccessList, AccessQuery, AccessSearch, FirstWriteSearch, HostLanguage, Hot, LastWriterSearch,
    ModuleFacts, Origin, OriginLink, OriginSearch, Profile, ProfileBy, ProfileRow, ProfileSearch, Regions, Seen, range,
};

/// How many of the hottest ranges a profile lists.
const HOTTEST: usize = 16;
/// The version of the JSON. A new field does not raise it.
const VERSION: u32 = 1;

/// A report that is being made, which may take long: most look at all accesses.
#[derive(Debug)]
pub struct Report {
    kind: Kind,
    json: bool,
    /// The number of the run that it is about.
    run: usize,
}

#[derive(Debug)]
enum Kind {
    Accesses { search: Box<AccessSearch>, name: &'static str, memory: usize, start: u64, len: u64 },
    Origin { search: Box<OriginSearch>, regions: Box<Regions>, memory: usize, addr: u64 },
    Profile(Box<ProfileSearch>),
    Expected(Box<ExpectedWrites>),
    Inference(Box<Awaited>),
}

impl Report {
    /// Goes on until the deadline, or to the end.
    ///
    /// # Errors
    /// Another run is selected by now.
    pub fn go_on(&mut self, session: &mut Session, until: Option<Instant>) -> Poll<Result<Reply, Error>> {
        if let Kind::Inference(awaited) = &mut self.kind {
            return awaited.go_on(session, until);
        }
        let (run, about) = (session.run(), session.about());
        let (debug, interface) = (about.and_then(|about| about.debug.as_deref()), about.map(|about| &*about.interface));
        if session.run_number() != self.run {
            return Poll::Ready(Err(Error::failed("another run is shown now; repeat the command")));
        }
        let json = self.json;
        match &mut self.kind {
            Kind::Accesses { search, name, memory, start, len } => {
                let (name, memory, start, len) = (*name, *memory, *start, *len);
                search.go_on(run, until).map(|list| match json {
                    true => accesses_json(&list, name, (memory, start, len), debug),
                    false => Ok(accesses_list(&list, name, (start, len), debug)),
                })
            }
            Kind::Origin { search, regions, memory, addr } => {
                let (memory, addr) = (*memory, *addr);
                search.go_on(run, ModuleFacts { debug, interface, regions }, until).map(|origin| match json {
                    true => origin_json(&origin, memory, addr),
                    false => Ok(Reply::Text(origin.lines())),
                })
            }
            Kind::Profile(search) => search.go_on(run, debug, HOTTEST, until).map(|profile| match json {
                true => profile_json(&profile),
                false => Ok(Reply::Text(profile.lines(MOST))),
            }),
            Kind::Expected(expected) => expected.go_on(run, debug, until),
            Kind::Inference(_) => Poll::Pending,
        }
    }

    /// How far it is, as a sentence.
    pub fn progress(&self) -> String {
        match &self.kind {
            Kind::Inference(awaited) => awaited.progress(),
            _ => "searching all accesses".to_owned(),
        }
    }
}

pub(super) fn accesses(
    context: &mut Context<'_>,
    query: AccessQuery,
    wanted: Option<RangeArg>,
    json: bool,
) -> Result<Reply, Error> {
    let (start, len) = wanted.map_or_else(|| context.selection(), |wanted| context.filled_range(&wanted))?;
    let (run, memory) = (context.session.run(), context.session.memory());
    let search = Box::new(AccessSearch::new(run, query, memory, start..start + len, MOST));
    let name = if query == AccessQuery::Writers { "writers" } else { "readers" };
    Ok(report(context, Kind::Accesses { search, name, memory, start, len }, json))
}

/// Checks the last writer of a byte.
pub(super) fn expect_writer(context: &Context<'_>, addr: &Address, name: &str) -> Result<Reply, Error> {
    let addr = context.address(addr)?;
    inside(context.image()?, addr, 1)?;
    let search = LastWriterSearch::new(context.session.run(), context.session.memory(), addr);
    let expected = ExpectedWrites::By { search, addr, name: name.to_owned() };
    Ok(report(context, Kind::Expected(Box::new(expected)), false))
}

/// Checks that a range was not written.
pub(super) fn expect_unwritten(context: &Context<'_>, wanted: &RangeArg) -> Result<Reply, Error> {
    let (start, len) = context.filled_range(wanted)?;
    let search = FirstWriteSearch::new(context.session.run(), context.session.memory(), start..start + len);
    let expected = ExpectedWrites::None { search, start, len };
    Ok(report(context, Kind::Expected(Box::new(expected)), false))
}

pub(super) fn inference(context: &Context<'_>, awaited: Awaited) -> Reply {
    report(context, Kind::Inference(Box::new(awaited)), false)
}

pub(super) fn profile(context: &mut Context<'_>, json: bool) -> Result<Reply, Error> {
    let search = ProfileSearch::new(context.session.run());
    Ok(report(context, Kind::Profile(Box::new(search)), json))
}

fn report(context: &Context<'_>, kind: Kind, json: bool) -> Reply {
    Reply::Report(Box::new(Report { kind, json, run: context.session.run_number() }))
}

fn accesses_json(
    list: &AccessList,
    name: &str,
    (memory, start, len): (usize, u64, u64),
    debug: Option<&DebugInfo>,
) -> Result<Reply, Error> {
    let entries: Vec<_> = list.entries.iter().map(|entry| entry_json(entry, debug)).collect();
    line(&json!({
        "v": VERSION, "report": name, "memory": memory, "start": start, "end": start + len,
        "entries": entries, "left_out": list.left_out, "gaps": list.gaps,
    }))
}

fn accesses_list(list: &AccessList, name: &str, (start, len): (u64, u64), debug: Option<&DebugInfo>) -> Reply {
    let mut places: Vec<_> = list
        .entries
        .iter()
        .map(|entry| Place { words: entry.line(debug), addr: Some(entry.shown), at: None })
        .collect();
    let note = |words: String| Place { words, addr: None, at: None };
    if places.is_empty() {
        places.push(note(format!("no known {name} of {}", range(start, len))));
    }
    if list.left_out > 0 {
        places.push(note(more(list.left_out)));
    }
    places.extend(list.gaps.iter().map(|gap| note(format!("note: {gap}"))));
    Reply::Places(format!("{name} of {}", range(start, len)), places)
}

pub(super) fn origin(context: &mut Context<'_>, wanted: Option<RangeArg>, json: bool) -> Result<Reply, Error> {
    let (addr, _) = wanted.map_or(Ok((context.cursor, 1)), |wanted| context.range(&wanted, Some(1)))?;
    inside(context.image()?, addr, 1)?;
    let (regions, memory) = (context.regions(), context.session.memory());
    let search = Box::new(OriginSearch::new(context.at()?, memory, addr));
    Ok(report(context, Kind::Origin { search, regions: Box::new(regions), memory, addr }, json))
}

fn origin_json(origin: &Origin, memory: usize, addr: u64) -> Result<Reply, Error> {
    let link = |link: &OriginLink| {
        let exchange = link.found.map(|found| found.cause);
        json!({ "memory": link.memory, "addr": link.addr, "certain": link.certain, "exchange": exchange, "text": link.text })
    };
    let links: Vec<_> = origin.links.iter().map(link).collect();
    line(&json!({
        "v": VERSION, "report": "origin", "memory": memory, "addr": addr,
        "links": links, "stopped": origin.stopped,
    }))
}

fn profile_json(profile: &Profile) -> Result<Reply, Error> {
    let row = |row: &ProfileRow| {
        let (by, func) = match row.by {
            ProfileBy::Guest(func) => ("guest", Some(func)),
            ProfileBy::Host => ("host", None),
            ProfileBy::Poison => ("poison", None),
        };
        json!({
            "by": by, "func": func, "function": row.name,
            "file": row.file.as_deref(), "line": row.line, "stores": row.count.stores, "bytes": row.count.bytes,
            "loads": row.loads(profile.has_loads), "bytes_read": row.bytes_read(profile.has_loads),
        })
    };
    let hot = |hot: &Hot| json!({ "memory": hot.memory, "addr": hot.addr, "len": 16, "accesses": hot.count });
    let rows: Vec<_> = profile.rows.iter().take(MOST).map(row).collect();
    let hottest: Vec<_> = profile.hottest.iter().map(hot).collect();
    line(&json!({
        "v": VERSION, "report": "profile", "rows": rows, "left_out": profile.rows.len().saturating_sub(MOST),
        "hottest": hottest, "dropped": profile.dropped, "gaps": profile.gaps,
    }))
}

/// What a host in a language sees of the call, and of a range: else of the answer, or of what the host wrote.
pub(super) fn seen_by(
    context: &mut Context<'_>,
    language: HostLanguage,
    wanted: Option<RangeArg>,
    json: bool,
) -> Result<Reply, Error> {
    let memory = context.session.memory();
    let at = context.at()?;
    let used = || at.steps.last_read(memory).or_else(|| at.steps.last_write(memory));
    let (start, len) = match &wanted {
        Some(wanted) => context.range(wanted, Some(1))?,
        None => match used() {
            Some((start, end)) => (start, end - start),
            None => return Err(Error::failed("the host neither read nor wrote in this exchange; name a range")),
        },
    };
    let seen = language.sees(context.session.run(), at, memory, start..start + len);
    let name = language.name();
    if json {
        let seen: Vec<_> = seen.iter().map(|seen| json!({ "what": seen.what, "text": seen.text })).collect();
        return line(&json!({
            "v": VERSION, "report": "as", "language": name, "memory": memory, "start": start, "end": start + len,
            "seen": seen,
        }));
    }
    // As text, which the screen wraps: the lines are long.
    Ok(Reply::Text(std::iter::once(range(start, len)).chain(seen.iter().map(Seen::line)).collect()))
}

fn entry_json(entry: &AccessEntry, debug: Option<&DebugInfo>) -> serde_json::Value {
    let hex = |bytes: &Option<Vec<u8>>| {
        bytes.as_ref().map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    };
    let frame = entry.frames(debug).into_iter().next().unwrap_or_default();
    let evidence = if entry.evidence == Evidence::Written { "written" } else { "compared" };
    json!({
        "exchange": entry.cause, "step": entry.step.map(|step| step + 1), "by": entry.by.word(), "kind": entry.what,
        "evidence": evidence, "start": entry.range.start, "end": entry.range.end,
        "shown": entry.shown, "old": hex(&entry.old), "new": hex(&entry.new),
        "func": entry.site.map(|site| site.func), "offset": entry.site.map(|site| site.offset),
        "function": frame.function, "file": frame.file.as_deref(), "line": frame.line,
    })
}

pub(super) fn debug<'a>(context: &'a Context<'_>) -> Option<&'a DebugInfo> {
    context.session.about().and_then(|about| about.debug.as_deref())
}

pub(super) fn line(value: &impl Serialize) -> Result<Reply, Error> {
    serde_json::to_string(value).map(Reply::Json).map_err(|error| Error::Failed(error.to_string()))
}
