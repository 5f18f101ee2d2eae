//! Runs scripts: each line starts after the guest has answered the one before.

use std::path::Path;
use std::time::{Duration, Instant};

use super::app::App;
use super::script::ScriptLine;
use crate::session::State;

/// How long to run lines between two frames.
const PIECE: Duration = Duration::from_millis(8);

impl App {
    /// Runs the lines of a file, before those already queued.
    pub(super) fn source(&mut self, file: &Path) {
        match self.script.add(file, &self.settings.inputs) {
            Err(reason) => self.notice(&reason),
            // If a script started it, that script's loop runs these lines.
            Ok(()) if self.script.depth == 0 => self.go_on(),
            Ok(()) => (),
        }
    }

    /// Puts a script's line in front of its message, unless more lines follow.
    pub(super) fn name_line(&mut self, line: &ScriptLine) {
        if let (Some(text), false) = (&self.status.notice, self.script.waits()) {
            self.status.notice = Some(format!("{}:{}: {text}", line.file, line.number));
        }
    }

    /// Runs queued lines while the guest is idle, at least one. Effects are performed, and reports made, before the
    /// next line.
    pub(crate) fn go_on(&mut self) {
        let until = self.script.is_in_pieces.then(|| Instant::now() + PIECE);
        while self.session.state() == State::Idle && self.effects.is_empty() && self.time.report.is_none() {
            let Some(line) = self.script.next_line() else { break };
            self.script.depth = line.depth;
            self.typed(&line.text);
            self.script.depth = 0;
            match self.time.report {
                Some(_) => self.script.reporting = Some(line),
                None => self.name_line(&line),
            }
            if self.is_quitting() {
                self.script.stop();
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::front::history::History;
    use crate::front::tui::state::effect::{Effect, Request};
    use crate::session::{Options, Session, Source};

    /// An app whose guest is ready.
    fn ready() -> App {
        let (sender, updates) = channel();
        let session = Session::start(Source::default_guest(), Options::default(), move |update| {
            let _ = sender.send(update);
        });
        let mut app = App::new(session, History::none());
        while app.session.state() != State::Idle || app.session.run().is_empty() {
            app.report(updates.recv().expect("the guest reports")).expect("the guest is sound");
        }
        app
    }

    #[test]
    fn the_number_of_files_that_a_line_runs_is_limited() {
        let name = |what: &str| std::env::temp_dir().join(format!("linmem-{what}-{}", std::process::id()));
        let (many, empty) = (name("many"), name("empty"));
        std::fs::write(&empty, "").expect("a file for the test");
        let mut app = ready();
        for (files, is_run) in [(1000, true), (1001, false), (1000, true)] {
            let line = format!(":source {}\n", empty.display());
            std::fs::write(&many, line.repeat(files)).expect("a file for the test");
            app.status.notice = None;
            app.source(&many);
            let notice = app.status.notice.take().unwrap_or_default();
            assert_eq!(notice.contains("more than 1,000 files run by one script"), !is_run, "{files}: {notice}");
            assert!(!app.script.waits());
        }
        [many, empty].iter().for_each(|file| std::fs::remove_file(file).expect("it was ours"));
    }

    #[test]
    fn a_long_file_lets_frames_and_keys_come_between_its_lines() {
        let mut app = ready();
        let file = std::env::temp_dir().join(format!("linmem-long-{}", std::process::id()));
        std::fs::write(&file, ":exports\n".repeat(20_000) + ":quit\n").expect("a file for the test");
        app.script.in_pieces();
        app.source(&file);
        assert!(app.script.waits() && app.is_looking(), "the rest is run in later turns");
        while !app.is_quitting() {
            app.go_on_looking();
        }
        assert_eq!(app.take_effects(), [Effect::Terminal(Request::Quit)]);
        assert!(!app.script.waits() && !app.is_looking());
        // It can be stopped in between.
        app.source(&file);
        app.script.stop();
        app.go_on_looking();
        assert!(!app.is_looking() && app.take_effects().is_empty());
        std::fs::remove_file(&file).expect("it was ours");
    }
}
