//! linmem, the program: arguments in, exit status out.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match linmem::cli::Cli::try_parse() {
        Ok(cli) => linmem::front::run(&cli),
        Err(error) => linmem::front::usage(&error),
    }
    .into()
}
