//! A guest with its recipe, for benchmarks of recording.

use linmem::abi::ConventionRequest;
use linmem::guest::{Limits, Passes, Watchdog};
use linmem::session::{Live, Options, Source};

pub(crate) const OFF: Passes = Passes { stores: false, loads: false, pauses: false };
pub(crate) const STORES: Passes = Passes { stores: true, loads: false, pauses: false };

/// A convention of guests that work on memory in place.
pub(crate) const TURN: &str = "name turn\neach line\n  write line at 64\n* turn(64, n)\n  read n at 64\n";

/// Starts a guest that may have `memory` bytes.
pub(crate) fn live(binary: Vec<u8>, recipe: &str, trace: Passes, memory: u64) -> Live {
    let path = std::env::temp_dir().join(format!(
        "linmem-trace-{}-{:?}.recipe",
        std::process::id(),
        std::thread::current().id()
    ));
    std::fs::write(&path, recipe).expect("the folder for temporary files is writable");
    let wish = ConventionRequest::default().named(&path).expect("the recipe is right");
    let limits = Limits { time: None, memory, ..Limits::default() };
    let options = Options { limits, wish, trace, ..Options::default() };
    let source = Source { name: "bench".to_owned(), bytes: binary };
    let opened = Live::open(&source, &options, Watchdog::new(None));
    opened.map_err(|error| error.to_string()).expect("the guest starts").0
}
