//! Explains a trap: what the instruction did, the message of a panic, and what usually causes such a trap.

use super::{counted, thousands};
use crate::record::{
    Accessed, Cause, Failure, PanicMessage, PanicSource, StepKind, TrapAccess, TrapCallee, TrapCause, TrapDetail,
    TrapSlot, plain,
};

/// What is known of a trap besides its cause and frames, a line each; empty for other failures.
pub(super) fn explained(failure: &Failure) -> Vec<String> {
    let Failure::Trap { cause, detail, said, .. } = failure.root() else { return Vec::new() };
    let TrapDetail { instruction, accesses, slots, callee, operand, panic } = &**detail;
    let mut lines: Vec<_> = accesses.iter().map(access).collect();
    lines.extend(slots.iter().map(|each| slot(each, callee.as_ref())));
    lines.extend(operand.iter().map(|number| format!("the number is {number}")));
    // That one is the cause by itself.
    let instruction = instruction.as_deref().filter(|_| *cause != TrapCause::Unreachable).map(plain);
    if let (Some(instruction), Some(first)) = (&instruction, lines.first_mut()) {
        *first = format!("{instruction}: {first}");
    } else if let Some(instruction) = instruction {
        lines.push(format!("instruction: {instruction}"));
    }
    // The failure's own message has it already.
    let is_told = said.is_none() && panic.as_ref().is_some_and(|panic| panic.source.is_certain());
    lines.extend(panic.iter().map(|panic| message(panic, is_told)));
    lines
}

/// What usually causes such a trap, in two parts; `None` for other failures.
pub fn usual_causes(failure: &Failure) -> Option<[&'static str; 2]> {
    let Failure::Trap { cause, .. } = failure.root() else { return None };
    usual(cause)
}

