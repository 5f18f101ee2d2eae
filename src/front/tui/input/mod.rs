//! Input: turns keys and the mouse into actions, and edits the line.

pub(super) mod action;
pub(super) mod bindings;
pub(super) mod line;
pub(super) mod mode;
pub(super) mod mouse;
