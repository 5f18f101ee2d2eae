//! Running lines in batches with a driver. The host finishes a line if the driver gets stuck in it.

use std::borrow::Cow;
use std::ops::Range;

use super::Encoding;
use super::answers::Answers;
use super::blocks::Block;
use super::compile::{compile, layout};
use super::encoding::{append_utf16, encode, write_utf16};
use super::exchange::{Ended, Exchange};
use super::failures::placed;
use super::ops::Op;
use super::run::{Done, Runner};
use super::state::{ImportContext, LineIo};
use crate::guest::{Driver, DriverCode, DriverJob, Guest, Program, each_line_end};
use crate::record::Failure;

/// The size of the first batch, in bytes.
const FIRST: usize = 1 << 10;

/// A recipe's driver, attached to a guest.
pub struct Batch {
    driver: Driver,
    /// The size of the next batch, in bytes.
    portion: usize,
}

/// The outcome of a batch.
#[derive(Debug)]
pub struct Answered {
    /// The number of lines done. If one failed, it is the last.
    pub lines: usize,
    /// Their size in bytes, including separators.
    pub bytes: usize,
    /// How the last line ended.
    pub ended: Ended,
}

/// The lines that a driver has.
struct Loaded<'a> {
    /// As they came, each with its separator.
    lines: &'a [u8],
    separator: u8,
    count: usize,
    /// Where the first line that is not done begins in the driver's memory.
    at: u32,
}

/// Where a driver stopped.
enum Stop {
    /// Between two lines.
    Between,
    /// Before a step.
    Before(usize),
    /// In the call that a step makes.
    In(usize, Failure),
}

impl Exchange {
    /// Translates the recipe into a driver. `None` if it needs more of the host than a driver has.
    pub fn driver(&self, program: &Program) -> Option<DriverJob> {
        compile(&self.plan).ok().map(|binary| program.driver(binary))
    }

    /// Attaches a compiled recipe to a guest. `None` if the driver is for a different module.
    pub fn attach(&self, guest: &mut Guest, code: &DriverCode) -> Option<Batch> {
        let driver = guest.attach(code, self.plan.bound.memory)?;
        Some(Batch { driver, portion: FIRST })
    }

    /// Answers as many of the lines as fit in a batch. Each line ends with `separator`, and so does each answer. Ends
    /// early after a line that fails or during which the guest printed a message. `None` if the first line is
    /// unsuitable for a batch.
    ///
    /// What passes answers on may wait: the guest's time is not running then.
    pub fn answer_batch(
        &mut self,
        guest: &mut Guest,
        batch: &mut Batch,
        lines: &[u8],
        separator: u8,
        answers: &mut dyn Answers,
    ) -> Option<Answered> {
        if self.state.program_end.is_news() {
            return None;
        }
        let lines = self.sendable(lines.get(..batch.portion).unwrap_or(lines));
        let mut loaded = self.load(guest.driver_memory(&batch.driver), lines, separator);
        if loaded.count == 0 {
            batch.portion = (2 * batch.portion).min(index(layout::MOST_BYTES));
            return None;
        }
        let watch = guest.watch().clone();
        let mut done = Answered { lines: 0, bytes: 0, ended: Ended::WELL };
        let enough = answers.buffer().len() + index(layout::MOST_BYTES);
        loop {
            let buffer = answers.buffer();
            let rest = watch.during_batch(|| self.go_on(guest, &batch.driver, &mut loaded, &mut done, buffer));
            if let Some(rest) = rest {
                let rest = &guest.driver_memory(&batch.driver)[rest];
                match self.is_utf16() {
                    true => self.append(rest, answers.buffer()),
                    false => answers.take(rest),
                }
                break;
            }
            let all = done.lines == loaded.count || answers.buffer().len() >= enough;
            if all || !self.is_well(&done) || watch.cancels() {
                break;
            }
        }
        // Lines after a failure or a message are submitted again. If there are many, shrink the batch.
        batch.portion =
            if self.is_well(&done) { (2 * batch.portion).min(index(layout::MOST_BYTES)) } else { done.bytes };
        Some(done)
    }

