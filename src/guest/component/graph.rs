//! What a component's definitions amount to: the core modules that are instantiated, with what, and the functions that
//! are exported. Nested components are followed; nothing runs.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use wasmparser::{
    CanonicalFunction, CanonicalOption, Chunk, ComponentAlias, ComponentExternalKind as Kind, ComponentInstance,
    ComponentOuterAliasKind as Outer, ComponentType, ExternalKind, Instance, Parser, Payload,
};

use super::instances::{Closure, CoreInstance, CoreItem, Exports, Function, Item, Lift, Options, Resource, Scope};
use super::{Fit, StringEncoding};
use crate::record::counted;

/// The maximum number of instances, and the maximum nesting depth of components. A short component can have
/// exponentially many.
const INSTANCES: usize = 1000;
/// The maximum size of all core modules that are instantiated together, as a multiple of the component's size, in bytes.
/// A short component can instantiate the same module again and again.
const LARGEST: usize = 4;
/// The same for a component that is small anyway.
const SMALL: usize = 16 << 20;
const DEEPEST: usize = 50;

/// The core modules of a component and how they are connected.
#[derive(Default)]
pub(super) struct Graph {
    /// In the order in which they are instantiated.
    pub(super) instances: Vec<Instantiation>,
    /// The functions that the host provides.
    pub(super) hosts: Vec<HostFunction>,
    /// The exported functions.
    pub(super) exports: Vec<ExportedFunction>,
    /// How many components were instantiated.
    components: usize,
    /// The size of the core modules that are instantiated, and its maximum.
    size: usize,
    most: usize,
}

/// A core module that is instantiated.
pub(super) struct Instantiation {
    /// Where the module is in the component, in bytes.
    pub(super) module: Range<usize>,
    /// Its imports, by the module part of their names.
    pub(super) args: HashMap<String, CoreInstance>,
}

/// A function that the host provides to core modules.
pub(super) struct HostFunction {
    pub(super) module: String,
    pub(super) name: String,
    pub(super) options: Options,
}

/// A function that the component exports, perhaps in an interface.
pub(super) struct ExportedFunction {
    pub(super) interface: Option<String>,
    pub(super) name: String,
    pub(super) lift: Rc<Lift>,
}

impl ExportedFunction {
    /// The export of the linked module.
    pub(super) fn export(&self) -> String {
        self.interface.as_ref().map_or_else(|| self.name.clone(), |interface| format!("{interface}#{}", self.name))
    }
}

impl Graph {
    /// Follows the definitions of a valid component.
    ///
    /// # Errors
    /// It needs what linmem does not support.
    pub(super) fn of(binary: &[u8]) -> Fit<Graph> {
        let most = binary.len().saturating_mul(LARGEST).max(SMALL);
        let mut graph = Graph { most, ..Graph::default() };
        let exports = graph.component(binary, 0..binary.len(), Scope::default(), None, 0)?;
        for (name, item) in exports {
            match item {
                Item::Function(Function::Lifted(lift)) => {
                    graph.exports.push(ExportedFunction { interface: None, name, lift });
                }
                Item::Instance(instance) => {
                    let Exports::Known(functions) = &*instance else { continue };
                    let functions = functions.iter().filter_map(|(function, item)| match item {
                        Item::Function(Function::Lifted(lift)) => Some((function.clone(), lift.clone())),
                        _ => None,
                    });
                    graph.exports.extend(functions.map(|(function, lift)| ExportedFunction {
                        interface: Some(name.clone()),
                        name: function,
                        lift,
                    }));
                }
                _ => (),
            }
        }
        Ok(graph)
    }

