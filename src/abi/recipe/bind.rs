//! Binding a recipe to a module: names are resolved and types checked once, before anything runs.

use std::fmt;
use std::sync::Arc;

use super::imports::{Answerer, answerers};
use super::ops::{Bytes, Do, Kind, Len, MOST_ARGS, Op, Saying, Test, Val, Written};
use super::parse::span;
use super::words::{Form, Held, Piece, Words};
use super::{Action, Condition, Encoding, Expr, Handler, Length, Message, Part, Recipe, Span, Statement, Width};
use crate::abi::detect::frees;
use crate::guest::{Extern, Interface, Signature, Type};
use crate::record::Wanted;

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
    pub(super) answerers: Vec<Answerer>,
    /// What each import is called.
    pub(super) imports: Vec<Arc<str>>,
    pub(super) handlers: Vec<Answering>,
    /// Whether each line has a fresh instance for itself.
    pub(super) fresh: bool,
    /// Whether the answer is what the guest writes to its standard output.
    pub(super) answers_stdout: bool,
    /// Whether the guest imports functions, so that the host may have something to do meanwhile.
    pub(super) has_host: bool,
}

/// A handler whose names are resolved.
#[derive(Clone, Debug)]
pub(super) struct Answering {
    /// The slots for the arguments.
    pub(super) params: Vec<usize>,
    pub(super) body: Vec<Op>,
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
            results: None,
            set_by_handlers: self.handlers.iter().flat_map(Handler::sets).map(str::to_owned).collect(),
            answers_stdout: false,
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
        let handlers = binder.handlers(&self.handlers, &answerers)?;
        let finally = binder.body(&self.finally)?;
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
            names: binder.slots.into_iter().map(|(name, _)| name).collect(),
            answerers,
            imports: interface.imports.iter().map(|import| import.full_name().into()).collect(),
            handlers,
            fresh: self.fresh,
            answers_stdout: binder.answers_stdout,
            has_host: interface.imported_funcs().next().is_some(),
        })
    }
}

struct Binder<'a> {
    interface: &'a Interface,
    encoding: Encoding,
    wasi: bool,
    exports: Vec<String>,
    globals: Vec<String>,
    slots: Vec<(String, Kind)>,
    /// Inside a handler, what its import returns.
    results: Option<Vec<Type>>,
    /// The names that handlers set: they may be used before, and are zero until then.
    set_by_handlers: Vec<String>,
    answers_stdout: bool,
    /// Why there is no memory to reach into, if there is none.
    no_memory: Option<String>,
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

