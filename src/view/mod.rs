//! What is shown, with no terminal in it: hex rows, marks, steps, sentences. Every renderer draws from these.

mod marks;
mod row;
mod selection;
mod sentence;
mod steps;
mod text;

pub use marks::{Mark, Marks};
pub use row::{Cell, MAX_WIDTH, Row};
pub use selection::Selection;
pub use sentence::{difference, outcome, range};
pub use steps::{StepLine, step_lines};
pub use text::{glyph, thousands, visible};
