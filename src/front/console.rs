//! Drives a session line by line, for the prompt and scripts: each line is answered before the next is read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::Poll;
use std::time::{Duration, Instant};

use rustyline::error::ReadlineError;

use super::messages::{Message, listen};
use super::output_format::OutputFormat;
use super::progress::Progress;
use super::status::{self, Status};
use super::{compiling, hex, system, tui};
use crate::cli::Cli;
use crate::command::{self, Context, Names, Reply, Typed};
use crate::session::{OpenError, Options, Session, Source, State, Update};
use crate::settings::{Check, Settings};
use crate::view::{Explained, Selection, caution, failures_in_full, stop_place, visible};

/// How long a report is made before Ctrl-C is looked for.
const SLICE: Duration = Duration::from_millis(50);

/// Typed input.
pub(super) struct Read {
    pub(super) typed: rustyline::Result<String>,
    /// Whether it was typed while the guest ran.
    pub(super) early: bool,
}

/// A session, the selection, and pending output.
pub(super) struct Console {
    pub(super) session: Session,
    messages: Receiver<Message>,
    sender: Sender<Message>,
    /// Typed input that was not handled yet.
    read: Option<Read>,
    /// While a line is edited: prints above it.
    above: Option<Sender<String>>,
    pub(super) at: Option<Selection>,
    /// The run that was shown last, and how many of its causes were.
    run: usize,
    shown: usize,
    /// The run that was last reported as caused by a changed file.
    pub(super) reloaded: usize,
    /// The cursor's address in memory.
    cursor: u64,
    pub(super) settings: Settings,
    style: hex::Style,
    /// The format in which to print causes and nothing else, for programs. People get more.
    pub(super) form: Option<OutputFormat>,
    pub(super) out: Vec<u8>,
    pub(super) explained: Explained,
    /// The findings since they were last asked for.
    pub(super) raised: Vec<String>,
    /// How many findings were told on stderr.
    pub(super) findings: usize,
    /// Whether Ctrl-C was pressed since the flag was last cleared.
    interrupted: bool,
    /// Whether Ctrl-C first pauses a guest that can be paused, before it ends the call.
    pub(super) pauses: bool,
    /// Whether it was asked to pause.
    is_pausing: bool,
    /// How many scripts are running, one in the other.
    pub(super) scripts: usize,
    /// The nesting depth of files that are run.
    pub(super) depth: usize,
    /// How many files the outermost script or line has run.
    pub(super) sourced: usize,
    /// Whether to quit.
    pub(super) leaving: bool,
    progress: Progress,
}

/// The result of a line or a command.
#[derive(Debug)]
pub(super) enum LineResult {
    Done,
    /// The guest failed: a message, and for a trap its backtrace. Safe to print.
    Failed(String),
    /// The command was not run; the message says why.
    Refused(String),
    /// Run the lines in this file.
    Source(PathBuf),
}

impl Console {
    /// Starts a guest, and waits until it is ready. From here on Ctrl-C interrupts it. Until it is ready, SIGQUIT says
    /// that nothing will be typed, if `at_prompt`.
    ///
    /// # Errors
    /// The guest could not be started, or nothing will be typed. An error was printed to stderr.
    pub(super) fn open(source: Source, options: Options, cli: &Cli, at_prompt: bool) -> Result<Console, Status> {
        let name = source.name.clone();
        let ((sender, messages), is_loading) = (channel(), Arc::new(AtomicBool::new(at_prompt)));
        listen(sender.clone(), is_loading.clone())?;
        let to_console = sender.clone();
        let session = Session::start(source, options, move |update| {
            // The console outlives this thread unless the program ends.
            let _ = to_console.send(Message::Update(update));
        });
        let mut console = Console::new(session, (sender, messages), cli);
        let settled = console.settle();
        is_loading.store(false, SeqCst);
        console.progress.clear();
        if console.leaving {
            return Err(Status::Answered);
        }
        settled.map_err(|error| status::fail_open(&name, &error))?;
        match console.session.stopped().cloned() {
            Some(stop) => console.show_stop(&stop),
            None => console.look_at(Selection::newest(console.session.run())),
        }
        Ok(console)
    }

