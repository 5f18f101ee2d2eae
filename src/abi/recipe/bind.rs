//! Binding a recipe to a module: resolves names and checks types once, before anything runs.

use std::sync::Arc;

use super::activation::find_own;
use super::blocks::StaticMemory;
use super::imports::{ImportProvider, answerers};
use super::ops::{Op, OpKind};
use super::plausible::Plausible;
use super::split::Split;
use super::value_format::StaticType;
use super::wasi2::Lowered;
use super::{Action, Encoding, Handler, Recipe, RecipeError};
use crate::guest::{Extern, Interface, Type};

/// A recipe whose names are resolved in one module. Values are in slots, exports in a list.
#[derive(Clone, Debug)]
pub struct Bound {
    /// What the recipe is called.
    pub name: String,
    pub(super) encoding: Encoding,
    /// How lines are split, if they have several texts.
    pub(super) split: Option<Split>,
    pub(super) memory: usize,
    pub(super) once: Vec<Op>,
    pub(super) line: Vec<Op>,
    pub(super) finally: Vec<Op>,
    /// The exports that the recipe calls, by number.
    pub(super) exports: Vec<String>,
    /// The globals that the recipe reads, by number.
    pub(super) globals: Vec<String>,
    /// The number of slots that persist between lines. Those after them are unset when a line begins.
    pub(super) kept: usize,
    /// The names of the slots.
    pub(super) names: Vec<String>,
    /// The provider of each import, by index.
    pub(super) answerers: Vec<ImportProvider>,
    /// The name of each import.
    pub(super) imports: Vec<Arc<str>>,
    pub(super) handlers: Vec<BoundHandler>,
    /// In a component, how the values of a call of each import are passed.
    pub(super) lowered: Vec<Lowered>,
    /// Whether each line gets a fresh instance.
    pub(super) fresh: bool,
    /// Whether standard input is exactly the line's bytes.
    pub(super) exact_stdin: bool,
    /// Whether the guest's standard output is the answer.
    pub(super) answers_stdout: bool,
    /// Whether the guest imports functions, so that a call may enter the host.
    pub(super) has_host: bool,
    /// The memory that the module uses for static data.
    pub(super) statics: StaticMemory,
    /// How to judge results, if the convention was assumed.
    pub(super) plausible: Option<Plausible>,
}

/// A handler whose names are resolved.
#[derive(Clone, Debug, Default)]
pub(super) struct BoundHandler {
    /// The slots for the arguments.
    pub(super) params: Vec<usize>,
    pub(super) body: Vec<Op>,
    /// The slots that belong to one activation.
    pub(super) own: Vec<usize>,
}

impl Bound {
    /// From now on, fail if a result is implausible, and add the assumption to every failure. If `allocated`, the guest
    /// allocated the line's memory, with the line's length.
    pub(in crate::abi) fn assume(
        &mut self,
        assumption: String,
        recipe: &Recipe,
        interface: &Interface,
        allocated: bool,
    ) {
        self.plausible = Some(Plausible::new(assumption, recipe, interface, self.memory, allocated));
    }

    /// Whether each line gets a fresh instance.
    pub fn is_fresh_each_line(&self) -> bool {
        self.fresh
    }
}

impl Recipe {
    /// Resolves the recipe's names in a module. With `stubs`, unresolved imports return zero.
    ///
    /// # Errors
    /// The first line that does not fit the module, with the export's type; or the unresolved imports.
    pub fn bind(&self, interface: &Interface, stubs: bool) -> Result<Bound, RecipeError> {
        self.bind_all(interface, stubs).map_err(|mut errors| errors.swap_remove(0))
    }

