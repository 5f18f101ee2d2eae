//! Moving along the accesses of the guest: store by store, function by function, and from one touch of the bytes at the
//! cursor to the next. What takes long goes on between two frames.

use std::ops::Range;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::app::App;
use super::panels::Panel;
use super::panels::touched::{Subject, Touched};
use super::time::{Grouped, Seek};
use crate::command::Report;
use crate::debug::DebugInfo;
use crate::front::tui::input::action::Direction;
use crate::record::{Found, Target, Touch};
use crate::view::{Accesses, FunctionWrites, GroupKind, Selection, TouchedCauses, Touches, Touching, counted};

/// How long a key may look for something before the frame that shows it.
const AT_ONCE: Duration = Duration::from_millis(8);

impl App {
    pub(crate) fn debug(&self) -> Option<Arc<DebugInfo>> {
        self.session.about().and_then(|about| about.debug.clone())
    }

    /// The bytes at the cursor, or those that are selected.
    pub(super) fn target(&self) -> Target {
        let (first, last) = self.space.selected();
        Target { memory: self.memory(), range: first..last.saturating_add(1), reads: false }
    }

    /// Goes to the previous or next write or read of the bytes at the cursor. What is selected counts as made.
    pub(super) fn go_to_touch(&mut self, which: Touching, direction: Direction) {
        let Some(at) = &self.time.selection else { return };
        let touches = Touches::new(self.target(), which, at.end(), direction == Direction::Back);
        self.time.seek = Some(Seek { touches, which, direction });
        self.seek_on(Instant::now() + AT_ONCE);
        if self.time.seek.is_some() {
            self.notice("searching ...");
        }
    }

    /// Goes on to look for the touch to go to.
    pub(super) fn seek_on(&mut self, until: Instant) {
        let (Some(mut seek), Some(at)) = (self.time.seek.take(), &self.time.selection) else { return };
        let run = self.session.run();
        let to = loop {
            match seek.touches.go_on(run, Some(until)) {
                Poll::Pending => return self.time.seek = Some(seek),
                Poll::Ready(None) => break None,
                // Going back, the touch that is selected already is the first that is found.
                Poll::Ready(Some(found)) if is_selected(at, found) => (),
                Poll::Ready(Some(found)) => match Selection::of_touch(run, Some(at), found) {
                    Some(to) if !to.is_same_node(at) => break Some(to),
                    _ => (),
                },
            }
            if Instant::now() >= until {
                return self.time.seek = Some(seek);
            }
        };
        let Some(to) = to else { return self.no_touch(seek.which, seek.direction) };
        let (cursor, anchor) = (self.space.cursor, self.space.anchor);
        self.status.notice = None;
        self.look_at(to);
        (self.space.cursor, self.space.anchor) = (cursor, anchor);
        self.reveal(1);
        self.look_around();
    }

    fn no_touch(&mut self, which: Touching, direction: Direction) {
        let order = if direction == Direction::Back { "earlier" } else { "later" };
        let verb = if which == Touching::Reads { "read" } else { "write" };
        let bytes = if self.space.selected_len() > 1 { "these bytes" } else { "this byte" };
        let run = self.session.run();
        let is_dropped = (run.oldest()..run.len()).filter_map(|number| run.cause(number)).any(|cause| {
            let dropped = cause.accesses.dropped();
            !dropped.is_empty()
        });
        let reads = || (run.oldest()..run.len()).filter_map(|number| run.cause(number)).any(|cause| cause.traced.loads);
        let why = match which {
            Touching::Reads if !reads() => "; --trace loads records what the guest reads",
            _ if is_dropped => "; some accesses were not kept",
            _ => "",
        };
        self.notice(&format!("no {order} {verb} of {bytes} is known{why}"));
    }

    /// Opens the selected call at its first access, or closes it.
    pub(super) fn open_call(&mut self) {
        let Some(at) = &self.time.selection else { return };
        if at.access.is_some() {
            return self.goto_step(at.step);
        }
        let range = self.accesses_at();
        self.go_to_access(range.start, Direction::Forward, &range);
    }

    /// The numbers of the accesses of what is selected.
    fn accesses_at(&self) -> Range<u64> {
        let Some(at) = &self.time.selection else { return 0..0 };
        at.step.map_or(0..at.node.accesses.len(), |place| at.node.steps[place].accesses.clone())
    }

