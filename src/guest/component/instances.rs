//! The index spaces of a component, and what is in them.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use wasmparser::{ComponentExternalKind as Kind, ExternalKind};

use super::{Fit, StringEncoding};

/// Something in a core module, or provided to one.
#[derive(Clone, Debug)]
pub(super) enum CoreItem {
    /// The export of that name of the core module that was instantiated with that number.
    Export(usize, Rc<str>),
    /// The function of the host with that number.
    Host(usize),
}

/// An instance of a core module, or a set of such items.
#[derive(Clone, Debug)]
pub(super) enum CoreInstance {
    Module(usize),
    Items(Rc<HashMap<String, CoreItem>>),
}

impl CoreInstance {
    pub(super) fn export(&self, name: &str) -> Fit<CoreItem> {
        match self {
            CoreInstance::Module(number) => Ok(CoreItem::Export(*number, name.into())),
            CoreInstance::Items(items) => {
                items.get(name).cloned().ok_or_else(|| format!("a core instance lacks the export `{name}`"))
            }
        }
    }
}

/// A function of a component.
#[derive(Clone, Debug)]
pub(super) enum Function {
    /// A core function, with how its values are passed.
    Lifted(Rc<Lift>),
    /// An import.
    Host { module: String, name: String },
}

/// A core function as a function of a component.
#[derive(Debug)]
pub(super) struct Lift {
    pub(super) core: CoreItem,
    pub(super) options: Options,
}

/// How values are passed between a component and a core module.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) encoding: StringEncoding,
    pub(super) memory: Option<CoreItem>,
    pub(super) realloc: Option<CoreItem>,
    pub(super) post_return: Option<CoreItem>,
    pub(super) is_async: bool,
}

/// A resource type, by the interface that defines it.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) module: String,
    pub(super) name: String,
}

impl Resource {
    /// One that the component itself defines.
    pub(super) fn own() -> Resource {
        Resource { module: "component".to_owned(), name: "its own".to_owned() }
    }
}

/// The exports of an instance of a component.
#[derive(Debug)]
pub(super) enum Exports {
    Known(Vec<(String, Item)>),
    /// An imported instance: it has whatever is asked for, as the component is valid.
    Imported(String),
}

impl Exports {
    pub(super) fn export(&self, kind: Kind, name: &str) -> Fit<Item> {
        match (self, kind) {
            (Exports::Known(items), _) => {
                let found = items.iter().find(|(known, _)| known == name);
                found.map(|(_, item)| item.clone()).ok_or_else(|| format!("an instance lacks the export `{name}`"))
            }
            (Exports::Imported(module), Kind::Func) => {
                Ok(Item::Function(Function::Host { module: module.clone(), name: name.to_owned() }))
            }
            (Exports::Imported(module), Kind::Type) => {
                Ok(Item::Type(Some(Resource { module: module.clone(), name: name.to_owned() })))
            }
            (Exports::Imported(module), Kind::Instance) => {
                Ok(Item::Instance(Rc::new(Exports::Imported(format!("{module}/{name}")))))
            }
            (Exports::Imported(module), kind) => {
                Err(format!("it imports a {}, `{name}` of {module}, which linmem does not provide", kind.desc()))
            }
        }
    }
}

/// Something in the index spaces of a component.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Function(Function),
    Instance(Rc<Exports>),
    Component(Rc<Closure>),
    Module(Range<usize>),
    /// A type, with its name if it is a resource.
    Type(Option<Resource>),
    Value,
}

/// A component that is defined, with what it can refer to outside.
#[derive(Debug)]
pub(super) struct Closure {
    pub(super) range: Range<usize>,
    pub(super) outer: Rc<Scope>,
}

/// The index spaces of a component, as far as its definitions were followed.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub(super) modules: Vec<Range<usize>>,
    pub(super) components: Vec<Rc<Closure>>,
    pub(super) types: Vec<Option<Resource>>,
    pub(super) instances: Vec<Rc<Exports>>,
    pub(super) functions: Vec<Function>,
    pub(super) core_instances: Vec<CoreInstance>,
    pub(super) core_functions: Vec<CoreItem>,
    tables: Vec<CoreItem>,
    memories: Vec<CoreItem>,
    globals: Vec<CoreItem>,
    tags: Vec<CoreItem>,
    values: u32,
    /// That of the component around it.
    pub(super) outer: Option<Rc<Scope>>,
}

