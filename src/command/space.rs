//! Commands about places in memory: going there, finding, naming, looking closely, taking bytes along.

use std::io::{BufWriter, Write};

use super::args::Args;
use super::look::MOST;
use super::{Context, Error, Place, Reply, create};
use crate::record::{Actor, Cause, Change, Image, StepKind, Trigger};
use crate::session::{Bookmark, GuestOp};
use crate::view::{Notation, Region, RegionKind, Search, examine, range, thousands, visible};

/// How much of a memory is written at once.
const CHUNK: u64 = 64 << 10;

pub(super) fn goto(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let text = args.rest();
    let in_time = text.trim() == "now" || text.trim().split_once('.').is_some_and(|(n, _)| n.parse::<u64>().is_ok());
    context.place(&text).map(Reply::Goto).map_err(|Error(words)| match in_time {
        true => Error(format!("{words}; :exchange {} goes there in time", text.trim())),
        false => Error(words),
    })
}

pub(super) fn find(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    context.image()?;
    let text = args.rest();
    if text.is_empty() {
        return Err(Error("expected a text, hex BYTES or TYPE VALUE to find".to_owned()));
    }
    Search::new(&text).map(|search| Reply::Find(Box::new(search))).map_err(Error)
}

pub(super) fn regions(context: &mut Context<'_>, _: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let regions = context.regions();
    let mut places: Vec<_> = regions.iter().take(MOST).map(region).collect();
    if regions.len() > MOST {
        let more = thousands((regions.len() - MOST) as u64);
        places.push(Place { words: format!("... and {more} more of the module's data"), addr: None });
    }
    Ok(listed("regions", places, "no range has a name here; :mark NAME ADDR LEN gives one"))
}

fn region(region: &Region) -> Place {
    let (name, why) = (visible(region.name.as_bytes()), visible(region.why.as_bytes()));
    let words = match region.kind {
        RegionKind::Symbol => format!("{name:<10} at {:#x}   {why}", region.start),
        _ => format!("{name:<10} {}   {why}", range(region.start, region.len())),
    };
    Place { words, addr: Some(region.start) }
}

fn listed(title: &str, places: Vec<Place>, none: &str) -> Reply {
    match places.is_empty() {
        true => Reply::Text(vec![none.to_owned()]),
        false => Reply::Places(title.to_owned(), places),
    }
}

pub(super) fn mark(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let Some(name) = args.more()? else {
        let regions = context.regions();
        let marks = regions.iter().take_while(|region| region.kind == RegionKind::Mark).map(region).collect();
        return Ok(listed("marks", marks, "there are no marks; :mark NAME [ADDR [LEN]] sets one"));
    };
    let (start, len) = if args.is_empty() { context.selection()? } else { context.range(args, Some(1))? };
    let regions = context.regions();
    if regions.named(&name).is_some_and(|region| region.kind != RegionKind::Mark) {
        return Err(Error(format!("`{name}` is the name of a region already; :regions lists them")));
    }
    let told = format!("{name} is {} now", range(start, len));
    let mark = Bookmark { name, memory: context.session.memory(), start, end: start.saturating_add(len) };
    context.session.bookmarks_mut().set(mark).map_err(Error)?;
    Ok(Reply::Text(vec![told]))
}

pub(super) fn unmark(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let name = args.text("the name of a mark")?;
    match context.session.bookmarks_mut().remove(&name) {
        Some(_) => Ok(Reply::Text(vec![format!("{} is no mark any more", visible(name.as_bytes()))])),
        None => Err(Error(format!("there is no mark `{name}`; :mark lists them"))),
    }
}

pub(super) fn inspect(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let addr = if args.is_empty() { context.cursor } else { context.place(&args.rest())? };
    let (regions, at) = (context.regions(), context.at()?);
    context.image()?;
    Ok(Reply::Text(examine(context.session.run(), at, context.session.memory(), &regions, addr)))
}

pub(super) fn copy(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let forms = || Notation::ALL.map(Notation::name).join(" ");
    let name = args.text(&format!("a form ({})", forms()))?;
    let form = Notation::named(&name).ok_or_else(|| Error(format!("expected a form ({}), not `{name}`", forms())))?;
    let (start, len) = if args.is_empty() { context.selection()? } else { context.range(args, Some(1))? };
    let image = context.image()?;
    let bytes = read(image, start, len)?;
    Ok(Reply::Copy(form.text(&bytes, start)))
}

/// The most bytes that are copied as text.
const COPIED: u64 = 16 << 20;

