//! Writes the linked module.

use std::collections::HashMap;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, DataCountSection, DataSection, ElementSection, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, ImportSection, MemorySection, Module, StartSection,
    TableSection, TagSection, TypeSection,
};
use wasmparser::types::TypesRef;
use wasmparser::{ExternalKind, Parser, Payload};

use super::graph::{ExportedFunction, Graph};
use super::instances::{CoreItem, Options};
use super::layout::{Layout, Relocator};
use super::names::{module_name, names};
use super::summary::{Summary, kind};
use super::types::function_type;
use super::{Component, CoreModule, Fit, LiftedFunction, LoweredFunction};
use crate::guest::custom::{LINKED, SAYS};

/// The maximum size of all instances of core modules, in bytes. A module may be instantiated many times.
const MOST: usize = 1 << 30;

/// Links the core modules of a component.
pub(super) fn merge(binary: &[u8], graph: &Graph, types: TypesRef<'_>) -> Fit<Vec<u8>> {
    if graph.instances.is_empty() {
        return Err("it has no core module".to_owned());
    }
    if graph.instances.iter().map(|instance| instance.module.len()).sum::<usize>() > MOST {
        return Err("its core modules are larger than 1 GiB in all".to_owned());
    }
    let summaries = graph.instances.iter().map(|instance| Summary::of(binary, &instance.module));
    let summaries = summaries.collect::<Fit<Vec<_>>>()?;
    let layout = Layout::new(graph, &summaries)?;
    let linker = Linker { graph, summaries, layout };
    linker.module(binary, types)
}

struct Linker<'a> {
    graph: &'a Graph,
    summaries: Vec<Summary<'a>>,
    layout: Layout,
}

/// The exports of the linked module.
#[derive(Default)]
struct Exported {
    section: ExportSection,
    /// The kind and index of each name.
    names: HashMap<String, (ExternalKind, u32)>,
}

impl Exported {
    /// Exports an item, if possible by that name, and returns the name.
    fn export(&mut self, wanted: &str, kind: ExternalKind, index: u32) -> String {
        let mut name = wanted.to_owned();
        let mut number = 1;
        while let Some(known) = self.names.get(&name) {
            if *known == (kind, index) {
                return name;
            }
            number += 1;
            name = format!("{wanted}_{number}");
        }
        let exported = match kind {
            ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
            ExternalKind::Table => ExportKind::Table,
            ExternalKind::Memory => ExportKind::Memory,
            ExternalKind::Global => ExportKind::Global,
            ExternalKind::Tag => ExportKind::Tag,
        };
        self.section.export(&name, exported, index);
        self.names.insert(name.clone(), (kind, index));
        name
    }
}

impl<'a> Linker<'a> {
    fn module(&self, binary: &[u8], types: TypesRef<'_>) -> Fit<Vec<u8>> {
        let mut exported = Exported::default();
        let component = self.component(types, &mut exported)?;
        let starts = self.starts();
        let mut module = Module::new();
        let code = self.definitions(&mut module, &exported.section, &starts).map_err(|error| error.to_string())?;
        module.section(&code);
        if let Some(data) = self.data().map_err(|error| error.to_string())? {
            module.section(&data);
        }
        let description = serde_json::to_vec(&component).map_err(|error| error.to_string())?;
        custom(&mut module, LINKED, &description);
        if let Some(says) = own_section(binary) {
            custom(&mut module, SAYS, says);
        }
        let producers = self.summaries.iter().filter_map(|summary| summary.producers);
        producers.for_each(|producers| custom(&mut module, "producers", producers));
        module.section(&names(&self.summaries, &self.layout));
        Ok(module.finish())
    }

