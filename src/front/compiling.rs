//! How the program has modules compiled: in a process of their own if they are large, and kept in the user's cache.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::progress::Progress;
use super::status::{self, Status};
use super::system;
use crate::cli::{CacheAction, Cli};
use crate::guest::{Cache, CompileListener, CompileOptions, CompileProgress};
use crate::session::Options;
use crate::view::{counted, thousands, visible};

/// So many bytes of lines keep a guest busy for longer than it takes to compile.
const MUCH: u64 = 1 << 20;

/// The options for running the guest, except the convention. See [`Cli::options`].
pub(super) fn options(cli: &Cli, is_looked_at: bool) -> Options {
    let cache = cache(cli).filter(|_| cli.settings.cache);
    let compile = CompileOptions { outside: true, first: cli.settings.first_code, cache, ..CompileOptions::default() };
    Options { compile, ..cli.options(is_looked_at) }
}

/// Whether a pipe has many lines to answer, or nobody knows how many.
pub(super) fn has_much_to_do() -> bool {
    system::input_left().is_none_or(|bytes| bytes >= MUCH)
}

/// Tells progress on stderr, if that is a terminal. Returns what clears it.
pub(super) fn show_progress(name: &str, options: &mut Options, is_quiet: bool) -> impl FnOnce() + use<> {
    let line = Arc::new(Mutex::new(Progress::without_answers(is_quiet)));
    let (shown, name) = (line.clone(), name.to_owned());
    options.compile.listener = Some(CompileListener::new(move |progress| {
        shown.lock().unwrap_or_else(PoisonError::into_inner).show(&sentence(&name, progress));
    }));
    move || line.lock().unwrap_or_else(PoisonError::into_inner).clear()
}

/// How far compiling is: `compiling my.wasm: 42 % of 6,500,000 bytes, 3 s`.
pub(super) fn sentence(name: &str, progress: CompileProgress) -> String {
    let part = progress.percent().map(|percent| format!(" {percent} % of {} bytes,", thousands(progress.total)));
    format!("compiling {}:{} {} s", visible(name.as_bytes()), part.unwrap_or_default(), progress.elapsed.as_secs())
}

/// The user's cache, in `$XDG_CACHE_HOME` or `~/.cache`.
fn cache(cli: &Cli) -> Option<Cache> {
    let folder = crate::config::folder("XDG_CACHE_HOME", ".cache")?.join("linmem");
    Some(Cache::new(folder, cli.settings.max_cache))
}

/// Does what `linmem cache` was asked for.
pub(super) fn print(action: Option<CacheAction>, cli: &Cli) -> Status {
    let Some(cache) = cache(cli) else {
        return status::fail(Status::Io, "there is no cache: neither XDG_CACHE_HOME nor HOME is an absolute path");
    };
    let done = match action {
        Some(CacheAction::Clear) => cache.clear().map(|gone| {
            let what = counted(gone.entries as u64, "compiled module");
            format!("removed {what}, {}\n", counted(gone.bytes, "byte"))
        }),
        Some(CacheAction::Size) => cache.contents().map(|contents| format!("{}\n", contents.bytes)),
        None => cache.contents().map(|contents| {
            let off = if cli.settings.cache { "" } else { ", not used (--no-cache)" };
            format!(
                "{}\n{}, {} of {} at most{off}\n",
                visible(cache.folder().as_os_str().as_encoded_bytes()),
                counted(contents.entries as u64, "compiled module"),
                counted(contents.bytes, "byte"),
                thousands(cache.most()),
            )
        }),
    };
    match done {
        Ok(text) => status::of_write(io::stdout().write_all(text.as_bytes())),
        Err(error) => status::fail(Status::Io, &format!("{}: {error}", cache.folder().display())),
    }
}
