//! Scripts: files of lines, commands, and expectations.

use std::io::{self, Read};
use std::path::Path;

use super::console::{Console, LineResult};
use super::sourced;
use super::status::{self, Status};
use super::{Lines, Piece};
use crate::cli::Cli;
use crate::command::{self, Typed};
use crate::session::{Options, Source};
use crate::view::{counted, visible};

/// The counts for a script's summary.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    lines: usize,
    commands: usize,
    expectations: usize,
    failures: usize,
}

/// Why a script ended.
#[derive(Debug)]
enum End {
    /// End of file.
    Over,
    /// `:quit`.
    Quit,
    /// Ctrl-C.
    Interrupted,
    /// The file could not be read.
    Input(io::Error),
    /// Stdout could not be written to.
    Output(io::Error),
}

/// The result of running a script.
#[derive(Debug)]
pub(super) struct Followed {
    tally: Tally,
    end: End,
}

/// Runs a script, or stdin for `-`. The status is 1 if something in it failed.
pub(super) fn run(source: Source, options: Options, cli: &Cli, file: &Path) -> Status {
    let mut console = match Console::open(source, options, cli, false) {
        Ok(console) => console,
        Err(status) => return status,
    };
    let missing = console.session.missing_stops();
    if !missing.is_empty() {
        missing.iter().for_each(|missing| status::tell(missing));
        return Status::Usage;
    }
    if let Some(assumed) =
        console.session.about().and_then(|about| about.assumed.as_ref()).filter(|_| !cli.settings.quiet)
    {
        status::tell(&format!("{}: {assumed}", console.session.name()));
    }
    let followed = if file == Path::new("-") {
        Ok(Follower::new(&mut console, "stdin", true).all(io::stdin().lock()))
    } else {
        follow(&mut console, file, true)
    };
    let followed = match followed {
        Ok(followed) => followed,
        Err(words) => return status::fail(Status::Io, &words),
    };
    if !cli.settings.quiet || followed.tally.failures > 0 {
        status::note(&format!("{}: {}", name_of(file), followed.tally.words()));
    }
    match followed.end {
        End::Interrupted => Status::Signal(2),
        End::Input(error) => status::fail(Status::Io, &format!("{}: {error}", name_of(file))),
        End::Output(error) => status::of_write(Err(error)),
        End::Over | End::Quit if followed.tally.failures > 0 => Status::SomeFailed,
        End::Over | End::Quit if console.findings > 0 => Status::Findings,
        End::Over | End::Quit => Status::Answered,
    }
}

/// Handles one typed line: a line for the guest, or a command. `:source` runs a file.
pub(super) fn feed(console: &mut Console, typed: &str) -> LineResult {
    match console.feed(typed) {
        LineResult::Source(file) => match follow(console, &file, false) {
            Ok(followed) => followed.fed(&file),
            Err(message) => LineResult::Refused(message),
        },
        other => other,
    }
}

/// Runs a file to its end or to `:quit`, and if it `is_last`, a stopped call too. Failures are printed to stderr with the
/// line's number, except a failure of the guest that the next line expects.
///
/// # Errors
/// The file cannot be opened, scripts are nested too deep, or they are too many; the message says which.
fn follow(console: &mut Console, file: &Path, is_last: bool) -> Result<Followed, String> {
    let name = name_of(file);
    if console.depth == 0 {
        console.sourced = 0;
    }
    let limits = console.settings.inputs;
    sourced::check(console.depth, console.sourced, &limits).map_err(|reason| format!("{name}: {reason}"))?;
    let input = sourced::open(file, &limits).map_err(|error| format!("{name}: {error}"))?;
    console.depth += 1;
    console.sourced += 1;
    let followed = Follower::new(console, &name, is_last).all(input);
    console.depth -= 1;
    Ok(followed)
}

fn name_of(file: &Path) -> String {
    if file == Path::new("-") { "stdin".to_owned() } else { visible(file.as_os_str().as_encoded_bytes()) }
}

impl Followed {
    /// The result for the line that ran the file.
    fn fed(self, file: &Path) -> LineResult {
        match self.end {
            End::Input(error) => LineResult::Refused(format!("{}: {error}", name_of(file))),
            _ if self.tally.failures > 0 => LineResult::Refused(format!("{}: {}", name_of(file), self.tally.words())),
            // The caller will encounter any other cause itself.
            _ => LineResult::Done,
        }
    }
}

/// A running script.
struct Follower<'a> {
    console: &'a mut Console,
    name: &'a str,
    /// Whether nothing comes after it that could have a stopped guest go on.
    is_last: bool,
    tally: Tally,
    /// The current line number.
    number: usize,
    /// A failure of the guest, with its line, that the next line may expect.
    waiting: Option<(usize, String)>,
}

