//! Modules in the text format: encoding, and mapping errors in the binary back to the text.

use std::path::Path;

use wasmparser::{ConstExpr, DataKind, ElementKind, FromReader, OperatorsReader, Parser, Payload, SectionLimited};
use wast::Wat;
use wast::core::{self, Expression, FuncKind, GlobalKind, ModuleField, ModuleKind};
use wast::lexer::Lexer;
use wast::parser::{ParseBuffer, parse};
use wast::token::Span;

/// Encodes a module. `name` is used in messages.
///
/// # Errors
/// The text is invalid; with line and column.
pub(super) fn encode(name: &str, text: &[u8]) -> Result<Vec<u8>, String> {
    let text =
        std::str::from_utf8(text).map_err(|error| format!("not valid UTF-8 (at byte {})", error.valid_up_to()))?;
    let encoded = buffer(text).and_then(|buffer| parse::<Wat<'_>>(&buffer)?.encode());
    encoded.map_err(|error| shown(error, name, text))
}

/// Formats an error at an offset of the encoded module with its line and column in the text; `None` if unknown.
pub(super) fn locate(name: &str, text: &[u8], message: &str, offset: u64) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let mut buffer = buffer(text).ok()?;
    buffer.track_instr_spans(true);
    let mut wat = parse::<Wat<'_>>(&buffer).ok()?;
    let binary = wat.encode().ok()?;
    let Wat::Module(core::Module { kind: ModuleKind::Text(fields), .. }) = &wat else { return None };
    let span = Item::at(offset, &binary)?.span(fields)?;
    Some(shown(wast::Error::new(span, message.to_owned()), name, text))
}

/// The text for the parser. Names may have any characters: what is shown of them is escaped.
fn buffer(text: &str) -> Result<ParseBuffer<'_>, wast::Error> {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    ParseBuffer::new_with_lexer(lexer)
}

fn shown(mut error: wast::Error, name: &str, text: &str) -> String {
    error.set_path(Path::new(name));
    error.set_text(text);
    error.to_string()
}

/// A section whose items are fields in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Type,
    Import,
    Function,
    Table,
    Memory,
    Tag,
    Global,
    Export,
    Start,
    Element,
    Data,
}

/// A part of the binary that has a counterpart in the text.
struct Item {
    section: Section,
    /// Its index among the items of the section.
    number: usize,
    /// The index of the instruction in it, if it is an instruction.
    instruction: Option<usize>,
}

impl Item {
    /// The item that contains the byte at an offset.
    fn at(offset: u64, binary: &[u8]) -> Option<Item> {
        let mut bodies = 0;
        for payload in Parser::new(0).parse_all(binary) {
            let found = match payload.ok()? {
                Payload::TypeSection(items) => find(Section::Type, &items, offset, |_| None),
                Payload::ImportSection(items) => find(Section::Import, &items, offset, |_| None),
                Payload::FunctionSection(items) => find(Section::Function, &items, offset, |_| None),
                Payload::TableSection(items) => find(Section::Table, &items, offset, |_| None),
                Payload::MemorySection(items) => find(Section::Memory, &items, offset, |_| None),
                Payload::TagSection(items) => find(Section::Tag, &items, offset, |_| None),
                Payload::GlobalSection(items) => {
                    find(Section::Global, &items, offset, |global| constant(&global.init_expr, offset))
                }
                Payload::ExportSection(items) => find(Section::Export, &items, offset, |_| None),
                Payload::StartSection { range, .. } if range.contains(&offset) => {
                    Some(Item { section: Section::Start, number: 0, instruction: None })
                }
                Payload::ElementSection(items) => {
                    find(Section::Element, &items, offset, |element| match element.kind {
                        ElementKind::Active { offset_expr, .. } => constant(&offset_expr, offset),
                        _ => None,
                    })
                }
                Payload::DataSection(items) => find(Section::Data, &items, offset, |data| match data.kind {
                    DataKind::Active { offset_expr, .. } => constant(&offset_expr, offset),
                    DataKind::Passive => None,
                }),
                Payload::CodeSectionEntry(body) => {
                    bodies += 1;
                    let instruction = || body.get_operators_reader().ok().and_then(|code| number(code, offset));
                    body.range().contains(&offset).then(|| Item {
                        section: Section::Function,
                        number: bodies - 1,
                        instruction: instruction(),
                    })
                }
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Its position in the text, given the fields as encoded.
    fn span(&self, fields: &[ModuleField<'_>]) -> Option<Span> {
        let (span, expression) = fields.iter().filter_map(|field| written(self.section, field)).nth(self.number)?;
        let spans = expression.and_then(|expression| expression.instr_spans.as_deref());
        // An implicit `end` belongs to the instruction before it.
        let instruction = self.instruction.zip(spans).and_then(|(number, spans)| spans.get(number).or(spans.last()));
        Some(instruction.copied().unwrap_or(span))
    }
}

/// The item of a section that contains the byte at an offset.
fn find<'a, T: FromReader<'a>>(
    section: Section,
    items: &SectionLimited<'a, T>,
    offset: u64,
    instruction: impl Fn(T) -> Option<usize>,
) -> Option<Item> {
    if !items.range().contains(&offset) {
        return None;
    }
    let known = items.clone().into_iter_with_offsets().map_while(Result::ok);
    let (number, (_, item)) = known.enumerate().take_while(|(_, (at, _))| *at <= offset).last()?;
    Some(Item { section, number, instruction: instruction(item) })
}

fn constant(expression: &ConstExpr<'_>, offset: u64) -> Option<usize> {
    number(expression.get_operators_reader(), offset)
}

/// The index of the instruction at an offset.
fn number(code: OperatorsReader<'_>, offset: u64) -> Option<usize> {
    code.into_iter_with_offsets().map_while(Result::ok).position(|(_, at)| at == offset)
}

/// The position in the text of an item of a section and of its instructions, if the field is one.
fn written<'f, 'a>(section: Section, field: &'f ModuleField<'a>) -> Option<(Span, Option<&'f Expression<'a>>)> {
    let (of, span, expression) = match field {
        ModuleField::Type(ty) => (Section::Type, ty.span, None),
        ModuleField::Rec(group) => (Section::Type, group.span, None),
        ModuleField::Import(import) => (Section::Import, import.span, None),
        ModuleField::Func(func) => match &func.kind {
            FuncKind::Inline { expression, .. } => (Section::Function, func.span, Some(expression)),
            FuncKind::Import(..) => return None,
        },
        ModuleField::Table(table) => (Section::Table, table.span, None),
        ModuleField::Memory(memory) => (Section::Memory, memory.span, None),
        ModuleField::Tag(tag) => (Section::Tag, tag.span, None),
        ModuleField::Global(global) => match &global.kind {
            GlobalKind::Inline(expression) => (Section::Global, global.span, Some(expression)),
            GlobalKind::Import(_) => return None,
        },
        ModuleField::Export(export) => (Section::Export, export.span, None),
        ModuleField::Start(index) => (Section::Start, index.span(), None),
        ModuleField::Elem(element) => match &element.kind {
            core::ElemKind::Active { offset, .. } => (Section::Element, element.span, Some(offset)),
            _ => (Section::Element, element.span, None),
        },
        ModuleField::Data(data) => match &data.kind {
            core::DataKind::Active { offset, .. } => (Section::Data, data.span, Some(offset)),
            core::DataKind::Passive => (Section::Data, data.span, None),
        },
        ModuleField::Custom(_) => return None,
    };
    (of == section).then_some((span, expression))
}
