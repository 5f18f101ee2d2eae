//! The scratch locals that are added to a function body.

use wasm_encoder::{Encode, ValType};
use wasmparser::{BinaryReaderError, FunctionBody};

use super::sections::index;

/// The locals added to a body, each when first needed.
pub(super) struct Scratch<'a> {
    body: &'a FunctionBody<'a>,
    /// The index of the first one.
    first: u32,
    added: Vec<(ValType, u8)>,
    /// How many groups of locals the body declares, and the offset of the first group in the body.
    groups: u32,
    groups_at: usize,
    /// The length of the body before its operators.
    pub(super) header_len: usize,
    /// The offset of the operators in the original.
    pub(super) operators_at: usize,
}

impl<'a> Scratch<'a> {
    pub(super) fn new(params: usize, body: &'a FunctionBody<'a>) -> Result<Scratch<'a>, BinaryReaderError> {
        let mut locals = body.get_locals_reader()?;
        let groups = locals.get_count();
        let groups_at = index(locals.original_position() - body.range().start);
        let mut first = u32::try_from(params).unwrap_or(u32::MAX);
        for _ in 0..groups {
            first = first.saturating_add(locals.read()?.0);
        }
        let operators_at = index(body.get_operators_reader()?.original_position());
        let header_len = operators_at - index(body.range().start);
        Ok(Scratch { body, first, added: Vec::new(), groups, groups_at, header_len, operators_at })
    }

    /// Whether no local was added.
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty()
    }

    /// The index of the scratch local with this type and number.
    pub(super) fn local(&mut self, ty: ValType, number: u8) -> u32 {
        let place = self.added.iter().position(|&local| local == (ty, number)).unwrap_or_else(|| {
            self.added.push((ty, number));
            self.added.len() - 1
        });
        self.first.saturating_add(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// The start of the body, up to its operators: its own locals, then the added ones.
    pub(super) fn header(&self, body: &[u8]) -> Vec<u8> {
        debug_assert_eq!(body.len(), self.body.as_bytes().len(), "it is that body");
        if self.added.is_empty() {
            return body[..self.header_len].to_vec();
        }
        let mut header = Vec::new();
        (self.groups as usize + self.added.len()).encode(&mut header);
        header.extend_from_slice(&body[self.groups_at..self.header_len]);
        for (ty, _) in &self.added {
            1_u32.encode(&mut header);
            ty.encode(&mut header);
        }
        header
    }
}
