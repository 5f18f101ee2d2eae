//! Format 3: runs and their guests.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cause::{Cause, Value};
use super::mirror;
use super::places::Place;
use crate::guest;
use crate::session::About;

/// A run. The memories before its first cause precede it.
#[derive(Serialize, Deserialize)]
pub(super) struct Run<'a> {
    pub(super) guest: Guest<'a>,
    /// The exported globals after the run.
    pub(super) globals: Vec<Global<'a>>,
    /// The number of the first cause: earlier ones were forgotten.
    pub(super) oldest: usize,
    /// The causes just before that one, which are listed without their bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) listed: Vec<Cause<'a>>,
    /// The functions and source lines of the instructions that accessed memory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) places: Vec<Place<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Guest<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) convention: Cow<'a, str>,
    pub(super) recipe: Cow<'a, str>,
    /// Why no convention was chosen, if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) undecided: Option<Cow<'a, str>>,
    /// What was assumed about the convention, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) assumed: Option<Cow<'a, str>>,
    /// Why stores were not recorded, if they were supposed to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) untraced: Option<Cow<'a, str>>,
    pub(super) sha256: Cow<'a, str>,
    pub(super) interface: Interface<'a>,
    /// The index of the memory that the convention uses for lines.
    pub(super) memory: usize,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Global<'a> {
    pub(super) name: Cow<'a, str>,
    #[serde(rename = "type")]
    pub(super) ty: Type,
    pub(super) mutable: bool,
    pub(super) value: Value,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Type {
    I32,
    I64,
    F32,
    F64,
    V128,
    FuncRef,
    ExternRef,
    Other,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Interface<'a> {
    pub(super) exports: Vec<Export<'a>>,
    pub(super) imports: Vec<Import<'a>>,
    pub(super) memories: Vec<Memory>,
    pub(super) segments: Vec<Segment<'a>>,
    /// The named global variables.
    pub(super) variables: Vec<Variable<'a>>,
    pub(super) has_start: bool,
    pub(super) is_dynamic: bool,
    /// The module's own description of its convention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) says: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Export<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) what: Extern,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Import<'a> {
    pub(super) module: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) what: Extern,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Extern {
    Function {
        params: Vec<Type>,
        results: Vec<Type>,
    },
    Memory {
        index: u32,
        pages: u32,
    },
    Global {
        #[serde(rename = "type")]
        ty: Type,
        mutable: bool,
    },
    /// Older files omit the type.
    Table {
        #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
        ty: Option<Type>,
        #[serde(default)]
        entries: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_entries: Option<u64>,
    },
    Tag {},
}

#[derive(Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) pages: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_pages: Option<u64>,
    pub(super) shared: bool,
    pub(super) memory64: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Segment<'a> {
    pub(super) memory: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) addr: Option<u64>,
    pub(super) len: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Variable<'a> {
    pub(super) name: Cow<'a, str>,
    /// Its initial value, if that is a constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<u64>,
}

impl<'a> From<&'a About> for Guest<'a> {
    fn from(about: &'a About) -> Guest<'a> {
        Guest {
            name: (&about.name).into(),
            convention: (&about.convention).into(),
            recipe: (&about.recipe).into(),
            undecided: about.undecided.as_ref().map(Cow::from),
            assumed: about.assumed.as_ref().map(Cow::from),
            untraced: about.untraced.as_ref().map(Cow::from),
            sha256: (&about.sha256).into(),
            interface: (&*about.interface).into(),
            memory: about.memory,
        }
    }
}

impl From<Guest<'_>> for About {
    fn from(guest: Guest<'_>) -> About {
        About {
            name: guest.name.into_owned(),
            convention: guest.convention.into_owned(),
            recipe: guest.recipe.into_owned(),
            undecided: guest.undecided.map(Cow::into_owned),
            assumed: guest.assumed.map(Cow::into_owned),
            untraced: guest.untraced.map(Cow::into_owned),
            sha256: guest.sha256.into_owned(),
            interface: Arc::new(guest.interface.into()),
            debug: None,
            memory: guest.memory,
            passes: guest::Passes::default(),
            points: guest::Points::default(),
        }
    }
}

