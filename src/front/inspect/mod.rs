//! `linmem inspect`: what can be told of a guest without running it, for people and for programs.

mod json;
mod text;

pub(super) use json::json;
pub(super) use text::text;
