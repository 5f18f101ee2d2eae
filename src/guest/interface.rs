//! What a module exports and imports, as plain data: everything that detection reads.

use std::ops::Range;

use wasmparser::{
    BinaryReader, BinaryReaderError, CompositeInnerType, ConstExpr, DataKind, ExternalKind, FuncType, Operator, Parser,
    Payload, SubType, TypeRef, ValType,
};

use super::component::Component;
use super::custom::{LINKED, SAYS};
use super::names::{Names, shortened};
use super::types::{Extern, GlobalType, MemoryType, Signature, TableType, Type};
use crate::record::{MEMORIES, plain};

/// Maximum number of exports that a message lists.
const LISTED: usize = 12;
/// Maximum length of that section's content, in bytes.
const LONGEST: usize = 64 << 10;

/// An export of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name. Any text is valid, the empty string included.
    pub name: String,
    /// Its type.
    pub what: Extern,
}

/// An import of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module part of its name.
    pub module: String,
    /// The field part of its name.
    pub name: String,
    /// Its type.
    pub what: Extern,
}

/// An active data segment, copied into a memory at instantiation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The memory's index in the module.
    pub memory: u32,
    /// The address, if it is a constant.
    pub addr: Option<u64>,
    /// Length in bytes.
    pub len: u64,
    /// Its name in the name section, shortened if very long.
    pub name: Option<String>,
}

/// A named global and its initial value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The export's name, otherwise that of the name section. Shortened if very long.
    pub name: String,
    /// Its initial value as an unsigned number, if it is a constant.
    pub start: Option<u64>,
}

/// The interface of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// The exports, in module order.
    pub exports: Vec<Export>,
    /// The imports, in module order.
    pub imports: Vec<Import>,
    /// All memories by index, imported ones first.
    pub memories: Vec<MemoryType>,
    /// The active data segments, in module order.
    pub segments: Vec<Segment>,
    /// The named globals, without imported ones.
    pub globals: Vec<Variable>,
    /// Whether the module has a start function.
    pub has_start: bool,
    /// Whether it is a dynamic library, which runs only when linked into a program.
    pub is_dynamic: bool,
    /// The content of the custom section `linmem`: a convention's name, or a recipe.
    pub says: Option<String>,
    /// What is known of the component from whose core modules the module was linked.
    pub component: Option<Component>,
}

/// The index spaces of a module, as far as it was read.
#[derive(Default)]
struct Indices {
    types: Vec<FuncType>,
    /// The type index of each function.
    funcs: Vec<u32>,
    /// The initial pages of each memory.
    memories: Vec<u32>,
    /// The type of each table.
    tables: Vec<TableType>,
    /// The type of each global, and its initial value if known.
    globals: Vec<(GlobalType, Option<u64>)>,
    /// The exported globals: index and name.
    exported: Vec<(u32, String)>,
}

impl Interface {
    /// For each memory, the ranges that active data segments fill. `None` if an address is not a constant.
    pub(super) fn data(&self) -> Option<Vec<Vec<Range<u64>>>> {
        let mut ranges = vec![Vec::new(); self.memories.len()];
        for segment in &self.segments {
            let addr = segment.addr?;
            let memory = usize::try_from(segment.memory).ok().and_then(|memory| ranges.get_mut(memory))?;
            memory.push(addr..addr.saturating_add(segment.len));
        }
        Some(ranges)
    }

