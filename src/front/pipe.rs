//! The pipe: one line in, one line out, bytes exact.

use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::answers::GatheredAnswers;
use super::output_format::OutputFormat;
use super::progress::Progress;
use super::status::{self, Status};
use super::system::{self, Caught};
use super::waiting::Waiting;
use super::{Lines, Piece};
use super::{compiling, hex, json};
use crate::abi::{Ended, InputLine, MessageRoom, StreamError, Streams};
use crate::check::{Checker, Finding};
use crate::cli::Cli;
use crate::guest::PauseListener;
use crate::record::{Cause, Failure, Memories};
use crate::session::{GATHER, Live, Options, Source, Watchdog};
use crate::settings::{Check, Settings};
use crate::view::{Explained, cause_lines, counted, in_full, stop_place, usual_causes, visible};

/// Runs the pipe to its end.
pub(super) fn run(source: &Source, options: &Options, cli: &Cli) -> Status {
    let watch = Watchdog::new(options.limits.time);
    let caught = match Caught::install(watch.clone()) {
        Ok(caught) => caught,
        Err(error) => return status::fail(Status::Io, &format!("signals cannot be caught: {error}")),
    };
    let number = Arc::new(AtomicU64::new(0));
    if !options.stops.is_empty() {
        report_stops(&watch, number.clone(), cli.settings.quiet);
    }
    let mut options = options.clone();
    options.compile.has_much_to_do = cli.line.is_empty().then_some(compiling::has_much_to_do);
    let clear = compiling::show_progress(&source.name, &mut options, cli.settings.quiet);
    let opened = Live::open(source, &options, watch);
    clear();
    let options = &options;
    let (live, start) = match opened {
        Ok(opened) => opened,
        Err(error) => return caught.status().unwrap_or_else(|| status::fail_open(&source.name, &error)),
    };
    if let Some(assumed) = live.choice().assumed.as_ref().filter(|_| !cli.settings.quiet) {
        status::tell(&format!("{}: {}", source.name, assumed.note()));
    }
    if let Some(why) = live.why_untraced().filter(|_| !cli.settings.quiet) {
        status::note(&super::untraced(why));
    }
    let missing = options.stops.missing(live.debug(), live.interface(), &options.limits);
    if !missing.is_empty() {
        missing.iter().for_each(|missing| status::tell(missing));
        return Status::Usage;
    }
    let mut pipe = Pipe::new(live, options, cli, caught);
    pipe.reported = number;
    let result = pipe.begin(&start).and_then(|()| pipe.messages()).and_then(|()| pipe.all(cli));
    // Flush the answers, whatever happened after them.
    let written = pipe.flush();
    match result.and(written) {
        Ok(()) => pipe.status(),
        Err(Stop::With(status)) => status,
        Err(Stop::Output(error)) => status::of_write(Err(error)),
    }
}

/// Has stops of the guest reported on stderr, with the number of the line. The guest goes on by itself.
fn report_stops(watch: &Watchdog, number: Arc<AtomicU64>, is_quiet: bool) {
    watch.control().set_passing(true);
    watch.control().set_listener(PauseListener::new(move |paused| {
        if let (Some(stop), false) = (&paused.stop, is_quiet) {
            let place = match number.load(Ordering::Relaxed) {
                0 => "start".to_owned(),
                number => format!("line {number}"),
            };
            status::note(&format!("{place}: {}", stop_place(stop)));
        }
    }));
}

struct Pipe {
    live: Live,
    caught: Caught,
    out: GatheredAnswers,
    scratch: Vec<u8>,
    separator: u8,
    longest: usize,
    keep_going: bool,
    quiet: bool,
    progress: Progress,
    show: Option<OutputFormat>,
    /// Whether answers go to a terminal, so that control characters must be escaped.
    escape: bool,
    /// Whether lines are recorded because the guest may stop, which is reported.
    may_stop: bool,
    /// The number of the line, for reports of stops.
    reported: Arc<AtomicU64>,
    number: u64,
    failed: bool,
    /// Follows the exchanges, if findings are wanted.
    checker: Option<Checker>,
    settings: Settings,
    explained: Explained,
    /// Whether a finding was raised.
    raised: bool,
    /// What was told already of the usual causes of traps.
    causes: Vec<[&'static str; 2]>,
}

/// Why the pipe ends before the end of input.
enum Stop {
    With(Status),
    Output(io::Error),
}

impl Pipe {
    fn new(live: Live, options: &Options, cli: &Cli, caught: Caught) -> Pipe {
        let checker = (cli.checks(cli.show.is_some()) || options.poison.is_some()).then(|| Checker::new(live.facts()));
        let terminal = io::stdout().is_terminal();
        Pipe {
            checker,
            settings: cli.settings.clone(),
            explained: Explained::default(),
            raised: false,
            causes: Vec::new(),
            live,
            caught,
            out: GatheredAnswers::new(),
            scratch: Vec::new(),
            separator: if cli.null { 0 } else { b'\n' },
            longest: usize::try_from(options.limits.memory).unwrap_or(usize::MAX),
            keep_going: cli.keep_going,
            quiet: cli.settings.quiet,
            progress: Progress::new(cli.settings.quiet),
            show: cli.show.map(|show| OutputFormat::new(show, cli)),
            escape: terminal,
            may_stop: !options.stops.is_empty(),
            reported: Arc::default(),
            number: 0,
            failed: false,
        }
    }

