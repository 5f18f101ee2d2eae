//! Conventions of components: their types say how texts are passed, so nothing is guessed.

use super::{Candidate, Rejection};
use crate::abi::recipe::{parse, quoted};
use crate::guest::{Component, ComponentType, LiftedFunction, StringEncoding};

/// The strength of what a component's types say.
const SCORE: u32 = 100;
/// What is added to the length of a string in latin1+utf16 that is in UTF-16.
const UTF16: u32 = 1 << 31;
/// The interface of a program, which has one function.
const RUN: &str = "wasi:cli/run";
/// The maximum number of functions that a message lists.
const LISTED: usize = 12;

/// The recipes for a component's functions. `call` is the function that the user chose.
pub(super) fn candidates(component: &Component, call: Option<&str>) -> (Vec<Candidate>, Vec<Rejection>) {
    let chosen = |function: &&LiftedFunction| call.is_none_or(|call| is_called(function, call));
    let functions: Vec<_> = component.exports.iter().filter(chosen).collect();
    let recipes = functions.iter().map(|function| (*function, recipe(function)));
    let (mut found, mut misses) = (Vec::new(), Vec::new());
    for (function, recipe) in recipes {
        match recipe {
            Ok(text) => found.push((function, text)),
            Err(why) => misses.push((function, why)),
        }
    }
    // A program is run only if it has nothing else to offer.
    if found.len() > 1 && call.is_none() {
        found.retain(|(function, _)| !is_program(function));
    }
    let reject = |why: String| Rejection { convention: "canonical", why, near: true };
    match &found[..] {
        [] if misses.is_empty() => (Vec::new(), vec![reject("the component exports no function".to_owned())]),
        [] => (
            Vec::new(),
            misses.into_iter().map(|(function, why)| reject(format!("{}: {why}", function.export))).collect(),
        ),
        [(function, text)] => {
            let reason = format!("the component exports {}: {function}", function.export);
            (vec![candidate(text, reason)], Vec::new())
        }
        several => {
            let names: Vec<_> = several.iter().take(LISTED).map(|(function, _)| function.export.as_str()).collect();
            let more = if several.len() > LISTED { ", .." } else { "" };
            let why = format!("several functions take a text: {}{more}; choose one with --call NAME", names.join(", "));
            (Vec::new(), vec![reject(why)])
        }
    }
}

/// Whether a name means that function: its full name, or the part after the interface's.
fn is_called(function: &LiftedFunction, call: &str) -> bool {
    let short = function.export.rsplit_once('#').map(|(_, name)| name);
    function.export == call || short == Some(call)
}

/// Whether the component exports a function of that name, whose export may be longer.
pub(in crate::abi) fn exports(component: &Component, call: &str) -> bool {
    component.exports.iter().any(|function| is_called(function, call))
}

/// Whether it is the function of a program.
fn is_program(function: &LiftedFunction) -> bool {
    let interface = function.export.split(['@', '#']).next();
    interface == Some(RUN)
}

fn candidate(text: &str, reason: String) -> Candidate {
    let recipe = parse(text).expect("a generated recipe is valid");
    Candidate { recipe, score: SCORE, reasons: vec![reason], doubts: Vec::new(), text: None }
}

/// The recipe for a function, or why there is none.
fn recipe(function: &LiftedFunction) -> Result<String, String> {
    if function.is_async {
        return Err("asynchronous functions are not supported".to_owned());
    }
    let name = quoted(&function.export);
    if is_program(function) {
        return Ok(format!(
            "name wasi\nabout The component is a program: it reads the line and an LF from its standard input, and writes the answer to standard output.\nhost wasi\ninstance fresh\neach line\n* failed = {name}()\n  fail \"the program failed\" if failed != 0\n  answer stdout\n"
        ));
    }
    let other = || format!("it is {function}, and only functions of one string or list<u8> can be run for a line");
    let ([(_, param)], Some(result)) = (&function.params[..], &function.result) else { return Err(other()) };
    let (is_text, alignment) = match (param, function.encoding) {
        (ComponentType::String, StringEncoding::Utf16 | StringEncoding::Compact) => (true, 2),
        (ComponentType::String, _) => (true, 1),
        (ComponentType::Bytes, _) => (false, 1),
        _ => return Err(other()),
    };
    let realloc = quoted(function.realloc.as_ref().ok_or("it has no `realloc`")?);
    let memory = quoted(function.memory.as_ref().ok_or("it has no memory")?);
    let (text, len) = match (is_text, function.encoding) {
        (true, StringEncoding::Utf8) => ("text utf8\n", "n".to_owned()),
        (true, StringEncoding::Utf16) => ("text utf16\n", "units".to_owned()),
        (true, StringEncoding::Compact) => ("text utf16\n", format!("units + {UTF16}")),
        (false, _) => ("", "n".to_owned()),
    };
    let mut answer = Answer { is_text, encoding: function.encoding, lines: String::new() };
    if matches!(result, ComponentType::Result(None, None)) || !answer.value(result, 0) {
        return Err(format!(
            "it is {function}, and only strings, list<u8>, and options and results of these can be read"
        ));
    }
    let finally = function.post_return.as_ref().map(|post| format!("finally\n  {}(area)\n", quoted(post)));
    Ok(format!(
        "name canonical\nabout The component's function {export}: the answer's pointer and length are in memory.\n{text}memory {memory}\neach line\n  ptr = {realloc}(0, 0, {alignment}, n)\n  write at ptr\n* area = {name}(ptr, {len})\n{lines}{finally}",
        export = function.export,
        lines = answer.lines,
        finally = finally.unwrap_or_default(),
    ))
}

