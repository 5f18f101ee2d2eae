//! Formats a failure in full: for a trap, its explanation and its stack trace.

use super::trap::{cause_lines, explained, trapped_step, usual_causes};
use super::{Steps, counted, thousands, visible};
use crate::record::{Cause, Failure, Frame, plain};

/// The explanation of a trap: what the instruction did, and the callers in its stack trace, inside out, each with its
/// source line if known; empty for other failures. The innermost frame is part of the failure's message, and is not
/// repeated.
pub fn backtrace(failure: &Failure) -> Vec<String> {
    let Failure::Trap { trace, omitted, .. } = failure.root() else { return Vec::new() };
    with_explanation(failure, trace.first(), outer_calls(trace, *omitted))
}

/// The same of each trap of a cause, with the innermost frame, the step, and what usually causes such a trap.
pub fn frames(cause: &Cause) -> Vec<String> {
    let mut all = Vec::new();
    for failure in cause.failures() {
        let Failure::Trap { trace, .. } = failure.root() else { continue };
        all.extend(trace.first().map(|frame| format!("in {frame}")));
        all.extend(backtrace(failure));
        all.extend(during(cause, failure));
        all.extend(cause_lines(usual_causes(failure)));
    }
    all
}

/// The step in which a trap happened: `in step 3 of 5: call price(0x110010, 4) did not return`.
fn during(cause: &Cause, failure: &Failure) -> Option<String> {
    let place = trapped_step(cause).filter(|_| matches!(failure.root(), Failure::Trap { .. }))?;
    let step = Steps::new(cause).line(cause, place).headline();
    Some(format!("in step {} of {}: {step}", thousands(place as u64 + 1), thousands(cause.steps.len() as u64)))
}

/// The source line of the innermost frame, the explanation, and the callers.
fn with_explanation(failure: &Failure, innermost: Option<&Frame>, mut calls: Vec<String>) -> Vec<String> {
    let place = usize::from(innermost.is_some_and(|frame| source(frame).is_some()));
    calls.splice(place..place, explained(failure));
    calls
}

/// The same of any frames.
pub(super) fn calls(trace: &[Frame], omitted: usize) -> Vec<String> {
    let innermost = trace.first().map(|frame| format!("in {frame}"));
    innermost.into_iter().chain(outer_calls(trace, omitted)).collect()
}

fn outer_calls(trace: &[Frame], omitted: usize) -> Vec<String> {
    let mut lines: Vec<_> = trace.first().and_then(source).into_iter().collect();
    for pair in trace.windows(2) {
        lines.push(outer(&pair[0], &pair[1]));
        lines.extend(source(&pair[1]));
        lines.extend(repeats(&pair[1]));
    }
    if omitted > 0 {
        lines.push(format!("... {}", counted(omitted as u64, "more frame")));
    }
    lines
}

/// A failure in full, safe to print: its message on one line, then the explanation and the stack trace of a trap.
pub fn in_full(failure: &Failure) -> String {
    let message = visible(failure.to_string().as_bytes());
    backtrace(failure).iter().fold(message, |text, line| text + "\n  " + &visible(line.as_bytes()))
}

/// All failures of a cause in full; `None` if there are none.
pub fn failures_in_full(cause: &Cause) -> Option<String> {
    let in_full = |failure: &Failure| {
        let causes = cause_lines(usual_causes(failure));
        during(cause, failure).into_iter().chain(causes).fold(in_full(failure), |text, line| text + "\n  " + &line)
    };
    let failures: Vec<_> = cause.failures().map(in_full).collect();
    (!failures.is_empty()).then(|| failures.join("\nthen: "))
}

/// Formats a frame, given its callee. They share an instruction if the callee is inlined.
fn outer(inner: &Frame, frame: &Frame) -> String {
    if inner.inlined { format!("inlined into {}", frame.in_source()) } else { format!("called by {frame}") }
}

/// The number and text of a frame's source line.
fn source(frame: &Frame) -> Option<String> {
    Some(format!("  {} | {}", frame.line?, plain(frame.source.as_deref()?.trim())))
}

/// How many further frames of the same function are left out.
fn repeats(frame: &Frame) -> Option<String> {
    let frames = if frame.repeats == 1 { "frame" } else { "frames" };
    let count = thousands(frame.repeats as u64);
    (frame.repeats > 0).then(|| format!("... {count} more {frames} of {}", frame.function()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TrapCause;

    fn frame(name: &str, offset: usize) -> Frame {
        Frame { name: Some(name.to_owned()), offset: Some(offset), ..Frame::default() }
    }

    #[test]
    fn each_line_says_how_a_frame_belongs_to_the_one_inside_it() {
        let in_file = |line: u32, frame: Frame| Frame { file: Some("a.c".to_owned()), line: Some(line), ..frame };
        let trace = vec![
            in_file(3, Frame { inlined: true, source: Some("\t*at = 0;".to_owned()), ..frame("poke", 8) }),
            in_file(9, Frame { column: Some(5), source: Some("poke(\u{1b});".to_owned()), ..frame("f", 8) }),
            Frame { repeats: 1023, ..frame("f", 20) },
            Frame { repeats: 1, ..frame("g", 30) },
        ];
        let (call, cause) = ("f(1)".to_owned(), TrapCause::DivideByZero);
        let detail = Box::default();
        let failure = Failure::Trap { call, cause, said: None, trace, omitted: 2000, detail };
        assert_eq!(
            backtrace(&failure.in_recipe(3)),
            [
                "  3 | *at = 0;",
                "inlined into f at a.c:9:5",
                "  9 | poke(\\u{1b});",
                "called by f (offset 0x14)",
                "... 1,023 more frames of f",
                "called by g (offset 0x1e)",
                "... 1 more frame of g",
                "... 2,000 more frames",
            ]
        );
        assert_eq!(backtrace(&Failure::Interrupted), [] as [String; 0]);
        let forged = Failure::Refused("no\n  called by nobody".to_owned());
        assert_eq!(in_full(&forged), "no\\n  called by nobody");
    }
}
