//! Where a guest stopped in the middle of a call, as sentences.

use super::{backtrace, counted, name, visible};
use crate::record::{Actor, Frame, Stop, StopAccess, StopReason};

/// That the call has not returned yet, for what is shown of it meanwhile.
pub const NOT_OVER: &str = "the call has not returned yet";

/// Where a guest stopped, why, and that the call has not returned yet, safe to print.
pub fn stop_sentence(stop: &Stop) -> String {
    format!("stopped: {}; {NOT_OVER}", stop_place(stop))
}

/// Where a guest stopped and why: `0x41c written by shout at src/lib.rs:12: 00 -> 20 (watchpoint 1)`.
pub fn stop_place(stop: &Stop) -> String {
    let place = match (&stop.access, stop.frames.first()) {
        (Some(access), frame) => accessed(access, frame),
        (None, Some(frame)) => format!("in {frame}"),
        (None, None) => "at an unknown place".to_owned(),
    };
    let why = match stop.reason {
        StopReason::Breakpoint(number) => format!(" (breakpoint {number})"),
        StopReason::Watchpoint(number) => format!(" (watchpoint {number})"),
        StopReason::Pause => " (paused)".to_owned(),
        StopReason::Step => String::new(),
    };
    visible(format!("{place}{why}").as_bytes())
}

/// The guest's calls at a stop, from the inside out, safe to print.
pub fn stop_calls(stop: &Stop) -> Vec<String> {
    let lines = backtrace::calls(&stop.frames, stop.omitted);
    lines.into_iter().map(|line| visible(line.as_bytes())).collect()
}

/// An access: `0x41c written by shout: 00 -> 20`; `4 B at 0x41c..0x420 read by shout: 01 02 03 04`.
fn accessed(access: &StopAccess, frame: Option<&Frame>) -> String {
    let range = match access.len {
        1 => format!("{:#x}", access.addr),
        len => super::sentence::range(access.addr, len),
    };
    let memory = if access.memory == 0 { String::new() } else { format!(" of memory {}", access.memory) };
    let done = if access.writes { "written" } else { "read" };
    let by = match (access.by, frame) {
        (Actor::Guest, Some(frame)) => frame.to_string(),
        (by, _) => name(by).to_owned(),
    };
    let cut = if access.len > access.new.len() as u64 { " ..." } else { "" };
    let bytes = match (access.writes, access.new.is_empty()) {
        (_, true) => format!(": {}, not kept", counted(access.len, "byte")),
        (true, false) => format!(": {}{cut} -> {}{cut}", hex(&access.old), hex(&access.new)),
        (false, false) => format!(": {}{cut}", hex(&access.old)),
    };
    format!("{range}{memory} {done} by {by}{bytes}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_says_where_why_and_what_was_accessed() {
        let frame = Frame {
            name: Some("shout".to_owned()),
            file: Some("src/lib.rs".to_owned()),
            line: Some(12),
            offset: Some(0x1b),
            ..Frame::default()
        };
        let access = StopAccess {
            memory: 0,
            addr: 0x41c,
            len: 1,
            writes: true,
            by: Actor::Guest,
            number: Some(3),
            old: vec![0],
            new: vec![0x20],
        };
        let outer = Frame { name: Some("main".to_owned()), offset: Some(0x40), ..Frame::default() };
        let stop = Stop {
            reason: StopReason::Watchpoint(2),
            frames: vec![frame, outer],
            omitted: 0,
            access: Some(access.clone()),
        };
        assert_eq!(
            stop_sentence(&stop),
            "stopped: 0x41c written by shout at src/lib.rs:12 (offset 0x1b): 00 -> 20 (watchpoint 2); \
             the call has not returned yet"
        );
        assert_eq!(stop_calls(&stop), ["in shout at src/lib.rs:12 (offset 0x1b)", "called by main (offset 0x40)"]);
        let by_host = StopAccess { by: Actor::Host, len: 20, old: vec![0; 2], new: vec![1, 2], ..access };
        let stop = Stop { access: Some(by_host), frames: Vec::new(), ..stop };
        assert_eq!(
            stop_place(&stop),
            "20 B at 0x41c..0x430 written by the host: 00 00 ... -> 01 02 ... (watchpoint 2)"
        );
        let stop = Stop { reason: StopReason::Step, access: None, ..stop };
        assert_eq!(stop_place(&stop), "at an unknown place");
    }
}
