//! Rewrites one function body: insertions, replacements and scratch locals.

use std::ops::Range;

use wasm_encoder::Encode;
use wasmparser::{FunctionBody, Operator};

use super::access::Access;
use super::added::Added;
use super::emit::Emitter;
use super::offset_map::OffsetMap;
use super::operands::{self, Kinds};
use super::points::{self, MOST_IN_BODY, MOST_POINTS, PointFinder, PointRequest, Points};
use super::scratch::Scratch;
use super::sections::{Sections, index};
use super::{InstrumentError, Passes};
use crate::record::Site;

/// Functions with more operators than this count as long.
const LONG: usize = 1000;

/// Rewrites the bodies of a module, in order.
pub(super) struct BodyRewriter<'a> {
    original: &'a [u8],
    passes: Passes,
    added: Added,
    sites: Vec<Site>,
    /// The offsets of the stop points, ascending.
    points: Vec<u32>,
    /// Which stop points there are to be.
    request: &'a PointRequest,
    map: OffsetMap,
    edits: Vec<Edit>,
    /// Whether the body may catch what its calls throw: it takes the depth of calls back at each stop point then.
    keeps_depth: bool,
    /// Whether the body keeps the cursor of the buffer in a local.
    keeps_cursor: bool,
    code: Vec<u8>,
}

/// A replacement for a range of the original. If the range is empty, an insertion before it.
struct Edit {
    range: Range<usize>,
    what: What,
}

/// A range of rewritten code, and the range of the original that it replaces.
type Piece = (Range<usize>, Range<usize>);

enum What {
    /// The check whether to stop.
    Check,
    /// A recorded access.
    Access(Access),
    /// A fill or a copy that is not recorded.
    Bulk(Access),
    /// The stop point with this number, and whether the function is entered there.
    Point(u32, bool),
    /// A counted call.
    Call,
    /// Operands of these types are kept.
    Operands(operands::Types),
    /// The cursor of the buffer is taken from its global, which others changed.
    Cursor,
}

