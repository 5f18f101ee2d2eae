//! The compiled recipe of a running guest: when it is looked for, compiled and attached.

use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::{Batching, Live};
use crate::abi::Batch;
use crate::guest::{DriverCode, DriverJob};

/// After how many lines the recipe is looked for among what was compiled before. That takes as long as some hundred
/// lines.
const SOUGHT: usize = 500;
/// The same if so many bytes of lines are there already.
const MUCH: usize = 32 << 10;
/// After how many lines the recipe is compiled if it was not compiled before. That takes as long as ten thousand lines,
/// but others are answered meanwhile.
const WORTHWHILE: usize = 2_000;
/// How many lines an assumed convention must have answered.
const PROVEN: usize = 10_000;
/// After how many lines a fresh guest is driven whose recipe is already compiled: it only needs to be attached.
const AGAIN: usize = 100;

/// The compiled recipe, for batches of lines.
#[derive(Default)]
pub(super) struct Driving {
    code: Code,
    /// What answers batches, once it is attached to the guest.
    pub(super) batch: Option<Batch>,
    /// How many lines this guest answered without the driver.
    lines: usize,
    /// When the recipe is compiled.
    batching: Batching,
    /// How many lines any guest answered: each makes an assumed convention more likely to be right.
    answered: usize,
}

/// What a recipe was compiled to.
#[derive(Default)]
enum Code {
    /// It was not looked for yet.
    #[default]
    Unknown,
    /// It was not compiled before.
    Missing(DriverJob),
    /// It is being compiled on another thread.
    Compiling(Receiver<Option<DriverCode>>),
    /// There is none if it cannot be compiled.
    Known(Option<DriverCode>),
}

impl Driving {
    pub(super) fn new(batching: Batching) -> Driving {
        Driving { batching, ..Driving::default() }
    }

    /// The guest is replaced by a fresh instance, to which the driver is not attached yet.
    pub(super) fn detach(&mut self) {
        (self.batch, self.lines) = (None, 0);
    }

    /// A line was answered without the driver.
    pub(super) fn count(&mut self, is_answered: bool) {
        self.lines += 1;
        self.answered += usize::from(is_answered);
    }

    /// Whether to go on with the driver, if so many bytes of lines wait.
    fn is_due(&self, waiting: usize) -> bool {
        match (self.batching, &self.code) {
            (Batching::Never, _) | (_, Code::Known(None)) => false,
            (Batching::Always, _) | (_, Code::Compiling(_)) => true,
            (Batching::Auto, Code::Unknown) => self.lines >= SOUGHT || waiting >= MUCH,
            (Batching::Auto, Code::Missing(_)) => self.lines >= WORTHWHILE,
            (Batching::Auto, Code::Known(Some(_))) => self.lines >= AGAIN,
        }
    }
}

impl Code {
    /// Waits for what is being compiled.
    fn wait(&mut self) {
        match self {
            Code::Missing(job) => *self = Code::Known(compiled(job)),
            Code::Compiling(receiver) => *self = Code::Known(receiver.recv().ok().flatten()),
            Code::Unknown | Code::Known(_) => (),
        }
    }
}

impl Live {
    /// Attaches the compiled recipe if there is one and it pays off, with so many bytes of lines waiting. Otherwise gets
    /// nearer to that.
    #[inline]
    pub(super) fn drive_if_due(&mut self, waiting: usize) {
        if self.driving.batch.is_none() && self.driving.is_due(waiting) {
            self.advance(waiting);
        }
    }

    #[inline(never)]
    fn advance(&mut self, waiting: usize) {
        if !self.may_drive() {
            return;
        }
        self.look_for_driver();
        if self.driving.batching == Batching::Always {
            self.driving.code.wait();
        }
        let is_due = self.driving.is_due(waiting);
        match std::mem::take(&mut self.driving.code) {
            Code::Missing(job) if is_due => self.driving.code = start(job),
            Code::Compiling(receiver) => {
                self.driving.code = match receiver.try_recv() {
                    Ok(code) => Code::Known(code),
                    Err(TryRecvError::Empty) => Code::Compiling(receiver),
                    Err(TryRecvError::Disconnected) => Code::Known(None),
                };
            }
            code => self.driving.code = code,
        }
        if matches!(self.driving.code, Code::Known(Some(_))) {
            self.attach_driver();
        }
    }

    /// Compiles the recipe if possible, so that [`Live::answers`] uses a driver from now on. Returns false if it
    /// cannot be compiled, or if its convention was assumed and has not answered many lines yet. Happens automatically
    /// when there are many lines.
    pub fn warm_up(&mut self) -> bool {
        if !self.may_drive() {
            return false;
        }
        self.look_for_driver();
        self.driving.code.wait();
        self.attach_driver();
        self.driving.batch.is_some()
    }

    /// Whether a compiled recipe may call the guest.
    fn may_drive(&mut self) -> bool {
        // Nobody sees the calls of a compiled recipe, and quick code cannot be called by it.
        let is_possible = self.program.limits().step.is_none() && !self.guest.is_quick();
        // A compiled recipe does not check whether results are plausible.
        let is_right = self.choice.assumed.is_none() || self.driving.answered >= PROVEN;
        if !(is_possible && is_right) {
            self.driving.lines = 0;
        }
        is_possible && is_right
    }

    /// Looks for what the recipe was compiled to before.
    fn look_for_driver(&mut self) {
        let Live { program, exchange, driving, .. } = self;
        if matches!(driving.code, Code::Unknown) {
            driving.code = match exchange.driver(program) {
                None => Code::Known(None),
                Some(job) => job.find().map_or(Code::Missing(job), |code| Code::Known(Some(code))),
            };
        }
    }

    fn attach_driver(&mut self) {
        let Live { guest, exchange, driving, .. } = self;
        let Code::Known(Some(code)) = &driving.code else { return };
        driving.batch = exchange.attach(guest, code);
        if driving.batch.is_none() {
            driving.code = Code::Known(None);
        }
        driving.lines = 0;
    }
}

/// Compiles on another thread.
fn start(job: DriverJob) -> Code {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        // Nobody may be interested any more.
        let _ = sender.send(compiled(&job));
    });
    Code::Compiling(receiver)
}

fn compiled(job: &DriverJob) -> Option<DriverCode> {
    let compiled = job.compile();
    debug_assert!(compiled.is_ok(), "what a recipe is compiled to is right");
    // If compiling fails, only speed is lost.
    compiled.ok()
}
