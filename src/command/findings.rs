//! The command that lists findings, and turns them on and off.

use super::bounds::{MOST, more};
use super::{Context, Error, Place, Reply};
use crate::check::Finding;
use crate::record::Run;
use crate::settings::Check;
use crate::view::{Explained, counted, finding_place, runs_guest};

/// Maximum number of characters of a line.
const WIDTH: usize = 76;

/// Turns findings on or off.
pub(super) fn switch(context: &mut Context<'_>, on: bool) -> Result<Reply, Error> {
    context.settings.check = if on { Check::On } else { Check::Off };
    Ok(Reply::Text(vec![format!("findings are {}", if on { "on" } else { "off" })]))
}

/// Lists the findings of the run.
pub(super) fn list(context: &mut Context<'_>) -> Result<Reply, Error> {
    if context.settings.check == Check::Off {
        return Ok(Reply::Text(vec!["findings are off; :check on turns them on".to_owned()]));
    }
    let findings = context.session.findings();
    let shown: Vec<&Finding> = findings.iter().filter(|finding| context.settings.shows(finding)).collect();
    let unchecked = unchecked(context.session.run());
    if shown.is_empty() {
        return Ok(Reply::Text([vec!["no findings".to_owned()], Vec::from_iter(unchecked)].concat()));
    }
    let mut explained = Explained::default();
    let mut places: Vec<_> = shown.iter().take(MOST).flat_map(|finding| lines(finding, &mut explained)).collect();
    let left_out = shown.len().saturating_sub(MOST) + findings.dropped();
    if left_out > 0 {
        places.push(Place { words: more(left_out), ..Place::default() });
    }
    places.extend(unchecked.map(|words| Place { words, ..Place::default() }));
    Ok(Reply::Places(counted(shown.len() as u64, "finding"), places))
}

/// A note that some of the guest's accesses were not recorded, so that findings about them are missing.
fn unchecked(run: &Run) -> Option<String> {
    let causes = (run.oldest()..run.len()).filter_map(|number| run.cause(number)).filter(|cause| runs_guest(cause));
    let (stores, loads) = causes
        .fold((true, true), |(stores, loads), cause| (stores && cause.traced.stores, loads && cause.traced.loads));
    let what = match (stores, loads) {
        (true, true) => return None,
        (true, false) => "reads",
        (false, _) => "reads and writes",
    };
    Some(format!("note: {what} by the guest were not checked: `--trace loads` records them"))
}

/// The lines about a finding, each of which leads to the place.
fn lines(finding: &Finding, explained: &mut Explained) -> Vec<Place> {
    let addr = (!finding.range.is_empty()).then_some(finding.range.start);
    let at = Some((finding.cause, finding.step));
    let mut lines = explained.lines(finding);
    lines[0] = format!("{}  {}", finding_place(finding), lines[0]);
    lines.iter().flat_map(|line| wrapped(line)).map(|words| Place { words, addr, at }).collect()
}

/// A text in lines that a narrow screen shows whole; all but the first are indented.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.trim().split(' ') {
        let last = lines.last_mut().expect("there is one");
        let is_first = last.trim().is_empty();
        if !is_first && last.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("    {word}"));
        } else {
            last.push_str(if is_first { "" } else { " " });
            last.push_str(word);
        }
    }
    if text.starts_with(' ') {
        lines[0].insert_str(0, "    ");
    }
    lines
}