    /// A console on a saved session.
    ///
    /// # Errors
    /// Signal handlers cannot be installed. The error was printed to stderr.
    pub(super) fn replay(session: Session, cli: &Cli) -> Result<Console, Status> {
        let (sender, messages) = channel();
        listen(sender.clone(), Arc::default())?;
        let at = Selection::newest(session.run());
        let mut console = Console::new(session, (sender, messages), cli);
        console.look_at(at);
        Ok(console)
    }

    fn new(session: Session, (sender, messages): (Sender<Message>, Receiver<Message>), cli: &Cli) -> Console {
        system::end_the_program();
        Console {
            session,
            messages,
            sender,
            read: None,
            above: None,
            at: None,
            run: 1,
            shown: 1,
            reloaded: 0,
            cursor: 0,
            settings: cli.settings.clone(),
            style: hex::Style::new(cli),
            form: cli.show.map(|show| OutputFormat::new(show, cli)),
            out: Vec::new(),
            explained: Explained::default(),
            raised: Vec::new(),
            findings: 0,
            interrupted: false,
            pauses: false,
            is_pausing: false,
            scripts: 0,
            depth: 0,
            sourced: 0,
            leaving: false,
            progress: Progress::without_answers(cli.settings.quiet),
        }
    }

    /// Handles one typed line: a line for the guest, or a command. Output is buffered.
    pub(super) fn feed(&mut self, typed: &str) -> LineResult {
        let text = match Typed::new(typed) {
            Typed::Line(line) => {
                if let Some(words) = self.session.no_guest() {
                    return LineResult::Refused(words.to_owned());
                }
                if self.session.state() == State::Stopped {
                    return LineResult::Refused(command::STOPPED.to_owned());
                }
                self.session.send(line.as_bytes().to_vec());
                return self.finish();
            }
            Typed::Command(text) => text,
        };
        let reply = command::run(text, &mut self.context()).and_then(|reply| self.finished(reply));
        let shows_memory = matches!(
            reply,
            Ok(Reply::Text(_)
                | Reply::Rows(_)
                | Reply::Places(..)
                | Reply::Struct(..)
                | Reply::Find(_)
                | Reply::Copy(_))
        );
        match reply {
            Err(error) => return LineResult::Refused(error.to_string()),
            Ok(Reply::Quit) => self.leaving = true,
            Ok(Reply::Sent) => return self.finish(),
            Ok(Reply::SentSaying(line)) => {
                self.say(&line);
                return self.finish();
            }
            Ok(Reply::Source(file)) => return LineResult::Source(file),
            Ok(Reply::Text(lines)) => lines.iter().for_each(|line| self.say(line)),
            Ok(Reply::Json(line)) => self.write_line(&line),
            Ok(Reply::Rows(rows)) => self.write(|out, style| hex::write_dump(out, &rows, style)),
            Ok(Reply::Places(_, places) | Reply::Struct(_, places)) => {
                places.iter().for_each(|place| self.say(&place.words));
            }
            Ok(Reply::Goto(addr)) => {
                self.cursor = addr;
                return self.feed(":dump");
            }
            Ok(Reply::Find(search)) => self.list_matches(*search),
            // It was finished before.
            Ok(Reply::Report(_)) => (),
            Ok(Reply::Copy(text)) => self.say(&text),
            Ok(Reply::Shot(file, over)) => return self.shoot(&file, over),
            Ok(Reply::Look(at)) => {
                self.look_at(Some(*at));
                self.show();
            }
            Ok(Reply::Opened(at, words)) => {
                self.look_at(Some(*at));
                self.show();
                self.say(&words);
            }
        }
        if let Some(caution) = self.at.as_ref().and_then(|at| caution(at.known())).filter(|_| shows_memory) {
            self.say(caution);
        }
        if let Some(dropped) = self.at.as_ref().and_then(Selection::dropped_in_full).filter(|_| shows_memory) {
            self.say(&dropped);
        }
        LineResult::Done
    }

    /// A reply; of a report, its end, unless Ctrl-C comes first.
    fn finished(&mut self, reply: Reply) -> Result<Reply, command::Error> {
        let Reply::Report(mut report) = reply else { return Ok(reply) };
        let mut progress = Progress::without_answers(self.settings.quiet);
        loop {
            if let Poll::Ready(reply) = report.go_on(&mut self.session, Some(Instant::now() + SLICE)) {
                return reply;
            }
            if self.is_interrupted() {
                return Err(command::Error::Failed("interrupted before it was finished".to_owned()));
            }
            progress.show(&report.progress());
        }
    }