    fn all(&mut self, cli: &Cli) -> Result<(), Stop> {
        if cli.whole {
            match self.is_plain() && self.live.can_stream() {
                true => self.stream(),
                false => self.whole(io::stdin().lock()),
            }
        } else if cli.line.is_empty() {
            self.lines(io::stdin().lock())
        } else {
            cli.line.iter().try_for_each(|line| self.exchange(line.as_encoded_bytes(), true))
        }
    }

    fn lines(&mut self, input: impl Read) -> Result<(), Stop> {
        let mut lines = Lines::new(input, self.separator, self.longest);
        let plain = self.is_plain();
        loop {
            while plain && !lines.whole().is_empty() {
                let bytes = self.exchanges(lines.whole())?;
                lines.skip(bytes);
            }
            match lines.piece() {
                Piece::Line(line, ended) => self.exchange(line, ended)?,
                Piece::TooLong(ended) => self.too_long(ended)?,
                Piece::End => return Ok(()),
                Piece::Wanting => {
                    if lines.is_skipping() && !self.keep_going {
                        // Its end may never come.
                        return self.too_long(false);
                    }
                    self.flush()?;
                    system::owes(false);
                    lines.fill().map_err(|error| Stop::With(input_failed(&error)))?;
                }
            }
        }
    }

    /// Whether answers are all that is wanted, as they are.
    fn is_plain(&self) -> bool {
        self.show.is_none() && !self.escape && !self.may_stop && self.checker.is_none()
    }

    /// Has a program read stdin and write stdout itself.
    fn stream(&mut self) -> Result<(), Stop> {
        self.number += 1;
        self.flush()?;
        self.end_if_asked()?;
        let quiet = self.quiet;
        let most = self.settings.limits.messages;
        let (mut room, mut is_full) = (MessageRoom::new(most), false);
        let say = move |text: &[u8]| {
            let was_full = std::mem::replace(&mut is_full, !room.admits(text));
            if quiet || was_full {
                return;
            }
            status::tell(&match is_full {
                true => format!(
                    "line 1: further messages are dropped; the limit is {} (--max-messages sets it)",
                    counted(most, "byte")
                ),
                false => format!("line 1: the guest says: {}", String::from_utf8_lossy(text)),
            });
        };
        let watch = self.live.watch();
        let (input, output) = (Waiting::new(io::stdin(), watch), Waiting::new(system::Out, watch));
        let ended = self.live.stream(Streams::new(input, output, say));
        self.end_if_asked()?;
        match ended {
            Ok(ended) => {
                self.messages()?;
                self.settle(&ended, false)
            }
            Err(StreamError::Input(error)) => Err(Stop::With(input_failed(&error))),
            Err(StreamError::Output(error)) => Err(Stop::Output(error)),
        }
    }

    fn whole(&mut self, input: impl Read) -> Result<(), Stop> {
        let mut line = Vec::new();
        input
            .take((self.longest as u64).saturating_add(1))
            .read_to_end(&mut line)
            .map_err(|error| Stop::With(input_failed(&error)))?;
        if line.len() > self.longest { self.too_long(false) } else { self.exchange(&line, false) }
    }

    /// Runs as many of the lines as fit in one batch. Each has its separator. Returns their size in bytes.
    fn exchanges(&mut self, lines: &[u8]) -> Result<usize, Stop> {
        self.end_if_asked()?;
        system::owes(true);
        let done = self.live.answers(lines, self.separator, &mut self.out);
        self.number += done.lines as u64;
        if let Some(error) = self.out.failure() {
            return Err(Stop::Output(error));
        }
        self.messages()?;
        let is_separated = done.ended.answer.is_ok();
        self.settle(&done.ended, !is_separated)?;
        Ok(done.bytes)
    }

