//! Any text as a config file, and any arguments as a command line.

use std::ffi::OsString;
use std::path::Path;

use linmem::cli::Cli;
use linmem::config;
use linmem::settings::{SETTINGS, Settings};

pub(crate) fn run(data: &[u8]) {
    let Some((&kind, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    if kind.is_multiple_of(2) {
        file(&text);
    } else {
        let args = std::iter::once("linmem").chain(text.split(' ')).map(OsString::from);
        let _ = Cli::parse_with(args, || Ok(Settings::default()));
    }
}

/// An error names the file, and a value can be shown.
fn file(text: &str) {
    match config::settings(Path::new("config"), text) {
        Ok(settings) => SETTINGS.iter().for_each(|setting| drop(setting.shown(&settings))),
        Err(error) => assert!(error.starts_with("config:"), "{error}"),
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let files = [
        "# a comment\ntimeout = 5s\nmax-memory = 1GiB\nmax-output=12\n",
        "quiet\nno-history\ntrace = loads\ncolor = never\ntheme = light\nkeys = vi\n",
        "env = HOME\nenv = A=b\nsource-map = src=/src\npoison = cd\nallow = leak\ncheck = on\n",
    ];
    let lines = [
        "inspect my.wasm --json --all",
        "--line hello --show hex --timeout 0.5s --max-memory 4KiB",
        "my.wasm --abi wasi --arg x --env A=b -k -0",
        "infer my.wasm --line a --answer A --timeout 2s",
        "--break main.c:4 --watchpoint 0x41c..0x42a --repl",
    ];
    let files = files.map(|text| [b"\0", text.as_bytes()].concat());
    let lines = lines.map(|text| [b"\x01", text.as_bytes()].concat());
    files.into_iter().chain(lines).collect()
}
