//! Evidence about blocks of the host's that waits for proof: the guest may have freed a block and used its memory for
//! another.

use super::blocks::Block;
use super::world::Evidence;

/// What was found out about blocks, at most once for each, until the host shows that the block is still its own.
#[derive(Default)]
pub(super) struct Pending(Vec<(u64, Evidence)>);

impl Pending {
    /// Whether something waits for proof about a block.
    pub(super) fn has(&self, block: &Block) -> bool {
        self.0.iter().any(|(addr, _)| *addr == block.addr)
    }

    pub(super) fn add(&mut self, block: &Block, evidence: Evidence) {
        self.0.push((block.addr, evidence));
    }

    /// The host reads or frees the block: it was its own until now, unless the guest returned its address and may have
    /// allocated another block there.
    pub(super) fn settle(&mut self, block: &Block) -> Option<Evidence> {
        let place = self.0.iter().position(|(addr, _)| *addr == block.addr)?;
        let (_, evidence) = self.0.swap_remove(place);
        (!block.returned).then_some(evidence)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
