//! The sandbox: a module, its instance with its linear memory, and every way of reaching into it.
//!
//! This is the only room that knows wasmer. Nothing from a guest is believed here: each address and length is
//! checked against the memory as it is now, in 64 bits, and no view of memory outlives a call.

mod boundary;
mod driver;
mod flag;
mod func;
mod global;
mod imports;
mod inspect;
mod instance;
mod instrument;
mod interface;
mod limits;
mod names;
mod producers;
mod program;
mod reach;
mod recorded;
mod shared;
mod stop;
mod symbols;
mod text;
mod trace;
mod types;
mod validate;
mod watchdog;

pub use boundary::{Boundary, Host, NoHost};
pub use driver::{Driver, DriverCode, Trapped};
pub use func::Func;
pub use global::{Global, GlobalRef};
pub use inspect::{Inspected, inspect};
pub use instance::Guest;
pub use instrument::Passes;
pub use interface::{Export, Import, Interface, Segment, Variable};
pub use limits::Limits;
pub use program::{Code, LoadError, Program};
pub use recorded::Recorded;
pub use symbols::{NoSymbols, Symbols};
pub use types::{Extern, GlobalType, MemoryType, Signature, TableType, Type};
pub use watchdog::Watchdog;