    /// Instantiates a component with these arguments; without any, it is the outermost one. Returns its exports.
    fn component(
        &mut self,
        binary: &[u8],
        range: Range<usize>,
        mut scope: Scope,
        args: Option<&HashMap<String, Item>>,
        depth: usize,
    ) -> Fit<Vec<(String, Item)>> {
        self.components += 1;
        if depth > DEEPEST || self.components > INSTANCES {
            return Err(format!("it has more than {INSTANCES} instances, or is nested more than {DEEPEST} deep"));
        }
        let mut exports = Vec::new();
        let mut parser = Parser::new(range.start as u64);
        let mut rest = &binary[range];
        loop {
            let chunk = parser.parse(rest, true).map_err(|error| error.to_string())?;
            let Chunk::Parsed { consumed, payload } = chunk else { break };
            rest = &rest[consumed..];
            match payload {
                Payload::End(_) => break,
                Payload::ModuleSection { unchecked_range, .. } => {
                    let module = place(&unchecked_range);
                    rest = rest.get(module.len()..).unwrap_or_default();
                    scope.modules.push(module);
                }
                Payload::ComponentSection { unchecked_range, .. } => {
                    let range = place(&unchecked_range);
                    rest = rest.get(range.len()..).unwrap_or_default();
                    let closure = Closure { range, outer: scope.as_outer() };
                    scope.components.push(Rc::new(closure));
                }
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        let import = import.map_err(|error| error.to_string())?;
                        let (name, kind) = (import.name.name, import.ty.kind());
                        let item = match args {
                            Some(args) => args.get(name).cloned().ok_or_else(|| format!("`{name}` is not given"))?,
                            None => imported(name, kind)?,
                        };
                        scope.push(item);
                    }
                }
                Payload::ComponentExportSection(section) => {
                    for export in section {
                        let export = export.map_err(|error| error.to_string())?;
                        let item = scope.item(export.kind, export.index)?;
                        exports.push((export.name.name.to_owned(), item.clone()));
                        // An export is a definition, too.
                        scope.push(item);
                    }
                }
                payload => self.definitions(binary, payload, &mut scope, depth)?,
            }
        }
        Ok(exports)
    }

    /// The definitions of a section.
    fn definitions(&mut self, binary: &[u8], payload: Payload<'_>, scope: &mut Scope, depth: usize) -> Fit<()> {
        let malformed = |error: wasmparser::BinaryReaderError| error.to_string();
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section {
                    let instance = self.core_instance(instance.map_err(malformed)?, scope)?;
                    scope.core_instances.push(instance);
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    let exports = self.instance(binary, instance.map_err(malformed)?, scope, depth)?;
                    scope.instances.push(Rc::new(Exports::Known(exports)));
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    define_alias(alias.map_err(malformed)?, scope)?;
                }
            }
            Payload::ComponentTypeSection(section) => {
                for ty in section {
                    let is_resource = matches!(ty.map_err(malformed)?, ComponentType::Resource { .. });
                    scope.types.push(is_resource.then(Resource::own));
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(function.map_err(malformed)?, scope)?;
                }
            }
            Payload::ComponentStartSection { .. } => return Err("its start function is not supported".to_owned()),
            _ => (),
        }
        Ok(())
    }

    fn core_instance(&mut self, instance: Instance<'_>, scope: &Scope) -> Fit<CoreInstance> {
        match instance {
            Instance::Instantiate { module_index, args } => {
                if self.instances.len() >= INSTANCES {
                    return Err(format!("it instantiates more than {INSTANCES} core modules"));
                }
                let args = args.iter().map(|arg| Ok((arg.name.to_owned(), scope.core_instance(arg.index)?)));
                let module = scope.module(module_index)?;
                self.size += module.len();
                if self.size > self.most {
                    let most = counted(self.most as u64, "byte");
                    return Err(format!("the core modules that it instantiates have more than {most} together"));
                }
                self.instances.push(Instantiation { module, args: args.collect::<Fit<_>>()? });
                Ok(CoreInstance::Module(self.instances.len() - 1))
            }
            Instance::FromExports(exports) => {
                let exports = exports
                    .iter()
                    .map(|export| Ok((export.name.to_owned(), scope.core_item(export.kind, export.index)?)));
                Ok(CoreInstance::Items(Rc::new(exports.collect::<Fit<_>>()?)))
            }
        }
    }

    fn instance(
        &mut self,
        binary: &[u8],
        instance: ComponentInstance<'_>,
        scope: &Scope,
        depth: usize,
    ) -> Fit<Vec<(String, Item)>> {
        match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                let args = args.iter().map(|arg| Ok((arg.name.to_owned(), scope.item(arg.kind, arg.index)?)));
                let args = args.collect::<Fit<HashMap<_, _>>>()?;
                let closure = scope.closure(component_index)?;
                let inner = Scope::inside(closure.outer.clone());
                self.component(binary, closure.range.clone(), inner, Some(&args), depth + 1)
            }
            ComponentInstance::FromExports(exports) => {
                let exports = exports.iter();
                exports
                    .map(|export| Ok((export.name.name.to_owned(), scope.item(export.kind, export.index)?)))
                    .collect()
            }
        }
    }

    /// A function between a component and its core modules.
    fn canonical(&mut self, function: CanonicalFunction, scope: &mut Scope) -> Fit<()> {
        let (module, name, options) = match function {
            CanonicalFunction::Lift { core_func_index, options, .. } => {
                let lift = Lift {
                    core: scope.core_item(ExternalKind::Func, core_func_index)?,
                    options: given(&options, scope)?,
                };
                scope.functions.push(Function::Lifted(Rc::new(lift)));
                return Ok(());
            }
            CanonicalFunction::Lower { func_index, options } => match scope.function(func_index)? {
                Function::Host { module, name } => (module, name, given(&options, scope)?),
                Function::Lifted(_) => {
                    // Possibly only types and glue: it fails once it is called.
                    ("component".to_owned(), "a call from one component to another".to_owned(), Options::default())
                }
            },
            CanonicalFunction::ResourceDrop { resource } => {
                let Resource { module, name } = scope.resource(resource)?;
                (module, format!("[resource-drop]{name}"), Options::default())
            }
            CanonicalFunction::ResourceNew { .. } => own("[resource-new]"),
            CanonicalFunction::ResourceRep { .. } => own("[resource-rep]"),
            other => {
                let words = format!("{other:?}");
                let end = words.find(|c: char| !c.is_alphanumeric()).unwrap_or(words.len());
                own(&format!("canon {}", &words[..end]))
            }
        };
        self.hosts.push(HostFunction { module, name, options });
        scope.core_functions.push(CoreItem::Host(self.hosts.len() - 1));
        Ok(())
    }
}