    /// Goes to the previous or next access of the exchange, in whatever function: from a step, to its last or first.
    pub(super) fn go_to_store(&mut self, direction: Direction) {
        let Some(at) = &self.time.selection else { return };
        let log = &at.node.accesses;
        let (within, number) = match (at.access, direction) {
            (Some(number), Direction::Forward) => (0..log.len(), Some(log.whole(number).end)),
            (Some(number), Direction::Back) => (0..log.len(), number.checked_sub(1)),
            (None, Direction::Forward) => (self.accesses_at(), Some(self.accesses_at().start)),
            (None, Direction::Back) => (self.accesses_at(), self.accesses_at().end.checked_sub(1)),
        };
        match number {
            Some(number) => self.go_to_access(number, direction, &within),
            None => self.notice("this is the first access of the exchange; F5 goes to the previous exchange"),
        }
    }

    /// Goes to the first access of the next group, out of a loop; back to that of the present group, then of the one before.
    pub(super) fn go_to_group(&mut self, direction: Direction) {
        let Some(at) = &self.time.selection else { return };
        let Some(number) = at.access else { return self.go_to_store(direction) };
        let accesses = self.time.grouped.as_ref().map(|grouped| &grouped.accesses);
        let found = accesses.and_then(|accesses| Some((accesses, accesses.group_of(number)?)));
        let Some((accesses, group)) = found else { return self.notice("the accesses are still being grouped ...") };
        let is_done = accesses.is_done();
        let first = accesses.groups()[group].accesses.start;
        let to = match direction {
            Direction::Forward => accesses.groups().get(group + 1),
            // First to the beginning of the group itself.
            Direction::Back if number > first => accesses.groups().get(group),
            Direction::Back => group.checked_sub(1).and_then(|group| accesses.groups().get(group)),
        };
        match (to.map(|group| (group.kind, group.accesses.clone())), direction) {
            (Some((GroupKind::Dropped, range)), Direction::Back) => {
                self.go_to_access(range.end - 1, Direction::Back, &(0..u64::MAX));
            }
            (Some((_, range)), _) => self.go_to_access(range.start, Direction::Forward, &(0..u64::MAX)),
            (None, Direction::Forward) if !is_done => self.notice("the accesses are still being grouped ..."),
            (None, Direction::Forward) => {
                let end = self.time.grouped.as_ref().and_then(|grouped| grouped.accesses.groups().last());
                let end = end.map_or(0, |group| group.accesses.end);
                self.go_to_access(end, Direction::Forward, &(0..u64::MAX));
            }
            (None, Direction::Back) => self.go_to_store(direction),
        }
    }

    /// Goes to an access, or over those that were not kept to the next one that was.
    pub(super) fn go_to_access(&mut self, number: u64, direction: Direction, within: &Range<u64>) {
        let Some(at) = &self.time.selection else { return };
        let log = &at.node.accesses;
        let (dropped, end) = (log.dropped(), within.end.min(log.len()));
        let skips = dropped.contains(&number);
        let to = match (skips, direction) {
            (false, _) => Some(number),
            (true, Direction::Forward) => Some(dropped.end),
            (true, Direction::Back) => dropped.start.checked_sub(1),
        };
        let Some(to) = to.filter(|to| (within.start..end).contains(to)) else {
            let text = match (at.node.traced.stores, skips) {
                (false, _) => "no accesses were recorded in this exchange",
                (_, true) => "the accesses there were not kept",
                (_, false) if within.is_empty() => "no access by the guest was recorded in this step",
                (_, false) => "this is the last access of the exchange; F6 goes to the next exchange",
            };
            return self.notice(text);
        };
        let found = Found { cause: at.cause, touch: Touch::Access(to) };
        let Some(selection) = Selection::of_touch(self.session.run(), Some(at), found) else {
            return self.notice("the memory at this access is unknown: accesses were not kept");
        };
        self.look_at(selection);
        if skips {
            let count = counted(dropped.end - dropped.start, "access");
            self.notice(&format!("{count} not kept"));
        }
    }

    /// Begins to group the accesses of the selected step where the tree or a panel shows them.
    pub(super) fn keep_grouped(&mut self) {
        let Some(at) = &self.time.selection else { return self.time.grouped = None };
        let by_function = self.panels.by_function && self.shown_panel() == Panel::Changes;
        let (cause, step) = (at.cause, at.step);
        let is_same = |grouped: &Grouped| grouped.cause == cause && grouped.step == step;
        if at.access.is_none() && !by_function || self.time.grouped.as_ref().is_some_and(is_same) {
            return;
        }
        let accesses = Accesses::new(&at.node, step, self.debug());
        self.time.grouped = accesses.map(|accesses| Grouped { cause, step, accesses });
        self.group_on(Instant::now() + AT_ONCE);
    }

