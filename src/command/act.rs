//! Commands that act on the guest or the session.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::args::{Address, value};
use super::error::Error;
use super::spelling::hint;
use super::{Context, Reply, file};
use crate::guest::Signature;
use crate::record::{Actor, Cause, Change, StepKind, Trigger, Value};
use crate::session::{GuestOp, Source};
use crate::view::{Selection, counted, range, visible};

/// The maximum size of a line read from a file, in bytes; a device has no end.
const LONGEST: u64 = 1 << 30;

/// A line to send.
pub(super) enum Line {
    Bytes(Vec<u8>),
    /// The whole content of a file.
    File(PathBuf),
}

pub(super) fn send(context: &mut Context<'_>, line: Line) -> Result<Reply, Error> {
    context.has_guest()?;
    context.is_free()?;
    let line = match line {
        Line::Bytes(bytes) => bytes,
        Line::File(file) => read_line(&file).map_err(|error| failed_on(&file, &error))?,
    };
    context.session.send(line);
    Ok(Reply::Sent)
}

fn read_line(file: &Path) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    File::open(file)?.take(LONGEST + 1).read_to_end(&mut line)?;
    match line.len() as u64 {
        0..=LONGEST => Ok(line),
        _ => Err(io::Error::other(format!("longer than {}, the limit for a line", counted(LONGEST, "byte")))),
    }
}

fn failed_on(file: &Path, error: &io::Error) -> Error {
    Error::Failed(format!("{}: {error}", file.display()))
}

pub(super) fn call(
    context: &mut Context<'_>,
    command: String,
    export: String,
    words: &[String],
) -> Result<Reply, Error> {
    let signature = signature(context, &export)?;
    let values = values(&export, &signature, words)?;
    run(context, command, GuestOp::Call(export, values))
}

/// The type of an exported function.
fn signature(context: &Context<'_>, name: &str) -> Result<Signature, Error> {
    let about = context.session.guest().ok_or_else(|| Error::failed("the guest is still loading"))?;
    let found = about.interface.funcs().find(|(export, _)| *export == name);
    found.map(|(_, signature)| signature.clone()).ok_or_else(|| {
        let hint = hint(name, about.interface.funcs().map(|(export, _)| export), ":exports");
        Error::Failed(format!("the guest exports no function `{name}`; {hint}"))
    })
}

/// The arguments of a call, one for each parameter.
fn values(export: &str, signature: &Signature, words: &[String]) -> Result<Vec<Value>, Error> {
    let takes = || format!("{export}{signature} takes {}", counted(signature.params.len() as u64, "argument"));
    if let Some(word) = words.get(signature.params.len()) {
        return Err(Error::Failed(format!("unexpected argument `{word}`: {}", takes())));
    }
    if words.len() < signature.params.len() {
        return Err(Error::Failed(format!("{}, got {}", takes(), words.len())));
    }
    let read = words.iter().zip(&signature.params).map(|(word, &ty)| value(word, ty));
    read.collect::<Result<_, _>>().map_err(|error| Error::Failed(error.to_string()))
}

pub(super) fn poke(context: &mut Context<'_>, command: String, addr: &Address, bytes: Vec<u8>) -> Result<Reply, Error> {
    let addr = context.address(addr)?;
    run(context, command, GuestOp::Poke(context.session.memory(), addr, bytes))
}

pub(super) fn grow(context: &mut Context<'_>, command: String, pages: u64) -> Result<Reply, Error> {
    run(context, command, GuestOp::Grow(context.session.memory(), pages))
}

pub(super) fn set_global(context: &mut Context<'_>, command: String, name: String, word: &str) -> Result<Reply, Error> {
    let globals = context.session.globals();
    let global = globals.iter().find(|global| global.name == name).ok_or_else(|| {
        let hint = hint(&name, globals.iter().map(|global| global.name.as_str()), ":globals");
        Error::Failed(format!("the guest exports no global `{name}`; {hint}"))
    })?;
    if !global.mutable {
        return Err(Error::Failed(format!("the global `{name}` is immutable")));
    }
    let value = value(word, global.ty).map_err(|error| Error::Failed(error.to_string()))?;
    run(context, command, GuestOp::Set(name, value))
}

pub(super) fn reset(context: &mut Context<'_>, command: String) -> Result<Reply, Error> {
    run(context, command, GuestOp::Reset)
}

pub(super) fn reload(context: &mut Context<'_>, command: String, file: Option<PathBuf>) -> Result<Reply, Error> {
    context.has_guest()?;
    let named = file.unwrap_or_else(|| context.session.name().into());
    let source =
        Source::find_within(&named, &context.settings.limits).map_err(|error| Error::Failed(error.to_string()))?;
    run(context, command, GuestOp::Reload(source))
}

/// Chooses a convention.
pub(super) fn convention(context: &mut Context<'_>, command: String, named: PathBuf) -> Result<Reply, Error> {
    run(context, command, GuestOp::Adopt(named))
}

