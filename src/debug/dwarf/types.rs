//! The types of data that a module's DWARF describes, by name.

use std::sync::Arc;

use gimli::{AttributeValue, DwAt, DwAte, DwTag, UnitOffset, UnitSectionOffset, constants};

use super::Dwarf;
use super::limits::Limits;
use super::opened::Opened;
use super::scopes::ATTRIBUTES;
use super::sections::{Sections, Slice};
use super::units::Units;
use crate::debug::types::{Count, DataKind, DataType, Member};

/// Maximum number of named types in a module.
const NAMED: usize = 1 << 20;
/// Maximum number of children of an entry, and of entries inside it.
const CHILDREN: usize = 4096;
const INSIDE: usize = 1 << 16;
/// Maximum number of entries read for one type, its depth, and how many pointers are followed.
const ENTRIES: usize = 4096;
const DEPTH: usize = 24;
const FOLLOWED: usize = 2;
/// Maximum number of matching types that are compared.
const MATCHES: usize = 16;

/// Why a type is not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeError {
    /// No type has that name.
    Unknown,
    /// Several do; their whole names.
    Several(Vec<String>),
}

/// The named types of a module.
#[derive(Debug, Default)]
pub(super) struct TypeNames(Vec<NamedType>);

#[derive(Debug)]
struct NamedType {
    /// With its namespaces: `my::Header`.
    name: String,
    /// The offset of its entry in the section.
    entry: usize,
}

impl TypeNames {
    /// Reads the names of all types, as far as the limits allow.
    pub(super) fn read(sections: &Sections, units: &Units, limits: &Limits) -> TypeNames {
        let dwarf = sections.dwarf();
        let mut names = TypeNames::default();
        for unit in units.iter() {
            let Some(opened) = Opened::new(sections, &dwarf, unit) else { continue };
            // Nothing after an error can be decoded.
            let _ = names.read_unit(sections, &dwarf, &opened, limits);
        }
        names
    }

    fn read_unit<'a>(
        &mut self,
        sections: &'a Sections,
        dwarf: &gimli::Dwarf<Slice<'a>>,
        opened: &Opened<'a>,
        limits: &Limits,
    ) -> gimli::Result<()> {
        let mut entries = opened.unit.entries_raw(None)?;
        // The enclosing namespaces and types, with their depths.
        let mut around: Vec<(isize, String)> = Vec::new();
        while !entries.is_empty() && self.0.len() < NAMED {
            let (entry, depth) = (entries.next_offset(), entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else { continue };
            let specs = abbreviation.attributes();
            if specs.len() > ATTRIBUTES || !limits.attributes.spend(specs.len() + 1) {
                return Ok(());
            }
            let (is_type, holds_types) = (is_named(abbreviation.tag()), holds_types(abbreviation.tag()));
            if !is_type && !holds_types {
                entries.skip_attributes(specs)?;
                continue;
            }
            let (mut name, mut is_declaration) = (None, false);
            for &spec in specs {
                let attribute = entries.read_attribute(spec)?;
                match attribute.name() {
                    constants::DW_AT_name => name = sections.text(dwarf, &opened.unit, attribute.value()),
                    constants::DW_AT_declaration => is_declaration = true,
                    _ => (),
                }
            }
            while around.pop_if(|(of, _)| *of >= depth).is_some() {}
            let Some(name) = name else { continue };
            let whole = around.last().map_or(name.clone(), |(_, around)| format!("{around}::{name}"));
            if !limits.paths.spend(whole.len()) {
                return Ok(());
            }
            if is_type && !is_declaration {
                let entry = entry.to_unit_section_offset(&opened.unit.header).0;
                self.0.push(NamedType { name: whole.clone(), entry });
            }
            if holds_types {
                around.push((depth, whole));
            }
        }
        Ok(())
    }

    /// The types with that whole name, or else those whose name ends in it.
    fn matching(&self, name: &str) -> Vec<&NamedType> {
        let exact: Vec<_> = self.0.iter().filter(|ty| ty.name == name).take(MATCHES).collect();
        if !exact.is_empty() {
            return exact;
        }
        let ends = |ty: &&NamedType| ty.name.strip_suffix(name).is_some_and(|before| before.ends_with("::"));
        self.0.iter().filter(ends).take(MATCHES).collect()
    }
}

fn is_named(tag: DwTag) -> bool {
    matches!(
        tag,
        constants::DW_TAG_structure_type
            | constants::DW_TAG_class_type
            | constants::DW_TAG_union_type
            | constants::DW_TAG_enumeration_type
            | constants::DW_TAG_typedef
    )
}