impl Scope {
    /// The empty index spaces of a component inside another.
    pub(super) fn inside(outer: Rc<Scope>) -> Scope {
        Scope { outer: Some(outer), ..Scope::default() }
    }

    /// What a nested component can refer to: types, core modules and components.
    pub(super) fn as_outer(&self) -> Rc<Scope> {
        Rc::new(Scope {
            modules: self.modules.clone(),
            components: self.components.clone(),
            types: self.types.clone(),
            outer: self.outer.clone(),
            ..Scope::default()
        })
    }

    /// The scope that many components outwards.
    pub(super) fn outer(&self, count: u32) -> Fit<&Scope> {
        let mut scope = self;
        for _ in 0..count {
            scope = scope.outer.as_deref().ok_or("an alias leads outside of the component")?;
        }
        Ok(scope)
    }

    pub(super) fn push(&mut self, item: Item) {
        match item {
            Item::Function(function) => self.functions.push(function),
            Item::Instance(instance) => self.instances.push(instance),
            Item::Component(closure) => self.components.push(closure),
            Item::Module(module) => self.modules.push(module),
            Item::Type(resource) => self.types.push(resource),
            Item::Value => self.values += 1,
        }
    }

    pub(super) fn push_core(&mut self, kind: ExternalKind, item: CoreItem) {
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => self.core_functions.push(item),
            ExternalKind::Table => self.tables.push(item),
            ExternalKind::Memory => self.memories.push(item),
            ExternalKind::Global => self.globals.push(item),
            ExternalKind::Tag => self.tags.push(item),
        }
    }

    pub(super) fn item(&self, kind: Kind, index: u32) -> Fit<Item> {
        Ok(match kind {
            Kind::Func => Item::Function(self.function(index)?),
            Kind::Instance => Item::Instance(self.instance(index)?),
            Kind::Component => Item::Component(self.closure(index)?),
            Kind::Module => Item::Module(self.module(index)?),
            Kind::Type => Item::Type(self.ty(index)?),
            Kind::Value => Item::Value,
        })
    }

    pub(super) fn core_item(&self, kind: ExternalKind, index: u32) -> Fit<CoreItem> {
        let items = match kind {
            ExternalKind::Func | ExternalKind::FuncExact => &self.core_functions,
            ExternalKind::Table => &self.tables,
            ExternalKind::Memory => &self.memories,
            ExternalKind::Global => &self.globals,
            ExternalKind::Tag => &self.tags,
        };
        get(items, index)
    }

    pub(super) fn core_instance(&self, index: u32) -> Fit<CoreInstance> {
        get(&self.core_instances, index)
    }

    pub(super) fn function(&self, index: u32) -> Fit<Function> {
        get(&self.functions, index)
    }

    pub(super) fn instance(&self, index: u32) -> Fit<Rc<Exports>> {
        get(&self.instances, index)
    }

    pub(super) fn closure(&self, index: u32) -> Fit<Rc<Closure>> {
        get(&self.components, index)
    }

    pub(super) fn module(&self, index: u32) -> Fit<Range<usize>> {
        get(&self.modules, index)
    }

    pub(super) fn ty(&self, index: u32) -> Fit<Option<Resource>> {
        get(&self.types, index)
    }

    /// The resource type with that index.
    pub(super) fn resource(&self, index: u32) -> Fit<Resource> {
        Ok(self.ty(index)?.unwrap_or_else(Resource::own))
    }
}

/// The item with that index. A valid component has it.
fn get<T: Clone>(items: &[T], index: u32) -> Fit<T> {
    let found = usize::try_from(index).ok().and_then(|index| items.get(index));
    found.cloned().ok_or_else(|| format!("index {index} is out of range"))
}
