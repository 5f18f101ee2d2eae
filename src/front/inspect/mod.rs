//! `linmem inspect`: describes a guest without running it, as text or JSON.

mod json;
mod text;

pub use json::json;
pub use text::text;