    fn group_on(&mut self, until: Instant) {
        if let Some(grouped) = &mut self.time.grouped {
            grouped.accesses.go_on(until);
        }
    }

    /// Begins to look for who touched the bytes at the cursor, where a panel or the strip shows it.
    pub(super) fn keep_touched(&mut self) {
        let Some(at) = &self.time.selection else { return };
        let (target, run) = (self.target(), self.session.run_number());
        if self.layout.strip.height > 0 && self.focus == crate::front::tui::input::mode::Focus::Memory {
            if self.time.touched.as_ref().is_none_or(|touched| *touched.target() != target) {
                self.time.touched = Some(TouchedCauses::new(target.clone(), self.session.run()));
            }
        } else {
            self.time.touched = None;
        }
        let shows = matches!(self.shown_panel(), Panel::Source | Panel::Writers);
        let subject = Subject::new(target, run, at);
        if !shows {
            self.panels.touched = None;
        } else if self.panels.touched.as_ref().is_none_or(|touched| touched.subject != subject) {
            self.panels.touched = Some(Touched::new(subject, at));
        } else {
            return;
        }
        self.touch_on(Instant::now() + AT_ONCE);
    }

    fn touch_on(&mut self, until: Instant) {
        let debug = self.debug();
        let run = self.session.run();
        if let Some(touched) = &mut self.panels.touched {
            touched.go_on(run, debug.as_deref(), until);
        }
        if let Some(touched) = &mut self.time.touched {
            touched.go_on(run, until);
        }
    }

    /// The accesses of the selected step in groups, as far as they are known.
    pub(crate) fn accesses(&self) -> Option<&Accesses> {
        let at = self.time.selection.as_ref()?;
        let grouped = self.time.grouped.as_ref()?;
        (grouped.cause == at.cause && grouped.step == at.step).then_some(&grouped.accesses)
    }

    /// What each function wrote in the selected step, as far as it is known.
    pub(crate) fn writes(&self) -> Option<&[FunctionWrites]> {
        self.accesses().map(Accesses::writes)
    }

    /// Begins to make a report. A script goes on once it is made.
    pub(super) fn begin_report(&mut self, report: Box<Report>) {
        self.time.report = Some(report);
        self.report_on(Instant::now() + AT_ONCE);
    }

    /// Goes on with the report, and shows it once it is complete.
    fn report_on(&mut self, until: Instant) {
        let Some(mut report) = self.time.report.take() else { return };
        match report.go_on(&mut self.session, Some(until)) {
            Poll::Pending => {
                let key = if self.script.depth == 0 { "any key" } else { "Ctrl-C" };
                self.notice(&format!("{} ... {key} cancels", report.progress()));
                self.time.report = Some(report);
            }
            Poll::Ready(reply) => {
                self.status.notice = None;
                match reply {
                    Ok(reply) => self.take_in(reply),
                    Err(error) => self.notice(&error.to_string()),
                }
                if let Some(line) = self.script.reporting.take() {
                    self.name_line(&line);
                }
            }
        }
    }

    /// Whether any of it goes on.
    pub(super) fn is_following_touches(&self) -> bool {
        let run = self.session.run();
        self.time.seek.is_some()
            || self.time.report.is_some()
            || self.time.grouped.as_ref().is_some_and(|grouped| !grouped.accesses.is_done())
            || self.panels.touched.as_ref().is_some_and(|touched| !touched.is_done())
            || self.time.touched.as_ref().is_some_and(|touched| !touched.is_done(run))
    }

    /// Goes on with all of it.
    pub(super) fn follow_touches(&mut self, until: Instant) {
        self.seek_on(until);
        self.group_on(until);
        self.touch_on(until);
        self.report_on(until);
    }
}

/// Whether a touch is of what is selected.
fn is_selected(at: &Selection, found: Found) -> bool {
    let is_it = match (found.touch, at.access) {
        (Touch::Access(number), Some(selected)) => at.node.accesses.whole(selected).contains(&number),
        (Touch::Change(change), None) => at.step.is_some() && at.steps.of_change(&at.node, change) == at.step,
        _ => false,
    };
    is_it && found.cause == at.cause
}
