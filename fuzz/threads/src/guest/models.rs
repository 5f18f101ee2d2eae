//! What threads around a watchdog, and those that take batches, do, and what must hold in any order.

use std::time::Duration;

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::mpsc::channel;
use shuttle::thread::{spawn, yield_now};
use std::sync::Arc;

use super::batches::{Batch, Batches, CollectorThread};
use super::flag::Flag;
use super::watchdog::Watchdog;
use crate::record::{Buffers, Collector, Failure, Limit, RawRecords};

/// How an exchange ended.
#[derive(Debug, PartialEq)]
enum End {
    Cancelled,
    Stopped(Failure),
    Answered,
}

/// An exchange that takes that many steps, or goes on until it is stopped.
fn exchange(watchdog: &Watchdog, flag: &Flag, line: u64, steps: Option<usize>) -> End {
    let end = watchdog.during(|| {
        if watchdog.is_cancelled(line) {
            return End::Cancelled;
        }
        let mut step = 0;
        while steps.is_none_or(|steps| step < steps) {
            if flag.stops() {
                return End::Stopped(watchdog.verdict().expect("a guest that is stopped is told why"));
            }
            step += 1;
            yield_now();
        }
        End::Answered
    });
    assert!(!flag.stops(), "the stop outlives the exchange");
    assert_eq!(watchdog.verdict(), None);
    end
}

/// The first line goes on for ever, until the user interrupts it, before or after it begins.
pub(crate) fn interrupted() {
    let (watchdog, flag) = (Watchdog::new(None), Flag::default());
    let guard = watchdog.guard(flag.copy());
    let user = watchdog.clone();
    // The thread that interrupts is also the one that sends lines.
    let (sender, lines) = channel();
    let user = spawn(move || {
        user.interrupt(1);
        (2..4).for_each(|line| sender.send(line).expect("the guest lives"));
    });
    let first = exchange(&watchdog, &flag, 1, None);
    assert!(matches!(first, End::Cancelled | End::Stopped(Failure::Interrupted)), "{first:?}");
    for line in lines {
        assert_eq!(exchange(&watchdog, &flag, line, Some(3)), End::Answered, "line {line}");
    }
    user.join().expect("it ends");
    drop(guard);
}

/// A time limit that is over when the watchdog looks for the second time.
pub(crate) fn timed() {
    let limit = Duration::from_nanos(1);
    let (watchdog, flag) = (Watchdog::new(Some(limit)), Flag::default());
    let guard = watchdog.guard(flag.copy());
    let timeout = End::Stopped(Failure::Limit(Limit::Time(limit)));
    assert_eq!(exchange(&watchdog, &flag, 1, None), timeout, "a guest that goes on for ever is stopped");
    for line in 2..4 {
        let end = exchange(&watchdog, &flag, line, Some(3));
        assert!(end == End::Answered || end == timeout, "line {line}: {end:?}");
    }
    drop(guard);
}

/// A guest is replaced by another while the user interrupts.
pub(crate) fn dropped() {
    let watchdog = Watchdog::new(None);
    let user = watchdog.clone();
    let user = spawn(move || (1..3).for_each(|line| user.interrupt(line)));
    for line in 1..3 {
        let flag = Flag::default();
        let guard = watchdog.guard(flag.copy());
        exchange(&watchdog, &flag, line, Some(2));
        drop(guard);
        flag.free();
    }
    user.join().expect("it ends");
}

/// A batch that goes on for ever is told to leave; the next one begins without that.
pub(crate) fn batched() {
    let (watchdog, flag) = (Watchdog::new(Some(Duration::from_secs(3600))), Flag::default());
    let guard = watchdog.guard(flag.copy());
    for _ in 0..2 {
        watchdog.during_batch(|| {
            while !flag.leaves() {
                yield_now();
            }
        });
    }
    assert!(!flag.stops());
    drop(guard);
}

/// Batches come while the collector's thread works, looks for more, or sleeps, and the guest takes some itself.
pub(crate) fn fed() {
    let (sender, taken) = channel();
    let batches = Arc::new(Batches::new(Collector(Vec::new(), sender)));
    let thread = CollectorThread::start(&batches, &Buffers);
    // Less or more than the thread looks for batches before it sleeps.
    let pause = || (0..thread_rng().gen_range(0..200)).for_each(|_| yield_now());
    for number in 0..6 {
        thread.send(match number % 3 {
            2 => Batch::Init((number, 0, 0), Vec::new()),
            _ => Batch::Records(RawRecords(number)),
        });
        while batches.len() > 2 {
            batches.take_next();
        }
        if number == 2 {
            while batches.take_next() {}
            batches.give(|collector| assert_eq!(collector.0, [0, 1, 2], "all that was sent, in order"));
            assert!(batches.is_checkpoint_due());
        }
    }
    // The thread alone takes what is left. Where it slept on, nobody could go on.
    (0..6).for_each(|number| assert_eq!(taken.recv(), Ok(number)));
    pause();
    thread.send(Batch::Records(RawRecords(6)));
    assert_eq!(taken.recv(), Ok(6));
    pause();
    drop((thread, batches));
    assert!(taken.recv().is_err(), "the thread has ended");
}