/// The same as lines.
pub fn cause_lines(causes: Option<[&'static str; 2]>) -> impl Iterator<Item = String> {
    causes.into_iter().flat_map(|[first, second]| [format!("usual causes: {first}"), second.to_owned()])
}

/// The step in which a cause's guest trapped: the innermost call that did not return.
pub fn trapped_step(cause: &Cause) -> Option<usize> {
    let is_trap = |failure: &Failure| matches!(failure.root(), Failure::Trap { .. });
    cause.failures().find(|failure| is_trap(failure))?;
    cause.steps.iter().rposition(|step| matches!(step.kind, StepKind::Call { results: None, .. }))
}

fn access(access: &TrapAccess) -> String {
    let TrapAccess { index, of, addr, is_first, len, writes, size } = access;
    let does = if *writes { "writes" } else { "reads" };
    let (bytes, all) = (counted(*len, "byte"), thousands(*size));
    let whole = match of {
        Accessed::Memory if *index == 0 => "memory".to_owned(),
        Accessed::Memory => format!("memory {index}"),
        Accessed::Data => format!("data segment {index}"),
    };
    let end = addr.saturating_add(*len);
    let signed = signed(*addr);
    match addr.checked_sub(*size) {
        _ if !is_first => format!("{does} {bytes}, ending past {addr:#x}, where {whole} ends ({all} bytes)"),
        Some(0) => format!("{does} {bytes} at {addr:#x}, where {whole} ends ({all} bytes)"),
        Some(past) => {
            let past = counted(past, "byte");
            format!(
                "{does} {bytes} at {addr:#x}{signed}, which is {past} past the end of {whole} at {size:#x} ({all} bytes)"
            )
        }
        None => format!("{does} {bytes} at {addr:#x}..{end:#x}, but {whole} ends at {size:#x} ({all} bytes)"),
    }
}

/// An address above 2 GiB as the negative number that a signed reading makes of it, or nothing.
fn signed(addr: u64) -> String {
    let signed = u32::try_from(addr).map_or(0, u32::cast_signed);
    if signed < 0 { format!(" ({signed} if signed)") } else { String::new() }
}

fn slot(slot: &TrapSlot, callee: Option<&TrapCallee>) -> String {
    let TrapSlot { table, slot, len, size } = slot;
    let which = match len {
        1 => format!("slot {slot} of table {table}"),
        len => format!("{} starting at slot {slot} of table {table}", counted(*len, "slot")),
    };
    let outside = size.filter(|size| slot.checked_add(*len).is_none_or(|end| end > *size));
    let expected = callee.map_or(String::new(), |callee| format!("; the call expects {}", callee.expected));
    match (outside, callee) {
        (Some(size), _) => format!("{which}, which has {}{expected}", counted(size, "slot")),
        (None, Some(TrapCallee { found: Some(found), index, name, initial, .. })) => {
            let has = if *initial { "initially held" } else { "holds" };
            let name = name.as_deref().map(plain).or_else(|| index.map(|index| format!("function {index}")));
            format!("{which} {has} {}, which is {found}{expected}", name.unwrap_or_default())
        }
        (None, Some(TrapCallee { initial: false, .. })) => format!("{which} is null{expected}"),
        _ => format!("{which}{expected}"),
    }
}

fn message(panic: &PanicMessage, is_told: bool) -> String {
    let PanicMessage { text, addr, len, source, .. } = panic;
    let what = match (text.is_some(), source.is_certain()) {
        (true, true) => "panic message",
        (true, false) => "possible panic message",
        (false, _) => "panic location",
    };
    let told = if is_told { String::new() } else { format!(": {}", panic.words()) };
    let size = if *len == 0 { String::new() } else { format!(", {}", counted(*len, "byte")) };
    let place = match source {
        PanicSource::RustPanic => "through the record of the panic on the guest's stack",
        PanicSource::Arguments | PanicSource::PerhapsArguments => {
            "through constant arguments of a call in the backtrace"
        }
        PanicSource::StackText => "as the longest text on the guest's stack",
    };
    format!("{what}{told} (found in memory at {addr:#x}{size}, {place})")
}

/// What usually causes a trap, in two lines.
fn usual(cause: &TrapCause) -> Option<[&'static str; 2]> {
    Some(match cause {
        TrapCause::Unreachable => [
            "a panic, an abort or a failed check (an index, an overflow, an unwrap) whose message nobody prints;",
            "or a path through a function that returns no value, which is undefined behavior in C and C++",
        ],
        TrapCause::MemoryOutOfBounds => [
            "address and length in the wrong order, or packed in the other order; a length in the wrong units;",
            "a pointer that was freed or never set, or an error code such as -1 used as one; a missing zero byte",
        ],
        TrapCause::TableOutOfBounds | TrapCause::NullFunction => [
            "a function pointer that was never set, or that was freed or overwritten;",
            "or a virtual call on an object that is no longer there",
        ],
        TrapCause::TypeMismatch => [
            "a function pointer that was cast to another type and then called;",
            "or a function pointer or an object that was overwritten",
        ],
        TrapCause::StackOverflow => [
            "endless recursion, or recursion too deep for the line that was sent (--max-stack sets the limit);",
            "or an export and an import that call each other",
        ],
        TrapCause::DivideByZero => [
            "a length, count or parsed number that is 0, such as the length of an empty line;",
            "or a divisor that was read from memory that was never written",
        ],
        TrapCause::IntegerOverflow => {
            ["the lowest integer divided by -1;", "or a float that does not fit in the target integer type"]
        }
        TrapCause::InvalidConversion => [
            "a NaN, such as from 0/0 or a failed parse, that is converted to an integer;",
            "or bytes that are not a float but are read as one",
        ],
        TrapCause::Unaligned => {
            ["an atomic access to a field of a packed struct;", "or a pointer that an allocator did not align"]
        }
        TrapCause::UncaughtException => [
            "an exception that no function on the way to the export catches;",
            "or an exception from another language's runtime",
        ],
        TrapCause::Other(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(addr: u64, is_first: bool) -> TrapAccess {
        let (index, of, len, writes, size) = (0, Accessed::Memory, 4, true, 0x10000);
        TrapAccess { index, of, addr, is_first, len, writes, size }
    }

    #[test]
    fn an_access_is_put_against_the_size() {
        assert_eq!(
            access(&memory(0x10010, true)),
            "writes 4 bytes at 0x10010, which is 16 bytes past the end of memory at 0x10000 (65,536 bytes)"
        );
        assert_eq!(access(&memory(0x10000, true)), "writes 4 bytes at 0x10000, where memory ends (65,536 bytes)");
        assert_eq!(
            access(&memory(0x10000, false)),
            "writes 4 bytes, ending past 0x10000, where memory ends (65,536 bytes)"
        );
        assert_eq!(
            access(&TrapAccess { index: 1, writes: false, ..memory(0xfffe, true) }),
            "reads 4 bytes at 0xfffe..0x10002, but memory 1 ends at 0x10000 (65,536 bytes)"
        );
    }

    #[test]
    fn what_is_inferred_is_said_to_be() {
        let callee = |found: Option<&str>, initial: bool| TrapCallee {
            expected: "() -> ()".to_owned(),
            found: found.map(str::to_owned),
            index: found.map(|_| 7),
            name: None,
            initial,
        };
        let third = TrapSlot { table: 0, slot: 3, len: 1, size: Some(4) };
        let told = |callee: &TrapCallee| slot(&third, Some(callee));
        assert_eq!(
            told(&callee(Some("() -> (i32)"), false)),
            "slot 3 of table 0 holds function 7, which is () -> (i32); the call expects () -> ()"
        );
        assert!(told(&callee(Some("() -> (i32)"), true)).contains("initially held function 7"));
        assert_eq!(told(&callee(None, false)), "slot 3 of table 0 is null; the call expects () -> ()");
        assert_eq!(told(&callee(None, true)), "slot 3 of table 0; the call expects () -> ()");
        let source = PanicSource::StackText;
        let panic = PanicMessage { text: Some("no price".to_owned()), place: None, addr: 16, len: 8, source };
        assert_eq!(
            message(&panic, false),
            "possible panic message: \"no price\" (found in memory at 0x10, 8 bytes, as the longest text on the \
             guest's stack)"
        );
    }
}
