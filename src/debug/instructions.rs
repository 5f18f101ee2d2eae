//! Disassembles the instructions around an offset. To keep this cheap for any function, they are put into a small
//! module, inside the blocks that are open there, and that is printed.

use std::ops::Range;

use wasm_encoder::{CodeSection, FunctionSection, IndirectNameMap, Module, NameMap, NameSection, RawSection};
use wasmparser::{
    BinaryReader, FunctionBody, Name, NameSectionReader, Operator, OperatorsReader, Parser, Payload, TypeRef,
};

use super::demangle::demangle;
use super::names::{Names, locals};

/// Maximum number of instructions before and after the requested one.
const AROUND: usize = 1000;
/// Maximum nesting of blocks.
const NESTING: usize = 1000;
/// Maximum length of an instruction's text, in bytes: `br_table` may have thousands of targets.
const LONGEST: usize = 1024;
/// Maximum size of the type section to copy.
const TYPES: usize = 1 << 20;
/// Maximum number of names to copy, for globals and for everything else.
const NAMES: usize = 10_000;

const TYPE_SECTION: u8 = 1;
const END: u8 = 0x0b;

/// The instruction at an offset of a function's body and up to `around` instructions before and after it, each with
/// its offset and text. Empty if no instruction begins there or the module is damaged.
pub(super) fn around(
    module: &[u8],
    names: &Names,
    (index, body): (u32, Range<usize>),
    offset: usize,
    around: usize,
) -> Vec<(usize, String)> {
    let printed = || {
        let (ty, types) = function_type(module, index)?;
        let window = Window::find(module, &body, offset, around.min(AROUND))?;
        let mut binary = Module::new();
        binary.section(&RawSection { id: TYPE_SECTION, data: types });
        binary.section(FunctionSection::new().function(ty));
        binary.section(CodeSection::new().raw(&window.code(module)));
        binary.section(&window.names(names, names.section(module), index));
        window.print(&binary.finish())
    };
    printed().unwrap_or_default()
}

/// Consecutive instructions, and the enclosing blocks.
#[derive(Default)]
struct Window {
    /// The offset of each instruction.
    offsets: Vec<usize>,
    /// The end of the last instruction.
    end: usize,
    /// The blocks that are open before the first instruction.
    before: Vec<Block>,
    /// Number of blocks open after the last instruction, including the function's own.
    open_after: usize,
    /// The functions that the instructions refer to.
    functions: Vec<u32>,
}

/// An open block: the instruction that opened it and, if past an `else` or similar, that instruction.
#[derive(Clone, Default)]
struct Block {
    opening: Range<usize>,
    middle: Range<usize>,
}

impl Window {
    fn find(module: &[u8], body: &Range<usize>, offset: usize, around: usize) -> Option<Window> {
        let bytes = module.get(body.clone())?;
        let reader = || FunctionBody::new(BinaryReader::new(bytes, body.start as u64)).get_operators_reader().ok();
        let mut counted = reader()?;
        let mut place = 0;
        while position(&counted) < offset && !counted.eof() {
            counted.read().ok()?;
            place += 1;
        }
        if position(&counted) != offset || counted.eof() {
            return None;
        }

        let mut window = Window::default();
        let mut blocks = vec![Block::default()];
        let mut operators = reader()?;
        for number in 0..=place + around {
            if operators.eof() {
                break;
            }
            if number + around == place || (number == 0 && around > place) {
                window.before = blocks.get(1..)?.to_vec();
            }
            let at = position(&operators);
            let operator = operators.read().ok()?;
            window.end = position(&operators);
            track(&mut blocks, &operator, at..window.end)?;
            if number + around >= place {
                window.offsets.push(at);
                window.functions.extend(named_function(&operator));
            }
        }
        window.open_after = blocks.len();
        Some(window)
    }

    /// A function body of these instructions, with the enclosing blocks opened and closed. It declares no locals:
    /// names do not depend on that.
    fn code(&self, module: &[u8]) -> Vec<u8> {
        let mut code = vec![0];
        for block in &self.before {
            code.extend_from_slice(&module[block.opening.clone()]);
            code.extend_from_slice(&module[block.middle.clone()]);
        }
        code.extend_from_slice(&module[self.range()]);
        code.resize(code.len() + self.open_after, END);
        code
    }

