//! Commands that report over all exchanges: who wrote and read a range, where a value came from, a profile. Each is
//! text, or one line of JSON.

use std::task::Poll;

use serde::Serialize;
use serde_json::json;

use super::args::RangeArg;
use super::bounds::{MOST, inside, more};
use super::error::Error;
use super::{Context, Place, Reply};
use crate::debug::DebugInfo;
use crate::record::Evidence;
use crate::view::{
    AccessEntry, AccessList, AccessQuery, HostLanguage, Hot, ModuleFacts, OriginLink, OriginSearch, Profile,
    ProfileRow, Seen, range,
};

/// How many of the hottest ranges a profile lists.
const HOTTEST: usize = 16;
/// The version of the JSON. A new field does not raise it.
const VERSION: u32 = 1;

pub(super) fn accesses(
    context: &mut Context<'_>,
    query: AccessQuery,
    wanted: Option<RangeArg>,
    json: bool,
) -> Result<Reply, Error> {
    let (start, len) = context.range_or_selection(wanted)?;
    let (debug, memory) = (debug(context), context.session.memory());
    let list = AccessList::new(context.session.run(), query, memory, start..start + len, MOST);
    let name = if query == AccessQuery::Writers { "writers" } else { "readers" };
    if json {
        let entries: Vec<_> = list.entries.iter().map(|entry| entry_json(entry, debug)).collect();
        return line(&json!({
            "v": VERSION, "report": name, "memory": memory, "start": start, "end": start + len,
            "entries": entries, "left_out": list.left_out, "gaps": list.gaps,
        }));
    }
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
    Ok(Reply::Places(format!("{name} of {}", range(start, len)), places))
}

pub(super) fn origin(context: &mut Context<'_>, wanted: Option<RangeArg>, json: bool) -> Result<Reply, Error> {
    let (addr, _) = wanted.map_or(Ok((context.cursor, 1)), |wanted| context.range(&wanted, Some(1)))?;
    inside(context.image()?, addr, 1)?;
    let (regions, memory) = (context.regions(), context.session.memory());
    let source = ModuleFacts { debug: debug(context), regions: &regions };
    let mut search = OriginSearch::new(context.at()?, memory, addr);
    let Poll::Ready(origin) = search.go_on(context.session.run(), source, None) else {
        return Err(Error::failed("the search did not end"));
    };
    if json {
        let link = |link: &OriginLink| {
            let exchange = link.found.map(|found| found.cause);
            json!({ "addr": link.addr, "certain": link.certain, "exchange": exchange, "text": link.text })
        };
        let links: Vec<_> = origin.links.iter().map(link).collect();
        return line(&json!({
            "v": VERSION, "report": "origin", "memory": memory, "addr": addr,
            "links": links, "stopped": origin.stopped,
        }));
    }
    Ok(Reply::Text(origin.lines()))
}

pub(super) fn profile(context: &mut Context<'_>, json: bool) -> Result<Reply, Error> {
    let profile = Profile::new(context.session.run(), debug(context), HOTTEST);
    if !json {
        return Ok(Reply::Text(profile.lines(MOST)));
    }
    let row = |row: &ProfileRow| {
        json!({
            "by": if row.func.is_some() { "guest" } else { "host" }, "func": row.func, "function": row.name,
            "file": row.file.as_deref(), "line": row.line, "stores": row.count.stores, "bytes": row.count.bytes,
            "loads": row.count.loads, "bytes_read": row.count.read,
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
            None => return Err(Error::failed("the host read and wrote nothing in this exchange; name a range")),
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

fn debug<'a>(context: &'a Context<'_>) -> Option<&'a DebugInfo> {
    context.session.about().and_then(|about| about.debug.as_deref())
}

fn line(value: &impl Serialize) -> Result<Reply, Error> {
    serde_json::to_string(value).map(Reply::Json).map_err(|error| Error::Failed(error.to_string()))
}
