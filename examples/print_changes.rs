//! Sends a line to a guest and prints what each step changed in the guest's memory, without a terminal.
//!
//!     cargo run --example print_changes -- packed "Did you know"

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use linmem::abi::InputLine;
use linmem::record::Run;
use linmem::session::{Live, Options, Source, Watchdog};
use linmem::view::{Selection, difference, outcome};

/// Bytes of history to keep.
const HISTORY: usize = 64 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let guest = args.next().unwrap_or_else(|| "passing-data".into());
    let line = args.next().unwrap_or_else(|| "Did you know".into());
    print_changes(&mut io::stdout().lock(), Path::new(&guest), line.as_encoded_bytes())
}

/// Sends a line to a guest, a file or a built-in one, and prints what each step changed.
pub(crate) fn print_changes(out: &mut impl Write, guest: &Path, line: &[u8]) -> Result<(), Box<dyn Error>> {
    let source = Source::find(guest)?;
    let options = Options::default();
    let (mut live, start) = Live::open(&source, &options, Watchdog::new(options.limits.time))?;

    // A run keeps every moment: cause 0 is the start, cause 1 the line.
    let mut run = Run::new(HISTORY);
    run.push(Arc::new(start), live.present().clone());
    let exchange = Arc::new(live.send(InputLine { bytes: line, ended: true }, 1));
    run.push(exchange.clone(), live.present().clone());

    for step in 0..exchange.steps.len() {
        let Some(selection) = Selection::new(&run, None, 1, Some(step)) else { continue };
        writeln!(out, "{}", selection.line(step).headline())?;
        for marks in selection.marks.iter().filter(|marks| !marks.is_empty()) {
            writeln!(out, "    {}", difference(marks))?;
        }
    }
    writeln!(out, "=> {}", outcome(&exchange))?;
    Ok(())
}
