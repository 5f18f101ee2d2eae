//! Stdout: whether there is one, and writing to it so that Ctrl-C is heard meanwhile.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use rustix::stdio::stdout;

/// Whether stdout was closed when the program began.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// Odd while something is written.
static WRITES: AtomicU64 = AtomicU64::new(0);
/// Whether answers are owed that are not written yet.
static OWES: AtomicBool = AtomicBool::new(false);
/// Whether the user interrupted.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How much is written at once.
const PIECE: usize = 16 << 10;

extern "C" fn look() {
    // Before anything else: nobody uses the descriptor yet.
    CLOSED.store(rustix::io::fcntl_getfd(stdout()).is_err(), SeqCst);
}

/// Looks at stdout before Rust's runtime does, which opens /dev/null in place of what is closed. Whoever looks later
/// cannot tell: stdout may be /dev/null because the user wants that.
#[allow(unsafe_code, reason = "only the linker can have something run that early")]
#[used]
// SAFETY: the section is for pointers to functions that are run before `main`. This one needs nothing of the runtime: it
// makes a system call and stores a number.
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
static BEFORE_MAIN: extern "C" fn() = look;

/// Whether stdout was closed when the program began.
pub(in crate::front) fn is_stdout_closed() -> bool {
    CLOSED.load(SeqCst)
}

/// Stdout, for much output: after Ctrl-C writing to it fails.
pub(in crate::front) struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if INTERRUPTED.load(SeqCst) {
            return Err(io::Error::other("interrupted"));
        }
        noted(|| io::stdout().lock().write(&bytes[..bytes.len().min(PIECE)]))
    }

    fn flush(&mut self) -> io::Result<()> {
        noted(|| io::stdout().lock().flush())
    }
}

/// Writes output in pieces, until the user interrupts: the rest is then left out. Whoever interrupted before meant
/// something else.
pub(in crate::front) fn write_interruptibly(bytes: &[u8]) -> io::Result<()> {
    INTERRUPTED.store(false, SeqCst);
    for piece in bytes.chunks(PIECE) {
        if INTERRUPTED.load(SeqCst) {
            return Ok(());
        }
        noted(|| io::stdout().lock().write_all(piece))?;
    }
    noted(|| io::stdout().lock().flush())
}

/// Writes, and lets others know meanwhile.
fn noted<T>(write: impl FnOnce() -> T) -> T {
    WRITES.fetch_add(1, SeqCst);
    let result = write();
    WRITES.fetch_add(1, SeqCst);
    result
}

/// The write that is under way: another number for each. `None` if there is none.
pub(super) fn under_way() -> Option<u64> {
    Some(WRITES.load(SeqCst)).filter(|count| count % 2 == 1)
}

/// Notes whether answers are owed: the program does not end without them.
pub(in crate::front) fn owes(owes: bool) {
    OWES.store(owes, SeqCst);
}

pub(super) fn owes_answers() -> bool {
    OWES.load(SeqCst)
}

/// Has what is written interruptibly end.
pub(super) fn interrupt() {
    INTERRUPTED.store(true, SeqCst);
}
