//! Components: opens one, and links its core modules into a single core module.
//!
//! The engine runs core modules. A component says how its core modules are instantiated and connected, which of their
//! functions it exports and how texts are passed to them. All of that is known before anything runs, so that the
//! modules can be joined: their index spaces are put one after another, and an import of one that another exports
//! becomes an index. What remains to import are the functions that the component imports, in the form in which its core
//! modules call them. The rest of linmem then sees one module. Its section [`LINKED`](super::custom::LINKED) has what the component's types
//! say: see [`Component`].

mod graph;
mod instances;
mod layout;
mod merge;
mod names;
mod summary;
mod types;

use std::fmt;

use serde::{Deserialize, Serialize};
use wasmparser::{Validator, WasmFeatures};

use super::LoadError;
/// A component begins like a module, with another version and layer.
const MAGIC: &[u8] = b"\0asm\x0d\0\x01\0";

/// What a component says about the module that it was linked into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Its core modules, in the order in which they are instantiated.
    pub modules: Vec<CoreModule>,
    /// The functions that it exports.
    pub exports: Vec<LiftedFunction>,
    /// The functions that it imports and that its core modules call.
    pub imports: Vec<LoweredFunction>,
}

/// A core module that was linked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreModule {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// How many functions it has.
    pub functions: u32,
    /// How many of its imports other core modules provide.
    pub linked: u32,
}

/// A function that a component exports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiftedFunction {
    /// The export of the linked module: the function's name, after that of its interface and `#` if it is in one.
    pub export: String,
    /// The names and types of its parameters.
    pub params: Vec<(String, ComponentType)>,
    /// The type of its result.
    pub result: Option<ComponentType>,
    /// Whether it is asynchronous.
    pub is_async: bool,
    /// The encoding of its strings.
    pub encoding: StringEncoding,
    /// The exported memory in which texts are passed.
    pub memory: Option<String>,
    /// The export that allocates memory for parameters.
    pub realloc: Option<String>,
    /// The export to call once the result was read.
    pub post_return: Option<String>,
}

/// A function that a component imports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoweredFunction {
    /// The module of the import: the interface's name.
    pub module: String,
    /// The name of the import.
    pub name: String,
    /// The index of the memory in which texts are passed.
    pub memory: Option<u32>,
    /// The export that allocates memory for results.
    pub realloc: Option<String>,
}

/// How strings are encoded in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StringEncoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-16.
    Utf16,
    /// Latin-1 or UTF-16, as the topmost bit of the length says.
    Compact,
}

/// A type of the component model, as far as it matters for passing texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ComponentType {
    /// `string`
    String,
    /// `list<u8>`
    Bytes,
    /// `option<T>`
    Option(Box<ComponentType>),
    /// `result<T, E>`
    Result(Option<Box<ComponentType>>, Option<Box<ComponentType>>),
    /// Any other type.
    Other {
        /// As WIT writes it, or what kind of type it is.
        words: String,
        /// Its alignment in memory, in bytes.
        alignment: u32,
    },
}

impl Component {
    /// Reads the description in a linked module.
    pub(super) fn read(section: &[u8]) -> Option<Component> {
        serde_json::from_slice(section).ok()
    }
}

impl ComponentType {
    /// Its alignment in memory, in bytes.
    pub fn alignment(&self) -> u32 {
        let of = |ty: &Option<Box<ComponentType>>| ty.as_ref().map_or(1, |ty| ty.alignment());
        match self {
            ComponentType::String | ComponentType::Bytes => 4,
            ComponentType::Option(inner) => inner.alignment(),
            ComponentType::Result(ok, err) => of(ok).max(of(err)),
            ComponentType::Other { alignment, .. } => *alignment,
        }
    }
}

/// As WIT writes it.
impl fmt::Display for ComponentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ComponentType::String => f.write_str("string"),
            ComponentType::Bytes => f.write_str("list<u8>"),
            ComponentType::Option(inner) => write!(f, "option<{inner}>"),
            ComponentType::Result(None, None) => f.write_str("result"),
            ComponentType::Result(Some(ok), None) => write!(f, "result<{ok}>"),
            ComponentType::Result(None, Some(err)) => write!(f, "result<_, {err}>"),
            ComponentType::Result(Some(ok), Some(err)) => write!(f, "result<{ok}, {err}>"),
            ComponentType::Other { words, .. } => f.write_str(words),
        }
    }
}

/// The type as WIT writes it: `func(line: string) -> string`.
impl fmt::Display for LiftedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<_> = self.params.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
        write!(f, "{}func({})", if self.is_async { "async " } else { "" }, params.join(", "))?;
        self.result.as_ref().map_or(Ok(()), |result| write!(f, " -> {result}"))
    }
}

/// Whether a binary is a component.
pub(super) fn is_component(binary: &[u8]) -> bool {
    binary.starts_with(MAGIC)
}

/// Why a valid component cannot be linked.
type Fit<T> = Result<T, String>;

/// Links the core modules of a component into one.
///
/// # Errors
/// It is not valid, or needs what linmem does not support.
pub(super) fn link(binary: &[u8]) -> Result<Vec<u8>, LoadError> {
    let validated = Validator::new_with_features(WasmFeatures::all()).validate_all(binary);
    let types = validated
        .map_err(|error| LoadError::InvalidComponent { message: error.message().to_owned(), offset: error.offset() })?;
    let graph = graph::Graph::of(binary).map_err(LoadError::Component)?;
    let types = types.as_ref();
    merge::merge(binary, &graph, types).map_err(LoadError::Component)
}

#[cfg(test)]
mod tests;
