//! The state of the full screen, updated by keys, the mouse and the guest's reports. Nothing is drawn here.

mod answer;
pub(super) mod app;
mod arrange;
mod command;
pub(super) mod effect;
pub(super) mod layout;
pub(super) mod lines;
mod navigate;
mod needed;
pub(super) mod overlays;
pub(super) mod panels;
mod pointer;
mod rows;
mod script;
mod search;
mod source;
mod space;
mod status;
pub(super) mod steps;
mod stops;
pub(super) mod strip;
mod time;
pub(super) mod touches;
mod travel;
mod typing;
mod update;
