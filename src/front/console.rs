//! A session driven line by line, as the prompt and scripts do: each line is answered before the next is taken.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use rustyline::error::ReadlineError;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::output_format::OutputFormat;
use super::status::{self, Status};
use super::{hex, panics, termios, tui};
use crate::check::Finding;
use crate::cli::Cli;
use crate::command::{self, Context, Names, Reply, Typed};
use crate::record::{Cause, Trigger};
use crate::session::{OpenError, Options, Session, Source, State, Update};
use crate::settings::{Check, Settings};
use crate::view::{
    self, Explained, Search, Selection, caution, failures_in_full, outcome, range, reload_sentence, visible,
};

/// The most matches, and exchanges that were sent again, that are listed.
const LISTED: usize = 1024;
/// The most characters of a line, and of its answer, in such a list.
const BRIEF: usize = 60;

/// What comes to a console.
pub(super) enum Message {
    Update(Update),
    Interrupt,
    /// What was typed, or why nothing was.
    Read(rustyline::Result<String>),
}

/// What was typed.
pub(super) struct Read {
    pub(super) typed: rustyline::Result<String>,
    /// Whether it came while the guest ran.
    pub(super) early: bool,
}

/// A session, what is looked at, and what is to be printed.
pub(super) struct Console {
    pub(super) session: Session,
    messages: Receiver<Message>,
    sender: Sender<Message>,
    /// What was typed, until it is taken.
    read: Option<Read>,
    /// While something is typed: what prints above it.
    above: Option<Sender<String>>,
    at: Option<Selection>,
    /// The number of the run that was shown last, and how many of its causes were.
    run: usize,
    shown: usize,
    /// The number of the run of which it was said last that a changed file began it.
    reloaded: usize,
    /// Where in memory the user is.
    cursor: u64,
    settings: Settings,
    style: hex::Style,
    /// The form in which causes are printed, and nothing else, for programs; people get more.
    form: Option<OutputFormat>,
    out: Vec<u8>,
    explained: Explained,
    /// The findings since they were last asked for.
    pub(super) raised: Vec<String>,
    /// How many findings were told on stderr.
    pub(super) findings: usize,
    /// Whether Ctrl-C was pressed since it was last asked for.
    interrupted: bool,
    /// How many files are being followed, one from inside the other.
    pub(super) depth: usize,
    /// Whether the user wants to leave.
    pub(super) leaving: bool,
}

/// What came of a line or a command.
#[derive(Debug)]
pub(super) enum LineResult {
    Done,
    /// The guest failed: a message, and for a trap lines with the calls that led to it. Safe to print.
    Failed(String),
    /// The command was not run; the message says why.
    Refused(String),
    /// The lines of this file are to be run.
    Source(PathBuf),
}

impl Console {
    /// Starts a guest, and waits until it is ready. Ctrl-C stops it from here on.
    ///
    /// # Errors
    /// The guest could not be started; that was told on stderr.
    pub(super) fn open(source: Source, options: Options, cli: &Cli) -> Result<Console, Status> {
        let name = source.name.clone();
        let (sender, messages) = channel();
        listen(sender.clone())?;
        let to_console = sender.clone();
        let session = Session::start(source, options, move |update| {
            // The console is gone only when the program ends.
            let _ = to_console.send(Message::Update(update));
        });
        let mut console = Console::new(session, (sender, messages), cli);
        console.settle().map_err(|error| status::fail_open(&name, &error))?;
        console.look_at(Selection::newest(console.session.run()));
        Ok(console)
    }

    /// A console on a session from a file.
    ///
    /// # Errors
    /// Signals cannot be caught; that was told on stderr.
    pub(super) fn replay(session: Session, cli: &Cli) -> Result<Console, Status> {
        let (sender, messages) = channel();
        listen(sender.clone())?;
        let at = Selection::newest(session.run());
        let mut console = Console::new(session, (sender, messages), cli);
        console.look_at(at);
        Ok(console)
    }