/// Restores what a command overwrote in memory: the newest write that was not undone, or that of a given exchange.
pub(super) fn undo(context: &mut Context<'_>, wanted: Option<u64>) -> Result<Reply, Error> {
    context.has_guest()?;
    context.idle()?;
    // Writes apply to the current run, whichever run is shown.
    context.session.look_at_run(0);
    let run_of = context.session.run();
    let causes = || (run_of.oldest()..run_of.len()).filter_map(|number| Some((number, run_of.cause(number)?)));
    let undone: Vec<_> = causes().filter_map(|(_, cause)| undoes(cause)).collect();
    let is_wanted = |number: usize| wanted.is_none_or(|wanted| wanted == number as u64);
    let mut pokes = causes().filter(|(number, cause)| is_wanted(*number) && undoes(cause).is_none());
    let found = pokes.rfind(|(number, cause)| poked(cause).is_some() && !undone.contains(number));
    let Some((number, poke)) = found.and_then(|(number, cause)| Some((number, poked(cause)?))) else {
        return Err(Error::Failed(match wanted {
            Some(number) => format!("exchange {number} has no :poke to undo"),
            None => "no :poke to undo".to_owned(),
        }));
    };
    let mut now = vec![0; poke.new.len()];
    run_of.present().get(poke.memory).map(|image| image.read(poke.addr, &mut now));
    if now != poke.new {
        let place = range(poke.addr, poke.new.len() as u64);
        return Err(Error::Failed(format!("{place} has changed since exchange {number}; :poke can overwrite it")));
    }
    let op = GuestOp::Poke(poke.memory, poke.addr, poke.old.to_vec());
    run(context, format!("{UNDO}{number}"), op)
}

/// The command that undoes an exchange, without its number, as it is recorded.
const UNDO: &str = "undo ";

/// The exchange that a cause undoes.
fn undoes(cause: &Cause) -> Option<usize> {
    match &cause.trigger {
        Trigger::Command(command) => command.strip_prefix(UNDO)?.parse().ok(),
        _ => None,
    }
}

/// A write by the host.
struct Poke<'a> {
    memory: usize,
    addr: u64,
    old: &'a [u8],
    new: &'a [u8],
}

/// The memory write of a command, if that is all that it did.
fn poked(cause: &Cause) -> Option<Poke<'_>> {
    let [step] = &cause.steps[..] else { return None };
    match (&cause.trigger, &step.kind, &cause.changes[..]) {
        (
            Trigger::Command(_),
            StepKind::Write { .. },
            [Change::Bytes { memory, addr, old_then_new, by: Actor::Host, .. }],
        ) => {
            let (old, new) = old_then_new.split_at(old_then_new.len() / 2);
            Some(Poke { memory: *memory, addr: *addr, old, new })
        }
        _ => None,
    }
}

pub(super) fn save(context: &mut Context<'_>, path: &Path, overwrite: bool) -> Result<Reply, Error> {
    context.idle()?;
    crate::session::save(path, context.session, overwrite).map_err(|error| file::unwritten(path, &error))?;
    let name = visible(path.as_os_str().as_encoded_bytes());
    Ok(Reply::Text(vec![format!("saved; open it with `linmem replay {name}` or :load {name}")]))
}

/// Opens a saved session in place of this one.
pub(super) fn load(context: &mut Context<'_>, path: &Path) -> Result<Reply, Error> {
    context.idle()?;
    let name = path.display();
    let (most, longest) = (context.settings.limits.memory, context.settings.inputs.session);
    let saved =
        crate::session::load_within(path, most, longest).map_err(|error| Error::Failed(format!("{name}: {error}")))?;
    let told =
        saved.damage.clone().unwrap_or_else(|| "opened; :load without a file returns to the live session".to_owned());
    context.session.enter_saved(saved);
    opened(context, visible(format!("{name}: {told}").as_bytes()))
}

/// Returns from a saved session to the session in which it was opened.
pub(super) fn leave_saved(context: &mut Context<'_>) -> Result<Reply, Error> {
    context.idle()?;
    match context.session.leave_saved() {
        true => opened(context, "returned from the saved session".to_owned()),
        false if context.session.is_replay() => Err(Error::failed("this session was not opened from another")),
        false => Err(Error::failed("no saved session is open; :load FILE opens one")),
    }
}

fn opened(context: &Context<'_>, message: String) -> Result<Reply, Error> {
    let at = Selection::newest(context.session.run()).ok_or_else(|| Error::failed("nothing has happened yet"))?;
    Ok(Reply::Opened(Box::new(at), message))
}

/// Asks the guest's thread to do something, recorded under the command's text.
fn run(context: &mut Context<'_>, command: String, op: GuestOp) -> Result<Reply, Error> {
    context.has_guest()?;
    context.is_free()?;
    context.session.command(command, op);
    Ok(Reply::Sent)
}
