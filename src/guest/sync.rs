//! What threads share, for the watchdog and the batches of records. `fuzz/threads` has another file of this name, which tries the orders in which
//! threads may run.

pub(super) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64};
pub(super) use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
pub(super) use std::thread::{Thread, park, park_timeout, spawn};
