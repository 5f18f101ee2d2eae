//! Binding a recipe to a module: names are resolved and types checked once, before anything runs.

use std::fmt;
use std::sync::Arc;

use super::activation::find_own;
use super::blocks::StaticMemory;
use super::imports::{ImportProvider, answerers};
use super::ops::{Op, OpKind};
use super::plausible::Plausible;
use super::value_format::StaticType;
use super::{Action, Encoding, Handler, Recipe};
use crate::guest::{Extern, Interface, Type};

/// A recipe whose names are resolved in one module. Values are in slots, exports in a list.
#[derive(Clone, Debug)]
pub struct Bound {
    /// What the recipe is called.
    pub name: String,
    pub(super) encoding: Encoding,
    pub(super) memory: usize,
    pub(super) once: Vec<Op>,
    pub(super) line: Vec<Op>,
    pub(super) finally: Vec<Op>,
    /// The functions that are called, by number.
    pub(super) exports: Vec<String>,
    /// The globals that are read, by number.
    pub(super) globals: Vec<String>,
    /// How many slots are set once and kept; those behind them are unset when a line begins.
    pub(super) kept: usize,
    /// What the values in the slots are called.
    pub(super) names: Vec<String>,
    /// Who answers each import, by its place.
    pub(super) answerers: Vec<ImportProvider>,
    /// What each import is called.
    pub(super) imports: Vec<Arc<str>>,
    pub(super) handlers: Vec<BoundHandler>,
    /// Whether each line has a fresh instance for itself.
    pub(super) fresh: bool,
    /// Whether the standard input is the line's bytes alone.
    pub(super) exact_stdin: bool,
    /// Whether the answer is what the guest writes to its standard output.
    pub(super) answers_stdout: bool,
    /// Whether the guest imports functions, so that the host may have something to do meanwhile.
    pub(super) has_host: bool,
    /// The memory that the module keeps for itself.
    pub(super) statics: StaticMemory,
    /// What results are judged by, if the convention was assumed.
    pub(super) plausible: Option<Plausible>,
}

/// A handler whose names are resolved.
#[derive(Clone, Debug, Default)]
pub(super) struct BoundHandler {
    /// The slots for the arguments.
    pub(super) params: Vec<usize>,
    pub(super) body: Vec<Op>,
    /// The slots that belong to one activation of it.
    pub(super) own: Vec<usize>,
}

/// What of a recipe does not fit the module, and which line says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindError {
    /// The line of the recipe, from 1; 0 for its head.
    pub at: usize,
    /// What does not fit.
    pub words: String,
}

impl Bound {
    /// From now on, fails where a result is not plausible, and says with each failure what was assumed. The guest may
    /// have allocated the line's memory, which is then as long as the line.
    pub(in crate::abi) fn assume(
        &mut self,
        assumption: String,
        recipe: &Recipe,
        interface: &Interface,
        allocated: bool,
    ) {
        self.plausible = Some(Plausible::new(assumption, recipe, interface, self.memory, allocated));
    }

    /// Whether each line has a fresh instance for itself.
    pub fn is_fresh_each_line(&self) -> bool {
        self.fresh
    }
}

impl Recipe {
    /// Resolves the recipe's names in a module. With `stubs`, an import that nothing answers returns zero.
    ///
    /// # Errors
    /// The first line that does not fit the module, with what the export's type is; imports that nothing answers.
    pub fn bind(&self, interface: &Interface, stubs: bool) -> Result<Bound, BindError> {
        let mut binder = Binder {
            interface,
            encoding: self.encoding,
            wasi: self.wasi,
            exports: Vec::new(),
            globals: Vec::new(),
            slots: Vec::new(),
            ahead: Vec::new(),
            lookups_ahead: false,
            results: None,
            set_by_handlers: self.handlers.iter().flat_map(Handler::sets).map(str::to_owned).collect(),
            answers_stdout: false,
            in_finally: false,
            no_memory: None,
        };
        let headless = |words| BindError { at: 0, words };
        let memory = binder.memory(self.memory.as_deref());
        binder.no_memory = memory.as_ref().err().filter(|_| self.memory.is_none()).cloned();
        let memory = match memory {
            Err(words) if self.memory.is_some() => return Err(headless(words)),
            memory => memory.unwrap_or(0),
        };
        let once = binder.body(&self.once)?;
        let kept = binder.slots.len();
        let answerers = answerers(self, interface, stubs).map_err(headless)?;
        let line = binder.body(&self.line)?;
        let mut handlers = binder.handlers(&self.handlers, &answerers)?;
        binder.in_finally = true;
        let finally = binder.body(&self.finally)?;
        let names: Vec<_> = binder.slots.into_iter().map(|(name, _)| name).collect();
        let parts: Vec<_> = handlers.iter().map(|handler| (&handler.params[..], &handler.body[..])).collect();
        let own = find_own(&parts, [&once, &line, &finally], &names);
        handlers.iter_mut().zip(own).for_each(|(handler, own)| handler.own = own);
        Ok(Bound {
            name: self.name.clone(),
            encoding: self.encoding,
            memory,
            once,
            line,
            finally,
            exports: binder.exports,
            globals: binder.globals,
            kept,
            names,
            answerers,
            imports: interface.imports.iter().map(|import| import.full_name().into()).collect(),
            handlers,
            fresh: self.fresh,
            exact_stdin: self.exact_stdin,
            answers_stdout: binder.answers_stdout,
            has_host: interface.imported_funcs().next().is_some(),
            statics: StaticMemory::of(interface, memory),
            plausible: None,
        })
    }
}