    fn range(&self) -> Range<usize> {
        self.offsets.first().copied().unwrap_or(self.end)..self.end
    }

    /// A name section for everything that the instructions refer to. Their own function has index 0.
    fn names(&self, names: &Names, section: &[u8], index: u32) -> NameSection {
        let mut functions = self.functions.clone();
        functions.sort_unstable();
        functions.dedup();
        let named = functions.iter().filter_map(|index| Some((*index, demangle(names.of(*index)?))));
        let mut of_function = IndirectNameMap::new();
        of_function.append(0, &name_map(locals(section, index)));

        let mut copied = NameSection::new();
        copied.functions(&name_map(named));
        copied.locals(&of_function);
        for subsection in NameSectionReader::new(BinaryReader::new(section, 0)).map_while(Result::ok) {
            let copy = |map: wasmparser::NameMap<'_>| {
                let names = map.into_iter().map_while(Result::ok).take(NAMES);
                name_map(names.map(|naming| (naming.index, naming.name)))
            };
            match subsection {
                Name::Type(map) => copied.types(&copy(map)),
                Name::Table(map) => copied.tables(&copy(map)),
                Name::Memory(map) => copied.memories(&copy(map)),
                Name::Global(map) => copied.globals(&copy(map)),
                Name::Element(map) => copied.elements(&copy(map)),
                Name::Data(map) => copied.data(&copy(map)),
                Name::Tag(map) => copied.tag(&copy(map)),
                _ => (),
            }
        }
        copied
    }

    /// The text of the instructions, given a module in which they are the only function.
    fn print(&self, binary: &[u8]) -> Option<Vec<(usize, String)>> {
        let code = Parser::new(0).parse_all(binary).find_map(|payload| match payload {
            Ok(Payload::CodeSectionEntry(body)) => Some(body.range()),
            _ => None,
        });
        // They come before the instructions that close the open blocks.
        let range = self.range();
        let end = usize::try_from(code?.end).ok()?.checked_sub(self.open_after)?;
        let start = end.checked_sub(range.len())?;
        let mut text = String::new();
        let lines = wasmprinter::Config::new().offsets_and_lines(binary, &mut text).ok()?;
        let mut printed: Vec<(usize, String)> = Vec::with_capacity(self.offsets.len());
        for (at, line) in lines {
            let offset = at.and_then(|at| usize::try_from(at).ok()?.checked_sub(start)?.checked_add(range.start));
            let Some(offset) = offset.filter(|offset| self.offsets.binary_search(offset).is_ok()) else { continue };
            let line = line.trim();
            match printed.last_mut() {
                // The function's `end`, which the text shows as a parenthesis or not at all.
                _ if self.open_after == 0 && Some(&offset) == self.offsets.last() => (),
                Some((last, text)) if *last == offset => *text = format!("{text} {line}"),
                _ => printed.push((offset, line.to_owned())),
            }
        }
        if let (0, Some(&end)) = (self.open_after, self.offsets.last()) {
            printed.push((end, "end".to_owned()));
        }
        printed.iter_mut().for_each(|(_, text)| shorten(text));
        Some(printed)
    }
}

/// Tracks the open blocks. `None` if they are too deep or not balanced.
fn track(blocks: &mut Vec<Block>, operator: &Operator<'_>, range: Range<usize>) -> Option<()> {
    match operator {
        Operator::Block { .. }
        | Operator::Loop { .. }
        | Operator::If { .. }
        | Operator::Try { .. }
        | Operator::TryTable { .. } => blocks.push(Block { opening: range, middle: 0..0 }),
        Operator::Else | Operator::Catch { .. } | Operator::CatchAll => blocks.last_mut()?.middle = range,
        Operator::End | Operator::Delegate { .. } => {
            blocks.pop()?;
        }
        _ => (),
    }
    (blocks.len() <= NESTING).then_some(())
}

/// The function that an instruction refers to.
fn named_function(operator: &Operator<'_>) -> Option<u32> {
    match *operator {
        Operator::Call { function_index }
        | Operator::ReturnCall { function_index }
        | Operator::RefFunc { function_index } => Some(function_index),
        _ => None,
    }
}

