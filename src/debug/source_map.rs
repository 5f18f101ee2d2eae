//! Source maps: JSON files that map byte offsets to lines, as AssemblyScript and Emscripten write them.
//!
//! The format is revision 3 of JavaScript's source maps. For a module, the generated line is always 1 and the column
//! is the offset in the file.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;

use super::SourceFrame;
use super::path::{ends_in, joined, normalized};

/// The source map as JSON.
#[derive(Deserialize)]
struct Raw {
    version: u32,
    #[serde(default, rename = "sourceRoot")]
    source_root: Option<String>,
    sources: Vec<Option<String>>,
    #[serde(default, rename = "sourcesContent")]
    sources_content: Vec<Option<String>>,
    mappings: String,
}

/// A parsed source map.
#[derive(Debug)]
pub(super) struct SourceMap {
    sources: Vec<Arc<str>>,
    contents: Vec<Option<String>>,
    /// Ascending by offset.
    segments: Vec<Segment>,
}

/// The start of a range of code, and its source location.
#[derive(Clone, Copy, Debug)]
struct Segment {
    offset: u32,
    /// The source's index, line and column, each from 0. `None` if the code has no source.
    place: Option<(u32, u32, u32)>,
}

impl SourceMap {
    /// Parses a map from a file of this name; `None` if it is not one. Mappings are read up to the first error.
    pub(super) fn parse(name: &str, json: &[u8]) -> Option<SourceMap> {
        let raw: Raw = serde_json::from_slice(json).ok().filter(|raw: &Raw| raw.version == 3)?;
        // AssemblyScript sets this to the module's name, `./title` for `title.wasm.map`, rather than to a directory.
        let is_directory = |root: &String| name.split('.').next() != Some(&normalized(root));
        let root = raw.source_root.filter(is_directory).unwrap_or_default();
        let source = |path: &Option<String>| Arc::from(joined(&root, path.as_deref().unwrap_or_default()));
        let mut segments: Vec<_> = Segments::new(&raw.mappings).collect();
        segments.sort_by_key(|segment| segment.offset);
        let sources = raw.sources.iter().map(source).collect();
        Some(SourceMap { sources, contents: raw.sources_content, segments })
    }

    /// The source location of an offset.
    pub(super) fn location(&self, offset: usize) -> Option<SourceFrame> {
        let offset = u32::try_from(offset).ok()?;
        let place = self.segments.partition_point(|segment| segment.offset <= offset).checked_sub(1)?;
        let (source, line, column) = self.segments[place].place?;
        let file = self.sources.get(usize::try_from(source).ok()?).filter(|file| !file.is_empty())?;
        let (line, column) = (line.checked_add(1), column.checked_add(1));
        Some(SourceFrame { file: Some(file.clone()), line, column, ..SourceFrame::default() })
    }

    /// The offsets at which code for a line begins, in ascending order.
    pub(super) fn offsets_of_line(&self, file: &str, line: u32) -> Vec<usize> {
        let Some(line) = line.checked_sub(1) else { return Vec::new() };
        let wanted = self.sources_named(file);
        let is_wanted = |segment: &Segment| {
            let of_line = segment.place.filter(|(_, at, _)| *at == line);
            of_line.is_some_and(|(source, ..)| wanted.binary_search(&source).is_ok())
        };
        let mut found = Vec::new();
        let mut before = false;
        for segment in &self.segments {
            let here = is_wanted(segment);
            if here && !before {
                found.extend(usize::try_from(segment.offset));
            }
            before = here;
        }
        found
    }

    /// The sources with this path, in ascending order; if there are none, those whose path ends in it.
    fn sources_named(&self, file: &str) -> Vec<u32> {
        let named = |fits: &dyn Fn(&str) -> bool| -> Vec<u32> {
            (0..).zip(&self.sources).filter(|(_, source)| fits(source)).map(|(index, _)| index).collect()
        };
        let equal = named(&|source| source == file);
        if equal.is_empty() { named(&|source| ends_in(source, file)) } else { equal }
    }

    /// The paths of the sources, in order.
    pub(super) fn source_files(&self) -> Vec<String> {
        let mut files: Vec<_> = self.sources.iter().map(|source| source.to_string()).collect();
        files.sort_unstable();
        files
    }

    /// The lines at which code of a source begins, in ascending order.
    pub(super) fn lines_of_file(&self, file: &str) -> Vec<u32> {
        let wanted = self.sources_named(file);
        let places = self.segments.iter().filter_map(|segment| segment.place);
        let lines = places
            .filter(|(source, ..)| wanted.binary_search(source).is_ok())
            .map(|(_, line, _)| line.saturating_add(1));
        lines.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The offsets at which lines begin, in ascending order.
    pub(super) fn line_starts(&self) -> Vec<usize> {
        let mut before = None;
        let starts = self.segments.iter().filter(|segment| {
            let here = segment.place.map(|(source, line, _)| (source, line));
            std::mem::replace(&mut before, here) != here && here.is_some()
        });
        starts.filter_map(|segment| usize::try_from(segment.offset).ok()).collect()
    }

    /// The text of a source, if the map contains it.
    pub(super) fn content(&self, file: &str) -> Option<&str> {
        let index = self.sources.iter().position(|source| &**source == file)?;
        self.contents.get(index)?.as_deref()
    }
}

/// Decodes the segments in file order. Each is relative to the one before.
struct Segments<'a> {
    rest: std::str::Split<'a, char>,
    offset: i64,
    source: i64,
    line: i64,
    column: i64,
}

