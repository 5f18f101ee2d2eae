//! Where the items of each core module are in the linked module.

use std::collections::HashMap;
use std::convert::Infallible;

use wasm_encoder::ConstExpr;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasmparser::{ExternalKind, Operator, TypeRef};

use super::Fit;
use super::graph::Graph;
use super::instances::CoreItem;
use super::summary::{KINDS, Summary, kind};

/// The index spaces of the linked module.
pub(super) struct Layout {
    /// For each instance of a core module, where its items are.
    pub(super) mappings: Vec<Mapping>,
    /// The functions that the host provides, in the order of the imports: their numbers and the indices of their types.
    pub(super) hosts: Vec<(usize, u32)>,
    /// How many items of each kind there are in all.
    pub(super) totals: [u32; KINDS],
    /// How many types there are.
    pub(super) types: u32,
}

/// Where the items of a core module are.
#[derive(Default)]
pub(super) struct Mapping {
    /// For each kind, where the imported items are.
    pub(super) imported: [Vec<u32>; KINDS],
    /// For each kind, where the first defined item is.
    base: [u32; KINDS],
    pub(super) types: u32,
    elements: u32,
    data: u32,
}

/// What an item is.
enum Origin {
    Host(usize),
    /// The item of that index among those of its kind that the instance defines.
    Defined(usize, u32),
}

