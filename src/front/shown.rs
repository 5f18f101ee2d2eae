//! What the console shows of a session: a stop, a moment, the matches of a search, and what was sent again.

use super::console::Console;
use super::hex;
use crate::check::Finding;
use crate::record::{Cause, Stop, Trigger};
use crate::view::{self, Search, Selection, outcome, range, reload_sentence, stop_sentence, visible};

/// The maximum number of matches or resent exchanges that are listed.
const LISTED: usize = 1024;
/// The maximum number of characters of a line or an answer in such a list.
const BRIEF: usize = 60;

impl Console {
    /// Shows where the guest stopped in the middle of a call, and what it did so far.
    pub(super) fn show_stop(&mut self, stop: &Stop) {
        self.look_at(Selection::at_stop(self.session.run(), stop));
        self.show();
        self.say(&stop_sentence(stop));
    }

    /// Shows the selection to a person: the changed rows, the steps if requested, a summary, and the answer.
    pub(super) fn show(&mut self) {
        if let Some(at) = self.at.take() {
            self.show_selection(&at);
            self.at = Some(at);
        }
    }

    fn show_selection(&mut self, at: &Selection) {
        let (rows, steps) = (self.settings.rows, self.settings.steps);
        self.write(|out, style| {
            hex::write_headline(out, at)?;
            if rows {
                hex::write_changed_rows(out, at, style)?;
            }
            match steps {
                true => hex::write_steps(out, at)?,
                false => hex::write_notes(out, at)?,
            }
            hex::write_sentence(out, at)
        });
        let answer = self.session.run().cause(at.cause).filter(|cause| matches!(cause.trigger, Trigger::Line(_)));
        if let Some(cause) = answer.filter(|cause| cause.outcome.is_ok()) {
            let answer = format!("=> {}", outcome(cause));
            self.say(&answer);
        }
    }

    /// Lists the matches of a search.
    pub(super) fn list_matches(&mut self, mut search: Search) {
        let image = self.at.as_ref().and_then(|at| at.after.get(self.session.memory()));
        if let Some(image) = image {
            search.go_on(image, None);
        }
        let size = search.pattern.size() as u64;
        search.found.iter().take(LISTED).for_each(|&addr| self.say(&range(addr, size)));
        match search.found.len() {
            0 => self.say("not found"),
            found if found > LISTED || search.more => self.say("... and more"),
            _ => (),
        }
    }

    /// The findings of the newest cause that are to be shown.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let newest = self.session.run().len().saturating_sub(1);
        self.session.findings().of(newest).filter(|finding| self.settings.shows(finding)).cloned().collect()
    }

    /// Says what is wrong with the newest cause.
    pub(super) fn tell_findings(&mut self) {
        for finding in self.findings() {
            self.raised.push(view::finding(&finding));
            for line in self.explained.lines(&finding) {
                let mark = if line.starts_with(' ') { "" } else { "finding: " };
                self.say(&format!("{mark}{line}"));
            }
        }
    }

    /// Adds the newest cause to the output, in the requested format.
    pub(super) fn print_in_form(&mut self) {
        let findings = self.findings();
        let (run, number) = (self.session.run(), self.session.run_number());
        if let (Some(form), Some(newest)) = (self.form, run.len().checked_sub(1)) {
            // Writing to a buffer cannot fail.
            let _ = form.write(&mut self.out, number, run, newest, &findings);
        }
    }

    /// Lists what was sent again, one line each.
    pub(super) fn list_resent(&mut self, causes: std::ops::Range<usize>) {
        let left_out = causes.len().saturating_sub(LISTED);
        if left_out > 0 {
            self.say(&format!("... {left_out} exchanges"));
        }
        let run = self.session.run();
        let lines: Vec<_> =
            causes.skip(left_out).filter_map(|number| Some(brief(number, run.cause(number)?))).collect();
        lines.iter().for_each(|line| self.say(line));
    }

    /// Reports immediately that the guest was reloaded, as sending lines again may take long.
    pub(super) fn tell_reload(&mut self) {
        let Some(reload) = self.session.reloaded().filter(|reload| reload.run != self.reloaded) else { return };
        let sentence = reload_sentence(reload);
        self.reloaded = reload.run;
        self.say(&sentence);
        self.print_now();
    }

    /// Prints what cannot wait until the line is answered. If that fails, so will the next print, which reports it.
    pub(super) fn print_now(&mut self) {
        // Of a script that is to be quiet, nothing is printed; a person at the prompt sees everything.
        let _ = if self.scripts > 0 { self.print_unless_quiet() } else { self.print() };
    }

    /// Prints the guest's messages while it runs.
    pub(super) fn heard(&mut self, text: &[u8]) {
        if !self.settings.quiet {
            self.say(&format!("the guest says: {}", visible(text)));
            self.print_now();
        }
    }
}

/// A line or command that was sent again, with its result.
fn brief(number: usize, cause: &Cause) -> String {
    let clip = |text: &str| match text.char_indices().nth(BRIEF) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    };
    match (&cause.trigger, &cause.outcome) {
        (Trigger::Line(line), _) => format!("exchange {number}: {} => {}", clip(&visible(line)), clip(&outcome(cause))),
        (Trigger::Command(command), Ok(_)) => format!("exchange {number}: :{}", clip(&visible(command.as_bytes()))),
        (Trigger::Command(command), Err(_)) => {
            format!("exchange {number}: :{} failed: {}", clip(&visible(command.as_bytes())), clip(&outcome(cause)))
        }
        (Trigger::Start, _) => format!("exchange {number}: start"),
    }
}
