//! The man page, generated from the command line's definition: all subcommands on one page.

use std::io;

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use crate::cli::definition;

/// Writes the page.
pub(super) fn write(out: &mut Vec<u8>) -> io::Result<()> {
    let command = definition();
    let man = Man::new(command.clone());
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_options_section(out)?;
    let mut roff = Roff::default();
    roff.control("SH", ["COMMANDS"]);
    command.get_subcommands().for_each(|command| add(command, &mut roff));
    roff.control("SH", ["FILES"]);
    for (file, about) in FILES {
        roff.control("TP", []).text([italic(*file)]).text([roman(*about)]);
    }
    examples(&about(command.get_after_help()), &mut roff);
    roff.to_writer(out)?;
    man.render_version_section(out)
}

/// The text after the help: indented examples, and a paragraph.
fn examples(text: &str, roff: &mut Roff) {
    let (examples, others): (Vec<_>, Vec<_>) = text.lines().skip(1).partition(|line| line.starts_with(' '));
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    examples.iter().for_each(|line| {
        roff.text([roman(line.trim())]);
    });
    roff.control("fi", []).control("SH", ["NOTES"]).text([roman(others.join(" "))]);
}

const FILES: &[(&str, &str)] = &[
    (
        "$XDG_CONFIG_HOME/linmem/config, ~/.config/linmem/config",
        "Settings, one \"NAME = VALUE\" per line. For their names, see: linmem guide commands.",
    ),
    ("$XDG_STATE_HOME/linmem/history, ~/.local/state/linmem/history", "The lines that were typed."),
];

/// A command, its arguments and its options.
fn add(command: &Command, roff: &mut Roff) {
    let mut line = vec![bold(format!("linmem {}", command.get_name()))];
    for argument in command.get_positionals() {
        let name = argument.get_value_names().and_then(|names| names.first()).map_or("ARG", |name| name.as_str());
        line.push(roman(" "));
        line.push(if argument.is_required_set() { italic(name) } else { italic(format!("[{name}]")) });
    }
    roff.control("TP", []).text(line).text([roman(about(command.get_about()))]);
    let told: Vec<&Arg> = command.get_opts().filter(|option| !option.is_hide_set()).collect();
    if told.is_empty() {
        return;
    }
    roff.control("RS", []);
    for option in told {
        let mut line: Vec<Inline> = vec![bold(format!("--{}", option.get_long().unwrap_or_default()))];
        let value = option.get_value_names().and_then(|names| names.first());
        if let Some(name) = value.filter(|_| option.get_action().takes_values()) {
            line.extend([roman(" "), italic(name.as_str())]);
        }
        roff.control("TP", []).text(line).text([roman(about(option.get_help()))]);
    }
    roff.control("RE", []);
}

fn about(words: Option<&clap::builder::StyledStr>) -> String {
    words.map(ToString::to_string).unwrap_or_default()
}