impl<'a> From<&'a guest::Interface> for Interface<'a> {
    fn from(interface: &'a guest::Interface) -> Interface<'a> {
        let exports = interface.exports.iter().map(|it| Export { name: (&it.name).into(), what: (&it.what).into() });
        let imports = interface.imports.iter().map(|it| Import {
            module: (&it.module).into(),
            name: (&it.name).into(),
            what: (&it.what).into(),
        });
        let memories = interface.memories.iter().map(|it| Memory {
            pages: it.pages,
            max_pages: it.most,
            shared: it.shared,
            memory64: it.wide,
        });
        let segments = interface.segments.iter().map(|it| Segment {
            memory: it.memory,
            addr: it.addr,
            len: it.len,
            name: it.name.as_ref().map(Cow::from),
        });
        let variables = interface.globals.iter().map(|it| Variable { name: (&it.name).into(), start: it.start });
        Interface {
            exports: exports.collect(),
            imports: imports.collect(),
            memories: memories.collect(),
            segments: segments.collect(),
            variables: variables.collect(),
            has_start: interface.has_start,
            is_dynamic: interface.is_dynamic,
            says: interface.says.as_ref().map(Cow::from),
        }
    }
}

impl From<Interface<'_>> for guest::Interface {
    fn from(interface: Interface<'_>) -> guest::Interface {
        let exports = interface.exports.into_iter();
        let imports = interface.imports.into_iter().map(|it| guest::Import {
            module: it.module.into_owned(),
            name: it.name.into_owned(),
            what: it.what.into(),
        });
        let memories = interface.memories.into_iter().map(|it| guest::MemoryType {
            pages: it.pages,
            most: it.max_pages,
            shared: it.shared,
            wide: it.memory64,
        });
        let segments = interface.segments.into_iter().map(|it| guest::Segment {
            memory: it.memory,
            addr: it.addr,
            len: it.len,
            name: it.name.map(Cow::into_owned),
        });
        let variables = interface.variables.into_iter();
        guest::Interface {
            exports: exports.map(|it| guest::Export { name: it.name.into_owned(), what: it.what.into() }).collect(),
            imports: imports.collect(),
            memories: memories.collect(),
            segments: segments.collect(),
            globals: variables.map(|it| guest::Variable { name: it.name.into_owned(), start: it.start }).collect(),
            has_start: interface.has_start,
            is_dynamic: interface.is_dynamic,
            says: interface.says.map(Cow::into_owned),
            // Only needed to run the guest.
            component: None,
        }
    }
}

impl From<&guest::Extern> for Extern {
    fn from(what: &guest::Extern) -> Extern {
        let saved = |types: &[guest::Type]| types.iter().map(|&ty| ty.into()).collect();
        match what {
            guest::Extern::Func(ty) => Extern::Function { params: saved(&ty.params), results: saved(&ty.results) },
            &guest::Extern::Memory { index, pages } => Extern::Memory { index, pages },
            &guest::Extern::Global(guest::GlobalType { value, mutable }) => {
                Extern::Global { ty: value.into(), mutable }
            }
            &guest::Extern::Table(guest::TableType { element, entries, most }) => {
                Extern::Table { ty: Some(element.into()), entries, max_entries: most }
            }
            guest::Extern::Tag => Extern::Tag {},
        }
    }
}

impl From<Extern> for guest::Extern {
    fn from(what: Extern) -> guest::Extern {
        let known = |types: Vec<Type>| types.into_iter().map(guest::Type::from).collect();
        match what {
            Extern::Function { params, results } => {
                guest::Extern::Func(guest::Signature { params: known(params), results: known(results) })
            }
            Extern::Memory { index, pages } => guest::Extern::Memory { index, pages },
            Extern::Global { ty, mutable } => guest::Extern::Global(guest::GlobalType { value: ty.into(), mutable }),
            Extern::Table { ty: Some(ty), entries, max_entries } => {
                guest::Extern::Table(guest::TableType { element: ty.into(), entries, most: max_entries })
            }
            Extern::Table { ty: None, .. } => guest::Extern::Table(guest::TableType::UNKNOWN),
            Extern::Tag {} => guest::Extern::Tag,
        }
    }
}

impl<'a> From<&'a guest::Global> for Global<'a> {
    fn from(global: &'a guest::Global) -> Global<'a> {
        let guest::Global { name, ty, mutable, value } = global;
        Global { name: name.into(), ty: (*ty).into(), mutable: *mutable, value: (*value).into() }
    }
}

impl From<Global<'_>> for guest::Global {
    fn from(global: Global<'_>) -> guest::Global {
        let Global { name, ty, mutable, value } = global;
        guest::Global { name: name.into_owned(), ty: ty.into(), mutable, value: value.into() }
    }
}

mirror!(Type, guest::Type, [I32, I64, F32, F64, V128, FuncRef, ExternRef, Other]);