    /// The lines before the first one that the recipe cannot encode.
    fn sendable<'a>(&self, lines: &'a [u8]) -> &'a [u8] {
        match self.plan.bound.encoding {
            Encoding::Utf8 | Encoding::Utf16 => {
                std::str::from_utf8(lines).map_or_else(|error| &lines[..error.valid_up_to()], str::as_bytes)
            }
            _ => lines,
        }
    }

    fn is_utf16(&self) -> bool {
        self.plan.bound.encoding == Encoding::Utf16
    }

    /// Copies as many lines as fit into a driver's memory, encoded.
    fn load<'a>(&self, memory: &mut [u8], lines: &'a [u8], separator: u8) -> Loaded<'a> {
        let (lengths, texts) = memory[index(layout::LENGTHS)..].split_at_mut(index(layout::LINES - layout::LENGTHS));
        let lengths = lengths.as_chunks_mut().0;
        let (count, bytes) = match self.is_utf16() {
            false => {
                let (count, bytes) = tell_lengths(lines, separator, 1, lengths);
                texts[..bytes].copy_from_slice(&lines[..bytes]);
                (count, bytes)
            }
            true if lines.is_ascii() => {
                let (count, bytes) = tell_lengths(lines, separator, 2, lengths);
                write_utf16(std::str::from_utf8(&lines[..bytes]).unwrap_or_default(), texts);
                (count, bytes)
            }
            true => encode_lines(lines, separator, lengths, texts),
        };
        let cell = index(layout::SEPARATOR);
        memory[cell..cell + 4].copy_from_slice(&u32::from(separator).to_le_bytes());
        Loaded { lines: &lines[..bytes], separator, count, at: layout::LINES }
    }

    /// How many bytes a separator takes in a driver's memory.
    fn separator_len(&self) -> u32 {
        if self.is_utf16() { 2 } else { 1 }
    }

    /// Appends what a driver read of the guest, decoded.
    fn append(&self, read: &[u8], answers: &mut Vec<u8>) {
        match self.is_utf16() {
            // A driver gets stuck in surrogates.
            true => append_utf16(read, answers).unwrap_or_default(),
            false => answers.extend_from_slice(read),
        }
    }

    fn is_well(&self, done: &Answered) -> bool {
        done.ended.is_well() && !self.state.messages.is_any() && !self.state.program_end.is_news()
    }

    /// Runs the driver from the first line that is not done. If the driver gets stuck in a line, the host finishes it.
    /// If it stops between two lines, returns where its answers are, which are not appended yet.
    fn go_on(
        &mut self,
        guest: &mut Guest,
        driver: &Driver,
        loaded: &mut Loaded<'_>,
        done: &mut Answered,
        answers: &mut Vec<u8>,
    ) -> Option<Range<usize>> {
        self.state.begin();
        self.lend_kept(guest.driver_memory(driver));
        let stop = self.drive(guest, driver, loaded, done.lines);
        let called_an_import = guest.called_an_import();
        let memory = guest.driver_memory(driver);
        let (start, end) = (word(memory, layout::ANSWER), word(memory, layout::END));
        let complete = index(layout::ANSWERS)..index(start);
        let line = index(word(memory, layout::LINE));
        loaded.at = word(memory, layout::AT);
        done.bytes = match self.is_utf16() {
            true if line == loaded.count => loaded.lines.len(),
            true => done.bytes + len_of(&loaded.lines[done.bytes..], loaded.separator, line - done.lines),
            false => index(loaded.at - layout::LINES),
        };
        done.lines = line;
        self.take_over(memory, called_an_import);
        self.state.has_answered |= done.lines > 0;
        if matches!(stop, Stop::Between) {
            // A handler called from `finally` may have rejected the last line.
            done.ended = self.plan.bound.end((Ok(()), self.state.outcome(Ok(()))), self.state.has_answered);
            self.state.end(guest);
            return Some(complete);
        }
        self.append(&memory[complete], answers);
        let len = word(memory, layout::LENGTHS + 4 * word(memory, layout::LINE));
        loaded.at += len + self.separator_len();
        let line = &loaded.lines[done.bytes..];
        let line = &line[..len_of(line, loaded.separator, 1) - 1];
        if self.plan.is_guarded() {
            let at = long(memory, layout::LINE_AT);
            self.state.line_at = (at != layout::NOWHERE).then_some((at, len.into()));
        }
        let partial = answers.len();
        // A trap discards the rest of the line, unless the guest exited with status 0 or the answer was already
        // settled.
        let settled = self.plan.bound.line.len();
        let is_wanted = self.plan.bound.has_host || !matches!(stop, Stop::In(step, _) if step < settled);
        let sofar = if is_wanted { index(start)..index(end) } else { 0..0 };
        self.append(&memory[sofar], answers);
        let ended = self.finish_line(guest, line, stop, partial, answers);
        done.ended = self.plan.bound.end(ended, self.state.has_answered);
        self.state.has_answered |= done.ended.answer.is_ok();
        done.lines += 1;
        done.bytes += line.len() + 1;
        match done.ended.answer {
            Ok(()) => answers.push(loaded.separator),
            Err(_) => answers.truncate(partial),
        }
        None
    }

    /// Enters the driver. The recipe's handlers answer imports meanwhile.
    fn drive(&mut self, guest: &mut Guest, driver: &Driver, loaded: &Loaded<'_>, line: usize) -> Stop {
        let Exchange { plan, state } = self;
        let from = (narrow(line), narrow(loaded.count), loaded.at);
        // Handlers that need the line or the answer are never called from here.
        let mut nothing = Vec::new();
        let mut io = LineIo { raw: &[], encoded: Cow::Borrowed(&[]), answer: &mut nothing, start: 0 };
        let outcome = guest.drive(driver, from, &mut ImportContext { plan, state, io: &mut io });
        match outcome {
            Ok(layout::DONE) => Stop::Between,
            Ok(step) => Stop::Before(index(step.cast_unsigned())),
            Err(trapped) => {
                let memory = guest.driver_memory(driver);
                let step = index(word(memory, layout::STEP));
                let Some(call) = plan.call(step) else {
                    return Stop::In(step, Failure::Internal("the compiled recipe trapped".to_owned()));
                };
                let args: Vec<_> = (0..call.args.len()).map(|arg| long(memory, layout::argument(arg))).collect();
                Stop::In(step, guest.why(trapped, &plan.funcs[call.export], &args))
            }
        }
    }

    /// Runs the remaining steps of a line in the interpreter.
    fn finish_line(
        &mut self,
        guest: &mut Guest,
        line: &[u8],
        stop: Stop,
        start: usize,
        answer: &mut Vec<u8>,
    ) -> (Done, Done) {
        let Exchange { plan, state } = self;
        let (body, finally) = (&plan.bound.line[..], &plan.bound.finally[..]);
        let encoded = encode(line, plan.bound.encoding).unwrap_or(Cow::Borrowed(line));
        let mut io = LineIo { raw: line, encoded, answer, start };
        let mut runner = Runner { plan, state, io: &mut io, boundary: guest };
        let (next, outcome) = match stop {
            Stop::Between => return (Ok(()), Ok(())),
            Stop::Before(step) => (step, Ok(())),
            Stop::In(step, failure) => (step + 1, runner.did_not_return(step, failure)),
        };
        match body.get(next..) {
            Some(rest) => {
                let outcome = outcome.and_then(|()| runner.all(rest));
                runner.finish(outcome, finally)
            }
            None => (Ok(()), runner.go_on_cleaning(outcome, &finally[next - body.len()..])),
        }
    }

    /// Copies values that persist between lines to the driver.
    fn lend_kept(&self, memory: &mut [u8]) {
        for (number, value) in self.state.values[..self.plan.bound.kept].iter().enumerate() {
            let cell = index(layout::slot(number));
            memory[cell..cell + 8].copy_from_slice(&value.unwrap_or(0).to_le_bytes());
            memory[cell + 8..cell + 16].copy_from_slice(&u64::from(value.is_some()).to_le_bytes());
        }
        memory[index(layout::LEFT_OUT)] = u8::from(self.state.left_out);
    }

    /// Copies the state of the driver's current line to the host.
    fn take_over(&mut self, memory: &[u8], called_an_import: bool) {
        let Exchange { plan, state } = self;
        for (number, value) in state.values.iter_mut().enumerate() {
            let is_set = word(memory, layout::is_set(number)) != 0;
            *value = is_set.then(|| long(memory, layout::slot(number)));
        }
        let last = word(memory, layout::LAST).cast_signed();
        state.last = (last != layout::NONE).then(|| (index(last.cast_unsigned()), long(memory, layout::RETURNED)));
        // The guest may have reallocated the freed blocks meanwhile.
        let freeing = plan.freeing().enumerate().filter(|_| !called_an_import);
        for (place, step) in freeing {
            let cell = layout::freed(place);
            let (addr, len, op) = (long(memory, cell), long(memory, cell + 8), plan.step(step));
            state.freed.extend(op.filter(|_| addr != 0).map(|op| Block { addr, len, freed_at: op.at }));
        }
    }
}

