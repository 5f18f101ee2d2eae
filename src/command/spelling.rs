//! Suggestions for misspelt names.

/// The maximum length, in characters, of a misspelt name for which a suggestion is sought: comparing takes time
/// proportional to the product of the lengths.
const LONGEST: usize = 64;

/// The name most similar to a misspelt one, if any: it differs by a few letters, or contains it.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.chars().nth(LONGEST).is_some() {
        return None;
    }
    let count = name.chars().count();
    let most = (count / 3).max(1);
    // If the lengths differ by more, the names do too.
    let is_near = |other: &str| other.chars().take(count + most + 1).count().abs_diff(count) <= most;
    let distance = |other| is_near(other).then(|| strsim::damerau_levenshtein(name, other));
    let scored = names.filter_map(|other| match distance(other) {
        Some(distance) if distance <= most => Some((distance, other)),
        _ if name.len() > 1 && other.starts_with(name) => Some((most + 1, other)),
        _ if name.len() > 2 && other.contains(name) => Some((most + 2, other)),
        _ => None,
    });
    scored.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// A hint for an unknown name: the most similar one, or the command that lists all.
pub(super) fn hint<'a>(name: &str, names: impl Iterator<Item = &'a str>, list: &str) -> String {
    nearest(name, names).map_or_else(|| format!("{list} lists them"), |near| format!("did you mean {near}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_like_a_misspelt_one_is_found_and_none_like_a_long_word() {
        let near = |name| nearest(name, ["peek", "poke", "steps"].into_iter());
        assert_eq!(near("peke"), Some("peek"));
        assert_eq!(near("pok"), Some("poke"));
        assert_eq!(near("step"), Some("steps"), "a part of it");
        assert_eq!(near("undo"), None);
        assert_eq!(nearest("foo", ["goto"].into_iter()), None, "half of it differs");
        // Time and memory proportional to the product of these lengths would never suffice.
        let (long, longer) = ("x".repeat(1 << 20), "x".repeat((1 << 20) + 1));
        assert_eq!(nearest(&long, [longer.as_str()].into_iter()), None);
        assert_eq!(nearest("y", [longer.as_str()].into_iter()), None);
        assert_eq!(nearest("xx", [longer.as_str()].into_iter()), Some(longer.as_str()));
    }
}
