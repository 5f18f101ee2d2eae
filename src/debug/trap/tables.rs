//! A module's tables: their sizes, the functions in them, and their types.

use std::collections::{HashMap, HashSet};

use wasmparser::{
    CompositeInnerType, ElementItems, ElementKind, FuncType, Operator, Parser, Payload, TableInit, TypeRef,
};

use crate::debug::DebugInfo;
use crate::guest::Signature;
use crate::record::{TrapCallee, TrapSlot};

/// The most entries that are read.
const MOST: usize = 1 << 20;

/// What a module says about its tables.
#[derive(Default)]
pub(super) struct Tables {
    /// The types, as text; `None` for one that is not a function's.
    types: Vec<Option<String>>,
    /// The type of each function.
    functions: Vec<u32>,
    /// The size of each table at the start.
    sizes: Vec<u64>,
    /// The functions that the module puts into slots at the start, by table and slot.
    entries: HashMap<(u32, u64), u32>,
    /// The tables that the module's code changes, and those that it grows.
    changed: HashSet<u32>,
    grown: HashSet<u32>,
    /// The tables whose entries at the start are not all known.
    unknown: HashSet<u32>,
}

impl Tables {
    /// Reads a module. A damaged module is read as far as possible.
    pub(super) fn read(module: &[u8]) -> Tables {
        let mut tables = Tables::default();
        for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
            tables.add(payload);
        }
        tables
    }

    fn add(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups.into_iter().map_while(Result::ok) {
                    self.types.extend(group.types().map(|ty| match &ty.composite_type.inner {
                        CompositeInnerType::Func(func) => Some(signature(func)),
                        _ => None,
                    }));
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports().map_while(Result::ok) {
                    match import.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => self.functions.push(ty),
                        TypeRef::Table(ty) => self.sizes.push(ty.initial),
                        _ => (),
                    }
                }
            }
            Payload::FunctionSection(functions) => self.functions.extend(functions.into_iter().map_while(Result::ok)),
            Payload::TableSection(tables) => {
                for table in tables.into_iter().map_while(Result::ok) {
                    if matches!(table.init, TableInit::Expr(_)) {
                        self.unknown.insert(u32::try_from(self.sizes.len()).unwrap_or(u32::MAX));
                    }
                    self.sizes.push(table.ty.initial);
                }
            }
            Payload::ElementSection(elements) => {
                elements.into_iter().map_while(Result::ok).for_each(|element| self.add_element(element));
            }
            Payload::CodeSectionEntry(body) => {
                let Ok(operators) = body.get_operators_reader() else { return };
                operators.into_iter().map_while(Result::ok).for_each(|operator| self.note_change(&operator));
            }
            _ => (),
        }
    }

    fn add_element(&mut self, element: wasmparser::Element<'_>) {
        let ElementKind::Active { table_index, offset_expr } = element.kind else { return };
        let table = table_index.unwrap_or(0);
        let mut offset = offset_expr.get_operators_reader();
        let start = match (offset.read(), offset.read()) {
            (Ok(Operator::I32Const { value }), Ok(Operator::End)) => u64::from(value.cast_unsigned()),
            _ => {
                self.unknown.insert(table);
                return;
            }
        };
        let functions: Vec<Option<u32>> = match element.items {
            ElementItems::Functions(functions) => functions.into_iter().map_while(Result::ok).map(Some).collect(),
            ElementItems::Expressions(_, items) => items
                .into_iter()
                .map_while(Result::ok)
                .map(|item| match item.get_operators_reader().read() {
                    Ok(Operator::RefFunc { function_index }) => Some(function_index),
                    _ => None,
                })
                .collect(),
        };
        for (function, slot) in functions.into_iter().zip(start..) {
            match function {
                Some(function) if self.entries.len() < MOST => self.entries.insert((table, slot), function),
                _ => self.entries.remove(&(table, slot)),
            };
        }
    }

    fn note_change(&mut self, operator: &Operator<'_>) {
        match *operator {
            Operator::TableSet { table } | Operator::TableFill { table } | Operator::TableInit { table, .. } => {
                self.changed.insert(table);
            }
            Operator::TableCopy { dst_table, .. } => {
                self.changed.insert(dst_table);
            }
            Operator::TableGrow { table } => {
                self.changed.insert(table);
                self.grown.insert(table);
            }
            _ => (),
        }
    }

    /// The size of a table, if the module's code does not change it.
    fn size(&self, table: u32) -> Option<u64> {
        let size = self.sizes.get(usize::try_from(table).ok()?)?;
        (!self.grown.contains(&table)).then_some(*size)
    }

    /// The slots that an instruction accesses, given its operands.
    pub(super) fn slots(&self, operator: &Operator<'_>, [first, second, len]: [u64; 3]) -> Vec<TrapSlot> {
        let slot = |table, slot, len| TrapSlot { table, slot, len, size: self.size(table) };
        match *operator {
            Operator::CallIndirect { table_index: table, .. }
            | Operator::TableGet { table }
            | Operator::TableSet { table } => vec![slot(table, first, 1)],
            Operator::TableFill { table } => vec![slot(table, first, len)],
            Operator::TableInit { table, .. } => vec![slot(table, first, len)],
            Operator::TableCopy { dst_table, src_table } => {
                vec![slot(dst_table, first, len), slot(src_table, second, len)]
            }
            _ => Vec::new(),
        }
    }

    /// The function that an indirect call found, given its operand.
    pub(super) fn callee(&self, operator: &Operator<'_>, [slot, ..]: [u64; 3], info: &DebugInfo) -> Option<TrapCallee> {
        let Operator::CallIndirect { type_index, table_index } = *operator else { return None };
        let index = self.entries.get(&(table_index, slot)).copied();
        Some(TrapCallee {
            expected: self.ty(type_index)?,
            found: index.and_then(|index| self.ty(*self.functions.get(usize::try_from(index).ok()?)?)),
            index,
            name: index.and_then(|index| info.function_name(index)),
            initial: self.changed.contains(&table_index) || self.unknown.contains(&table_index),
        })
    }

    /// The function in a slot of table 0 at the start.
    pub(super) fn function(&self, slot: u64) -> Option<u32> {
        self.entries.get(&(0, slot)).copied()
    }

    fn ty(&self, index: u32) -> Option<String> {
        self.types.get(usize::try_from(index).ok()?)?.clone()
    }
}

fn signature(ty: &FuncType) -> String {
    let list = |types: &[wasmparser::ValType]| types.iter().map(|&ty| ty.into()).collect();
    Signature { params: list(ty.params()), results: list(ty.results()) }.to_string()
}
