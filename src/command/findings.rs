//! The command that lists findings, and turns them on and off.

use unicode_width::UnicodeWidthStr;

use super::bounds::{MOST, more};
use super::{Context, Error, Place, Reply};
use crate::check::Finding;
use crate::record::Run;
use crate::settings::Check;
use crate::view::{Explained, counted, finding_place, runs_guest};

/// Maximum number of columns of a line.
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
    places.extend(unchecked.iter().flat_map(|note| wrapped(note)).map(|words| Place { words, ..Place::default() }));
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
    Some(format!("note: {what} by the guest were not checked: `linmem GUEST --trace loads` records them"))
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
    const INDENT: &str = "    ";
    let mut lines = vec![if text.starts_with(' ') { INDENT.to_owned() } else { String::new() }];
    for word in text.trim().split(' ') {
        let last = lines.last_mut().expect("there is one");
        let is_first = last.trim().is_empty();
        if !is_first && last.width() + 1 + word.width() > WIDTH {
            lines.push(format!("{INDENT}{word}"));
        } else {
            last.push_str(if is_first { "" } else { " " });
            last.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_text_has_all_words_in_lines_that_fit() {
        let mut seed = 1_u32;
        let mut random = move |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        for _ in 0..500 {
            let mut text = if random(2) == 0 { "  ".to_owned() } else { String::new() };
            for _ in 0..random(60) {
                let letter = ["a", "\u{e9}", "\u{6f22}"][random(3) as usize];
                text += &(letter.repeat(1 + random(12) as usize) + " ");
            }
            let lines = wrapped(&text);
            let words: Vec<_> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
            assert!(lines.iter().all(|line| line.width() <= WIDTH), "{lines:#?}");
        }
    }
}
