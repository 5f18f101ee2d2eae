//! What a function's code compares its parameters with: constants that a caller may pass.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::Range;

use wasmparser::{BinaryReader, CompositeInnerType, ExternalKind, FunctionBody, Operator, Parser, Payload, TypeRef};

/// How many functions are read, from an export on, and how many instructions of each.
const FUNCTIONS: usize = 24;
const INSTRUCTIONS: usize = 20_000;
/// How many values of a function's stack are followed, and how many parameters and results of a call.
const DEEPEST: usize = 256;
const PARAMS: usize = 32;
/// The length of the longest word of the data that may be a name.
const WORD: usize = 64;
/// How many targets of a jump table count.
const TARGETS: u32 = 32;
/// The largest constant that counts.
const LARGEST: u64 = 1 << 20;

/// A module's code, as far as it is needed here.
#[derive(Debug, Default)]
pub(super) struct Code {
    binary: Vec<u8>,
    /// What was found before, by export and parameter.
    compared: RefCell<HashMap<(String, usize), Vec<i64>>>,
    exports: HashMap<String, u32>,
    /// How many functions are imported.
    imported: u32,
    /// The number of parameters and results of each function.
    arity: Vec<(usize, usize)>,
    bodies: Vec<Range<u64>>,
}

/// A value on the stack, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// A parameter of the export, with something added to it.
    Param(usize, i64),
    Constant(i64),
    Other,
}

impl Code {
    /// Reads a module. What is not understood is left out.
    pub(super) fn read(binary: &[u8]) -> Code {
        let mut code = Code { binary: binary.to_vec(), ..Code::default() };
        let mut types = Vec::new();
        for payload in Parser::new(0).parse_all(binary) {
            let Ok(payload) = payload else { break };
            if code.note(payload, &mut types).is_none() {
                break;
            }
        }
        code
    }

    fn note(&mut self, payload: Payload<'_>, types: &mut Vec<(usize, usize)>) -> Option<()> {
        let arity = |types: &[(usize, usize)], ty: u32| types.get(ty as usize).copied().unwrap_or_default();
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    types.extend(group.ok()?.types().map(|ty| match &ty.composite_type.inner {
                        CompositeInnerType::Func(ty) => (ty.params().len(), ty.results().len()),
                        _ => (0, 0),
                    }));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import.ok()?.ty {
                        self.imported += 1;
                        self.arity.push(arity(types, ty));
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.arity.push(arity(types, ty.ok()?));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    if export.kind == ExternalKind::Func {
                        self.exports.insert(export.name.to_owned(), export.index);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body.range()),
            _ => (),
        }
        Some(())
    }

