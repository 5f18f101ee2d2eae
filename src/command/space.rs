//! Commands on addresses in memory: going to, finding, naming, inspecting and copying bytes.

use std::io::Write;
use std::path::Path;

use super::args::{Address, RangeArg};
use super::bounds::{MOST, more, places_or};
use super::error::Error;
use super::{Context, Place, Reply, write_file};
use crate::record::Image;
use crate::session::Bookmark;
use crate::view::{ModuleFacts, Notation, Region, RegionKind, Search, examine, range, thousands, visible};

/// The number of bytes written at once.
const CHUNK: u64 = 64 << 10;

pub(super) fn goto(context: &mut Context<'_>, addr: &Address) -> Result<Reply, Error> {
    let text = addr.0.as_str();
    let in_time = text == "now" || text.split_once('.').is_some_and(|(n, _)| n.parse::<u64>().is_ok());
    context.address(addr).map(Reply::Goto).map_err(|error| match (error, in_time) {
        (Error::Failed(message), true) => Error::Failed(format!("{message}; did you mean :exchange {text}?")),
        (error, _) => error,
    })
}

pub(super) fn find(context: &mut Context<'_>, search: Search) -> Result<Reply, Error> {
    context.image()?;
    Ok(Reply::Find(Box::new(search)))
}

pub(super) fn regions(context: &mut Context<'_>) -> Result<Reply, Error> {
    let regions = context.regions();
    let mut places: Vec<_> = regions.iter().take(MOST).map(region).collect();
    if regions.len() > MOST {
        places.push(Place { words: more(regions.len() - MOST), addr: None, at: None });
    }
    Ok(places_or("regions", places, "no named ranges; :mark NAME ADDR LEN names one"))
}

fn region(region: &Region) -> Place {
    let (name, why) = (visible(region.name.as_bytes()), visible(region.why.as_bytes()));
    let words = match region.kind {
        RegionKind::Symbol => format!("{name:<10} at {:#x}   {why}", region.start),
        _ => format!("{name:<10} {}   {why}", range(region.start, region.len())),
    };
    Place { words, addr: Some(region.start), at: None }
}

/// Lists the marks.
pub(super) fn marks(context: &mut Context<'_>) -> Result<Reply, Error> {
    let regions = context.regions();
    let marks = regions.iter().take_while(|region| region.kind == RegionKind::Mark).map(region).collect();
    Ok(places_or("marks", marks, "no marks; :mark NAME [ADDR [LEN]] sets one"))
}

/// Names a range, or the selection.
pub(super) fn mark(context: &mut Context<'_>, name: &str, wanted: Option<RangeArg>) -> Result<Reply, Error> {
    let (start, len) = context.range_or_selection(wanted)?;
    if context.regions().named(name).is_some_and(|region| region.kind != RegionKind::Mark) {
        return Err(Error::Failed(format!("`{name}` is already the name of a region; :regions lists all regions")));
    }
    let end = start.saturating_add(len);
    let mark = Bookmark { name: name.to_owned(), memory: context.session.memory(), start, end };
    context.session.bookmarks_mut().set(mark).map_err(Error::Failed)?;
    Ok(Reply::Text(vec![format!("marked {} as {}", range(start, len), visible(name.as_bytes()))]))
}

pub(super) fn unmark(context: &mut Context<'_>, name: &str) -> Result<Reply, Error> {
    match context.session.bookmarks_mut().remove(name) {
        Some(_) => Ok(Reply::Text(vec![format!("removed the mark {}", visible(name.as_bytes()))])),
        None => Err(Error::Failed(format!("unknown mark `{name}`; :mark lists them"))),
    }
}

pub(super) fn inspect(context: &mut Context<'_>, addr: Option<&Address>) -> Result<Reply, Error> {
    let addr = addr.map_or(Ok(context.cursor), |addr| context.address(addr))?;
    let (regions, at) = (context.regions(), context.at()?);
    context.image()?;
    let about = context.session.about();
    let (debug, interface) = (about.and_then(|about| about.debug.as_deref()), about.map(|about| &*about.interface));
    let module = ModuleFacts { debug, interface, regions: &regions };
    Ok(Reply::Text(examine(context.session.run(), at, context.session.memory(), module, addr)))
}

pub(super) fn copy(context: &mut Context<'_>, format: Notation, wanted: Option<RangeArg>) -> Result<Reply, Error> {
    let (start, len) = context.range_or_selection(wanted)?;
    let bytes = read(context.image()?, start, len)?;
    Ok(Reply::Copy(format.text(&bytes, start)))
}

/// The maximum number of bytes copied as text.
const COPIED: u64 = 16 << 20;

fn read(image: &Image, start: u64, len: u64) -> Result<Vec<u8>, Error> {
    let count = usize::try_from(len).ok().filter(|_| len <= COPIED);
    let count = count.ok_or_else(|| {
        let (len, most) = (thousands(len), thousands(COPIED));
        Error::Failed(format!("{len} bytes is too much to copy (the limit is {most}); :write FILE has no limit"))
    })?;
    let mut bytes = vec![0; count];
    image.read(start, &mut bytes);
    Ok(bytes)
}

pub(super) fn write(
    context: &mut Context<'_>,
    file: &Path,
    wanted: Option<RangeArg>,
    overwrite: bool,
) -> Result<Reply, Error> {
    let image = context.image()?.clone();
    let (start, len) = wanted.map_or(Ok((0, image.len())), |wanted| context.range(&wanted, None))?;
    write_file(file, overwrite, |out| put(&image, start, len, out))?;
    let name = visible(file.as_os_str().as_encoded_bytes());
    Ok(Reply::Text(vec![format!("wrote {} to {name}", range(start, len))]))
}

/// Writes a range of a memory piece by piece.
fn put(image: &Image, start: u64, len: u64, out: &mut impl Write) -> std::io::Result<()> {
    let mut chunk = vec![0; usize::try_from(CHUNK.min(len)).unwrap_or_default()];
    let mut done = 0;
    while done < len {
        let count = usize::try_from((len - done).min(CHUNK)).unwrap_or_default();
        image.read(start + done, &mut chunk[..count]);
        out.write_all(&chunk[..count])?;
        done += count as u64;
    }
    Ok(())
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
