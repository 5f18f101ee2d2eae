//! Guests that speak a protocol with their host, which their imports name: waPC, where an operation has a name, and
//! Extism, where texts are in memory of the host's.

use super::code::Code;
use super::entry::Entry;
use super::passing::call_with;
use super::survey::Survey;
use crate::abi::quoted;
use crate::abi::recipe::{Encoding, in_quotes};
use crate::guest::{Extern, Interface, Signature};

/// The export of waPC guests to which all operations are passed.
pub(super) const GUEST_CALL: &str = "__guest_call";

/// How many names of operations are tried.
const OPERATIONS: usize = 400;
/// By how many pages memory is grown for what Extism's host would keep, and which of them is the first that is used: a
/// guest whose heap grows later may take the first ones for its own.
const PAGES: u64 = 65;
const UNUSED: u64 = 48;
const PAGE: u64 = 65_536;

/// What a function of Extism's host does, in a memory that is a part of the guest's: each block has its length in front.
const EXTISM: [(&str, &str, &[&str]); 14] = [
    ("alloc", "size", &["u64[top] = size", "block = top + 8", "top = block + size", "return block"]),
    ("length", "at", &["return u64[at - 8]"]),
    ("length_unsafe", "at", &["return u64[at - 8]"]),
    ("load_u8", "at", &["return u8[at]"]),
    ("load_u64", "at", &["return u64[at]"]),
    ("store_u8", "at, value", &["u8[at] = value"]),
    ("store_u64", "at, value", &["u64[at] = value"]),
    ("input_offset", "", &["return input"]),
    ("input_length", "", &["return n"]),
    ("input_load_u8", "at", &["return u8[input + at]"]),
    ("input_load_u64", "at", &["return u64[input + at]"]),
    ("output_set", "at, len", &["read len at at"]),
    ("error_set", "at", &["fail u64[at - 8] at at"]),
    ("log_error", "at", &["say u64[at - 8] at at"]),
];

/// The ways in which the guest asks for the line by a known protocol.
pub(super) fn entries(survey: &Survey, interface: &Interface, code: &Code, call: Option<&str>) -> Vec<Entry> {
    let has = |module: &str| interface.imports.iter().any(|import| import.module == module);
    let mut found = Vec::new();
    if has("wapc") {
        found.extend(wapc(survey, interface, code, call));
    }
    if interface.imports.iter().any(|import| extism(&import.module, &import.name) == Some("input_length")) {
        found.extend(plug_ins(survey, interface, call));
    }
    found
}

/// The operations of a waPC guest: what the user named, then what its data may name.
fn wapc(survey: &Survey, interface: &Interface, code: &Code, call: Option<&str>) -> Vec<Entry> {
    let Some(func) = interface.funcs().find(|(name, ty)| *name == GUEST_CALL && ty.params.len() == 2) else {
        return Vec::new();
    };
    let named = call.filter(|call| *call != func.0).map(str::to_owned);
    let operations = named.map_or_else(|| code.words(OPERATIONS), |named| vec![named]);
    let entry = |operation: String| {
        let mut draft = survey.base.clone();
        let args = [operation.len().to_string().into(), "n".into()];
        draft.transform = Some(call_with(func.0, &args, func.1.results.len()));
        draft.after.push("fail \"the guest refused the call\" if out == 0".to_owned());
        let handlers: [&[&str]; 3] = [
            &[
                "on wapc.__guest_request(operation, payload)",
                &format!("  write {} at operation", in_quotes(&operation)),
                "  write at payload",
            ],
            &["on wapc.__guest_response(text, len)", "  read len at text"],
            &["on wapc.__guest_error(text, len)", "  fail len at text"],
        ];
        let is_imported = |handler: &&[&str]| {
            let name = |title: &str| title.split(['.', '(']).nth(1).map(str::to_owned);
            interface
                .imports
                .iter()
                .any(|import| import.module == "wapc" && Some(&import.name) == name(handler[0]).as_ref())
        };
        let lines = handlers.iter().filter(|handler| is_imported(handler)).flat_map(|handler| handler.iter());
        draft.handlers.extend(lines.map(|line| (*line).to_owned()));
        Entry::new(draft, Vec::new(), func, Encoding::Bytes, (0, 0))
    };
    operations.into_iter().map(entry).collect()
}

/// The name of a function of Extism's host, in either version of its interface.
fn extism<'a>(module: &str, name: &'a str) -> Option<&'a str> {
    match module {
        "extism:host/env" => Some(name),
        "env" => name.strip_prefix("extism_"),
        _ => None,
    }
}

/// The functions of an Extism plug-in.
fn plug_ins(survey: &Survey, interface: &Interface, call: Option<&str>) -> Vec<Entry> {
    let is_wanted = |(name, ty): &(&str, &Signature)| {
        ty.params.is_empty() && ty.results.len() <= 1 && !name.starts_with('_') && call.is_none_or(|call| call == *name)
    };
    interface.funcs().filter(is_wanted).map(|func| plug_in(survey, interface, func)).collect()
}

fn plug_in(survey: &Survey, interface: &Interface, (name, ty): (&str, &Signature)) -> Entry {
    let mut draft = survey.base.clone();
    draft.once.insert(0, format!("grow {PAGES}"));
    let input = survey.size + UNUSED * PAGE;
    draft.before.extend([
        format!("input = {input}"),
        "grow to input + n + n + n + n + 1048576".to_owned(),
        "write at input".to_owned(),
        "top = input + n + 8".to_owned(),
    ]);
    draft.transform = Some(call_with(name, &[], ty.results.len()));
    if ty.results.len() == 1 {
        draft.after.push("fail \"the guest returned {out:i}\" if out != 0".to_owned());
    }
    for import in &interface.imports {
        let Extern::Func(import_ty) = &import.what else { continue };
        let known = extism(&import.module, &import.name)
            .and_then(|name| EXTISM.iter().find(|(known, ..)| *known == name))
            .filter(|(_, params, _)| {
                params.split(',').filter(|param| !param.is_empty()).count() == import_ty.params.len()
            });
        if let Some((_, params, body)) = known {
            draft.handlers.push(format!("on {}.{}({params})", quoted(&import.module), quoted(&import.name)));
            draft.handlers.extend(body.iter().map(|line| format!("  {line}")));
        }
    }
    Entry::new(draft, Vec::new(), (name, ty), Encoding::Bytes, (0, 0))
}
