//! The size of a module's code, by which compiling can be expected to be cheap or not.

use std::fmt;

use wasmparser::{Parser, Payload};

use crate::record::counted;

/// Modules with at most so much weight are compiled where linmem runs: that takes about as long as starting a process.
const SMALL: u64 = 32 << 10;
/// Modules with at least so much weight are worth two compilers: optimised code would take a tenth of a second.
const HEAVY: u64 = 256 << 10;
/// Each local variable adds to the weight as if the body were longer by its share: the compiler may need a value of it
/// for each block.
const LOCALS: u64 = 64;

/// The size of a module's code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeSize {
    /// Number of functions with a body.
    pub functions: u64,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// Bytes of the longest body.
    pub longest: u64,
    /// The index of the function with that body.
    pub longest_func: u32,
    /// The most local variables of one function.
    pub locals: u64,
    /// What decides where it is compiled.
    weight: u64,
}

impl CodeSize {
    /// The size of the code of a module, as far as it is valid.
    pub fn of(binary: &[u8]) -> CodeSize {
        let mut size = CodeSize::default();
        let mut imported = 0;
        for payload in Parser::new(0).parse_all(binary) {
            match payload {
                Ok(Payload::ImportSection(imports)) => {
                    let is_func = |import: &wasmparser::Import<'_>| matches!(import.ty, wasmparser::TypeRef::Func(_));
                    imported = imports.into_imports().filter_map(Result::ok).filter(is_func).count() as u64;
                }
                Ok(Payload::CodeSectionEntry(body)) => {
                    let range = body.range();
                    let locals = body.get_locals_reader().into_iter().flatten().filter_map(Result::ok);
                    let locals = locals.map(|(count, _)| u64::from(count)).sum();
                    size.add(range.end - range.start, locals, imported);
                }
                Ok(_) => (),
                Err(_) => break,
            }
        }
        size
    }

    fn add(&mut self, bytes: u64, locals: u64, imported: u64) {
        if bytes > self.longest {
            self.longest_func = u32::try_from(imported + self.functions).unwrap_or(u32::MAX);
        }
        self.functions += 1;
        self.bytes += bytes;
        self.longest = self.longest.max(bytes);
        self.locals = self.locals.max(locals);
        self.weight = self.weight.saturating_add(bytes.saturating_add(bytes.saturating_mul(locals) / LOCALS));
    }

    /// Whether quick code pays off.
    pub fn is_heavy(&self) -> bool {
        self.weight >= HEAVY
    }

    /// Whether compiling it is cheap in any case.
    pub(super) fn is_small(&self) -> bool {
        self.weight <= SMALL
    }
}

impl fmt::Display for CodeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CodeSize { functions, bytes, longest, longest_func, .. } = *self;
        if functions == 0 {
            return f.write_str("no functions");
        }
        let (functions, bytes) = (counted(functions, "function"), counted(bytes, "byte"));
        write!(
            f,
            "{functions}, {bytes} of code; the longest is function {longest_func} with {}",
            counted(longest, "byte")
        )
    }
}
