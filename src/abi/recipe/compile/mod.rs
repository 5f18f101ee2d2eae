//! A recipe compiled into a driver: a module beside the guest that takes a batch of lines through the recipe in one call.
//!
//! The driver does what [`super::run`] does, as long as all goes well. Where anything does not, or is too rare to be worth
//! its code (a failure's words, memory that grows), it returns the number of the step that it is stuck in, and nothing
//! of that step is done yet: the host goes on from there, in the ordinary way ([`super::batch`]). So there is one place
//! for messages, and what an exchange comes to does not depend on who did it.

mod batchable;
mod call;
mod copy;
pub(super) mod layout;
mod step;
mod transfer;
mod value;

use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalType,
    ImportSection, InstructionSink, MemArg, MemorySection, MemoryType, Module, TypeSection, ValType,
};

use super::Encoding;
use super::ops::{MOST_ARGS, MessageExpr, Op, OpKind};
use super::state::{Plan, ResolvedGlobal};
use crate::guest::{DriverCode, Type};
use batchable::is_apart;
use layout::{MOST_FREED, MOST_SLOTS, PAGES};

/// The memories of a driver, by their indices.
const GUEST: u32 = 0;
const FLAGS: u32 = 1;
const OWN: u32 = 2;

/// The flags: where they are in their memory. See [`crate::guest::DriverCode::HOST`].
const STOP: u32 = 0;
const LEAVE: u32 = 4;
const CALLED: u32 = 8;

/// The locals of the driver's function. The first five are what it is given, see [`DriverCode::RUN`].
mod local {
    pub(super) const LINE: u32 = 0;
    pub(super) const COUNT: u32 = 1;
    pub(super) const AT: u32 = 2;
    pub(super) const SIZE: u32 = 3;
    pub(super) const LONGEST: u32 = 4;
    /// Where the next byte of an answer goes.
    pub(super) const END: u32 = 5;
    /// Where the present line's answer begins.
    pub(super) const ANSWER: u32 = 6;
    /// The length of the line.
    pub(super) const N: u32 = 7;
    /// What the driver returns.
    pub(super) const STUCK: u32 = 8;
    /// Where the next part of what is written goes.
    pub(super) const PLACE: u32 = 9;
    /// An address of the guest's, a number of bytes, and what is to be stored: 64 bits, like all that follow.
    pub(super) const ADDR: u32 = 10;
    pub(super) const LEN: u32 = 11;
    pub(super) const VALUE: u32 = 12;
    /// Arguments, results, numbers to be written.
    pub(super) const TEMPS: u32 = 13;
}

/// A recipe that a driver cannot follow, or that it would be of no use for.
#[derive(Debug)]
pub(super) struct Unfit;

type Fit<T> = Result<T, Unfit>;

/// The most bytes of code for a recipe's steps. So many take a tenth of a second to compile, and the recipes that come
/// along have far fewer.
const MOST_CODE: usize = 32 << 10;

/// Whether a driver can follow a recipe, and is of use: lines and answers pass as they are.
fn fits(plan: &Plan) -> bool {
    let bound = &plan.bound;
    let as_it_is = matches!(bound.encoding, Encoding::Bytes | Encoding::Utf8);
    // What a driver is stuck in on every line is better done without one.
    let often_stuck = |op: &Op| {
        let rare = matches!(
            op.action,
            OpKind::Answer(_) | OpKind::Append(MessageExpr::Words(_)) | OpKind::Say(_) | OpKind::Grow(_)
        );
        op.condition.is_none() && rare
    };
    let settles_late = bound.finally.iter().any(|op| matches!(op.action, OpKind::AnswerLine));
    // It is over then, and each call of its exports is to be told about.
    let is_program = |op: &Op| matches!(&op.action, OpKind::Call(call) if Some(call.export) == plan.program);
    let handlers = bound.handlers.iter().flat_map(|handler| &handler.body);
    let ends = bound.line.iter().chain(&bound.finally).chain(handlers).any(is_program);
    let alone = bound.answerers.iter().all(|answerer| is_apart(*answerer, bound));
    as_it_is
        && alone
        && !ends
        && !bound.fresh
        && !bound.answers_stdout
        && !settles_late
        && !bound.line.iter().any(often_stuck)
}

/// The driver for a recipe, as a module; the steps have the numbers that they have in [`Plan::step`].
///
/// # Errors
/// The recipe needs what a driver does not have.
pub(super) fn compile(plan: &Plan) -> Fit<Vec<u8>> {
    if !fits(plan) || plan.bound.names.len() > MOST_SLOTS as usize || plan.freeing().count() > MOST_FREED as usize {
        return Err(Unfit);
    }
    let mut sections = Sections::default();
    sections.import_guest(plan)?;
    let mut compiler = Compiler::new(plan, sections.helpers());
    compiler.batch()?;
    let Compiler { code, texts, .. } = compiler;
    Ok(sections.finish(&code, &texts))
}

