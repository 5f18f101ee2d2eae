//! linmem, the program: arguments in, exit status out.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    linmem::front::run(&linmem::cli::Cli::parse()).into()
}