    fn end_if_asked(&self) -> Result<(), Stop> {
        self.caught.status().map_or(Ok(()), |status| Err(Stop::With(status)))
    }

    /// Runs one line. Appends its answer to the output, with a separator if the line had one.
    fn exchange(&mut self, line: &[u8], ended: bool) -> Result<(), Stop> {
        self.number += 1;
        self.reported.store(self.number, Ordering::Relaxed);
        self.end_if_asked()?;
        system::owes(self.show.is_none());
        let how = match self.show {
            Some(OutputFormat::Json) => return self.json(InputLine { bytes: line, ended }),
            Some(OutputFormat::Hex(style)) => self.shown(InputLine { bytes: line, ended }, style)?,
            None if self.checker.is_some() => self.checked(InputLine { bytes: line, ended })?,
            None if self.may_stop => self.stopping(InputLine { bytes: line, ended }),
            None if self.escape => self.escaped(InputLine { bytes: line, ended }),
            None => self.live.answer(InputLine { bytes: line, ended }, &mut self.out.bytes),
        };
        if self.show.is_none() {
            self.messages()?;
        }
        self.settle(&how, ended)
    }

    fn too_long(&mut self, ended: bool) -> Result<(), Stop> {
        self.number += 1;
        let failure = Failure::LineTooLong(self.longest as u64);
        if let Some(OutputFormat::Json) = self.show {
            json::write_unsent(&mut self.out.bytes, self.number, &failure).map_err(Stop::Output)?;
            return self.settle(&failure.into(), false);
        }
        self.settle(&failure.into(), ended)
    }

    /// Ends a line: writes the separator if it is due, then reports what failed.
    fn settle(&mut self, how: &Ended, is_due: bool) -> Result<(), Stop> {
        let is_answered = how.answer.is_ok();
        self.out.bytes.extend((is_due && is_answered).then_some(self.separator));
        if !how.is_well() {
            self.report(how)?;
        }
        self.out.bytes.extend((is_due && !is_answered).then_some(self.separator));
        self.gather()
    }

    fn gather(&mut self) -> Result<(), Stop> {
        if self.out.bytes.len() >= GATHER { self.flush() } else { Ok(()) }
    }

    /// Reports failures, and either ends the pipe or prepares the guest for the next line.
    fn report(&mut self, how: &Ended) -> Result<(), Stop> {
        self.flush()?;
        self.progress.clear();
        self.end_if_asked()?;
        how.failures().for_each(|failure| self.tell(failure));
        if let Some(first) = how.failures().next().filter(|_| !self.keep_going) {
            return Err(Stop::With(first.into()));
        }
        self.failed = true;
        if how.failures().any(Failure::leaves_guest_suspect) {
            let start = self.live.restart();
            let start = start.map_err(|error| Stop::With(status::fail_open("a fresh guest", &error)))?;
            if let Some(checker) = &mut self.checker {
                checker.restart(&start);
            }
        }
        Ok(())
    }

    /// Reports a failure. What usually causes a kind of trap is told once.
    fn tell(&mut self, failure: &Failure) {
        let causes = usual_causes(failure).filter(|causes| !self.causes.contains(causes));
        self.causes.extend(causes);
        let causes = cause_lines(causes).fold(String::new(), |text, line| text + "\n  " + &line);
        status::tell(&format!("line {}: {}{causes}", self.number, in_full(failure)));
    }

    /// Writes the guest's messages and the host's notes to stderr, after flushing earlier answers.
    fn messages(&mut self) -> Result<(), Stop> {
        if self.quiet || !self.live.messages().is_any() {
            return Ok(());
        }
        self.flush()?;
        self.progress.clear();
        let place = if self.number == 0 { "start".to_owned() } else { format!("line {}", self.number) };
        for text in self.live.messages().iter() {
            status::tell(&format!("{place}: the guest says: {}", String::from_utf8_lossy(text)));
        }
        for text in self.live.messages().notes() {
            status::tell(&format!("{place}: note: {text}"));
        }
        Ok(())
    }

    /// A line that is recorded, because the guest may stop meanwhile.
    fn stopping(&mut self, line: InputLine<'_>) -> Ended {
        let cause = self.live.send(line, self.number);
        let answer = cause.outcome.map(|answer| match self.escape {
            true => self.out.bytes.extend_from_slice(visible(&answer).as_bytes()),
            false => self.out.bytes.extend_from_slice(&answer),
        });
        Ended::of_cause(answer, cause.cleanup)
    }

