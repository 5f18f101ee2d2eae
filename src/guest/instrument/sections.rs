//! A module split into its sections, to which entries can be appended.

use std::borrow::Cow;

use wasm_encoder::{Encode, Module, RawSection, ValType};
use wasmparser::{
    BinaryReader, BinaryReaderError, CompositeInnerType, FunctionBody, Operator, Parser, Payload, TableType, TypeRef,
};

pub(super) const TYPE_SECTION: u8 = 1;
pub(super) const FUNCTION_SECTION: u8 = 3;
pub(super) const TABLE_SECTION: u8 = 4;
pub(super) const MEMORY_SECTION: u8 = 5;
pub(super) const GLOBAL_SECTION: u8 = 6;
pub(super) const EXPORT_SECTION: u8 = 7;
pub(super) const START_SECTION: u8 = 8;
pub(super) const CODE_SECTION: u8 = 10;

/// A module's sections in order, and what the passes need to know about them.
#[derive(Default)]
pub(super) struct Sections<'a> {
    sections: Vec<(u8, Cow<'a, [u8]>)>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    exports: Vec<&'a str>,
    /// Number of types.
    pub(super) types: u32,
    /// Number of parameters of each type; 0 if it is not a function type.
    params: Vec<usize>,
    /// The types of the functions with bodies.
    funcs: Vec<u32>,
    pub(super) imported_funcs: u32,
    pub(super) tables: u32,
    /// The types of the entries of each table; `None` for one with 64-bit indices.
    pub(super) entries: Vec<Option<ValType>>,
    /// The global that is taken for the stack pointer: the first that may be one.
    pub(super) stack: Option<u32>,
    /// Number of globals, including imported ones.
    pub(super) globals: u32,
    pub(super) memories: Vec<MemoryKind>,
    pub(super) start: Option<u32>,
}

/// What the passes need to know about a memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemoryKind {
    /// Whether it has 64-bit addresses.
    pub(super) is_64: bool,
    /// Whether it has the default page size.
    pub(super) usual_pages: bool,
}

impl From<wasmparser::MemoryType> for MemoryKind {
    fn from(ty: wasmparser::MemoryType) -> MemoryKind {
        MemoryKind { is_64: ty.memory64, usual_pages: ty.page_size_log2.is_none_or(|log| log == 16) }
    }
}

impl<'a> Sections<'a> {
    pub(super) fn of(original: &'a [u8]) -> Result<Sections<'a>, BinaryReaderError> {
        let mut parts = Sections::default();
        for payload in Parser::new(0).parse_all(original) {
            let payload = payload?;
            if let Some((id, range)) = payload.as_section() {
                parts.sections.push((id, original[index(range.start)..index(range.end)].into()));
            }
            parts.take_in(payload)?;
        }
        Ok(parts)
    }

    fn take_in(&mut self, payload: Payload<'a>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    self.params.extend(group?.types().map(|ty| match &ty.composite_type.inner {
                        CompositeInnerType::Func(func) => func.params().len(),
                        _ => 0,
                    }));
                }
                self.types = count(self.params.len());
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    match import?.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => self.imported_funcs += 1,
                        TypeRef::Memory(ty) => self.memories.push(ty.into()),
                        TypeRef::Table(ty) => self.add_table(&ty),
                        TypeRef::Global(_) => self.globals += 1,
                        TypeRef::Tag(_) => (),
                    }
                }
            }
            Payload::FunctionSection(funcs) => {
                for func in funcs {
                    self.funcs.push(func?);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.memories.push(memory?.into());
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    self.add_table(&table?.ty);
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    if self.stack.is_none() && may_be_stack(&global?) {
                        self.stack = Some(self.globals);
                    }
                    self.globals += 1;
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    self.exports.push(export?.name);
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            _ => (),
        }
        Ok(())
    }

    fn add_table(&mut self, ty: &TableType) {
        self.tables += 1;
        let entry = ValType::try_from(wasmparser::ValType::Ref(ty.element_type)).ok();
        self.entries.push(entry.filter(|_| !ty.table64));
    }

    /// Number of functions, including imported ones.
    pub(super) fn function_count(&self) -> u32 {
        self.imported_funcs + count(self.funcs.len())
    }

    /// The index of the function with this body.
    pub(super) fn function_index(&self, body: usize) -> u32 {
        self.imported_funcs + count(body)
    }

    /// Number of parameters of the function with this body.
    pub(super) fn param_count(&self, body: usize) -> usize {
        let ty = self.funcs.get(body).and_then(|&ty| usize::try_from(ty).ok());
        ty.and_then(|ty| self.params.get(ty)).copied().unwrap_or(0)
    }

    /// A name that no export uses.
    pub(super) fn fresh_name(&self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while self.exports.contains(&name.as_str()) {
            name.push('\'');
        }
        name
    }

    /// Appends entries to a vector section, and creates the section if it is missing.
    pub(super) fn append(&mut self, id: u8, entries: &[Vec<u8>]) -> Result<(), BinaryReaderError> {
        let place = match self.sections.iter().position(|(section, _)| *section == id) {
            Some(place) => place,
            None => {
                let later = |(section, _): &(u8, Cow<'_, [u8]>)| rank(*section) > rank(id);
                let place = self.sections.iter().position(later).unwrap_or(self.sections.len());
                self.sections.insert(place, (id, Cow::Borrowed(&[0])));
                place
            }
        };
        let section = &mut self.sections[place].1;
        let mut reader = BinaryReader::new(section, 0);
        let present = reader.read_var_u32()?;
        let mut data = Vec::new();
        (present + count(entries.len())).encode(&mut data);
        data.extend_from_slice(&section[index(reader.original_position())..]);
        entries.iter().for_each(|entry| data.extend_from_slice(entry));
        *section = data.into();
        Ok(())
    }

    /// Removes a section.
    pub(super) fn remove(&mut self, id: u8) {
        self.sections.retain(|(section, _)| *section != id);
    }

    /// Replaces the contents of a section, if the module has it.
    pub(super) fn replace(&mut self, id: u8, data: Vec<u8>) {
        if let Some((_, section)) = self.sections.iter_mut().find(|(section, _)| *section == id) {
            *section = data.into();
        }
    }

    /// Encodes the module.
    pub(super) fn finish(&self) -> Vec<u8> {
        let mut module = Module::new();
        for (id, data) in &self.sections {
            module.section(&RawSection { id: *id, data });
        }
        module.finish()
    }
}

/// The position of a section in the order of the specification; custom sections may be anywhere.
fn rank(id: u8) -> usize {
    const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
    ORDER.iter().position(|&section| section == id).map_or(0, |place| place + 1)
}

/// The lowest address at which a stack may begin.
const LOWEST: i32 = 1024;

/// Whether a global may be the stack pointer of a compiled module: a mutable i32 that begins with a high address.
fn may_be_stack(global: &wasmparser::Global<'_>) -> bool {
    let first = global.init_expr.get_operators_reader().read();
    let is_high = matches!(first, Ok(Operator::I32Const { value }) if !(0..LOWEST).contains(&value));
    global.ty.mutable && global.ty.content_type == wasmparser::ValType::I32 && is_high
}

/// An offset in a module that is in memory.
pub(super) fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("the module lies in memory")
}

/// A number of entries. It fits 32 bits: a section's length does, and each entry takes at least a byte.
fn count(len: usize) -> u32 {
    u32::try_from(len).expect("a section has fewer entries than bytes")
}
