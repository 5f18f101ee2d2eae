//! The types of a component's exported functions.

use wasmparser::PrimitiveValType as Primitive;
use wasmparser::component_types::{ComponentDefinedType, ComponentEntityType, ComponentFuncType, ComponentValType};
use wasmparser::types::TypesRef;

use super::ComponentType;

/// The type of a function.
#[derive(Clone, Debug, Default)]
pub(super) struct FunctionType {
    pub(super) params: Vec<(String, ComponentType)>,
    pub(super) result: Option<ComponentType>,
    pub(super) is_async: bool,
}

/// How many types are looked at for one function. Types can be nested so that each is exponentially larger.
const MOST: u32 = 1000;

/// The type of an exported function, or of a function in an exported interface.
pub(super) fn function_type(types: TypesRef<'_>, interface: Option<&str>, name: &str) -> Option<FunctionType> {
    let exported = |name: &str| Some(types.component_item_for_export(name)?.ty);
    let item = match interface {
        None => exported(name)?,
        Some(interface) => match exported(interface)? {
            ComponentEntityType::Instance(instance) => types[instance].exports.get(name)?.ty,
            _ => return None,
        },
    };
    let ComponentEntityType::Func(func) = item else { return None };
    let ComponentFuncType { params, result, async_, .. } = &types[func];
    let mut describer = Describer { types, left: MOST };
    Some(FunctionType {
        params: params.iter().map(|(name, ty)| (name.to_string(), describer.described(*ty))).collect(),
        result: result.map(|ty| describer.described(ty)),
        is_async: *async_,
    })
}

struct Describer<'a> {
    types: TypesRef<'a>,
    /// How many types may still be looked at.
    left: u32,
}

impl Describer<'_> {
    fn described(&mut self, ty: ComponentValType) -> ComponentType {
        let id = match ty {
            ComponentValType::Primitive(Primitive::String) => return ComponentType::String,
            ComponentValType::Primitive(primitive) => return other(&primitive.to_string(), alignment_of(primitive)),
            // No alignment is greater.
            ComponentValType::Type(_) if self.left == 0 => return other("..", 8),
            ComponentValType::Type(id) => id,
        };
        self.left -= 1;
        let types = self.types;
        match &types[id] {
            ComponentDefinedType::Primitive(primitive) => self.described(ComponentValType::Primitive(*primitive)),
            ComponentDefinedType::List { element, .. } => match self.described(*element) {
                ComponentType::Other { words, .. } if words == "u8" => ComponentType::Bytes,
                element => other(&format!("list<{element}>"), 4),
            },
            ComponentDefinedType::Option { ty, .. } => ComponentType::Option(Box::new(self.described(*ty))),
            ComponentDefinedType::Result { ok, err, .. } => ComponentType::Result(self.boxed(*ok), self.boxed(*err)),
            ComponentDefinedType::Record(record) => other("record", self.widest(record.fields.values().copied())),
            ComponentDefinedType::Tuple(tuple) => {
                let parts: Vec<_> = tuple.types.iter().map(|ty| self.described(*ty)).collect();
                let words: Vec<_> = parts.iter().map(ToString::to_string).collect();
                let alignment = parts.iter().map(ComponentType::alignment).max();
                other(&format!("tuple<{}>", words.join(", ")), alignment.unwrap_or(1))
            }
            ComponentDefinedType::Variant(variant) => {
                let cases = self.widest(variant.cases.values().filter_map(|case| case.ty));
                other("variant", cases.max(discriminant(variant.cases.len())))
            }
            ComponentDefinedType::Enum(names) => other("enum", discriminant(names.len())),
            ComponentDefinedType::Flags(names) => other("flags", flags(names.len())),
            ComponentDefinedType::Own(_) => other("own<..>", 4),
            ComponentDefinedType::Borrow(_) => other("borrow<..>", 4),
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                let element = self.described(*element);
                other(&format!("list<{element}, {length}>"), element.alignment())
            }
            ComponentDefinedType::Map { .. } => other("map", 4),
            ComponentDefinedType::Future { .. } => other("future", 4),
            ComponentDefinedType::Stream { .. } => other("stream", 4),
        }
    }

    fn boxed(&mut self, ty: Option<ComponentValType>) -> Option<Box<ComponentType>> {
        ty.map(|ty| Box::new(self.described(ty)))
    }

    /// The greatest alignment.
    fn widest(&mut self, parts: impl Iterator<Item = ComponentValType>) -> u32 {
        parts.map(|ty| self.described(ty).alignment()).max().unwrap_or(1)
    }
}

fn other(words: &str, alignment: u32) -> ComponentType {
    ComponentType::Other { words: words.to_owned(), alignment }
}

/// The alignment of that many flags.
fn flags(count: usize) -> u32 {
    match count {
        0..=8 => 1,
        9..=16 => 2,
        _ => 4,
    }
}

/// The size of the number that tells so many cases apart.
fn discriminant(cases: usize) -> u32 {
    match cases {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    }
}

fn alignment_of(primitive: Primitive) -> u32 {
    match primitive {
        Primitive::Bool | Primitive::S8 | Primitive::U8 => 1,
        Primitive::S16 | Primitive::U16 => 2,
        Primitive::S64 | Primitive::U64 | Primitive::F64 => 8,
        _ => 4,
    }
}
