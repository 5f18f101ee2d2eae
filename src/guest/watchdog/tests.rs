//! The watchdog stops only what it is to stop, and gives no more time than it says.

use super::*;
use crate::guest::{Code, Limits};

/// The watchdog stops a guest again and again until it ends. The last time may come too late.
#[test]
fn a_stop_that_comes_too_late_does_not_keep_the_one_before_from_being_cleared() {
    let code = Code::read("empty", b"(module)").expect("the module is valid");
    let program = code.compile(Limits::default()).expect("it compiles");
    let watchdog = Watchdog::new(None);
    let _guest = program.instantiate(&watchdog).expect("it can be instantiated");
    watchdog.during(|| {
        let count = watchdog.shared.count.load(SeqCst);
        watchdog.fire(count, USER);
        assert_eq!(watchdog.verdict(), Some(Failure::Interrupted));
        // As if the exchange were over by now.
        watchdog.fire(count - 1, USER);
    });
    assert_eq!(watchdog.verdict(), None, "the next exchange would be stopped");
}

#[test]
fn the_watch_is_over_the_newest_guest_and_ends_with_it() {
    let code = Code::read("empty", b"(module)").expect("the module is valid");
    let program = code.compile(Limits::default()).expect("it compiles");
    let watchdog = Watchdog::new(None);
    let watched = || watchdog.flag().as_ref().map(Flag::copy);
    let guest = || program.instantiate(&watchdog).expect("it can be instantiated");
    let first = guest();
    let flag_of_first = watched();
    let second = guest();
    assert!(flag_of_first.is_some() && watched().is_some() && watched() != flag_of_first);
    first.take_watch();
    assert!(watched() == flag_of_first);
    drop(second);
    assert!(watched() == flag_of_first, "the watch was not over that guest any more");
    drop(first);
    assert!(watched().is_none(), "the memory with the flag is gone");
    watchdog.interrupt(1);
}

/// What is recorded after a stop shares its time, however many calls it takes.
#[test]
fn after_a_stop_there_is_time_once_and_none_for_what_nobody_sees() {
    let watchdog = Watchdog::new(None);
    assert!(watchdog.patience()(), "nothing was stopped");
    watchdog.during(|| {
        watchdog.interrupt(1);
        watchdog.fire(watchdog.shared.count.load(SeqCst), USER);
        std::thread::sleep(AFTER_STOP + Duration::from_millis(5));
        assert!(!watchdog.patience()(), "its time is over");
    });
    assert!(watchdog.patience()(), "the next exchange was not stopped");
    watchdog.during(|| {
        watchdog.interrupt(u64::MAX);
        watchdog.fire(watchdog.shared.count.load(SeqCst), USER);
        assert!(!watchdog.patience()(), "all lines are cancelled");
    });
}
