//! The process that compiles for another linmem: a module in, compiled code out.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmer::sys::NativeEngineExt;
use wasmer_types::CompilationProgressCallback;

use super::background::{self, Behind};
use super::effort::{Effort, engine};
use super::here::{self, message};
use super::protocol::{Frame, GREETING, WORD, read_bytes};
use super::request::Request;
use crate::guest::artifact;

/// How often progress is told.
const PACE: Duration = Duration::from_millis(50);

/// Where replies go, and when the last one did.
type Out = Arc<Mutex<(io::Stdout, Instant)>>;

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
    background::close_other_files();
    let out: Out = Arc::new(Mutex::new((io::stdout(), Instant::now())));
    Frame::Greeting(GREETING.as_bytes().to_vec()).write(&mut io::stdout())?;
    let request = Request::read(&read_bytes(&mut stdin)?).ok_or(io::ErrorKind::InvalidData)?;
    let binary = read_bytes(&mut stdin)?;
    let parent = Arc::new(Parent::default());
    let watched = parent.clone();
    std::thread::spawn(move || watched.end_with(stdin));
    let reply = compile(&binary, request.effort, &out);
    let is_quick = matches!(reply, Frame::Artifact(_)) && request.effort == Effort::Quick;
    let behind = is_quick.then(|| Behind::begin(request));
    if behind.as_ref().is_some_and(Behind::is_kept) {
        parent.is_left.store(true, SeqCst);
    }
    // Whoever asked may be gone already, and optimised code is kept for the next time.
    let sent = send(&reply, &out);
    drop(reply);
    match behind {
        Some(behind) if sent.is_ok() || behind.is_kept() => match behind.compile(&binary) {
            Some(bytes) => send(&Frame::Artifact(bytes), &out),
            None => Ok(()),
        },
        _ => sent,
    }
}

/// Compiles a module, and tells progress. Returns the reply.
fn compile(binary: &[u8], effort: Effort, out: &Out) -> Frame {
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
    let compiled = engine(effort).new_module_with_progress(binary, callback);
    match compiled.map(|module| artifact::of(&module)) {
        Ok(Some(bytes)) => Frame::Artifact(bytes),
        Ok(None) => Frame::Refused("the compiled code cannot be passed on".to_owned()),
        Err(error) => Frame::Refused(message(error)),
    }
}

fn send(reply: &Frame, out: &Out) -> io::Result<()> {
    let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
    reply.write(&mut out.0)?;
    out.0.flush()
}

/// The process that started this one.
#[derive(Default)]
struct Parent {
    /// Whether this process goes on without it.
    is_left: AtomicBool,
}

impl Parent {
    /// Ends this process when the other end of the pipe is closed: by whoever started it, or because that is gone.
    fn end_with(&self, mut stdin: io::Stdin) {
        while let Ok(1..) = stdin.read(&mut [0; 64]) {}
        if !self.is_left.load(SeqCst) {
            std::process::exit(1);
        }
    }
}