    fn escaped(&mut self, line: InputLine<'_>) -> Ended {
        self.scratch.clear();
        let how = self.live.answer(line, &mut self.scratch);
        self.out.bytes.extend_from_slice(visible(&self.scratch).as_bytes());
        how
    }

    /// Follows the start of the guest.
    fn begin(&mut self, start: &Cause) -> Result<(), Stop> {
        let findings = self.follow(start);
        self.tell_findings(&findings);
        Ok(())
    }

    /// What is wrong with an exchange, as far as that is to be shown.
    fn follow(&mut self, cause: &Cause) -> Vec<Finding> {
        let present = self.live.present();
        let follow = |checker: &mut Checker| {
            let findings = checker.follow(cause);
            checker.share(present);
            findings
        };
        let mut findings = self.checker.as_mut().map_or_else(Vec::new, follow);
        findings.retain(|finding| self.settings.shows(finding));
        findings
    }

    /// Says on stderr what is wrong, if that was asked for.
    fn tell_findings(&mut self, findings: &[Finding]) {
        self.raised |= !findings.is_empty();
        if self.settings.check != Check::On || findings.is_empty() {
            return;
        }
        self.progress.clear();
        for finding in findings {
            let lines = self.explained.lines(finding);
            let place = if finding.cause == 0 { "start".to_owned() } else { format!("line {}", self.number) };
            status::tell(&format!("{place}: finding: {}", lines.join("\n")));
        }
    }

    /// One line, recorded and checked.
    fn checked(&mut self, line: InputLine<'_>) -> Result<Ended, Stop> {
        let cause = self.live.send(line, self.number);
        let findings = self.follow(&cause);
        if !findings.is_empty() {
            self.flush()?;
        }
        self.tell_findings(&findings);
        let answer = cause.outcome.map(|answer| match self.escape {
            true => self.out.bytes.extend_from_slice(visible(&answer).as_bytes()),
            false => self.out.bytes.extend_from_slice(&answer),
        });
        Ok(Ended::of_cause(answer, cause.cleanup))
    }

    /// Streams the dump row by row, as it can be many times as large as the memory.
    fn shown(&mut self, line: InputLine<'_>, style: hex::Style) -> Result<Ended, Stop> {
        let before: Memories = self.live.present().clone();
        let cause = self.live.send(line, self.number);
        let findings = self.follow(&cause);
        self.flush()?;
        let mut out = BufWriter::with_capacity(GATHER, system::Out);
        let written = hex::write_cause(&mut out, self.number, &cause, &before, style);
        let written = written.and_then(|()| hex::write_findings(&mut out, &findings));
        let written = written.and_then(|()| out.flush());
        // What is left of it is not written again.
        drop(out.into_parts());
        self.end_if_asked()?;
        written.map_err(Stop::Output)?;
        self.tell_findings(&findings);
        let answer = cause.outcome.map(|answer| match self.escape {
            true => self.out.bytes.extend_from_slice(visible(&answer).as_bytes()),
            false => self.out.bytes.extend_from_slice(&answer),
        });
        Ok(Ended::of_cause(answer, cause.cleanup))
    }

    /// Writes one object per line of input, whatever the separator. Streamed as well.
    fn json(&mut self, line: InputLine<'_>) -> Result<(), Stop> {
        let cause = self.live.send(line, self.number);
        let findings = self.follow(&cause);
        self.flush()?;
        let mut out = BufWriter::with_capacity(GATHER, system::Out);
        let written = json::write_cause(&mut out, 1, self.number, &cause, &findings);
        let written = written.and_then(|()| out.flush());
        // What is left of it is not written again.
        drop(out.into_parts());
        self.end_if_asked()?;
        written.map_err(Stop::Output)?;
        self.tell_findings(&findings);
        self.settle(&Ended::of_cause(cause.outcome.map(|_| ()), cause.cleanup), false)
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let result = self.out.flush();
        let number = self.number;
        self.progress.tell(number);
        result.map_err(Stop::Output)
    }

    fn status(&self) -> Status {
        match (self.failed, self.raised && self.settings.check == Check::On) {
            (true, _) => Status::SomeFailed,
            (false, true) => Status::Findings,
            (false, false) => Status::Answered,
        }
    }
}

fn input_failed(error: &io::Error) -> Status {
    status::fail(Status::Io, &format!("reading stdin failed: {error}"))
}
