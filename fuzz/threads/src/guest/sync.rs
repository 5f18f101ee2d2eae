//! What threads share, by shuttle: each use is a point at which another thread may go on.

pub(super) use shuttle::sync::atomic::{AtomicBool, AtomicU8, AtomicU64};
pub(super) use shuttle::sync::{Mutex, MutexGuard};
pub(super) use shuttle::thread::{Thread, park, spawn};
pub(super) use std::sync::{Arc, OnceLock, Weak};

/// Time passes as fast as threads can look at it.
pub(super) fn park_timeout(_: std::time::Duration) {
    shuttle::thread::yield_now();
}
