//! The table of commands: names, arguments, what each does, and which function does it.

use super::args::Args;
use super::{Context, Error, Reply, act, check, look, set, space, time};

/// A command.
pub struct Spec {
    /// Its name, without the colon.
    pub name: &'static str,
    /// Its arguments in words.
    pub args: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Does it, with the words behind the name, and with the whole command as it was typed.
    pub(super) run: Run,
}

type Run = fn(&mut Context<'_>, &mut Args<'_>, &str) -> Result<Reply, Error>;

const fn spec(name: &'static str, args: &'static str, about: &'static str, run: Run) -> Spec {
    Spec { name, args, about, run }
}

/// Every command, in the order of the help.
pub const COMMANDS: &[Spec] = &[
    spec("send", "TEXT | hex BYTES | file FILE", "send a line: \\n \\x00 \\u{e9} in the text are escapes", act::send),
    spec("call", "EXPORT [VALUE ...]", "call any exported function, and see what it changes", act::call),
    spec("goto", "ADDR", "go to a place in memory: 0x410, 0:0x410, input+4, +16, *, a region", space::goto),
    spec("dump", "[ADDR|ADDR..END [LEN]]", "show memory, with the marks of what is looked at", look::dump),
    spec("inspect", "[ADDR]", "what the bytes there may mean, before and after, and who wrote them", space::inspect),
    spec("peek", "TYPE ADDR [COUNT]", "read values: u8 i8 u16 i16 u32 i32 u64 i64 f32 f64", look::peek),
    spec("poke", "TYPE ADDR VALUE ... | hex ADDR BYTES | text ADDR TEXT", "write into memory, as the host", act::poke),
    spec("undo", "", "write back what stood where the newest :poke wrote", space::undo),
    spec("find", "TEXT | hex BYTES | TYPE VALUE", "find bytes in memory; ? is any digit in hex", space::find),
    spec("regions", "", "list the ranges of memory that have a name, and how that is known", space::regions),
    spec("mark", "[NAME [ADDR|ADDR..END [LEN]]]", "give a range of memory a name, or list those given", space::mark),
    spec("unmark", "MARK", "take the name away again", space::unmark),
    spec(
        "copy",
        "FORM [ADDR|ADDR..END [LEN]]",
        "copy bytes: as hex, c, rust, base64, text, or their address",
        space::copy,
    ),
    spec(
        "write",
        "FILE [ADDR|ADDR..END [LEN]] [overwrite]",
        "write memory into a file, all of it or a range",
        space::write,
    ),
    spec("shot", "FILE [overwrite]", "save a picture of the screen: .svg or .txt", space::shot),
    spec("changes", "", "list what changed, by whom, from what to what", look::changes),
    spec("steps", "", "list the steps across the boundary", look::steps),
    spec("frames", "", "list the calls that led to the trap", look::frames),
    spec("back", "[STEPS]", "look at the step before", time::back),
    spec("forward", "[STEPS]", "look at the step after", time::forward),
    spec("exchange", "NUMBER[.STEP] | now", "look at another moment", time::exchange),
    spec("exports", "", "list what the guest exports", look::exports),
    spec("imports", "", "list what the guest imports", look::imports),
    spec("globals", "[GLOBAL VALUE]", "list the exported globals, or set one", act::globals),
    spec("memory", "[MEMORY]", "the size of each memory; or choose the one that is looked at", look::memory),
    spec("grow", "[PAGES]", "grow the memory, as the host", act::grow),
    spec("reset", "", "begin again with a fresh guest of the same module", act::reset),
    spec("reload", "[FILE]", "begin again with the module read anew, or another", act::reload),
    spec("runs", "[NUMBER | now]", "list the runs: each reset or reload began one; or look at one", look::runs),
    spec("convention", "[RECIPE|FILE]", "how lines get into the guest and answers out, or choose it", act::convention),
    spec("recipe", "[RECIPE]", "the recipe in use, with the guest's own names, or one of ours", look::recipe),
    spec("limits", "", "what the guest may use", look::limits),
    spec(
        "set",
        "[timeout TIME | max-output SIZE | steps on|off | rows on|off]",
        "change a limit, or what the prompt shows after each line",
        set::set,
    ),
    spec(
        "expect",
        "TEXT | error TEXT | at ADDR hex BYTES | at ADDR text TEXT",
        "check the last answer, or memory",
        check::expect,
    ),
    spec("save", "FILE [overwrite]", "write the timeline into a file, for :load and linmem replay", act::save),
    spec("load", "[FILE]", "look at a saved timeline; without a file, come back from it", act::load),
    spec("source", "FILE", "follow the lines and commands of a file", act::source),
    spec("help", "[COMMAND]", "explain the commands, or one", look::help),
    spec("quit", "", "leave", act::quit),
];

/// The command of that name, or of which it is the one abbreviation.
///
/// # Errors
/// There is none, or there are several.
pub fn find(name: &str) -> Result<&'static Spec, Error> {
    let begins: Vec<_> = COMMANDS.iter().filter(|spec| spec.name.starts_with(name)).collect();
    let exact = begins.iter().find(|spec| spec.name == name);
    match (exact, &begins[..]) {
        (Some(spec), _) | (None, [spec]) => Ok(spec),
        _ if name.is_empty() => Err(Error("expected a command; :help lists them".to_owned())),
        (None, []) => {
            let near = nearest(name, COMMANDS.iter().map(|spec| spec.name));
            let near = near.map_or_else(|| ":help lists them".to_owned(), |near| format!("did you mean :{near}?"));
            Err(Error(format!("there is no command :{name}; {near}")))
        }
        (None, several) => {
            let names: Vec<_> = several.iter().map(|spec| format!(":{}", spec.name)).collect();
            Err(Error(format!(":{name} could be {}", names.join(" or "))))
        }
    }
}

/// The most characters of a misspelt name for which a name like it is looked for: how much two names differ takes as
/// many steps as the product of their lengths.
const MISSPELT: usize = 64;

/// The name that is most like a misspelt one, if one is like it at all: a few letters differ, or it is a part of it.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.chars().nth(MISSPELT).is_some() {
        return None;
    }
    let count = name.chars().count();
    let most = count / 3 + 1;
    // Names whose lengths differ by more than that do so too.
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

impl Spec {
    /// How the command is written: `:peek TYPE ADDR [COUNT]`.
    pub fn usage(&self) -> String {
        format!(":{} {}", self.name, self.args).trim_end().to_owned()
    }

    /// An error of the command's, with how it is written.
    pub(super) fn explain(&self, error: Error) -> Error {
        let Error(words) = error;
        if words.starts_with("expected") || words.starts_with("nothing more") {
            return Error(format!("{words}: {}", self.usage()));
        }
        Error(words)
    }
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
        // As many steps as the product of these lengths would take for ever, and so would their memory.
        let (long, longer) = ("x".repeat(1 << 20), "x".repeat((1 << 20) + 1));
        assert_eq!(nearest(&long, [longer.as_str()].into_iter()), None);
        assert_eq!(nearest("y", [longer.as_str()].into_iter()), None);
        assert_eq!(nearest("xx", [longer.as_str()].into_iter()), Some(longer.as_str()));
        assert!(find(&long).is_err());
    }
}