impl Follower<'_> {
    fn new<'a>(console: &'a mut Console, name: &'a str, is_last: bool) -> Follower<'a> {
        Follower { console, name, is_last, tally: Tally::default(), number: 0, waiting: None }
    }

    fn all(mut self, input: impl Read) -> Followed {
        let longest = usize::try_from(self.console.settings.inputs.script).unwrap_or(usize::MAX);
        self.console.scripts += 1;
        let mut end = self.lines(Lines::new(input, b'\n', longest));
        self.give_up();
        if self.is_last && !matches!(end, End::Interrupted | End::Output(_)) {
            end = self.run_out().unwrap_or(end);
            self.give_up();
        }
        self.console.scripts -= 1;
        Followed { tally: self.tally, end }
    }

    /// Has a call that is stopped run to its end: no line is left that could let it go on.
    fn run_out(&mut self) -> Option<End> {
        self.console.session.stopped()?;
        self.console.say("the script ends in the middle of a call, which runs to its end");
        let fed = self.console.run_out();
        self.after(fed)
    }

    fn lines(&mut self, mut lines: Lines<impl Read>) -> End {
        loop {
            match lines.piece() {
                Piece::End => return End::Over,
                Piece::Wanting => {
                    // Its end may never come.
                    let filled = if lines.is_skipping() { Err(self.too_long()) } else { lines.fill() };
                    if let Err(error) = filled {
                        return End::Input(error);
                    }
                }
                Piece::Line(line, _) => {
                    if let Some(end) = self.line(line) {
                        return end;
                    }
                }
                Piece::TooLong(_) => return End::Input(self.too_long()),
            }
        }
    }

    /// The error for a line that is too long.
    fn too_long(&self) -> io::Error {
        let most = counted(self.console.settings.inputs.script, "byte");
        io::Error::other(format!("line {} is longer than {most} (--max-script sets the limit)", self.number + 1))
    }

    /// Runs one line. Returns why the script ends, if it does.
    fn line(&mut self, line: &[u8]) -> Option<End> {
        self.number += 1;
        if line.trim_ascii().is_empty() || line.starts_with(b"#") {
            return None;
        }
        if self.tally.count(line) {
            // A failed expectation reports the difference itself.
            self.waiting = None;
        }
        self.give_up();
        self.console.say(&format!("> {}", visible(line)));
        let fed = match std::str::from_utf8(line) {
            Ok(line) => feed(self.console, line),
            Err(_) => LineResult::Refused("not valid UTF-8; :send hex BYTES sends any bytes".to_owned()),
        };
        self.after(fed)
    }

    /// Tells the result of a line. Returns why the script ends, if it does.
    fn after(&mut self, fed: LineResult) -> Option<End> {
        match fed {
            LineResult::Done | LineResult::Source(_) => (),
            LineResult::Failed(text) => {
                self.console.say(&format!("failed: {text}"));
                self.waiting = Some((self.number, text));
            }
            LineResult::Refused(words) => self.fail(self.number, &words),
        }
        self.count_findings();
        if let Err(error) = self.console.print_unless_quiet() {
            return Some(End::Output(error));
        }
        match self.console.is_interrupted() {
            true => Some(End::Interrupted),
            false => self.console.leaving.then_some(End::Quit),
        }
    }

    /// Counts findings, and tells them on stderr if they were asked for.
    fn count_findings(&mut self) {
        let raised = std::mem::take(&mut self.console.raised);
        if !self.console.reports_findings() {
            return;
        }
        self.console.findings += raised.len();
        raised.iter().for_each(|finding| status::note(&format!("{}:{}: finding: {finding}", self.name, self.number)));
    }

    /// Counts an unexpected failure of the guest.
    fn give_up(&mut self) {
        if let Some((number, words)) = self.waiting.take() {
            self.fail(number, &words);
        }
    }

    fn fail(&mut self, number: usize, words: &str) {
        self.tally.failures += 1;
        status::note(&format!("{}:{number}: {words}", self.name));
    }
}

impl Tally {
    /// Counts a line, and returns whether it is an expectation.
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
        let count = |n: usize, what: &str| counted(n as u64, what);
        let result = if self.failures == 0 { "all good".to_owned() } else { format!("{} failed", self.failures) };
        let (lines, commands) = (count(self.lines, "line"), count(self.commands, "command"));
        format!("{lines}, {commands}, {}, {result}", count(self.expectations, "expectation"))
    }
}