/// Compiles the function that answers a batch.
struct Compiler<'a> {
    plan: &'a Plan,
    helpers: Helpers,
    code: Function,
    /// How many blocks are open.
    depth: u32,
    /// The bytes of the recipe's own that are written.
    texts: Vec<u8>,
    /// The slots that are set for sure at this point of a line.
    certain: Vec<usize>,
    /// The cells of the steps right before this one that took memory back.
    freed: Vec<u32>,
}

/// The functions that the driver has for itself, by their indices.
#[derive(Clone, Copy)]
struct Helpers {
    /// Copies from the driver's memory to the guest's: to, from, how many bytes.
    write: u32,
    /// Copies from the guest's memory to the driver's.
    read: u32,
    /// How many bytes there are before a zero byte: from where, the memory's size; -1 if there is none.
    until_zero: u32,
}

impl<'a> Compiler<'a> {
    fn new(plan: &'a Plan, helpers: Helpers) -> Compiler<'a> {
        let count = u32::try_from(MOST_ARGS).unwrap_or(0);
        let locals = [(5, ValType::I32), (3 + count, ValType::I64)];
        Compiler {
            plan,
            helpers,
            code: Function::new(locals),
            depth: 0,
            texts: Vec::new(),
            certain: Vec::new(),
            freed: Vec::new(),
        }
    }

    fn emit(&mut self) -> InstructionSink<'_> {
        self.code.instructions()
    }
}

/// The module's sections while they are put together.
#[derive(Default)]
struct Sections {
    types: TypeSection,
    imports: ImportSection,
    /// How many functions are imported.
    imported: u32,
}

impl Sections {
    fn import_guest(&mut self, plan: &Plan) -> Fit<()> {
        self.imports.import(DriverCode::HOST, "memory", memory(0, None));
        self.imports.import(DriverCode::HOST, "flags", memory(1, Some(1)));
        for func in &plan.funcs {
            let types = |types: &[Type]| types.iter().map(|&ty| number(ty)).collect::<Fit<Vec<_>>>();
            self.types.ty().function(types(&func.signature.params)?, types(&func.signature.results)?);
            self.imports.import(DriverCode::GUEST, &func.name, EntityType::Function(self.imported));
            self.imported += 1;
        }
        for (name, global) in plan.bound.globals.iter().zip(&plan.globals) {
            if let ResolvedGlobal::Variable(variable) = global {
                let ty = GlobalType { val_type: number(variable.ty)?, mutable: true, shared: false };
                self.imports.import(DriverCode::GUEST, name, EntityType::Global(ty));
            }
        }
        Ok(())
    }

    fn helpers(&self) -> Helpers {
        Helpers { write: self.imported, read: self.imported + 1, until_zero: self.imported + 2 }
    }

    fn finish(mut self, batch: &Function, texts: &[u8]) -> Vec<u8> {
        let (copies, finds, runs) = (self.imported, self.imported + 1, self.imported + 2);
        self.types.ty().function([ValType::I32; 3], []);
        self.types.ty().function([ValType::I64; 2], [ValType::I64]);
        let given = [ValType::I32, ValType::I32, ValType::I32, ValType::I64, ValType::I64];
        self.types.ty().function(given, [ValType::I32]);
        let mut funcs = FunctionSection::new();
        [copies, copies, finds, runs].into_iter().for_each(|ty| {
            funcs.function(ty);
        });
        let mut memories = MemorySection::new();
        memories.memory(memory(PAGES, Some(PAGES)));
        let mut exports = ExportSection::new();
        exports.export(DriverCode::MEMORY, ExportKind::Memory, OWN);
        exports.export(DriverCode::RUN, ExportKind::Func, self.imported + 3);
        let mut code = CodeSection::new();
        code.function(&copy::copy(GUEST, OWN)).function(&copy::copy(OWN, GUEST));
        code.function(&copy::until_zero()).function(batch);
        let mut data = DataSection::new();
        data.active(OWN, &ConstExpr::i32_const(layout::TEXTS.cast_signed()), texts.iter().copied());
        let mut module = Module::new();
        module.section(&self.types).section(&self.imports).section(&funcs).section(&memories).section(&exports);
        module.section(&code).section(&data);
        module.finish()
    }
}

/// A memory of so many pages at the least and at the most.
fn memory(minimum: u64, maximum: Option<u64>) -> MemoryType {
    MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None }
}

/// A number's type.
fn number(ty: Type) -> Fit<ValType> {
    Ok(match ty {
        Type::I32 => ValType::I32,
        Type::I64 => ValType::I64,
        Type::F32 => ValType::F32,
        Type::F64 => ValType::F64,
        _ => return Err(Unfit),
    })
}

/// A place in a memory, `offset` bytes behind an address.
fn place(memory_index: u32, offset: u32) -> MemArg {
    MemArg { offset: u64::from(offset), align: 0, memory_index }
}

/// One of the flags; atomic loads are aligned.
fn flag(offset: u32) -> MemArg {
    MemArg { offset: u64::from(offset), align: 2, memory_index: FLAGS }
}

/// A number of a step or export, of which there are few.
fn narrow(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
