//! Compiling, within limits and until it is cancelled: what is small here, what is large in a process of its own.
//!
//! How long the compiler takes, and how much memory, is not known before, and it cannot be stopped in the middle of a
//! function. A process can: it is killed. It is this program again, which reads a module from its standard input and
//! writes compiled code to its standard output. Nothing is left behind, whatever ends it.

mod background;
mod effort;
mod here;
mod later;
mod outside;
mod protocol;
mod request;
mod serve;
mod size;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use wasmer::{Engine, Module};

use self::request::Request;
use super::{Cache, Cancellation, Limits, artifact};
use crate::record::{counted, thousands};

pub use effort::FirstCode;
pub(super) use effort::{Effort, engine};
pub(super) use here::message;
pub(super) use later::{Came, Later};
pub(super) use request::Keeping;
pub use serve::serve_compiler;
pub use size::CodeSize;

/// How often progress is told, in milliseconds.
const PACE: u128 = 100;

/// How modules are compiled. By default always in this process, and nothing is kept.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// Whether large modules are compiled in a process of their own. The program's `main` must begin with
    /// [`serve_compiler`].
    pub outside: bool,
    /// Which code a module runs that was not compiled before. Other than optimised code needs `outside`.
    pub first: FirstCode,
    /// Says whether the guest will have much to do, when a large module is about to be compiled: then optimised code is
    /// worth the wait, as a guest keeps the code that it began with.
    pub has_much_to_do: Option<fn() -> bool>,
    /// Where compiled code is kept.
    pub cache: Option<Cache>,
    /// Is told how far compiling is.
    pub listener: Option<CompileListener>,
}

/// How far compiling is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompileProgress {
    /// How much was compiled, in bytes of code.
    pub done: u64,
    /// The size of all code in bytes; 0 if it is not known yet.
    pub total: u64,
    /// How long it has taken.
    pub elapsed: Duration,
}

impl CompileProgress {
    /// How much was compiled, in percent of all code, if that is known.
    pub fn percent(&self) -> Option<u64> {
        self.done.saturating_mul(100).checked_div(self.total)
    }
}

/// Is told how far compiling is, on any thread.
#[derive(Clone)]
pub struct CompileListener(Arc<dyn Fn(CompileProgress) + Send + Sync>);

impl CompileListener {
    /// Calls `listener` several times a second.
    pub fn new(listener: impl Fn(CompileProgress) + Send + Sync + 'static) -> CompileListener {
        let told = AtomicU64::new(u64::MAX);
        CompileListener(Arc::new(move |progress| {
            let beat = u64::try_from(progress.elapsed.as_millis() / PACE).unwrap_or(u64::MAX);
            if told.swap(beat, Relaxed) != beat {
                listener(progress);
            }
        }))
    }

    fn tell(&self, progress: CompileProgress) {
        (self.0)(progress);
    }
}

impl fmt::Debug for CompileListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CompileListener")
    }
}

/// A limit that ended compiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileLimit {
    /// It took longer than this.
    Time(Duration),
    /// It needed more bytes of memory than this.
    Memory(u64),
}

/// Compiling reached a limit: what the module would cost, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooCostly {
    /// The limit.
    pub limit: CompileLimit,
    /// How far it was.
    pub progress: CompileProgress,
    /// The size of the module's code.
    pub size: CodeSize,
}

impl fmt::Display for TooCostly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TooCostly { limit, progress, size } = self;
        let (needs, option) = match limit {
            CompileLimit::Time(limit) => (format!("takes longer than {limit:?}"), "--compile-timeout TIME"),
            CompileLimit::Memory(limit) => {
                let after = progress.elapsed.as_secs_f64();
                let most = counted(*limit, "byte");
                (format!("needs more than {most} of memory (after {after:.1} s)"), "--max-compile-memory SIZE")
            }
        };
        write!(f, "compiling the module {needs}, the limit; ")?;
        if let Some(percent) = progress.percent() {
            write!(f, "{percent} % of {} bytes were compiled; ", thousands(progress.total))?;
        }
        write!(f, "it has {size}; {option} sets another limit")
    }
}

/// Why a module was not compiled.
pub(super) enum NotCompiled {
    /// The compiler rejects it, with this message.
    Refused(String),
    /// The compiler ended without a result, for this reason: perhaps it succeeds the next time.
    Crashed(String),
    /// A limit was reached.
    Limit(CompileLimit, CompileProgress),
    /// The user cancelled it.
    Cancelled,
}

/// Compiled code.
pub(super) struct Compiled {
    /// What compiled it, and runs it.
    pub(super) engine: Engine,
    pub(super) module: Module,
    /// The same as bytes, if they are needed and known.
    pub(super) artifact: Option<Vec<u8>>,
    /// The optimised code that follows quick code.
    pub(super) later: Option<Later>,
}

/// A module to compile, and under which circumstances.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) engine: &'a Engine,
    pub(super) binary: &'a Arc<Vec<u8>>,
    pub(super) limits: &'a Limits,
    pub(super) options: &'a CompileOptions,
    pub(super) cancellation: &'a Cancellation,
    /// Where optimised code is kept that is compiled behind quick code.
    pub(super) keeping: Option<&'a Keeping>,
}

