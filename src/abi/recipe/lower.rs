//! Lowers a recipe's lines to steps: names become slots and numbers, and nested calls become steps of their own.

use super::bind::{Binder, Fit, numbered};
use super::convert::{compared_as, convert};
use super::ops::{
    Bytes, Call, Interpolation, Len, MOST_ARGS, MessageExpr, Op, OpKind, Piece, Test, Val, Words, Written,
};
use super::parse::{numbered as numbered_word, span};
use super::value_format::{StaticType, ValueFormat};
use super::{Action, Condition, Encoding, Expr, Length, Message, Part, RecipeError, Span, Statement, Width};
use crate::abi::names::{allocates, frees};
use crate::guest::{Extern, Signature, Type};
use crate::record::FocusTarget;

impl Binder<'_> {
    /// The steps of a section. Lines that do not fit the module are left out, and added to the errors.
    pub(super) fn body(&mut self, body: &[Statement]) -> Vec<Op> {
        let (mut ops, mut asked) = (Vec::new(), Vec::new());
        for statement in body {
            let mut line = match self.line(statement) {
                Ok(line) => line,
                Err(words) => {
                    self.misfit(statement, words);
                    continue;
                }
            };
            if let (Action::Let(names, value @ Expr::Call { export, .. }), Some(last)) =
                (&statement.action, line.last_mut())
                && let (OpKind::Call(call), 1) = (&mut last.action, names.len())
            {
                // An allocator returns a different block each time.
                call.repeats = asked.contains(&(names, value)) && !allocates(export);
                asked.push((names, value));
            }
            ops.extend(line);
        }
        ops
    }

    /// Adds an error. The names that the statement would set count as set, so that no other line fails for it.
    fn misfit(&mut self, statement: &Statement, words: String) {
        self.ahead.clear();
        self.errors.push(RecipeError { at: statement.at, words, place: None });
        if let Action::Let(names, _) = &statement.action {
            names.iter().for_each(|name| {
                self.slot(name, StaticType::Literal);
            });
        }
    }

    /// Lowers a line. If nested calls are hoisted, loads that precede them are hoisted too, as the calls may change
    /// memory.
    fn line(&mut self, statement: &Statement) -> Fit<Vec<Op>> {
        let slots = self.slots.clone();
        self.lookups_ahead = false;
        let ops = self.steps(statement)?;
        if ops.len() < 2 {
            return Ok(ops);
        }
        self.slots = slots;
        self.lookups_ahead = true;
        self.steps(statement)
    }

    fn steps(&mut self, statement: &Statement) -> Fit<Vec<Op>> {
        let named = self.slots.len();
        let condition = statement.condition.as_ref().map(|condition| self.test(condition)).transpose()?;
        let before = std::mem::take(&mut self.ahead).into_iter().map(|action| (None, action));
        let last = self.action(&statement.action)?;
        let is_call = matches!(last, Some(OpKind::Call(_)));
        let actions = std::mem::take(&mut self.ahead).into_iter().chain(last).map(|action| (condition.clone(), action));
        let mut ops: Vec<_> = before
            .chain(actions)
            .map(|(condition, action)| {
                let op = Op { at: statement.at, transform: None, needs: Vec::new(), condition, action };
                Op { needs: op.required(), ..op }
            })
            .collect();
        // If one step lacks a value, or an earlier one failed, none of them makes sense.
        let mut needs: Vec<_> = ops.iter().flat_map(|op| op.needs.clone()).filter(|&slot| slot < named).collect();
        for op in &mut ops {
            op.needs.extend(&needs);
            needs.extend(op.action.sets().iter().filter(|&&slot| slot >= named));
        }
        if statement.transform {
            let first = ops.iter_mut().find(|op| !is_call || matches!(op.action, OpKind::Call(_)));
            first
                .into_iter()
                .for_each(|op| op.transform = Some(if is_call { FocusTarget::Call } else { FocusTarget::Any }));
        }
        Ok(ops)
    }

    /// Hoists a step, and returns the slot for its result.
    fn go_ahead(&mut self, kind: StaticType, step: impl FnOnce(usize) -> OpKind) -> Val {
        self.slots.push((String::new(), kind));
        let slot = self.slots.len() - 1;
        self.ahead.push(step(slot));
        Val::Slot(slot)
    }

    /// Checks that the module has a memory.
    fn in_memory(&self) -> Fit<()> {
        self.no_memory.clone().map_or(Ok(()), Err)
    }

    /// Lowers the action of a line, if it has any effect.
    fn action(&mut self, action: &Action) -> Fit<Option<OpKind>> {
        if matches!(action, Action::Write { .. } | Action::Store(..) | Action::Grow(_) | Action::GrowTo(_)) {
            self.in_memory()?;
        }
        Ok(Some(match action {
            Action::Let(names, value) => return self.assignment(names, value),
            Action::Write { parts, at, within } => {
                let at = self.number(at)?;
                let within = within.as_ref().map(|room| self.room(room)).transpose()?;
                OpKind::Write { parts: parts.iter().map(|part| self.part(part)).collect::<Fit<_>>()?, at, within }
            }
            Action::Store(width, at, value) => OpKind::Store(*width, self.number(at)?, self.stored(*width, value)?),
            Action::Read(span) => OpKind::Read(self.span(span)?),
            Action::Append(message) => OpKind::Append(self.message(message)?),
            Action::AnswerLine => OpKind::AnswerLine,
            Action::AnswerStdout if !self.wasi => {
                return Err("`answer stdout` needs `host wasi` in the recipe's header".to_owned());
            }
            Action::AnswerStdout => {
                self.answers_stdout = true;
                OpKind::AnswerStdout
            }
            Action::Answer(words) => OpKind::Answer(self.words(words)?),
            Action::Fail(message) => OpKind::Fail(self.message(message)?),
            Action::Say(message) => OpKind::Say(self.message(message)?),
            Action::Grow(pages) => OpKind::Grow(self.number(pages)?),
            Action::GrowTo(size) => OpKind::GrowTo(self.number(size)?),
            Action::Stop if self.results.is_some() => OpKind::Stop,
            Action::Return(values) if self.results.is_some() => OpKind::Return(self.results(values)?),
            Action::Stop | Action::Return(_) => {
                return Err("this statement is only valid in an `on` section".to_owned());
            }
        }))
    }

    fn results(&mut self, values: &[Expr]) -> Fit<Vec<(Type, Val)>> {
        let types = self.results.clone().unwrap_or_default();
        if types.len() != values.len() {
            let (wanted, given) = (counted(types.len()), counted(values.len()));
            return Err(format!("the import returns {wanted}, but the recipe returns {given}"));
        }
        types.into_iter().zip(values).map(|(ty, value)| Ok((ty, self.argument(ty, value)?))).collect()
    }

    fn assignment(&mut self, names: &[String], value: &Expr) -> Fit<Option<OpKind>> {
        if let Expr::Call { export, args, optional } = value {
            return self.call_into(names, export, args, *optional);
        }
        let (value, kind) = self.value(value)?;
        match names {
            [name] => Ok(Some(OpKind::Set(self.slot(name, kind), value))),
            _ => Err(format!("expected {} values, found one", names.len())),
        }
    }

    /// A call as a statement, or the right side of `=`.
    fn call_into(&mut self, names: &[String], export: &str, args: &[Expr], optional: bool) -> Fit<Option<OpKind>> {
        let Some((signature, mut call)) = self.call(export, args, optional)? else {
            return match names {
                [] => Ok(None),
                [name] => Ok(Some(OpKind::Unset(self.slot(name, StaticType::Perhaps)))),
                _ => Err(self.lacks(export)),
            };
        };
        if names.len() > 1 && names.len() == signature.results.len() || names.len() == 1 && signature.results.len() == 1
        {
            call.into =
                names.iter().zip(signature.results).map(|(name, ty)| self.slot(name, StaticType::Of(ty))).collect();
        } else if !names.is_empty() {
            let wanted = match names {
                [name] => format!("one value, for `{name}`"),
                names => format!("{} values", names.len()),
            };
            return Err(returns(export, &signature, &wanted));
        }
        call.frees = names.is_empty() && frees(export);
        call.guarded = call.frees && self.in_finally;
        Ok(Some(OpKind::Call(call)))
    }

    fn part(&mut self, part: &Part) -> Fit<Written> {
        Ok(match part {
            Part::Line => Written::Line,
            Part::OfLine(number) => Written::Text(self.text_of_line(*number).ok_or_else(|| {
                format!(
                    "`line{number}` is a text of the line: put `split tab` or another separator in the recipe's header"
                )
            })?),
            Part::Byte(byte) => Written::Bytes(vec![*byte]),
            Part::Text(text) => Written::Bytes(text.clone().into_bytes()),
            Part::Number(width, value) => Written::Number(*width, self.stored(*width, value)?),
            Part::Leb(value) => Written::Leb(self.number(value)?),
        })
    }

    /// A limit that is a name may be unset; then nothing is checked.
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

    fn message(&mut self, message: &Message) -> Fit<MessageExpr> {
        Ok(match message {
            Message::Span(span) => MessageExpr::Bytes(self.span(span)?),
            Message::Words(words) => MessageExpr::Words(self.words(words)?),
            Message::Answer => MessageExpr::Answer,
        })
    }

    /// Parses a message with values and bytes in braces.
    fn words(&mut self, words: &str) -> Fit<Words> {
        let mut pieces = Vec::new();
        let mut rest = words;
        while let Some((before, (inner, behind))) =
            rest.split_once('{').and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
        {
            let held = match inner.contains(" at ") {
                true => Interpolation::Bytes(self.span(&span(inner)?)?),
                false => {
                    let (name, form) = inner.split_once(':').unwrap_or((inner, ""));
                    let (value, kind) = self.value(&Expr::Name(name.to_owned()))?;
                    Interpolation::Number(value, ValueFormat::new(kind, form)?)
                }
            };
            pieces.push(Piece { before: before.to_owned(), held });
            rest = behind;
        }
        Ok(Words { pieces, last: rest.to_owned() })
    }

    fn test(&mut self, condition: &Condition) -> Fit<Test> {
        let Condition { left, comparison, right } = condition;
        let (left_value, left_kind) = self.value(left)?;
        let (right_value, right_kind) = self.value(right)?;
        let ty = compared_as(left_kind, right_kind);
        let (left, right) = (convert(left_value, left_kind, ty, left)?, convert(right_value, right_kind, ty, right)?);
        Ok(Test { left, comparison: *comparison, right, ty })
    }

    /// An integer that is definitely set.
    fn number(&mut self, expr: &Expr) -> Fit<Val> {
        let (value, kind) = self.value(expr)?;
        convert(value, kind, Type::I64, expr)
    }

    fn value(&mut self, expr: &Expr) -> Fit<(Val, StaticType)> {
        let wide = |value| (value, StaticType::Of(Type::I64));
        Ok(match expr {
            Expr::Number(n) => {
                let kind = if fits(*n, 32) { StaticType::Literal } else { StaticType::Of(Type::I64) };
                (Val::Const(*n), kind)
            }
            Expr::Name(name) if name == "n" => (Val::LineLen, StaticType::Of(Type::I32)),
            Expr::Name(name) if self.text_len(name).is_some() => {
                (self.text_len(name).unwrap_or(Val::LineLen), StaticType::Of(Type::I32))
            }
            Expr::Name(name) if name == "units" => (self.units()?, StaticType::Of(Type::I32)),
            Expr::Name(name) => {
                let slot = self.known(name)?;
                (Val::Slot(slot), self.slots[slot].1)
            }
            Expr::Call { export, args, optional } => self.call_ahead(export, args, *optional)?,
            Expr::Load(width, at) => {
                self.in_memory()?;
                let kind = StaticType::Of(if *width == Width::U64 { Type::I64 } else { Type::I32 });
                let load = Val::Load(*width, Box::new(self.number(at)?));
                (self.lookup(load, kind), kind)
            }
            Expr::Leb(at) => {
                self.in_memory()?;
                let load = Val::Leb(Box::new(self.number(at)?));
                let kind = StaticType::Of(Type::I64);
                (self.lookup(load, kind), kind)
            }
            Expr::PastLeb(at) => {
                self.in_memory()?;
                let past = Val::PastLeb(Box::new(self.number(at)?));
                let kind = StaticType::Of(Type::I64);
                (self.lookup(past, kind), kind)
            }
            Expr::HighLow(high, low) => wide(Val::HighLow(Box::new(self.number(high)?), Box::new(self.number(low)?))),
            Expr::Low(inner) => (self.number(inner)?.low(), StaticType::Of(Type::I32)),
            Expr::High(inner) => (self.number(inner)?.high(), StaticType::Of(Type::I32)),
            // Sums are 64 bits wide, so an address plus a length does not wrap.
            Expr::Sum(a, b) => wide(Val::Sum(Box::new(self.number(a)?), Box::new(self.number(b)?))),
            Expr::Difference(a, b) => wide(Val::Difference(Box::new(self.number(a)?), Box::new(self.number(b)?))),
            Expr::Global(name) => {
                let (global, ty) = self.global(name)?;
                let kind = StaticType::Of(ty);
                (self.lookup(Val::Global(global), kind), kind)
            }
        })
    }

    /// The line's length in UTF-16 code units, known only if the encoding is UTF-16.
    fn units(&self) -> Fit<Val> {
        match self.encoding {
            Encoding::Utf16 => Ok(Val::LineUnits),
            _ => Err(
                "`units` counts the line's UTF-16 code units: put `text utf16` in the recipe's header, or use `n`, \
                      its length in bytes"
                    .to_owned(),
            ),
        }
    }

    /// The length of a text of a split line, `n2`; `None` for any other name.
    fn text_len(&mut self, name: &str) -> Option<Val> {
        self.text_of_line(numbered_word(name, "n")?).map(Val::TextLen)
    }

    /// Notes that the line needs so many texts. `None` if it is not split.
    fn text_of_line(&mut self, number: usize) -> Option<usize> {
        let split = self.split.as_mut()?;
        split.texts = split.texts.max(number);
        Some(number)
    }

    /// A number to store in that width. A literal must fit.
    fn stored(&mut self, width: Width, value: &Expr) -> Fit<Val> {
        match value {
            Expr::Number(n) if !fits(*n, 8 * width.bytes()) => Err(format!("{n} does not fit in a {}", width.word())),
            value => {
                let (lowered, kind) = self.value(value)?;
                match kind {
                    // Its value and its bits are different numbers.
                    StaticType::Of(given @ (Type::F32 | Type::F64)) => {
                        Err(format!("`{value}` is {given}, expected an integer"))
                    }
                    kind => convert(lowered, kind, Type::I64, value),
                }
            }
        }
    }

    /// A load that a later call may invalidate.
    fn lookup(&mut self, value: Val, kind: StaticType) -> Val {
        if self.lookups_ahead { self.go_ahead(kind, |slot| OpKind::Set(slot, value)) } else { value }
    }

    /// A call nested in another value.
    fn call_ahead(&mut self, export: &str, args: &[Expr], optional: bool) -> Fit<(Val, StaticType)> {
        let Some((signature, call)) = self.call(export, args, optional)? else {
            return Ok((Val::Const(0), StaticType::Perhaps));
        };
        let [ty] = signature.results[..] else { return Err(returns(export, &signature, "one value here")) };
        let kind = StaticType::Of(ty);
        Ok((self.go_ahead(kind, |slot| OpKind::Call(Call { into: vec![slot], ..call })), kind))
    }

    /// A call of an export, with its type. `None` if the export is missing and optional.
    fn call(&mut self, export: &str, args: &[Expr], optional: bool) -> Fit<Option<(Signature, Call)>> {
        let signature = match self.signature(export) {
            Some(signature) => signature.clone(),
            None if optional => return Ok(None),
            None => return Err(self.lacks(export)),
        };
        if signature.params.len() != args.len() {
            let count = signature.params.len();
            let unit = if count == 1 { "argument" } else { "arguments" };
            return Err(format!(
                "`{export}` is {signature}: it takes {count} {unit}, but the recipe passes {}",
                args.len()
            ));
        }
        if args.len() > MOST_ARGS || signature.results.len() > 4 {
            return Err(format!(
                "`{export}` is {signature}: a recipe can pass at most {MOST_ARGS} arguments and take at most 4 results"
            ));
        }
        let args = signature.params.iter().zip(args).map(|(&ty, arg)| Ok((ty, self.argument(ty, arg)?)));
        let args = args.collect::<Fit<Vec<_>>>()?;
        let export = numbered(&mut self.exports, export);
        Ok(Some((signature, Call { export, args, into: Vec::new(), frees: false, repeats: false, guarded: false })))
    }

    /// Lowers an argument of that type; for a reference, 0 is null.
    fn argument(&mut self, ty: Type, value: &Expr) -> Fit<Val> {
        match (ty, value) {
            (ty, Expr::Number(0)) if !ty.is_number() => Ok(Val::Const(0)),
            (Type::I32, Expr::Number(n)) if !fits(*n, 32) => Err(format!("{n} does not fit in an i32")),
            (ty, _) if !ty.is_number() => Err(format!("the only value of type {ty} in a recipe is 0, which is null")),
            (ty, expr) => {
                let (value, kind) = self.value(expr)?;
                convert(value, kind, ty, expr)
            }
        }
    }

    fn signature(&self, export: &str) -> Option<&Signature> {
        self.interface.funcs().find(|(name, _)| *name == export).map(|(_, signature)| signature)
    }

    fn lacks(&self, export: &str) -> String {
        self.interface.lacks(export)
    }

    /// The number and type of an exported global.
    fn global(&mut self, name: &str) -> Fit<(usize, Type)> {
        match self.interface.exports.iter().find(|export| export.name == name).map(|export| &export.what) {
            Some(Extern::Global(ty)) => Ok((numbered(&mut self.globals, name), ty.value)),
            Some(other) => Err(format!("`{name}` is a {other}, not a global")),
            None => Err(format!("the module exports no global `{name}`")),
        }
    }

    /// The slot of a name that was set, or that a handler sets.
    fn known(&mut self, name: &str) -> Fit<usize> {
        // Temporaries have empty names.
        match self.slots.iter().rposition(|(slot, _)| slot == name && !name.is_empty()) {
            Some(slot) => Ok(slot),
            None if self.set_by_handlers.iter().any(|set| set == name) => Ok(self.slot(name, StaticType::Literal)),
            None => Err(unknown(name)),
        }
    }

    fn slot(&mut self, name: &str, kind: StaticType) -> usize {
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

/// Whether a number fits in that many bits, signed or unsigned.
fn fits(n: i64, bits: usize) -> bool {
    bits >= 64 || (-(1 << (bits - 1))..1 << bits).contains(&n)
}

fn unknown(name: &str) -> String {
    format!("`{name}` is not set by any line before this one")
}

/// The error for a call whose results differ from those expected.
fn returns(export: &str, signature: &Signature, wanted: &str) -> String {
    let count = counted(signature.results.len());
    format!("`{export}` is {signature}: it returns {count}, but the recipe expects {wanted}")
}

/// A count of values, as text.
fn counted(values: usize) -> String {
    match values {
        0 => "nothing".to_owned(),
        1 => "one value".to_owned(),
        count => format!("{count} values"),
    }
}