    /// What the component's types say, and the exports of the linked module.
    fn component(&self, types: TypesRef<'_>, exported: &mut Exported) -> Fit<Component> {
        let memories = 0..self.layout.totals[kind(ExternalKind::Memory)];
        memories.for_each(|index| drop(exported.export("memory", ExternalKind::Memory, index)));
        let exports = self.graph.exports.iter().map(|export| self.lifted(export, types, exported));
        let exports = exports.collect::<Fit<_>>()?;
        let imports = self.layout.hosts.iter().map(|(host, _)| {
            let host = &self.graph.hosts[*host];
            let memory = host.options.memory.as_ref();
            Ok(LoweredFunction {
                module: host.module.clone(),
                name: host.name.clone(),
                memory: memory.map(|memory| self.index(memory, ExternalKind::Memory)).transpose()?,
                realloc: self.exported(host.options.realloc.as_ref(), "cabi_realloc", exported)?,
            })
        });
        let imports = imports.collect::<Fit<_>>()?;
        self.globals(exported);
        let modules = self.graph.instances.iter().zip(&self.summaries).map(|(instance, summary)| CoreModule {
            name: module_name(summary),
            bytes: instance.module.len() as u64,
            functions: summary.defined[kind(ExternalKind::Func)],
            linked: u32::try_from(summary.imports.len()).unwrap_or(u32::MAX),
        });
        let mut modules: Vec<_> = modules.collect();
        let hosts = self.layout.hosts.len();
        for (module, mapping) in modules.iter_mut().zip(&self.layout.mappings) {
            let from_host =
                mapping.imported[0].iter().filter(|index| usize::try_from(**index).is_ok_and(|index| index < hosts));
            module.linked -= u32::try_from(from_host.count()).unwrap_or(0);
        }
        Ok(Component { modules, exports, imports })
    }

    fn lifted(&self, export: &ExportedFunction, types: TypesRef<'_>, exported: &mut Exported) -> Fit<LiftedFunction> {
        let Options { encoding, memory, realloc, post_return, is_async } = &export.lift.options;
        let ty = function_type(types, export.interface.as_deref(), &export.name).unwrap_or_default();
        let core = self.index(&export.lift.core, ExternalKind::Func)?;
        let name = exported.export(&export.export(), ExternalKind::Func, core);
        let memory = memory.as_ref().map(|memory| self.index(memory, ExternalKind::Memory)).transpose()?;
        Ok(LiftedFunction {
            params: ty.params,
            result: ty.result,
            is_async: ty.is_async || *is_async,
            encoding: *encoding,
            memory: memory.map(|index| exported.export("memory", ExternalKind::Memory, index)),
            realloc: self.exported(realloc.as_ref(), "cabi_realloc", exported)?,
            post_return: self.exported(post_return.as_ref(), &format!("cabi_post_{name}"), exported)?,
            export: name,
        })
    }

    /// Exports a function that the canonical ABI calls.
    fn exported(&self, item: Option<&CoreItem>, name: &str, exported: &mut Exported) -> Fit<Option<String>> {
        let Some(item) = item else { return Ok(None) };
        let index = self.index(item, ExternalKind::Func)?;
        Ok(Some(exported.export(name, ExternalKind::Func, index)))
    }

    /// Exports the globals that the core modules export: they say where the stack and the heap are.
    fn globals(&self, exported: &mut Exported) {
        for (summary, mapping) in self.summaries.iter().zip(&self.layout.mappings) {
            let mut globals: Vec<_> =
                summary.exports.iter().filter(|(_, (kind, _))| *kind == ExternalKind::Global).collect();
            globals.sort_by_key(|(name, _)| **name);
            for (name, (_, index)) in globals {
                exported.export(name, ExternalKind::Global, mapping.place(kind(ExternalKind::Global), *index));
            }
        }
    }

    fn index(&self, item: &CoreItem, of: ExternalKind) -> Fit<u32> {
        self.layout.index(self.graph, &self.summaries, item, of)
    }

    /// The start functions, in the order in which the modules are instantiated.
    fn starts(&self) -> Vec<u32> {
        let starts = self.summaries.iter().zip(&self.layout.mappings);
        starts.filter_map(|(summary, mapping)| Some(mapping.place(0, summary.start?))).collect()
    }

    /// Each instance with its sections.
    fn parts(&self) -> impl Iterator<Item = (&Summary<'a>, &super::layout::Mapping)> {
        self.summaries.iter().zip(&self.layout.mappings)
    }

