//! A front end's handle to a session: the guest runs on its own thread, the timeline is kept here.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::SystemTime;

use super::control::{Hold, UnderWay};
use super::resend::{Reload, Resend, RunRequests};
use super::thread::{Job, work};
use super::{About, Bookmarks, GuestOp, OpenError, Options, PastRun, Request, Saved, Source, Stops};
use crate::check::{Finding, Findings, review};
use crate::guest::{Global, Limits, PauseListener, Paused, Watchdog};
use crate::record::{Cause, Listener, Memories, Run, Trigger};

/// Bytes of history per run. Older causes are forgotten.
pub(super) const HISTORY: usize = 256 << 20;
/// How many past runs are kept.
pub(super) const RUNS: usize = 3;

/// Bytes kept for the current run: its history, and the records of one exchange.
fn budget(limits: &Limits) -> usize {
    usize::try_from(limits.record).unwrap_or(usize::MAX).saturating_add(HISTORY)
}

/// A report of the guest's thread to its session.
pub enum Update {
    /// The guest is loaded and started.
    Ready(Box<About>),
    /// The guest emitted a message during an exchange. The message is also a step of the resulting cause.
    Said(Vec<u8>),
    /// A watched file changed: the operation to run, with its command text.
    Rebuilt(String, GuestOp),
    /// A cause has ended; with the memories and exported globals after it, and what is wrong with it.
    Settled(Arc<Cause>, Memories, Vec<Global>, Vec<Finding>),
    /// A call is not over, and this happened so far: the guest stopped, or was asked.
    Paused(Box<Paused>),
    /// A request failed without changing the guest; with the reason.
    Refused(String),
    /// The guest could not be loaded or started. This is the last update.
    Failed(OpenError),
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
    about: Option<About>,
    /// The guest whose first cause is about to arrive.
    next_about: Option<About>,
    jobs: Sender<Job>,
    /// Whether the session is from a file, without a guest.
    replayed: bool,
    /// How many requests were sent.
    pub(super) sent: u64,
    pub(super) watch: Watchdog,
    limits: Limits,
    pub(super) run: Run,
    /// Past runs, oldest first.
    past: Vec<PastRun>,
    /// How many runs have begun, including dropped ones.
    begun: usize,
    /// How many runs before the current one the selected run is.
    runs_back: usize,
    /// The index of the selected memory.
    memory: usize,
    /// The session to return to, if this one is a file viewed in its place.
    suspended: Option<Box<Session>>,
    pub(super) globals: Vec<Global>,
    findings: Findings,
    bookmarks: Bookmarks,
    /// Requests that wait for the previous one to finish. The guest's thread gets one at a time, so that its reports,
    /// which contain memories, do not pile up.
    waiting: VecDeque<Waiting>,
    pub(super) stops: Stops,
    pub(super) call: UnderWay,
    /// Lets a guest that waits end, when the session is gone.
    _hold: Option<Hold>,
    /// The number of the request that the guest's thread is performing.
    under_way: Option<u64>,
    /// The requests of this run.
    requests: RunRequests,
    resend: Resend,
    /// The request that reloads or recompiles the guest, until it has finished.
    pub(super) reload_pending: Option<ReloadPending>,
    /// The reload that began this run, if a changed file caused it.
    reloaded: Option<Reload>,
    /// Why the last request was refused, if it was.
    refusal: Option<String>,
}

/// A waiting request.
struct Waiting {
    number: u64,
    request: Request,
    /// Whether it is sent again because a file changed.
    again: bool,
    /// Whether nothing stops the guest meanwhile.
    is_unstoppable: bool,
}

