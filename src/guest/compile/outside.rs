//! Compiling in a process of its own, which is killed when a limit is reached or the user cancels.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::effort::Effort;
use super::later::Later;
use super::protocol::{Frame, GREETING, WORD, write_bytes};
use super::request::Request;
use super::{CompileLimit, CompileProgress, Job, NotCompiled};

/// How often limits and the user's wish are looked at.
const TICK: Duration = Duration::from_millis(10);
/// How much of the process's messages is kept.
const MESSAGES: u64 = 4096;

/// Why there is no compiled code.
pub(super) enum Failure {
    /// The process could not be started.
    NotStarted,
    NotCompiled(NotCompiled),
}

impl From<NotCompiled> for Failure {
    fn from(failure: NotCompiled) -> Failure {
        Failure::NotCompiled(failure)
    }
}

/// Compiles a module, and returns the compiled code as bytes. Behind quick code, the process goes on with optimised code.
///
/// # Errors
/// See [`Failure`].
pub(super) fn compile(job: &Job<'_>, request: &Request) -> Result<(Vec<u8>, Option<Later>), Failure> {
    let (process, stdin, stdout, stderr) = Process::start().map_err(|_| Failure::NotStarted)?;
    let (sender, frames) = channel();
    // The threads end with the process, which nobody waits for who is in a hurry: to free gigabytes takes time.
    let (keep_open, until_over) = channel::<()>();
    let (binary, asked) = (job.binary.clone(), request.bytes());
    std::thread::spawn(move || send(&asked, &binary, stdin, &until_over));
    std::thread::spawn(move || read_frames(stdout, &sender));
    let messages = std::thread::spawn(move || read_messages(stderr));
    let outcome = follow(job, &process, &frames);
    if let Some(bytes) = outcome? {
        let goes_on = request.effort == Effort::Quick;
        let later = goes_on.then(|| {
            process.leave();
            Later::new(frames, keep_open, request.keeping.clone())
        });
        return Ok((bytes, later));
    }
    drop(keep_open);
    let status = process.wait();
    let messages = messages.join().unwrap_or_default();
    Err(NotCompiled::Crashed(crashed(status, &messages)).into())
}

/// Sends what is asked for, and the module. The pipe stays open until that is over: the process ends when it is closed,
/// unless it keeps what it compiles.
fn send(asked: &[u8], binary: &[u8], mut stdin: impl Write, until_over: &Receiver<()>) {
    let sent = [asked, binary].iter().try_for_each(|bytes| write_bytes(bytes, &mut stdin));
    if sent.and_then(|()| stdin.flush()).is_ok() {
        let _ = until_over.recv();
    }
}

/// Follows the process to its end. Returns the compiled code, or nothing if it ended without.
fn follow(job: &Job<'_>, process: &Process, frames: &Receiver<Frame>) -> Result<Option<Vec<u8>>, Failure> {
    let since = Instant::now();
    let mut progress = CompileProgress::default();
    let mut is_greeted = false;
    loop {
        let frame = frames.recv_timeout(TICK);
        if job.cancellation.is_cancelled() {
            return Err(NotCompiled::Cancelled.into());
        }
        progress.elapsed = since.elapsed();
        match frame {
            Ok(Frame::Greeting(text)) if text == GREETING.as_bytes() => is_greeted = true,
            // It is another program.
            Ok(_) if !is_greeted => return Err(Failure::NotStarted),
            Ok(Frame::Progress(done, total)) => (progress.done, progress.total) = (done, total),
            Ok(Frame::Artifact(bytes)) => return Ok(Some(bytes)),
            Ok(Frame::Refused(message)) => return Err(NotCompiled::Refused(message).into()),
            Ok(Frame::Greeting(_)) | Err(RecvTimeoutError::Timeout) => (),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        }
        if let Some(listener) = &job.options.listener {
            listener.tell(progress);
        }
        if let Some(limit) = job.limits.compile_time.filter(|&limit| progress.elapsed > limit) {
            return Err(NotCompiled::Limit(CompileLimit::Time(limit), progress).into());
        }
        let limit = job.limits.compile_memory;
        if process.memory().is_some_and(|bytes| bytes > limit) {
            return Err(NotCompiled::Limit(CompileLimit::Memory(limit), progress).into());
        }
    }
}

/// Reads frames until the process closes its output, or nobody wants more.
fn read_frames(mut stdout: impl Read, sender: &Sender<Frame>) {
    while let Ok(frame) = Frame::read(&mut stdout) {
        if sender.send(frame).is_err() {
            return;
        }
    }
}

/// Reads what the process says on its standard error, of which the first part is kept.
fn read_messages(mut stderr: impl Read) -> String {
    let mut kept = Vec::new();
    // If it cannot be read, there is nothing to tell.
    let _ = stderr.by_ref().take(MESSAGES).read_to_end(&mut kept);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&kept).into_owned()
}

/// The message that the compiler crashed, with its own first line.
fn crashed(status: io::Result<ExitStatus>, messages: &str) -> String {
    let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    let first = messages.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    format!("the compiler ended without a result ({how}) {first}").trim_end().to_owned()
}

/// The process. It is killed when this is dropped.
struct Process(Option<Child>);

impl Process {
    fn start() -> io::Result<(Process, ChildStdin, ChildStdout, ChildStderr)> {
        let mut command = Command::new(program()?);
        command.arg(WORD).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Keys such as Ctrl-C are for this process, which ends the other one.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Process(Some(child));
        match pipes {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok((process, stdin, stdout, stderr)),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// How much memory it has, in bytes, as far as that is known.
    fn memory(&self) -> Option<u64> {
        memory_of(&self.0.as_ref()?.id().to_string())
    }

    /// Leaves it alone. It ends by itself.
    fn leave(mut self) {
        if let Some(mut child) = self.0.take() {
            // Otherwise its entry would stay in the system's table.
            std::thread::spawn(move || child.wait());
        }
    }

    /// Waits for its end.
    fn wait(mut self) -> io::Result<ExitStatus> {
        self.0.take().ok_or(io::ErrorKind::NotFound)?.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // It may have ended.
            let _ = child.kill();
            // To free gigabytes takes time.
            std::thread::spawn(move || child.wait());
        }
    }
}

/// How much memory a process has, in bytes, also in swap. `None` where the system does not say: not on Linux.
pub(super) fn memory_of(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kilobytes = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some((kilobytes("VmRSS:")? + kilobytes("VmSwap:").unwrap_or(0)) << 10)
}

/// This program. Where the system names the file that runs, even if another one took its place.
fn program() -> io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Ok(running) } else { std::env::current_exe() }
}
