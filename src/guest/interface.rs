//! What a module exports and imports, as plain data: all that a convention is chosen by.

use std::fmt;

use wasmer::{ExportIndex, ExternType, FunctionType};

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
    /// Anything else: a vector, a reference.
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

/// What an export or an import is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extern {
    /// A function.
    Func(Signature),
    /// A linear memory.
    Memory {
        /// Its index in the module: a memory may be exported under several names.
        index: u32,
        /// Its size at the start, in WebAssembly pages.
        pages: u32,
    },
    /// A global variable.
    Global,
    /// A table.
    Table,
    /// An exception's tag.
    Tag,
}

/// Something that the module offers to its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name; any text, the empty one included.
    pub name: String,
    /// What it is.
    pub what: Extern,
}

/// Something that the module asks of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The first half of its name.
    pub module: String,
    /// The second half of its name.
    pub name: String,
    /// What it is.
    pub what: Extern,
}

/// A module seen from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// The exports in the module's order.
    pub exports: Vec<Export>,
    /// The imports in the module's order.
    pub imports: Vec<Import>,
}

impl Interface {
    /// The interface of a module, without the exports of a name that was `added` by us.
    pub(super) fn of(module: &wasmer::Module, added: impl Fn(&str) -> bool) -> Interface {
        let exports = module
            .exports()
            .filter(|export| !added(export.name()))
            .map(|export| {
                let mut what = Extern::from(export.ty());
                if let (Extern::Memory { index, .. }, Some(ExportIndex::Memory(of))) =
                    (&mut what, module.info().exports.get(export.name()))
                {
                    *index = of.as_u32();
                }
                Export { name: export.name().to_owned(), what }
            })
            .collect();
        let imports = module
            .imports()
            .map(|import| Import {
                module: import.module().to_owned(),
                name: import.name().to_owned(),
                what: Extern::from(import.ty()),
            })
            .collect();
        Interface { exports, imports }
    }

    /// The exported functions with their types.
    pub fn funcs(&self) -> impl Iterator<Item = (&str, &Signature)> {
        self.exports.iter().filter_map(|export| match &export.what {
            Extern::Func(signature) => Some((export.name.as_str(), signature)),
            _ => None,
        })
    }

    /// The exported memories, each once and with all its names, in the order in which a guest numbers them.
    pub fn memories(&self) -> Vec<Vec<&str>> {
        let mut found: Vec<(u32, Vec<&str>)> = Vec::new();
        for export in &self.exports {
            let Extern::Memory { index, .. } = export.what else { continue };
            match found.iter_mut().find(|(known, _)| *known == index) {
                Some((_, names)) => names.push(&export.name),
                None => found.push((index, vec![&export.name])),
            }
        }
        found.into_iter().map(|(_, names)| names).collect()
    }
}

impl Signature {
    /// Whether this is the type from `params` to `results`.
    pub fn is(&self, params: &[Type], results: &[Type]) -> bool {
        self.params == params && self.results == results
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
            _ => Type::Other,
        }
    }
}

impl From<&ExternType> for Extern {
    fn from(ty: &ExternType) -> Extern {
        match ty {
            ExternType::Function(ty) => Extern::Func(Signature::from(ty)),
            ExternType::Memory(ty) => Extern::Memory { index: 0, pages: ty.minimum.0 },
            ExternType::Global(_) => Extern::Global,
            ExternType::Table(_) => Extern::Table,
            ExternType::Tag(_) => Extern::Tag,
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
            Type::Other => "other",
        })
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
            Extern::Memory { pages, .. } => write!(f, "memory of {pages} pages"),
            Extern::Global => f.write_str("global"),
            Extern::Table => f.write_str("table"),
            Extern::Tag => f.write_str("tag"),
        }
    }
}
