//! What a module needs whatever its convention: initializers, WASI, imports that receive messages.

use super::{Candidate, I32, last_error};
use crate::abi::names::Kind;
use crate::abi::recipe::{Action, Expr, Handler, Length, Message, Recipe, Span, Statement, is_wasi};
use crate::guest::{Import, Interface, Signature};

/// The maximum number of imports that are treated as message sinks.
const MESSAGES: usize = 32;

/// Exports that run constructors and must be called first. Only the first one present is called.
const FIRST: [&str; 4] = ["_initialize", "_start", "__wasm_call_ctors", "__wbindgen_start"];

impl Recipe {
    /// The recipe if no convention was chosen: the host answers imports as far as it can, and each line fails with the
    /// reason.
    pub(in crate::abi) fn by_hand(interface: &Interface, why: &str) -> Recipe {
        let why = why.replace(['{', '}'], "'");
        let words = format!("{why} (:convention lists them and chooses one, :call EXPORT calls an export)");
        let recipe = Recipe {
            name: "by-hand".to_owned(),
            about: "No convention was chosen; :call calls an export.".to_owned(),
            line: vec![statement(Action::Fail(Message::Words(words)))],
            ..Recipe::default()
        };
        let candidate = Candidate { recipe, score: 0, reasons: Vec::new(), doubts: Vec::new(), text: None };
        complete(candidate, interface).recipe
    }
}

/// Adds to a candidate what else the module needs from its host.
pub(super) fn complete(mut candidate: Candidate, interface: &Interface) -> Candidate {
    call_first(&mut candidate, interface);
    if !candidate.recipe.wasi && interface.imports.iter().any(is_wasi) {
        candidate.recipe.wasi = true;
        candidate.reasons.push("it imports WASI, which the host provides".to_owned());
    }
    javascript(&mut candidate, interface);
    last_error::explain_null(&mut candidate, interface);
    // A module may import a million functions; few of them take messages.
    let takes = |import: &Import, ty: &Signature| ty.params == [I32, I32] && Kind::Message.names(&import.name);
    for (_, import, ty) in interface.imported_funcs().filter(|(_, import, ty)| takes(import, ty)).take(MESSAGES) {
        let answered = candidate.recipe.answers(import) || is_wasi(import);
        if !answered && ty.results.len() <= 1 {
            candidate.reasons.push(format!("{} could take a message, as a pointer and a length", import.full_name()));
            candidate.recipe.handlers.push(handler(import, Action::Say(Message::Span(span()))));
        }
    }
    candidate
}

fn call_first(candidate: &mut Candidate, interface: &Interface) {
    let recipe = &mut candidate.recipe;
    let exported = |name: &&&str| interface.funcs().any(|(export, ty)| export == **name && ty.is(&[], &[]));
    if let Some(first) = FIRST.iter().find(exported).filter(|first| !recipe.calls(first)) {
        let call = Expr::Call { export: (*first).to_owned(), args: Vec::new(), optional: false };
        recipe.once.insert(0, statement(Action::Let(Vec::new(), call)));
        candidate.reasons.push(format!("{first} must be called before other exports"));
    }
}

/// Handles the JavaScript imports of a wasm-bindgen module: one function throws with a message. The others are rarely
/// called by a transform of text, so stubs suffice.
fn javascript(candidate: &mut Candidate, interface: &Interface) {
    let is_javascript = |import: &Import| import.name.starts_with("__wbindgen_") || import.name.starts_with("__wbg_");
    let mut others = false;
    for (_, import, ty) in interface.imported_funcs().filter(|(_, import, _)| is_javascript(import)) {
        let takes_text = ty.params == [I32, I32] && candidate.recipe.handlers.len() < MESSAGES;
        if takes_text && import.name.contains("__wbindgen_throw") {
            let mut handler = handler(import, Action::Fail(Message::Span(span())));
            handler.body.push(statement(Action::Stop));
            candidate.recipe.handlers.push(handler);
        } else if takes_text && ty.results.len() == 1 && makes_value(&import.name) {
            // A transform of text creates a JavaScript value from a string in order to return an error.
            candidate.recipe.handlers.push(handler(import, Action::Say(Message::Span(span()))));
        } else {
            others = true;
        }
    }
    if others {
        candidate.recipe.stubs = true;
        candidate.doubts.push("its JavaScript imports are shown as steps and return zero".to_owned());
    }
}

/// Whether a wasm-bindgen function creates a JavaScript value from text: a string or an error.
fn makes_value(name: &str) -> bool {
    ["string_new", "error_new", "Error_new", "__wbindgen_cast"].iter().any(|part| name.contains(part))
}

fn handler(import: &Import, action: Action) -> Handler {
    Handler {
        at: 0,
        module: import.module.clone(),
        name: import.name.clone(),
        params: vec!["ptr".to_owned(), "len".to_owned()],
        body: vec![statement(action)],
    }
}

fn span() -> Span {
    let name = |name: &str| Expr::Name(name.to_owned());
    Span { encoding: None, len: Length::Bytes(name("len")), at: name("ptr") }
}

fn statement(action: Action) -> Statement {
    Statement { at: 0, transform: false, action, condition: None }
}

impl Recipe {
    /// Whether the recipe calls the export.
    fn calls(&self, export: &str) -> bool {
        let calls = |statement: &Statement| matches!(&statement.action, Action::Let(_, Expr::Call { export: name, .. }) if name == export);
        [&self.once, &self.line, &self.finally].into_iter().flatten().any(calls)
    }
}
