//! The table of commands. An entry holds all there is to know of a command: its name, its usage, its description, and
//! the parser of its arguments.
//!
//! A command runs only after all of its arguments were parsed and none is left over.

use std::sync::LazyLock;

use super::act::{self, Line};
use super::args::{Args, RangeArg};
use super::check::{self, Expectation};
use super::control::{self, Removed, WatchArg};
use super::error::{ArgumentError, Error};
use super::infer::{self, InferArg};
use super::spelling::nearest;
use super::structs::StructArg;
use super::time::{self, Moment};
use super::{Context, Reply, findings, look, reports, set, space, structs};
use crate::guest::Go;
use crate::view::{AccessQuery, Search};

/// A command.
pub struct Spec {
    /// Its name, without the colon.
    pub name: &'static str,
    args: Arguments,
    /// Its description.
    pub about: &'static str,
    parse: fn(&mut Args<'_>) -> Result<Action, ArgumentError>,
}

/// The arguments of a command, as in its usage; `grammar` derives completion from it.
enum Arguments {
    Fixed(&'static str),
    Made(&'static LazyLock<String>),
}

/// A command with its arguments, ready to run.
pub(super) type Action = Box<dyn FnOnce(&mut Context<'_>) -> Result<Reply, Error>>;

/// Former names of commands. Accepted but not shown.
const ALIASES: &[(&str, &str)] = &[("crossings", "steps")];

/// Names of other debuggers, and the commands that they suggest.
const FOREIGN: &[(&str, &str)] = &[("delete", "unbreak"), ("clear", "unbreak"), ("tbreak", "break")];

static SETTINGS: LazyLock<String> = LazyLock::new(set::arguments);

type Parsed = Result<Action, ArgumentError>;

/// A command with parsed arguments.
fn action(run: impl FnOnce(&mut Context<'_>) -> Result<Reply, Error> + 'static) -> Parsed {
    Ok(Box::new(run))
}

/// A range, if there is one, and whether JSON is wanted.
fn report_range(args: &mut Args<'_>) -> Result<(Option<RangeArg>, bool), ArgumentError> {
    if args.take("json") {
        return Ok((None, true));
    }
    let range = args.optional_range()?;
    Ok((range, args.take("json")))
}

const fn spec(name: &'static str, args: &'static str, about: &'static str, parse: fn(&mut Args<'_>) -> Parsed) -> Spec {
    Spec { name, args: Arguments::Fixed(args), about, parse }
}

/// Every command, in the order of the help.
pub const COMMANDS: &[Spec] = &[
    spec("send", "TEXT | hex BYTES | file FILE", "send a line; \\n \\x00 \\u{e9} in TEXT are escapes", |args| {
        let line = match (args.take("hex"), args.take("file")) {
            (true, _) => Line::Bytes(args.hex()?),
            (_, true) => Line::File(args.file()?),
            _ => Line::Bytes(args.bytes()?),
        };
        action(|context| act::send(context, line))
    }),
    spec("call", "EXPORT [VALUE ...]", "call an export and show what it changes", |args| {
        let (command, export, values) = (args.command(), args.text("EXPORT")?, args.words("VALUE")?);
        action(move |context| act::call(context, command, export, &values))
    }),
    spec("goto", "ADDR", "go to an address, such as :goto input+4 or just :0x410", |args| {
        let Some(addr) = args.rest_as_address() else { return ArgumentError::missing("ADDR") };
        action(move |context| space::goto(context, &addr))
    }),
    spec("dump", "[ADDR [LEN] | ADDR..END]", "show memory, with changed bytes marked", |args| {
        let range = args.optional_range()?;
        action(move |context| look::dump(context, range))
    }),
    spec("inspect", "[ADDR]", "show what the bytes at an address may mean, and who wrote them", |args| {
        let addr = args.rest_as_address();
        action(move |context| space::inspect(context, addr.as_ref()))
    }),
    spec(
        "as",
        "js|c|wazero|rust [ADDR [LEN] | ADDR..END] [json]",
        "show how a host in that language sees the answer, or a range",
        |args| {
            let language = args.host_language()?;
            let (range, json) = report_range(args)?;
            action(move |context| reports::seen_by(context, language, range, json))
        },
    ),
    spec("peek", "TYPE ADDR [COUNT]", "read numbers: u8 i8 u16 i16 u32 i32 u64 i64 f32 f64", |args| {
        let (ty, addr, count) = (args.number_type()?, args.address()?, args.number_or("COUNT", 1)?);
        action(move |context| look::peek(context, ty, &addr, count))
    }),
    spec("poke", "TYPE ADDR VALUE ... | hex ADDR BYTES | text ADDR TEXT", "write to memory, as the host", |args| {
        let command = args.command();
        let (addr, bytes) = match (args.take("hex"), args.take("text")) {
            (true, _) => (args.address()?, args.hex()?),
            (_, true) => (args.address()?, args.bytes()?),
            _ => {
                let ty = args.number_type()?;
                (args.address()?, args.numbers(ty)?)
            }
        };
        action(move |context| act::poke(context, command, &addr, bytes))
    }),
    spec("undo", "[EXCHANGE]", "undo the last :poke, or the one in an exchange", |args| {
        let number = if args.is_empty() { None } else { Some(args.number_or("EXCHANGE", 0)?) };
        action(move |context| act::undo(context, number))
    }),
    spec("find", "TEXT | hex BYTES | TYPE VALUE", "search memory; in hex, ? stands for any digit", |args| {
        let text = args.rest();
        if text.is_empty() {
            return ArgumentError::missing("TEXT");
        }
        let search = Search::new(&text).map_err(ArgumentError::Invalid)?;
        action(|context| space::find(context, search))
    }),
    spec("regions", "", "list the named ranges of memory, and where each comes from", |_| action(space::regions)),
    spec("mark", "[NAME [ADDR [LEN] | ADDR..END]]", "name a range of memory, or list the marks", |args| {
        let Some(name) = args.optional("NAME")? else { return action(space::marks) };
        let range = args.optional_range()?;
        action(move |context| space::mark(context, &name, range))
    }),
    spec("unmark", "MARK", "remove a mark", |args| {
        let name = args.text("MARK")?;
        action(move |context| space::unmark(context, &name))
    }),
    spec(
        "copy",
        "FORMAT [ADDR [LEN] | ADDR..END]",
        "copy bytes as hex, c, rust, base64 or text, or copy their address",
        |args| {
            let (format, range) = (args.notation()?, args.optional_range()?);
            action(move |context| space::copy(context, format, range))
        },
    ),
    spec(
        "write",
        "FILE [ADDR [LEN] | ADDR..END] [overwrite]",
        "write memory to a file: all of it, or a range",
        |args| {
            let file = args.file()?;
            let (range, overwrite) = match args.take("overwrite") {
                true => (None, true),
                false => (args.optional_range()?, args.take("overwrite")),
            };
            action(move |context| space::write(context, &file, range, overwrite))
        },
    ),
    spec("shot", "FILE [overwrite]", "save a picture of the screen, as .svg or .txt", |args| {
        let (file, overwrite) = (args.file()?, args.take("overwrite"));
        action(move |_| Ok(Reply::Shot(file, overwrite)))
    }),
    spec("changes", "", "list the changes: where, by whom, old and new bytes", |_| action(look::changes)),
    spec("writers", "[ADDR [LEN] | ADDR..END] [json]", "list who wrote a range, in all exchanges", |args| {
        let (range, json) = report_range(args)?;
        action(move |context| reports::accesses(context, AccessQuery::Writers, range, json))
    }),
    spec("readers", "[ADDR [LEN] | ADDR..END] [json]", "list who read a range, in all exchanges", |args| {
        let (range, json) = report_range(args)?;
        action(move |context| reports::accesses(context, AccessQuery::Readers, range, json))
    }),
    spec("origin", "[ADDR] [json]", "follow the byte at an address back to where its value came from", |args| {
        let (range, json) = report_range(args)?;
        action(move |context| reports::origin(context, range, json))
    }),
    spec("profile", "[json]", "count stores and bytes by function and line, in all exchanges", |args| {
        let json = args.take("json");
        action(move |context| reports::profile(context, json))
    }),
    spec(
        "struct",
        "[STRUCT [@ ADDR [json]] | STRUCT { MEMBERS }]",
        "show the bytes at an address as a struct; declare one; or list them",
        |args| {
            let asked = StructArg::parse(args)?;
            action(move |context| structs::run(context, asked))
        },
    ),
    spec("steps", "", "list the steps of the exchange", |_| action(look::steps)),
    spec("frames", "", "explain the trap, and list the calls that led to it or to a stop", |_| action(look::frames)),
    spec("back", "[COUNT]", "go to the previous step, or COUNT steps back", |args| {
        let count = args.number_or("COUNT", 1)?;
        action(move |context| time::step(context, count, false))
    }),
    spec("forward", "[COUNT]", "go to the next step, or COUNT steps forward", |args| {
        let count = args.number_or("COUNT", 1)?;
        action(move |context| time::step(context, count, true))
    }),
    spec("exchange", "NUMBER[.STEP] | now", "show another exchange, or a step of it", |args| {
        let moment = Moment::parse(&args.text("NUMBER")?)?;
        action(move |context| time::exchange(context, moment))
    }),
    spec(
        "watch",
        "[ADDR [LEN] [read|write|change | == VALUE] | ADDR..END [read|write|change | == VALUE]]",
        "stop the guest when it accesses memory, or list the watchpoints",
        |args| {
            let watched = WatchArg::parse(args)?;
            action(move |context| control::watch(context, watched))
        },
    ),
    spec("unwatch", "NUMBER|all", "remove a watchpoint, or all", |args| {
        let which = Removed::parse(&args.text("NUMBER")?)?;
        action(move |context| control::unwatch(context, which))
    }),
    spec("break", "[PLACE]", "stop at a function, FILE:LINE or offset, or list the breakpoints", |args| {
        let place = args.optional("PLACE")?;
        if let Some(more) = args.optional("PLACE")? {
            let what = format!("unexpected argument `{more}`; :unbreak NUMBER removes a breakpoint");
            return Err(ArgumentError::Invalid(what));
        }
        action(move |context| control::breakpoint(context, place))
    }),
    spec("unbreak", "NUMBER|all", "remove a breakpoint, or all", |args| {
        let which = Removed::parse(&args.text("NUMBER")?)?;
        action(move |context| control::unbreak(context, which))
    }),
    spec("continue", "", "resume the stopped guest", |_| action(|context| control::go(context, Go::On, 1))),
    spec("step", "[over|in|out|store] [COUNT]", "step over, into or out of calls, or to the next store", |args| {
        let (how, count) = (control::step_kind(args), control::step_count(args)?);
        action(move |context| control::go(context, how, count))
    }),
    spec("slow", "[MILLISECONDS]", "run line by line, pausing at each", |args| {
        let millis = if args.is_empty() { None } else { Some(args.number_or("MILLISECONDS", 0)?) };
        let how = control::slowly(millis)?;
        action(move |context| control::go(context, how, 1))
    }),
    spec("pause", "", "stop the running guest where it is", |_| action(control::pause)),
    spec("recompile", "", "recompile the guest for stepping, and resend its lines", |_| action(control::recompile)),
    spec("exports", "", "list the guest's exports", |_| action(look::exports)),
    spec("imports", "", "list the guest's imports", |_| action(look::imports)),
    spec("globals", "[GLOBAL VALUE]", "list the exported globals, or set one", |args| {
        let command = args.command();
        let Some(name) = args.optional("GLOBAL")? else { return action(look::globals) };
        let value = args.text("VALUE")?;
        action(move |context| act::set_global(context, command, name, &value))
    }),
    spec("memory", "[MEMORY]", "list the memories, or choose the one that commands use", |args| {
        let name = args.optional("MEMORY")?;
        action(move |context| look::memory(context, name.as_deref()))
    }),
    spec("grow", "[PAGES]", "grow the memory, as the host", |args| {
        let (command, pages) = (args.command(), args.number_or("PAGES", 1)?);
        action(move |context| act::grow(context, command, pages))
    }),
    spec("reset", "", "start again with a fresh instance of the guest", |args| {
        let command = args.command();
        action(|context| act::reset(context, command))
    }),
    spec("reload", "[FILE]", "reload the guest's file, or load another one, and start again", |args| {
        let (command, file) = (args.command(), args.optional_file()?);
        action(|context| act::reload(context, command, file))
    }),
    spec("runs", "[NUMBER | now]", "list the runs, or show one; :reset and :reload start a new run", |args| {
        let run = args.optional("NUMBER")?;
        action(move |context| look::runs(context, run.as_deref()))
    }),
    spec("convention", "[RECIPE|FILE]", "show the convention, or choose a built-in one or a recipe file", |args| {
        let (command, named) = (args.command(), args.optional_file()?);
        action(|context| match named {
            Some(named) => act::convention(context, command, named),
            None => look::convention(context),
        })
    }),
    spec(
        "infer",
        "LINE [call EXPORT] | LINE => ANSWER [LINE => ANSWER] [call EXPORT] [run] | use",
        "infer the convention from a line and its answer; use switches to it",
        |args| {
            let (command, asked) = (args.command(), InferArg::parse(args)?);
            action(move |context| infer::run(context, command, asked))
        },
    ),
    spec("recipe", "[RECIPE]", "show the recipe in use, or a built-in one", |args| {
        let name = args.optional("RECIPE")?;
        action(move |context| look::recipe(context, name.as_deref()))
    }),
    spec("limits", "", "list the guest's limits", |_| action(set::limits)),
    Spec {
        name: "set",
        args: Arguments::Made(&SETTINGS),
        about: "list the settings, or change one",
        parse: |args| {
            let Some((setting, value)) = set::parse(args)? else { return action(set::list) };
            action(move |context| set::set(context, setting, &value))
        },
    },
    spec(
        "expect",
        "TEXT | error TEXT | at ADDR hex BYTES | at ADDR text TEXT | writer ADDR NAME \
         | unwritten ADDR [LEN] | unwritten ADDR..END",
        "check the last answer, the last error, memory, or who wrote it",
        |args| {
            let expected = Expectation::parse(args)?;
            action(move |context| check::expect(context, &expected))
        },
    ),
    spec("check", "[on|off]", "list the findings, or turn them on or off", |args| {
        let on = args.take("on");
        let off = !on && args.take("off");
        action(move |context| if on || off { findings::switch(context, on) } else { findings::list(context) })
    }),
    spec("save", "FILE [overwrite]", "save the session, for :load and linmem replay", |args| {
        let (file, overwrite) = (args.file()?, args.take("overwrite"));
        action(move |context| act::save(context, &file, overwrite))
    }),
    spec("load", "[FILE]", "open a saved session; without a file, return from it", |args| {
        let file = args.optional_file()?;
        action(move |context| match file {
            Some(file) => act::load(context, &file),
            None => act::leave_saved(context),
        })
    }),
    spec("source", "FILE", "run the lines and commands in a file", |args| {
        let file = args.file()?;
        action(|_| Ok(Reply::Source(file)))
    }),
    spec("help", "[COMMAND]", "list the commands, or explain one", |args| {
        let name = args.optional("COMMAND")?;
        action(move |_| help(name.as_deref()))
    }),
    spec("quit", "", "quit", |_| action(|_| Ok(Reply::Quit))),
];

/// Parses a command, given without its colon.
///
/// # Errors
/// The command is unknown, or its arguments are not valid.
pub(super) fn parse(text: &str) -> Result<Action, Error> {
    let text = text.trim_start();
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let spec = find(name)?;
    let mut args = Args::new(text, rest);
    let parsed = (spec.parse)(&mut args).and_then(|action| args.end().map(|()| action));
    parsed.map_err(|error| Error::Arguments(error, args.usage().unwrap_or_else(|| spec.usage())))
}

/// The command with that name, or the only one with that prefix.
///
/// # Errors
/// There is none, or there are several.
pub fn find(name: &str) -> Result<&'static Spec, Error> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    let begins: Vec<_> = COMMANDS.iter().filter(|spec| spec.name.starts_with(name)).collect();
    let exact = begins.iter().find(|spec| spec.name == name);
    match (exact, &begins[..]) {
        (Some(spec), _) | (None, [spec]) => Ok(spec),
        _ if name.is_empty() => Err(Error::NoCommand),
        (None, []) => {
            let foreign = FOREIGN.iter().find(|(other, _)| *other == name).map(|(_, name)| *name);
            let near = foreign.or_else(|| nearest(name, COMMANDS.iter().map(|spec| spec.name)));
            Err(Error::UnknownCommand(name.to_owned(), near))
        }
        (None, several) => {
            Err(Error::AmbiguousCommand(name.to_owned(), several.iter().map(|spec| spec.name).collect()))
        }
    }
}

impl Spec {
    /// Its arguments, as in its usage: `TYPE ADDR [COUNT]`.
    pub fn args(&self) -> &'static str {
        match self.args {
            Arguments::Fixed(args) => args,
            Arguments::Made(args) => args,
        }
    }

    /// Its usage: `:peek TYPE ADDR [COUNT]`.
    pub fn usage(&self) -> String {
        format!(":{} {}", self.name, self.args()).trim_end().to_owned()
    }
}

/// Explains all commands, or one.
fn help(name: Option<&str>) -> Result<Reply, Error> {
    if let Some(name) = name {
        let spec = find(name.trim_start_matches(':'))?;
        return Ok(Reply::Text(vec![spec.usage(), format!("  {}", spec.about)]));
    }
    let mut lines: Vec<_> = COMMANDS.iter().map(|spec| format!(":{:<10} {}", spec.name, spec.about)).collect();
    lines.push("Any other line is sent to the guest; :: sends a line that begins with a colon.".to_owned());
    lines.push("A command can be abbreviated. :help COMMAND shows its arguments.".to_owned());
    Ok(Reply::Text(lines))
}

#[cfg(test)]
mod tests {
    use super::super::grammar::samples;
    use super::*;

