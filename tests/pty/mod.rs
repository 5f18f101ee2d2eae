//! linmem in a real pseudo-terminal, for tests of the full screen and the prompt.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// The timeout for expected output. Only failing tests wait that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// linmem in a terminal.
pub(crate) struct Pty {
    pub(crate) child: Box<dyn Child + Send + Sync>,
    pub(crate) master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
}

impl Pty {
    /// Starts linmem on a terminal of that size, in that directory, which also holds its history.
    pub(crate) fn start((cols, rows): (u16, u16), folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Pty {
        let pty = native_pty_system().openpty(PtySize { rows, cols, ..PtySize::default() }).expect("a pty");
        let mut command = CommandBuilder::new(crate::hermetic::BINARY);
        command.args(args);
        command.env_clear();
        crate::hermetic::mode().for_each(|(name, value)| command.env(name, value));
        command.env("TERM", "xterm-256color");
        command.env("XDG_STATE_HOME", folder);
        command.cwd(folder);
        env.iter().for_each(|(name, value)| command.env(name, value));
        let child = pty.slave.spawn_command(command).expect("the binary starts");
        let mut reader = pty.master.try_clone_reader().expect("the pty is readable");
        let keys = pty.master.take_writer().expect("the pty is writable");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if sender.send(chunk[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Pty { child, master: pty.master, keys, output }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("linmem reads");
        self.keys.flush().expect("linmem reads");
    }

    /// The next output of linmem, or `None` if there is none until `PATIENCE` after `since`.
    pub(crate) fn written(&self, since: Instant) -> Option<Vec<u8>> {
        let left = PATIENCE.checked_sub(since.elapsed())?;
        self.output.recv_timeout(left).ok()
    }

    /// The exit status of linmem and its last output, or `None` if it does not exit.
    pub(crate) fn end(&mut self) -> Option<(u32, Vec<u8>)> {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                let mut last = Vec::new();
                while let Ok(chunk) = self.output.recv_timeout(Duration::from_millis(100)) {
                    last.extend(chunk);
                }
                return Some((status.exit_code(), last));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