pub(super) struct Binder<'a> {
    pub(super) interface: &'a Interface,
    pub(super) encoding: Encoding,
    pub(super) wasi: bool,
    pub(super) exports: Vec<String>,
    pub(super) globals: Vec<String>,
    /// What the slots are called; those that no line names have no name.
    pub(super) slots: Vec<(String, StaticType)>,
    /// The steps of the present line that go before what it does.
    pub(super) ahead: Vec<OpKind>,
    /// Whether what is looked up in the guest goes ahead too.
    pub(super) lookups_ahead: bool,
    /// Inside a handler, what its import returns.
    pub(super) results: Option<Vec<Type>>,
    /// The names that handlers set: they may be used before, and are zero until then.
    pub(super) set_by_handlers: Vec<String>,
    pub(super) answers_stdout: bool,
    /// In the section `finally`.
    pub(super) in_finally: bool,
    /// Why there is no memory to reach into, if there is none.
    pub(super) no_memory: Option<String>,
}

impl Handler {
    /// The names that it sets, but for its arguments.
    fn sets(&self) -> impl Iterator<Item = &str> {
        let names = self.body.iter().filter_map(|statement| match &statement.action {
            Action::Let(names, _) => Some(names),
            _ => None,
        });
        names.flatten().filter(|name| !self.params.contains(name)).map(String::as_str)
    }
}

pub(super) type Fit<T> = Result<T, String>;

impl Binder<'_> {
    fn memory(&self, name: Option<&str>) -> Fit<usize> {
        let memories = self.interface.memory_names();
        match name {
            None => memories
                .iter()
                .position(|names| !names.is_empty())
                .ok_or_else(|| "the module exports no memory, so a host cannot pass it bytes".to_owned()),
            Some(name) => memories
                .iter()
                .position(|names| names.contains(&name))
                .ok_or_else(|| format!("the module exports no memory `{name}`")),
        }
    }

    /// The handlers that answer an import of this module, each at its place in the recipe.
    fn handlers(&mut self, handlers: &[Handler], answerers: &[ImportProvider]) -> Result<Vec<BoundHandler>, BindError> {
        let mut bound = Vec::new();
        for (number, handler) in handlers.iter().enumerate() {
            let asked = answerers.iter().position(|answerer| *answerer == ImportProvider::Handler(number));
            bound.push(match asked {
                Some(place) => self.handler(handler, place)?,
                None => BoundHandler::default(),
            });
        }
        Ok(bound)
    }

    /// A handler's arguments are its own; other names that it sets are the recipe's.
    fn handler(&mut self, handler: &Handler, place: usize) -> Result<BoundHandler, BindError> {
        let Extern::Func(signature) = &self.interface.imports[place].what else {
            return Ok(BoundHandler::default());
        };
        let first = self.slots.len();
        let kinds = signature.params.iter().map(|&ty| StaticType::Of(ty));
        self.slots.extend(handler.params.iter().cloned().zip(kinds));
        let params: Vec<_> = (first..self.slots.len()).collect();
        self.results = Some(signature.results.clone());
        let body = self.body(&handler.body)?;
        self.results = None;
        params.iter().for_each(|&slot| self.slots[slot].0.clear());
        Ok(BoundHandler { params, body, own: Vec::new() })
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            0 => f.write_str(&self.words),
            at => write!(f, "line {at}: {}", self.words),
        }
    }
}

impl std::error::Error for BindError {}