    /// Reads the interface of a module without its code.
    ///
    /// # Errors
    /// The binary is malformed.
    pub fn read(binary: &[u8]) -> Result<Interface, BinaryReaderError> {
        let mut interface = Interface::default();
        let mut indices = Indices::default();
        let mut names = Names::default();
        // The index of each kept segment among all segments.
        let mut places = Vec::new();
        for payload in Parser::new(0).parse_all(binary) {
            match payload? {
                Payload::TypeSection(types) => {
                    for group in types {
                        indices.types.extend(group?.into_types().map(|ty| func(&ty)));
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        if let TypeRef::Memory(ty) = import.ty {
                            interface.memories.push(ty.into());
                        }
                        let what = indices.import(import.ty);
                        let (module, name) = (import.module.to_owned(), import.name.to_owned());
                        interface.imports.push(Import { module, name, what });
                    }
                }
                Payload::FunctionSection(funcs) => {
                    for ty in funcs {
                        indices.funcs.push(ty?);
                    }
                }
                Payload::MemorySection(memories) => {
                    for memory in memories {
                        let memory = memory?;
                        indices.memories.push(pages(memory.initial));
                        interface.memories.push(memory.into());
                    }
                }
                Payload::TableSection(tables) => {
                    for table in tables {
                        indices.tables.push(table?.ty.into());
                    }
                }
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        let global = global?;
                        let start = indices.constant(&global.init_expr)?;
                        indices.globals.push((global.ty.into(), start));
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.kind == ExternalKind::Global {
                            indices.exported.push((export.index, shortened(export.name).to_owned()));
                        }
                        let what = indices.export(export.kind, export.index);
                        interface.exports.push(Export { name: export.name.to_owned(), what });
                    }
                }
                Payload::StartSection { .. } => interface.has_start = true,
                Payload::CustomSection(section) if section.name().starts_with("dylink") => interface.is_dynamic = true,
                Payload::CustomSection(section) if section.name() == SAYS => {
                    let data = &section.data()[..section.data().len().min(LONGEST)];
                    interface.says = Some(String::from_utf8_lossy(data).into_owned());
                }
                Payload::CustomSection(section) if section.name() == LINKED => {
                    interface.component = Component::read(section.data());
                }
                Payload::DataSection(segments) => {
                    for (segment, number) in segments.into_iter().zip(0..) {
                        let segment = segment?;
                        if let DataKind::Active { memory_index, offset_expr } = segment.kind {
                            let addr = indices.constant(&offset_expr)?;
                            let len = segment.data.len() as u64;
                            interface.segments.push(Segment { memory: memory_index, addr, len, name: None });
                            places.push(number);
                        }
                    }
                }
                Payload::CustomSection(section) if section.name() == "name" => {
                    names = Names::read(BinaryReader::new(section.data(), section.data_offset()));
                }
                _ => (),
            }
        }
        for (segment, number) in interface.segments.iter_mut().zip(places) {
            segment.name = names.data.remove(&number);
        }
        interface.globals = indices.named_globals(names);
        Ok(interface)
    }

    /// A message that the module exports no function of that name, with those that it exports.
    pub fn lacks(&self, name: &str) -> String {
        let shown = |name: &str| if name.is_empty() { "\"\"".to_owned() } else { plain(name) };
        let names: Vec<_> = self.funcs().map(|(name, _)| shown(name)).collect();
        let more = match names.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more, which `linmem inspect --all` lists"),
        };
        let (name, shown) = (plain(name), names[..names.len().min(LISTED)].join(", "));
        format!("the module exports no function `{name}`; it exports {shown}{more}")
    }

    /// The exported functions with their types.
    pub fn funcs(&self) -> impl Iterator<Item = (&str, &Signature)> {
        self.exports.iter().filter_map(|export| match &export.what {
            Extern::Func(signature) => Some((export.name.as_str(), signature)),
            _ => None,
        })
    }

    /// The names of each memory by index: those of its exports, then that of its import. A private memory has none.
    pub fn memory_names(&self) -> Vec<Vec<&str>> {
        let exports = self.exports.iter().map(|export| (export.name.as_str(), &export.what));
        let imports = self.imports.iter().map(|import| (import.name.as_str(), &import.what));
        let mut found: Vec<Vec<&str>> = Vec::new();
        for (name, what) in exports.chain(imports) {
            let Extern::Memory { index, .. } = *what else { continue };
            let Ok(index) = usize::try_from(index) else { continue };
            // An index out of range is rejected when the module is compiled.
            if index < MEMORIES {
                found.resize_with(found.len().max(index + 1), Vec::new);
                found[index].push(name);
            }
        }
        found
    }

    /// The imported functions, each with its index among all imports.
    pub fn imported_funcs(&self) -> impl Iterator<Item = (usize, &Import, &Signature)> {
        self.imports.iter().enumerate().filter_map(|(place, import)| match &import.what {
            Extern::Func(signature) => Some((place, import, signature)),
            _ => None,
        })
    }
}

