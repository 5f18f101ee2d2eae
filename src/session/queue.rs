//! The requests that wait for a session's guest, and the one that its thread is performing.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::Sender;

use super::Request;
use super::thread::Job;
use crate::guest::Limits;

/// The requests that have not finished. The guest's thread gets one at a time, so that its reports, which contain
/// memories, do not pile up.
pub(super) struct Queue {
    jobs: Sender<Job>,
    /// How many requests were sent.
    sent: u64,
    waiting: VecDeque<Waiting>,
    /// The number of the request that the guest's thread is performing.
    under_way: Option<u64>,
    /// Whether nothing stops the guest meanwhile.
    is_unstoppable: bool,
    /// The request that reloads or recompiles the guest, until it has finished.
    reload_pending: Option<ReloadPending>,
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

impl Queue {
    pub(super) fn new(jobs: Sender<Job>) -> Queue {
        Queue { jobs, sent: 0, waiting: VecDeque::new(), under_way: None, is_unstoppable: false, reload_pending: None }
    }

    /// How many requests were sent, which is the number of the last one.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// The number that the next request gets.
    pub(super) fn next_number(&self) -> u64 {
        self.sent + 1
    }

    /// How many requests have not finished.
    pub(super) fn unfinished(&self) -> usize {
        self.waiting.len() + usize::from(self.under_way.is_some())
    }

    /// Adds a request.
    pub(super) fn push(&mut self, request: Request) {
        self.sent += 1;
        self.waiting.push_back(Waiting { number: self.sent, request, again: false, is_unstoppable: false });
        self.hand_over();
    }

    /// Adds requests that are sent again, ahead of all others. If the last one was ended in the middle of its call, it
    /// may be stopped again; the others may not.
    pub(super) fn push_again(&mut self, requests: Vec<Request>, ends_call: bool) {
        for (place, request) in requests.into_iter().rev().enumerate() {
            self.sent += 1;
            let is_unstoppable = !(ends_call && place == 0);
            self.waiting.push_front(Waiting { number: self.sent, request, again: true, is_unstoppable });
        }
    }

    /// Gives the guest's thread its next request, if it is idle.
    pub(super) fn hand_over(&mut self) {
        if self.under_way.is_some() {
            return;
        }
        if let Some(Waiting { number, request, is_unstoppable, .. }) = self.waiting.pop_front() {
            // Fails only if the thread has ended; it has then reported why.
            let _ = self.jobs.send(Job::Do(number, request, is_unstoppable));
            (self.under_way, self.is_unstoppable) = (Some(number), is_unstoppable);
        }
    }

    /// Whether a request is under way during which nothing stops the guest: it is sent again.
    pub(super) fn is_unstoppable(&self) -> bool {
        self.under_way.is_some() && self.is_unstoppable
    }

    /// The guest's thread has performed its request: returns the number, if there was one.
    pub(super) fn finish(&mut self) -> Option<u64> {
        self.under_way.take()
    }

    /// The request added last reloads the guest because this file changed, or recompiles it.
    pub(super) fn await_reload(&mut self, file: Option<PathBuf>, ends_call: bool) {
        self.reload_pending = Some(ReloadPending { number: self.sent, file, ends_call });
    }

    /// Whether a request that reloads or recompiles the guest has not finished.
    pub(super) fn is_reload_pending(&self) -> bool {
        self.reload_pending.is_some()
    }

    /// Returns the pending reload if its request has this number.
    pub(super) fn take_reload(&mut self, number: u64) -> Option<ReloadPending> {
        self.reload_pending.take_if(|pending| pending.number == number)
    }

    /// Drops the waiting requests that are sent again, and a reload that waits.
    pub(super) fn drop_reload(&mut self) {
        let pending = self.reload_pending.as_ref().map(|pending| pending.number);
        self.waiting.retain(|waiting| !waiting.again && Some(waiting.number) != pending);
    }

    /// Drops the waiting requests that are sent again.
    pub(super) fn drop_again(&mut self) {
        self.waiting.retain(|waiting| !waiting.again);
    }

    /// Changes the guest's limits, from its next request on.
    pub(super) fn set_limits(&self, limits: Limits) {
        // Fails only if the thread has ended.
        let _ = self.jobs.send(Job::Limits(limits));
    }
}
