//! The types of a module's functions, globals, tables and memories.

use std::fmt;

use wasmer::FunctionType;
use wasmparser::ValType;

use crate::record::unit;

/// The type of a WebAssembly value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
    /// A vector of 128 bits.
    V128,
    /// A reference to a function.
    FuncRef,
    /// An opaque reference to a host value.
    ExternRef,
    /// Any other reference.
    Other,
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The types of the parameters.
    pub params: Vec<Type>,
    /// The types of the results.
    pub results: Vec<Type>,
}

/// The type of an export or import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extern {
    /// A function.
    Func(Signature),
    /// A linear memory.
    Memory {
        /// Its index in the module. A memory may be exported under several names.
        index: u32,
        /// Initial size in WebAssembly pages.
        pages: u32,
    },
    /// A global variable.
    Global(GlobalType),
    /// A table.
    Table(TableType),
    /// An exception tag.
    Tag,
}

/// The type of a global variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalType {
    /// The type of its value.
    pub value: Type,
    /// Whether it is mutable.
    pub mutable: bool,
}

/// The type of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableType {
    /// The type of its entries.
    pub element: Type,
    /// Initial number of entries.
    pub entries: u64,
    /// Maximum number of entries, if declared.
    pub most: Option<u64>,
}

/// The declared type of a linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryType {
    /// Initial size in WebAssembly pages.
    pub pages: u64,
    /// Maximum size in pages, if declared.
    pub most: Option<u64>,
    /// Whether it is shared between threads.
    pub shared: bool,
    /// Whether its addresses are 64 bits wide.
    pub wide: bool,
}

impl Signature {
    /// Whether this is the type from `params` to `results`.
    pub fn is(&self, params: &[Type], results: &[Type]) -> bool {
        self.params == params && self.results == results
    }
}

impl Type {
    /// Whether its values are numbers, which a host can pass and read.
    pub fn is_number(self) -> bool {
        matches!(self, Type::I32 | Type::I64 | Type::F32 | Type::F64)
    }
}

impl From<&FunctionType> for Signature {
    fn from(ty: &FunctionType) -> Signature {
        let types = |types: &[wasmer::Type]| types.iter().map(|&ty| Type::from(ty)).collect();
        Signature { params: types(ty.params()), results: types(ty.results()) }
    }
}

impl From<wasmer::Type> for Type {
    fn from(ty: wasmer::Type) -> Type {
        match ty {
            wasmer::Type::I32 => Type::I32,
            wasmer::Type::I64 => Type::I64,
            wasmer::Type::F32 => Type::F32,
            wasmer::Type::F64 => Type::F64,
            wasmer::Type::V128 => Type::V128,
            wasmer::Type::FuncRef => Type::FuncRef,
            wasmer::Type::ExternRef => Type::ExternRef,
            _ => Type::Other,
        }
    }
}

impl From<wasmparser::MemoryType> for MemoryType {
    fn from(ty: wasmparser::MemoryType) -> MemoryType {
        MemoryType { pages: ty.initial, most: ty.maximum, shared: ty.shared, wide: ty.memory64 }
    }
}

impl TableType {
    /// The type of a table that is not known.
    pub(crate) const UNKNOWN: TableType = TableType { element: Type::Other, entries: 0, most: None };
}

impl From<wasmparser::TableType> for TableType {
    fn from(ty: wasmparser::TableType) -> TableType {
        TableType { element: ValType::Ref(ty.element_type).into(), entries: ty.initial, most: ty.maximum }
    }
}

impl GlobalType {
    /// The type of a global that is not known.
    pub(super) const UNKNOWN: GlobalType = GlobalType { value: Type::Other, mutable: false };
}

impl From<wasmparser::GlobalType> for GlobalType {
    fn from(ty: wasmparser::GlobalType) -> GlobalType {
        GlobalType { value: ty.content_type.into(), mutable: ty.mutable }
    }
}

impl From<ValType> for Type {
    fn from(ty: ValType) -> Type {
        match ty {
            ValType::I32 => Type::I32,
            ValType::I64 => Type::I64,
            ValType::F32 => Type::F32,
            ValType::F64 => Type::F64,
            ValType::V128 => Type::V128,
            ValType::FUNCREF => Type::FuncRef,
            ValType::EXTERNREF => Type::ExternRef,
            ValType::Ref(_) => Type::Other,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::I32 => "i32",
            Type::I64 => "i64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::V128 => "v128",
            Type::FuncRef => "funcref",
            Type::ExternRef => "externref",
            Type::Other => "reference",
        })
    }
}

impl fmt::Display for MemoryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pages, unit(self.pages, "page"))?;
        match self.most {
            Some(most) => write!(f, ", maximum {most}")?,
            None => f.write_str(", no maximum")?,
        }
        f.write_str(if self.shared { ", shared between threads" } else { "" })?;
        f.write_str(if self.wide { ", 64-bit addresses" } else { "" })
    }
}

impl fmt::Display for TableType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.entries, self.element)?;
        self.most.map_or(Ok(()), |most| write!(f, ", maximum {most}"))
    }
}

impl fmt::Display for GlobalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, if self.mutable { ", mutable" } else { "" })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |types: &[Type]| types.iter().map(Type::to_string).collect::<Vec<_>>().join(", ");
        write!(f, "({}) -> ({})", list(&self.params), list(&self.results))
    }
}

impl fmt::Display for Extern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Extern::Func(signature) => write!(f, "function {signature}"),
            Extern::Memory { pages, .. } => write!(f, "memory of {pages} {}", unit(u64::from(*pages), "page")),
            Extern::Global(ty) => write!(f, "global {ty}"),
            Extern::Table(ty) => write!(f, "table of {ty}"),
            Extern::Tag => f.write_str("tag"),
        }
    }
}
