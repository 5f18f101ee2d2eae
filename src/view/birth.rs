//! The births of bytes that the guest did not compute: data segments, and what the host wrote.

use std::ops::Range;

use super::{counted, module_regions, visible};
use crate::check::is_poison;
use crate::guest::Interface;
use crate::record::{Cause, StepKind, Trigger};

/// The active data segment that a byte is from, with its offset there, if that is certain.
pub(super) fn data_segment(interface: &Interface, memory: usize, addr: u64) -> Option<String> {
    // Of segments that overlap, the later one is copied later.
    let segments = module_regions::segments(interface, memory).into_iter().rev();
    for (name, segment) in segments.filter(|(_, segment)| segment.len > 0) {
        // One whose address is not known may be there, too.
        let offset = addr.checked_sub(segment.addr?);
        if let Some(offset) = offset.filter(|&offset| offset < segment.len) {
            return Some(format!("`{}`+{offset:#x}", visible(name.as_bytes())));
        }
    }
    None
}

/// What the host wrote at an address, in the step with this index: a change of that range.
pub(super) fn host_byte(cause: &Cause, step: Option<usize>, range: &Range<u64>, addr: u64) -> String {
    let during = step.and_then(|step| import_of(cause, step)).map(|import| format!(" in {import}")).unwrap_or_default();
    if step.is_some_and(|step| is_poison(cause, step)) {
        return format!("poison (--poison){during}");
    }
    let write = step.map(|step| &cause.steps[step]).and_then(|step| match step.kind {
        StepKind::Write { addr: start, len, line, .. } => Some((step.depth, addr.checked_sub(start)?, len, line)),
        _ => None,
    });
    let Some((depth, byte, len, line)) = write else {
        let len = range.end - range.start;
        return format!("byte {} of {}{during}", addr - range.start, counted(len, "byte"));
    };
    if let (Trigger::Line(sent), Some(place)) = (&cause.trigger, line.and_then(|line| line.of(byte))) {
        return match place.checked_sub(sent.len() as u64) {
            None => format!("byte {place} of the line{during}"),
            Some(after) => format!("byte {after} after the line{during}"),
        };
    }
    match &cause.trigger {
        // What a command writes itself, not what a recipe or an import writes meanwhile.
        Trigger::Command(command) if depth == 0 && !cause.begins_a_run() => {
            format!("byte {byte} of `:{}`", visible(command.as_bytes()))
        }
        _ => format!("byte {byte} of {}{during}", counted(len, "byte")),
    }
}

/// The import during whose call a step was.
fn import_of(cause: &Cause, step: usize) -> Option<String> {
    let mut depth = cause.steps[step].depth;
    for outer in cause.steps[..step].iter().rev() {
        if outer.depth >= depth {
            continue;
        }
        depth = outer.depth;
        if let StepKind::Import { import, .. } = &outer.kind {
            return Some(visible(import.as_bytes()));
        }
    }
    None
}
