//! Debug information of a module: names, functions, instructions, source lines, and what they tell about traps.
//!
//! [`DebugInfo`] describes one module. All offsets are byte offsets in the module's binary as loaded, before
//! instrumentation. Nothing in a module is trusted: names, line tables and paths are only data. Damaged or oversized
//! debug information yields fewer answers, never a panic. Each part is read on first use.

mod demangle;
mod dwarf;
mod files;
mod functions;
mod instructions;
mod layout;
mod names;
mod path;
mod source_map;
mod trap;
mod types;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use dwarf::Dwarf;
use files::Files;
use functions::Functions;
use layout::Layout;
use names::Names;
use source_map::SourceMap;

use crate::guest::{Symbols, TrapState};
use crate::record::{Frame, TrapDetail};

pub use dwarf::{Compiler, TypeError};
pub use files::PathMapping;
pub use types::{Count, DataKind, DataType, Member};

/// Maximum size of a separate file with debug information, in bytes.
const EXTERNAL: u64 = 512 << 20;
/// Maximum size of a source map, in bytes.
const SOURCE_MAP: u64 = 32 << 20;

/// A location in a module's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The index of the function.
    pub index: u32,
    /// The source frames, innermost first. The last is the function itself; the others are inlined into it.
    pub frames: Vec<SourceFrame>,
}

/// A function and a location in its source, as far as known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFrame {
    /// The function's name, demangled.
    pub function: Option<String>,
    /// The path of the source file, as the compiler recorded it.
    pub file: Option<Arc<str>>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// Whether the compiler inlined this function into the next frame's.
    pub inlined: bool,
}

/// The debug information of one module.
#[derive(Debug)]
pub struct DebugInfo {
    module: Arc<[u8]>,
    /// The directory of the module's file, if it has one.
    directory: Option<PathBuf>,
    files: Files,
    layout: OnceLock<Layout>,
    names: OnceLock<Names>,
    dwarf: OnceLock<Option<Dwarf>>,
    source_map: OnceLock<Option<SourceMap>>,
    /// Places that were saved, for a module that is not at hand.
    saved: HashMap<usize, Place>,
}

