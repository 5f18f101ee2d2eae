//! Compiling in this process: the time limit and cancelling apply between functions, and memory has no limit.

use std::time::{Duration, Instant};

use wasmer::Module;
use wasmer::sys::NativeEngineExt;
use wasmer_types::{CompilationProgress, CompilationProgressCallback, CompileError, UserAbort};

use super::{CompileLimit, CompileProgress, Job, NotCompiled};

/// Compiles a module.
///
/// # Errors
/// See [`NotCompiled`].
pub(super) fn compile(job: &Job<'_>) -> Result<Module, NotCompiled> {
    let since = Instant::now();
    let (limit, cancellation) = (job.limits.compile_time, job.cancellation.clone());
    let listener = job.options.listener.clone();
    let is_over = move |elapsed: Duration| limit.is_some_and(|limit| elapsed > limit);
    let callback = CompilationProgressCallback::new(move |at| {
        let progress = progress(&at, since.elapsed());
        if let Some(listener) = &listener {
            listener.tell(progress);
        }
        match cancellation.is_cancelled() || is_over(progress.elapsed) {
            true => Err(UserAbort::new("stopped")),
            false => Ok(()),
        }
    });
    let compiled = job.engine.new_module_with_progress(job.binary, callback);
    match (compiled, limit) {
        _ if job.cancellation.is_cancelled() => Err(NotCompiled::Cancelled),
        (Ok(module), _) => Ok(module),
        (Err(CompileError::Aborted(_)), Some(limit)) => {
            let progress = CompileProgress { elapsed: since.elapsed(), ..CompileProgress::default() };
            Err(NotCompiled::Limit(CompileLimit::Time(limit), progress))
        }
        (Err(error), _) => Err(NotCompiled::Refused(message(error))),
    }
}

/// The engine's report of its progress.
pub(super) fn progress(at: &CompilationProgress, elapsed: Duration) -> CompileProgress {
    let (done, total) = (at.phase_step().unwrap_or(0), at.phase_step_count().unwrap_or(0));
    CompileProgress { done: done.min(total), total, elapsed }
}

/// The compiler's message, without its prefixes.
pub(in crate::guest) fn message(error: CompileError) -> String {
    match error {
        CompileError::Validate(message) | CompileError::Codegen(message) => message,
        CompileError::Wasm(error) => error.to_string(),
        error => error.to_string(),
    }
}