fn holds_types(tag: DwTag) -> bool {
    matches!(
        tag,
        constants::DW_TAG_namespace
            | constants::DW_TAG_structure_type
            | constants::DW_TAG_class_type
            | constants::DW_TAG_union_type
    )
}

impl Dwarf {
    /// The type with that name. A suffix such as `Header` matches `my::Header` if no whole name does.
    pub(in crate::debug) fn type_named(&self, name: &str) -> Result<Arc<DataType>, TypeError> {
        let names = self.types.get_or_init(|| TypeNames::read(&self.sections, &self.units, &self.limits));
        let mut found: Vec<DataType> = Vec::new();
        for ty in names.matching(name) {
            let mut reader = Reader { sections: &self.sections, units: &self.units, left: ENTRIES };
            // A type is described once in each unit that uses it.
            if found.iter().any(|other| other.name == ty.name) {
                continue;
            }
            if let Some(read) = reader.read_at(ty.entry, 0, FOLLOWED).filter(|read| read.size > 0) {
                found.push(DataType { name: ty.name.clone(), ..read });
            }
        }
        match found.len() {
            0 => Err(TypeError::Unknown),
            1 => Ok(Arc::new(found.remove(0))),
            _ => Err(TypeError::Several(found.into_iter().map(|ty| ty.name).collect())),
        }
    }
}

/// Reads types from their entries.
struct Reader<'a> {
    sections: &'a Sections,
    units: &'a Units,
    /// How many entries may still be read.
    left: usize,
}

/// An entry with its children.
struct Entry<'a> {
    tag: DwTag,
    attributes: Vec<(DwAt, AttributeValue<Slice<'a>>)>,
    children: Vec<UnitOffset>,
}

impl<'a> Entry<'a> {
    fn attribute(&self, name: DwAt) -> Option<AttributeValue<Slice<'a>>> {
        self.attributes.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }

    fn number(&self, name: DwAt) -> Option<u64> {
        self.attribute(name)?.udata_value()
    }
}

impl<'a> Reader<'a> {
    /// Reads the type of the entry at an offset of the section.
    fn read_at(&mut self, entry: usize, depth: usize, follow: usize) -> Option<DataType> {
        let dwarf = self.sections.dwarf();
        let opened = Opened::new(self.sections, &dwarf, self.units.with_entry(entry)?)?;
        let entry = UnitSectionOffset(entry).to_unit_offset(&opened.unit.header)?;
        self.read(&dwarf, &opened, entry, depth, follow)
    }

    fn read(
        &mut self,
        dwarf: &gimli::Dwarf<Slice<'a>>,
        opened: &Opened<'a>,
        entry: UnitOffset,
        depth: usize,
        follow: usize,
    ) -> Option<DataType> {
        if depth > DEPTH {
            return None;
        }
        let entry = self.entry(opened, entry)?;
        let name = self.text(dwarf, opened, &entry).unwrap_or_default();
        let size = entry.number(constants::DW_AT_byte_size);
        match entry.tag {
            constants::DW_TAG_base_type => match entry.attribute(constants::DW_AT_encoding)? {
                AttributeValue::Encoding(encoding) => Some(base(&name, size?, encoding)),
                _ => None,
            },
            constants::DW_TAG_structure_type | constants::DW_TAG_class_type | constants::DW_TAG_union_type => {
                let members = self.members(dwarf, opened, &entry, depth, follow);
                let members = match self.element(dwarf, opened, &entry, &name, depth) {
                    Some(of) => vector(&members, of).unwrap_or(members),
                    None => members,
                };
                let align = members.iter().map(|member| member.ty.align).max().unwrap_or(1);
                let kind =
                    if members.is_empty() { DataKind::Unknown } else { DataKind::Struct(counted(&name, members)) };
                Some(DataType { name, size: size.unwrap_or(0), align, kind })
            }
            constants::DW_TAG_pointer_type
            | constants::DW_TAG_reference_type
            | constants::DW_TAG_rvalue_reference_type => {
                let to = follow.checked_sub(1).and_then(|follow| self.refer(dwarf, opened, &entry, depth, follow));
                let mut pointer = DataType::pointer(to.filter(|to| to.size > 0).map(Arc::new), size.unwrap_or(4));
                pointer.name = if name.is_empty() { pointer.name } else { name };
                Some(pointer)
            }
            constants::DW_TAG_typedef => {
                let mut ty = self.refer(dwarf, opened, &entry, depth, follow)?;
                ty.name = name;
                Some(ty)
            }
            constants::DW_TAG_const_type
            | constants::DW_TAG_volatile_type
            | constants::DW_TAG_restrict_type
            | constants::DW_TAG_atomic_type => self.refer(dwarf, opened, &entry, depth, follow),
            constants::DW_TAG_array_type => {
                let mut ty = self.refer(dwarf, opened, &entry, depth, follow)?;
                let lengths: Vec<_> = entry.children.iter().map(|child| self.length(opened, *child)).collect();
                for length in lengths.into_iter().rev() {
                    ty = DataType::array(Arc::new(ty), length?)?;
                }
                Some(ty)
            }
            constants::DW_TAG_enumeration_type => {
                let names = self.enumerators(dwarf, opened, &entry);
                Some(DataType { name, size: size?, align: size?.clamp(1, 8), kind: DataKind::Enum(names) })
            }
            _ => None,
        }
    }

