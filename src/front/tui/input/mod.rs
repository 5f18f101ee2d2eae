//! What the user does: keys and the mouse, made into actions, and the line that is edited with them.

pub(super) mod action;
pub(super) mod bindings;
pub(super) mod line;
pub(super) mod mode;
pub(super) mod mouse;
