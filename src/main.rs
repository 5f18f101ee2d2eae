//! The linmem binary: parses arguments and returns an exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = linmem::guest::serve_compiler() {
        return code;
    }
    match linmem::config::parse() {
        Ok(cli) => linmem::front::run(&cli),
        Err(error) => linmem::front::usage(&error),
    }
    .into()
}