    /// The type that an entry refers to.
    fn refer(
        &mut self,
        dwarf: &gimli::Dwarf<Slice<'a>>,
        opened: &Opened<'a>,
        entry: &Entry<'a>,
        depth: usize,
        follow: usize,
    ) -> Option<DataType> {
        match entry.attribute(constants::DW_AT_type)? {
            AttributeValue::UnitRef(at) => self.read(dwarf, opened, at, depth + 1, follow),
            AttributeValue::DebugInfoRef(at) => self.read_at(at.0, depth + 1, follow),
            _ => None,
        }
    }

    fn members(
        &mut self,
        dwarf: &gimli::Dwarf<Slice<'a>>,
        opened: &Opened<'a>,
        entry: &Entry<'a>,
        depth: usize,
        follow: usize,
    ) -> Vec<Member> {
        let mut members = Vec::new();
        for &child in &entry.children {
            let Some(child) = self.entry(opened, child) else { continue };
            let is_base = child.tag == constants::DW_TAG_inheritance;
            let is_static = child.attribute(constants::DW_AT_external).is_some();
            if (child.tag != constants::DW_TAG_member && !is_base) || is_static {
                continue;
            }
            let Some(ty) = self.refer(dwarf, opened, &child, depth, follow).filter(|ty| ty.size > 0) else { continue };
            let name = self.text(dwarf, opened, &child).unwrap_or_else(|| "base".to_owned());
            let offset = child.number(constants::DW_AT_data_member_location).unwrap_or(0);
            let Ok(offset) = i64::try_from(offset) else { continue };
            members.push(Member { name, offset, ty: Arc::new(ty), count: None });
        }
        members.sort_by_key(|member| member.offset);
        members
    }

    /// What a Rust `String` or `Vec<T>` has elements of.
    fn element(
        &mut self,
        dwarf: &gimli::Dwarf<Slice<'a>>,
        opened: &Opened<'a>,
        entry: &Entry<'a>,
        name: &str,
        depth: usize,
    ) -> Option<DataType> {
        if name == "String" {
            return Some(DataType::plain("char", 1, DataKind::Character));
        }
        let first = entry.children.iter().filter(|_| name.starts_with("Vec<")).find_map(|&child| {
            self.entry(opened, child).filter(|child| child.tag == constants::DW_TAG_template_type_parameter)
        })?;
        self.refer(dwarf, opened, &first, depth, 0).filter(|of| of.size > 0)
    }

    fn enumerators(
        &mut self,
        dwarf: &gimli::Dwarf<Slice<'a>>,
        opened: &Opened<'a>,
        entry: &Entry<'a>,
    ) -> Vec<(i64, String)> {
        let mut names = Vec::new();
        for &child in &entry.children {
            let Some(child) = self.entry(opened, child) else { continue };
            let value = child.attribute(constants::DW_AT_const_value).and_then(|value| {
                value.sdata_value().or_else(|| value.udata_value().and_then(|value| i64::try_from(value).ok()))
            });
            names.extend(value.zip(self.text(dwarf, opened, &child)));
        }
        names
    }

    /// The number of elements in a dimension of an array.
    fn length(&mut self, opened: &Opened<'a>, range: UnitOffset) -> Option<u64> {
        let range = self.entry(opened, range)?;
        let last = || range.number(constants::DW_AT_upper_bound)?.checked_add(1);
        range.number(constants::DW_AT_count).or_else(last)
    }

    fn text(&self, dwarf: &gimli::Dwarf<Slice<'a>>, opened: &Opened<'a>, entry: &Entry<'a>) -> Option<String> {
        self.sections.text(dwarf, &opened.unit, entry.attribute(constants::DW_AT_name)?)
    }

