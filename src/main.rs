//! The linmem binary: parses arguments and returns an exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    match linmem::config::parse() {
        Ok(cli) => linmem::front::run(&cli),
        Err(error) => linmem::front::usage(&error),
    }
    .into()
}
