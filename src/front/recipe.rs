//! `linmem recipe check` and `linmem recipe fmt`: finds everything that is wrong in a recipe, and formats recipes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::status::{self, Status};
use crate::abi::RecipeFile;
use crate::abi::recipe::{RecipeError, format, parse_all};
use crate::cli::{Cli, RecipeCommand};
use crate::guest::inspect;
use crate::record::counted;
use crate::session::{Source, write_whole};

/// Does what the command asks for.
pub(super) fn run(command: &RecipeCommand, cli: &Cli) -> Status {
    match command {
        RecipeCommand::Check { file, guest, stub_imports } => check(file, guest, *stub_imports, cli),
        RecipeCommand::Fmt { files, check } if files.is_empty() => fmt_stdin(*check, cli),
        RecipeCommand::Fmt { files, check } => fmt_files(files, *check, cli),
    }
}

/// Binds a recipe to a guest, none of whose code runs.
fn check(file: &Path, guest: &Path, stub_imports: bool, cli: &Cli) -> Status {
    let text = match RecipeFile::text_of(file, &cli.settings.limits) {
        Ok(text) => text,
        Err(error) => return status::fail(Status::Usage, &error.to_string()),
    };
    let source = match Source::find_within(guest, &cli.settings.limits) {
        Ok(source) => source,
        Err(error) => return status::fail(Status::NotLoaded, &error.to_string()),
    };
    let inspected = match inspect(&source.name, &source.bytes, &cli.settings.limits, None) {
        Ok(inspected) => inspected,
        Err(error) => return status::fail(Status::NotLoaded, &format!("{}: {error}", source.name)),
    };
    if let Some(obstacle) = &inspected.obstacle {
        return status::fail(Status::NotLoaded, &format!("{}: {obstacle}", source.name));
    }
    let errors = match parse_all(&text) {
        Ok(recipe) => recipe.bind_all(&inspected.interface, stub_imports).err().unwrap_or_default(),
        Err(errors) => errors,
    };
    let name = file.display().to_string();
    if errors.is_empty() {
        let fits = format!("{name} fits {}\n", crate::view::visible(source.name.as_bytes()));
        return status::of_write(io::stdout().write_all(fits.as_bytes()));
    }
    tell(&name, &text, errors)
}

/// Prints errors, in the order of their lines.
fn tell(name: &str, text: &str, mut errors: Vec<RecipeError>) -> Status {
    errors.sort_by_key(|error| error.at);
    errors.iter().for_each(|error| status::tell(&format!("{name}: {}", error.quoted(text))));
    if errors.len() > 1 {
        status::tell(&format!("{name}: {}", counted(errors.len() as u64, "error")));
    }
    Status::NoConvention
}

fn fmt_stdin(only_check: bool, cli: &Cli) -> Status {
    let text = match RecipeFile::text_within(io::stdin().lock(), "stdin", &cli.settings.limits) {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => return status::fail(Status::Usage, &error.to_string()),
        Err(error) => return status::fail(Status::Io, &format!("reading stdin failed: {error}")),
    };
    match format(&text) {
        Err(errors) => tell("stdin", &text, errors),
        Ok(formatted) if only_check && formatted == text => Status::Answered,
        Ok(_) if only_check => status::fail(Status::SomeFailed, "stdin: not formatted"),
        Ok(formatted) => status::of_write(io::stdout().write_all(formatted.as_bytes())),
    }
}

/// Formats each file; the status is that of the worst.
fn fmt_files(files: &[PathBuf], only_check: bool, cli: &Cli) -> Status {
    let statuses: Vec<_> = files.iter().map(|file| fmt_file(file, only_check, cli)).collect();
    let worst = |status: &Status| status.code();
    statuses.into_iter().max_by_key(worst).unwrap_or(Status::Answered)
}

fn fmt_file(file: &Path, only_check: bool, cli: &Cli) -> Status {
    let name = file.display().to_string();
    let text = match RecipeFile::text_of(file, &cli.settings.limits) {
        Ok(text) => text,
        Err(error) => return status::fail(Status::Usage, &error.to_string()),
    };
    match format(&text) {
        Err(errors) => tell(&name, &text, errors),
        Ok(formatted) if formatted == text => Status::Answered,
        Ok(_) if only_check => status::fail(Status::SomeFailed, &format!("{name}: not formatted")),
        Ok(formatted) => match write_whole(file, true, |out| out.write_all(formatted.as_bytes())) {
            Ok(()) => Status::Answered,
            Err(error) => status::fail(Status::Io, &format!("{name}: {error}")),
        },
    }
}
