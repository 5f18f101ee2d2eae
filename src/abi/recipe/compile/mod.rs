//! Compiles a recipe into a driver: a module beside the guest that runs a batch of lines through the recipe in one
//! call.
//!
//! The driver does what [`super::run`] does on the fast path. Anything rare (a failure's message, memory growth) makes
//! it return the number of the step that it is stuck in, before that step has any effect. The host continues from there
//! in the interpreter ([`super::batch`]). So messages are built in one place, and the outcome of an exchange does not
//! depend on which of the two ran it.

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

/// The offsets of the flags in their memory. See [`crate::guest::DriverCode::HOST`].
const STOP: u32 = 0;
const LEAVE: u32 = 4;
const CALLED: u32 = 8;

/// The locals of the driver's function. The first five are its parameters, see [`DriverCode::RUN`].
mod local {
    pub(super) const LINE: u32 = 0;
    pub(super) const COUNT: u32 = 1;
    pub(super) const AT: u32 = 2;
    pub(super) const SIZE: u32 = 3;
    pub(super) const LONGEST: u32 = 4;
    /// The write position of the current answer.
    pub(super) const END: u32 = 5;
    /// The start of the current answer.
    pub(super) const ANSWER: u32 = 6;
    /// The line's length.
    pub(super) const N: u32 = 7;
    /// The driver's return value.
    pub(super) const STUCK: u32 = 8;
    /// The address for the next part of a write.
    pub(super) const PLACE: u32 = 9;
    /// A guest address, a byte count, and a value to store: i64, like all locals after them.
    pub(super) const ADDR: u32 = 10;
    pub(super) const LEN: u32 = 11;
    pub(super) const VALUE: u32 = 12;
    /// Temporaries for arguments, results, and numbers to write.
    pub(super) const TEMPS: u32 = 13;
}

/// The recipe cannot be compiled into a driver, or a driver would not pay off.
#[derive(Debug)]
pub(super) struct Unfit;

type Fit<T> = Result<T, Unfit>;

/// The maximum size of the code for a recipe's steps, in bytes. That much takes a tenth of a second to compile; the
/// built-in recipes are far smaller.
const MOST_CODE: usize = 32 << 10;

/// Whether a driver supports a recipe and pays off. The host encodes and decodes UTF-16, a batch at a time.
fn fits(plan: &Plan) -> bool {
    let bound = &plan.bound;
    let is_encoded = matches!(bound.encoding, Encoding::Bytes | Encoding::Utf8 | Encoding::Utf16);
    // If the driver would get stuck on every line, the interpreter is faster.
    let often_stuck = |op: &Op| {
        let rare = matches!(
            op.action,
            OpKind::Answer(_) | OpKind::Append(MessageExpr::Words(_)) | OpKind::Say(_) | OpKind::Grow(_)
        );
        op.condition.is_none() && rare
    };
    let settles_late = bound.finally.iter().any(|op| matches!(op.action, OpKind::AnswerLine));
    // After a program ends, every call of its exports must be reported.
    let is_program = |op: &Op| matches!(&op.action, OpKind::Call(call) if Some(call.export) == plan.program);
    let handlers = bound.handlers.iter().flat_map(|handler| &handler.body);
    let ends = bound.line.iter().chain(&bound.finally).chain(handlers).any(is_program);
    let alone = bound.answerers.iter().all(|answerer| is_apart(*answerer, bound));
    is_encoded
        && alone
        && !ends
        && !bound.fresh
        && !bound.answers_stdout
        && bound.split.is_none()
        && !settles_late
        && !bound.line.iter().any(often_stuck)
}

/// Generates the driver for a recipe. Steps are numbered as in [`Plan::step`].
///
/// # Errors
/// The recipe needs what a driver does not support.
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
    /// The number of open blocks.
    depth: u32,
    /// The recipe's constant bytes.
    texts: Vec<u8>,
    /// The slots that are definitely set at this point.
    certain: Vec<usize>,
    /// The cells of the immediately preceding steps that freed memory.
    freed: Vec<u32>,
}

/// The indices of the driver's helper functions.
#[derive(Clone, Copy)]
struct Helpers {
    /// Copies from the driver's memory to the guest's: `(to, from, count)`.
    write: u32,
    /// Copies from the guest's memory to the driver's.
    read: u32,
    /// Counts the bytes before a zero byte: `(from, size)`; -1 if there is none.
    until_zero: u32,
    /// Whether UTF-16 text in the driver's memory contains surrogates: `(from, bytes)`.
    surrogates: u32,
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

    fn is_utf16(&self) -> bool {
        self.plan.bound.encoding == Encoding::Utf16
    }

    fn emit(&mut self) -> InstructionSink<'_> {
        self.code.instructions()
    }
}

/// The sections of the module under construction.
#[derive(Default)]
struct Sections {
    types: TypeSection,
    imports: ImportSection,
    /// The number of imported functions.
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
        let [write, read, until_zero, surrogates] = [0, 1, 2, 3].map(|number| self.imported + number);
        Helpers { write, read, until_zero, surrogates }
    }

    fn finish(mut self, batch: &Function, texts: &[u8]) -> Vec<u8> {
        let [copies, finds, tests, runs] = [0, 1, 2, 3].map(|number| self.imported + number);
        self.types.ty().function([ValType::I32; 3], []);
        self.types.ty().function([ValType::I64; 2], [ValType::I64]);
        self.types.ty().function([ValType::I32; 2], [ValType::I32]);
        let given = [ValType::I32, ValType::I32, ValType::I32, ValType::I64, ValType::I64];
        self.types.ty().function(given, [ValType::I32]);
        let mut funcs = FunctionSection::new();
        [copies, copies, finds, tests, runs].into_iter().for_each(|ty| {
            funcs.function(ty);
        });
        let mut memories = MemorySection::new();
        memories.memory(memory(PAGES, Some(PAGES)));
        let mut exports = ExportSection::new();
        exports.export(DriverCode::MEMORY, ExportKind::Memory, OWN);
        exports.export(DriverCode::RUN, ExportKind::Func, self.imported + 4);
        let mut code = CodeSection::new();
        code.function(&copy::copy(GUEST, OWN)).function(&copy::copy(OWN, GUEST));
        code.function(&copy::until_zero()).function(&copy::surrogates()).function(batch);
        let mut data = DataSection::new();
        data.active(OWN, &ConstExpr::i32_const(layout::TEXTS.cast_signed()), texts.iter().copied());
        let mut module = Module::new();
        module.section(&self.types).section(&self.imports).section(&funcs).section(&memories).section(&exports);
        module.section(&code).section(&data);
        module.finish()
    }
}

/// A memory type with a minimum and maximum number of pages.
fn memory(minimum: u64, maximum: Option<u64>) -> MemoryType {
    MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None }
}

/// The value type of a number.
fn number(ty: Type) -> Fit<ValType> {
    Ok(match ty {
        Type::I32 => ValType::I32,
        Type::I64 => ValType::I64,
        Type::F32 => ValType::F32,
        Type::F64 => ValType::F64,
        _ => return Err(Unfit),
    })
}

/// A memory argument with a static offset.
fn place(memory_index: u32, offset: u32) -> MemArg {
    MemArg { offset: u64::from(offset), align: 0, memory_index }
}

/// The memory argument of a flag; atomic loads must be aligned.
fn flag(offset: u32) -> MemArg {
    MemArg { offset: u64::from(offset), align: 2, memory_index: FLAGS }
}

/// Narrows the number of a step or export, which is small.
fn narrow(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
