//! Answers that the guest hands over by calling an import: at once, in pieces, or byte by byte.

use std::collections::HashMap;

use super::readable::is_text;
use crate::record::Value;

/// How many calls of imports are noted in a trial, if each hands over all, and if each is a piece.
const HANDED: usize = 256;
const PIECES: usize = 20_000;

/// What is looked for in the arguments of imports.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// Nothing.
    Nothing,
    /// These bytes.
    Bytes(&'a [u8]),
    /// Any text.
    Text,
}

/// What says how long the bytes are that an import is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The argument with this index.
    Length(usize),
    /// A zero byte after them.
    Nul,
    /// The argument with this index, with a quotation mark before and after what is meant.
    Quoted(usize),
    /// The argument is no address, but the byte itself.
    Byte,
}

/// A call of an import that handed over the wanted bytes, or several calls that did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Handed {
    /// The index of the import.
    pub(super) import: usize,
    /// The index of the argument with the address, or with the byte.
    pub(super) addr: usize,
    pub(super) extent: Extent,
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// Whether it took several calls.
    pub(super) in_pieces: bool,
    /// The first address after the memory that the guest has at the start.
    pub(super) spare: usize,
}

/// The calls of imports during an exchange, as far as they may hand over what is wanted.
pub(super) struct Notes {
    handed: Vec<Handed>,
    /// For each import, the ways to put its pieces together that lead to what is wanted so far.
    pieces: HashMap<usize, Vec<Handed>>,
    calls: usize,
    spare: usize,
}

impl Notes {
    /// Notes of a guest whose memory has so many bytes.
    pub(super) fn new(spare: usize) -> Notes {
        Notes { handed: Vec::new(), pieces: HashMap::new(), calls: 0, spare }
    }

    /// Notes a call.
    pub(super) fn add(&mut self, import: usize, args: &[Value], memory: &[u8], wanted: Wanted<'_>) {
        if self.handed.len() < HANDED
            && let Some(found) = self.whole(import, args, memory, wanted)
            && !self.handed.contains(&found)
        {
            self.handed.push(found);
        }
        self.calls += 1;
        if let Wanted::Bytes(wanted) = wanted
            && !wanted.is_empty()
            && self.calls < PIECES
        {
            self.piece(import, &numbers(args), memory, wanted);
        }
    }

    /// What was handed over.
    pub(super) fn end(self, wanted: Wanted<'_>) -> Vec<Handed> {
        let Notes { mut handed, pieces, .. } = self;
        if let Wanted::Bytes(wanted) = wanted {
            let is_whole = |found: &Handed| found.bytes == wanted && (found.in_pieces || found.extent == Extent::Byte);
            handed.extend(pieces.into_values().flatten().filter(is_whole));
        }
        handed
    }

    /// What the arguments of one call hand over: address and length of what is wanted, or the address of such text that
    /// ends with a zero byte.
    fn whole(&self, import: usize, args: &[Value], memory: &[u8], wanted: Wanted<'_>) -> Option<Handed> {
        let numbers = numbers(args);
        let found = |addr, extent, bytes: &[u8]| {
            let bytes = bytes.to_vec();
            Handed { import, addr, extent, bytes, in_pieces: false, spare: self.spare }
        };
        match wanted {
            Wanted::Nothing | Wanted::Bytes([]) => None,
            Wanted::Bytes(wanted) => {
                let starts = |at: usize| memory.get(at..).is_some_and(|rest| rest.starts_with(wanted));
                let is_len = |len: usize, more: usize| numbers[len] == Some(wanted.len() + more);
                let quoted = |at: usize| memory.get(at) == Some(&b'"') && starts(at + 1);
                let text = (0..numbers.len()).find(|&addr| numbers[addr].is_some_and(quoted));
                let in_quotes = text.and_then(|addr| {
                    let len = (0..numbers.len()).find(|&len| len != addr && is_len(len, 2))?;
                    Some(found(addr, Extent::Quoted(len), wanted))
                });
                let plain = (0..numbers.len()).filter(|&addr| numbers[addr].is_some_and(starts)).find_map(|addr| {
                    let len = (0..numbers.len()).find(|&len| len != addr && is_len(len, 0));
                    let end = numbers[addr]?.checked_add(wanted.len())?;
                    let nul = Some(Extent::Nul).filter(|_| memory.get(end) == Some(&0));
                    len.map(Extent::Length).or(nul).map(|extent| found(addr, extent, wanted))
                });
                plain.or(in_quotes)
            }
            Wanted::Text => (0..numbers.len().saturating_sub(1)).find_map(|addr| {
                let (at, len) = numbers[addr].zip(numbers[addr + 1]).filter(|(at, _)| *at > 0)?;
                let bytes = memory.get(at..at.checked_add(len)?).filter(|bytes| is_text(bytes))?;
                Some(found(addr, Extent::Length(addr + 1), bytes))
            }),
        }
    }

    /// Puts a piece after those before it, in each way that is still possible.
    fn piece(&mut self, import: usize, numbers: &[Option<usize>], memory: &[u8], wanted: &[u8]) {
        let spare = self.spare;
        let is_first = !self.pieces.contains_key(&import);
        let ways = self.pieces.entry(import).or_default();
        if is_first {
            let extents = |addr: usize| {
                let lengths = (0..numbers.len()).filter(move |&len| len != addr).map(Extent::Length);
                lengths.chain([Extent::Nul, Extent::Byte])
            };
            let all = (0..numbers.len()).flat_map(|addr| extents(addr).map(move |extent| (addr, extent)));
            let new = |(addr, extent)| Handed { import, addr, extent, bytes: Vec::new(), in_pieces: false, spare };
            ways.extend(all.map(new));
        }
        ways.retain_mut(|way| {
            let Some(piece) = piece_of(way, numbers, memory) else { return false };
            let fits = wanted.get(way.bytes.len()..).is_some_and(|rest| rest.starts_with(&piece));
            way.in_pieces |= !is_first;
            way.bytes.extend(piece);
            fits
        });
    }
}

/// The bytes that a call hands over, if its arguments mean that.
fn piece_of(way: &Handed, numbers: &[Option<usize>], memory: &[u8]) -> Option<Vec<u8>> {
    let number = (*numbers.get(way.addr)?)?;
    match way.extent {
        Extent::Byte => u8::try_from(number).ok().map(|byte| vec![byte]),
        Extent::Length(len) => memory.get(number..number.checked_add((*numbers.get(len)?)?)?).map(<[u8]>::to_vec),
        Extent::Quoted(_) => None,
        Extent::Nul => {
            let rest = memory.get(number..)?;
            Some(rest[..memchr::memchr(0, rest)?].to_vec()).filter(|_| number > 0)
        }
    }
}

fn numbers(args: &[Value]) -> Vec<Option<usize>> {
    args.iter().map(|arg| arg.unsigned().and_then(|n| usize::try_from(n).ok())).collect()
}