impl DebugInfo {
    /// Creates the debug information of a binary module; `path` is its file, if any. Nothing is read yet. Source files
    /// are opened only in the directories of `mappings`.
    pub fn new(module: Arc<[u8]>, path: Option<&Path>, mappings: Vec<PathMapping>) -> DebugInfo {
        // The parent of a bare file name is the empty path, which is the working directory.
        let directory = path.and_then(Path::parent).map(|parent| match parent.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => parent.to_owned(),
        });
        DebugInfo {
            module,
            directory,
            files: Files::new(mappings),
            layout: OnceLock::new(),
            names: OnceLock::new(),
            dwarf: OnceLock::new(),
            source_map: OnceLock::new(),
            saved: HashMap::new(),
        }
    }

    /// Creates the debug information of a module that is not at hand, of which only these places are known, by offset.
    pub fn from_places(saved: HashMap<usize, Place>) -> DebugInfo {
        DebugInfo { saved, ..DebugInfo::new(Arc::from([]), None, Vec::new()) }
    }

    /// The function whose body contains this offset.
    pub fn function_of(&self, offset: usize) -> Option<u32> {
        self.functions().at(offset)
    }

    /// The offsets of a function's body: its local declarations and its instructions. `None` for an imported function.
    pub fn function_range(&self, index: u32) -> Option<std::ops::Range<usize>> {
        self.functions().body(index)
    }

    /// The demangled name of a function: from the name section, else its export, else its import as `module.name`.
    pub fn function_name(&self, index: u32) -> Option<String> {
        self.names().of(index).map(|name| demangle::demangle(name).into_owned())
    }

    /// The functions with this name, mangled or demangled. A suffix such as `shout` or `text::shout` matches
    /// `my_crate::text::shout` if no whole name does.
    pub fn function_named(&self, name: &str) -> Vec<u32> {
        self.names().find(name)
    }

    /// The function of an instruction, and its source location as far as DWARF or a source map has it.
    pub fn place(&self, offset: usize) -> Option<Place> {
        if let Some(place) = self.saved.get(&offset) {
            return Some(place.clone());
        }
        let index = self.function_of(offset)?;
        let mut frames = self.source_frames(offset);
        if frames.is_empty() {
            frames.push(SourceFrame::default());
        }
        if let (Some(frame), Some(name)) = (frames.last_mut(), self.function_name(index)) {
            frame.function = Some(name);
        }
        Some(Place { index, frames })
    }

    fn source_frames(&self, offset: usize) -> Vec<SourceFrame> {
        let frames = self.dwarf().zip(self.address(offset)).map(|(dwarf, address)| dwarf.frames(address));
        let frames = frames.unwrap_or_default();
        if !frames.is_empty() {
            return frames;
        }
        let location = self.source_map().and_then(|map| map.location(offset));
        location.into_iter().collect()
    }

    /// The offsets at which code for a source line begins, in ascending order. The file is a path from
    /// [`SourceFrame::file`], or a suffix of one, such as `lib.rs`, if no whole path matches.
    pub fn offsets_of_line(&self, file: &str, line: u32) -> Vec<usize> {
        if let (Some(dwarf), Some(start)) = (self.dwarf(), self.layout().code_start) {
            let addresses = dwarf.addresses_of_line(file, line);
            if !addresses.is_empty() {
                let offset = |address: u64| usize::try_from(address).ok()?.checked_add(start);
                return addresses.into_iter().filter_map(offset).collect();
            }
        }
        self.source_map().map(|map| map.offsets_of_line(file, line)).unwrap_or_default()
    }

    /// The paths of the source files that the code is from, in order.
    pub fn source_files(&self) -> Vec<String> {
        let found = self.dwarf().map(Dwarf::source_files).filter(|files| !files.is_empty());
        found.or_else(|| self.source_map().map(SourceMap::source_files)).unwrap_or_default()
    }

    /// The lines of a source file at which code begins, in ascending order. The file is named as for
    /// [`DebugInfo::offsets_of_line`].
    pub fn lines_of_file(&self, file: &str) -> Vec<u32> {
        let found = self.dwarf().map(|dwarf| dwarf.lines_of_file(file)).filter(|lines| !lines.is_empty());
        found.or_else(|| self.source_map().map(|map| map.lines_of_file(file))).unwrap_or_default()
    }

    /// The offsets at which lines of the source begin, as far as the module tells, in ascending order.
    pub fn line_starts(&self) -> Vec<usize> {
        if let (Some(dwarf), Some(start)) = (self.dwarf(), self.layout().code_start) {
            let offset = |address: u64| usize::try_from(address).ok()?.checked_add(start);
            let starts: Vec<_> = dwarf.line_starts().into_iter().filter_map(offset).collect();
            if !starts.is_empty() {
                return starts;
            }
        }
        self.source_map().map(SourceMap::line_starts).unwrap_or_default()
    }

    /// The compilers that made the module's code, as its DWARF says; empty without DWARF.
    pub fn compilers(&self) -> Vec<Compiler> {
        self.dwarf().map(Dwarf::compilers).unwrap_or_default()
    }

    /// The type of data with this name, from DWARF. A suffix such as `Header` matches `my::Header` if no whole name does.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn type_named(&self, name: &str) -> Result<Arc<DataType>, TypeError> {
        self.dwarf().map_or(Err(TypeError::Unknown), |dwarf| dwarf.type_named(name))
    }

    /// The module in binary form.
    pub fn module(&self) -> &Arc<[u8]> {
        &self.module
    }

    /// The text of a source line, without its line ending: from the source map, or from a file in a directory of the
    /// mappings.
    pub fn source_line(&self, file: &str, line: u32) -> Option<String> {
        if let Some(text) = self.source_map().and_then(|map| map.content(file)) {
            return files::line_of(text, line);
        }
        let base = self.dwarf().and_then(Dwarf::base);
        self.files.line(file, base, line)
    }

    /// The instruction at an offset and up to `around` instructions before and after it, each with its offset and
    /// text. Empty if no instruction begins at that offset.
    pub fn instruction(&self, offset: usize, around: usize) -> Vec<(usize, String)> {
        let function = self.function_of(offset).and_then(|index| Some((index, self.function_range(index)?)));
        let printed = |function| instructions::around(&self.module, self.names(), function, offset, around);
        function.map(printed).unwrap_or_default()
    }

    fn layout(&self) -> &Layout {
        self.layout.get_or_init(|| Layout::read(&self.module))
    }

    fn functions(&self) -> &Functions {
        &self.layout().functions
    }

    fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::read(&self.module))
    }

    /// The DWARF address of an offset: relative to the contents of the code section.
    fn address(&self, offset: usize) -> Option<u64> {
        Some(offset.checked_sub(self.layout().code_start?)? as u64)
    }

    fn dwarf(&self) -> Option<&Dwarf> {
        let read = || {
            let layout = self.layout();
            let code_len = layout.functions.end().checked_sub(layout.code_start?)? as u64;
            Dwarf::read(self.module.clone(), layout, code_len).or_else(|| {
                let name = path::file_name(layout.external_debug_info.as_deref()?)?;
                let external = self.beside(name, EXTERNAL)?;
                let layout = Layout::read(&external);
                Dwarf::read(external.into(), &layout, code_len)
            })
        };
        self.dwarf.get_or_init(read).as_ref()
    }

    fn source_map(&self) -> Option<&SourceMap> {
        let read = || {
            let name = path::file_name(self.layout().source_mapping_url.as_deref()?)?;
            SourceMap::parse(name, &self.beside(name, SOURCE_MAP)?)
        };
        self.source_map.get_or_init(read).as_ref()
    }

    /// Reads a file next to the module.
    fn beside(&self, name: &str, most: u64) -> Option<Vec<u8>> {
        files::read_inside(self.directory.as_deref()?, Path::new(name), most)
    }
}

impl Symbols for DebugInfo {
    fn line(&self, offset: usize) -> Option<(Arc<str>, u32)> {
        let known = self.dwarf().zip(self.address(offset)).and_then(|(dwarf, address)| dwarf.line(address));
        known.unwrap_or_else(|| {
            let frame = self.source_map()?.location(offset)?;
            frame.file.zip(frame.line)
        })
    }

    fn frames(&self, index: u32, offset: Option<usize>) -> Vec<Frame> {
        let place = offset.and_then(|offset| self.place(offset)).filter(|place| place.index == index);
        let frames = place.map_or_else(
            || vec![SourceFrame { function: self.function_name(index), ..SourceFrame::default() }],
            |place| place.frames,
        );
        let frame = |frame: SourceFrame| Frame {
            name: frame.function,
            index,
            offset,
            source: frame.file.as_deref().zip(frame.line).and_then(|(file, line)| self.source_line(file, line)),
            file: frame.file.map(|file| file.to_string()),
            line: frame.line,
            column: frame.column,
            inlined: frame.inlined,
            repeats: 0,
        };
        frames.into_iter().map(frame).collect()
    }

    fn explain(&self, trap: &TrapState<'_>) -> TrapDetail {
        trap::explain(self, trap)
    }
}