    fn new(session: Session, (sender, messages): (Sender<Message>, Receiver<Message>), cli: &Cli) -> Console {
        panics::end_the_program(termios::give_back);
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
            depth: 0,
            leaving: false,
        }
    }

    /// Takes one typed line: a line for the guest, or a command. What there is to print is kept.
    pub(super) fn feed(&mut self, typed: &str) -> LineResult {
        let text = match Typed::new(typed) {
            Typed::Line(line) => {
                if let Some(words) = self.session.no_guest() {
                    return LineResult::Refused(words.to_owned());
                }
                self.session.send(line.as_bytes().to_vec());
                return self.finish();
            }
            Typed::Command(text) => text,
        };
        let reply = command::run(text, &mut self.context());
        let shows_memory =
            matches!(reply, Ok(Reply::Text(_) | Reply::Rows(_) | Reply::Places(..) | Reply::Find(_) | Reply::Copy(_)));
        match reply {
            Err(error) => return LineResult::Refused(error.to_string()),
            Ok(Reply::Quit) => self.leaving = true,
            Ok(Reply::Sent) => return self.finish(),
            Ok(Reply::Source(file)) => return LineResult::Source(file),
            Ok(Reply::Text(lines)) => lines.iter().for_each(|line| self.say(line)),
            Ok(Reply::Rows(rows)) => self.write(|out, style| hex::write_dump(out, &rows, style)),
            Ok(Reply::Places(_, places)) => places.iter().for_each(|place| self.say(&place.words)),
            Ok(Reply::Goto(addr)) => {
                self.cursor = addr;
                return self.feed(":dump");
            }
            Ok(Reply::Find(search)) => self.list_matches(*search),
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
        LineResult::Done
    }

    fn context(&mut self) -> Context<'_> {
        let (cursor, selected) = (self.cursor, self.cursor..self.cursor.saturating_add(1));
        Context { session: &mut self.session, at: self.at.as_ref(), cursor, selected, settings: &mut self.settings }
    }

    /// The names that can be typed now.
    pub(super) fn names(&mut self) -> Names {
        self.context().names()
    }

    /// Looks at another moment. The user is then where something happened.
    fn look_at(&mut self, at: Option<Selection>) {
        self.cursor = at.as_ref().and_then(|at| at.address(self.session.memory())).unwrap_or(self.cursor);
        self.at = at;
    }

    /// Lists where a pattern was found.
    fn list_matches(&mut self, mut search: Search) {
        let image = self.at.as_ref().and_then(|at| at.after.get(self.session.memory()));
        if let Some(image) = image {
            search.go_on(image, None);
        }
        let size = search.pattern.size() as u64;
        search.found.iter().take(LISTED).for_each(|&addr| self.say(&range(addr, size)));
        match search.found.len() {
            0 => self.say("not found"),
            found if found > LISTED || search.more => self.say("... and more"),
            _ => (),
        }
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

    /// Adds a line to what is to be printed for a person.
    pub(super) fn say(&mut self, line: &str) {
        if self.form.is_none() {
            self.out.extend_from_slice(line.as_bytes());
            self.out.push(b'\n');
        }
    }

    /// Prints what is to be printed, above what is being typed.
    ///
    /// # Errors
    /// Stdout takes no more.
    pub(super) fn print(&mut self) -> io::Result<()> {
        let out = std::mem::take(&mut self.out);
        if let (Some(above), false) = (&self.above, out.is_empty()) {
            // If it cannot be printed there, what is printed next cannot either, and that tells.
            let _ = above.send(String::from_utf8_lossy(&out).into_owned());
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(&out).and_then(|()| stdout.flush())
    }

    /// Prints what is to be printed, unless it is for a person who wants no more than answers to failures.
    ///
    /// # Errors
    /// Stdout takes no more.
    pub(super) fn print_unless_quiet(&mut self) -> io::Result<()> {
        if self.settings.quiet && self.form.is_none() {
            self.out.clear();
        }
        self.print()
    }

    /// Whether Ctrl-C was pressed since it was forgotten.
    pub(super) fn is_interrupted(&mut self) -> bool {
        while let Ok(message) = self.messages.try_recv() {
            // Only what starts a guest fails, and it has started.
            let _ = self.take(message);
        }
        self.interrupted
    }

    /// Forgets that Ctrl-C was pressed.
    pub(super) fn forget_interrupt(&mut self) {
        self.interrupted = false;
    }

    /// Whether findings were asked for, so that they are told on stderr and by the exit status.
    pub(super) fn reports_findings(&self) -> bool {
        self.settings.check == Check::On
    }

    /// Waits for the guest, and shows what came of it.
    fn finish(&mut self) -> LineResult {
        if let Err(error) = self.settle() {
            return LineResult::Failed(visible(error.to_string().as_bytes()));
        }
        if let Some(words) = self.session.refusal() {
            return LineResult::Failed(visible(words.as_bytes()));
        }
        self.look_at(Selection::newest(self.session.run()));
        let begun = self.session.run_number();
        let newest = self.session.run().len().saturating_sub(1);
        if std::mem::replace(&mut self.run, begun) != begun {
            self.shown = 0;
            if self.reloaded != begun {
                self.say(&format!("run {begun} begins with a fresh guest; :runs lists the earlier runs"));
            }
        }
        if self.reloaded == begun {
            self.list_resent(self.shown.max(1)..newest);
        }
        self.shown = newest + 1;
        self.show();
        self.print_in_form();
        self.tell_findings();
        let run = self.session.run();
        let newest = run.len().checked_sub(1).and_then(|last| run.cause(last));
        newest.and_then(|cause| failures_in_full(cause)).map_or(LineResult::Done, LineResult::Failed)
    }

    /// The findings of the newest cause that are to be shown.
    fn findings(&self) -> Vec<Finding> {
        let newest = self.session.run().len().saturating_sub(1);
        self.session.findings().of(newest).filter(|finding| self.settings.shows(finding)).cloned().collect()
    }

    /// Says what is wrong with the newest cause.
    fn tell_findings(&mut self) {
        for finding in self.findings() {
            self.raised.push(view::finding(&finding));
            for line in self.explained.lines(&finding) {
                let mark = if line.starts_with(' ') { "" } else { "finding " };
                self.say(&format!("{mark}{line}"));
            }
        }
    }

    /// Adds the newest cause in the form that was asked for to what is to be printed.
    fn print_in_form(&mut self) {
        let findings = self.findings();
        let (run, number) = (self.session.run(), self.session.run_number());
        if let (Some(form), Some(newest)) = (self.form, run.len().checked_sub(1)) {
            // A buffer takes all that is written to it.
            let _ = form.write(&mut self.out, number, run, newest, &findings);
        }
    }

    /// Lists what was sent again, a line each.
    fn list_resent(&mut self, causes: std::ops::Range<usize>) {
        let left_out = causes.len().saturating_sub(LISTED);
        if left_out > 0 {
            self.say(&format!("... {left_out} exchanges"));
        }
        let run = self.session.run();
        let lines: Vec<_> =
            causes.skip(left_out).filter_map(|number| Some(brief(number, run.cause(number)?))).collect();
        lines.iter().for_each(|line| self.say(line));
    }

    /// Takes what is typed next, which `begin` has read and sent. What comes meanwhile without being asked for is shown
    /// at once, where the terminal can do that by `above`: a guest whose file changed is reloaded, and gets again what
    /// it was sent before.
    ///
    /// # Errors
    /// Stdout takes no more.
    pub(super) fn read(
        &mut self,
        above: Option<Sender<String>>,
        begin: impl FnOnce(Sender<Message>),
    ) -> io::Result<Read> {
        self.print()?;
        self.above = above;
        begin(self.sender.clone());
        loop {
            if self.session.state() != State::Idle {
                let fed = self.finish();
                self.tell(fed);
                self.print()?;
            }
            if let Some(read) = self.read.take() {
                return Ok(read);
            }
            // A sender is here too, so there is always something to wait for.
            if let Ok(message) = self.messages.recv() {
                self.take(message).map_err(io::Error::other)?;
            }
        }
    }

    /// Says what came of a line or a command, as far as that was not shown.
    pub(super) fn tell(&mut self, fed: LineResult) {
        match fed {
            LineResult::Done | LineResult::Source(_) => (),
            LineResult::Failed(text) => self.say(&format!("failed: {text}")),
            LineResult::Refused(words) => self.say(&words),
        }
    }

    /// Waits until the guest has done all that it was asked.
    fn settle(&mut self) -> Result<(), OpenError> {
        while self.session.state() != State::Idle || self.session.run().is_empty() {
            let Ok(message) = self.messages.recv() else { break };
            self.take(message)?;
        }
        Ok(())
    }

    fn take(&mut self, message: Message) -> Result<(), OpenError> {
        match message {
            Message::Update(Update::Said(text)) => self.heard(&text),
            Message::Update(update) => {
                self.session.apply(update)?;
                self.tell_reload();
            }
            Message::Interrupt => {
                self.interrupted = true;
                self.session.interrupt();
            }
            Message::Read(typed) => {
                let early = self.session.state() != State::Idle;
                // While something is typed, the key is the prompt's.
                if matches!(typed, Err(ReadlineError::Interrupted)) {
                    self.session.interrupt();
                }
                (self.read, self.above) = (Some(Read { typed, early }), None);
            }
        }
        Ok(())
    }

    /// Says at once that the guest was reloaded because its file changed: what is sent again may take long.
    fn tell_reload(&mut self) {
        let Some(reload) = self.session.reloaded().filter(|reload| reload.run != self.reloaded) else { return };
        let sentence = reload_sentence(reload);
        self.reloaded = reload.run;
        self.say(&sentence);
        // If that fails, so will the next print, which tells.
        let _ = self.print();
    }

    /// What the guest says is printed while it runs. If that fails, so will the next print, which tells.
    fn heard(&mut self, text: &[u8]) {
        if !self.settings.quiet {
            self.say(&format!("the guest says: {}", visible(text)));
            let _ = self.print();
        }
    }

    /// Shows what is looked at to a person: the changed rows, the steps on request, the sentence, and the answer.
    fn show(&mut self) {
        if let Some(at) = self.at.take() {
            self.show_selection(&at);
            self.at = Some(at);
        }
    }

    fn show_selection(&mut self, at: &Selection) {
        let (rows, steps) = (self.settings.rows, self.settings.steps);
        self.write(|out, style| {
            hex::write_headline(out, at)?;
            if rows {
                hex::write_changed_rows(out, at, style)?;
            }
            match steps {
                true => hex::write_steps(out, at)?,
                false => hex::write_notes(out, at)?,
            }
            hex::write_sentence(out, at)
        });
        let answer = self.session.run().cause(at.cause).filter(|cause| matches!(cause.trigger, Trigger::Line(_)));
        if let Some(cause) = answer.filter(|cause| cause.outcome.is_ok()) {
            let answer = format!("=> {}", outcome(cause));
            self.say(&answer);
        }
    }

    /// Adds what `write` writes to what is to be printed for a person.
    fn write(&mut self, write: impl FnOnce(&mut Vec<u8>, hex::Style) -> io::Result<()>) {
        if self.form.is_none() {
            // A buffer takes all that is written to it.
            let _ = write(&mut self.out, self.style.fitted());
        }
    }
}

/// A line or command that was sent again, and what came of it.
fn brief(number: usize, cause: &Cause) -> String {
    let clip = |text: &str| match text.char_indices().nth(BRIEF) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    };
    match (&cause.trigger, &cause.outcome) {
        (Trigger::Line(line), _) => format!("exchange {number}: {} => {}", clip(&visible(line)), clip(&outcome(cause))),
        (Trigger::Command(command), Ok(_)) => format!("exchange {number}: :{}", clip(&visible(command.as_bytes()))),
        (Trigger::Command(command), Err(_)) => {
            format!("exchange {number}: :{} failed: {}", clip(&visible(command.as_bytes())), clip(&outcome(cause)))
        }
        (Trigger::Start, _) => format!("exchange {number}: start"),
    }
}

/// Catches Ctrl-C, and the signals that end the program: those give the terminal back first.
fn listen(sender: Sender<Message>) -> Result<(), Status> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
        .map_err(|error| status::fail(Status::Io, &format!("signals cannot be caught: {error}")))?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if signal != SIGINT {
                termios::give_back();
                std::process::exit(128 + signal);
            }
            if sender.send(Message::Interrupt).is_err() {
                return;
            }
        }
    });
    Ok(())
}
