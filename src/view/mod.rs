//! What is shown, with no terminal in it: hex rows, marks, steps, sentences. Every renderer draws from these.

mod address;
mod blocks;
mod characters;
mod fold;
mod form;
mod inspect;
mod lookback;
mod map;
mod marks;
mod module_regions;
mod number;
mod regions;
mod row;
mod search;
mod selection;
mod sentence;
mod steps;
mod text;
mod timeline;

pub use address::{Places, parse_address, parse_range};
pub use characters::{COVERED, characters};
pub use fold::{Line, Sight};
pub use form::Form;
pub use inspect::{Entry, Order, examine, inspect, writer_words};
pub use lookback::{LookBack, Writer};
pub use map::{Map, Piece};
pub use marks::{Mark, Marks};
pub use number::{NUMBER_TYPES, NumberType, integer, whole};
pub use regions::{Kind, Region, Regions};
pub use row::{Cell, MAX_WIDTH, Row};
pub use search::{Matched, Pattern, Search};
pub use selection::Selection;
pub use sentence::{difference, in_brief, name, outcome, range};
pub use steps::{StepLine, Steps};
pub use text::{escape, glyph, thousands, unescape, visible};
pub use timeline::{Events, Timeline};
