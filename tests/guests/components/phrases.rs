//! Texts in and out of a component: a string, a result, an option and bytes. Built by wit-bindgen.

wit_bindgen::generate!({ world: "phrases", path: "wit" });

use exports::linmem::phrases::tools;

struct Phrases;

impl Guest for Phrases {
    fn plural(line: String) -> String {
        let plural = |word: &str| match word.as_bytes() {
            [.., b's' | b'x'] | [.., b'c' | b's', b'h'] => format!("{word}es"),
            [stem @ .., b'y'] if !stem.ends_with(b"a") && !stem.ends_with(b"e") => {
                format!("{}ies", &word[..word.len() - 1])
            }
            _ => format!("{word}s"),
        };
        line.split(' ').map(plural).collect::<Vec<_>>().join(" ")
    }
}

impl tools::Guest for Phrases {
    fn initials(line: String) -> Result<String, String> {
        let initials: String = line.split_whitespace().filter_map(|word| word.chars().next()).collect();
        if initials.is_empty() { Err("there are no words".to_owned()) } else { Ok(initials) }
    }

    fn last_word(line: String) -> Option<String> {
        line.split_whitespace().last().map(str::to_owned)
    }

    fn reverse(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.reverse();
        bytes
    }
}

export!(Phrases);
