//! A preview of the line being typed: the bytes that the guest would receive, and where the host would write them. It
//! uses only the recipe and earlier exchanges, and says so where that is not enough.

use std::fmt::Write;

use super::regions::{Regions, input_of};
use super::{counted, thousands};
use crate::abi::{Roles, ValueSource};
use crate::record::Trigger;
use crate::session::Session;

/// Maximum number of bytes shown: wider than any screen.
const SHOWN: usize = 340;
/// How many causes are searched for where the last line was written.
const CAUSES: usize = 64;

/// Describes what a line sends: number of bytes and characters, their address, and the bytes.
pub fn ahead(line: &str, session: &Session, regions: &Regions) -> String {
    let characters = counted(line.chars().count() as u64, "character");
    let Some(roles) = regions.roles() else { return format!("{} B, {characters}", thousands(line.len() as u64)) };
    let bytes = match roles.bytes(line.as_bytes()) {
        Ok(bytes) => bytes,
        Err(words) => return format!("{characters}; no preview: {words}"),
    };
    let count = bytes.len() as u64;
    let room = regions.room().filter(|&room| count > room);
    let place = match room {
        Some(room) => format!("too long: the guest's buffer holds {} B", thousands(room)),
        None => place(roles, session),
    };
    let mut words = format!("{} B, {characters}, {place}:", thousands(count));
    for byte in bytes.iter().take(SHOWN) {
        let _ = write!(words, " {byte:02x}");
    }
    words
}

fn place(roles: &Roles, session: &Session) -> String {
    match &roles.line {
        Some(ValueSource::Number(addr)) => format!("goes to {addr:#x}"),
        Some(ValueSource::Global(name)) => {
            let global = session.globals().iter().find(|global| &global.name == name);
            match global.and_then(|global| global.value.unsigned()) {
                Some(addr) => format!("goes to {addr:#x}, the value of the global {name}"),
                None => format!("goes to the address in the global {name}"),
            }
        }
        Some(ValueSource::Allocator(export, _)) => format!("goes to memory that {export} allocates"),
        Some(ValueSource::Getter(_) | ValueSource::Computed) => match last(session) {
            Some(addr) => format!("would go to {addr:#x}, where the last line went"),
            None => "goes to an address from the guest".to_owned(),
        },
        None if roles.fetched => "the guest fetches it itself".to_owned(),
        None => "the recipe does not write it to memory".to_owned(),
    }
}

/// Where the newest line was written in the selected memory.
fn last(session: &Session) -> Option<u64> {
    let run = session.run();
    let causes = (run.oldest()..run.len()).rev().take(CAUSES).filter_map(|number| run.cause(number));
    let line = causes.into_iter().find(|cause| matches!(cause.trigger, Trigger::Line(_)))?;
    input_of(line, session.memory()).map(|(start, _)| start)
}
