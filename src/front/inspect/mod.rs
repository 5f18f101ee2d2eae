//! `linmem inspect`: describes a guest without running it, as text or JSON.

mod json;
mod text;

pub(super) use json::json;
pub(super) use text::text;