impl Layout {
    pub(super) fn new(graph: &Graph, summaries: &[Summary<'_>]) -> Fit<Layout> {
        let mut layout = Layout { mappings: Vec::new(), hosts: Vec::new(), totals: [0; KINDS], types: 0 };
        let (mut elements, mut data) = (0, 0);
        let mut origins = Vec::new();
        for (number, summary) in summaries.iter().enumerate() {
            layout.mappings.push(Mapping { types: layout.types, elements, data, ..Mapping::default() });
            let of_instance =
                summary.imports.iter().map(|import| origin(graph, summaries, number, import.module, import.name));
            let of_instance = of_instance.collect::<Fit<Vec<_>>>()?;
            for (import, origin) in summary.imports.iter().zip(&of_instance) {
                if let (Origin::Host(host), TypeRef::Func(ty) | TypeRef::FuncExact(ty)) = (origin, import.ty)
                    && layout.hosts.iter().all(|(known, _)| known != host)
                {
                    layout.hosts.push((*host, layout.types + ty));
                }
            }
            origins.push(of_instance);
            layout.types += summary.types;
            elements += summary.elements;
            data += summary.data;
        }
        layout.totals[0] = u32::try_from(layout.hosts.len()).unwrap_or(u32::MAX);
        for (summary, mapping) in summaries.iter().zip(&mut layout.mappings) {
            mapping.base = layout.totals;
            let defined = layout.totals.iter_mut().zip(summary.defined);
            defined.for_each(|(total, defined)| *total = total.saturating_add(defined));
        }
        for (number, of_instance) in origins.iter().enumerate() {
            let imported = std::array::from_fn(|kind| {
                let places = summaries[number].imported[kind].iter();
                places.map(|place| layout.place(&of_instance[*place], kind)).collect()
            });
            layout.mappings[number].imported = imported;
        }
        Ok(layout)
    }

    /// The index of an item.
    pub(super) fn index(
        &self,
        graph: &Graph,
        summaries: &[Summary<'_>],
        item: &CoreItem,
        of: ExternalKind,
    ) -> Fit<u32> {
        let origin = follow(graph, summaries, item.clone())?;
        if let Origin::Host(host) = origin
            && self.hosts.iter().all(|(known, _)| *known != host)
        {
            return Err("it exports a function that it imports".to_owned());
        }
        Ok(self.place(&origin, kind(of)))
    }

    fn place(&self, origin: &Origin, kind: usize) -> u32 {
        match origin {
            Origin::Host(host) => {
                let place = self.hosts.iter().position(|(known, _)| known == host).unwrap_or(0);
                u32::try_from(place).unwrap_or(u32::MAX)
            }
            Origin::Defined(instance, index) => self.mappings[*instance].base[kind] + index,
        }
    }
}

/// What an import of an instance is.
fn origin(graph: &Graph, summaries: &[Summary<'_>], instance: usize, module: &str, name: &str) -> Fit<Origin> {
    let args = &graph.instances[instance].args;
    let given = args.get(module).ok_or_else(|| format!("the import {module}.{name} of a core module is not given"))?;
    follow(graph, summaries, given.export(name)?)
}

/// Follows exports that are imports themselves. Each leads to an earlier instance.
fn follow(graph: &Graph, summaries: &[Summary<'_>], mut item: CoreItem) -> Fit<Origin> {
    loop {
        let (instance, name) = match &item {
            CoreItem::Host(host) => return Ok(Origin::Host(*host)),
            CoreItem::Export(instance, name) => (*instance, name.clone()),
        };
        let summary = &summaries[instance];
        let export = summary.exports.get(&*name).ok_or_else(|| format!("a core module lacks the export `{name}`"))?;
        let (of, index) = (kind(export.0), export.1);
        let imported = &summary.imported[of];
        let Some(place) = usize::try_from(index).ok().and_then(|index| imported.get(index)) else {
            return Ok(Origin::Defined(instance, index - u32::try_from(imported.len()).unwrap_or(0)));
        };
        let import = &summary.imports[*place];
        let given = graph.instances[instance].args.get(import.module);
        let given = given.ok_or_else(|| format!("the import {}.{} is not given", import.module, import.name))?;
        item = given.export(import.name)?;
    }
}

/// Rewrites the items of a core module with their indices in the linked module.
pub(super) struct Relocator<'a> {
    pub(super) mapping: &'a Mapping,
    /// The initial values of immutable globals. Constant expressions may only refer to imported globals, of which none
    /// remain.
    pub(super) constants: &'a HashMap<u32, ConstExpr>,
}

impl Relocator<'_> {
    fn place(&self, kind: usize, index: u32) -> Result<u32, Error> {
        Ok(self.mapping.place(kind, index))
    }
}

impl Mapping {
    /// The index of an item in the linked module.
    pub(super) fn place(&self, kind: usize, index: u32) -> u32 {
        let imported = &self.imported[kind];
        let found = usize::try_from(index).ok().and_then(|place| imported.get(place)).copied();
        found.unwrap_or_else(|| {
            self.base[kind].wrapping_add(index).wrapping_sub(u32::try_from(imported.len()).unwrap_or(0))
        })
    }

    /// The index of a data segment in the linked module.
    pub(super) fn data(&self, index: u32) -> u32 {
        self.data + index
    }
}

impl Reencode for Relocator<'_> {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error> {
        self.place(0, index)
    }

    fn table_index(&mut self, index: u32) -> Result<u32, Error> {
        self.place(1, index)
    }

    fn memory_index(&mut self, index: u32) -> Result<u32, Error> {
        self.place(2, index)
    }

    fn global_index(&mut self, index: u32) -> Result<u32, Error> {
        self.place(3, index)
    }

    fn tag_index(&mut self, index: u32) -> Result<u32, Error> {
        self.place(4, index)
    }

    fn type_index(&mut self, index: u32) -> Result<u32, Error> {
        Ok(self.mapping.types + index)
    }

    fn element_index(&mut self, index: u32) -> Result<u32, Error> {
        Ok(self.mapping.elements + index)
    }

    fn data_index(&mut self, index: u32) -> Result<u32, Error> {
        Ok(self.mapping.data(index))
    }

    fn const_expr(&mut self, expression: wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Error> {
        let mut operators = expression.get_operators_reader();
        if let Ok(Operator::GlobalGet { global_index }) = operators.read()
            && matches!(operators.read(), Ok(Operator::End))
            && let Some(value) = self.constants.get(&self.mapping.place(3, global_index))
        {
            return Ok(value.clone());
        }
        utils::const_expr(self, expression)
    }
}
