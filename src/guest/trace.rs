//! The host's side of tracing: takes the records of an instrumented guest out of its buffer, for a collector.

use std::cell::{RefCell, RefMut};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use wasmer::{AsStoreMut, AsStoreRef, Function, Global, Instance, Memory, Store, Value};

use super::Watchdog;
use super::feed::Feed;
use super::instrument::{RECORD, RECORDS_AT, TraceExports};
use super::record_buffer::{LIMIT, RecordBuffer};
use super::watching::{Watching, of_last_instruction};
use crate::record::{Collector, Site};

/// Takes the records of one guest.
pub(super) struct Tracer {
    cursor: Global,
    /// The guest's own memories, by index.
    memories: Vec<Memory>,
    sites: Arc<[Site]>,
    feed: RefCell<Feed>,
    watch: Watchdog,
}

impl Tracer {
    /// Puts the hook into a guest's table. `None` if the guest lacks the added exports.
    #[allow(unsafe_code, reason = "the buffer lies in the guest's memory")]
    pub(super) fn attach(
        store: &mut Store,
        instance: &Instance,
        exports: &TraceExports,
        memories: &[Memory],
        collector: Collector,
        (watch, hook): (&Watchdog, Function),
    ) -> Option<Tracer> {
        // SAFETY: the buffer has a fixed size, is dropped with its guest, and is looked at only between the guest's calls
        // of its hook and its going on.
        let buffer = unsafe { RecordBuffer::new(instance.exports.get_memory(&exports.buffer).ok()?, store) }?;
        let tracer = Tracer {
            cursor: instance.exports.get_global(&exports.cursor).ok()?.clone(),
            memories: memories.to_vec(),
            sites: collector.sites().clone(),
            feed: RefCell::new(Feed::new(collector, buffer)),
            watch: watch.clone(),
        };
        let table = instance.exports.get_table(&exports.hook).ok()?.clone();
        table.set(store, 0, Value::FuncRef(Some(hook))).ok()?;
        Some(tracer)
    }

    /// Moves the records from the buffer to the collector, and returns it once it has taken all of them.
    pub(super) fn drain(&self, store: &mut impl AsStoreMut) -> Arc<Mutex<Collector>> {
        let mut feed = self.feed();
        self.empty(store, &mut feed, Feed::finish);
        feed.charge();
        feed.collector().clone()
    }

    /// Changes how many bytes of records are kept.
    pub(super) fn set_budget(&self, budget: u64) {
        self.feed().set_budget(budget);
    }

    /// Has the records of the buffer taken, which the guest then fills from its start. The time limit counts this: a guest
    /// that stores without end would otherwise run for much longer than the limit says.
    fn empty(&self, store: &mut impl AsStoreMut, feed: &mut Feed, take: impl FnOnce(&mut Feed, Range<u32>)) {
        let cursor = self.cursor(store);
        if cursor == RECORDS_AT && !feed.is_behind() {
            return;
        }
        take(feed, RECORDS_AT..cursor);
        // Cannot fail: the global is a mutable i32.
        let _ = self.cursor.set(store, Value::I32(RECORDS_AT.cast_signed()));
    }

    fn cursor(&self, store: &mut impl AsStoreMut) -> u32 {
        self.cursor.get(store).i32().unwrap_or(0).cast_unsigned()
    }

    /// Whether the guest's buffer has no space for another access.
    pub(super) fn is_full(&self, store: &mut impl AsStoreMut) -> bool {
        self.cursor(store) >= LIMIT
    }

    /// Whether the guest may stop after its last access, which it made just now.
    pub(super) fn may_stop(&self, store: &mut impl AsStoreMut, watching: &mut Watching) -> bool {
        let (cursor, feed) = (self.cursor(store), self.feed());
        let records = feed.records(cursor);
        let last = of_last_instruction(records, &self.sites) * RECORD;
        let records = &records[records.len().saturating_sub(last as usize)..];
        watching.may_stop(records, &self.sites, |memory| self.memory(memory, store))
    }

    /// Keeps what is watched for changes as it is now.
    pub(super) fn keep_watched(&self, store: &impl AsStoreRef, watching: &mut Watching) {
        watching.keep(|memory| self.memory(memory, store));
    }

    fn feed(&self) -> RefMut<'_, Feed> {
        self.feed.borrow_mut()
    }

    /// The collector.
    pub(super) fn collector(&self) -> Arc<Mutex<Collector>> {
        self.feed().collector().clone()
    }

    /// Has the records of the buffer taken, and the bytes that a `memory.init` wrote: its operands and site. Where
    /// that is to be done `at_once`, returns how many accesses there were before the guest's last instruction, when all of
    /// them are taken.
    pub(super) fn take(
        &self,
        store: &mut impl AsStoreMut,
        init: Option<([u64; 3], u32)>,
        at_once: bool,
    ) -> Option<u64> {
        let mut feed = self.feed();
        let count = |feed: &mut Feed| {
            self.watch.aside(|| feed.timed(Feed::wait));
            feed.collector().lock().unwrap_or_else(PoisonError::into_inner).count()
        };
        let cursor = self.cursor(store);
        let mut next = RECORDS_AT;
        let before = at_once.then(|| {
            let last = if init.is_some() { 0 } else { of_last_instruction(feed.records(cursor), &self.sites) * RECORD };
            next = cursor.saturating_sub(last).max(RECORDS_AT);
            feed.send(RECORDS_AT..next);
            count(&mut feed)
        });
        self.empty(store, &mut feed, |feed, range| feed.send(next..range.end));
        if let Some((operands, site)) = init {
            self.init(store, &mut feed, site, operands);
        }
        feed.checkpoint(|memory| self.memory(memory, store));
        if at_once {
            count(&mut feed);
        }
        before
    }

    /// Records a `memory.init`, whose bytes are now in memory.
    fn init(&self, store: &impl AsStoreRef, feed: &mut Feed, site: u32, [addr, source, len]: [u64; 3]) {
        let memory = self.sites.get(site as usize).and_then(|site| self.memories.get(site.memory as usize));
        let Some(bytes) = memory.map(|memory| all(memory, store)) else { return };
        let range = usize::try_from(addr).ok().zip(addr.checked_add(len).and_then(|end| usize::try_from(end).ok()));
        if let Some(bytes) = range.and_then(|(start, end)| bytes.get(start..end)) {
            feed.timed(|feed| {
                feed.send_init((site, addr, source), bytes);
                if !feed.keeps_bytes(len) {
                    feed.checkpoint_now(|memory| self.memory(memory, store));
                }
            });
        }
    }

    /// The bytes of one of the guest's memories.
    fn memory<'a>(&self, memory: usize, store: &'a impl AsStoreRef) -> &'a [u8] {
        self.memories.get(memory).map_or(&[], |memory| all(memory, store))
    }

    /// What accesses find is no longer worked out at once.
    pub(super) fn stop_following(&self) {
        self.collector().lock().unwrap_or_else(PoisonError::into_inner).stop_following();
    }
}

/// All bytes of a memory.
#[allow(unsafe_code, reason = "wasmer's safe readers copy, and slower than memcpy")]
pub(super) fn all<'a>(memory: &Memory, store: &'a impl AsStoreRef) -> &'a [u8] {
    let view = memory.view(store);
    let size = usize::try_from(view.data_size()).expect("linear memory fits the address space");
    // SAFETY: pointer and length are those of the live memory. While the store is borrowed none of its code runs, and
    // no other thread has it, so the memory stays as it is.
    unsafe { std::slice::from_raw_parts(view.data_ptr(), size) }
}
