//! The sandbox: modules, their instances with linear memory, and all access to them.
//!
//! Only this module uses wasmer. Nothing from a guest is trusted: each address and length is checked in 64 bits
//! against the current memory, and no view of memory outlives a call.

mod artifact;
mod batches;
mod boundary;
mod bytes;
mod cache;
mod compile;
mod component;
mod control;
mod custom;
mod driver;
mod embed;
mod fault;
mod feed;
mod flag;
mod func;
mod global;
mod hook;
mod imports;
mod inspect;
mod instance;
mod instrument;
mod interface;
mod layer;
mod limits;
mod line_ends;
mod load_error;
mod lone_memory;
mod names;
mod pause;
mod producers;
mod program;
mod reach;
mod record_buffer;
mod recorded;
mod shared;
mod stop;
mod symbols;
mod sync;
mod text;
mod trace;
mod types;
mod validate;
mod watchdog;
mod watching;
mod watchpoint;
mod written;

pub use boundary::{Boundary, Host, NoHost};
pub use cache::{Cache, Contents, Kept};
pub use compile::{
    CodeSize, CompileLimit, CompileListener, CompileOptions, CompileProgress, FirstCode, TooCostly, serve_compiler,
};
pub use component::{Component, ComponentType, CoreModule, LiftedFunction, LoweredFunction, StringEncoding};
pub use control::{CodePosition, Control, Go, PauseListener, Paused, Pausing};
pub use driver::{Driver, DriverCode, DriverJob, Trapped};
pub use embed::with_recipe;
pub use func::Func;
pub use global::{Global, GlobalRef};
pub use inspect::{Inspected, inspect};
pub use instance::Guest;
pub use instrument::{Passes, PointRequest, Points, Touched};
pub use interface::{Export, Import, Interface, Segment, Variable};
pub use layer::CallLayer;
pub use limits::Limits;
pub(crate) use line_ends::each_line_end;
pub use load_error::LoadError;
pub use producers::Producers;
pub use program::{Code, Program};
pub use recorded::Recorded;
pub use symbols::{NoSymbols, Symbols, TrapState};
pub use types::{Extern, GlobalType, MemoryType, Signature, TableType, Type};
pub use watchdog::{Cancellation, Watchdog};
pub use watchpoint::{BreakOffsets, MOST_STOPS, WatchKind, Watchpoint};
