//! How much effort compiling takes: code that is there soon, or code that runs fast.
//!
//! Singlepass compiles eight to ten times as fast as Cranelift, and its code runs half as fast. Cranelift without
//! optimisation is no alternative: it spends most of its time on allocating registers, and gains a quarter at most.
//! Traps other than `unreachable` and memory accesses past the end have no exact place in its code, which is why nobody
//! gets it without asking.
//! Singlepass knows no SIMD, no exceptions and no tail calls: modules with those are compiled with all effort at once.

use wasmer::Engine;
use wasmer::sys::{Cranelift, EngineBuilder, Singlepass};

use super::CodeSize;

/// How much effort compiling takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::guest) enum Effort {
    /// Little: the code is there soon.
    Quick,
    /// All: the code runs fast.
    Full,
}

/// Which code a module runs when it is compiled for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstCode {
    /// For a large module code that is there soon, unless the guest will have much to do.
    Auto,
    /// Code that is there soon.
    Quick,
    /// Code that runs fast.
    #[default]
    Optimized,
}

impl FirstCode {
    /// How much effort compiling a module of this size takes at first.
    pub(super) fn effort(self, size: &CodeSize, has_much_to_do: Option<fn() -> bool>) -> Effort {
        match self {
            FirstCode::Auto if size.is_heavy() && !has_much_to_do.is_some_and(|ask| ask()) => Effort::Quick,
            FirstCode::Auto | FirstCode::Optimized => Effort::Full,
            FirstCode::Quick => Effort::Quick,
        }
    }
}

/// The engine that compiles with this effort, and runs the code.
pub(in crate::guest) fn engine(effort: Effort) -> Engine {
    match effort {
        Effort::Full => EngineBuilder::new(Cranelift::default()),
        Effort::Quick => {
            let mut compiler = Singlepass::default();
            // Cranelift leaves NaNs as they are, too.
            compiler.canonicalize_nans(false);
            EngineBuilder::new(compiler)
        }
    }
    .engine()
    .into()
}
