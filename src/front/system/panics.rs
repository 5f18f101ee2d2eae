//! A panic on any thread ends the program. Otherwise threads that wait for it would wait forever.

use std::panic::{set_hook, take_hook};

use super::terminal::give_back;
use crate::front::Status;
use crate::session::remove_drafts;

/// Installs a hook: a panic on any thread restores the terminal, is reported on stderr, and ends the program.
pub(in crate::front) fn end_the_program() {
    let report = take_hook();
    set_hook(Box::new(move |info| {
        remove_drafts();
        give_back();
        report(info);
        std::process::exit(i32::from(Status::Panicked.code()));
    }));
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::session::{Options, Session, Source};

    #[test]
    fn a_panic_on_the_guests_thread_ends_the_program() {
        let test = "front::system::panics::tests::a_front_end_whose_guests_thread_panics";
        let mut child = Command::new(std::env::current_exe().expect("it runs"))
            .args([test, "--exact", "--ignored", "--nocapture"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let since = Instant::now();
        while child.try_wait().expect("it is ours").is_none() && since.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let ended = child.try_wait().expect("it is ours");
        let _ = child.kill();
        let told = child.wait_with_output().expect("it is ours").stderr;
        assert_eq!(ended.and_then(|status| status.code()), Some(101));
        assert!(String::from_utf8_lossy(&told).contains("made by a test"), "{}", String::from_utf8_lossy(&told));
    }

    #[test]
    #[ignore = "the test above runs it in a process of its own, which it ends"]
    fn a_front_end_whose_guests_thread_panics() {
        end_the_program();
        let _session = Session::start(Source::default_guest(), Options::default(), |_| panic!("made by a test"));
        loop {
            std::thread::park();
        }
    }
}