    /// The same, but with all errors: at least one.
    ///
    /// # Errors
    /// All lines that do not fit the module, in the order in which they are bound.
    pub fn bind_all(&self, interface: &Interface, stubs: bool) -> Result<Bound, Vec<RecipeError>> {
        let mut binder = Binder {
            interface,
            encoding: self.encoding,
            split: self.split.as_deref().map(|separator| Split::new(separator, self.encoding)),
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
            errors: Vec::new(),
        };
        let memory = binder.memory(self.memory.as_deref());
        binder.no_memory = memory.as_ref().err().filter(|_| self.memory.is_none()).cloned();
        let memory = match memory {
            Err(words) if self.memory.is_some() => {
                binder.errors.push(RecipeError::headless(words));
                0
            }
            memory => memory.unwrap_or(0),
        };
        let once = binder.body(&self.once);
        let kept = binder.slots.len();
        let answerers = answerers(self, interface, stubs).unwrap_or_else(|error| {
            binder.errors.push(error);
            answerers(self, interface, true).unwrap_or_default()
        });
        let line = binder.body(&self.line);
        let mut handlers = binder.handlers(&self.handlers, &answerers);
        binder.in_finally = true;
        let finally = binder.body(&self.finally);
        if !binder.errors.is_empty() {
            return Err(binder.errors);
        }
        let lowered = binder.lowered();
        let split = binder.split.take();
        let names: Vec<_> = binder.slots.into_iter().map(|(name, _)| name).collect();
        let parts: Vec<_> = handlers.iter().map(|handler| (&handler.params[..], &handler.body[..])).collect();
        let own = find_own(&parts, [&once, &line, &finally], &names);
        handlers.iter_mut().zip(own).for_each(|(handler, own)| handler.own = own);
        Ok(Bound {
            name: self.name.clone(),
            encoding: self.encoding,
            split,
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
            lowered,
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
    pub(super) split: Option<Split>,
    pub(super) wasi: bool,
    pub(super) exports: Vec<String>,
    pub(super) globals: Vec<String>,
    /// The names and types of the slots. Temporaries have empty names.
    pub(super) slots: Vec<(String, StaticType)>,
    /// Steps that run before the current line's own.
    pub(super) ahead: Vec<OpKind>,
    /// Whether loads from the guest are hoisted too.
    pub(super) lookups_ahead: bool,
    /// Inside a handler, the result types of its import.
    pub(super) results: Option<Vec<Type>>,
    /// The names that handlers set. They may be used earlier and are zero until set.
    pub(super) set_by_handlers: Vec<String>,
    pub(super) answers_stdout: bool,
    /// Whether the section is `finally`.
    pub(super) in_finally: bool,
    /// Why there is no memory to access, if there is none.
    pub(super) no_memory: Option<String>,
    /// What does not fit.
    pub(super) errors: Vec<RecipeError>,
}

impl Handler {
    /// The names that the handler sets, except its arguments.
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

    /// For each import of a component, how the values of a call are passed.
    fn lowered(&mut self) -> Vec<Lowered> {
        let imports = self.interface.component.iter().flat_map(|component| &component.imports);
        let lowered = imports.map(|import| Lowered {
            memory: import.memory.and_then(|memory| usize::try_from(memory).ok()).unwrap_or(0),
            realloc: import.realloc.as_ref().map(|name| numbered(&mut self.exports, name)),
        });
        lowered.collect()
    }

    /// The handlers for this module's imports, each at its index in the recipe.
    fn handlers(&mut self, handlers: &[Handler], answerers: &[ImportProvider]) -> Vec<BoundHandler> {
        let mut bound = Vec::new();
        for (number, handler) in handlers.iter().enumerate() {
            let asked = answerers.iter().position(|answerer| *answerer == ImportProvider::Handler(number));
            bound.push(match asked {
                Some(place) => self.handler(handler, place),
                None => BoundHandler::default(),
            });
        }
        bound
    }

    /// A handler's arguments are its own; other names that it sets are the recipe's.
    fn handler(&mut self, handler: &Handler, place: usize) -> BoundHandler {
        let Extern::Func(signature) = &self.interface.imports[place].what else {
            return BoundHandler::default();
        };
        let first = self.slots.len();
        let kinds = signature.params.iter().map(|&ty| StaticType::Of(ty));
        self.slots.extend(handler.params.iter().cloned().zip(kinds));
        let params: Vec<_> = (first..self.slots.len()).collect();
        self.results = Some(signature.results.clone());
        let body = self.body(&handler.body);
        self.results = None;
        params.iter().for_each(|&slot| self.slots[slot].0.clear());
        BoundHandler { params, body, own: Vec::new() }
    }
}

/// The index of a name in a list; appends it if it is new.
pub(super) fn numbered(list: &mut Vec<String>, name: &str) -> usize {
    list.iter().position(|known| known == name).unwrap_or_else(|| {
        list.push(name.to_owned());
        list.len() - 1
    })
}