    fn error_of(text: &str) -> Option<ArgumentError> {
        match parse(text).err()? {
            Error::Arguments(error, _) => Some(error),
            other => panic!("{text}: {other}"),
        }
    }

    #[test]
    fn every_command_takes_the_arguments_that_its_help_tells_and_not_one_more() {
        for spec in COMMANDS {
            for sample in samples(spec.args()) {
                let text = format!("{} {}", spec.name, sample.words.join(" "));
                assert_eq!(error_of(&text), None, ":{text}");
                // The rest of these is an address, which is resolved when the command runs.
                if sample.takes_any || ["goto", "inspect"].contains(&spec.name) {
                    continue;
                }
                let more = format!("{text} junk");
                assert!(error_of(&more).is_some(), ":{more}");
            }
        }
    }

    #[test]
    fn no_command_does_without_an_argument_that_its_help_requires() {
        for spec in COMMANDS {
            for sample in samples(spec.args()) {
                for count in 0..sample.required {
                    let text = format!("{} {}", spec.name, sample.words[..count].join(" "));
                    let is_complete = samples(spec.args()).iter().any(|other| other.accepts(&sample.words[..count]));
                    assert!(is_complete || error_of(&text).is_some(), ":{text}");
                }
            }
        }
    }

    #[test]
    fn a_surplus_argument_is_told_with_the_usage() {
        let error = parse("mark m 0 1 junk").err().expect("it is one too many");
        assert_eq!(error.to_string(), "unexpected argument `junk`; usage: :mark [NAME [ADDR [LEN] | ADDR..END]]");
        let error = parse("set timeout 1s junk").err().expect("it is one too many");
        assert_eq!(error.to_string(), "unexpected argument `junk`; usage: :set timeout TIME");
        let error = parse("peek u8").err().expect("it is one too few");
        assert_eq!(error.to_string(), "missing ADDR; usage: :peek TYPE ADDR [COUNT]");
    }

    #[test]
    fn old_names_are_understood_and_not_shown() {
        assert_eq!(find("crossings").map(|spec| spec.name), Ok("steps"));
        let Ok(Reply::Text(lines)) = help(None) else { panic!("help is text") };
        assert!(lines.iter().all(|line| !line.contains("crossing")), "{lines:?}");
        assert!(find(&"x".repeat(1 << 20)).is_err(), "and a long name takes no long time");
    }
}
