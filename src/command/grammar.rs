//! The grammar of commands' arguments, derived from their usage: `TYPE ADDR [COUNT]`.
//!
//! So completion, hints and highlighting follow the table of commands without special cases.

use crate::view::NumberType;

/// A place for a word: `ADDR`, `hex`, `on|off`, `[COUNT]`, `VALUE ...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The accepted words: names in capitals are kinds of words, others are literal.
    pub(super) what: &'static str,
    optional: bool,
    /// Whether more of its kind may follow.
    repeats: bool,
}

/// What may come next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A word for this slot, then words for those.
    Word(Slot, Vec<Slot>),
    /// The rest of a text that has begun.
    Text,
    /// Nothing.
    End,
}

/// Everything that may follow `words` in one of the alternatives of `args`.
pub(super) fn follow(args: &'static str, words: &[&str]) -> Vec<Expected> {
    let fitting: Vec<_> = alternatives(args).iter().filter_map(|slots| next(slots, words)).collect();
    // Text matches any words, so it counts only if nothing else matches.
    let mut others = Vec::new();
    for next in fitting.iter().filter(|next| **next != Expected::Text) {
        // Alternatives with different beginnings may end alike.
        if !others.contains(next) {
            others.push(next.clone());
        }
    }
    if others.is_empty() { fitting } else { others }
}

/// Parses a usage into alternatives of slots.
fn alternatives(args: &'static str) -> Vec<Vec<Slot>> {
    let mut signs = Vec::new();
    for word in args.split_whitespace() {
        let inner = word.trim_start_matches('[');
        signs.extend((inner.len()..word.len()).map(|_| "["));
        // `NUMBER[.STEP]` is one word that contains brackets.
        let closed = inner.matches(']').count().saturating_sub(inner.matches('[').count());
        signs.push(&inner[..inner.len() - closed]);
        signs.extend((0..closed).map(|_| "]"));
    }
    group(&mut signs.into_iter().peekable(), false)
}

type Signs<'a> = std::iter::Peekable<std::vec::IntoIter<&'a str>>;

/// Parses alternatives up to the closing bracket or the end.
fn group(signs: &mut Signs<'static>, optional: bool) -> Vec<Vec<Slot>> {
    let (mut found, mut present) = (Vec::new(), vec![Vec::new()]);
    while let Some(sign) = signs.next() {
        match sign {
            "]" => break,
            "|" => found.extend(std::mem::replace(&mut present, vec![Vec::new()])),
            "[" => {
                let mut inside = group(signs, true);
                // An optional part in the middle may be skipped; at the end it may just be missing.
                if signs.peek().is_some_and(|next| !matches!(*next, "]" | "|")) {
                    inside.push(Vec::new());
                }
                let joined = |one: &Vec<Slot>| inside.iter().map(|more| [&one[..], more].concat()).collect::<Vec<_>>();
                present = present.iter().flat_map(joined).collect();
            }
            "..." => present.iter_mut().filter_map(|slots| slots.last_mut()).for_each(|slot| slot.repeats = true),
            what => present.iter_mut().for_each(|slots| slots.push(Slot { what, optional, repeats: false })),
        }
    }
    found.extend(present);
    found
}

/// What may follow `words` in one alternative, if they match it.
fn next(slots: &[Slot], words: &[&str]) -> Option<Expected> {
    let mut place = 0;
    for word in words {
        let slot = slots.get(place)?;
        if slot.is_text() {
            return Some(Expected::Text);
        }
        slot.takes(word).then_some(())?;
        place += usize::from(!slot.repeats);
    }
    Some(match slots.get(place) {
        Some(slot) => Expected::Word(*slot, slots[place + 1..].to_vec()),
        None => Expected::End,
    })
}

impl Slot {
    /// The kinds of words, or the literal words, that are accepted here.
    pub(super) fn choices(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.what.split('|')
    }

    /// Whether it takes the rest of the line, including spaces.
    fn is_text(&self) -> bool {
        matches!(self.what, "TEXT" | "BYTES" | "MEMBERS")
    }

    fn takes(&self, word: &str) -> bool {
        self.choices().any(|choice| match choice {
            "TYPE" => NumberType::named(word).is_some(),
            choice if is_kind(choice) => true,
            choice => choice == word,
        })
    }
}

/// Whether a choice is a kind of words rather than a literal word.
pub(super) fn is_kind(choice: &str) -> bool {
    choice.starts_with(|c: char| c.is_ascii_uppercase())
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let more = if self.repeats { " ..." } else { "" };
        if self.optional { write!(f, "[{}{more}]", self.what) } else { write!(f, "{}{more}", self.what) }
    }
}

/// Test arguments derived from a usage.
#[cfg(test)]
pub(super) struct Sample {
    pub(super) words: Vec<&'static str>,
    /// How many of the words are required.
    pub(super) required: usize,
    /// Whether any further words belong to the last one.
    pub(super) takes_any: bool,
    slots: Vec<Slot>,
}

