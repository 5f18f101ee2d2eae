//! A guest's own end of the control over it: what it looks out for, where it is, and the hook that it calls.

use std::sync::PoisonError;

use wasmer::{AsStoreMut, FunctionEnvMut, RuntimeError, Value};

use super::control::{CodePosition, Pausing};
use super::instrument::{MODE_BREAKS, MODE_POINTS, NO_SITE, POINT_SITE};
use super::reach::GuestAccess;
use super::shared::{GuestShared, ImportEnv, with_host};
use super::stop::stop;
use super::symbols::frames;
use super::trace::{Tracer, all};
use super::watching::Watching;
use crate::record::{Frame, StopReason};

/// The most places in the code whose names are remembered.
const REMEMBERED: usize = 4096;

impl GuestShared {
    /// Has the guest look out for what is wanted of it now.
    pub(super) fn look_out(&self, store: &mut impl AsStoreMut) {
        // What is wanted is read after this; who wants something else sets it again after saying so.
        self.flag.forget_attention();
        let lookout = self.watch.control().lookout();
        let mut mode = 0;
        if let Some(pauser) = &self.pauser {
            pauser.arm(store, &self.watch, lookout.edition);
            mode |= if lookout.breaks { MODE_BREAKS } else { 0 };
            mode |= if lookout.deepest.is_some() { MODE_POINTS } else { 0 };
        }
        let watching = Watching::new(lookout.watches, lookout.accesses);
        self.flag.look_out(mode, lookout.deepest.unwrap_or(i32::MIN), watching.hook_after());
        let watches = watching.is_any();
        if self.pauses.watching.replace(watching).is_any() && !watches {
            self.tracer.iter().for_each(Tracer::stop_following);
        }
    }

    /// How deep the guest's calls are, where that is counted.
    pub(super) fn depth(&self, store: &mut impl AsStoreMut) -> i32 {
        self.pauser.as_ref().map_or(0, |pauser| pauser.depth(store))
    }

    /// Takes the depth of calls back to what it was: a call that trapped left it.
    pub(super) fn restore_depth(&self, store: &mut impl AsStoreMut, depth: i32) {
        if let Some(pauser) = &self.pauser {
            // It is mutable, and an i32.
            let _ = pauser.depth.set(store, Value::I32(depth));
        }
    }

    /// Where the guest is in its code, while it waits for a host function.
    pub(super) fn position(&self, store: &mut impl AsStoreMut) -> CodePosition {
        let trap = RuntimeError::new("where the guest is");
        let own =
            |frame: &&wasmer_types::FrameInfo| self.offsets.original(frame.func_index(), frame.func_offset()).is_some();
        let trace: Vec<_> = trap.trace().iter().filter(own).cloned().collect();
        let (frames, omitted) = frames(&trace, &self.offsets, |index, offset| self.named(index, offset));
        CodePosition { frames, omitted, depth: self.depth(store) }
    }

    /// The frames of a place in the code, which are remembered.
    fn named(&self, index: u32, offset: Option<usize>) -> Vec<Frame> {
        let mut known = self.pauses.frames.borrow_mut();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.entry((index, offset)).or_insert_with(|| self.symbols.frames(index, offset)).clone()
    }

    /// Why the guest stops at the point of that number, if it does.
    fn stops_at(&self, store: &mut impl AsStoreMut, number: i64) -> Option<Pausing> {
        let pauser = self.pauser.as_ref()?;
        let offset = pauser.points.offset(usize::try_from(number).ok()?)?;
        let line = || self.symbols.line(offset as usize);
        let reason = self.watch.control().stops_at(offset, pauser.depth(store), line)?;
        Some(Pausing::Stop(reason, None))
    }

    /// Why the guest stops after its last accesses, from the one of that number on, if it does.
    fn stops_after(&self, store: &mut impl AsStoreMut, first: u64) -> Option<Pausing> {
        let tracer = self.tracer.as_ref()?;
        let holds = |memory: usize, addr: u64, len: u64| {
            let bytes = all(self.memories.get(memory)?, store);
            let start = usize::try_from(addr).ok()?;
            Some(bytes.get(start..start.checked_add(usize::try_from(len).ok()?)?)?.to_vec())
        };
        let collector = tracer.collector();
        let mut collector = collector.lock().unwrap_or_else(PoisonError::into_inner);
        let control = self.watch.control();
        let mut accesses = collector.follow_from(first).peekable();
        let mut stops = std::iter::from_fn(|| {
            let access = accesses.next()?;
            let second = accesses.next_if(|next| next.site.joined);
            Some(control.stops_after(&access, second.as_ref(), holds))
        });
        let (reason, access) = stops.find_map(|stop| stop)?;
        Some(Pausing::Stop(reason, Some(access)))
    }
}

/// What a guest calls when its buffer is full, after a `memory.init` at `addr`, and at a stop point, of which `addr` is the
/// number.
pub(super) fn hook(
    mut env: FunctionEnvMut<'_, ImportEnv>,
    site: i32,
    addr: i64,
    source: i64,
    len: i64,
) -> Result<(), RuntimeError> {
    let (data, mut store) = env.data_and_store_mut();
    let Some(shared) = data.shared() else { return Ok(()) };
    let Some(tracer) = &shared.tracer else { return Ok(()) };
    let site = site.cast_unsigned();
    let operands = || [addr, source, len].map(i64::cast_unsigned);
    let init = (site != NO_SITE && site != POINT_SITE).then(|| (operands(), site));
    let wants = shared.flag.has_attention();
    let watched = site != POINT_SITE && {
        let mut watching = shared.pauses.watching.borrow_mut();
        watching.is_any() && (init.is_some() || wants || tracer.may_stop(&mut store, &mut watching))
    };
    if site == NO_SITE && !watched && !wants && !tracer.is_full(&mut store) {
        return Ok(());
    }
    let first = tracer.take(&mut store, init, watched);
    let stopping = match (site, first) {
        (POINT_SITE, _) => shared.stops_at(&mut store, addr),
        (_, Some(first)) => shared.stops_after(&mut store, first),
        (_, None) => None,
    };
    if watched {
        tracer.keep_watched(&store, &mut shared.pauses.watching.borrow_mut());
    }
    if shared.flag.has_attention() {
        shared.look_out(&mut store);
    }
    let control = shared.watch.control();
    let paused = || control.take_pause().then_some(Pausing::Stop(StopReason::Pause, None));
    let refreshed = || control.take_refresh().then_some(Pausing::Refresh);
    let pausing = stopping.or_else(paused).or_else(refreshed);
    let Some(pausing) = pausing else { return Ok(()) };
    let paused = with_host(env, |host, mut store, shared| {
        let mut guest = GuestAccess::new(store.as_store_mut(), shared.clone());
        host.paused(pausing, &mut guest)
    });
    paused.and_then(|paused| paused.map_err(|failure| *failure)).map_err(stop)
}