impl<'a> BodyRewriter<'a> {
    pub(super) fn new(
        original: &'a [u8],
        sections: &Sections<'_>,
        passes: Passes,
        request: &'a PointRequest,
        added: Added,
    ) -> BodyRewriter<'a> {
        let map = OffsetMap::new(sections.imported_funcs);
        let (sites, points, edits, code) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (keeps_depth, keeps_cursor) = (false, false);
        BodyRewriter { original, passes, added, sites, points, request, map, edits, keeps_depth, keeps_cursor, code }
    }

    /// Returns the numbered sites, the stop points and the map of offsets.
    pub(super) fn finish(self) -> (Vec<Site>, Points, OffsetMap) {
        (self.sites, Points::new(&self.points), self.map)
    }

    /// Rewrites the body with this index, and appends it to `data` with its length.
    pub(super) fn rewrite(
        &mut self,
        sections: &Sections<'_>,
        place: usize,
        data: &mut Vec<u8>,
    ) -> Result<(), InstrumentError> {
        let body = &sections.bodies[place];
        let (start, end) = (index(body.range().start), index(body.range().end));
        self.map.begin_body(start);
        self.plan(body, sections)?;
        if self.edits.is_empty() {
            self.original[start..end].encode(data);
            return Ok(());
        }
        let func = sections.function_index(place);
        let mut scratch = Scratch::new(sections.param_count(place), body)?;
        let pieces = self.apply(func, &sections.memories, &mut scratch, end)?;
        let header = scratch.header(&self.original[start..end]);
        if !scratch.is_empty() {
            self.map.add((0, header.len()), (start, scratch.header_len));
        }
        for (rewritten, original) in pieces {
            self.map.add((header.len() + rewritten.start, rewritten.len()), (original.start, original.len()));
        }
        (header.len() + self.code.len()).encode(data);
        data.extend_from_slice(&header);
        data.extend_from_slice(&self.code);
        Ok(())
    }

    /// Plans the edits of a body, in order. Checks go at the function's entry if it calls or is long, in each loop,
    /// and before each bulk operation.
    fn plan(&mut self, body: &FunctionBody<'_>, sections: &Sections<'_>) -> Result<(), InstrumentError> {
        let conversions = self.passes != Passes::default();
        let kinds = Kinds { memories: &sections.memories, tables: &sections.entries, conversions };
        self.edits.clear();
        let mut reader = body.get_operators_reader()?;
        let entry = index(reader.original_position());
        let (mut calls, mut count) = (false, 0);
        let range = body.range();
        let mut points =
            self.passes.pauses.then(|| PointFinder::new(self.request, index(range.start), index(range.end)));
        self.keeps_depth = false;
        // Where something is caught, the local has what the global was before. At a stop point the host may change it.
        self.keeps_cursor = !self.passes.pauses;
        let most = MOST_POINTS.min(self.points.len() + MOST_IN_BODY);
        while !reader.eof() {
            let at = index(reader.original_position());
            let operator = reader.read()?;
            let end = index(reader.original_position());
            count += 1;
            calls |= is_call(&operator);
            self.keeps_cursor &= !points::catches(&operator);
            if let Some(points) = &mut points {
                self.keeps_depth |= points::catches(&operator);
                let offset = u32::try_from(at).map_err(|_| InstrumentError::TooLarge)?;
                let is_point = points.is_point(offset, &operator);
                if is_point && (at == entry || self.points.len() < most) {
                    let number = u32::try_from(self.points.len()).map_err(|_| InstrumentError::TooLarge)?;
                    self.points.push(offset);
                    self.edits.push(Edit { range: at..at, what: What::Point(number, at == entry) });
                }
            }
            if let Some(types) = kinds.operands(&operator) {
                self.edits.push(Edit { range: at..at, what: What::Operands(types) });
            }
            if points.is_some() && points::calls(&operator) {
                self.edits.push(Edit { range: at..end, what: What::Call });
            }
            if matches!(operator, Operator::Loop { .. }) {
                self.edits.push(Edit { range: end..end, what: What::Check });
            } else if takes_long(&operator) {
                self.edits.push(Edit { range: at..at, what: What::Check });
            }
            if let Some(access) = self.recorded(&operator)? {
                self.edits.push(Edit { range: at..end, what: What::Access(access) });
            } else if let Some(access) = Access::in_bulk(&operator) {
                self.edits.push(Edit { range: at..end, what: What::Bulk(access) });
            } else if points::calls(&operator) {
                self.edits.push(Edit { range: end..end, what: What::Cursor });
            }
        }
        self.keeps_cursor &= self.edits.iter().any(|edit| matches!(edit.what, What::Access(_)));
        match self.keeps_cursor {
            true => self.edits.insert(0, Edit { range: entry..entry, what: What::Cursor }),
            false => self.edits.retain(|edit| !matches!(edit.what, What::Cursor)),
        }
        if calls || count > LONG {
            self.edits.insert(0, Edit { range: entry..entry, what: What::Check });
        }
        Ok(())
    }

    /// The access that an operator makes, if the passes record it.
    fn recorded(&self, operator: &Operator<'_>) -> Result<Option<Access>, InstrumentError> {
        let Passes { stores, loads, .. } = self.passes;
        if !stores && !loads {
            return Ok(None);
        }
        let access = Access::of(operator).map_err(|unknown| InstrumentError::Unknown(unknown.0.to_owned()))?;
        Ok(access.filter(|access| if matches!(access, Access::Load { .. }) { loads } else { stores }))
    }

    /// Writes the rewritten operators to `code`, and returns which ranges replace which ranges of the original.
    fn apply(
        &mut self,
        func: u32,
        memories: &[super::sections::MemoryKind],
        scratch: &mut Scratch<'_>,
        end: usize,
    ) -> Result<Vec<Piece>, InstrumentError> {
        self.code.clear();
        let mut pieces = Vec::with_capacity(self.edits.len());
        let mut from = scratch.operators_at;
        for Edit { range, what } in &self.edits {
            self.code.extend_from_slice(&self.original[from..range.start]);
            from = range.end;
            let begin = self.code.len();
            let instruction = &self.original[range.clone()];
            let offset = u32::try_from(range.start).map_err(|_| InstrumentError::TooLarge)?;
            let mut emitter = Emitter {
                code: &mut self.code,
                scratch,
                sites: &mut self.sites,
                added: self.added,
                memories,
                keeps_cursor: self.keeps_cursor,
                at: (func, offset),
            };
            match what {
                What::Check => emitter.check(),
                What::Access(access) => emitter.access(*access, instruction),
                What::Bulk(access) => emitter.unrecorded(*access, instruction),
                What::Point(number, is_entry) => emitter.point(*number, self.keeps_depth, *is_entry),
                What::Cursor => emitter.take_cursor(),
                What::Call => points::counted_call(self.added, instruction, &mut self.code),
                What::Operands(types) => operands::keep(types, self.added, scratch, &mut self.code),
            }
            pieces.push((begin..self.code.len(), range.clone()));
        }
        self.code.extend_from_slice(&self.original[from..end]);
        Ok(pieces)
    }
}

fn is_call(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
    )
}

/// Whether an operator works on any number of bytes or entries.
fn takes_long(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryInit { .. }
            | Operator::MemoryGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::TableGrow { .. }
    )
}