#[cfg(test)]
impl Sample {
    /// Whether these words are complete arguments.
    pub(super) fn accepts(&self, words: &[&str]) -> bool {
        (self.required..=self.slots.len()).contains(&words.len())
            && self.slots.iter().zip(words).all(|(slot, word)| slot.takes(word))
    }
}

/// Sample arguments for each alternative, one of each kind.
#[cfg(test)]
pub(super) fn samples(args: &'static str) -> Vec<Sample> {
    let word = |slot: &Slot| match slot.choices().next().unwrap_or_default() {
        "TYPE" => "u8",
        "BYTES" => "00",
        "TIME" => "1s",
        "SIZE" => "1KiB",
        "FORMAT" => "hex",
        "FINDING" => "leak",
        "NUMBER[.STEP]" => "1.1",
        "ADDR..END" => "1..2",
        "EXPORT" | "GLOBAL" | "MEMORY" | "NAME" | "MARK" | "FILE" | "RECIPE" | "COMMAND" | "STRUCT" | "TEXT" => "name",
        kind if is_kind(kind) => "1",
        literal => literal,
    };
    let sample = |slots: Vec<Slot>| Sample {
        words: slots.iter().map(word).collect(),
        // A text may be empty.
        required: slots.iter().rposition(|slot| !slot.optional && slot.what != "TEXT").map_or(0, |last| last + 1),
        takes_any: slots.last().is_some_and(|slot| slot.repeats || slot.what == "TEXT"),
        slots,
    };
    alternatives(args).into_iter().map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may come next, as text.
    fn told(args: &'static str, words: &[&str]) -> Vec<String> {
        let tell = |next: &Expected| match next {
            Expected::Word(slot, rest) => {
                std::iter::once(slot).chain(rest).map(Slot::to_string).collect::<Vec<_>>().join(" ")
            }
            Expected::Text => "(text)".to_owned(),
            Expected::End => "(end)".to_owned(),
        };
        follow(args, words).iter().map(tell).collect()
    }

    #[test]
    fn the_words_that_tell_arguments_are_a_grammar() {
        assert_eq!(told("TYPE ADDR [COUNT]", &[]), ["TYPE ADDR [COUNT]"]);
        assert_eq!(told("TYPE ADDR [COUNT]", &["u8", "0x10"]), ["[COUNT]"]);
        assert_eq!(told("TYPE ADDR [COUNT]", &["u8", "0x10", "3"]), ["(end)"]);
        assert!(told("TYPE ADDR [COUNT]", &["u9"]).is_empty());
        assert_eq!(told("[ADDR [LEN]]", &["0x10"]), ["[LEN]"]);
        assert_eq!(told("EXPORT [VALUE ...]", &["f", "1", "2"]), ["[VALUE ...]"]);
        let poke = "TYPE ADDR VALUE ... | hex ADDR BYTES | text ADDR TEXT";
        assert_eq!(told(poke, &["hex"]), ["ADDR BYTES"]);
        assert_eq!(told(poke, &["u8", "1", "2"]), ["VALUE ..."]);
        let expect = "TEXT | error TEXT | at ADDR hex BYTES | at ADDR text TEXT";
        assert_eq!(told(expect, &["at", "0x10"]), ["hex BYTES", "text TEXT"]);
        assert_eq!(told(expect, &["error"]), ["TEXT"]);
        assert_eq!(told(expect, &["hello", "at"]), ["(text)"]);
        assert_eq!(told("steps on|off | timeout TIME", &["steps"]), ["on|off"]);
        assert_eq!(told("NUMBER[.STEP] | now", &[]), ["NUMBER[.STEP]", "now"]);
        let write = "FILE [ADDR LEN | REGION] [overwrite]";
        assert_eq!(told(write, &["f"]), ["[ADDR] [LEN] [overwrite]", "[REGION] [overwrite]", "[overwrite]"]);
        assert_eq!(told(write, &["f", "overwrite"]), ["[LEN] [overwrite]", "[overwrite]", "(end)"]);
        assert_eq!(told("[NAME [ADDR [LEN] | ADDR..END]]", &["x"]), ["[ADDR] [LEN]", "[ADDR..END]"]);
        let write = "FILE [ADDR [LEN] | ADDR..END] [overwrite]";
        assert_eq!(told(write, &["f"]), ["[ADDR] [LEN] [overwrite]", "[ADDR..END] [overwrite]", "[overwrite]"]);
        let watch = "[ADDR [LEN] [read|write | == VALUE] | ADDR..END [read|write | == VALUE]]";
        let kinds = ["[read|write]", "[==] [VALUE]"];
        assert_eq!(told(watch, &["1..2"])[2..], kinds, "and each is told once");
        assert_eq!(told("", &[]), ["(end)"]);
    }
}
