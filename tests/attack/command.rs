//! Any lines and commands, as typed at the prompt.

use std::sync::mpsc::{Receiver, channel};
use std::task::Poll;
use std::time::{Duration, Instant};

use linmem::command::{Context, Reply, Typed, complete, find, hint, parts, run as run_command};
use linmem::guest::Passes;
use linmem::session::{Options, Session, Source, State, Update};
use linmem::settings::Settings;
use linmem::view::{Selection, visible};

use super::{assert_safe, compile, limits, session};
use crate::cases::{CASES, SHOUTS};

/// The most lines of one attack.
const LINES: usize = 40;
/// How long a report is waited for.
const PATIENCE: Duration = Duration::from_millis(500);
/// Commands that touch files, or wait.
const LEFT_OUT: [&str; 9] = ["write", "shot", "save", "load", "source", "reload", "send", "convention", "slow"];

pub(crate) fn run(data: &[u8]) {
    let Some((&kind, text)) = data.split_first() else { return };
    let mut prompt = Prompt::new(kind);
    for line in String::from_utf8_lossy(text).lines().take(LINES) {
        if !prompt.feed(line) {
            return;
        }
    }
}

/// What a prompt has: a session, the selection, the cursor.
struct Prompt {
    session: Session,
    updates: Receiver<Update>,
    at: Option<Selection>,
    cursor: u64,
    settings: Settings,
}

impl Prompt {
    /// On a guest that records, one that records less, or a saved session.
    fn new(kind: u8) -> Prompt {
        let (sender, updates) = channel();
        let session = match kind % 3 {
            0 => Session::replay(session::fixture()),
            kind => {
                let trace = Passes { stores: kind == 1, loads: kind == 1, pauses: kind == 1 };
                let options = Options { limits: limits(), trace, compile: compile(), ..Options::default() };
                let source = Source { name: "shouts.wat".to_owned(), bytes: SHOUTS.as_bytes().to_vec() };
                // The receiver may be gone.
                Session::start(source, options, move |update| drop(sender.send(update)))
            }
        };
        let mut prompt = Prompt { session, updates, at: None, cursor: 0, settings: Settings::default() };
        prompt.settle();
        prompt
    }

    /// Waits until the guest has nothing more to do.
    fn settle(&mut self) {
        let is_settled = |state| matches!(state, State::Idle | State::Stopped);
        while !is_settled(self.session.state()) || self.session.run().is_empty() {
            let update = self.updates.recv().expect("the guest's thread lives");
            self.session.apply(update).expect("the guest can be opened");
        }
        self.at = Selection::newest(self.session.run());
    }

    /// Handles a line. False if the session is over.
    fn feed(&mut self, line: &str) -> bool {
        let names = self.context().names();
        let middle = line.char_indices().nth(line.chars().count() / 2).map_or(0, |(at, _)| at);
        for typed in [line, &line[..middle]] {
            for word in complete(typed, &names).words {
                assert_safe(&visible(word.as_bytes()));
            }
            let _ = hint(typed, &names);
            for (range, _) in parts(typed, &names) {
                assert!(typed.get(range).is_some(), "a part is not of whole characters");
            }
        }
        match Typed::new(line) {
            Typed::Line(line) if self.session.no_guest().is_none() && self.session.state() == State::Idle => {
                self.session.send(line.as_bytes().to_vec());
                self.settle();
            }
            Typed::Line(_) => (),
            Typed::Command(text) if is_left_out(text) => (),
            Typed::Command(text) => match run_command(text, &mut self.context()) {
                Ok(reply) => return self.take(reply),
                Err(error) => assert_safe(&visible(error.to_string().as_bytes())),
            },
        }
        true
    }

    fn context(&mut self) -> Context<'_> {
        Context {
            session: &mut self.session,
            at: self.at.as_ref(),
            cursor: self.cursor,
            selected: self.cursor..self.cursor.saturating_add(1),
            settings: &mut self.settings,
        }
    }

    /// Takes a reply in, as the prompt does. False if the session is over.
    fn take(&mut self, reply: Reply) -> bool {
        match reply {
            Reply::Quit => return false,
            Reply::Text(lines) => lines.iter().for_each(|line| assert_safe(line)),
            Reply::Places(title, places) | Reply::Struct(title, places) => {
                assert_safe(&title);
                places.iter().for_each(|place| assert_safe(&place.words));
            }
            Reply::Json(line) => drop(serde_json::from_str::<serde_json::Value>(&line).expect("it is JSON")),
            Reply::Goto(addr) => self.cursor = addr,
            Reply::Look(at) => self.at = Some(*at),
            Reply::Sent => self.settle(),
            Reply::SentSaying(line) => {
                assert_safe(&line);
                self.settle();
            }
            Reply::Find(mut search) => {
                let image = self.at.as_ref().and_then(|at| at.after.get(self.session.memory()));
                assert!(search.go_on(image.expect("there is memory to search"), None));
            }
            Reply::Report(mut report) => match report.go_on(&mut self.session, Some(Instant::now() + PATIENCE)) {
                Poll::Ready(Ok(reply)) => return self.take(reply),
                Poll::Ready(Err(error)) => assert_safe(&error.to_string()),
                // An inference may take long, and is ended by dropping it.
                Poll::Pending => (),
            },
            Reply::Opened(at, line) => {
                assert_safe(&line);
                self.at = Some(*at);
            }
            Reply::Rows(_) | Reply::Copy(_) | Reply::Shot(..) | Reply::Source(_) => (),
        }
        true
    }
}

/// Whether a command touches files, or waits.
fn is_left_out(text: &str) -> bool {
    let name = text.split_whitespace().next().unwrap_or_default();
    find(name).is_ok_and(|spec| LEFT_OUT.contains(&spec.name))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let commands = CASES.iter().map(|case| format!(":{}", case.command));
    let commands: Vec<_> = commands.filter(|line| !is_left_out(&line[1..])).collect();
    let attacks = commands.chunks(6).map(|some| format!("Did you know\n{}\nagain\n", some.join("\n")));
    attacks.flat_map(|text| (0..3).map(move |kind| [&[kind], text.as_bytes()].concat())).collect()
}
