//! Commands that look: at memory as it is at the moment that is looked at, and at what the guest is made of.

use super::table::{COMMANDS, find as find_command};
use super::words::{Words, number_type};
use super::{Context, Error, Place, Reply};
use crate::record::{Actor, Image};
use crate::view::{Row, difference, range, thousands, visible};

/// Bytes in a row of a dump.
const WIDTH: usize = 16;
/// The most rows, values, changes or places that one command lists.
pub(super) const MOST: usize = 1024;
/// How many bytes are dumped from an address alone.
const DUMPED: u64 = 8 * WIDTH as u64;
/// Bytes of a change that are shown.
const GLANCE: usize = 16;

pub(super) fn dump(context: &mut Context<'_>, words: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let at = context.at()?;
    let (image, memory) = (context.image()?, context.session.memory());
    let alone = DUMPED.min(image.len().saturating_sub(context.cursor));
    let (addr, len) = if words.is_empty() { (context.cursor, alone) } else { context.range(words, Some(DUMPED))? };
    let start = addr / WIDTH as u64 * WIDTH as u64;
    let rows = (start..addr.saturating_add(len)).step_by(WIDTH).take(MOST);
    Ok(Reply::Rows(rows.map(|addr| Row::new(image, &at.marks[memory], addr, WIDTH)).collect()))
}

pub(super) fn peek(context: &mut Context<'_>, words: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let image = context.image()?;
    let ty = number_type(&words.text("a type")?)?;
    let addr = context.address(words)?;
    let count = words.number_or("a number of values", 1)?.min(MOST as u64);
    inside(image, addr, count * ty.size as u64)?;
    let line = |addr: u64| {
        let mut bytes = [0; 8];
        image.read(addr, &mut bytes[..ty.size]);
        format!("{addr:#x}  {} {}", ty.name, ty.words(&bytes))
    };
    Ok(Reply::Text((0..count).map(|place| line(addr + place * ty.size as u64)).collect()))
}

pub(super) fn changes(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let (at, memory) = (context.at()?, context.session.memory());
    let none = Image::default();
    let (before, after) = (at.before.get(memory).unwrap_or(&none), at.after.get(memory).unwrap_or(&none));
    let Some(marks) = at.marks.get(memory) else { return Ok(listed(std::iter::empty(), "nothing changed")) };
    let run = |(start, end): (u64, u64)| {
        let (old, new) = (glance(before, start, end), glance(after, start, end));
        let by = marks.writers(start, end).map(actor).collect::<Vec<_>>().join(" and ");
        let words = format!("{}  {by}: {old} -> {new}", range(start, end - start));
        Place { words, addr: Some(start) }
    };
    let mut places: Vec<_> = marks.runs_from(0).take(MOST).map(run).collect();
    if marks.runs() > MOST {
        places.push(Place { words: format!("... and {} more", thousands((marks.runs() - MOST) as u64)), addr: None });
    }
    if let Some((from, to)) = marks.grown() {
        places.push(Place { words: format!("memory grew from {from} to {to} pages"), addr: Some(before.len()) });
    }
    match places.is_empty() {
        true => Ok(Reply::Text(vec![difference(marks)])),
        false => Ok(Reply::Places(format!("changes: {}", difference(marks)), places)),
    }
}

