//! The command that lists findings, and turns them on and off.

use super::bounds::{MOST, more};
use super::{Context, Error, Place, Reply};
use crate::check::Finding;
use crate::settings::Check;
use crate::view::{Explained, counted, finding_place};

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
    if shown.is_empty() {
        return Ok(Reply::Text(vec!["no findings".to_owned()]));
    }
    let mut explained = Explained::default();
    let mut places: Vec<_> = shown.iter().take(MOST).flat_map(|finding| lines(finding, &mut explained)).collect();
    let left_out = shown.len().saturating_sub(MOST) + findings.dropped();
    if left_out > 0 {
        places.push(Place { words: more(left_out), ..Place::default() });
    }
    Ok(Reply::Places(counted(shown.len() as u64, "finding"), places))
}

fn lines(finding: &Finding, explained: &mut Explained) -> Vec<Place> {
    let addr = (!finding.range.is_empty()).then_some(finding.range.start);
    let at = Some((finding.cause, finding.step));
    let lines = explained.lines(finding).into_iter().zip(0..);
    let place = finding_place(finding);
    let lines = lines.map(|(line, number)| if number == 0 { format!("{place}  {line}") } else { line });
    lines.map(|words| Place { words, addr, at }).collect()
}
