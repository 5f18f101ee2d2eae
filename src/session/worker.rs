//! A front end's handle to a session: the guest runs on its own thread, the timeline is kept here.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::SystemTime;

use super::about::{HISTORY, RUNS};
use super::call::{Hold, UnderWay};
use super::queue::{Queue, ReloadPending};
use super::resend::RunRequests;
use super::thread::{Job, work};
use super::{
    About, Bookmarks, GuestOp, OpenError, Options, PastRun, Reload, Request, Resend, Saved, Source, Stops, Structs,
    Update,
};
use crate::abi::Recipe;
use crate::check::{Findings, review};
use crate::guest::{CompileListener, CompileOptions, CompileProgress, Global, Limits, PauseListener, Watchdog};
use crate::record::{Listener, Run, Trigger};

/// Bytes kept for the current run: its history, and the records of one exchange.
fn budget(limits: &Limits) -> usize {
    share(limits).saturating_mul(2)
}

/// Bytes kept of a past run, and of the memories of past runs.
fn share(limits: &Limits) -> usize {
    usize::try_from(limits.record).unwrap_or(usize::MAX)
}

/// The state of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being compiled and started.
    Loading,
    /// It waits for a line.
    Idle,
    /// It is running, with this many requests to finish.
    Busy(usize),
    /// It stopped in the middle of a call, and waits to be told how to go on.
    Stopped,
}

/// A guest on its own thread, and its timeline.
pub struct Session {
    name: String,
    pub(super) about: Option<About>,
    /// The guest whose first cause is about to arrive.
    next_about: Option<About>,
    pub(super) queue: Queue,
    /// Whether the session is from a file, without a guest.
    replayed: bool,
    pub(super) watch: Watchdog,
    limits: Limits,
    pub(super) run: Run,
    /// Past runs, oldest first.
    pub(super) past: Vec<PastRun>,
    /// How many runs have begun, including dropped ones.
    pub(super) begun: usize,
    /// How many runs before the current one the selected run is.
    pub(super) runs_back: usize,
    /// The index of the selected memory.
    pub(super) memory: usize,
    /// The session to return to, if this one is a file viewed in its place.
    suspended: Option<Box<Session>>,
    pub(super) globals: Vec<Global>,
    pub(super) findings: Findings,
    bookmarks: Bookmarks,
    structs: Structs,
    /// How modules are compiled.
    pub(super) compile: CompileOptions,
    /// The recipe that was inferred last.
    pub(super) inferred: Option<Recipe>,
    pub(super) stops: Stops,
    pub(super) call: UnderWay,
    /// Lets a guest that waits end, when the session is gone.
    _hold: Option<Hold>,
    /// The requests of this run.
    requests: RunRequests,
    resend: Resend,
    /// The reload that began this run, if a changed file caused it.
    reloaded: Option<Reload>,
    /// Why the last request was refused, if it was.
    refusal: Option<String>,
    /// How far compiling a module is, if one is being compiled.
    compiling: Option<CompileProgress>,
}

impl Session {
    /// Starts a guest on its own thread. That thread calls `report`, which must pass the update to [`Session::apply`]
    /// on the front end's thread.
    pub fn start(source: Source, options: Options, report: impl Fn(Update) + Send + Sync + 'static) -> Session {
        let watch = Watchdog::new(options.limits.time);
        let limits = options.limits;
        let (resend, stops) = (options.resend, options.stops.clone());
        let (jobs, inbox) = channel();
        let name = source.name.clone();
        let on_thread = watch.clone();
        let report = Arc::new(report);
        let heard = report.clone();
        let listener = Some(Listener::new(move |text| heard(Update::Said(text.to_vec()))));
        let rebuilt = report.clone();
        let watching = options.watched.clone().keep(&source, move |update| rebuilt(update));
        let paused = report.clone();
        watch.control().set_listener(PauseListener::new(move |call| paused(Update::Paused(Box::new(call)))));
        let hold = Some(Hold(watch.clone()));
        let compiling = report.clone();
        let compiling = CompileListener::new(move |progress| compiling(Update::Compiling(progress)));
        let quietly = options.compile.clone();
        let compile = CompileOptions { listener: Some(compiling), ..quietly.clone() };
        let options = Options { listener, compile, ..options };
        std::thread::spawn(move || work(&source, options, on_thread, &watching, &inbox, &*report));
        let run = Run::new(budget(&limits));
        Session { watch, limits, run, compile: quietly, resend, stops, _hold: hold, ..Session::new(name, jobs) }
    }

    /// An empty session.
    fn new(name: String, jobs: Sender<Job>) -> Session {
        Session {
            name,
            about: None,
            next_about: None,
            queue: Queue::new(jobs),
            replayed: false,
            watch: Watchdog::new(None),
            limits: Limits::default(),
            run: Run::new(HISTORY),
            past: Vec::new(),
            begun: 0,
            runs_back: 0,
            memory: 0,
            suspended: None,
            globals: Vec::new(),
            findings: Findings::default(),
            bookmarks: Bookmarks::default(),
            structs: Structs::default(),
            compile: CompileOptions::default(),
            inferred: None,
            stops: Stops::default(),
            call: UnderWay::default(),
            _hold: None,
            requests: RunRequests::default(),
            resend: Resend::default(),
            reloaded: None,
            refusal: None,
            compiling: None,
        }
    }