fn read(image: &Image, start: u64, len: u64) -> Result<Vec<u8>, Error> {
    let count = usize::try_from(len).ok().filter(|_| len <= COPIED);
    let count = count.ok_or_else(|| {
        let most = thousands(COPIED);
        Error(format!(
            "{} bytes are more than the {most} that are copied as text; :write FILE takes any",
            thousands(len)
        ))
    })?;
    let mut bytes = vec![0; count];
    image.read(start, &mut bytes);
    Ok(bytes)
}

pub(super) fn write(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let file = args.file()?;
    let image = context.image()?.clone();
    let over = args.take("overwrite");
    let (start, len) = if args.is_empty() { (0, image.len()) } else { context.range(args, None)? };
    let over = over || args.take("overwrite");
    args.end()?;
    let out = create(&file, over, "write")?;
    put(&image, start, len, out).map_err(|error| Error(format!("{}: {error}", file.display())))?;
    Ok(Reply::Text(vec![format!("{} are in {} now", range(start, len), visible(file.as_os_str().as_encoded_bytes()))]))
}

/// Writes a range of a memory piece by piece.
fn put(image: &Image, start: u64, len: u64, out: std::fs::File) -> std::io::Result<()> {
    let mut out = BufWriter::new(out);
    let mut chunk = vec![0; usize::try_from(CHUNK.min(len)).unwrap_or_default()];
    let mut done = 0;
    while done < len {
        let count = usize::try_from((len - done).min(CHUNK)).unwrap_or_default();
        image.read(start + done, &mut chunk[..count]);
        out.write_all(&chunk[..count])?;
        done += count as u64;
    }
    out.flush()
}

pub(super) fn shot(_: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let file = args.file()?;
    Ok(Reply::Shot(file, args.take("overwrite")))
}

/// Writes back what stood where a command wrote: the newest such write that was not undone yet.
pub(super) fn undo(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    args.end()?;
    context.has_guest()?;
    context.idle()?;
    // What is written is written now, whichever run is looked at.
    context.session.look_at_run(0);
    let run = context.session.run();
    let mut undone = Vec::new();
    let causes = (run.oldest()..run.len()).rev().filter_map(|number| Some((number, run.cause(number)?)));
    let found = causes.into_iter().find_map(|(number, cause)| match undoes(cause) {
        Some(other) => {
            undone.push(other);
            None
        }
        None => poked(cause).filter(|_| !undone.contains(&number)).map(|change| (number, change)),
    });
    let (number, (memory, addr, old, new)) =
        found.ok_or_else(|| Error("nothing that was poked is left to undo".into()))?;
    let mut now = vec![0; new.len()];
    run.present().get(memory).map(|image| image.read(addr, &mut now));
    if now != new {
        let place = range(addr, new.len() as u64);
        return Err(Error(format!("the {place} of exchange {number} were written since; :poke writes over them")));
    }
    let deed = GuestOp::Poke(memory, addr, old.to_vec());
    context.session.command(format!("{UNDO}{number}"), deed);
    Ok(Reply::Sent)
}

/// What stands before the number of the exchange that a cause undoes.
const UNDO: &str = "undo of ";

/// The cause that a cause undoes.
fn undoes(cause: &Cause) -> Option<usize> {
    match &cause.trigger {
        Trigger::Command(args) => args.strip_prefix(UNDO)?.parse().ok(),
        _ => None,
    }
}

/// What a cause wrote as the host and did not else: the memory, the address, the old bytes and the new ones.
fn poked(cause: &Cause) -> Option<(usize, u64, &[u8], &[u8])> {
    let [step] = &cause.steps[..] else { return None };
    match (&cause.trigger, &step.kind, &cause.changes[..]) {
        (
            Trigger::Command(_),
            StepKind::Write { .. },
            [Change::Bytes { memory, addr, old_then_new, by: Actor::Host, .. }],
        ) => {
            let (old, new) = old_then_new.split_at(old_then_new.len() / 2);
            Some((*memory, *addr, old, new))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_the_guests_reaches_the_terminal_as_it_is() {
        let (name, why) = ("a\x1b[2J".to_owned(), "b\x1b]0;x\x07 says where".to_owned());
        for kind in [RegionKind::Symbol, RegionKind::Buffer] {
            let place = region(&Region { name: name.clone(), start: 16, end: 20, kind, why: why.clone() });
            assert!(place.words.contains("says where") && !place.words.contains(char::is_control), "{}", place.words);
        }
    }
}
