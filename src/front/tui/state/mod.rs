//! What the screen shows, and how keys, the mouse and the guest's reports change it.

pub(super) mod app;
mod clipboard;
mod command;
mod find;
mod help;
pub(super) mod layout;
mod list;
mod mouse;
mod prompt;
mod script;
mod space;
mod time;
mod typing;
