//! The command for structs: declares one, lays one over memory, or lists them.

use std::sync::Arc;

use serde_json::json;

use super::args::{Address, Args};
use super::bounds::MOST;
use super::error::{ArgumentError, Error};
use super::reports::{debug, line};
use super::{Context, Place, Reply};
use crate::debug::DataType;
use crate::record::Image;
use crate::session::Placed;
use crate::view::structs::{FieldRow, StructView, built_in_structs, declare, find};
use crate::view::{range, thousands, visible};

/// The version of the JSON. A new field does not raise it.
const VERSION: u32 = 1;

/// What is asked for.
pub(super) enum StructArg {
    List,
    Declare(String),
    Explain(String),
    Show { name: String, addr: Address, json: bool },
}

impl StructArg {
    /// Parses the arguments.
    ///
    /// # Errors
    /// They are not valid. A declaration is parsed when the command runs: it may name types of the guest.
    pub(super) fn parse(args: &mut Args<'_>) -> Result<StructArg, ArgumentError> {
        if args.is_empty() {
            return Ok(StructArg::List);
        }
        if args.has('{') {
            let text = args.rest().trim().to_owned();
            let Some((_, rest)) = text.rsplit_once('}') else { return ArgumentError::missing("} after the members") };
            return match rest.trim() {
                "" | ";" | "packed" | "packed;" => Ok(StructArg::Declare(text)),
                more => Err(ArgumentError::Unexpected(more.to_owned())),
            };
        }
        let name = args.text("STRUCT")?;
        if args.is_empty() {
            return Ok(StructArg::Explain(name));
        }
        if !args.take("@") {
            return ArgumentError::expected("@ and an address", &args.text("@")?);
        }
        Ok(StructArg::Show { name, addr: args.address()?, json: args.take("json") })
    }
}

pub(super) fn run(context: &mut Context<'_>, asked: StructArg) -> Result<Reply, Error> {
    match asked {
        StructArg::List => Ok(list(context)),
        StructArg::Declare(text) => {
            let debug = context.session.about().and_then(|about| about.debug.clone());
            let declared = declare(context.session.structs_mut(), &text, debug.as_deref()).map_err(Error::Failed)?;
            Ok(explained(&declared))
        }
        StructArg::Explain(name) => Ok(explained(&named(context, &name)?)),
        StructArg::Show { name, addr, json } => show(context, &name, &addr, json),
    }
}

fn named(context: &Context<'_>, name: &str) -> Result<Arc<DataType>, Error> {
    find(context.session.structs(), name, debug(context)).map_err(Error::Failed)
}

/// The names, and what each is.
fn list(context: &Context<'_>) -> Reply {
    let line = |ty: &DataType, about: &str| {
        let size = format!("{} B", thousands(ty.size));
        format!("{:<14} {size:<6} {about}", visible(ty.name.as_bytes()))
    };
    let declared = context.session.structs().declared().map(|ty| line(ty, "declared"));
    let built_in = built_in_structs().map(|(ty, about)| line(ty, about));
    let mut lines: Vec<_> = declared.chain(built_in).collect();
    lines.push("The types in a module's DWARF are known by name. :struct NAME { u32 len; } declares one.".to_owned());
    Reply::Text(lines)
}

/// The members of a type, without values.
fn explained(ty: &Arc<DataType>) -> Reply {
    let none = Image::default();
    let view = StructView::new(ty, 0, &none, &none);
    let title = format!("{}  {} B, aligned to {}", view.name, thousands(ty.size), ty.align);
    Reply::Text(std::iter::once(title).chain(view.layout()).collect())
}

fn show(context: &mut Context<'_>, name: &str, addr: &Address, json: bool) -> Result<Reply, Error> {
    let (ty, addr) = (named(context, name)?, context.address(addr)?);
    let (at, memory, none) = (context.at()?, context.session.memory(), Image::default());
    let before = at.before.get(memory).unwrap_or(&none);
    let view = StructView::new(&ty, addr, before, context.image()?);
    context.session.structs_mut().place(Placed { memory, addr, ty });
    if json {
        let fields: Vec<_> = view.rows.iter().map(field_json).collect();
        return line(&json!({
            "v": VERSION, "report": "struct", "name": view.name, "memory": memory, "addr": addr, "size": view.size,
            "fields": fields, "cut": view.is_cut,
        }));
    }
    let title = format!("{} @ {}", view.name, range(addr, view.size));
    let mut places = vec![Place { words: title.clone(), addr: Some(addr), at: None }];
    let addrs = view.rows.iter().map(|row| Some(row.range.start)).chain([None]);
    let rows = view.lines().into_iter().zip(addrs).take(MOST);
    places.extend(rows.map(|(line, addr)| Place { words: format!("  {line}"), addr, at: None }));
    Ok(Reply::Struct(title, places))
}

fn field_json(row: &FieldRow) -> serde_json::Value {
    json!({
        "name": row.path, "type": row.ty, "offset": row.offset, "addr": row.range.start,
        "len": row.range.end - row.range.start, "before": row.before, "after": row.after,
        "changed": row.has_changed(),
    })
}
