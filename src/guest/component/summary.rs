//! What linking needs to know of a core module: its sections, and how many items of each kind it has.

use std::collections::HashMap;
use std::ops::Range;

use wasmparser::{
    DataSectionReader, ElementSectionReader, ExternalKind, FunctionBody, FunctionSectionReader, GlobalSectionReader,
    KnownCustom, MemorySectionReader, NameSectionReader, Parser, Payload, TableSectionReader, TagSectionReader,
    TypeRef, TypeSectionReader,
};

use super::Fit;

/// How many kinds of items modules export and import.
pub(super) const KINDS: usize = 5;

/// The number of a kind.
pub(super) fn kind(kind: ExternalKind) -> usize {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => 0,
        ExternalKind::Table => 1,
        ExternalKind::Memory => 2,
        ExternalKind::Global => 3,
        ExternalKind::Tag => 4,
    }
}

/// An import of a core module.
pub(super) struct CoreImport<'a> {
    pub(super) module: &'a str,
    pub(super) name: &'a str,
    pub(super) ty: TypeRef,
}

/// A core module.
#[derive(Default)]
pub(super) struct Summary<'a> {
    pub(super) imports: Vec<CoreImport<'a>>,
    /// The imports of each kind, by their indices among all imports.
    pub(super) imported: [Vec<usize>; KINDS],
    /// How many items of each kind it defines.
    pub(super) defined: [u32; KINDS],
    /// How many types, element segments and data segments it has.
    pub(super) types: u32,
    pub(super) elements: u32,
    pub(super) data: u32,
    pub(super) exports: HashMap<&'a str, (ExternalKind, u32)>,
    pub(super) start: Option<u32>,
    pub(super) needs_data_count: bool,
    pub(super) type_section: Option<TypeSectionReader<'a>>,
    pub(super) functions: Option<FunctionSectionReader<'a>>,
    pub(super) tables: Option<TableSectionReader<'a>>,
    pub(super) memories: Option<MemorySectionReader<'a>>,
    pub(super) tags: Option<TagSectionReader<'a>>,
    pub(super) globals: Option<GlobalSectionReader<'a>>,
    pub(super) element_section: Option<ElementSectionReader<'a>>,
    pub(super) data_section: Option<DataSectionReader<'a>>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    pub(super) names: Option<NameSectionReader<'a>>,
    pub(super) producers: Option<&'a [u8]>,
}

impl<'a> Summary<'a> {
    /// Reads the core module at that place of a component.
    pub(super) fn of(binary: &'a [u8], module: &Range<usize>) -> Fit<Summary<'a>> {
        let mut found = Summary::default();
        let bytes = binary.get(module.clone()).unwrap_or_default();
        for payload in Parser::new(module.start as u64).parse_all(bytes) {
            found.section(payload.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
        }
        Ok(found)
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    self.types += u32::try_from(group?.types().len()).unwrap_or(u32::MAX);
                }
                self.type_section = Some(section);
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    let place = self.imports.len();
                    self.imported[of_type(import.ty)].push(place);
                    self.imports.push(CoreImport { module: import.module, name: import.name, ty: import.ty });
                }
            }
            Payload::FunctionSection(section) => {
                self.defined[0] = section.count();
                self.functions = Some(section);
            }
            Payload::TableSection(section) => {
                self.defined[1] = section.count();
                self.tables = Some(section);
            }
            Payload::MemorySection(section) => {
                self.defined[2] = section.count();
                self.memories = Some(section);
            }
            Payload::GlobalSection(section) => {
                self.defined[3] = section.count();
                self.globals = Some(section);
            }
            Payload::TagSection(section) => {
                self.defined[4] = section.count();
                self.tags = Some(section);
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    self.exports.insert(export.name, (export.kind, export.index));
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(section) => {
                self.elements = section.count();
                self.element_section = Some(section);
            }
            Payload::DataCountSection { .. } => self.needs_data_count = true,
            Payload::DataSection(section) => {
                self.data = section.count();
                self.data_section = Some(section);
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Name(names) => self.names = Some(names),
                KnownCustom::Producers(_) => self.producers = Some(section.data()),
                _ => (),
            },
            _ => (),
        }
        Ok(())
    }
}

/// The number of the kind of an import.
fn of_type(ty: TypeRef) -> usize {
    kind(match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => ExternalKind::Func,
        TypeRef::Table(_) => ExternalKind::Table,
        TypeRef::Memory(_) => ExternalKind::Memory,
        TypeRef::Global(_) => ExternalKind::Global,
        TypeRef::Tag(_) => ExternalKind::Tag,
    })
}
