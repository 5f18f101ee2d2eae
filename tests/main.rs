//! All tests that go through the program or the library. They are one binary, which is linked once.

#[cfg(unix)]
mod at_prompt;
mod attack;
mod batches;
#[cfg(unix)]
mod cache;
mod cases;
mod command_script;
mod commands;
mod compared;
#[cfg(target_os = "linux")]
mod compiling;
#[cfg(unix)]
mod components;
mod config;
#[cfg(unix)]
mod control;
mod conventions;
mod debug;
mod detection;
#[cfg(unix)]
mod dropped;
mod embedding;
#[cfg(target_os = "linux")]
mod endurance;
#[cfg(unix)]
mod escapes;
mod explained;
mod features;
#[cfg(unix)]
mod files;
mod findings;
mod first_code;
mod formats;
mod generated_modules;
mod generated_recipes;
mod globals;
mod guests;
#[cfg(unix)]
mod heavy;
mod hermetic;
mod infer;
mod infer_limits;
mod infer_without_answer;
mod inspect;
#[cfg(unix)]
mod interrupted;
mod json;
#[cfg(unix)]
mod kills;
mod limits;
mod loading;
mod memory_commands;
#[cfg(target_os = "linux")]
mod modes;
mod moody_guest;
mod odd_guest;
mod origins;
mod pair;
mod pipe;
mod pipe_failures;
mod piped;
mod programs;
#[cfg(unix)]
mod promises;
#[cfg(unix)]
mod prompt;
#[cfg(unix)]
mod prompt_reload;
mod pty;
#[cfg(unix)]
mod random_escapes;
mod recipe_command;
mod recipe_writer;
mod recipes;
mod record;
mod regions;
#[cfg(unix)]
mod reports;
mod saved;
#[cfg(unix)]
mod screen;
#[cfg(unix)]
mod screen_debug;
mod scripts;
mod seen_by;
mod side_by_side;
#[cfg(unix)]
mod source_lines;
mod streams;
mod structs;
#[cfg(unix)]
mod terminal;
mod testsuite;
mod trace;
mod traps;
mod user_recipes;
mod wasi;
mod watch;
#[cfg(unix)]
mod watched;
#[cfg(unix)]
mod written;