impl Import {
    /// Its display name: `module.name`.
    pub fn full_name(&self) -> String {
        format!("{}.{}", plain(&self.module), plain(&self.name))
    }
}

impl Indices {
    /// The type of an import. Assigns it the next index of its kind.
    fn import(&mut self, ty: TypeRef) -> Extern {
        match ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                self.funcs.push(ty);
                Extern::Func(self.signature(ty))
            }
            TypeRef::Memory(ty) => {
                self.memories.push(pages(ty.initial));
                self.memory(self.memories.len() - 1)
            }
            TypeRef::Global(ty) => {
                self.globals.push((ty.into(), None));
                Extern::Global(ty.into())
            }
            TypeRef::Table(ty) => {
                self.tables.push(ty.into());
                Extern::Table(ty.into())
            }
            TypeRef::Tag(_) => Extern::Tag,
        }
    }

    fn export(&self, kind: ExternalKind, index: u32) -> Extern {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                Extern::Func(self.signature(self.funcs.get(place).copied().unwrap_or(u32::MAX)))
            }
            ExternalKind::Memory => self.memory(place),
            ExternalKind::Global => Extern::Global(self.globals.get(place).map_or(GlobalType::UNKNOWN, |(ty, _)| *ty)),
            ExternalKind::Table => Extern::Table(self.tables.get(place).copied().unwrap_or(TableType::UNKNOWN)),
            ExternalKind::Tag => Extern::Tag,
        }
    }

    /// The value of a constant expression, if it is a constant or a global with a known value.
    fn constant(&self, expression: &ConstExpr<'_>) -> Result<Option<u64>, BinaryReaderError> {
        let mut operators = expression.get_operators_reader();
        let value = match operators.read()? {
            Operator::I32Const { value } => Some(u64::from(value.cast_unsigned())),
            Operator::I64Const { value } => Some(value.cast_unsigned()),
            Operator::GlobalGet { global_index } => {
                let place = usize::try_from(global_index).unwrap_or(usize::MAX);
                self.start(place)
            }
            _ => None,
        };
        Ok(value.filter(|_| matches!(operators.read(), Ok(Operator::End))))
    }

    /// The named globals: exported ones first, then those of the name section.
    fn named_globals(self, mut names: Names) -> Vec<Variable> {
        let start = |index: u32| usize::try_from(index).ok().and_then(|place| self.start(place));
        let exported = self.exported.iter().map(|(index, name)| (*index, name.clone()));
        let mut found: Vec<_> = exported.collect();
        found.iter().for_each(|(index, _)| drop(names.globals.remove(index)));
        let mut rest: Vec<_> = names.globals.into_iter().collect();
        rest.sort();
        found.extend(rest);
        found.into_iter().map(|(index, name)| Variable { name, start: start(index) }).collect()
    }

    /// The initial value of a global, if known.
    fn start(&self, place: usize) -> Option<u64> {
        self.globals.get(place).and_then(|(_, start)| *start)
    }

    fn memory(&self, place: usize) -> Extern {
        let pages = self.memories.get(place).copied().unwrap_or(0);
        Extern::Memory { index: u32::try_from(place).unwrap_or(u32::MAX), pages }
    }

    fn signature(&self, ty: u32) -> Signature {
        let types = |types: &[ValType]| types.iter().map(|&ty| Type::from(ty)).collect();
        let known = usize::try_from(ty).ok().and_then(|ty| self.types.get(ty));
        known.map_or(Signature { params: Vec::new(), results: Vec::new() }, |ty| Signature {
            params: types(ty.params()),
            results: types(ty.results()),
        })
    }
}

/// A function type. Other types become `() -> ()`.
fn func(ty: &SubType) -> FuncType {
    match &ty.composite_type.inner {
        CompositeInnerType::Func(func) => func.clone(),
        _ => FuncType::new([], []),
    }
}

/// A number of pages in 32 bits, which suffice for any memory that linmem can run.
fn pages(initial: u64) -> u32 {
    u32::try_from(initial).unwrap_or(u32::MAX)
}
