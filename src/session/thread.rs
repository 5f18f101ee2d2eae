//! The guest's thread: opens the guest, performs requests, and reports the results.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::about::Origin;
use super::rebuilt::Watching;
use super::{About, Live, Options, Request, Source, Update};
use crate::check::Checker;
use crate::guest::{Limits, Watchdog};
use crate::record::Cause;

/// A job for the guest's thread.
pub(super) enum Job {
    /// Perform a request; with its number, and whether nothing stops the guest meanwhile.
    Do(u64, Request, bool),
    /// Change the guest's limits.
    Limits(Limits),
}

/// Opens the guest, then performs jobs until all senders are gone.
pub(super) fn work(
    source: &Source,
    mut options: Options,
    watch: Watchdog,
    watching: &Watching,
    jobs: &Receiver<Job>,
    report: &impl Fn(Update),
) {
    let cancellation = watch.first_load();
    let mut live = match Live::load(source, &options, watch.clone(), &cancellation) {
        Ok(live) => live,
        Err(error) => return report(Update::Failed(error)),
    };
    let mut origin = Origin::of(source);
    report(Update::Ready(Box::new(About::of(&live, &origin))));
    let start = match live.start_unless(&cancellation) {
        Ok(start) => start,
        Err(error) => return report(Update::Failed(error)),
    };
    let mut checker = Checker::new(live.facts());
    let mut settle = |live: &mut Live, cause: Cause| {
        let globals = live.globals();
        if cause.begins_a_run() {
            checker = Checker::new(live.facts());
        }
        let findings = checker.follow(&cause);
        checker.share(live.present());
        report(Update::Settled(Arc::new(cause), live.present().clone(), globals, findings));
    };
    settle(&mut live, start);
    for job in jobs {
        let (number, request) = match job {
            Job::Do(number, request, is_unstoppable) => {
                live.is_unstoppable = is_unstoppable;
                (number, request)
            }
            Job::Limits(limits) => {
                options.limits = limits;
                live.set_limits(limits);
                continue;
            }
        };
        if watch.is_cancelled(number) {
            settle(&mut live, request.cancelled());
            continue;
        }
        let (file, other) = match &request {
            Request::Command(_, deed) => (watching.file(deed), deed.origin()),
            Request::Line(_) => (None, None),
        };
        let passes = request.passes();
        let origin_then = other.as_ref().unwrap_or(&origin);
        let mut starting = |live: &Live| report(Update::Ready(Box::new(About::of(live, origin_then))));
        match live.perform(request, number, &options, &mut starting) {
            Ok(cause) => {
                options.trace = passes.unwrap_or(options.trace);
                if cause.begins_a_run() {
                    origin = other.unwrap_or(origin);
                    watching.turn_to(file);
                }
                settle(&mut live, cause);
            }
            Err(error) => report(Update::Refused(format!("could not replace the guest: {error}"))),
        }
    }
}