    /// Words in the module's data that may be names, each once.
    pub(super) fn words(&self, most: usize) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(byte);
        for payload in Parser::new(0).parse_all(&self.binary) {
            let Ok(Payload::DataSection(section)) = payload else { continue };
            for data in section.into_iter().map_while(Result::ok).map(|segment| segment.data) {
                // In UTF-16, each of these characters has a zero byte after it.
                let narrow: Vec<u8> = data.iter().copied().filter(|byte| *byte != 0).collect();
                for text in [data, &narrow] {
                    let runs = text.split(|byte| !is_name(byte)).filter(|run| (1..=WORD).contains(&run.len()));
                    words.extend(runs.filter_map(|run| std::str::from_utf8(run).ok()).map(str::to_owned));
                }
            }
        }
        let mut seen = HashSet::new();
        words.retain(|word| seen.insert(word.clone()));
        words.truncate(most);
        words
    }

    /// The constants that this export's code compares one of its parameters with, in order of size.
    pub(super) fn compared(&self, export: &str, param: usize) -> Vec<i64> {
        let key = (export.to_owned(), param);
        if let Some(known) = self.compared.borrow().get(&key) {
            return known.clone();
        }
        let found = self.find_compared(export, param);
        self.compared.borrow_mut().insert(key, found.clone());
        found
    }

    fn find_compared(&self, export: &str, param: usize) -> Vec<i64> {
        let mut found = BTreeSet::new();
        let Some(&func) = self.exports.get(export) else { return Vec::new() };
        let mut waiting =
            VecDeque::from([(func, (0..self.arity(func).0).map(|place| Known::Param(place, 0)).collect())]);
        let mut visited = HashSet::new();
        while let Some((func, args)) = waiting.pop_front() {
            if visited.len() < FUNCTIONS && visited.insert(func) {
                let _ = self.walk(func, args, param, &mut found, &mut waiting);
            }
        }
        found.into_iter().filter(|number: &i64| number.unsigned_abs() <= LARGEST).collect()
    }

    fn arity(&self, func: u32) -> (usize, usize) {
        self.arity.get(func as usize).copied().unwrap_or_default()
    }

    /// Follows a function's instructions in a straight line; what is not known for sure is forgotten.
    fn walk(
        &self,
        func: u32,
        args: Vec<Known>,
        param: usize,
        found: &mut BTreeSet<i64>,
        waiting: &mut VecDeque<(u32, Vec<Known>)>,
    ) -> Option<()> {
        let range = self.bodies.get(func.checked_sub(self.imported)? as usize)?.clone();
        let bytes = self.binary.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)?;
        let body = FunctionBody::new(BinaryReader::new(bytes, range.start));
        let mut locals: HashMap<u32, Known> = (0u32..).zip(args).collect();
        let mut stack: Vec<Known> = Vec::new();
        for operator in body.get_operators_reader().ok()?.into_iter().take(INSTRUCTIONS) {
            if stack.len() > DEEPEST {
                stack.clear();
            }
            match operator.ok()? {
                Operator::LocalGet { local_index } => {
                    stack.push(locals.get(&local_index).copied().unwrap_or(Known::Other));
                }
                Operator::LocalSet { local_index } => {
                    let value = stack.pop().unwrap_or(Known::Other);
                    // A parameter keeps its meaning: where it is changed, another path may not be.
                    locals.entry(local_index).or_insert(value);
                }
                Operator::LocalTee { local_index } => {
                    let value = stack.last().copied().unwrap_or(Known::Other);
                    locals.entry(local_index).or_insert(value);
                }
                Operator::I32Const { value } => stack.push(Known::Constant(i64::from(value))),
                Operator::I64Const { value } => stack.push(Known::Constant(value)),
                Operator::I32Add | Operator::I64Add => add(&mut stack, 1),
                Operator::I32Sub | Operator::I64Sub => add(&mut stack, -1),
                Operator::I32WrapI64 | Operator::I64ExtendI32U | Operator::I64ExtendI32S | Operator::I32Extend8S => (),
                Operator::I32Eqz | Operator::I64Eqz => {
                    if let Some(Known::Param(place, added)) = stack.pop() {
                        note(place, param, added.wrapping_neg(), found);
                    }
                    stack.push(Known::Other);
                }
                Operator::BrTable { targets } => {
                    if let Some(Known::Param(place, added)) = stack.pop() {
                        (0..targets.len().min(TARGETS))
                            .for_each(|n| note(place, param, i64::from(n).wrapping_sub(added), found));
                    }
                    stack.clear();
                }
                Operator::Call { function_index } => {
                    let (params, results) = self.arity(function_index);
                    let args: Vec<_> = stack.split_off(stack.len().saturating_sub(params));
                    let is_followed = params <= PARAMS && waiting.len() < FUNCTIONS;
                    if is_followed && args.len() == params && args.iter().any(|arg| matches!(arg, Known::Param(..))) {
                        waiting.push_back((function_index, args));
                    }
                    stack.extend(std::iter::repeat_n(Known::Other, results.min(PARAMS)));
                }
                operator if is_comparison(&operator) => compare(&mut stack, param, found),
                Operator::I32And | Operator::I64And => {
                    compare(&mut stack, param, found);
                }
                _ => stack.clear(),
            }
        }
        Some(())
    }
}

fn is_comparison(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::I32Eq
            | Operator::I32Ne
            | Operator::I32LtS
            | Operator::I32LtU
            | Operator::I32GtS
            | Operator::I32GtU
            | Operator::I32LeS
            | Operator::I32LeU
            | Operator::I32GeS
            | Operator::I32GeU
            | Operator::I64Eq
            | Operator::I64Ne
            | Operator::I64LtS
            | Operator::I64LtU
            | Operator::I64GtS
            | Operator::I64GtU
    )
}

/// Adds or subtracts the two values on top.
fn add(stack: &mut Vec<Known>, sign: i64) {
    let (right, left) = (stack.pop(), stack.pop());
    stack.push(match (left, right) {
        (Some(Known::Param(place, added)), Some(Known::Constant(number))) => {
            Known::Param(place, added.wrapping_add(number.wrapping_mul(sign)))
        }
        (Some(Known::Constant(number)), Some(Known::Param(place, added))) if sign == 1 => {
            Known::Param(place, added.wrapping_add(number))
        }
        _ => Known::Other,
    });
}

/// Notes a comparison of a parameter with a constant.
fn compare(stack: &mut Vec<Known>, param: usize, found: &mut BTreeSet<i64>) {
    let (right, left) = (stack.pop(), stack.pop());
    if let (Some(Known::Param(place, added)), Some(Known::Constant(number)))
    | (Some(Known::Constant(number)), Some(Known::Param(place, added))) = (left, right)
    {
        note(place, param, number.wrapping_sub(added), found);
        // It is compared as a range that does not begin at zero.
        if added != 0 {
            note(place, param, added.wrapping_neg(), found);
        }
    }
    stack.push(Known::Other);
}

fn note(place: usize, param: usize, number: i64, found: &mut BTreeSet<i64>) {
    if place == param {
        found.insert(number);
    }
}
