//! Files of lines and commands in the full screen: each line is taken when the guest has answered the one before.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::app::{App, LoopControl};
use crate::session::State;
use crate::view::visible;

/// How deep files may name files.
const DEEPEST: usize = 8;
/// The most bytes of a file.
const LONGEST: u64 = 16 << 20;
/// How long lines are done between two frames.
const PIECE: Duration = Duration::from_millis(8);

/// The lines that wait for their turn.
#[derive(Default)]
pub(in crate::front::tui) struct Script {
    lines: VecDeque<ScriptLine>,
    /// How deep the line lies that is being done; 0 where the user typed it.
    depth: usize,
    /// Whether frames and keys come between the lines.
    in_pieces: bool,
}

/// A line of a file.
struct ScriptLine {
    file: Rc<str>,
    number: usize,
    text: String,
    /// 1 in a file that the user named, and one more in each file that a file names.
    depth: usize,
}

impl Script {
    /// Drops what waits.
    pub(in crate::front::tui) fn stop(&mut self) {
        self.lines.clear();
    }

    /// Lets frames and keys come between the lines: somebody watches. Without, all that can be done is done at once.
    pub(in crate::front::tui) fn in_pieces(&mut self) {
        self.in_pieces = true;
    }

    /// Whether lines wait for their turn.
    pub(in crate::front::tui) fn waits(&self) -> bool {
        !self.lines.is_empty()
    }
}

impl App {
    /// Follows a file, before the lines that wait already.
    pub(in crate::front::tui) fn source(&mut self, file: &Path) -> LoopControl {
        let name = visible(file.as_os_str().as_encoded_bytes());
        let depth = self.script.depth + 1;
        if depth > DEEPEST {
            self.script.stop();
            return self.notice(&format!("{name}: files follow files more than {DEEPEST} deep"));
        }
        let text = match read(file) {
            Ok(text) => text,
            Err(error) => {
                self.script.stop();
                return self.notice(&format!("{name}: {error}"));
            }
        };
        let name: Rc<str> = name.into();
        let told = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
        let lines: Vec<_> = (1..).zip(text.split('\n')).filter(|(_, line)| told(line)).collect();
        for (number, text) in lines.into_iter().rev() {
            self.script.lines.push_front(ScriptLine { file: name.clone(), number, text: text.to_owned(), depth });
        }
        // Where a file named it, who follows that one goes on.
        if depth == 1 { self.go_on() } else { LoopControl::Continue }
    }

    /// Goes on with the files that are being followed, while the guest waits: by a line at least.
    pub(in crate::front::tui) fn go_on(&mut self) -> LoopControl {
        let until = self.script.in_pieces.then(|| Instant::now() + PIECE);
        while self.session.state() == State::Idle {
            let Some(line) = self.script.lines.pop_front() else { break };
            self.script.depth = line.depth;
            let next = self.typed(&line.text);
            self.script.depth = 0;
            if let (Some(words), true) = (&self.notice, self.script.lines.is_empty()) {
                self.notice = Some(format!("{}:{}: {words}", line.file, line.number));
            }
            if next != LoopControl::Continue {
                self.script.stop();
                return next;
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                break;
            }
        }
        LoopControl::Continue
    }
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(LONGEST + 1).read_to_string(&mut text)?;
    match text.len() as u64 {
        0..=LONGEST => Ok(text),
        _ => Err(io::Error::other(format!("longer than {LONGEST} bytes, the most that is followed here"))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::front::history::History;
    use crate::front::tui::draw::theme::Theme;
    use crate::session::{Options, Session, Source};

    #[test]
    fn a_long_file_lets_frames_and_keys_come_between_its_lines() {
        let (sender, updates) = channel();
        let session = Session::start(Source::default_guest(), Options::default(), move |update| {
            let _ = sender.send(update);
        });
        let mut app = App::new(session, Theme::MONOCHROME, History::none());
        while app.session.state() != State::Idle || app.session.run().is_empty() {
            app.report(updates.recv().expect("the guest reports")).expect("the guest is sound");
        }
        let file = std::env::temp_dir().join(format!("linmem-long-{}", std::process::id()));
        std::fs::write(&file, ":exports\n".repeat(20_000) + ":quit\n").expect("a file for the test");
        app.script.in_pieces();
        assert_eq!(app.source(&file), LoopControl::Continue);
        assert!(app.script.waits() && app.is_looking(), "the rest is done in later turns");
        let next = std::iter::repeat_with(|| app.go_on_looking()).find(|next| *next != LoopControl::Continue);
        assert_eq!(next, Some(LoopControl::Quit));
        assert!(!app.script.waits() && !app.is_looking());
        // And it can be stopped in between.
        assert_eq!(app.source(&file), LoopControl::Continue);
        app.script.stop();
        assert!(!app.is_looking() && app.go_on_looking() == LoopControl::Continue);
        std::fs::remove_file(&file).expect("it was ours");
    }
}
