//! The watchdog of linmem, with what it needs in place of the rest of linmem.

pub(crate) mod control;
pub(crate) mod flag;
pub(crate) mod models;
mod sync;
#[path = "../../../../src/guest/watchdog.rs"]
pub(crate) mod watchdog;