/// The statements that read the answer.
struct Answer {
    /// Whether the recipe's texts are strings, in the encoding of the component.
    is_text: bool,
    encoding: StringEncoding,
    lines: String,
}

impl Answer {
    /// Reads a value at that offset of the area. False if it is not a text.
    fn value(&mut self, ty: &ComponentType, offset: u32) -> bool {
        match ty {
            ComponentType::String if self.encoding == StringEncoding::Compact => self.compact(offset),
            ComponentType::String | ComponentType::Bytes => self.span("read", ty, offset, ""),
            ComponentType::Option(inner) => {
                let none = format!("if u8[{}] == 0", at(offset));
                self.lines.push_str(&format!("  say \"the answer is none\" {none}\n  answer \"\" {none}\n"));
                return self.value(inner, after_tag(offset, inner.alignment()));
            }
            ComponentType::Result(ok, err) => {
                let alignment = |ty: &Option<Box<ComponentType>>| ty.as_ref().map_or(1, |ty| ty.alignment());
                let payload = after_tag(offset, alignment(ok).max(alignment(err)));
                if self.encoding == StringEncoding::Compact && err.as_deref() == Some(&ComponentType::String) {
                    // Where it is no error, this is another text, or none; then only if both are at the same address.
                    if ok.as_deref() != Some(&ComponentType::String) {
                        return false;
                    }
                    self.compact(payload);
                    self.lines.push_str(&format!("  fail the answer if u8[{}] != 0\n", at(offset)));
                    return true;
                }
                self.error(err.as_deref(), offset, payload);
                match ok {
                    Some(ok) => return self.value(ok, payload),
                    None => self.lines.push_str("  answer \"\"\n"),
                }
            }
            ComponentType::Other { .. } => return false,
        }
        true
    }

    /// Fails if the result whose tag is at `tag` is an error.
    fn error(&mut self, err: Option<&ComponentType>, tag: u32, payload: u32) {
        let failed = format!(" if u8[{}] != 0", at(tag));
        match err {
            Some(err @ (ComponentType::String | ComponentType::Bytes)) => self.span("fail", err, payload, &failed),
            Some(ComponentType::Other { words, .. }) if words == "enum" || words == "variant" => {
                let at = at(payload);
                self.lines.push_str(&format!(
                    "  case = u8[{at}]\n  fail \"the function returned its error number {{case}}\"{failed}\n"
                ));
            }
            _ => self.lines.push_str(&format!("  fail \"the function returned an error\"{failed}\n")),
        }
    }

    /// Reads a string that is in UTF-16 if the highest bit of its length says so, otherwise in latin1.
    fn compact(&mut self, offset: u32) {
        let (start, len) = (at(offset), at(offset + 4));
        let units = format!("u32[{len}] - {UTF16}");
        // A sum has 64 bits, so that nothing is negative here.
        let least = format!("{} + 1", UTF16 - 1);
        self.lines.push_str(&format!("  read latin1 u32[{len}] at u32[{start}] if u32[{len}] < {least}\n"));
        self.lines
            .push_str(&format!("  read utf16 ({units}) + ({units}) at u32[{start}] if u32[{len}] > {UTF16} - 1\n"));
    }

    /// A statement about a text whose address and length are at that offset.
    fn span(&mut self, statement: &str, ty: &ComponentType, offset: u32, condition: &str) {
        let (start, len) = (at(offset), at(offset + 4));
        let has_wide = self.encoding != StringEncoding::Utf8;
        let is_wide = has_wide && *ty == ComponentType::String;
        let encoding = match (is_wide, self.is_text && has_wide) {
            (true, false) => "utf16 ",
            (false, true) => "bytes ",
            _ => "",
        };
        let len = if is_wide { format!("u32[{len}] + u32[{len}]") } else { format!("u32[{len}]") };
        self.lines.push_str(&format!("  {statement} {encoding}{len} at u32[{start}]{condition}\n"));
    }
}

/// An address in the area that the function returned.
fn at(offset: u32) -> String {
    if offset == 0 { "area".to_owned() } else { format!("area + {offset}") }
}

/// Where the payload is after a tag of one byte.
fn after_tag(tag: u32, alignment: u32) -> u32 {
    (tag + 1).next_multiple_of(alignment)
}
