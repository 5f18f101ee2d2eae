//! A session as a front end holds it: the guest works on a thread of its own, the timeline is kept here.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::SystemTime;

use super::resend::{Reload, Resend, RunRequests};
use super::thread::{Job, work};
use super::{About, Bookmarks, GuestOp, OpenError, Options, PastRun, Request, Saved, Source};
use crate::guest::{Global, Limits, Watchdog};
use crate::record::{Cause, Listener, Memories, Run, Trigger};

/// How much history a run keeps, in bytes. Older causes are forgotten.
pub(super) const HISTORY: usize = 256 << 20;
/// How many runs are kept beside the present one.
pub(super) const RUNS: usize = 3;

/// How many bytes the present run keeps: its history, and the records of one exchange.
fn budget(limits: &Limits) -> usize {
    usize::try_from(limits.record).unwrap_or(usize::MAX).saturating_add(HISTORY)
}

/// What the guest's thread tells its session.
pub enum Update {
    /// The guest is loaded and started.
    Ready(Box<About>),
    /// The guest says something, in the middle of its work. It is a step of the cause that will be settled.
    Said(Vec<u8>),
    /// A file that is watched is another than it was: what is to be done, with the words for it.
    Rebuilt(String, GuestOp),
    /// A cause is over; with the memories and the exported globals as it left them.
    Settled(Arc<Cause>, Memories, Vec<Global>),
    /// What was asked for could not be had: the guest stays as it was, and why, in words.
    Refused(String),
    /// The guest could not be loaded or started. Nothing follows.
    Failed(OpenError),
}

/// What the guest is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being compiled and started.
    Loading,
    /// It waits for a line.
    Idle,
    /// It works on this many lines, one after the other.
    Busy(usize),
}

/// A guest on a thread of its own, and its timeline so far.
pub struct Session {
    name: String,
    about: Option<About>,
    /// What is known of the guest whose first cause is about to be settled.
    next_about: Option<About>,
    jobs: Sender<Job>,
    /// Whether the session is from a file, and there is no guest.
    replayed: bool,
    /// How many requests were sent.
    sent: u64,
    watch: Watchdog,
    limits: Limits,
    run: Run,
    /// The runs before, the oldest first.
    past: Vec<PastRun>,
    /// How many runs began, those that are not kept included.
    begun: usize,
    /// How many runs before the present one is the one that is looked at.
    runs_back: usize,
    /// The memory that is looked at.
    memory: usize,
    /// The session that this one, from a file, is looked at in the place of.
    suspended: Option<Box<Session>>,
    globals: Vec<Global>,
    bookmarks: Bookmarks,
    /// Requests that wait until the one before them is settled: the guest's thread is never so far ahead that its
    /// reports, with memories in them, pile up.
    waiting: VecDeque<Waiting>,
    /// The number of the request that is with the guest's thread.
    under_way: Option<u64>,
    /// Whether files are watched.
    watches: bool,
    /// Where files are watched, what was asked in this run.
    requests: RunRequests,
    resend: Resend,
    /// The request that reloads a changed guest, until it is settled: its number, and the file that changed.
    reload_pending: Option<(u64, PathBuf)>,
    /// How this run began, if it began because a file changed.
    reloaded: Option<Reload>,
    /// Why what was asked for last could not be had, if it could not.
    refusal: Option<String>,
}

/// A request that waits for its turn.
struct Waiting {
    number: u64,
    request: Request,
    /// Whether it is sent again, because a file changed.
    again: bool,
}

impl Session {
    /// Starts a guest on a thread of its own. What that thread reports goes to `report`, which hands it to
    /// [`Session::apply`] on the front end's thread.
    pub fn start(source: Source, options: Options, report: impl Fn(Update) + Send + Sync + 'static) -> Session {
        let watch = Watchdog::new(options.limits.time);
        let limits = options.limits;
        let watches = options.watched.guest.is_some() || options.watched.recipe.is_some();
        let resend = options.resend;
        let (jobs, inbox) = channel();
        let name = source.name.clone();
        let on_thread = watch.clone();
        let report = Arc::new(report);
        let heard = report.clone();
        let listener = Some(Listener::new(move |text| heard(Update::Said(text.to_vec()))));
        let rebuilt = report.clone();
        let watching = options.watched.clone().keep(&source, move |update| rebuilt(update));
        let options = Options { listener, ..options };
        std::thread::spawn(move || work(&source, options, on_thread, &watching, &inbox, &*report));
        let run = Run::new(budget(&limits));
        Session { watch, limits, run, watches, resend, ..Session::new(name, jobs) }
    }

