//! The panels beside the steps. Each has a file here, which says what its lines are about, and one in `draw`.
//!
//! A new panel takes a variant of [`Panel`], which is shown when Tab comes to it.

pub(crate) mod changes;
pub(crate) mod exchanges;
pub(crate) mod functions;
pub(crate) mod map;
pub(crate) mod regions;
pub(crate) mod touched;

use self::map::MapPanel;
use self::touched::Touched;
use crate::front::tui::input::action::Direction;
use crate::view::Order;

/// What is shown beside the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Panel {
    /// What the bytes at the cursor mean.
    #[default]
    Values,
    /// The runs of changed bytes.
    Changes,
    /// The ranges that have names.
    Regions,
    /// The whole memory at a glance.
    Map,
    /// The exchanges so far.
    Exchanges,
    /// Who wrote the bytes at the cursor, over all exchanges.
    Writers,
    /// The instruction of the access, and its source.
    Source,
}

impl Panel {
    /// Every panel, in the order in which Tab comes to them.
    const ALL: [Panel; 7] =
        [Panel::Values, Panel::Changes, Panel::Regions, Panel::Map, Panel::Exchanges, Panel::Writers, Panel::Source];

    /// The panel before or after it; after the last comes the first.
    pub(crate) fn beside(self, direction: Direction) -> Panel {
        let place = Panel::ALL.iter().position(|&panel| panel == self).unwrap_or(0);
        let step = if direction == Direction::Forward { 1 } else { Panel::ALL.len() - 1 };
        Panel::ALL[(place + step) % Panel::ALL.len()]
    }
}

/// The state of the panels.
#[derive(Default)]
pub(crate) struct Panels {
    /// The one that the user wants to see.
    pub(crate) wanted: Panel,
    /// The byte order of the values.
    pub(crate) order: Order,
    /// Whether the changes are grouped by function.
    pub(crate) by_function: bool,
    /// Who touched the bytes at the cursor, where that is shown.
    pub(crate) touched: Option<Touched>,
    /// The map of the memory, until something else is selected.
    pub(crate) map: Option<MapPanel>,
}
