//! Reloading a guest whose file changed: what is sent again, and what is not.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};

use linmem::record::{Failure, Trigger};
use linmem::session::{GuestOp, Options, Resend, Session, Source, State, Update, Watched};

/// A session on a watched guest, and its thread's reports. The test itself signals changes of the file.
struct Bench {
    session: Session,
    updates: Receiver<Update>,
}

impl Bench {
    fn new(resend: Resend) -> Bench {
        let (sender, updates) = channel();
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/guests/passing-data.wat");
        let watched = Watched { guest: Some(file), recipe: None };
        let options = Options { watched, resend, ..Options::default() };
        let session = Session::start(Source::default_guest(), options, move |update| {
            // The test may have ended.
            let _ = sender.send(update);
        });
        let mut bench = Bench { session, updates };
        bench.settle();
        bench
    }

    fn settle(&mut self) {
        while self.session.state() != State::Idle || self.session.run().is_empty() {
            let update = self.updates.recv().expect("the guest reports");
            self.session.apply(update).expect("the guest is valid");
        }
    }

    fn send(&mut self, line: &str) {
        self.session.send(line.as_bytes().to_vec());
        self.settle();
    }

    /// Changes the file.
    fn change(&mut self, bytes: &[u8]) {
        let source = Source { name: "guest.wat".to_owned(), bytes: bytes.to_vec() };
        let update = Update::Rebuilt("reload guest.wat".to_owned(), GuestOp::Reload(source));
        self.session.apply(update).expect("nothing is opened yet");
    }

    /// The run's causes, except the start.
    fn run(&self) -> Vec<String> {
        let run = self.session.run();
        let told = |number| match &run.cause(number)?.trigger {
            Trigger::Line(line) => Some(String::from_utf8_lossy(line).into_owned()),
            Trigger::Command(command) => Some(format!(":{command}")),
            Trigger::Start => None,
        };
        (1..run.len()).filter_map(told).collect()
    }
}

const GUEST: &[u8] = include_bytes!("../assets/guests/passing-data.wat");

#[test]
fn reload_sends_lines_and_commands_again_in_order() {
    let mut bench = Bench::new(Resend::All);
    bench.send("one");
    bench.session.command("grow 1".to_owned(), GuestOp::Grow(0, 1));
    bench.send("two");
    bench.change(GUEST);
    bench.settle();
    assert_eq!(bench.run(), ["one", ":grow 1", "two"]);
    let reload = bench.session.reloaded().expect("it was").clone();
    assert_eq!((reload.run, reload.lines, reload.commands), (2, 2, 1));
    assert_eq!(reload.file, PathBuf::from("guest.wat"));
    // They belong to this run, and so does what follows.
    bench.send("three");
    bench.change(GUEST);
    bench.settle();
    assert_eq!(bench.run(), ["one", ":grow 1", "two", "three"]);
    // A run that the user starts has no earlier lines.
    bench.session.command("reset".to_owned(), GuestOp::Reset);
    bench.send("four");
    assert!(bench.session.reloaded().is_none(), "the user began it");
    bench.change(GUEST);
    bench.settle();
    assert_eq!(bench.run(), ["four"]);
}

#[test]
fn resend_last_sends_only_the_last_line() {
    let mut bench = Bench::new(Resend::All);
    bench.session.set_resend(Resend::Last);
    bench.send("one");
    bench.send("two");
    bench.change(GUEST);
    bench.settle();
    assert_eq!(bench.run(), ["two"]);
}

#[test]
fn manual_reload_sends_nothing_again() {
    let mut bench = Bench::new(Resend::Last);
    bench.send("one");
    bench.change(b"(module");
    bench.settle();
    assert!(bench.session.refusal().is_some() && bench.run() == ["one"], "the guest stays");
    let source = Source { name: "guest.wat".to_owned(), bytes: GUEST.to_vec() };
    bench.session.command("reload guest.wat".to_owned(), GuestOp::Reload(source));
    bench.settle();
    assert_eq!(bench.run(), Vec::<String>::new(), "in the same words");
}

#[test]
fn ctrl_c_cancels_pending_resends() {
    let mut bench = Bench::new(Resend::All);
    for number in 0..50 {
        bench.send(&number.to_string());
    }
    bench.change(GUEST);
    while bench.session.reloaded().is_none() {
        let update = bench.updates.recv().expect("the guest reports");
        bench.session.apply(update).expect("the guest is valid");
    }
    bench.session.interrupt();
    bench.settle();
    assert!(bench.run().len() <= 1, "the one under way may be answered or stopped: {:?}", bench.run());
    if let Some(Err(failure)) = bench.session.run().cause(1).map(|cause| &cause.outcome) {
        assert!(matches!(failure.root(), Failure::Interrupted | Failure::Cancelled), "{failure}");
    }
    // The next change sends all of them.
    bench.change(GUEST);
    bench.settle();
    assert_eq!(bench.run().len(), 50);
}

#[test]
fn change_during_resend_starts_over() {
    let mut bench = Bench::new(Resend::All);
    for number in 0..20 {
        bench.send(&number.to_string());
    }
    bench.change(GUEST);
    while bench.session.reloaded().is_none() {
        let update = bench.updates.recv().expect("the guest reports");
        bench.session.apply(update).expect("the guest is valid");
    }
    bench.change(GUEST);
    bench.session.send(b"new".to_vec());
    bench.settle();
    let expected: Vec<_> = (0..20).map(|number| number.to_string()).chain(["new".to_owned()]).collect();
    assert_eq!(bench.run(), expected);
}