    fn context(&mut self) -> Context<'_> {
        let (cursor, selected) = (self.cursor, self.cursor..self.cursor.saturating_add(1));
        Context { session: &mut self.session, at: self.at.as_ref(), cursor, selected, settings: &mut self.settings }
    }

    /// The names that can be typed now.
    pub(super) fn names(&mut self) -> Names {
        self.context().names()
    }

    /// Selects another moment, and moves the cursor to where something happened.
    pub(super) fn look_at(&mut self, at: Option<Selection>) {
        self.cursor = at.as_ref().and_then(|at| at.address(self.session.memory())).unwrap_or(self.cursor);
        self.at = at;
    }

    /// Saves a picture of what the full screen would show.
    fn shoot(&mut self, file: &Path, over: bool) -> LineResult {
        let Some(at) = self.at.clone() else { return LineResult::Refused("nothing has happened yet".to_owned()) };
        match tui::picture(self.session.still(), at, self.cursor, file, over) {
            Ok(()) => {
                let name = visible(file.as_os_str().as_encoded_bytes());
                self.say(&format!("saved the screen as {name}"));
                LineResult::Done
            }
            Err(words) => LineResult::Refused(words),
        }
    }

    /// Adds a line to the output, for a person or a program.
    fn write_line(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
        self.out.push(b'\n');
    }

    /// Adds a line to the output if it is for a person.
    pub(super) fn say(&mut self, line: &str) {
        if self.form.is_none() {
            self.write_line(line);
        }
    }

    /// Prints the buffered output, above the line being edited.
    ///
    /// # Errors
    /// Stdout cannot be written to.
    pub(super) fn print(&mut self) -> io::Result<()> {
        let out = std::mem::take(&mut self.out);
        if let (Some(above), false) = (&self.above, out.is_empty()) {
            // If this fails, so will the next print, which reports it.
            let _ = above.send(String::from_utf8_lossy(&out).into_owned());
            return Ok(());
        }
        system::write_interruptibly(&out)
    }

    /// Prints the buffered output, unless it is for a person who set `quiet`.
    ///
    /// # Errors
    /// Stdout cannot be written to.
    pub(super) fn print_unless_quiet(&mut self) -> io::Result<()> {
        if self.settings.quiet && self.form.is_none() {
            self.out.clear();
        }
        self.print()
    }

    /// Has a call that is stopped run to its end, whatever else would stop it, and shows the result.
    pub(super) fn run_out(&mut self) -> LineResult {
        self.session.run_out();
        self.finish()
    }

    /// Whether Ctrl-C was pressed since the flag was cleared.
    pub(super) fn is_interrupted(&mut self) -> bool {
        while let Ok(message) = self.messages.try_recv() {
            // Only starting a guest fails, and it has started.
            let _ = self.take(message);
        }
        self.interrupted
    }

    /// Clears the Ctrl-C flag.
    pub(super) fn forget_interrupt(&mut self) {
        self.interrupted = false;
    }

    /// Whether findings were asked for, so that they are told on stderr and by the exit status.
    pub(super) fn reports_findings(&self) -> bool {
        self.settings.check == Check::On
    }

    /// Waits for the guest, and shows the result.
    fn finish(&mut self) -> LineResult {
        self.is_pausing = false;
        if let Err(error) = self.settle() {
            return LineResult::Failed(visible(error.to_string().as_bytes()));
        }
        if let Some(words) = self.session.refusal() {
            let failed = LineResult::Failed(visible(words.as_bytes()));
            // A run that a guest would have begun is not there.
            (self.run, self.shown) = (self.session.run_number(), self.session.run().len());
            return failed;
        }
        let newest = self.session.run().len().saturating_sub(1);
        self.show_earlier(newest);
        if let Some(stop) = self.session.stopped().cloned() {
            self.show_stop(&stop);
            return LineResult::Done;
        }
        self.look_at(Selection::newest(self.session.run()));
        command::follow_watches(&mut self.context());
        self.shown = newest + 1;
        self.show();
        self.print_in_form();
        self.tell_findings();
        let run = self.session.run();
        let newest = run.len().checked_sub(1).and_then(|last| run.cause(last));
        newest.and_then(|cause| failures_in_full(cause)).map_or(LineResult::Done, LineResult::Failed)
    }

    /// Tells of a new run, and lists what was sent again before the newest exchange.
    fn show_earlier(&mut self, newest: usize) {
        let begun = self.session.run_number();
        if std::mem::replace(&mut self.run, begun) != begun {
            self.shown = 0;
            if self.reloaded != begun {
                self.say(&format!("run {begun} begins with a fresh guest; :runs lists the earlier runs"));
            }
        }
        if self.reloaded == begun {
            self.list_resent(self.shown.max(1)..newest);
        }
        self.shown = newest;
    }

    /// Returns the next input, which `begin` has requested. Meanwhile prints unrequested events immediately, where the
    /// terminal supports it through `above`: a guest whose file changed is reloaded, and the earlier lines are sent
    /// again.
    ///
    /// # Errors
    /// Stdout cannot be written to.
    pub(super) fn read(
        &mut self,
        above: Option<Sender<String>>,
        begin: impl FnOnce(Sender<Message>),
    ) -> io::Result<Read> {
        self.print()?;
        self.above = above;
        begin(self.sender.clone());
        loop {
            if !self.waits() {
                let fed = self.finish();
                self.tell(fed);
                self.print()?;
            }
            if let Some(read) = self.read.take() {
                return Ok(read);
            }
            // There is a sender in `self`, so this never disconnects.
            if let Ok(message) = self.messages.recv() {
                self.take(message).map_err(io::Error::other)?;
            }
        }
    }

    /// Prints the result of a line or a command, unless it was shown.
    pub(super) fn tell(&mut self, fed: LineResult) {
        match fed {
            LineResult::Done | LineResult::Source(_) => (),
            LineResult::Failed(text) => self.say(&format!("failed: {text}")),
            LineResult::Refused(words) => self.say(&words),
        }
    }

    /// Waits until the guest has handled all requests.
    fn settle(&mut self) -> Result<(), OpenError> {
        while !self.waits() {
            let Ok(message) = self.messages.recv() else { break };
            self.take(message)?;
        }
        Ok(())
    }

    /// Whether the guest waits: for a line, or to be told how to go on.
    fn waits(&self) -> bool {
        matches!(self.session.state(), State::Idle | State::Stopped)
    }

    fn take(&mut self, message: Message) -> Result<(), OpenError> {
        match message {
            Message::Update(Update::Said(text)) => self.heard(&text),
            Message::Update(Update::Paused(paused)) => {
                let passing = paused.stop.as_ref().filter(|_| !paused.holds).map(stop_place);
                self.session.apply(Update::Paused(paused))?;
                if let Some(place) = passing {
                    self.say(&place);
                    self.print_now();
                }
            }
            Message::Update(Update::Compiling(progress)) => {
                // Not into the line that is being edited.
                if self.above.is_none() {
                    self.progress.show(&compiling::sentence(self.session.name(), progress));
                }
            }
            Message::Update(update) => {
                self.progress.clear();
                self.session.apply(update)?;
                self.tell_reload();
            }
            Message::Quit => {
                self.leaving = true;
                self.session.interrupt();
            }
            Message::Interrupt if self.may_pause() => {
                self.is_pausing = true;
                self.say("pausing; Ctrl-C again ends the call");
                self.print_now();
                self.session.pause();
            }
            Message::Interrupt => {
                self.interrupted = true;
                self.session.interrupt();
            }
            Message::Read(typed) => {
                let early = self.session.state() != State::Idle;
                // While a line is edited, the prompt handles the key.
                if matches!(typed, Err(ReadlineError::Interrupted)) {
                    self.session.interrupt();
                }
                (self.read, self.above) = (Some(Read { typed, early }), None);
            }
        }
        Ok(())
    }

    /// Whether Ctrl-C pauses the call that is under way.
    fn may_pause(&self) -> bool {
        self.pauses && self.depth == 0 && !self.is_pausing && self.session.is_pausable()
    }

    /// Adds output for a person.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut Vec<u8>, hex::Style) -> io::Result<()>) {
        if self.form.is_none() {
            // Writing to a buffer cannot fail.
            let _ = write(&mut self.out, self.style.fitted());
        }
    }
}
