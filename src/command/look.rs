//! Commands that show memory at the selected moment, and parts of the guest.

use super::args::{Address, RangeArg};
use super::bounds::{MOST, first, inside, lines_or, more};
use super::spelling::hint;
use super::{Context, Error, Place, Reply, control};
use crate::guest::Global;
use crate::record::{Actor, Image, Run};
use crate::session::About;
use crate::view::{self, NumberType, Row, Selection, counted, difference, range, visible, whole};

/// Bytes per row of a dump.
const WIDTH: usize = 16;
/// The number of bytes dumped if only an address is given.
const DUMPED: u64 = 8 * WIDTH as u64;
/// The number of bytes shown of a change.
const GLANCE: usize = 16;

pub(super) fn dump(context: &mut Context<'_>, range: Option<RangeArg>) -> Result<Reply, Error> {
    let at = context.at()?;
    let (image, memory) = (context.image()?, context.session.memory());
    let alone = DUMPED.min(image.len().saturating_sub(context.cursor));
    let (addr, len) = match range {
        Some(range) => context.range(&range, Some(DUMPED))?,
        None => (context.cursor, alone),
    };
    let start = addr / WIDTH as u64 * WIDTH as u64;
    let rows = (start..addr.saturating_add(len)).step_by(WIDTH).take(MOST);
    Ok(Reply::Rows(rows.map(|addr| Row::new(image, &at.marks[memory], addr, WIDTH)).collect()))
}

pub(super) fn peek(context: &mut Context<'_>, ty: NumberType, addr: &Address, count: u64) -> Result<Reply, Error> {
    let image = context.image()?;
    let (addr, count) = (context.address(addr)?, count.min(MOST as u64));
    inside(image, addr, count * ty.size as u64)?;
    let line = |addr: u64| {
        let mut bytes = [0; 8];
        image.read(addr, &mut bytes[..ty.size]);
        format!("{addr:#x}  {} {}", ty.name, ty.words(&bytes))
    };
    Ok(Reply::Text((0..count).map(|place| line(addr + place * ty.size as u64)).collect()))
}

pub(super) fn changes(context: &mut Context<'_>) -> Result<Reply, Error> {
    let (at, memory) = (context.at()?, context.session.memory());
    let none = Image::default();
    let (before, after) = (at.before.get(memory).unwrap_or(&none), at.after.get(memory).unwrap_or(&none));
    let Some(marks) = at.marks.get(memory) else { return Ok(lines_or(std::iter::empty(), "nothing changed")) };
    let fields = context.regions();
    let change = |(start, end): (u64, u64)| {
        let (old, new) = (glance(before, start, end), glance(after, start, end));
        let by = marks.at(start).actor().map_or("", Actor::word);
        let field = fields.in_range(start, end).map_or_else(String::new, |fields| format!("   {fields}"));
        let words = format!("{}  {by}: {old} -> {new}{field}", range(start, end - start));
        Place { words, addr: Some(start), at: None }
    };
    let mut places: Vec<_> = marks.ranges_from(0).take(MOST).map(change).collect();
    if marks.ranges() > MOST {
        places.push(Place { words: more(marks.ranges() - MOST), addr: None, at: None });
    }
    if let Some((from, to)) = marks.grown() {
        let words = format!("memory grew from {from} to {}", counted(to, "page"));
        places.push(Place { words, addr: Some(before.len()), at: None });
    }
    match places.is_empty() {
        true => Ok(Reply::Text(vec![difference(marks)])),
        false => Ok(Reply::Places(format!("changes: {}", difference(marks)), places)),
    }
}

/// The first bytes of a range, as text.
fn glance(image: &Image, start: u64, end: u64) -> String {
    let mut bytes = [0; GLANCE];
    let wanted = usize::try_from(end - start).unwrap_or(GLANCE);
    let known = image.read(start, &mut bytes[..wanted.min(GLANCE)]);
    let more = if wanted > GLANCE { "..." } else { "" };
    format!("\"{}\"{more}", visible(&bytes[..known]))
}

pub(super) fn steps(context: &mut Context<'_>) -> Result<Reply, Error> {
    let at = context.at()?;
    let line = |place: usize| {
        let here = if Some(place) == at.step { ">" } else { " " };
        format!("{here} {}", at.line(place).numbered(place + 1))
    };
    Ok(Reply::Text(first((0..at.steps()).map(line))))
}

/// Lists the frames of the trap that ended the selected exchange, or those at which the guest stopped.
pub(super) fn frames(context: &mut Context<'_>) -> Result<Reply, Error> {
    if let Some(lines) = control::calls(context) {
        return Ok(Reply::Text(lines));
    }
    let lines = view::frames(&context.at()?.node);
    Ok(lines_or(lines.iter().map(|line| visible(line.as_bytes())), "no trap, or its frames are unknown"))
}

pub(super) fn exports(context: &mut Context<'_>) -> Result<Reply, Error> {
    let about = context.about()?;
    let line = |export: &crate::guest::Export| format!("{}  {}", visible(export.name.as_bytes()), export.what);
    Ok(lines_or(about.interface.exports.iter().map(line), "the guest exports nothing"))
}

