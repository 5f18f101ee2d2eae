//! What it takes to stop a guest, and the report when it stops.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Instant;

use wasmer::{AsStoreMut, Global, Memory};

use super::control::{CodePosition, Pausing};
use super::instrument::{POINTS_AT, Points};
use super::recorded::Recorded;
use super::watching::Watching;
use super::{Boundary, Paused, Watchdog};
use crate::record::{Failure, Frame, Stop};

/// A function's index, and the offset of an instruction.
type CodePlace = (u32, Option<usize>);

/// What it takes to stop a guest at its stop points.
pub(super) struct Pauser {
    /// The memory with the flags.
    flags: Memory,
    /// The global that counts calls.
    pub(super) depth: Global,
    pub(super) points: Points,
    /// The edition of the breakpoints that are set, and their points.
    armed: RefCell<(u64, Vec<u32>)>,
}

/// What a guest remembers about its stops.
#[derive(Default)]
pub(super) struct PauseMemory {
    /// Which accesses may stop the guest.
    pub(super) watching: RefCell<Watching>,
    /// The frames of places in the code.
    pub(super) frames: RefCell<HashMap<CodePlace, Vec<Frame>>>,
}

impl Pauser {
    pub(super) fn new(flags: Memory, depth: Global, points: Points) -> Pauser {
        Pauser { flags, depth, points, armed: RefCell::default() }
    }

    pub(super) fn depth(&self, store: &mut impl AsStoreMut) -> i32 {
        self.depth.get(store).i32().unwrap_or(0)
    }

    /// Sets the bytes of the points with a breakpoint.
    pub(super) fn arm(&self, store: &mut impl AsStoreMut, watch: &Watchdog, edition: u64) {
        let mut armed = self.armed.borrow_mut();
        if armed.0 == edition {
            return;
        }
        let breaks = watch.control().breaks();
        let numbers = breaks.iter().flat_map(|breakpoint| &breakpoint.offsets);
        let numbers: Vec<_> = numbers.filter_map(|&offset| self.points.number(offset)).collect();
        let view = self.flags.view(store);
        let bytes = armed.1.iter().map(|number| (number, 0)).chain(numbers.iter().map(|number| (number, 1)));
        for (number, byte) in bytes {
            // The memory has a byte for each point.
            let _ = view.write_u8(u64::from(POINTS_AT) + u64::from(*number), byte);
        }
        *armed = (edition, numbers);
    }
}

impl<B: Boundary + ?Sized> Recorded<'_, B> {
    /// Reports what happened so far. Where the guest stops, it waits here until it is told how to go on.
    ///
    /// # Errors
    /// It is to end its call.
    pub(super) fn pause(&mut self, pausing: Pausing) -> Result<(), Box<Failure>> {
        let Some(collector) = self.inner.accesses() else { return Ok(()) };
        let globals = self.inner.globals();
        let (stop, depth) = match pausing {
            Pausing::Refresh => (None, 0),
            Pausing::Stop(reason, access) => {
                let CodePosition { mut frames, omitted, depth } = self.inner.position();
                frames.extend(self.recorder.imports_under_way());
                (Some(Stop { reason, frames, omitted, access }), depth)
            }
        };
        let Recorded { inner, recorder, watch } = self;
        let told = watch.aside(|| {
            recorder.aside(|recorder| {
                let since = Instant::now();
                let (cause, present) = recorder.so_far(&collector, &|memory| inner.bytes(memory), stop.is_some());
                let paused = Paused { cause, present, globals, stop, holds: false, cost: since.elapsed() };
                watch.control().report(paused, depth)
            })
        });
        self.inner.look_out();
        Ok(told?)
    }

    /// Stops after a write of the host's, if a watchpoint says so.
    pub(super) fn pause_after_write(&mut self, memory: usize, addr: u64) -> Result<(), Box<Failure>> {
        let Recorded { inner, recorder, watch } = self;
        let Some((old, new)) = recorder.last_written() else { return Ok(()) };
        let holds = |memory: usize, addr: u64, len: u64| {
            let start = usize::try_from(addr).ok()?;
            Some(inner.bytes(memory).get(start..start.checked_add(usize::try_from(len).ok()?)?)?.to_vec())
        };
        match watch.control().stops_after_write((memory, addr), old, new, holds) {
            Some((reason, access)) => self.pause(Pausing::Stop(reason, Some(access))),
            None => Ok(()),
        }
    }
}
