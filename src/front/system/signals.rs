//! Signals: which ones to catch, and those that end the program after pending answers are written.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::time::{Duration, Instant};

use signal_hook::consts::{
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH,
    SIGXCPU, SIGXFSZ,
};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, raise};

use super::{output, terminal};
use crate::front::Status;
use crate::session::{Watchdog, remove_drafts};

/// How long a write may take before it counts as stuck, and how long the program may take to end if it owes nothing.
const GRACE: Duration = Duration::from_millis(80);
/// How long answers that are owed are waited for, if they are not stuck.
const OWED: Duration = Duration::from_secs(2);
/// How long the full screen may take to end by itself.
const CLOSING: Duration = Duration::from_secs(1);
/// How long the line editor may take to have the terminal again.
const EDITING: Duration = Duration::from_secs(1);
/// How often to look again.
const TICK: Duration = Duration::from_millis(5);

/// The signals that end a program. Those that tell of an error in its own code cannot be among them.
const ENDING: [i32; 9] = [SIGTERM, SIGHUP, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF, SIGIO];

/// A signal that somebody may have to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::front) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
    /// The program was suspended, and goes on.
    Continue,
    /// The program is to end with this number of a signal.
    End(u8),
}

impl Signal {
    fn new(signal: i32) -> Signal {
        match signal {
            SIGINT => Signal::Interrupt,
            SIGTSTP => Signal::Suspend,
            SIGCONT => Signal::Continue,
            other => Signal::End(number(other)),
        }
    }
}

fn number(signal: i32) -> u8 {
    u8::try_from(signal).unwrap_or(u8::MAX - 128)
}

/// The number of the signal received by a pipe; 0 for none.
#[derive(Clone, Default)]
pub(in crate::front) struct Caught(Arc<AtomicU8>);

impl Caught {
    /// On a terminating signal, interrupts the guest of `watch`, and ends the program soon after.
    pub(in crate::front) fn install(watch: Watchdog) -> io::Result<Caught> {
        let caught = Caught::default();
        let mut signals = Signals::new(not_ignored(&[SIGINT]))?;
        let noted = caught.clone();
        std::thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                noted.0.store(number(signal), SeqCst);
                output::interrupt();
                watch.interrupt(u64::MAX);
                wait_for_answers();
                exit(signal);
            }
        });
        Ok(caught)
    }

    /// The exit status, if a signal was received.
    pub(in crate::front) fn status(&self) -> Option<Status> {
        match self.0.load(SeqCst) {
            0 => None,
            number => Some(Status::Signal(number)),
        }
    }
}

/// Waits until the program has had time to end by itself. Answers that are owed take as long as they take, unless nobody
/// reads them.
fn wait_for_answers() {
    let since = Instant::now();
    let (mut writing, mut begun) = (None, since);
    loop {
        std::thread::sleep(TICK);
        let (now, write) = (Instant::now(), output::under_way());
        if write != writing {
            (writing, begun) = (write, now);
        }
        let is_stuck = writing.is_some() && now - begun >= GRACE;
        let patience = if output::owes_answers() { OWED } else { GRACE };
        if is_stuck || now - since >= patience {
            return;
        }
    }
}

/// Ends the program: no draft of a file is left, and the terminal is as it was.
fn exit(signal: i32) -> ! {
    remove_drafts();
    terminal::give_back();
    std::process::exit(128 + signal)
}

/// Handles signals for the prompt and scripts, on a thread of its own: tells of Ctrl-C, and ends the program where it is
/// to end. If a write is stuck, Ctrl-C ends the program too. `quits` says whether SIGQUIT is Ctrl-D, see
/// [`terminal::signal_end_of_file`].
pub(in crate::front) fn handle(
    interrupted: impl Fn() + Send + 'static,
    quits: impl Fn() -> bool + Send + 'static,
) -> io::Result<()> {
    let mut signals = Signals::new(not_ignored(&[SIGINT, SIGQUIT, SIGTSTP]))?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGINT => {
                    output::interrupt();
                    interrupted();
                    end_if_stuck();
                }
                SIGTSTP => suspend(),
                SIGQUIT if quits() => (),
                _ => exit(signal),
            }
        }
    });
    Ok(())
}

fn end_if_stuck() {
    let Some(write) = output::under_way() else { return };
    std::thread::sleep(GRACE);
    if output::under_way() == Some(write) {
        exit(SIGINT);
    }
}

/// Suspends the program for the shell, with the terminal as it was, and takes the terminal again afterwards.
fn suspend() {
    // The line editor gives the terminal back by itself where Ctrl-Z is typed, sends the signal, and takes it again.
    let since = Instant::now();
    while terminal::is_editor_away() && since.elapsed() < EDITING {
        std::thread::sleep(TICK);
    }
    let before = terminal::suspend();
    // Fails only for unknown signals.
    let _ = stop();
    if terminal::resume(&before) {
        // The line editor draws its line again.
        let _ = raise(SIGWINCH);
    }
}

/// Suspends the program.
pub(in crate::front) fn stop() -> io::Result<()> {
    emulate_default_handler(SIGTSTP)
}

/// Has every signal told that the full screen acts on. If it does not end when it is to, its terminal is stuck: the
/// program ends all the same.
pub(in crate::front) fn listen(tell: impl Fn(Signal) -> bool + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new(not_ignored(&[SIGINT, SIGQUIT, SIGTSTP, SIGCONT]))?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let told = Signal::new(signal);
            if !tell(told) {
                return;
            }
            if matches!(told, Signal::Interrupt | Signal::End(_)) {
                std::thread::sleep(CLOSING);
                exit(signal);
            }
        }
    });
    Ok(())
}

/// From here on, a file that grew as long as the user allows (`ulimit -f`) is an error of the write, as a full disk is.
pub(in crate::front) fn outlive_full_files() {
    // Without it, such a write ends the program.
    let _ = flag::register(SIGXFSZ, Arc::default());
}

/// Those of these signals, and of those that end a program, that this one did not inherit as ignored. `nohup` ignores
/// SIGHUP, and shells ignore SIGINT for programs in the background: it stays so. Call this before they are caught. Only
/// Linux tells which are ignored.
fn not_ignored(signals: &[i32]) -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    signals.iter().chain(&ENDING).copied().filter(|signal| ignored >> (signal - 1) & 1 == 0).collect()
}