    /// Writes all sections before the code, and returns the code.
    fn definitions(&self, module: &mut Module, exports: &ExportSection, starts: &[u32]) -> Result<CodeSection, Error> {
        let none = HashMap::new();
        let (mut types, mut functions, mut tables) = (TypeSection::new(), FunctionSection::new(), TableSection::new());
        let (mut memories, mut tags, mut code) = (MemorySection::new(), TagSection::new(), CodeSection::new());
        for (summary, mapping) in self.parts() {
            let mut relocator = Relocator { mapping, constants: &none };
            each(&summary.type_section, |section| relocator.parse_type_section(&mut types, section))?;
            each(&summary.functions, |section| relocator.parse_function_section(&mut functions, section))?;
            each(&summary.tables, |section| relocator.parse_table_section(&mut tables, section))?;
            each(&summary.memories, |section| relocator.parse_memory_section(&mut memories, section))?;
            each(&summary.tags, |section| relocator.parse_tag_section(&mut tags, section))?;
            summary.bodies.iter().try_for_each(|body| relocator.parse_function_body(&mut code, body.clone()))?;
        }
        let start = match starts {
            [] => None,
            [only] => Some(*only),
            several => {
                types.ty().function([], []);
                functions.function(self.layout.types);
                let mut all = Function::new([]);
                for start in several {
                    all.instructions().call(*start);
                }
                all.instructions().end();
                code.function(&all);
                Some(self.layout.totals[0])
            }
        };
        let (globals, constants) = self.global_section()?;
        let mut elements = ElementSection::new();
        for (summary, mapping) in self.parts() {
            let mut relocator = Relocator { mapping, constants: &constants };
            each(&summary.element_section, |section| relocator.parse_element_section(&mut elements, section))?;
        }
        module.section(&types).section(&self.imports()).section(&functions).section(&tables).section(&memories);
        if !tags.is_empty() {
            module.section(&tags);
        }
        module.section(&globals).section(exports);
        if let Some(function_index) = start {
            module.section(&StartSection { function_index });
        }
        module.section(&elements);
        if self.summaries.iter().any(|summary| summary.needs_data_count) {
            module.section(&DataCountSection { count: self.summaries.iter().map(|summary| summary.data).sum() });
        }
        Ok(code)
    }

    fn imports(&self) -> ImportSection {
        let mut imports = ImportSection::new();
        for (host, ty) in &self.layout.hosts {
            let host = &self.graph.hosts[*host];
            imports.import(&host.module, &host.name, EntityType::Function(*ty));
        }
        imports
    }

    /// The globals, and the initial values of the immutable ones.
    fn global_section(&self) -> Result<(GlobalSection, HashMap<u32, ConstExpr>), Error> {
        let (mut globals, mut constants) = (GlobalSection::new(), HashMap::new());
        for (summary, mapping) in self.parts() {
            for global in summary.globals.clone().into_iter().flatten() {
                let global = global?;
                let mut relocator = Relocator { mapping, constants: &constants };
                let value = relocator.const_expr(global.init_expr)?;
                let ty = relocator.global_type(global.ty)?;
                let index = globals.len();
                globals.global(ty, &value);
                if !global.ty.mutable {
                    constants.insert(index, value);
                }
            }
        }
        Ok((globals, constants))
    }

    fn data(&self) -> Result<Option<DataSection>, Error> {
        let (_, constants) = self.global_section()?;
        let mut data = DataSection::new();
        for (summary, mapping) in self.parts() {
            let mut relocator = Relocator { mapping, constants: &constants };
            each(&summary.data_section, |section| relocator.parse_data_section(&mut data, section))?;
        }
        Ok(Some(data).filter(|data| !data.is_empty()))
    }
}

/// Rewrites a section, if there is one.
fn each<T: Clone>(section: &Option<T>, rewrite: impl FnOnce(T) -> Result<(), Error>) -> Result<(), Error> {
    section.clone().map_or(Ok(()), rewrite)
}

fn custom(module: &mut Module, name: &str, data: &[u8]) {
    module.section(&CustomSection { name: name.into(), data: data.into() });
}

/// The component's own section [`SAYS`].
fn own_section(binary: &[u8]) -> Option<&[u8]> {
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(binary) {
        match payload.ok()? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) if depth == 1 && section.name() == SAYS => return Some(section.data()),
            _ => (),
        }
    }
    None
}
