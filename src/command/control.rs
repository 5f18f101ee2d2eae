//! Commands that stop the running guest and have it go on.

use std::cmp::Ordering;
use std::time::Duration;

use super::args::{Address, Args, RangeArg};
use super::bounds::EMPTY;
use super::error::{ArgumentError, Error};
use super::{Context, Reply};
use crate::guest::{Go, Passes, WatchKind, Watchpoint};
use crate::record::Actor;
use crate::session::{BreakPlace, Breakpoint, Means, State, Stops};
use crate::view::{NOT_OVER, Selection, counted, range, stop_calls, stop_place, visible, whole};

/// The time for each line where none is given.
const SLOW: Duration = Duration::from_millis(500);
/// The longest time for one line.
const SLOWEST: u64 = 60_000;

/// What is to be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WatchArg {
    range: RangeArg,
    on: On,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum On {
    Kind(WatchKind),
    /// The range holds this number, or these bytes.
    Value(String),
}

/// Which breakpoint or watchpoint is to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removed {
    All,
    Number(usize),
}

impl WatchArg {
    /// Reads `ADDR..END [read|write|change|== VALUE]`, if anything is given.
    pub(super) fn parse(args: &mut Args<'_>) -> Result<Option<WatchArg>, ArgumentError> {
        let Some(range) = args.optional_range()? else { return Ok(None) };
        let on = if args.take("read") {
            On::Kind(WatchKind::Read)
        } else if args.take("change") {
            On::Kind(WatchKind::Change)
        } else if args.take("==") {
            On::Value(args.text("VALUE")?)
        } else {
            args.take("write");
            On::Kind(WatchKind::Write)
        };
        Ok(Some(WatchArg { range, on }))
    }
}

impl Removed {
    /// Reads a number, or `all`.
    pub(super) fn parse(word: &str) -> Result<Removed, ArgumentError> {
        match whole(word).and_then(|number| usize::try_from(number).ok()) {
            _ if word == "all" => Ok(Removed::All),
            Some(number) => Ok(Removed::Number(number)),
            None => ArgumentError::expected("a number, or all", word),
        }
    }

    fn number(self) -> Option<usize> {
        match self {
            Removed::All => None,
            Removed::Number(number) => Some(number),
        }
    }
}

/// A place in the code: `FUNC`, `FILE:LINE` or `OFFSET`.
///
/// # Errors
/// It is empty, the line is 0, or the offset is too large.
pub fn parse_place(text: &str) -> Result<BreakPlace, String> {
    if text.trim().is_empty() {
        return Err("missing place: a function, FILE:LINE or an offset".to_owned());
    }
    let line = text.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
    match (line, whole(text)) {
        (Some((file, 0)), _) if !file.ends_with(':') => Err(format!("lines are numbered from 1, got `{file}:0`")),
        (Some((file, line)), _) if !file.is_empty() && !file.ends_with(':') => {
            Ok(BreakPlace::Line(file.to_owned(), line))
        }
        (_, Some(offset)) => {
            u32::try_from(offset).map(BreakPlace::Offset).map_err(|_| format!("`{text}` is past the end of any module"))
        }
        _ => Ok(BreakPlace::Function(text.to_owned())),
    }
}

/// A watchpoint by its addresses, where no guest is there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchRequest {
    /// The first address.
    pub start: u64,
    /// The address after the last.
    pub end: u64,
    /// At which accesses.
    pub on: WatchKind,
}

/// A watchpoint as the command line has it: `START..END`, or an address, and then at which accesses, as in `:watch`.
///
/// # Errors
/// What is wrong with it.
pub fn parse_watchpoint(text: &str) -> Result<WatchRequest, String> {
    let mut args = Args::new(text, text);
    let read = WatchArg::parse(&mut args).and_then(|arg| args.end().map(|()| arg));
    let arg = read.map_err(|error| error.to_string())?.ok_or("missing range")?;
    let wrong = || format!("expected numbers such as 0x41c..0x42a, got `{text}`");
    let RangeArg::At(addr, len) = &arg.range else { return Err(wrong()) };
    let (start, end) = match (addr.0.split_once(".."), *len) {
        (Some(_), Some(len)) => return Err(ArgumentError::Unexpected(len.to_string()).to_string()),
        (Some((start, end)), None) => (whole(start), whole(end)),
        (None, len) => (whole(&addr.0), whole(&addr.0).and_then(|start| start.checked_add(len.unwrap_or(1)))),
    };
    let (start, end) = start.zip(end).ok_or_else(wrong)?;
    match start.cmp(&end) {
        Ordering::Greater => return Err(format!("`{}` ends before it begins", addr.0)),
        Ordering::Equal => return Err(EMPTY.to_owned()),
        Ordering::Less => (),
    }
    let on = match arg.on {
        On::Kind(kind) => kind,
        On::Value(value) => WatchKind::Equals(value_bytes(&value, end - start).map_err(|error| error.to_string())?),
    };
    Ok(WatchRequest { start, end, on })
}