fn position(reader: &OperatorsReader<'_>) -> usize {
    usize::try_from(reader.original_position()).unwrap_or(usize::MAX)
}

fn name_map<T: AsRef<str>>(names: impl IntoIterator<Item = (u32, T)>) -> NameMap {
    let mut map = NameMap::new();
    names.into_iter().for_each(|(index, name)| map.append(index, name.as_ref()));
    map
}

fn shorten(text: &mut String) {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
}

/// The index of a function's type, and the contents of the type section.
fn function_type(module: &[u8], index: u32) -> Option<(u32, &[u8])> {
    let mut types: &[u8] = &[];
    let mut count = 0u32;
    let mut of_next = |ty: u32| {
        count += 1;
        (count - 1 == index).then_some(ty)
    };
    let mut found = None;
    for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
        match payload {
            Payload::TypeSection(section) => {
                let range = section.range();
                types = module.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)?;
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports().map_while(Result::ok) {
                    if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import.ty {
                        found = found.or(of_next(ty));
                    }
                }
            }
            Payload::FunctionSection(functions) => {
                found = functions.into_iter().map_while(Result::ok).fold(found, |found, ty| found.or(of_next(ty)));
            }
            Payload::CodeSectionStart { .. } => break,
            _ => (),
        }
    }
    (types.len() <= TYPES).then_some(())?;
    Some((found?, types))
}

#[cfg(test)]
mod tests {
    use super::super::DebugInfo;

    fn printed(wat: &str, nth: usize, around: usize) -> Vec<String> {
        let module = wat::parse_str(wat).expect("the test's module is valid");
        let info = DebugInfo::new(module.into(), None, Vec::new());
        let body = info.function_range(1).expect("the test's module has it");
        let offsets: Vec<_> = body.filter(|offset| !info.instruction(*offset, 0).is_empty()).collect();
        let printed = info.instruction(offsets[nth], around);
        for (offset, _) in &printed {
            assert!(offsets.contains(offset));
        }
        printed.into_iter().map(|(_, text)| text).collect()
    }

    const NESTED: &str = r#"(module
        (import "env" "log" (func $log (param i32)))
        (memory 1)
        (global $sp (mut i32) (i32.const 0))
        (func (param $p i32) (result i32) (local $n i32)
            (block $out (result i32)
                (loop $again
                    (if (local.get $p)
                        (then (call $log (local.get $n)))
                        (else (i32.store8 offset=3 (local.get $p) (global.get $sp))))
                    (br_if $again (local.get $p)))
                (i32.const 300))))"#;

    #[test]
    fn an_instruction_is_printed_with_names_and_neighbours() {
        assert_eq!(printed(NESTED, 9, 0), ["i32.store8 offset=3"]);
        assert_eq!(
            printed(NESTED, 5, 3),
            ["local.get $p", "if ;; label = @3", "local.get $n", "call $log", "else", "local.get $p", "global.get $sp"]
        );
    }

    #[test]
    fn each_window_shows_what_the_whole_function_does() {
        let whole = printed(NESTED, 0, 100);
        assert_eq!(whole.len(), 17);
        assert_eq!(whole.last().map(String::as_str), Some("end"));
        for around in 0..5 {
            for nth in 0..whole.len() {
                let expected = &whole[nth.saturating_sub(around)..(nth + around + 1).min(whole.len())];
                assert_eq!(printed(NESTED, nth, around), expected, "{nth} {around}");
            }
        }
    }

    #[test]
    fn inside_an_instruction_there_is_none() {
        let module = wat::parse_str(NESTED).expect("the test's module is valid");
        let info = DebugInfo::new(module.into(), None, Vec::new());
        let body = info.function_range(1).expect("the test's module has it");
        let begins = |offset: usize| !info.instruction(offset, 2).is_empty();
        assert!(!begins(0) && !begins(body.start) && !begins(body.end));
        assert_eq!(body.filter(|offset| begins(*offset)).count(), 17);
        assert_eq!(info.instruction(usize::MAX, usize::MAX), []);
    }
}
