//! The watchdog and the batches of linmem, with what they need in place of the rest of linmem.

#[path = "../../../../src/guest/batches.rs"]
pub(crate) mod batches;
pub(crate) mod control;
pub(crate) mod flag;
pub(crate) mod models;
mod sync;
#[path = "../../../../src/guest/watchdog.rs"]
pub(crate) mod watchdog;