impl<'a> Segments<'a> {
    fn new(mappings: &'a str) -> Segments<'a> {
        // A semicolon begins another generated line, which a binary does not have.
        let first = mappings.split(';').next().unwrap_or_default();
        Segments { rest: first.split(','), offset: 0, source: 0, line: 0, column: 0 }
    }
}

impl Iterator for Segments<'_> {
    type Item = Segment;

    /// The next segment. Also ends at a damaged one: all later ones would be wrong.
    fn next(&mut self) -> Option<Segment> {
        let mut fields = Vlq(self.rest.next()?.bytes());
        self.offset = self.offset.checked_add(fields.next()?)?;
        let place = match fields.next() {
            None => None,
            Some(source) => {
                self.source = self.source.checked_add(source)?;
                self.line = self.line.checked_add(fields.next()?)?;
                self.column = self.column.checked_add(fields.next()?)?;
                let number = |n: i64| u32::try_from(n).ok();
                Some((number(self.source)?, number(self.line)?, number(self.column)?))
            }
        };
        Some(Segment { offset: u32::try_from(self.offset).ok()?, place })
    }
}

/// Base64 VLQ numbers: five bits per digit, lowest first, with the sign in the lowest bit.
struct Vlq<'a>(std::str::Bytes<'a>);

impl Iterator for Vlq<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let digit = match self.0.next()? {
                letter @ b'A'..=b'Z' => letter - b'A',
                letter @ b'a'..=b'z' => letter - b'a' + 26,
                digit @ b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            number |= i64::from(digit & 31).checked_shl(shift).filter(|_| shift < 40)?;
            shift += 5;
            if digit & 32 == 0 {
                let size = number >> 1;
                return Some(if number & 1 == 0 { size } else { -size });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(mappings: &str) -> SourceMap {
        let json = format!(
            r#"{{"version":3,"sources":["./a.ts","~lib/b.ts",null],"names":["x"],"sourcesContent":["one\ntwo"],"mappings":"{mappings}"}}"#
        );
        SourceMap::parse("a.wasm.map", json.as_bytes()).expect("the test's map is right")
    }

    fn places(map: &SourceMap, offsets: &[usize]) -> Vec<Option<(String, u32, u32)>> {
        let place = |frame: SourceFrame| Some((frame.file?.to_string(), frame.line?, frame.column?));
        offsets.iter().map(|offset| map.location(*offset).and_then(place)).collect()
    }

    #[test]
    fn an_offset_belongs_to_the_segment_before_it() {
        // 16: a.ts:2:3; 20: b.ts:1:1; 24: none; 40: a.ts:2:5.
        let map = map("gBACE,ICDF,I,gBDCI");
        let a = |column| Some(("a.ts".to_owned(), 2, column));
        let expected = [None, a(3), a(3), Some(("~lib/b.ts".to_owned(), 1, 1)), None, a(5), a(5)];
        assert_eq!(places(&map, &[15, 16, 19, 20, 24, 40, 1000]), expected);
        assert_eq!(map.offsets_of_line("a.ts", 2), [16, 40]);
        assert_eq!(map.offsets_of_line("b.ts", 1), [20]);
        assert_eq!(map.offsets_of_line("lib/b.ts", 1), [] as [usize; 0]);
        assert_eq!(map.content("a.ts"), Some("one\ntwo"));
        assert_eq!(map.content("~lib/b.ts"), None);
    }

    #[test]
    fn a_root_is_put_before_the_sources() {
        let json = r#"{"version":3,"sourceRoot":"./src","sources":["a.ts","/b.ts"],"mappings":"AAAA,CCAA"}"#;
        let map = SourceMap::parse("a.wasm.map", json.as_bytes()).expect("it is right");
        let files: Vec<_> = places(&map, &[0, 1]).into_iter().flatten().map(|(file, ..)| file).collect();
        assert_eq!(files, ["src/a.ts", "/b.ts"]);
        let named = json.replace("./src", "./a");
        let map = SourceMap::parse("a.wasm.map", named.as_bytes()).expect("it is right");
        assert_eq!(map.content("a.ts"), None);
        assert_eq!(places(&map, &[0]), [Some(("a.ts".to_owned(), 1, 1))]);
    }

    #[test]
    fn damaged_maps_are_read_as_far_as_they_are_sound() {
        for (mappings, segments) in [
            ("", 0),
            ("AAAA,!,CAAA", 1),
            ("AAAA,gggggggggggggggA", 1),
            ("AAAA,D", 1),
            ("AAAA,CD", 1),
            ("AAAA,CAA", 1),
            ("AAAA;CAAA", 1),
            ("+/////D", 1),
            ("A,+/////D,+/////D,+/////D", 3),
        ] {
            assert_eq!(map(mappings).segments.len(), segments, "{mappings}");
        }
        for json in ["", "{}", "[]", "null", r#"{"version":2,"sources":[],"mappings":""}"#, "\u{1}"] {
            assert!(SourceMap::parse("a.wasm.map", json.as_bytes()).is_none(), "{json}");
        }
        // A missing source.
        assert!(map("AOAA").location(0).is_none());
    }
}