/// A function of the component model itself.
fn own(name: &str) -> (String, String, Options) {
    ("component".to_owned(), name.to_owned(), Options::default())
}

/// An import of the outermost component.
fn imported(name: &str, kind: Kind) -> Fit<Item> {
    Ok(match kind {
        Kind::Func => Item::Function(Function::Host { module: "$root".to_owned(), name: name.to_owned() }),
        Kind::Instance => Item::Instance(Rc::new(Exports::Imported(name.to_owned()))),
        Kind::Type => Item::Type(Some(Resource { module: "$root".to_owned(), name: name.to_owned() })),
        Kind::Module | Kind::Component | Kind::Value => {
            return Err(format!("it imports a {}, `{name}`, which linmem does not provide", kind.desc()));
        }
    })
}

fn define_alias(alias: ComponentAlias<'_>, scope: &mut Scope) -> Fit<()> {
    match alias {
        ComponentAlias::InstanceExport { kind, instance_index, name } => {
            let item = scope.instance(instance_index)?.export(kind, name)?;
            scope.push(item);
        }
        ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
            let item = scope.core_instance(instance_index)?.export(name)?;
            scope.push_core(kind, item);
        }
        ComponentAlias::Outer { kind, count, index } => {
            let item = match kind {
                Outer::CoreModule => Item::Module(scope.outer(count)?.module(index)?),
                Outer::Component => Item::Component(scope.outer(count)?.closure(index)?),
                Outer::Type => Item::Type(scope.outer(count)?.ty(index)?),
                Outer::CoreType => return Ok(()),
            };
            scope.push(item);
        }
    }
    Ok(())
}

fn given(options: &[CanonicalOption], scope: &Scope) -> Fit<Options> {
    let mut given = Options::default();
    for option in options {
        match *option {
            CanonicalOption::UTF8 => given.encoding = StringEncoding::Utf8,
            CanonicalOption::UTF16 => given.encoding = StringEncoding::Utf16,
            CanonicalOption::CompactUTF16 => given.encoding = StringEncoding::Compact,
            CanonicalOption::Memory(index) => given.memory = Some(scope.core_item(ExternalKind::Memory, index)?),
            CanonicalOption::Realloc(index) => given.realloc = Some(scope.core_item(ExternalKind::Func, index)?),
            CanonicalOption::PostReturn(index) => given.post_return = Some(scope.core_item(ExternalKind::Func, index)?),
            CanonicalOption::Async | CanonicalOption::Callback(_) => given.is_async = true,
            CanonicalOption::CoreType(_) | CanonicalOption::Gc => {
                return Err("the GC version of the canonical ABI is not supported".to_owned());
            }
        }
    }
    Ok(given)
}

fn place(range: &Range<u64>) -> Range<usize> {
    let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    at(range.start)..at(range.end)
}
