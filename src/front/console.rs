//! A session driven line by line, as the prompt and scripts do: each line is answered before the next is taken.

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

use super::status::{self, Status};
use super::{hex, tui};
use crate::cli::Cli;
use crate::command::{self, Context, Reply, Typed};
use crate::record::Trigger;
use crate::session::{OpenError, Options, Session, Source, State, Update};
use crate::view::{Search, Selection, outcome, range, visible};

/// The most places that are listed.
const LISTED: usize = 1024;

enum Message {
    Update(Update),
    Interrupt,
}

/// A session, what is looked at, and what is to be printed.
pub(super) struct Console {
    pub(super) session: Session,
    messages: Receiver<Message>,
    at: Option<Selection>,
    /// Where in memory the user is.
    cursor: u64,
    style: hex::Style,
    out: Vec<u8>,
    /// Whether Ctrl-C was pressed since it was last asked for.
    interrupted: bool,
    /// How many files are being followed, one from inside the other.
    pub(super) depth: usize,
}

/// What came of a line or a command.
#[derive(Debug)]
pub(super) enum Fed {
    /// It was done.
    Done,
    /// The guest failed, in words.
    Failed(String),
    /// The command was not done, in words.
    Refused(String),
    /// The user wants to leave.
    Quit,
}

impl Console {
    /// Starts a guest, and waits until it is ready. Ctrl-C stops it from here on.
    ///
    /// # Errors
    /// The guest could not be started; that was told on stderr.
    pub(super) fn open(source: Source, options: Options, cli: &Cli) -> Result<Console, Status> {
        let name = source.name.clone();
        let (sender, messages) = channel();
        let mut signals = Signals::new([SIGINT])
            .map_err(|error| status::fail(Status::Io, &format!("signals cannot be caught: {error}")))?;
        let interrupts = sender.clone();
        std::thread::spawn(move || signals.forever().try_for_each(|_| interrupts.send(Message::Interrupt)));
        let session = Session::start(source, options, move |update| {
            // The console is gone only when the program ends.
            let _ = sender.send(Message::Update(update));
        });
        let style = if cli.colored() { hex::Style::Colored } else { hex::Style::Plain };
        let mut console =
            Console { session, messages, at: None, cursor: 0, style, out: Vec::new(), interrupted: false, depth: 0 };
        console.settle().map_err(|error| status::fail_open(&name, &error))?;
        console.look_at(Selection::newest(console.session.run()));
        Ok(console)
    }

    /// A console on a session from a file.
    pub(super) fn replay(session: Session, cli: &Cli) -> Console {
        let (_, messages) = channel();
        let style = if cli.colored() { hex::Style::Colored } else { hex::Style::Plain };
        let at = Selection::newest(session.run());
        let mut console =
            Console { session, messages, at: None, cursor: 0, style, out: Vec::new(), interrupted: false, depth: 0 };
        console.look_at(at);
        console
    }

    /// Takes one typed line: a line for the guest, or a command. What there is to print is kept.
    pub(super) fn feed(&mut self, typed: &str) -> Fed {
        let text = match Typed::new(typed) {
            Typed::Line(_) if self.session.is_replay() => {
                return Fed::Refused("this is a saved session: it can be looked at, and nothing runs".to_owned());
            }
            Typed::Line(line) => {
                self.session.send(line.as_bytes().to_vec());
                return self.finish();
            }
            Typed::Command(text) => text,
        };
        let (cursor, selected) = (self.cursor, self.cursor..self.cursor.saturating_add(1));
        let mut context = Context { session: &mut self.session, at: self.at.as_ref(), cursor, selected };
        match command::run(text, &mut context) {
            Err(error) => return Fed::Refused(error.to_string()),
            Ok(Reply::Quit) => return Fed::Quit,
            Ok(Reply::Sent) => return self.finish(),
            Ok(Reply::Source(file)) => return self.follow(&file),
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
        }
        Fed::Done
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
    fn shoot(&mut self, file: &Path, over: bool) -> Fed {
        let Some(at) = self.at.clone() else { return Fed::Refused("nothing happened yet".to_owned()) };
        match tui::picture(self.session.still(), at, self.cursor, file, over) {
            Ok(()) => {
                let name = visible(file.as_os_str().as_encoded_bytes());
                self.say(&format!("the screen, as it would be, is saved as {name}"));
                Fed::Done
            }
            Err(words) => Fed::Refused(words),
        }
    }

    /// Adds a line to what is to be printed.
    pub(super) fn say(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
        self.out.push(b'\n');
    }

    /// Prints what is to be printed.
    ///
    /// # Errors
    /// Stdout takes no more.
    pub(super) fn print(&mut self) -> io::Result<()> {
        let out = std::mem::take(&mut self.out);
        let mut stdout = io::stdout().lock();
        stdout.write_all(&out).and_then(|()| stdout.flush())
    }

    /// Forgets what is to be printed.
    pub(super) fn hush(&mut self) {
        self.out.clear();
    }

    /// Whether Ctrl-C was pressed since this was last asked.
    pub(super) fn was_interrupted(&mut self) -> bool {
        self.interrupted |= self.messages.try_iter().any(|message| matches!(message, Message::Interrupt));
        std::mem::take(&mut self.interrupted)
    }

    fn follow(&mut self, file: &Path) -> Fed {
        super::script::follow(self, file).1
    }

    /// Waits for the guest, and shows what came of it.
    fn finish(&mut self) -> Fed {
        if let Err(error) = self.settle() {
            return Fed::Failed(error.to_string());
        }
        self.look_at(Selection::newest(self.session.run()));
        self.show();
        let run = self.session.run();
        match run.len().checked_sub(1).and_then(|last| run.cause(last)).map(|cause| &cause.outcome) {
            Some(Err(failure)) => Fed::Failed(failure.to_string()),
            _ => Fed::Done,
        }
    }

    /// Waits until the guest has done all that it was asked.
    fn settle(&mut self) -> Result<(), OpenError> {
        while self.session.state() != State::Idle || self.session.run().is_empty() {
            match self.messages.recv() {
                Ok(Message::Update(update)) => self.session.apply(update)?,
                Ok(Message::Interrupt) => {
                    self.interrupted = true;
                    self.session.interrupt();
                }
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// Shows what is looked at: the changed rows, the answer, and the sentence.
    fn show(&mut self) {
        let Some(at) = self.at.take() else { return };
        self.write(|out, style| hex::write_selection(out, &at, style).and_then(|()| hex::write_sentence(out, &at)));
        let answer = self.session.run().cause(at.cause).filter(|cause| matches!(cause.trigger, Trigger::Line(_)));
        if let Some(cause) = answer.filter(|cause| cause.outcome.is_ok()) {
            let answer = format!("=> {}", outcome(cause));
            self.say(&answer);
        }
        self.at = Some(at);
    }

    /// Adds what `write` writes to what is to be printed.
    fn write(&mut self, write: impl FnOnce(&mut Vec<u8>, hex::Style) -> io::Result<()>) {
        // A buffer takes all that is written to it.
        let _ = write(&mut self.out, self.style);
    }
}
