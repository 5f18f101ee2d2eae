//! Commands that look: at memory as it is at the moment that is looked at, and at what the guest is made of.

use super::table::{COMMANDS, find as find_command};
use super::words::{Cell, Words};
use super::{Context, Error, Reply};
use crate::record::{Actor, Change, Image};
use crate::view::{Region, Row, range, thousands, visible};

/// Bytes in a row of a dump.
const WIDTH: usize = 16;
/// The most rows, values, changes or places that one command lists.
const MOST: usize = 1024;
/// Bytes of a change that are shown.
const GLANCE: usize = 16;
/// How much is searched at once.
const CHUNK: usize = 64 << 10;

pub(super) fn dump(context: &mut Context<'_>, words: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let at = context.at()?;
    let image = memory_of(&at.after)?;
    let first = at.address(0).unwrap_or(0);
    let addr = if words.is_empty() { first } else { context.address(words)? };
    let len = words.number_or("a length", 8 * WIDTH as u64)?;
    inside(image, addr, len)?;
    let start = addr / WIDTH as u64 * WIDTH as u64;
    let rows = (start..addr.saturating_add(len)).step_by(WIDTH).take(MOST);
    Ok(Reply::Rows(rows.map(|addr| Row::new(image, &at.marks[0], addr, WIDTH)).collect()))
}

pub(super) fn peek(context: &mut Context<'_>, words: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let image = memory_of(&context.at()?.after)?;
    let cell = Cell::named(&words.text("a type")?)?;
    let addr = context.address(words)?;
    let count = words.number_or("a number of values", 1)?.min(MOST as u64);
    inside(image, addr, count * cell.size as u64)?;
    let line = |addr: u64| {
        let mut bytes = [0; 8];
        image.read(addr, &mut bytes[..cell.size]);
        format!("{addr:#x}  {} {}", cell.name, cell.words(&bytes))
    };
    Ok(Reply::Text((0..count).map(|place| line(addr + place * cell.size as u64)).collect()))
}

pub(super) fn find(context: &mut Context<'_>, words: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let image = memory_of(&context.at()?.after)?;
    let typed = super::words::CELLS.iter().find(|cell| words.take(cell.name));
    let sought = match typed {
        Some(cell) => cell.bytes(&words.text("a value")?)?,
        None if words.take("hex") => words.hex()?,
        None => words.all()?,
    };
    if sought.is_empty() || sought.len() >= CHUNK {
        return Err(Error("expected a text or bytes to find".to_owned()));
    }
    let found = places(image, &sought);
    let mut lines: Vec<_> = found.iter().take(MOST).map(|&addr| range(addr, sought.len() as u64)).collect();
    match found.len() {
        0 => lines.push("not found".to_owned()),
        more if more > MOST => lines.push("... and more".to_owned()),
        _ => (),
    }
    Ok(Reply::Text(lines))
}

/// Where some bytes stand in a memory, as far as that is of use.
fn places(image: &Image, sought: &[u8]) -> Vec<u64> {
    let finder = memchr::memmem::Finder::new(sought);
    let mut found = Vec::new();
    let mut chunk = vec![0; CHUNK + sought.len() - 1];
    for start in (0..image.len()).step_by(CHUNK) {
        let known = image.read(start, &mut chunk);
        found.extend(finder.find_iter(&chunk[..known]).map(|at| start + at as u64));
        if found.len() > MOST {
            break;
        }
    }
    found
}

pub(super) fn changes(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let at = context.at()?;
    let forgotten = || Error("that moment was forgotten".to_owned());
    let cause = context.session.run().cause(at.cause).ok_or_else(forgotten)?;
    let made = &cause.changes[cause.changes_of(at.crossing)];
    let mut lines: Vec<_> = made.iter().take(MOST).map(change).collect();
    match made.len() {
        0 => lines.push("nothing changed".to_owned()),
        more if more > MOST => lines.push(format!("... and {} more", thousands((more - MOST) as u64))),
        _ => (),
    }
    Ok(Reply::Text(lines))
}

fn change(change: &Change) -> String {
    match change {
        Change::Bytes { addr, halves, by, .. } => {
            let (old, new) = halves.split_at(halves.len() / 2);
            format!("{}  {}: {} -> {}", range(*addr, new.len() as u64), actor(*by), glance(old), glance(new))
        }
        Change::Growth { from, to, by, .. } => format!("{}: grew from {from} to {to} pages", actor(*by)),
    }
}

fn actor(by: Actor) -> &'static str {
    match by {
        Actor::Module => "module",
        Actor::Host => "host",
        Actor::Guest => "guest",
    }
}

fn glance(bytes: &[u8]) -> String {
    let more = if bytes.len() > GLANCE { "..." } else { "" };
    format!("\"{}\"{more}", visible(&bytes[..bytes.len().min(GLANCE)]))
}

pub(super) fn crossings(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let at = context.at()?;
    let line = |place: usize| {
        let here = if Some(place) == at.crossing { ">" } else { " " };
        format!("{here} {}", at.line(place).numbered(place + 1))
    };
    Ok(Reply::Text((0..at.crossings()).map(line).collect()))
}

pub(super) fn regions(context: &mut Context<'_>, _: &mut Words<'_>, _: &str) -> Result<Reply, Error> {
    let line = |region: &Region| {
        format!("{:<10} {}", visible(region.name.as_bytes()), range(region.start, region.end - region.start))
    };
    Ok(listed(context.regions().iter().map(line), "no range has a name here"))
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

/// The first memory.
pub(super) fn memory_of(memories: &[Image]) -> Result<&Image, Error> {
    memories.first().ok_or_else(|| Error("the guest exports no memory".to_owned()))
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