fn actor(by: Actor) -> &'static str {
    match by {
        Actor::Module => "module",
        Actor::Host => "host",
        Actor::Guest => "guest",
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

pub(super) fn crossings(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let at = context.at()?;
    let line = |place: usize| {
        let here = if Some(place) == at.crossing { ">" } else { " " };
        format!("{here} {}", at.line(place).numbered(place + 1))
    };
    Ok(Reply::Text((0..at.crossings()).map(line).collect()))
}

pub(super) fn exports(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let about = context.session.about().ok_or_else(|| Error("the guest is still being loaded".to_owned()))?;
    let line = |export: &crate::guest::Export| format!("{}  {}", visible(export.name.as_bytes()), export.what);
    Ok(listed(about.interface.exports.iter().map(line), "the guest exports nothing"))
}

pub(super) fn imports(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let about = context.session.about().ok_or_else(|| Error("the guest is still being loaded".to_owned()))?;
    let line = |import: &crate::guest::Import| {
        format!("{}.{}  {}", visible(import.module.as_bytes()), visible(import.name.as_bytes()), import.what)
    };
    Ok(listed(about.interface.imports.iter().map(line), "the guest imports nothing"))
}

fn listed(lines: impl Iterator<Item = String>, none: &str) -> Reply {
    let lines: Vec<_> = lines.collect();
    Reply::Text(if lines.is_empty() { vec![none.to_owned()] } else { lines })
}

pub(super) fn memory(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let line = |(place, image): (usize, &Image)| {
        let pages = image.len() / crate::record::WASM_PAGE;
        let unit = if pages == 1 { "page" } else { "pages" };
        format!("memory {place}: {} {unit} = {} bytes", thousands(pages), thousands(image.len()))
    };
    Ok(listed(context.at()?.after.iter().enumerate().map(line), "the guest exports no memory"))
}

pub(super) fn runs(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let line = |run: &crate::record::Run, what: &str| format!("{what}: {} exchanges", run.len().saturating_sub(1));
    let past = context.session.past().iter().map(|run| line(run, "earlier run"));
    Ok(Reply::Text(past.chain([line(context.session.run(), "this run")]).collect()))
}

/// Tells the convention, or what there is to choose from.
pub(super) fn convention(context: &mut Context<'_>) -> Result<Reply, Error> {
    let about = context.session.about().ok_or_else(|| Error("the guest is still being loaded".to_owned()))?;
    let Some(why) = &about.undecided else {
        return Ok(Reply::Text(vec![format!("{} (:recipe shows it)", visible(about.convention.as_bytes()))]));
    };
    let mut lines: Vec<_> = why.lines().map(|line| visible(line.as_bytes())).collect();
    lines.push(
        ":convention NAME, or a recipe's FILE, chooses one; :call EXPORT calls by hand, :exports lists them".to_owned(),
    );
    Ok(Reply::Text(lines))
}

pub(super) fn recipe(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let about = context.session.about().ok_or_else(|| Error("the guest is still being loaded".to_owned()))?;
    Ok(Reply::Text(about.recipe.lines().map(|line| visible(line.as_bytes())).collect()))
}

pub(super) fn limits(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let limits = context.session.limits();
    let time =
        limits.time.map_or("none (--timeout)".to_owned(), |time| format!("{time:?} for one exchange (--timeout)"));
    Ok(Reply::Text(vec![
        format!("time    {time}"),
        format!("memory  {} bytes (--max-memory)", thousands(limits.memory)),
        format!("answer  {} bytes (--max-output)", thousands(limits.output)),
    ]))
}

pub(super) fn help(_: &mut Context<'_>, words: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    if let Some(name) = words.more()? {
        let spec = find_command(name.trim_start_matches(':'))?;
        return Ok(Reply::Text(vec![spec.usage(), format!("  {}", spec.about)]));
    }
    let mut lines: Vec<_> = COMMANDS.iter().map(|spec| format!(":{:<10} {}", spec.name, spec.about)).collect();
    lines.push("Anything else is sent to the guest; :: sends a line that begins with a colon.".to_owned());
    lines.push("The beginning of a name will do where it is clear. :help COMMAND shows its arguments.".to_owned());
    Ok(Reply::Text(lines))
}

/// The bytes must lie inside the memory.
pub(super) fn inside(image: &Image, addr: u64, len: u64) -> Result<(), Error> {
    match addr.checked_add(len) {
        Some(end) if end <= image.len() => Ok(()),
        _ if addr < image.len() => {
            Err(Error(format!("{} ends outside the memory, which ends at {:#x}", range(addr, len), image.len())))
        }
        _ => Err(Error(format!("{addr:#x} lies outside the memory, which ends at {:#x}", image.len()))),
    }
}
