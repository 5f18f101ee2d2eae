//! Draws the state of the full screen into cells.

pub(super) mod canvas;
pub(super) mod charset;
mod header;
mod input_line;
mod key_bar;
mod labels;
mod legend;
mod memory;
mod overlays;
mod panels;
mod panes;
pub(super) mod picture;
pub(super) mod screen;
pub(super) mod status;
mod steps;
mod strip;
pub(super) mod theme;
