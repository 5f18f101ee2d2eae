//! The process that compiles for another linmem: a module in, compiled code out.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmer::sys::NativeEngineExt;
use wasmer_types::CompilationProgressCallback;

use super::here::{self, message};
use super::protocol::{Frame, GREETING, WORD, read_bytes};
use crate::guest::artifact;
use crate::guest::program::engine;

/// How often progress is told.
const PACE: Duration = Duration::from_millis(50);

/// Compiles a module for the process that started this one, if this one was started for that. Otherwise does nothing and
/// returns `None`. Call it first thing in `main`, if [`super::CompileOptions::outside`] is to be used.
pub fn serve_compiler() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next().as_deref() != Some(OsStr::new(WORD)) || args.next().is_some() {
        return None;
    }
    // Whoever started this may be gone, and then nobody reads errors either.
    Some(if serve().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn serve() -> io::Result<()> {
    let mut stdin = io::stdin();
    let out = Arc::new(Mutex::new((io::stdout(), Instant::now())));
    Frame::Greeting(GREETING.as_bytes().to_vec()).write(&mut io::stdout())?;
    let binary = read_bytes(&mut stdin)?;
    std::thread::spawn(move || end_with_parent(stdin));
    let told = out.clone();
    let callback = CompilationProgressCallback::new(move |at| {
        let mut out = told.lock().unwrap_or_else(PoisonError::into_inner);
        let (out, last) = &mut *out;
        if last.elapsed() >= PACE {
            *last = Instant::now();
            let progress = here::progress(&at, Duration::ZERO);
            // If nobody reads it, nobody needs the compiled code either, and this process is about to end.
            let _ = Frame::Progress(progress.done, progress.total).write(out);
        }
        Ok(())
    });
    let compiled = engine().new_module_with_progress(&binary, callback);
    let reply = match compiled.map(|module| artifact::of(&module)) {
        Ok(Some(bytes)) => Frame::Artifact(bytes),
        Ok(None) => Frame::Refused("the compiled code cannot be passed on".to_owned()),
        Err(error) => Frame::Refused(message(error)),
    };
    let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
    reply.write(&mut out.0)?;
    out.0.flush()
}

/// Ends this process when the other end of the pipe is closed: by whoever started it, or because that is gone.
fn end_with_parent(mut stdin: io::Stdin) {
    while let Ok(1..) = stdin.read(&mut [0; 64]) {}
    std::process::exit(1);
}
