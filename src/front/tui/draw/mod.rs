//! The state, drawn into cells.

pub(super) mod cells;
pub(super) mod charset;
mod labels;
pub(super) mod legend;
pub(super) mod panels;
mod panes;
pub(super) mod picture;
mod screen;
pub(super) mod theme;
pub(super) mod timeline;