impl Runner<'_, '_, Guest> {
    /// The outcome of a step whose call did not return.
    fn did_not_return(&mut self, step: usize, failure: Failure) -> Done {
        let at = self.plan.step(step).map_or(0, |op| op.at);
        let zero = self.state.ended(failure.into()).map_err(|failure| placed(*failure, at))?;
        if let Some([slot]) = self.plan.call(step).map(|call| &call.into[..]) {
            self.state.values[*slot] = Some(zero);
        }
        Ok(())
    }

    /// The rest of the section `finally`, given its outcome so far.
    fn go_on_cleaning(&mut self, before: Done, rest: &[Op]) -> Done {
        let outcome = self.clean_up(before, rest);
        self.state.end(self.boundary);
        outcome
    }
}

/// Tells a driver the lengths of the lines, which take `unit` bytes a byte there. Returns the number of lines that it is
/// told, and their size here.
fn tell_lengths(lines: &[u8], separator: u8, unit: usize, lengths: &mut [[u8; 4]]) -> (usize, usize) {
    let (mut count, mut start) = (0, 0);
    let most = lengths.len();
    each_line_end(lines, separator, |end| {
        lengths[count] = narrow(unit * (end - start)).to_le_bytes();
        (count, start) = (count + 1, end + 1);
        count < most
    });
    (count, start)
}