/// Sets a watchpoint, or lists them.
pub(super) fn watch(context: &mut Context<'_>, watched: Option<WatchArg>) -> Result<Reply, Error> {
    let Some(WatchArg { range: arg, on }) = watched else {
        let watches = context.session.stops().watches();
        let lines = watches.iter().map(|watch| watch_line(watch, context.session.stops()));
        return Ok(list(lines, "no watchpoints; :watch ADDR..END sets one"));
    };
    context.has_guest()?;
    let (start, len) = context.filled_range(&arg)?;
    let on = match on {
        On::Kind(kind) => kind,
        On::Value(text) => WatchKind::Equals(value_bytes(&text, len)?),
    };
    let memory = context.session.memory();
    let end = start.saturating_add(len);
    let stops = context.session.stops();
    let number = stops.add_watch(memory, start, end, on).map_err(Error::Failed)?;
    if let RangeArg::At(Address(name), None) = &arg
        && is_name(name)
    {
        stops.name_watch(number, name.clone());
    }
    let line = stops.watches().iter().find(|watch| watch.number == number).map(|watch| watch_line(watch, stops));
    set(context, line.unwrap_or_default())
}

/// Whether an address is given by the name of a region of an exchange alone, and not by a number or an expression.
fn is_name(addr: &str) -> bool {
    addr.starts_with(char::is_alphabetic) && addr.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Moves the watchpoints whose ranges have a name, such as `output`, to what has that name after the last exchange.
pub fn follow_watches(context: &mut Context<'_>) {
    let named = context.session.stops().named_watches();
    let newest = if named.is_empty() { None } else { Selection::newest(context.session.run()) };
    let Some(newest) = newest else { return };
    let memory = context.session.memory();
    let latest = Context {
        session: &mut *context.session,
        at: Some(&newest),
        cursor: context.cursor,
        selected: context.selected.clone(),
        settings: &mut *context.settings,
    };
    let mut moved = false;
    for (watch, name) in named.into_iter().filter(|(watch, _)| watch.memory == memory) {
        // Where nothing has that name now, the watchpoint stays where it is.
        let Ok((start, len)) = latest.filled_range(&RangeArg::At(Address(name), None)) else { continue };
        let end = match &watch.on {
            WatchKind::Equals(bytes) => start.saturating_add(bytes.len() as u64),
            _ => start.saturating_add(len),
        };
        if (watch.start, watch.end) != (start, end) {
            latest.session.stops().move_watch(watch.number, start, end);
            moved = true;
        }
    }
    if moved {
        context.session.stops_changed();
    }
}

/// Removes watchpoints.
pub(super) fn unwatch(context: &mut Context<'_>, which: Removed) -> Result<Reply, Error> {
    let stops = context.session.stops();
    match stops.remove_watch(which.number()) {
        true => removed(context, "watchpoint", which),
        false => {
            let is_other = stops.breaks().iter().any(|it| Some(it.number) == which.number());
            let other = if is_other { "; it is a breakpoint, which :unbreak removes" } else { "" };
            Err(Error::Failed(missing("watchpoint", which) + other))
        }
    }
}

/// Sets a breakpoint, or lists them.
pub(super) fn breakpoint(context: &mut Context<'_>, place: Option<String>) -> Result<Reply, Error> {
    let Some(text) = place else {
        let breaks = context.session.stops().breaks();
        return Ok(list(breaks.iter().map(break_line), "no breakpoints; :break FUNC sets one"));
    };
    context.has_guest()?;
    let place = parse_place(&text).map_err(Error::Failed)?;
    let debug = context.session.guest().and_then(|about| about.debug.clone());
    let debug = debug.ok_or_else(|| Error::failed("the guest is still loading"))?;
    if let Some(reason) = place.missing(&debug) {
        let is_removal = matches!(&*text, "off" | "none" | "clear" | "delete" | "remove");
        let advice = if is_removal { "; :unbreak all removes breakpoints" } else { "" };
        return Err(Error::Failed(reason + advice));
    }
    let number = context.session.stops().add_break(place.clone()).map_err(Error::Failed)?;
    set(context, format!("breakpoint {number}: {place}"))
}

/// Removes breakpoints.
pub(super) fn unbreak(context: &mut Context<'_>, which: Removed) -> Result<Reply, Error> {
    let stops = context.session.stops();
    match stops.remove_break(which.number()) {
        true => removed(context, "breakpoint", which),
        false => {
            let is_other = stops.watches().iter().any(|it| Some(it.number) == which.number());
            let other = if is_other { "; it is a watchpoint, which :unwatch removes" } else { "" };
            Err(Error::Failed(missing("breakpoint", which) + other))
        }
    }
}

fn removed(context: &mut Context<'_>, what: &str, which: Removed) -> Result<Reply, Error> {
    context.session.stops_changed();
    Ok(Reply::Text(vec![match which {
        Removed::All => format!("removed all {what}s"),
        Removed::Number(number) => format!("removed {what} {number}"),
    }]))
}

fn missing(what: &str, which: Removed) -> String {
    match which {
        Removed::All => format!("no {what}s"),
        Removed::Number(number) => format!("no {what} {number}"),
    }
}

/// Says that something was set, and sees to it that the guest can stop there: if it cannot, it is compiled again, or
/// that is offered where a call is under way.
fn set(context: &mut Context<'_>, line: String) -> Result<Reply, Error> {
    context.session.stops_changed();
    match context.session.means() {
        Means::There => Ok(Reply::Text(vec![line])),
        Means::Impossible(reason) => Err(Error::Failed(format!("this guest cannot be stopped: {reason}"))),
        Means::Missing(passes) if context.session.state() == State::Idle => {
            recompile_for(context, passes)?;
            Ok(Reply::SentSaying(line))
        }
        Means::Missing(_) => Ok(Reply::Text(vec![format!("{line}, once the guest is compiled for it: {OFFER}")])),
    }
}

/// What is offered where a call is under way.
const OFFER: &str =
    ":recompile ends this call, compiles the guest so that it can be stopped, and sends the lines again";

/// Compiles the guest so that it can be stopped everywhere, and sends again what it was sent.
pub(super) fn recompile(context: &mut Context<'_>) -> Result<Reply, Error> {
    let has = context.session.guest().map_or(Passes::default(), |about| about.passes);
    let loads = has.loads || context.session.stops().passes().loads;
    let passes = Passes { stores: true, pauses: true, loads };
    recompile_for(context, passes)
}

fn recompile_for(context: &mut Context<'_>, passes: Passes) -> Result<Reply, Error> {
    context.has_guest()?;
    context.session.recompile(passes);
    Ok(Reply::Sent)
}

/// Stops the running guest where it is.
pub(super) fn pause(context: &mut Context<'_>) -> Result<Reply, Error> {
    context.has_guest()?;
    let passes = context.session.guest().map_or(Passes::default(), |about| about.passes);
    match context.session.state() {
        State::Busy(_) if !passes.stores => Err(Error::Failed(format!("this guest records no stores: {OFFER}"))),
        State::Busy(_) => {
            context.session.pause();
            Ok(match passes.pauses {
                true => Reply::Sent,
                false => Reply::SentSaying(format!("pausing at the next store; if none comes: {OFFER}")),
            })
        }
        State::Stopped => Err(Error::Failed(format!("the guest is already stopped; {NOT_OVER}"))),
        State::Idle | State::Loading => {
            Err(Error::failed("no call is under way; :break FUNC stops the guest when it enters FUNC"))
        }
    }
}

/// Has the guest go on.
pub(super) fn go(context: &mut Context<'_>, how: Go, count: u64) -> Result<Reply, Error> {
    context.has_guest()?;
    if context.session.stopped().is_none() {
        return Err(Error::failed(
            "the guest is not stopped; :watch, :break and :pause stop it (:exchange N.STEP shows a step that is over)",
        ));
    }
    if context.session.lacks(how) {
        return Err(Error::Failed(format!("the guest was not compiled for stepping: {OFFER}")));
    }
    context.session.go(how, count);
    Ok(Reply::Sent)
}

/// Reads how far a step goes.
pub(super) fn step_kind(args: &mut Args<'_>) -> Go {
    let kinds = [("over", Go::Over), ("in", Go::Into), ("out", Go::Out), ("store", Go::Store)];
    kinds.into_iter().find(|(word, _)| args.take(word)).map_or(Go::Over, |(_, go)| go)
}

/// Reads how many steps are to be made.
pub(super) fn step_count(args: &mut Args<'_>) -> Result<u64, ArgumentError> {
    match args.number_or("COUNT", 1)? {
        0 => ArgumentError::expected("a number of at least 1", "0"),
        count => Ok(count),
    }
}

/// Reads the time for each line.
pub(super) fn slowly(millis: Option<u64>) -> Result<Go, ArgumentError> {
    match millis {
        None => Ok(Go::Slowly(SLOW)),
        Some(millis @ 1..=SLOWEST) => Ok(Go::Slowly(Duration::from_millis(millis))),
        Some(other) => ArgumentError::expected("milliseconds from 1 to 60000", &other.to_string()),
    }
}

/// The calls at which the guest stopped, if it did.
pub(super) fn calls(context: &Context<'_>) -> Option<Vec<String>> {
    let stop = context.session.stopped()?;
    // The place names the innermost function, unless the host made the access.
    let by_host = stop.access.as_ref().is_some_and(|access| access.by == Actor::Host);
    let calls = stop_calls(stop).into_iter().skip(usize::from(!by_host));
    Some(std::iter::once(stop_place(stop)).chain(calls).collect())
}

/// The bytes that a range is compared with: a number as wide as the range, perhaps negative, or a text.
fn value_bytes(text: &str, len: u64) -> Result<Vec<u8>, Error> {
    let width = usize::try_from(len).unwrap_or(usize::MAX);
    let negative = text.strip_prefix('-').and_then(whole).map(|number| -i128::from(number));
    match whole(text).map(i128::from).or(negative).filter(|_| width <= 8) {
        Some(number) if number < 1 << (8 * width) && number >= -(1 << (8 * width - 1)) => {
            Ok(number.to_le_bytes()[..width].to_vec())
        }
        Some(_) => Err(Error::Failed(format!("{text} does not fit into {}", counted(len, "byte")))),
        None if text.len() as u64 == len => Ok(text.as_bytes().to_vec()),
        None => {
            let text = visible(text.as_bytes());
            let wanted = if width <= 8 { "a number, or text" } else { "text" };
            Err(Error::Failed(format!("expected {wanted} of {}, got `{text}`", counted(len, "byte"))))
        }
    }
}

fn list(lines: impl Iterator<Item = String>, none: &str) -> Reply {
    let lines: Vec<_> = lines.collect();
    Reply::Text(if lines.is_empty() { vec![none.to_owned()] } else { lines })
}

fn watch_line(watch: &Watchpoint, stops: &Stops) -> String {
    let memory = if watch.memory == 0 { String::new() } else { format!(" of memory {}", watch.memory) };
    let on = match &watch.on {
        WatchKind::Read => "read".to_owned(),
        WatchKind::Write => "written".to_owned(),
        WatchKind::Change => "changed".to_owned(),
        WatchKind::Equals(bytes) => {
            let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("equal to {}", hex.join(" "))
        }
    };
    let named = stops.named_watches().into_iter().find(|(named, _)| named.number == watch.number);
    let name = named.map(|(_, name)| format!("{name}, now ")).unwrap_or_default();
    format!("watchpoint {}: {name}{}{memory} {on}", watch.number, range(watch.start, watch.end - watch.start))
}

fn break_line(breakpoint: &Breakpoint) -> String {
    let place = visible(breakpoint.place.to_string().as_bytes());
    let found = match breakpoint.found {
        0 => "   (this module has no such place, or is not compiled for it)".to_owned(),
        1 => String::new(),
        found => format!("   ({})", counted(found as u64, "place")),
    };
    format!("breakpoint {}: {place}{found}", breakpoint.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbers_as_wide_as_the_range_or_text_as_long() {
        for (text, bytes) in [
            ("-1", &[0xff; 4][..]),
            ("-128", &[0x80]),
            ("255", &[0xff]),
            ("0xffffffffffffffff", &[0xff; 8]),
            ("-0x8000000000000000", &[0, 0, 0, 0, 0, 0, 0, 0x80]),
            ("hello", b"hello"),
            ("123456789", b"123456789"),
        ] {
            assert_eq!(value_bytes(text, bytes.len() as u64).ok().as_deref(), Some(bytes), "{text}");
        }
        for (text, len) in [("-129", 1), ("256", 1), ("-0x8000000000000001", 8), ("abc", 2), ("1", 9), ("-", 3)] {
            assert!(value_bytes(text, len).is_err(), "{text}");
        }
    }
}
