//! What a search in vain leaves behind: how near it came, what was tried, and what remains to be done by hand.

use super::clues::Clues;
use super::entry::Entry;
use crate::abi::of_toolchain;
use crate::guest::Interface;

/// How near the trials came, and what remains, as sentences. `unexplained` says where the answer was seen without anything
/// that says so, and how often; `nearest` is the likeliest way in which the guest read the whole line.
pub(super) fn evidence(
    interface: &Interface,
    unexplained: Option<(String, u32)>,
    clues: &Clues,
    is_varied: bool,
    nearest: Option<&Entry>,
) -> Vec<String> {
    let mut sentences: Vec<_> = of_toolchain(interface).into_iter().collect();
    sentences.push(match unexplained {
        Some((sentence, 1)) => format!("{sentence}."),
        Some((sentence, count)) => format!("{sentence} (and so in {} other trials).", count - 1),
        None => "The answer was never found in memory: check the line and its answer, and whether the guest first \
                 needs a call that sets it up."
            .to_owned(),
    });
    sentences.extend(clues.sentences());
    if is_varied {
        sentences.push(
            "Among the ways were numbers as arguments (modes, flags, levels), and calls before and after the one that \
             takes the line."
                .to_owned(),
        );
    }
    sentences.extend(nearest.map(|entry| {
        let steps: Vec<_> = entry.draft.before.iter().chain(&entry.draft.transform).map(String::as_str).collect();
        format!("A recipe of yours could begin with these steps, which read the whole line: {}.", steps.join("; "))
    }));
    sentences
}
