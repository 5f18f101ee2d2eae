//! What the user does: keys, and the line that is edited with them.

pub(super) mod keys;
pub(super) mod line;