    /// A session in which nothing happened yet.
    fn new(name: String, jobs: Sender<Job>) -> Session {
        Session {
            name,
            about: None,
            next_about: None,
            jobs,
            replayed: false,
            sent: 0,
            watch: Watchdog::new(None),
            limits: Limits::default(),
            run: Run::new(HISTORY),
            past: Vec::new(),
            begun: 0,
            runs_back: 0,
            memory: 0,
            suspended: None,
            globals: Vec::new(),
            bookmarks: Bookmarks::default(),
            waiting: VecDeque::new(),
            under_way: None,
            watches: false,
            requests: RunRequests::default(),
            resend: Resend::default(),
            reload_pending: None,
            reloaded: None,
            refusal: None,
        }
    }

    /// A session from a file. There is no guest: it can be looked at, and nothing can be sent.
    pub fn replay(saved: Saved) -> Session {
        let PastRun { about, run, globals } = saved.last;
        let (name, memory, begun) = (about.name.clone(), about.memory, saved.past.len() + 1);
        let session = Session { about: Some(about), replayed: true, memory, begun, ..Session::new(name, channel().0) };
        Session { run, past: saved.past, globals, bookmarks: saved.bookmarks, ..session }
    }

    /// Looks at a session from a file in the place of this one, which waits meanwhile.
    pub fn enter_saved(&mut self, saved: Saved) {
        let mut here = std::mem::replace(self, Session::replay(saved));
        self.suspended = here.suspended.take().or_else(|| Some(Box::new(here)));
    }

    /// Comes back from sessions from files; false if there is nothing to come back to.
    pub fn leave_saved(&mut self) -> bool {
        let behind = self.suspended.take();
        behind.map(|behind| *self = *behind).is_some()
    }

    /// Whether the session is from a file, so that nothing can be sent.
    pub fn is_replay(&self) -> bool {
        self.replayed
    }

