//! Why a module cannot be loaded.

use thiserror::Error;

use super::TooCostly;
use crate::record::{WASM_PAGE, counted, plain, thousands};

/// Why a module cannot be loaded or instantiated.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file is empty.
    #[error("the file is empty")]
    Empty,
    /// The bytes are neither a WebAssembly binary nor text; with the parser's message and position.
    #[error("not a WebAssembly binary (it does not begin with \\0asm), and not valid WebAssembly text: {0}")]
    Text(String),
    /// The text is not a valid module; with the line and column.
    #[error("not a valid WebAssembly module: {0}")]
    InvalidText(String),
    /// The binary is malformed or invalid.
    #[error("not a valid WebAssembly module: {message} (at offset {offset:#x})")]
    Invalid {
        /// The validator's message.
        message: String,
        /// The byte offset of the error.
        offset: u64,
    },
    /// It is a valid component, but its core modules cannot be linked.
    #[error("this component cannot be run: {}", plain(.0))]
    Component(String),
    /// It is a component, and malformed or invalid.
    #[error("not a valid WebAssembly component: {message} (at offset {offset:#x})")]
    InvalidComponent {
        /// The validator's message.
        message: String,
        /// The byte offset of the error.
        offset: u64,
    },
    /// The module is valid, but uses these features, which the engine does not support.
    #[error("the module uses features that the engine does not support: {}", .0.join(", "))]
    Features(Vec<String>),
    /// The compiler rejects the module, or the instrumentation added to it.
    #[error("the module cannot be compiled: {0}")]
    Compile(String),
    /// The compiler ended without a result.
    #[error("the module cannot be compiled: {0}")]
    Crashed(String),
    /// Compiling the module reached a limit.
    #[error("{0}")]
    TooCostly(Box<TooCostly>),
    /// The user cancelled loading.
    #[error("loading was cancelled")]
    Cancelled,
    /// The module's initial memory exceeds `--max-memory`.
    #[error(
        "the module's memory needs {} ({}) at the start, but the limit is {}; --max-memory {}KiB would be enough",
        counted(.needs * WASM_PAGE, "byte"),
        counted(*.needs, "page"),
        counted(u64::from(*.limit) * WASM_PAGE, "byte"),
        .needs * (WASM_PAGE >> 10)
    )]
    Memory {
        /// The initial size, in WebAssembly pages.
        needs: u64,
        /// The limit, in WebAssembly pages.
        limit: u32,
    },
    /// The module's initial tables exceed the limit.
    #[error(
        "the module's tables need {} entries at the start, but the limit is {}; --max-table {needs} would be enough",
        thousands(*.needs),
        thousands(*.limit)
    )]
    Tables {
        /// The initial number of entries.
        needs: u64,
        /// The limit.
        limit: u64,
    },
    /// An import other than a function cannot be provided.
    #[error("the import {} cannot be provided: {reason}", plain(.import))]
    Import {
        /// The import, as `module.name`.
        import: String,
        /// Why.
        reason: String,
    },
    /// A data or element segment does not fit into its memory or table.
    #[error("a data or element segment does not fit into its memory or table")]
    Segments,
    /// The engine refuses to instantiate the module for another reason; with its message.
    #[error("the module cannot be instantiated: {0}")]
    Instantiate(String),
}
