//! linmem, the program: arguments in, exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    match linmem::config::parse() {
        Ok(cli) => linmem::front::run(&cli),
        Err(error) => linmem::front::usage(&error),
    }
    .into()
}
