//! The panels beside the steps. Each has a file here, which maps its lines to addresses, and one in `draw`.
//!
//! A new panel needs a variant of [`Panel`]; Tab cycles through them.

pub(crate) mod changes;
pub(crate) mod exchanges;
pub(crate) mod functions;
pub(crate) mod map;
pub(crate) mod regions;
pub(crate) mod structs;
pub(crate) mod touched;

use self::map::{HeatPanel, MapPanel};
use self::touched::Touched;
use crate::front::tui::input::action::Direction;
use crate::view::Order;

/// A panel beside the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Panel {
    /// The bytes at the cursor as numbers and text.
    #[default]
    Values,
    /// The ranges of changed bytes.
    Changes,
    /// The named ranges.
    Regions,
    /// A map of the whole memory.
    Map,
    /// The exchanges so far.
    Exchanges,
    /// Who wrote the bytes at the cursor, over all exchanges.
    Writers,
    /// The instruction of the access, and its source.
    Source,
    /// The struct that was laid over memory last.
    Structs,
}

impl Panel {
    /// Every panel, in Tab order.
    const ALL: [Panel; 8] = [
        Panel::Values,
        Panel::Changes,
        Panel::Regions,
        Panel::Map,
        Panel::Exchanges,
        Panel::Writers,
        Panel::Source,
        Panel::Structs,
    ];

    /// The previous or next panel, wrapping around.
    pub(crate) fn beside(self, direction: Direction) -> Panel {
        let place = Panel::ALL.iter().position(|&panel| panel == self).unwrap_or(0);
        let step = if direction == Direction::Forward { 1 } else { Panel::ALL.len() - 1 };
        Panel::ALL[(place + step) % Panel::ALL.len()]
    }
}

/// The state of the panels.
#[derive(Default)]
pub(crate) struct Panels {
    /// The panel that the user chose.
    pub(crate) wanted: Panel,
    /// The byte order of the values.
    pub(crate) order: Order,
    /// Whether the changes are grouped by function.
    pub(crate) by_function: bool,
    /// Who touched the bytes at the cursor, where that is shown.
    pub(crate) touched: Option<Touched>,
    /// The map of the memory, until the selection changes.
    pub(crate) map: Option<MapPanel>,
    /// Whether the map shows how many bytes were written to each part, over all exchanges.
    pub(crate) shows_heat: bool,
    /// That, as far as it was counted.
    pub(crate) heat: Option<HeatPanel>,
}
