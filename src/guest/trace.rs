//! The host's end of the records that an instrumented guest makes: the hook that it calls when its ring is full, and
//! the collector that they go to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmer::{AsStoreMut, AsStoreRef, Function, FunctionEnv, FunctionEnvMut, Global, Instance, Memory, Store, Value};

use super::Watchdog;
use super::instrument::{DONE, FIRST_RECORD, LIMIT, LIMIT_AT, NO_SITE, RING_PAGES, TraceExports};
use crate::record::{Collector, SiteKind};

/// Takes the records of one guest.
#[derive(Clone)]
pub(super) struct Tracer {
    ring: Memory,
    cursor: Global,
    /// The guest's own memories, by index.
    memories: Vec<Memory>,
    collector: Arc<Mutex<Collector>>,
    watch: Watchdog,
}

/// What the hook works with.
struct HookEnv {
    tracer: Tracer,
    /// The bytes before a `memory.init` that is under way: which are copied is known only when it is done.
    before_init: Vec<u8>,
}

impl Tracer {
    /// Puts the hook into a guest's table; `None` if the guest lacks what was added to its module.
    pub(super) fn attach(
        store: &mut Store,
        instance: &Instance,
        exports: &TraceExports,
        memories: &[Memory],
        collector: Collector,
        watch: &Watchdog,
    ) -> Option<Tracer> {
        let tracer = Tracer {
            ring: instance.exports.get_memory(&exports.ring).ok()?.clone(),
            cursor: instance.exports.get_global(&exports.cursor).ok()?.clone(),
            memories: memories.to_vec(),
            collector: Arc::new(Mutex::new(collector)),
            watch: watch.clone(),
        };
        let env = FunctionEnv::new(store, HookEnv { tracer: tracer.clone(), before_init: Vec::new() });
        let hook = Function::new_typed_with_env(store, &env, hook);
        let table = instance.exports.get_table(&exports.hook).ok()?.clone();
        table.set(store, 0, Value::FuncRef(Some(hook))).ok()?;
        tracer.ring.view(store).write(LIMIT_AT.into(), &LIMIT.to_le_bytes()).ok()?;
        Some(tracer)
    }

    /// Moves the records that lie in the ring to the collector, and returns it.
    pub(super) fn drain(&self, store: &mut impl AsStoreMut) -> &Arc<Mutex<Collector>> {
        let cursor = self.cursor.get(store);
        let end = usize::try_from(cursor.i32().unwrap_or(0)).unwrap_or(0);
        let first = FIRST_RECORD as usize;
        if end > first {
            self.watch.aside(|| {
                self.lock().timed(|collector| {
                    collector.take(all(&self.ring, store).get(first..end).unwrap_or(&[]));
                    if collector.wants_checkpoint() {
                        let live: Vec<_> = self.memories.iter().map(|memory| all(memory, store)).collect();
                        collector.checkpoint(&live);
                    }
                });
            });
            // It is mutable, and an i32.
            let _ = self.cursor.set(store, Value::I32(FIRST_RECORD.cast_signed()));
        }
        &self.collector
    }

    fn lock(&self) -> MutexGuard<'_, Collector> {
        self.collector.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of a memory from `addr` on, if all of them lie inside it.
    fn bytes<'a>(&self, store: &'a impl AsStoreRef, memory: u32, addr: u64, len: u64) -> Option<&'a [u8]> {
        let memory = self.memories.get(usize::try_from(memory).ok()?)?;
        let end = usize::try_from(addr.checked_add(len)?).ok()?;
        all(memory, store).get(usize::try_from(addr).ok()?..end)
    }
}

/// What a guest calls: when its ring is full, and around operations whose length is known only as they run. It does
/// what the specification says, so the hook knows beforehand whether it will trap; then nothing is recorded.
fn hook(mut env: FunctionEnvMut<'_, HookEnv>, site: i32, first: i64, second: i64, third: i64) {
    let (env, mut store) = env.data_and_store_mut();
    let HookEnv { tracer, before_init } = env;
    tracer.drain(&mut store);
    let site = site.cast_unsigned();
    if site != NO_SITE {
        let [first, second, third] = [first, second, third].map(i64::cast_unsigned);
        tracer.watch.aside(|| tracer.operation(&store, before_init, site, [first, second, third]));
    }
}

impl Tracer {
    /// Records an operation of any length, with its operands.
    fn operation(&self, store: &impl AsStoreRef, before_init: &mut Vec<u8>, site: u32, operands: [u64; 3]) {
        let mut collector = self.lock();
        let is_done = site & DONE != 0;
        let site = site & !DONE;
        let Some((kind, memory, from)) = collector.operation(site) else { return };
        let [addr, source, len] = operands;
        collector.timed(|collector| match kind {
            SiteKind::Grow => {
                let [before, delta, _] = operands;
                // It is -1 where the memory did not grow.
                let failed = before == u64::from(u32::MAX) || before == u64::MAX;
                if !failed && delta > 0 {
                    collector.take_growth(site, before, before.saturating_add(delta));
                }
            }
            SiteKind::Copy => {
                let old = self.bytes(store, memory, addr, len);
                let new = self.bytes(store, from, source, len);
                if let (Some(old), Some(new)) = (old, new) {
                    collector.take_bulk(site, addr, old, new);
                }
            }
            SiteKind::Fill => {
                if let Some(old) = self.bytes(store, memory, addr, len) {
                    collector.take_bulk(site, addr, old, &vec![source.to_le_bytes()[0]; old.len()]);
                }
            }
            SiteKind::Init if is_done => {
                if let Some(new) = self.bytes(store, memory, addr, len) {
                    collector.take_bulk(site, addr, before_init, new);
                }
            }
            SiteKind::Init => {
                before_init.clear();
                before_init.extend_from_slice(self.bytes(store, memory, addr, len).unwrap_or(&[]));
            }
            _ => (),
        });
    }
}

/// All of a memory.
#[allow(unsafe_code, reason = "wasmer's safe readers copy, and slower than memcpy")]
fn all<'a>(memory: &Memory, store: &'a impl AsStoreRef) -> &'a [u8] {
    let view = memory.view(store);
    let size = usize::try_from(view.data_size()).expect("linear memory fits the address space");
    // SAFETY: pointer and length are those of the live memory. While the store is borrowed no code of it runs, and no
    // other thread has it; so the memory stays as it is.
    unsafe { std::slice::from_raw_parts(view.data_ptr(), size) }
}

const _: () = assert!(LIMIT < RING_PAGES * 65_536, "the limit lies inside the ring");
