//! Why an exchange has no answer, and a collector that notes in which order it got what.

use std::time::Duration;

use shuttle::sync::mpsc::Sender;

#[derive(Debug, PartialEq)]
pub(crate) enum Limit {
    Time(Duration),
    Step(Duration),
}

#[derive(Debug, PartialEq)]
pub(crate) enum Failure {
    Limit(Limit),
    Interrupted,
}

/// What it took, and whom it tells.
pub(crate) struct Collector(pub(crate) Vec<u32>, pub(crate) Sender<u32>);

pub(crate) struct RawRecords(pub(crate) u32);

#[derive(Clone)]
pub(crate) struct Buffers;

impl Collector {
    fn take(&mut self, number: u32) {
        self.0.push(number);
        // Who is told may be gone.
        let _ = self.1.send(number);
    }

    pub(crate) fn take_all(&mut self, RawRecords(number): RawRecords) {
        self.take(number);
    }

    pub(crate) fn take_init(&mut self, (number, ..): (u32, u64, u64), _: &[u8]) {
        self.take(number);
    }

    pub(crate) fn is_checkpoint_due(&self) -> bool {
        self.0.len() > 2
    }
}

impl Buffers {
    pub(crate) fn prepare(&self) {}
}