pub(super) fn imports(context: &mut Context<'_>) -> Result<Reply, Error> {
    let about = context.about()?;
    let line = |import: &crate::guest::Import| {
        format!("{}.{}  {}", visible(import.module.as_bytes()), visible(import.name.as_bytes()), import.what)
    };
    Ok(lines_or(about.interface.imports.iter().map(line), "the guest imports nothing"))
}

/// Lists the exported globals.
pub(super) fn globals(context: &mut Context<'_>) -> Result<Reply, Error> {
    let line = |global: &Global| {
        let kind = if global.mutable { "mutable" } else { "immutable" };
        format!("{} = {}   ({}, {kind})", visible(global.name.as_bytes()), global.value, global.ty)
    };
    Ok(lines_or(context.session.globals().iter().map(line), "the guest exports no globals"))
}

/// Lists the memories, or selects one for commands.
pub(super) fn memory(context: &mut Context<'_>, named: Option<&str>) -> Result<Reply, Error> {
    if let Some(named) = named {
        choose_memory(context, named)?;
    }
    let several = context.at()?.after.len() > 1;
    let line = |(place, image): (usize, &Image)| {
        let pages = image.len() / crate::record::WASM_PAGE;
        let size = format!("memory {place}: {} = {}", counted(pages, "page"), counted(image.len(), "byte"));
        match context.session.memory_name(place).filter(|_| several) {
            _ if !several => size,
            name => {
                let here = if place == context.session.memory() { ", current" } else { "" };
                let name = name.map_or("unnamed".to_owned(), |name| visible(name.as_bytes()));
                format!("{size}   ({name}{here})")
            }
        }
    };
    Ok(lines_or(context.at()?.after.iter().enumerate().map(line), "the guest exports no memory"))
}

fn choose_memory(context: &mut Context<'_>, named: &str) -> Result<(), Error> {
    let interface = context.about()?.interface.clone();
    let names = interface.memory_names();
    let by_name = names.iter().position(|names| names.contains(&named));
    let number = by_name.or_else(|| whole(named).and_then(|number| usize::try_from(number).ok()));
    if number.is_some_and(|number| context.session.look_at_memory(number)) {
        return Ok(());
    }
    let hint = hint(named, names.iter().flatten().copied(), ":memory");
    Err(Error::Failed(format!("unknown memory `{named}`; {hint}")))
}

/// Lists the runs, or selects one.
pub(super) fn runs(context: &mut Context<'_>, named: Option<&str>) -> Result<Reply, Error> {
    let (kept, newest) = (context.session.past().len(), context.session.run_number() + context.session.runs_back());
    if let Some(named) = named {
        let number = whole(named).and_then(|number| usize::try_from(number).ok());
        let ago = if named == "now" { Some(0) } else { number.and_then(|number| newest.checked_sub(number)) };
        if !ago.is_some_and(|ago| context.session.look_at_run(ago)) {
            let oldest = newest - kept;
            return Err(Error::Failed(format!("expected a run from {oldest} to {newest}, or now, got `{named}`")));
        }
        let words = format!("this is run {} of {newest}", context.session.run_number());
        let at =
            Selection::newest(context.session.run()).ok_or_else(|| Error::failed("nothing happened in that run"))?;
        return Ok(Reply::Opened(Box::new(at), words));
    }
    let line = |(place, (about, _, run)): (usize, (&About, &[Global], &Run))| {
        let what = if place == kept { "this run" } else { "earlier run" };
        let count = counted(run.len().saturating_sub(1) as u64, "exchange");
        let number = newest - kept + place;
        format!("{what}: {count}   (run {number}, {})", visible(about.name.as_bytes()))
    };
    Ok(Reply::Text(context.session.runs().enumerate().map(line).collect()))
}

/// Shows the convention, or the candidates.
pub(super) fn convention(context: &mut Context<'_>) -> Result<Reply, Error> {
    let about = context.about()?;
    let Some(why) = &about.undecided else {
        let name = format!("{} (:recipe shows it)", visible(about.convention.as_bytes()));
        let assumed = about.assumed.as_ref().map(|assumed| visible(assumed.as_bytes()));
        return Ok(Reply::Text(std::iter::once(name).chain(assumed).collect()));
    };
    let mut lines: Vec<_> = why.lines().map(|line| visible(line.as_bytes())).collect();
    lines.push(
        "Choose one with :convention NAME or :convention FILE. :call calls an export; :exports lists them.".to_owned(),
    );
    Ok(Reply::Text(lines))
}

pub(super) fn recipe(context: &mut Context<'_>, named: Option<&str>) -> Result<Reply, Error> {
    let lines = |text: &str| Reply::Text(text.lines().map(|line| visible(line.as_bytes())).collect());
    let Some(named) = named else { return Ok(lines(&context.about()?.recipe)) };
    let known = crate::abi::built_in_recipes().find(|(name, _)| *name == named);
    known.map(|(_, text)| lines(text)).ok_or_else(|| {
        let hint = hint(named, crate::abi::built_in_recipes().map(|(name, _)| name), "`linmem recipe`");
        Error::Failed(format!("unknown built-in convention `{named}`; {hint}"))
    })
}