/// A request that reloads or recompiles the guest, after which earlier requests are sent again.
pub(super) struct ReloadPending {
    pub(super) number: u64,
    /// The changed file; `None` if the guest is compiled again so that it can be stopped.
    pub(super) file: Option<PathBuf>,
    /// Whether it ended a call, which may be stopped when it is sent again.
    pub(super) ends_call: bool,
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
        let options = Options { listener, ..options };
        std::thread::spawn(move || work(&source, options, on_thread, &watching, &inbox, &*report));
        let run = Run::new(budget(&limits));
        Session { watch, limits, run, resend, stops, _hold: hold, ..Session::new(name, jobs) }
    }

    /// An empty session.
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
            findings: Findings::default(),
            bookmarks: Bookmarks::default(),
            waiting: VecDeque::new(),
            stops: Stops::default(),
            call: UnderWay::default(),
            _hold: None,
            under_way: None,
            requests: RunRequests::default(),
            resend: Resend::default(),
            reload_pending: None,
            reloaded: None,
            refusal: None,
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
        match update {
            Update::Ready(about) if self.about.is_none() => {
                self.memory = about.memory;
                self.about = Some(*about);
            }
            Update::Ready(about) => self.next_about = Some(*about),
            Update::Said(_) => (),
            Update::Paused(paused) => self.show_paused(*paused),
            Update::Rebuilt(command, op) => self.reload_changed(command, op),
            Update::Settled(cause, present, globals, findings) => {
                let number = if cause.trigger == Trigger::Start { None } else { self.under_way.take() };
                let begins = cause.begins_a_run();
                if begins {
                    self.begin_a_run();
                }
                self.call = UnderWay::default();
                self.globals = globals;
                self.findings.add(findings);
                self.run.push(cause, present);
                if let Some(number) = number {
                    self.settled(number, begins);
                    self.hand_over();
                }
            }
            Update::Refused(reason) => {
                self.refusal = Some(reason);
                self.call = UnderWay::default();
                if let Some(number) = self.under_way.take() {
                    self.settled(number, false);
                }
                self.hand_over();
            }
            Update::Failed(error) => return Err(error),
        }
        Ok(())
    }

    /// Why the last request was refused, if it was. The timeline does not show this, because nothing happened.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Handles the end of a request. If it reloaded a guest because its file changed, earlier requests are sent again.
    fn settled(&mut self, number: u64, begins: bool) {
        let reload = self.reload_pending.take_if(|pending| pending.number == number);
        match reload {
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
        for (place, request) in again.into_iter().rev().enumerate() {
            self.sent += 1;
            let is_unstoppable = !(ends_call && place == 0);
            self.waiting.push_front(Waiting { number: self.sent, request, again: true, is_unstoppable });
        }
    }

    /// Queues the reload of a changed guest, replacing any earlier reload and resent requests in the queue. Does not
    /// leave a past run that is being viewed.
    fn reload_changed(&mut self, command: String, op: GuestOp) {
        if self.replayed {
            return;
        }
        let pending = self.reload_pending.as_ref().map(|pending| pending.number);
        self.waiting.retain(|waiting| !waiting.again && Some(waiting.number) != pending);
        let file = match &op {
            GuestOp::Adopt(file) => file.clone(),
            GuestOp::Reload(source) => PathBuf::from(&source.name),
            _ => PathBuf::new(),
        };
        self.enqueue(Request::Command(command, op));
        self.reload_pending = Some(ReloadPending { number: self.sent, file: Some(file), ends_call: false });
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
        self.requests.push(self.sent + 1, &request);
        self.enqueue(request);
    }

    pub(super) fn enqueue(&mut self, request: Request) {
        self.sent += 1;
        self.refusal = None;
        self.waiting.push_back(Waiting { number: self.sent, request, again: false, is_unstoppable: false });
        self.hand_over();
    }

    /// Gives the guest's thread its next request, if it is idle.
    fn hand_over(&mut self) {
        if self.under_way.is_some() {
            return;
        }
        if let Some(Waiting { number, request, is_unstoppable, .. }) = self.waiting.pop_front() {
            // Fails only if the thread has ended; it has then reported why.
            let _ = self.jobs.send(Job::Do(number, request, is_unstoppable));
            self.under_way = Some(number);
        }
    }

    /// Moves the current run to the past ones, unless it is empty.
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
            let (globals, findings) = (std::mem::take(&mut self.globals), std::mem::take(&mut self.findings));
            self.past.push(PastRun { about, run, globals, findings });
            self.runs_back += usize::from(self.runs_back > 0);
        }
        if self.past.len() > RUNS {
            self.past.remove(0);
        }
        if self.runs_back > self.past.len() {
            self.runs_back = 0;
        }
    }

    /// Selects the run this many runs before the current one (0); false if it was dropped. Sending anything selects
    /// the current run again.
    pub fn look_at_run(&mut self, ago: usize) -> bool {
        let kept = ago <= self.past.len();
        self.runs_back = if kept { ago } else { self.runs_back };
        kept
    }

    /// How many runs before the current one the selected run is.
    pub fn runs_back(&self) -> usize {
        self.runs_back
    }

    /// The number of the selected run, from 1, including dropped runs.
    pub fn run_number(&self) -> usize {
        self.begun - self.runs_back
    }

    /// Selects a memory; false if there is none with this index.
    pub fn look_at_memory(&mut self, memory: usize) -> bool {
        let known = memory < self.run().present().len();
        self.memory = if known { memory } else { self.memory };
        known
    }

    /// The index of the selected memory: initially the one that the convention uses for lines.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// The name that a memory is exported or imported by, if any.
    pub fn memory_name(&self, memory: usize) -> Option<String> {
        let names = self.about()?.interface.memory_names();
        names.get(memory)?.first().map(|name| (*name).to_owned())
    }

    /// Changes the guest's limits. The time limit applies immediately, the limits of outputs and records from the
    /// next request on, and the memory limit from the next module on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.watch.set_limit(limits.time);
        self.run.set_budget(budget(&limits));
        // As above.
        let _ = self.jobs.send(Job::Limits(limits));
    }

    /// Changes how many bytes of history the current run keeps.
    #[cfg(test)]
    pub(crate) fn set_history(&mut self, budget: usize) {
        self.run.set_budget(budget);
    }

    /// Stops the guest if it is running, and cancels all waiting requests.
    pub fn interrupt(&mut self) {
        self.waiting.retain(|waiting| !waiting.again);
        self.call.release();
        self.watch.interrupt(self.sent);
    }

    /// The guest's name, as given.
    pub fn name(&self) -> &str {
        self.about.as_ref().map_or(&self.name, |about| &about.name)
    }

    /// The guest of the selected run, once loaded.
    pub fn about(&self) -> Option<&About> {
        self.earlier().map_or(self.about.as_ref(), |chapter| Some(&chapter.about))
    }

    /// The current guest, once loaded.
    pub fn guest(&self) -> Option<&About> {
        self.about.as_ref()
    }

    /// What is wrong with the selected run.
    pub fn findings(&self) -> &Findings {
        self.earlier().map_or(&self.findings, |chapter| &chapter.findings)
    }

    /// The timeline of the selected run.
    pub fn run(&self) -> &Run {
        self.earlier().map_or(&self.run, |chapter| &chapter.run)
    }

    /// The exported globals after the selected run.
    pub fn globals(&self) -> &[Global] {
        self.earlier().map_or(&self.globals, |chapter| &chapter.globals)
    }

    /// The selected run, if it is a past one.
    fn earlier(&self) -> Option<&PastRun> {
        self.past.get(self.past.len().checked_sub(self.runs_back)?)
    }

    /// The runs before the last reset or reload, oldest first.
    pub fn past(&self) -> &[PastRun] {
        &self.past
    }

    /// All runs with their guests, oldest first; the current one only once its guest is loaded.
    pub fn runs(&self) -> impl Iterator<Item = (&About, &[Global], &Run)> {
        let past = self.past.iter().map(|chapter| (&chapter.about, &chapter.globals[..], &chapter.run));
        past.chain(self.about.as_ref().map(|about| (about, &self.globals[..], &self.run)))
    }

    /// The ranges of memory named by the user.
    pub fn bookmarks(&self) -> &Bookmarks {
        &self.bookmarks
    }

    /// Mutable access to the ranges of memory named by the user.
    pub fn bookmarks_mut(&mut self) -> &mut Bookmarks {
        &mut self.bookmarks
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
            ..Session::new(self.name.clone(), channel().0)
        }
    }

    /// The guest's limits.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The state of the guest.
    pub fn state(&self) -> State {
        match (&self.about, self.waiting.len() + usize::from(self.under_way.is_some())) {
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
