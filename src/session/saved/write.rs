//! Writes a session to a file in the current format.

use std::io::{self, Write};

use super::cause::Cause;
use super::entry::{Entry, FORMAT, Head};
use super::guest::{self, Global};
use super::hex::Hex;
use super::{has_causes, line, places};
use crate::guest as live;
use crate::record::{Memories, Moment, Run};
use crate::session::{About, Session};

/// Maximum cost of the causes of a run that are saved without their bytes.
const LISTED: usize = 32 << 20;

/// Writes a session.
pub(super) fn write(out: &mut impl Write, session: &Session) -> io::Result<()> {
    line::write(out, &Head { linmem_session: FORMAT, linmem: env!("CARGO_PKG_VERSION").to_owned() })?;
    let mut runs = session.runs().filter(|(_, _, run)| has_causes(run));
    runs.try_for_each(|(about, globals, run)| write_run(out, about, globals, run))?;
    line::write(out, &Entry::Marks(session.bookmarks().iter().map(Into::into).collect()))?;
    let causes = session.runs().map(|(_, _, run)| run.len() - run.oldest()).sum::<usize>();
    line::write(out, &Entry::End { causes: causes as u64 })
}

fn write_run(out: &mut impl Write, about: &About, globals: &[live::Global], run: &Run) -> io::Result<()> {
    let oldest = run.oldest();
    if oldest > 0 {
        write_memories(out, run.start())?;
        line::write(out, &Entry::Start {})?;
    }
    // Before changes whose values are not kept, memory is unknown. There are some in the first cause at most.
    let first = oldest + usize::from(run.cause(oldest).is_some_and(|cause| cause.bare > 0));
    write_memories(out, &run.at(Moment { cause: first, change: 0 }).unwrap_or_default())?;
    let globals = globals.iter().map(Global::from).collect();
    let (listed, places) = (listed(run), places::of(about, run));
    line::write(out, &Entry::Run(Box::new(guest::Run { guest: about.into(), globals, oldest, listed, places })))?;
    for cause in (oldest..run.len()).filter_map(|number| run.cause(number)) {
        line::write(out, &Entry::Cause(Box::new((&**cause).into())))?;
        cause.changes.iter().try_for_each(|change| line::write(out, &Entry::Change(change.into())))?;
    }
    Ok(())
}

/// The newest causes that are listed without their bytes, as many as fit into a line.
fn listed(run: &Run) -> Vec<Cause<'_>> {
    let mut cost = 0;
    let older = (run.oldest_listed()..run.oldest()).rev().filter_map(|number| run.listed(number));
    let newest = older.take_while(|cause| {
        cost += cause.cost();
        cost <= LISTED
    });
    let mut listed: Vec<_> = newest.map(|cause| Cause::from(&**cause)).collect();
    listed.reverse();
    listed
}

fn write_memories(out: &mut impl Write, memories: &Memories) -> io::Result<()> {
    for image in memories {
        line::write(out, &Entry::Memory { bytes: image.len() })?;
        let mut pages = image.touched();
        pages.try_for_each(|(number, page)| line::write(out, &Entry::Page { number, bytes: Hex::new(page) }))?;
    }
    Ok(())
}