/// Writes lines as UTF-16, and tells their lengths, for as many as fit. `lines` are valid UTF-8. Returns their number,
/// and their size here.
fn encode_lines(lines: &[u8], separator: u8, lengths: &mut [[u8; 4]], texts: &mut [u8]) -> (usize, usize) {
    let (mut count, mut start, mut at) = (0, 0, 0);
    for (end, length) in memchr::memchr_iter(separator, lines).zip(lengths) {
        let text = std::str::from_utf8(&lines[start..end]).unwrap_or_default();
        let len = write_utf16(text, &mut texts[at..]);
        *length = narrow(len).to_le_bytes();
        (count, start, at) = (count + 1, end + 1, at + len + 2);
    }
    (count, start)
}

/// The size of the first `count` lines, each with its separator.
fn len_of(lines: &[u8], separator: u8, count: usize) -> usize {
    match count {
        0 => 0,
        _ => memchr::memchr_iter(separator, lines).nth(count - 1).map_or(lines.len(), |end| end + 1),
    }
}

/// Reads a 4-byte cell.
fn word(memory: &[u8], cell: u32) -> u32 {
    let cell = index(cell);
    memory[cell..cell + 4].try_into().map_or(0, u32::from_le_bytes)
}

/// Reads an 8-byte cell.
fn long(memory: &[u8], cell: u32) -> u64 {
    let cell = index(cell);
    memory[cell..cell + 8].try_into().map_or(0, u64::from_le_bytes)
}

/// Narrows a count of lines or bytes, which is small in a batch.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Converts an address in a driver's memory to an index.
fn index(at: u32) -> usize {
    at as usize
}