    /// Why nothing can be sent, in words; nothing where there is a guest.
    pub fn no_guest(&self) -> Option<&'static str> {
        match (self.replayed, &self.suspended) {
            (false, _) => None,
            (true, None) => Some("this is a saved session, in which nothing runs"),
            (true, Some(_)) => Some("this is a saved session, in which nothing runs; :load returns from it"),
        }
    }

    /// Takes in what the guest's thread reported.
    ///
    /// # Errors
    /// The guest could not be set to work.
    pub fn apply(&mut self, update: Update) -> Result<(), OpenError> {
        if let Some(behind) = &mut self.suspended {
            return behind.apply(update);
        }
        match update {
            Update::Ready(about) if self.about.is_none() => {
                self.memory = about.memory;
                self.about = Some(*about);
            }
            Update::Ready(about) => self.next_about = Some(*about),
            Update::Said(_) => (),
            Update::Rebuilt(command, op) => self.reload_changed(command, op),
            Update::Settled(cause, present, globals) => {
                let number = if cause.trigger == Trigger::Start { None } else { self.under_way.take() };
                let begins = cause.begins_a_run();
                if begins {
                    self.begin_a_run();
                }
                self.globals = globals;
                self.run.push(cause, present);
                if let Some(number) = number {
                    self.settled(number, begins);
                    self.hand_over();
                }
            }
            Update::Refused(reason) => {
                self.refusal = Some(reason);
                if let Some(number) = self.under_way.take() {
                    self.settled(number, false);
                }
                self.hand_over();
            }
            Update::Failed(error) => return Err(error),
        }
        Ok(())
    }

    /// Why what was asked for last could not be had, if it could not. That is no part of the timeline: nothing happened.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// The request of that number is settled. A guest that was reloaded because its file changed gets again what was
    /// asked before.
    fn settled(&mut self, number: u64, begins: bool) {
        let reload = self.reload_pending.take_if(|(pending, _)| *pending == number);
        match reload {
            Some((_, file)) if begins => self.send_again(number, file),
            None if begins => {
                self.requests.begin(number);
                self.reloaded = None;
            }
            _ => (),
        }
    }

    /// Has what was asked before the reload of that number sent again, before all that waits.
    fn send_again(&mut self, number: u64, file: PathBuf) {
        let (again, forgotten) = self.requests.again(number, self.resend);
        let lines = again.iter().filter(|request| request.is_line()).count();
        let (at, commands) = (SystemTime::now(), again.len() - lines);
        self.reloaded = Some(Reload { file, at, run: self.begun, lines, commands, forgotten });
        for request in again.into_iter().rev() {
            self.sent += 1;
            self.waiting.push_front(Waiting { number: self.sent, request, again: true });
        }
    }

    /// Has a changed guest take the old one's place. One that waits for its turn is older, and is dropped; and so is what
    /// is still to be sent again. Nobody is taken out of the past that is looked at.
    fn reload_changed(&mut self, command: String, op: GuestOp) {
        if self.replayed {
            return;
        }
        let pending = self.reload_pending.as_ref().map(|(number, _)| *number);
        self.waiting.retain(|waiting| !waiting.again && Some(waiting.number) != pending);
        let file = match &op {
            GuestOp::Adopt(file) => file.clone(),
            GuestOp::Reload(source) => PathBuf::from(&source.name),
            _ => PathBuf::new(),
        };
        self.enqueue(Request::Command(command, op));
        self.reload_pending = Some((self.sent, file));
    }

    /// How the present run began, if it began because a file changed.
    pub fn reloaded(&self) -> Option<&Reload> {
        self.reloaded.as_ref()
    }

    /// Changes what is sent again to a guest that is reloaded because its file changed.
    pub fn set_resend(&mut self, resend: Resend) {
        self.resend = resend;
    }

    /// Sends a line to the guest. It is answered after those that were sent before.
    pub fn send(&mut self, line: Vec<u8>) {
        self.request(Request::Line(line));
    }

    /// Has a command done to the guest, which is remembered in these words, after all that was asked before.
    pub fn command(&mut self, words: String, deed: GuestOp) {
        self.request(Request::Command(words, deed));
    }

    fn request(&mut self, request: Request) {
        if self.replayed {
            return;
        }
        self.runs_back = 0;
        if self.watches {
            self.requests.push(self.sent + 1, &request);
        }
        self.enqueue(request);
    }

    fn enqueue(&mut self, request: Request) {
        self.sent += 1;
        self.refusal = None;
        self.waiting.push_back(Waiting { number: self.sent, request, again: false });
        self.hand_over();
    }

    /// Gives the guest's thread its next request, if it has none.
    fn hand_over(&mut self) {
        if self.under_way.is_some() {
            return;
        }
        if let Some(Waiting { number, request, .. }) = self.waiting.pop_front() {
            // The guest's thread ends only after it reported why, and then no front end asks any more.
            let _ = self.jobs.send(Job::Do(number, request));
            self.under_way = Some(number);
        }
    }

    /// Puts the run aside, unless nothing happened in it.
    fn begin_a_run(&mut self) {
        self.begun += 1;
        if let (false, Some(known)) = (self.run.is_empty(), &mut self.about) {
            let coming = self.next_about.take().unwrap_or_else(|| known.clone());
            if coming.sha256 != known.sha256 || coming.memory != known.memory {
                self.memory = coming.memory;
            }
            let about = std::mem::replace(known, coming);
            let mut run = std::mem::replace(&mut self.run, Run::new(budget(&self.limits)));
            run.set_budget(HISTORY);
            self.past.push(PastRun { about, run, globals: std::mem::take(&mut self.globals) });
            self.runs_back += usize::from(self.runs_back > 0);
        }
        if self.past.len() > RUNS {
            self.past.remove(0);
        }
        if self.runs_back > self.past.len() {
            self.runs_back = 0;
        }
    }

    /// Looks at the run that was so many runs before the present one, which is 0; false if it is not kept. What is
    /// sent to the guest leads back to the present one.
    pub fn look_at_run(&mut self, ago: usize) -> bool {
        let kept = ago <= self.past.len();
        self.runs_back = if kept { ago } else { self.runs_back };
        kept
    }

    /// How many runs before the present one is the one that is looked at.
    pub fn runs_back(&self) -> usize {
        self.runs_back
    }

    /// The number of the run that is looked at, from 1, those that are not kept counted.
    pub fn run_number(&self) -> usize {
        self.begun - self.runs_back
    }

    /// Looks at another memory; false if there is none of that index.
    pub fn look_at_memory(&mut self, memory: usize) -> bool {
        let known = memory < self.run().present().len();
        self.memory = if known { memory } else { self.memory };
        known
    }

    /// The index of the memory that is looked at: at the start, the one that the convention passes lines through.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// What a memory is called: the name that it is exported or imported by, if it has one.
    pub fn memory_name(&self, memory: usize) -> Option<String> {
        let names = self.about()?.interface.memory_names();
        names.get(memory)?.first().map(|name| (*name).to_owned())
    }

    /// Changes what the guest may use. Its time limit is changed at once, the longest answer with the next request, and
    /// the most memory with the next module.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.watch.set_limit(limits.time);
        // As above.
        let _ = self.jobs.send(Job::Limits(limits));
    }

    /// Stops the guest if it is running, and cancels what waits for its turn.
    pub fn interrupt(&mut self) {
        self.waiting.retain(|waiting| !waiting.again);
        self.watch.interrupt(self.sent);
    }

    /// The guest's name, as it was given.
    pub fn name(&self) -> &str {
        self.about.as_ref().map_or(&self.name, |about| &about.name)
    }

    /// What is known of the guest whose run is looked at, once it is loaded.
    pub fn about(&self) -> Option<&About> {
        self.earlier().map_or(self.about.as_ref(), |chapter| Some(&chapter.about))
    }

    /// What is known of the guest that is there now, once it is loaded.
    pub fn guest(&self) -> Option<&About> {
        self.about.as_ref()
    }

    /// The timeline of the run that is looked at.
    pub fn run(&self) -> &Run {
        self.earlier().map_or(&self.run, |chapter| &chapter.run)
    }

    /// The exported globals as the run that is looked at left them.
    pub fn globals(&self) -> &[Global] {
        self.earlier().map_or(&self.globals, |chapter| &chapter.globals)
    }

    /// The run before the present one that is looked at, if it is not that.
    fn earlier(&self) -> Option<&PastRun> {
        self.past.get(self.past.len().checked_sub(self.runs_back)?)
    }

    /// The runs before the last reset or reload, the oldest first.
    pub fn past(&self) -> &[PastRun] {
        &self.past
    }

    /// Every run with what is known of its guest, the oldest first; the present one once its guest is loaded.
    pub fn runs(&self) -> impl Iterator<Item = (&About, &[Global], &Run)> {
        let past = self.past.iter().map(|chapter| (&chapter.about, &chapter.globals[..], &chapter.run));
        past.chain(self.about.as_ref().map(|about| (about, &self.globals[..], &self.run)))
    }

    /// The ranges of memory that the user gave a name.
    pub fn bookmarks(&self) -> &Bookmarks {
        &self.bookmarks
    }

    /// The same, to be changed.
    pub fn bookmarks_mut(&mut self) -> &mut Bookmarks {
        &mut self.bookmarks
    }

    /// The session as it is now, without its guest: to be looked at, and nothing can be sent.
    pub fn still(&self) -> Session {
        Session {
            about: self.about.clone(),
            replayed: true,
            limits: self.limits,
            run: self.run.clone(),
            past: self.past.clone(),
            begun: self.begun,
            runs_back: self.runs_back,
            memory: self.memory,
            globals: self.globals.clone(),
            bookmarks: self.bookmarks.clone(),
            ..Session::new(self.name.clone(), channel().0)
        }
    }

    /// What the guest may use.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What the guest is doing.
    pub fn state(&self) -> State {
        match (&self.about, self.waiting.len() + usize::from(self.under_way.is_some())) {
            (None, _) => State::Loading,
            (_, 0) => State::Idle,
            (_, requests) => State::Busy(requests),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("name", &self.name).field("state", &self.state()).finish_non_exhaustive()
    }
}
