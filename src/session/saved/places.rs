//! Format 3: the functions and source lines of the instructions that accessed memory. The module is not saved, so they
//! could not be looked up later.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::debug::{self, DebugInfo, SourceFrame};
use crate::record::Run;
use crate::session::About;

/// Maximum number of places that are saved of a run.
const PLACES: usize = 100_000;

/// An instruction.
#[derive(Serialize, Deserialize)]
pub(super) struct Place<'a> {
    /// The byte offset in the module.
    offset: usize,
    /// The index of the function.
    function: u32,
    /// The source frames, innermost first.
    frames: Vec<Frame<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Frame<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    function: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    inlined: bool,
}

/// The places of the accesses of a run that are kept.
pub(super) fn of(about: &About, run: &Run) -> Vec<Place<'static>> {
    let Some(debug) = &about.debug else { return Vec::new() };
    let mut offsets = BTreeSet::new();
    for cause in (run.oldest()..run.len()).filter_map(|number| run.cause(number)) {
        let mut is_used = vec![false; cause.accesses.sites().len()];
        cause.accesses.iter().for_each(|access| is_used[access.site_number] = true);
        let used = cause.accesses.sites().iter().zip(is_used).filter(|(_, is_used)| *is_used);
        offsets.extend(used.map(|(site, _)| site.offset as usize));
    }
    let place = |offset| {
        let debug::Place { index, frames } = debug.place(offset)?;
        Some(Place { offset, function: index, frames: frames.into_iter().map(Frame::from).collect() })
    };
    offsets.into_iter().take(PLACES).filter_map(place).collect()
}

/// The debug information that consists of these places; `None` if there are none.
pub(super) fn debug_info(places: Vec<Place<'_>>) -> Option<DebugInfo> {
    let record = |place: Place<'_>| {
        let frames = place.frames.into_iter().map(SourceFrame::from).collect();
        (place.offset, debug::Place { index: place.function, frames })
    };
    (!places.is_empty()).then(|| DebugInfo::from_places(places.into_iter().map(record).collect()))
}

impl From<SourceFrame> for Frame<'static> {
    fn from(frame: SourceFrame) -> Frame<'static> {
        Frame {
            function: frame.function.map(Cow::Owned),
            file: frame.file.map(|file| Cow::Owned(file.to_string())),
            line: frame.line,
            column: frame.column,
            inlined: frame.inlined,
        }
    }
}

impl From<Frame<'_>> for SourceFrame {
    fn from(frame: Frame<'_>) -> SourceFrame {
        SourceFrame {
            function: frame.function.map(Cow::into_owned),
            file: frame.file.map(|file| file.into_owned().into()),
            line: frame.line,
            column: frame.column,
            inlined: frame.inlined,
        }
    }
}
