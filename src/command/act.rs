//! Commands that do something: to the guest, or to the session.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::args::{Args, number_bytes, number_type, value};
use super::table::nearest;
use super::{Context, Error, Reply};
use crate::guest::Signature;
use crate::session::{GuestOp, Source};
use crate::view::{Selection, visible};

pub(super) fn send(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    let line = if args.take("hex") {
        args.hex()?
    } else if args.take("file") {
        let file = args.file()?;
        read_line(&file).map_err(|error| Error(format!("{}: {error}", file.display())))?
    } else {
        args.all()?
    };
    args.end()?;
    context.has_guest()?;
    context.session.send(line);
    Ok(Reply::Sent)
}

/// The longest line that is read from a file, in bytes; a device has no end.
const LONGEST: u64 = 1 << 30;

fn read_line(file: &Path) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    File::open(file)?.take(LONGEST + 1).read_to_end(&mut line)?;
    match line.len() as u64 {
        0..=LONGEST => Ok(line),
        _ => Err(io::Error::other(format!("longer than {LONGEST} bytes, the most that is sent"))),
    }
}

pub(super) fn call(context: &mut Context<'_>, args: &mut Args<'_>, text: &str) -> Result<Reply, Error> {
    let name = args.text("the name of an export")?;
    let signature = signature(context, &name)?;
    let mut values = Vec::new();
    for &ty in &signature.params {
        let fits = || format!("the arguments of {}{signature}", visible(name.as_bytes()));
        let word = args.text(&fits())?;
        values.push(value(&word, ty)?);
    }
    do_it(context, args, text, GuestOp::Call(name, values))
}

/// The type of an exported function.
fn signature(context: &Context<'_>, name: &str) -> Result<Signature, Error> {
    let about = context.session.guest().ok_or_else(|| Error("the guest is still being loaded".to_owned()))?;
    let found = about.interface.funcs().find(|(export, _)| *export == name);
    found.map(|(_, signature)| signature.clone()).ok_or_else(|| {
        let near = nearest(name, about.interface.funcs().map(|(export, _)| export));
        let near = near.map_or_else(|| ":exports lists them".to_owned(), |near| format!("did you mean {near}?"));
        Error(format!("the guest exports no function `{name}`; {near}"))
    })
}

pub(super) fn poke(context: &mut Context<'_>, args: &mut Args<'_>, text: &str) -> Result<Reply, Error> {
    let kind = args.text("hex, text or a type")?;
    let ty = match kind.as_str() {
        "hex" | "text" => None,
        name => Some(number_type(name)?),
    };
    let addr = context.address(args)?;
    let bytes = match (ty, kind.as_str()) {
        (None, "hex") => args.hex()?,
        (None, _) => args.all()?,
        (Some(ty), _) => {
            let mut bytes = number_bytes(ty, &args.text("a value")?)?;
            while let Some(word) = args.more()? {
                bytes.extend(number_bytes(ty, &word)?);
            }
            bytes
        }
    };
    do_it(context, args, text, GuestOp::Poke(context.session.memory(), addr, bytes))
}

pub(super) fn grow(context: &mut Context<'_>, args: &mut Args<'_>, text: &str) -> Result<Reply, Error> {
    let pages = args.number_or("a number of pages", 1)?;
    do_it(context, args, text, GuestOp::Grow(context.session.memory(), pages))
}

/// Lists the globals, or sets one.
pub(super) fn globals(context: &mut Context<'_>, args: &mut Args<'_>, text: &str) -> Result<Reply, Error> {
    let globals = context.session.globals();
    let Some(name) = args.more()? else {
        let line = |global: &crate::guest::Global| {
            let kind = if global.mutable { "mutable" } else { "constant" };
            format!("{} = {}   ({}, {kind})", visible(global.name.as_bytes()), global.value, global.ty)
        };
        let lines: Vec<_> = globals.iter().map(line).collect();
        return Ok(Reply::Text(if lines.is_empty() { vec!["the guest exports no globals".to_owned()] } else { lines }));
    };
    let global = globals.iter().find(|global| global.name == name).ok_or_else(|| {
        let near = nearest(&name, globals.iter().map(|global| global.name.as_str()));
        let near = near.map_or_else(|| ":globals lists them".to_owned(), |near| format!("did you mean {near}?"));
        Error(format!("the guest exports no global `{name}`; {near}"))
    })?;
    if !global.mutable {
        return Err(Error(format!("the global `{name}` is a constant")));
    }
    let value = value(&args.text(&format!("a value of type {}", global.ty))?, global.ty)?;
    do_it(context, args, text, GuestOp::Set(name, value))
}

pub(super) fn reset(context: &mut Context<'_>, args: &mut Args<'_>, text: &str) -> Result<Reply, Error> {
    do_it(context, args, text, GuestOp::Reset)
}

pub(super) fn reload(context: &mut Context<'_>, args: &mut Args<'_>, text: &str) -> Result<Reply, Error> {
    let named = if args.is_empty() { context.session.name().into() } else { args.file()? };
    let source = Source::find(&named).map_err(|error| Error(error.to_string()))?;
    do_it(context, args, text, GuestOp::Reload(source))
}

/// Tells the convention, or chooses one.
pub(super) fn convention(context: &mut Context<'_>, args: &mut Args<'_>, text: &str) -> Result<Reply, Error> {
    if args.is_empty() {
        return super::look::convention(context);
    }
    let named = args.file()?;
    do_it(context, args, text, GuestOp::Adopt(named))
}

pub(super) fn save(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    context.idle()?;
    let file = args.file()?;
    let over = args.take("overwrite");
    args.end()?;
    if file.exists() && !over {
        return Err(super::file::taken(&file, "save"));
    }
    crate::session::save(&file, context.session).map_err(|error| Error(format!("{}: {error}", file.display())))?;
    let name = visible(file.as_os_str().as_encoded_bytes());
    Ok(Reply::Text(vec![format!("saved; linmem replay {name} opens it, and :load {name} here")]))
}

/// Puts a saved session in the place of this one, or comes back from it.
pub(super) fn load(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    context.idle()?;
    if args.is_empty() {
        return match context.session.leave_saved() {
            true => opened(context, "back from the saved session".to_owned()),
            false if context.session.is_replay() => Err(Error(
                "this session was not loaded from inside another, so there is none to come back to".to_owned(),
            )),
            false => Err(Error("expected a file, as no saved session is being looked at".to_owned())),
        };
    }
    let file = args.file()?;
    args.end()?;
    let name = file.display();
    let most = context.session.limits().memory;
    let saved = crate::session::load(&file, most).map_err(|error| Error(format!("{name}: {error}")))?;
    let told = saved.damage.clone().unwrap_or_else(|| "opened; :load alone comes back from it".to_owned());
    context.session.enter_saved(saved);
    opened(context, visible(format!("{name}: {told}").as_bytes()))
}

fn opened(context: &Context<'_>, words: String) -> Result<Reply, Error> {
    let at = Selection::newest(context.session.run()).ok_or_else(|| Error("nothing happened yet".to_owned()))?;
    Ok(Reply::Opened(Box::new(at), words))
}

pub(super) fn source(_: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    args.file().map(Reply::Source)
}

pub(super) fn quit(_: &mut Context<'_>, _: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    Ok(Reply::Quit)
}

fn do_it(context: &mut Context<'_>, args: &mut Args<'_>, text: &str, deed: GuestOp) -> Result<Reply, Error> {
    args.end()?;
    context.has_guest()?;
    context.session.command(text.trim_end().to_owned(), deed);
    Ok(Reply::Sent)
}
