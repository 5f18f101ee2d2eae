//! What is shown, with no terminal in it: hex rows, marks, steps, sentences. Every renderer draws from these.

mod address;
mod characters;
mod fold;
mod inspect;
mod lookback;
mod map;
mod marks;
mod regions;
mod row;
mod search;
mod selection;
mod sentence;
mod steps;
mod text;
mod timeline;

pub use address::{Places, parse_address};
pub use characters::{COVERED, characters};
pub use fold::{Line, Sight};
pub use inspect::{Entry, Order, inspect};
pub use lookback::{LookBack, Writer};
pub use map::{Map, Piece};
pub use marks::{Mark, Marks};
pub use regions::{Region, regions};
pub use row::{Cell, MAX_WIDTH, Row};
pub use search::{Pattern, Search};
pub use selection::Selection;
pub use sentence::{difference, in_brief, name, outcome, range};
pub use steps::{StepLine, Steps};
pub use text::{glyph, thousands, visible};
pub use timeline::{Events, Timeline};