    fn entry(&mut self, opened: &Opened<'a>, at: UnitOffset) -> Option<Entry<'a>> {
        self.left = self.left.checked_sub(1)?;
        let mut entries = opened.unit.entries_raw(Some(at)).ok()?;
        let abbreviation = entries.read_abbreviation().ok()??;
        let (tag, has_children) = (abbreviation.tag(), abbreviation.has_children());
        let specs = abbreviation.attributes();
        let specs = (specs.len() <= ATTRIBUTES).then_some(specs)?;
        let read = |spec: &gimli::AttributeSpecification| entries.read_attribute(*spec).ok();
        let attributes: Vec<_> = specs.iter().map(read).collect::<Option<Vec<_>>>()?;
        let attributes = attributes.iter().map(|attribute| (attribute.name(), attribute.value())).collect();
        let mut children = Vec::new();
        for _ in 0..if has_children { INSIDE } else { 0 } {
            let (child, depth) = (entries.next_offset(), entries.next_depth());
            if entries.is_empty() || depth < 1 || children.len() == CHILDREN {
                break;
            }
            let Some(abbreviation) = entries.read_abbreviation().ok()? else { continue };
            entries.skip_attributes(abbreviation.attributes()).ok()?;
            if depth == 1 {
                children.push(child);
            }
        }
        Some(Entry { tag, attributes, children })
    }
}

/// A type of the language.
fn base(name: &str, size: u64, encoding: DwAte) -> DataType {
    let kind = match encoding {
        constants::DW_ATE_boolean => DataKind::Bool,
        constants::DW_ATE_float => DataKind::Float,
        constants::DW_ATE_UTF => DataKind::Character,
        constants::DW_ATE_signed_char | constants::DW_ATE_unsigned_char if name == "char" => DataKind::Character,
        constants::DW_ATE_signed | constants::DW_ATE_signed_char => DataKind::Signed,
        constants::DW_ATE_unsigned | constants::DW_ATE_unsigned_char | constants::DW_ATE_address => DataKind::Unsigned,
        _ => DataKind::Unknown,
    };
    let kind = if (1..=8).contains(&size) { kind } else { DataKind::Unknown };
    DataType::plain(name, size, kind)
}

/// A Rust `Vec` or `String` as capacity, pointer and length, which are deep inside it, in any order.
fn vector(members: &[Member], of: DataType) -> Option<Vec<Member>> {
    let mut leaves = Vec::new();
    collect_leaves(members, "", 0, &mut leaves);
    let named = |name: &str| leaves.iter().find(|(path, ..)| path.split('.').any(|part| part == name));
    // The vector inside a string is such a struct already.
    let capacity = named("cap").or_else(|| named("capacity"));
    let (pointer, length, capacity) =
        (leaves.iter().find(|(.., ty)| matches!(ty.kind, DataKind::Pointer(_)))?, named("len")?, capacity?);
    let number = |name: &str, (_, offset, ty): &Leaf| {
        let ty = DataType { name: "usize".to_owned(), kind: DataKind::Unsigned, ..DataType::clone(ty) };
        Member { name: name.to_owned(), offset: *offset, ty: Arc::new(ty), count: None }
    };
    let ty = Arc::new(DataType::pointer(Some(Arc::new(of)), pointer.2.size));
    let count = Some(Count { member: 2, divisor: 1 });
    let pointer = Member { name: "ptr".to_owned(), offset: pointer.1, ty, count };
    Some(vec![number("capacity", capacity), pointer, number("len", length)])
}

/// A member that is no struct: its path, its offset, its type.
type Leaf = (String, i64, Arc<DataType>);

fn collect_leaves(members: &[Member], path: &str, start: i64, leaves: &mut Vec<Leaf>) {
    for member in members {
        let (path, offset) = (format!("{path}.{}", member.name), start.saturating_add(member.offset));
        match &member.ty.kind {
            DataKind::Struct(inner) => collect_leaves(inner, &path, offset, leaves),
            _ => leaves.push((path, offset, member.ty.clone())),
        }
    }
}

/// The members of a Rust slice or text, with the pointer counted by the length.
fn counted(name: &str, mut members: Vec<Member>) -> Vec<Member> {
    let place = |name: &str| members.iter().position(|member| member.name == name);
    let (Some(pointer), Some(length)) = (place("data_ptr"), place("length")) else { return members };
    members[pointer].count = Some(Count { member: length, divisor: 1 });
    if name == "&str" {
        let text = DataType::plain("char", 1, DataKind::Character);
        let mut ty = DataType::pointer(Some(Arc::new(text)), members[pointer].ty.size);
        ty.name.clone_from(&members[pointer].ty.name);
        members[pointer].ty = Arc::new(ty);
    }
    members
}