impl Job<'_> {
    /// Compiles the module.
    ///
    /// # Errors
    /// See [`NotCompiled`].
    pub(super) fn compile(&self) -> Result<Compiled, NotCompiled> {
        let size = CodeSize::of(self.binary);
        let CompileOptions { outside, first, has_much_to_do, .. } = *self.options;
        if outside && first.effort(&size, has_much_to_do) == Effort::Quick {
            match self.quickly() {
                // The other compiler knows more instructions.
                Err(NotCompiled::Refused(_) | NotCompiled::Crashed(_)) | Ok(None) => (),
                Err(failure) => return Err(failure),
                Ok(Some(compiled)) => return Ok(compiled),
            }
        }
        let is_kept = self.options.cache.is_some();
        if self.options.outside && !size.is_small() {
            match outside::compile(self, &Request::OPTIMIZED) {
                Ok((bytes, _)) => return self.load(self.engine, bytes, is_kept),
                Err(outside::Failure::NotCompiled(failure)) => return Err(failure),
                // Where no process can be started, linmem works as without.
                Err(outside::Failure::NotStarted) => (),
            }
        }
        let module = here::compile(self)?;
        let artifact = if is_kept { artifact::of(&module) } else { None };
        Ok(Compiled { engine: self.engine.clone(), module, artifact, later: None })
    }

    /// Compiles the module with little effort, and has a process begin to compile it again. `None` where no process can
    /// be started.
    fn quickly(&self) -> Result<Option<Compiled>, NotCompiled> {
        let Limits { compile_time: time, compile_memory: memory, .. } = *self.limits;
        let request = Request { effort: Effort::Quick, time, memory, keeping: self.keeping.cloned() };
        match outside::compile(self, &request) {
            Ok((bytes, later)) => {
                let compiled = self.load(&engine(Effort::Quick), bytes, false)?;
                Ok(Some(Compiled { later, ..compiled }))
            }
            Err(outside::Failure::NotCompiled(failure)) => Err(failure),
            Err(outside::Failure::NotStarted) => Ok(None),
        }
    }

    #[allow(unsafe_code, reason = "the compiled code comes from another process")]
    fn load(&self, engine: &Engine, bytes: Vec<u8>, is_kept: bool) -> Result<Compiled, NotCompiled> {
        let artifact = is_kept.then(|| bytes.clone());
        // SAFETY: the bytes come through a pipe from a process that this one started: the same program, which said
        // that it is the same linmem before it sent anything else.
        let module = unsafe { artifact::load(engine, bytes) };
        let module = module.ok_or_else(|| NotCompiled::Crashed("the compiled code cannot be loaded".to_owned()))?;
        match self.cancellation.is_cancelled() {
            true => Err(NotCompiled::Cancelled),
            false => Ok(Compiled { engine: engine.clone(), module, artifact, later: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::{Code, LoadError, Passes, PointRequest, Watchdog};

    /// Compiles a module of many functions in this process.
    fn compile(limits: Limits, cancellation: &Cancellation) -> Result<(), LoadError> {
        let func = "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))";
        let text = format!("(module {})", func.repeat(500));
        let code = Code::parse("many.wat", text.as_bytes())?;
        let (points, options) = (PointRequest::default(), CompileOptions::default());
        code.compile_with(limits, Passes::default(), &points, &options, cancellation).map(drop)
    }

    #[test]
    fn time_is_limited_between_functions() {
        let limits = Limits { compile_time: Some(Duration::from_nanos(1)), ..Limits::default() };
        let Err(LoadError::TooCostly(costly)) = compile(limits, &Cancellation::default()) else {
            panic!("the time is over at once");
        };
        assert_eq!(costly.limit, CompileLimit::Time(Duration::from_nanos(1)));
        let sentence = costly.to_string();
        assert!(
            sentence.starts_with("compiling the module takes longer than 1ns, the limit; it has 500 functions, "),
            "{sentence}"
        );
        assert!(compile(Limits::default(), &Cancellation::default()).is_ok());
    }

    #[test]
    fn a_load_is_cancelled_by_what_is_interrupted() {
        let watch = Watchdog::new(None);
        let (first, second) = (watch.first_load(), watch.load_for(2));
        assert!(compile(Limits::default(), &first).is_ok());
        watch.interrupt(1);
        assert!(matches!(compile(Limits::default(), &first), Err(LoadError::Cancelled)));
        assert!(compile(Limits::default(), &second).is_ok(), "it was not asked for yet");
        watch.interrupt(2);
        assert!(matches!(compile(Limits::default(), &second), Err(LoadError::Cancelled)));
    }

    #[test]
    fn progress_is_not_told_more_often_than_it_is_read() {
        let count = Arc::new(AtomicU64::new(0));
        let counted = count.clone();
        let listener = CompileListener::new(move |_| {
            counted.fetch_add(1, Relaxed);
        });
        for millis in 0..1000 {
            listener.tell(CompileProgress { elapsed: Duration::from_millis(millis), ..CompileProgress::default() });
        }
        assert_eq!(count.load(Relaxed), 10);
    }
}