    /// A session from a file, for viewing only: it has no guest, and nothing can be sent.
    pub fn replay(saved: Saved) -> Session {
        let PastRun { about, run, globals, .. } = saved.last;
        let findings = review(&run, about.facts());
        let (name, memory, begun) = (about.name.clone(), about.memory, saved.past.len() + 1);
        let past = saved.past.into_iter().map(|past| PastRun { findings: past.review(), ..past });
        let session = Session { about: Some(about), replayed: true, memory, begun, ..Session::new(name, channel().0) };
        Session { run, past: past.collect(), globals, findings, bookmarks: saved.bookmarks, ..session }
    }

    /// Shows a session from a file. This session is suspended meanwhile.
    pub fn enter_saved(&mut self, saved: Saved) {
        let mut here = std::mem::replace(self, Session::replay(saved));
        self.suspended = here.suspended.take().or_else(|| Some(Box::new(here)));
    }

    /// Returns to the suspended session; false if there is none.
    pub fn leave_saved(&mut self) -> bool {
        let behind = self.suspended.take();
        behind.map(|behind| *self = *behind).is_some()
    }

    /// Whether the session is from a file, so that nothing can be sent.
    pub fn is_replay(&self) -> bool {
        self.replayed
    }

    /// Why nothing can be sent; `None` if there is a guest.
    pub fn no_guest(&self) -> Option<&'static str> {
        match (self.replayed, &self.suspended) {
            (false, _) => None,
            (true, None) => Some("nothing can run in a saved session"),
            (true, Some(_)) => Some("nothing can run in a saved session; :load returns from it"),
        }
    }

    /// Applies an update from the guest's thread.
    ///
    /// # Errors
    /// The guest could not be opened.
    pub fn apply(&mut self, update: Update) -> Result<(), OpenError> {
        if let Some(behind) = &mut self.suspended {
            return behind.apply(update);
        }
        self.compiling = match &update {
            Update::Compiling(progress) => Some(*progress),
            _ => None,
        };
        match update {
            Update::Compiling(_) => (),
            Update::Ready(about) if self.about.is_none() => {
                self.memory = about.memory;
                self.about = Some(*about);
            }
            Update::Ready(about) => self.next_about = Some(*about),
            Update::Said(_) => (),
            Update::Paused(paused) => self.show_paused(*paused),
            Update::Rebuilt(command, op) => self.reload_changed(command, op),
            Update::Settled(cause, present, globals, findings) => {
                let number = if cause.trigger == Trigger::Start { None } else { self.queue.finish() };
                let begins = cause.begins_a_run();
                // It may have begun when its start was shown.
                if begins && !self.call.begins_a_run {
                    self.begin_a_run();
                }
                self.call = UnderWay::default();
                self.globals = globals;
                self.findings.add(findings);
                self.run.push(cause, present);
                if let Some(number) = number {
                    self.settled(number, begins);
                    self.queue.hand_over();
                }
            }
            Update::Refused(reason) => {
                self.refusal = Some(reason);
                self.next_about = None;
                if std::mem::take(&mut self.call).begins_a_run {
                    self.end_begun_run();
                }
                if let Some(number) = self.queue.finish() {
                    self.settled(number, false);
                }
                self.queue.hand_over();
            }
            Update::Failed(error) => return Err(error),
        }
        Ok(())
    }

    /// How far compiling a module is, if one is being compiled.
    pub fn compiling(&self) -> Option<CompileProgress> {
        self.compiling
    }

    /// Why the last request was refused, if it was. The timeline does not show this, because nothing happened.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Handles the end of a request. If it reloaded a guest because its file changed, earlier requests are sent again.
    fn settled(&mut self, number: u64, begins: bool) {
        match self.queue.take_reload(number) {
            Some(pending) if begins => self.send_again(pending),
            None if begins => {
                self.requests.begin(number);
                self.reloaded = None;
            }
            _ => (),
        }
    }

    /// Queues the requests from before this reload, ahead of all others.
    fn send_again(&mut self, ReloadPending { number, file, ends_call }: ReloadPending) {
        let resend = if file.is_some() { self.resend } else { Resend::All };
        let (again, forgotten) = self.requests.again(number, resend);
        let lines = again.iter().filter(|request| request.is_line()).count();
        let (at, commands) = (SystemTime::now(), again.len() - lines);
        self.reloaded = Some(Reload { file, at, run: self.begun, lines, commands, forgotten });
        self.queue.push_again(again, ends_call);
    }

    /// Queues the reload of a changed guest, replacing any earlier reload and resent requests in the queue. Does not
    /// leave a past run that is being viewed.
    fn reload_changed(&mut self, command: String, op: GuestOp) {
        if self.replayed {
            return;
        }
        self.queue.drop_reload();
        let file = match &op {
            GuestOp::Adopt(file) => file.clone(),
            GuestOp::Reload(source) => PathBuf::from(&source.name),
            _ => PathBuf::new(),
        };
        self.enqueue(Request::Command(command, op));
        self.queue.await_reload(Some(file), false);
    }

    /// The reload that began the current run, if a changed file caused it.
    pub fn reloaded(&self) -> Option<&Reload> {
        self.reloaded.as_ref()
    }

    /// Changes what is sent again after a reload because a file changed.
    pub fn set_resend(&mut self, resend: Resend) {
        self.resend = resend;
    }

    /// Queues a line for the guest.
    pub fn send(&mut self, line: Vec<u8>) {
        self.request(Request::Line(line));
    }

    /// Queues an operation on the guest, recorded with this command text.
    pub fn command(&mut self, words: String, deed: GuestOp) {
        self.request(Request::Command(words, deed));
    }

    fn request(&mut self, request: Request) {
        if self.replayed {
            return;
        }
        self.runs_back = 0;
        self.requests.push(self.queue.next_number(), &request);
        self.enqueue(request);
    }

    pub(super) fn enqueue(&mut self, request: Request) {
        self.refusal = None;
        self.queue.push(request);
    }

    /// Moves the current run to the past ones, unless it is empty.
    pub(super) fn begin_a_run(&mut self) {
        self.begun += 1;
        if let (false, Some(known)) = (self.run.is_empty(), &mut self.about) {
            let coming = self.next_about.take().unwrap_or_else(|| known.clone());
            if coming.sha256 != known.sha256 || coming.memory != known.memory {
                self.memory = coming.memory;
            }
            let about = std::mem::replace(known, coming);
            let mut run = std::mem::replace(&mut self.run, Run::new(budget(&self.limits)));
            run.end(share(&self.limits));
            let (globals, findings) = (std::mem::take(&mut self.globals), std::mem::take(&mut self.findings));
            self.past.push(PastRun { about, run, globals, findings });
            self.runs_back += usize::from(self.runs_back > 0);
        }
        let is_too_large =
            |past: &[PastRun]| past.iter().map(|past| past.run.size()).sum::<usize>() > budget(&self.limits);
        while self.past.len() > RUNS || (is_too_large(&self.past) && !self.past.is_empty()) {
            self.past.remove(0);
        }
        if self.runs_back > self.past.len() {
            self.runs_back = 0;
        }
    }

    /// Goes back to the run before: the guest that was to begin another one did not start.
    fn end_begun_run(&mut self) {
        let Some(PastRun { about, run, globals, findings }) = self.past.pop() else { return };
        (self.about, self.run, self.globals, self.findings) = (Some(about), run, globals, findings);
        self.run.set_budget(budget(&self.limits));
        self.begun -= 1;
        self.runs_back = self.runs_back.saturating_sub(1);
    }

    /// Changes the guest's limits. The time limit applies immediately, the limits of outputs and records from the
    /// next request on, and the memory limit from the next module on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.watch.set_limit(limits.time);
        self.run.set_budget(budget(&limits));
        self.queue.set_limits(limits);
    }

    /// Changes how many bytes of history the current run keeps.
    #[cfg(test)]
    pub(crate) fn set_history(&mut self, budget: usize) {
        self.run.set_budget(budget);
    }

    /// Stops the guest if it is running, and cancels all waiting requests.
    pub fn interrupt(&mut self) {
        self.queue.drop_again();
        self.call.release();
        self.watch.interrupt(self.queue.sent());
    }

    /// The guest's name, as given.
    pub fn name(&self) -> &str {
        self.about.as_ref().map_or(&self.name, |about| &about.name)
    }

    /// The ranges of memory named by the user.
    pub fn bookmarks(&self) -> &Bookmarks {
        &self.bookmarks
    }

    /// Mutable access to the ranges of memory named by the user.
    pub fn bookmarks_mut(&mut self) -> &mut Bookmarks {
        &mut self.bookmarks
    }

    /// The structs that the user declared and laid over memory.
    pub fn structs(&self) -> &Structs {
        &self.structs
    }

    /// Mutable access to the structs.
    pub fn structs_mut(&mut self) -> &mut Structs {
        &mut self.structs
    }

    /// A snapshot of the session without its guest, for viewing only.
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
            findings: self.findings.clone(),
            bookmarks: self.bookmarks.clone(),
            structs: self.structs.clone(),
            ..Session::new(self.name.clone(), channel().0)
        }
    }

    /// The guest's limits.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The state of the guest.
    pub fn state(&self) -> State {
        match (&self.about, self.queue.unfinished()) {
            _ if self.call.is_held() => State::Stopped,
            (None, _) => State::Loading,
            _ if self.run.is_empty() && !self.replayed => State::Loading,
            // The start, which nobody asked for.
            (_, 0) if self.run.is_unfinished() && !self.replayed => State::Busy(1),
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
