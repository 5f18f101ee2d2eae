//! An entry of the cache: a file with its key, a checksum, what rewriting added to the module, and compiled code.

use std::io::Read;

use super::Key;

/// The first bytes.
const MAGIC: &[u8; 16] = b"linmem compiled\n";
const HASH: usize = 32;
/// Magic, key, checksum, and the length of the head.
const HEADER: usize = MAGIC.len() + 2 * HASH + 8;

/// What is kept under a key.
pub(in crate::guest) struct Entry {
    /// What rewriting added to the module.
    pub(in crate::guest) head: Vec<u8>,
    /// The compiled code.
    pub(in crate::guest) artifact: Vec<u8>,
}

/// The header of the file of an entry.
pub(super) fn header(key: &Key, head: &[u8], artifact: &[u8]) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(key.hash());
    header.extend_from_slice(&checksum(key, head, artifact));
    header.extend_from_slice(&(head.len() as u64).to_le_bytes());
    header
}

impl Entry {
    /// Reads a file of that length, unless it has another key or is damaged.
    pub(super) fn read(mut file: impl Read, len: u64, key: &Key) -> Option<Entry> {
        let mut header = [0; HEADER];
        file.read_exact(&mut header).ok()?;
        let (magic, rest) = header.split_at(MAGIC.len());
        let (hash, rest) = rest.split_at(HASH);
        let (sum, head_len) = rest.split_at(HASH);
        if magic != MAGIC || hash != key.hash() {
            return None;
        }
        let head_len = u64::from_le_bytes(head_len.try_into().ok()?);
        let artifact_len = len.checked_sub(HEADER as u64)?.checked_sub(head_len)?;
        // The artifact has an allocation of its own, as its content must be aligned.
        let (head, artifact) = (read_exactly(&mut file, head_len)?, read_exactly(&mut file, artifact_len)?);
        (sum == checksum(key, &head, &artifact)).then_some(Entry { head, artifact })
    }
}

/// Reads so many bytes, which the file is said to have.
fn read_exactly(file: &mut impl Read, len: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(len).ok()?);
    file.take(len).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 == len).then_some(bytes)
}

fn checksum(key: &Key, head: &[u8], artifact: &[u8]) -> [u8; HASH] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.hash()).update(&(head.len() as u64).to_le_bytes()).update(head).update(artifact);
    hasher.finalize().into()
}
