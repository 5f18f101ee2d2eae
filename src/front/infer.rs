//! `linmem infer`: finds a recipe from examples, prints it, and says how it was proved.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::compiling;
use super::progress::Progress;
use super::status::{self, Status};
use super::system::{self, Caught};
use crate::abi::{ConventionRequest, RecipeFile};
use crate::cli::{Cli, InferArgs};
use crate::guest::LoadError;
use crate::infer::{Evidence, Example, Inferred, Outcome};
use crate::session::{self, Inference, OpenError, Options, Source, Watchdog};
use crate::view::{guesses, in_vain, inference_progress, inferred, visible};

/// The interval at which progress is shown.
const PACE: Duration = Duration::from_millis(100);

/// Infers the convention, prints its recipe, and does what else was asked for.
pub(super) fn run(args: &InferArgs, cli: &Cli) -> Status {
    let evidence = match evidence(args, cli) {
        Ok(evidence) => evidence,
        Err(reason) => return status::fail(Status::Usage, reason),
    };
    let source = match Source::find_within(&args.guest, &cli.settings.limits) {
        Ok(source) => source,
        Err(error) => return status::fail(Status::NotLoaded, &error.to_string()),
    };
    let watch = Watchdog::new(None);
    let caught = match Caught::install(watch.clone()) {
        Ok(caught) => caught,
        Err(error) => return status::fail(Status::Io, &format!("signals cannot be caught: {error}")),
    };
    let mut options = compiling::options(cli, false);
    let clear = compiling::show_progress(&source.name, &mut options, cli.settings.quiet);
    let inference = Inference::start(source.clone(), (options.limits, options.compile.clone()), evidence, watch);
    let outcome = wait(&inference, cli.settings.quiet);
    clear();
    if let Some(status) = caught.status() {
        return status;
    }
    match outcome {
        Err(error) => status::fail_open(&source.name, &OpenError::Load(error)),
        Ok(Outcome::Inferred(inferred)) => finish(&source, options, &inferred, args, cli),
        Ok(Outcome::Guesses(found)) => {
            let line = args.line.first().map(|line| line.as_encoded_bytes()).unwrap_or_default();
            let call = args.call.as_ref().map_or(String::new(), |call| format!(" --call {}", word(call.as_bytes())));
            let command = |answer: &[u8]| {
                let guest = word(args.guest.as_os_str().as_encoded_bytes());
                format!("linmem infer {guest}{call} --line {} --answer {}", word(line), word(answer))
            };
            let lines = guesses(line, &found, command).join("\n");
            status::of_write(io::stdout().write_all(format!("{lines}\n").as_bytes()))
        }
        Ok(Outcome::InVain(tried)) => {
            let lines = in_vain(&tried, args.call.is_some());
            status::fail(Status::NoConvention, &format!("{}: {}", source.name, lines.join("\n")))
        }
    }
}

/// What the user said.
///
/// # Errors
/// Lines and answers are not in pairs.
fn evidence(args: &InferArgs, cli: &Cli) -> Result<Evidence, &'static str> {
    let bytes = |text: &OsString| system::bytes(text).to_vec();
    let (call, trials) = (args.call.clone(), cli.settings.inputs.trials);
    let evidence =
        Evidence { examples: Vec::new(), line: None, call, budget: args.budget, trials, stubs: args.stub_imports };
    if args.budget.is_zero() {
        return Err("--timeout 0 leaves no time: give a longer one");
    }
    match (&args.line[..], &args.answer[..]) {
        ([line], []) => Ok(Evidence { line: Some(bytes(line)), ..evidence }),
        (lines, answers) if lines.len() == answers.len() => {
            let pairs = lines.iter().zip(answers);
            let examples = pairs.map(|(line, answer)| Example { line: bytes(line), answer: bytes(answer) });
            Ok(Evidence { examples: examples.collect(), ..evidence })
        }
        _ => Err("each --line needs its --answer: give them in pairs, as in --line abc --answer ABC"),
    }
}

/// Bytes as one word of a command line that a shell reads: whatever they are, they are nothing else to it.
fn word(bytes: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=,+%@".contains(byte);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && bytes.iter().all(is_plain) => text.to_owned(),
        Ok(text) if visible(bytes) == text => format!("'{}'", text.replace('\'', r"'\''")),
        _ => format!("$'{}'", bytes.iter().map(escaped).collect::<String>()),
    }
}

/// A byte between `$'` and `'`.
fn escaped(byte: &u8) -> String {
    match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    }
}

/// Waits for the outcome, and shows the progress meanwhile.
fn wait(inference: &Inference, is_quiet: bool) -> Result<Outcome, LoadError> {
    let mut progress = Progress::without_answers(is_quiet);
    loop {
        if let Some(outcome) = inference.wait(Instant::now() + PACE) {
            progress.clear();
            return outcome;
        }
        // Before, the module is compiled, which has a line of its own.
        if inference.progress().ways() > 0 {
            progress.show(&inference_progress(inference.progress(), inference.time()));
        }
    }
}

/// Prints what was found, and does what else was asked for.
fn finish(source: &Source, options: Options, found: &Inferred, args: &InferArgs, cli: &Cli) -> Status {
    let text = inferred(&source.name, found);
    found.notes.iter().filter(|_| !cli.settings.quiet).for_each(|note| status::note(note));
    found.doubts.iter().for_each(|doubt| status::note(&format!("doubtful: {doubt}")));
    if let Some(line) = &found.open_line {
        status::note(&format!("to decide between them, add --line {} with its --answer", word(line)));
    }
    let saved = args.save.as_deref().map_or(Ok(()), |file| write(file, text.as_bytes()));
    let embedded = args.embed.as_deref().map_or(Ok(()), |file| embed(file, source, &text));
    if let Err(error) = saved.and(embedded) {
        return status::fail(Status::Io, &error);
    }
    if args.run {
        let wish = ConventionRequest {
            recipe: Some(RecipeFile {
                name: args.guest.display().to_string(),
                text: found.recipe.to_string(),
                recipe: found.recipe.clone(),
            }),
            ..ConventionRequest::default()
        };
        return super::pipe::run(source, &Options { wish, ..options }, cli);
    }
    status::of_write(io::stdout().write_all(text.as_bytes()))
}

/// Writes a file that must not exist yet.
fn write(file: &Path, bytes: &[u8]) -> Result<(), String> {
    session::write_whole(file, false, |out| out.write_all(bytes))
        .map_err(|error| format!("{}: {error}", file.display()))
}

/// Writes a copy of the module with the recipe in its custom section `linmem`.
fn embed(file: &Path, source: &Source, recipe: &str) -> Result<(), String> {
    let binary = crate::guest::with_recipe(&source.name, &source.bytes, recipe).map_err(|error| error.to_string())?;
    write(file, &binary)
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn whatever_a_guest_answers_is_one_word_of_a_command() {
        for (bytes, expected) in [
            (&b"HELLO"[..], "HELLO"),
            (b"", "''"),
            (b"two words", "'two words'"),
            (b"x';touch PWNED;'", r"'x'\'';touch PWNED;'\'''"),
            ("grün $(id) `id`".as_bytes(), "'grün $(id) `id`'"),
            (b"a\x1b[2J\n'\\\xff", r"$'a\x1b[2J\x0a\'\\\xff'"),
        ] {
            assert_eq!(word(bytes), expected);
        }
    }
}