type Fit<T> = Result<T, String>;

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
    fn handlers(&mut self, handlers: &[Handler], answerers: &[Answerer]) -> Result<Vec<Answering>, BindError> {
        let mut bound = Vec::new();
        for (number, handler) in handlers.iter().enumerate() {
            let asked = answerers.iter().position(|answerer| *answerer == Answerer::Handler(number));
            bound.push(match asked {
                Some(place) => self.handler(handler, place)?,
                None => Answering { params: Vec::new(), body: Vec::new() },
            });
        }
        Ok(bound)
    }

    /// A handler's arguments are its own; other names that it sets are the recipe's.
    fn handler(&mut self, handler: &Handler, place: usize) -> Result<Answering, BindError> {
        let Extern::Func(signature) = &self.interface.imports[place].what else {
            return Ok(Answering { params: Vec::new(), body: Vec::new() });
        };
        let first = self.slots.len();
        let kinds = signature.params.iter().map(|&ty| Kind::Of(ty));
        self.slots.extend(handler.params.iter().cloned().zip(kinds));
        let params: Vec<_> = (first..self.slots.len()).collect();
        self.results = Some(signature.results.clone());
        let body = self.body(&handler.body)?;
        self.results = None;
        params.iter().for_each(|&slot| self.slots[slot].0.clear());
        Ok(Answering { params, body })
    }

    fn body(&mut self, body: &[Statement]) -> Result<Vec<Op>, BindError> {
        let op = |statement: &Statement| self.op(statement).map_err(|words| BindError { at: statement.at, words });
        body.iter().map(op).collect()
    }

    fn op(&mut self, statement: &Statement) -> Fit<Op> {
        let condition = statement.condition.as_ref().map(|condition| self.test(condition)).transpose()?;
        let action = self.action(&statement.action)?;
        let calls = matches!(&action, Do::Let(_, Val::Call(..)));
        let transform = statement.transform.then_some(if calls { Wanted::Call } else { Wanted::Any });
        let frees = match &action {
            Do::Let(names, Val::Call(number, _)) => names.is_empty() && frees(&self.exports[*number]),
            _ => false,
        };
        let needs = Op::needs(condition.as_ref(), &action);
        Ok(Op { at: statement.at, transform, frees, needs, condition, action })
    }

    /// A line that reaches into memory fits where there is one.
    fn in_memory(&self) -> Fit<()> {
        self.no_memory.clone().map_or(Ok(()), Err)
    }

    fn action(&mut self, action: &Action) -> Fit<Do> {
        if matches!(action, Action::Write { .. } | Action::Store(..) | Action::Grow(_) | Action::GrowTo(_)) {
            self.in_memory()?;
        }
        Ok(match action {
            Action::Let(names, value) => self.assignment(names, value)?,
            Action::Write { parts, at, within } => Do::Write {
                parts: parts.iter().map(|part| self.part(part)).collect::<Fit<_>>()?,
                at: self.number(at)?,
                within: within.as_ref().map(|room| self.room(room)).transpose()?,
            },
            Action::Store(width, at, value) => Do::Store(*width, self.number(at)?, self.number(value)?),
            Action::Read(span) => Do::Read(self.span(span)?),
            Action::Append(message) => Do::Append(self.message(message)?),
            Action::AnswerLine => Do::AnswerLine,
            Action::AnswerStdout if !self.wasi => {
                return Err("a guest has a standard output where the recipe's head says `host wasi`".to_owned());
            }
            Action::AnswerStdout => {
                self.answers_stdout = true;
                Do::AnswerStdout
            }
            Action::Answer(words) => Do::Answer(self.words(words)?),
            Action::Fail(message) => Do::Fail(self.message(message)?),
            Action::Say(message) => Do::Say(self.message(message)?),
            Action::Grow(pages) => Do::Grow(self.number(pages)?),
            Action::GrowTo(size) => Do::GrowTo(self.number(size)?),
            Action::Stop if self.results.is_some() => Do::Stop,
            Action::Return(values) if self.results.is_some() => Do::Return(self.results(values)?),
            Action::Stop | Action::Return(_) => {
                return Err("this is only for a host function, below `on`".to_owned());
            }
        })
    }

    fn results(&mut self, values: &[Expr]) -> Fit<Vec<(Type, Val)>> {
        let types = self.results.clone().unwrap_or_default();
        if types.len() != values.len() {
            return Err(format!("the import returns {} values, and here are {}", types.len(), values.len()));
        }
        types.into_iter().zip(values).map(|(ty, value)| Ok((ty, self.argument(ty, value)?))).collect()
    }

    fn assignment(&mut self, names: &[String], value: &Expr) -> Fit<Do> {
        let (value, kind) = self.value(value)?;
        match (names, kind) {
            ([], _) => Ok(Do::Let(Vec::new(), value)),
            ([name], Kind::Results(_)) => Err(self.returns(&value, &format!("one value, for `{name}`"))),
            ([name], kind) => Ok(Do::Let(vec![self.slot(name, kind)], value)),
            (names, Kind::Results(count)) if count == names.len() => {
                let Val::Call(number, ..) = &value else { return Err("only a call returns several values".to_owned()) };
                let results = self.signature(&self.exports[*number].clone())?.results.clone();
                let slots = names.iter().zip(results).map(|(name, ty)| self.slot(name, Kind::Of(ty))).collect();
                Ok(Do::Let(slots, value))
            }
            (names, _) => Err(self.returns(&value, &format!("{} values", names.len()))),
        }
    }

    /// That a call does not return what is wanted, with what it does return.
    fn returns(&self, value: &Val, wanted: &str) -> String {
        let name = match value {
            Val::Call(number, ..) => self.exports.get(*number),
            _ => None,
        };
        let Some((name, Ok(ty))) = name.map(|name| (name, self.signature(name))) else {
            return format!("the recipe wants {wanted}, and this is one");
        };
        let count = match ty.results.len() {
            0 => "nothing".to_owned(),
            1 => "one value".to_owned(),
            count => format!("{count} values"),
        };
        format!("`{name}` is {ty}: it returns {count}, and the recipe wants {wanted}")
    }

    fn part(&mut self, part: &Part) -> Fit<Written> {
        Ok(match part {
            Part::Line => Written::Line,
            Part::Byte(byte) => Written::Bytes(vec![*byte]),
            Part::Text(text) => Written::Bytes(text.clone().into_bytes()),
            Part::Number(width, value) => Written::Number(*width, self.number(value)?),
        })
    }

    /// A room that is a name may be unset: then there is no check.
    fn room(&mut self, room: &Expr) -> Fit<Val> {
        match room {
            Expr::Name(name) if !matches!(name.as_str(), "n" | "units") => Ok(Val::Slot(self.known(name)?)),
            room => self.number(room),
        }
    }

    fn span(&mut self, span: &Span) -> Fit<Bytes> {
        self.in_memory()?;
        let len = match &span.len {
            Length::Bytes(len) => Len::Bytes(self.number(len)?),
            Length::UntilZero => Len::UntilZero,
            Length::To(end) => Len::To(self.number(end)?),
        };
        Ok(Bytes { encoding: span.encoding.unwrap_or(self.encoding), len, at: self.number(&span.at)? })
    }

    fn message(&mut self, message: &Message) -> Fit<Saying> {
        Ok(match message {
            Message::Span(span) => Saying::Bytes(self.span(span)?),
            Message::Words(words) => Saying::Words(self.words(words)?),
            Message::Answer => Saying::Answer,
        })
    }

    /// Words with the values, and the bytes in memory, that stand in them in braces.
    fn words(&mut self, words: &str) -> Fit<Words> {
        let mut pieces = Vec::new();
        let mut rest = words;
        while let Some((before, (inner, behind))) =
            rest.split_once('{').and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
        {
            let held = match inner.contains(" at ") {
                true => Held::Bytes(self.span(&span(inner)?)?),
                false => {
                    let (name, form) = inner.split_once(':').unwrap_or((inner, ""));
                    let (value, kind) = self.value(&Expr::Name(name.to_owned()))?;
                    Held::Number(value, Form::new(kind, form)?)
                }
            };
            pieces.push(Piece { before: before.to_owned(), held });
            rest = behind;
        }
        Ok(Words { pieces, last: rest.to_owned() })
    }

    fn test(&mut self, condition: &Condition) -> Fit<Test> {
        let (left, left_kind) = self.value(&condition.left)?;
        let (right, right_kind) = self.value(&condition.right)?;
        for kind in [left_kind, right_kind] {
            if !matches!(kind, Kind::Of(Type::I32 | Type::I64) | Kind::Literal) {
                return Err("a condition compares whole numbers that are set".to_owned());
            }
        }
        let narrow = left_kind != Kind::Of(Type::I64) && right_kind != Kind::Of(Type::I64);
        Ok(Test { left, comparison: condition.comparison, right, narrow })
    }

    /// A whole number that is set for sure.
    fn number(&mut self, expr: &Expr) -> Fit<Val> {
        match self.value(expr)? {
            (value, Kind::Of(Type::I32 | Type::I64) | Kind::Literal) => Ok(value),
            (_, Kind::Perhaps) => Err("this may be unset: the export behind `?` is missing in this module".to_owned()),
            (_, Kind::Of(ty)) => Err(format!("a whole number is needed here, and this is {ty}")),
            (_, Kind::Results(count)) => Err(format!("one value is needed here, and the call returns {count}")),
        }
    }

    fn value(&mut self, expr: &Expr) -> Fit<(Val, Kind)> {
        let wide = |value| (value, Kind::Of(Type::I64));
        Ok(match expr {
            Expr::Number(n) => (Val::Const(*n), Kind::Literal),
            Expr::Name(name) if name == "n" => (Val::LineLen, Kind::Of(Type::I32)),
            Expr::Name(name) if name == "units" => (Val::LineUnits, Kind::Of(Type::I32)),
            Expr::Name(name) => {
                let slot = self.known(name)?;
                (Val::Slot(slot), self.slots[slot].1)
            }
            Expr::Call { export, args, optional } => self.call(export, args, *optional)?,
            Expr::Load(width, at) => {
                self.in_memory()?;
                let ty = if *width == Width::U64 { Type::I64 } else { Type::I32 };
                (Val::Load(*width, Box::new(self.number(at)?)), Kind::Of(ty))
            }
            Expr::Low(inner) => (self.number(inner)?.low(), Kind::Of(Type::I32)),
            Expr::High(inner) => (self.number(inner)?.high(), Kind::Of(Type::I32)),
            // Sums are 64 bits wide: an address and a length do not wrap around.
            Expr::Sum(a, b) => wide(Val::Sum(Box::new(self.number(a)?), Box::new(self.number(b)?))),
            Expr::Difference(a, b) => wide(Val::Difference(Box::new(self.number(a)?), Box::new(self.number(b)?))),
            Expr::Global(name) => (Val::Global(self.global(name)?), Kind::Of(Type::I32)),
        })
    }

    fn call(&mut self, export: &str, args: &[Expr], optional: bool) -> Fit<(Val, Kind)> {
        let signature = match self.signature(export) {
            Ok(signature) => signature.clone(),
            Err(_) if optional => return Ok((Val::Missing, Kind::Perhaps)),
            Err(words) => return Err(words),
        };
        if signature.params.len() != args.len() {
            let count = signature.params.len();
            let unit = if count == 1 { "argument" } else { "arguments" };
            return Err(format!(
                "`{export}` is {signature}: it takes {count} {unit}, and the recipe gives it {}",
                args.len()
            ));
        }
        if args.len() > MOST_ARGS || signature.results.len() > 4 {
            return Err(format!(
                "`{export}` is {signature}: a recipe gives {MOST_ARGS} arguments and takes 4 results at the most"
            ));
        }
        let args = signature.params.iter().zip(args).map(|(&ty, arg)| Ok((ty, self.argument(ty, arg)?)));
        let args = args.collect::<Fit<Vec<_>>>()?;
        let kind = match signature.results[..] {
            [ty] => Kind::Of(ty),
            ref results => Kind::Results(results.len()),
        };
        let number = numbered(&mut self.exports, export);
        Ok((Val::Call(number, args), kind))
    }

    /// A number; for a reference, 0 is null.
    fn argument(&mut self, ty: Type, value: &Expr) -> Fit<Val> {
        match (ty, value) {
            (Type::Other, Expr::Number(0)) => Ok(Val::Const(0)),
            (Type::Other, _) => Err("this is a reference, of which a recipe has only 0, the null".to_owned()),
            (_, value) => self.number(value),
        }
    }

    fn signature(&self, export: &str) -> Fit<&Signature> {
        let found = self.interface.funcs().find(|(name, _)| *name == export);
        found.map(|(_, signature)| signature).ok_or_else(|| self.interface.lacks(export))
    }

    fn global(&mut self, name: &str) -> Fit<usize> {
        let found = self.interface.exports.iter().any(|export| export.name == name && export.what == Extern::Global);
        if !found {
            return Err(format!("the module exports no global `{name}`"));
        }
        Ok(numbered(&mut self.globals, name))
    }

    /// The slot of a name that was set, or that a handler sets.
    fn known(&mut self, name: &str) -> Fit<usize> {
        match self.slots.iter().rposition(|(slot, _)| slot == name) {
            Some(slot) => Ok(slot),
            None if self.set_by_handlers.iter().any(|set| set == name) => Ok(self.slot(name, Kind::Literal)),
            None => Err(unknown(name)),
        }
    }

    fn slot(&mut self, name: &str, kind: Kind) -> usize {
        match self.slots.iter().rposition(|(slot, _)| slot == name) {
            Some(slot) => {
                self.slots[slot].1 = kind;
                slot
            }
            None => {
                self.slots.push((name.to_owned(), kind));
                self.slots.len() - 1
            }
        }
    }
}

/// The place of a name in a list, where it is put if it is new.
fn numbered(list: &mut Vec<String>, name: &str) -> usize {
    list.iter().position(|known| known == name).unwrap_or_else(|| {
        list.push(name.to_owned());
        list.len() - 1
    })
}

fn unknown(name: &str) -> String {
    format!("`{name}` is not set by any line before this one")
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
