//! `linmem infer`: finds a recipe from examples, prints it, and says how it was proved.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use super::compiling;
use super::status::{self, Status};
use super::system::{self, Caught};
use crate::abi::{ConventionRequest, RecipeFile};
use crate::cli::{Cli, InferArgs};
use crate::infer::{Evidence, Example, Inferred, Tried};
use crate::session::{self, OpenError, Options, Source, Watchdog};
use crate::view::visible;

/// Infers the convention, prints its recipe, and does what else was asked for.
pub(super) fn run(args: &InferArgs, cli: &Cli) -> Status {
    if args.line.len() != args.answer.len() {
        return status::fail(
            Status::Usage,
            "each --line needs its --answer: give them in pairs, as in --line abc --answer ABC",
        );
    }
    let source = match Source::find_within(&args.guest, &cli.settings.limits) {
        Ok(source) => source,
        Err(error) => return status::fail(Status::NotLoaded, &error.to_string()),
    };
    let pairs = args.line.iter().zip(&args.answer);
    let bytes = |text: &OsString| system::bytes(text).to_vec();
    let evidence = Evidence {
        examples: pairs.map(|(line, answer)| Example { line: bytes(line), answer: bytes(answer) }).collect(),
        call: args.call.clone(),
        budget: args.budget,
        trials: cli.settings.inputs.trials,
    };
    let watch = Watchdog::new(None);
    let caught = match Caught::install(watch.clone()) {
        Ok(caught) => caught,
        Err(error) => return status::fail(Status::Io, &format!("signals cannot be caught: {error}")),
    };
    let mut options = compiling::options(cli, false);
    let clear = compiling::show_progress(&source.name, &mut options, cli.settings.quiet);
    let inferred = session::infer(&source, &options, &evidence, &watch);
    clear();
    match inferred {
        Err(error) => caught.status().unwrap_or_else(|| status::fail_open(&source.name, &OpenError::Load(error))),
        Ok(Err(tried)) => {
            caught.status().unwrap_or_else(|| status::fail(Status::NoConvention, &in_vain(&source.name, &tried, args)))
        }
        Ok(Ok(inferred)) => finish(&source, options, &inferred, args, cli),
    }
}

/// Prints what was found, and does what else was asked for.
fn finish(source: &Source, options: Options, inferred: &Inferred, args: &InferArgs, cli: &Cli) -> Status {
    let text = text(source, inferred);
    inferred.notes.iter().for_each(|note| status::note(note));
    inferred.doubts.iter().for_each(|doubt| status::note(&format!("doubtful: {doubt}")));
    if let Some(line) = &inferred.open_line {
        status::note(&format!("to decide between them, add --line '{}' with its --answer", visible(line)));
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
                text: inferred.recipe.to_string(),
                recipe: inferred.recipe.clone(),
            }),
            ..ConventionRequest::default()
        };
        return super::pipe::run(source, &Options { wish, ..options }, cli);
    }
    status::of_write(io::stdout().write_all(text.as_bytes()))
}

/// The recipe as text, with comments that say how it was proved.
fn text(source: &Source, inferred: &Inferred) -> String {
    let mut text =
        format!("# Inferred for {} by linmem: {}.\n", visible(source.name.as_bytes()), inferred.proof.join("; "));
    inferred.notes.iter().for_each(|note| text.push_str(&format!("# Note: {note}.\n")));
    inferred.doubts.iter().for_each(|doubt| text.push_str(&format!("# Doubtful: {doubt}.\n")));
    text.push_str(&inferred.recipe.to_string());
    text
}

/// Why nothing was found: what was tried, and what remains.
fn in_vain(name: &str, tried: &Tried, args: &InferArgs) -> String {
    let mut text = format!(
        "{name}: no recipe found: tried {} of {} to pass the line; {} returned",
        tried.tried,
        crate::record::counted(tried.ways as u64, "way"),
        crate::record::counted(tried.returned as u64, "call")
    );
    if tried.is_cut_short {
        text.push_str("\n  The time limit was reached: --timeout sets a longer one.");
    }
    if tried.is_out_of_trials {
        let guests = crate::record::counted(tried.guests, "guest");
        text.push_str(&format!("\n  The limit of {guests} was reached: --max-trials sets it."));
    }
    if tried.recipes > 0 {
        text.push_str(&format!(
            "\n  {} read the right answer in a trial, but did not give the right answers to all examples.",
            crate::record::counted(tried.recipes as u64, "recipe")
        ));
    }
    match &tried.example {
        Some((call, addr)) => text.push_str(&format!(
            "\n  The answer was found in memory {}, first at {addr:#x} after `{}`, but no known value gives its address and length.",
            crate::record::counted(tried.unexplained as u64, "time"),
            visible(call.as_bytes())
        )),
        None => text.push_str("\n  The answer was never found in memory: check --line and --answer, and whether the guest first needs a call that sets it up."),
    }
    if args.call.is_none() {
        text.push_str("\n  --call NAME limits the search to one export.");
    }
    text
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
