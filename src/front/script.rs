//! Scripts: a file of lines, commands, and what is expected of them.

use std::path::Path;

use super::console::{Console, Fed};
use super::status::{self, Status};
use crate::cli::Cli;
use crate::command::{self, Typed};
use crate::session::{Options, Source};
use crate::view::visible;

/// How deep files may name files.
const DEEPEST: usize = 8;

/// What was counted while a file was followed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    lines: usize,
    commands: usize,
    expectations: usize,
    failures: usize,
}

/// Follows a script, and ends with status 1 if something in it failed.
pub(super) fn run(source: Source, options: Options, cli: &Cli, file: &Path) -> Status {
    let mut console = match Console::open(source, options, cli) {
        Ok(console) => console,
        Err(status) => return status,
    };
    let (tally, fed) = follow(&mut console, file);
    if cli.quiet {
        console.hush();
    }
    let written = console.print();
    if console.was_interrupted() {
        return Status::Signal(2);
    }
    match tally {
        None => match fed {
            Fed::Refused(words) => status::fail(Status::Io, &words),
            _ => Status::Io,
        },
        Some(tally) => {
            if !cli.quiet || tally.failures > 0 {
                eprintln!("{}: {}", visible(file.as_os_str().as_encoded_bytes()), tally.words());
            }
            match status::of_write(written) {
                Status::Answered if tally.failures > 0 => Status::SomeFailed,
                status => status,
            }
        }
    }
}

/// Follows a file to its end, or to `:quit`. What failed is told on stderr, with the line's number; a failure of
/// the guest that the next line expects is none. Without a tally, the file could not be read.
pub(super) fn follow(console: &mut Console, file: &Path) -> (Option<Tally>, Fed) {
    let name = visible(file.as_os_str().as_encoded_bytes());
    if console.depth >= DEEPEST {
        return (None, Fed::Refused(format!("{name}: files follow files more than {DEEPEST} deep")));
    }
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => return (None, Fed::Refused(format!("{name}: {error}"))),
    };
    console.depth += 1;
    let tally = lines(console, &name, &bytes);
    console.depth -= 1;
    match tally.failures {
        0 => (Some(tally), Fed::Done),
        _ => (Some(tally), Fed::Refused(format!("{name}: {}", tally.words()))),
    }
}

fn lines(console: &mut Console, name: &str, bytes: &[u8]) -> Tally {
    let mut tally = Tally::default();
    let fail = |number: usize, words: &str| eprintln!("{name}:{number}: {words}");
    // A failure of the guest waits for the next line, which may expect it.
    let mut waiting: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
        if line.trim_ascii().is_empty() || line.starts_with(b"#") {
            continue;
        }
        let expects = tally.count(line);
        if let Some((number, words)) = waiting.take().filter(|_| !expects) {
            tally.failures += 1;
            fail(number, &words);
        }
        console.say(&format!("> {}", visible(line)));
        let fed = match std::str::from_utf8(line) {
            Ok(line) => console.feed(line),
            Err(_) => Fed::Refused("the line is not UTF-8; :send hex BYTES sends any bytes".to_owned()),
        };
        match fed {
            Fed::Done => (),
            Fed::Quit => break,
            Fed::Failed(words) => {
                console.say(&format!("failed: {}", visible(words.as_bytes())));
                waiting = Some((number, visible(words.as_bytes())));
            }
            Fed::Refused(words) => {
                tally.failures += 1;
                fail(number, &words);
            }
        }
    }
    if let Some((number, words)) = waiting {
        tally.failures += 1;
        fail(number, &words);
    }
    tally
}

impl Tally {
    /// Counts a line, and says whether it is an expectation.
    fn count(&mut self, line: &[u8]) -> bool {
        let command = std::str::from_utf8(line).ok().and_then(|line| match Typed::new(line) {
            Typed::Command(text) => Some(text),
            Typed::Line(_) => None,
        });
        let name = command.map(|text| text.split_whitespace().next().unwrap_or_default());
        let expects = name.and_then(|name| command::find(name).ok()).is_some_and(|spec| spec.name == "expect");
        match (command, expects) {
            (_, true) => self.expectations += 1,
            (Some(_), _) => self.commands += 1,
            (None, _) => self.lines += 1,
        }
        expects
    }

    /// The summary: `3 lines, 1 command, 2 expectations, all good`.
    fn words(&self) -> String {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let result = if self.failures == 0 { "all good".to_owned() } else { format!("{} failed", self.failures) };
        let (lines, commands) = (count(self.lines, "line"), count(self.commands, "command"));
        format!("{lines}, {commands}, {}, {result}", count(self.expectations, "expectation"))
    }
}
