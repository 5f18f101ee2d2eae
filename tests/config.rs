//! The config file: defaults for options, which the command line overrides.

use std::path::Path;
use std::process::Output;

use crate::hermetic;

/// Runs linmem with a config file.
fn run(test: &str, config: &str, args: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config").join(test);
    std::fs::create_dir_all(folder.join("linmem")).expect("the test directory is writable");
    std::fs::write(folder.join("linmem/config"), config).expect("the test directory is writable");
    let mut command = hermetic::linmem();
    command.args(args).env("XDG_CONFIG_HOME", folder).output().expect("linmem starts")
}

/// A program that prints its environment as stored in memory.
const TELLS: &str = r#"(module
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $sizes (i32.const 0) (i32.const 12)))
        (drop (call $get (i32.const 64) (i32.const 1024)))
        (i32.store (i32.const 8) (i32.const 1024))
        (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 32)))))"#;

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn command_line_overrides_config_file() {
    let config = "# mine\n\nmax-output = 20\ncolor=always\nquiet\n";
    let line = ["--line", "Did you know", "--show", "hex"];
    let output = run("defaults", config, &line);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(stderr(&output).contains("the limit is 20"), "{}", stderr(&output));
    assert!(output.stdout.contains(&0x1b));
    let output = run("override", config, &[&line[..], &["--max-output", "1KiB", "--color", "never"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn config_errors_have_line_numbers() {
    for (config, words) in [
        ("\ncolour = never\n", "config:2: unknown setting `colour`; the settings are timeout, "),
        ("timeout\n", "config:1: expected `timeout = TIME`"),
        ("timeout =\n", "config:1: expected `timeout = TIME`"),
        ("quiet = maybe\n", "config:1: quiet: expected on or off, got `maybe`"),
        ("no-quiet = true\n", "config:1: expected `quiet = on|off`"),
        ("no-timeout\n", "config:1: expected `timeout = TIME`"),
        ("max-memory = ..\n", "config:1: max-memory: expected a size such as 65536, 64KiB or 1GiB, got `..`"),
    ] {
        let output = run("wrong", config, &["--line", "x"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        assert_eq!(run("wrong", config, &["--line", "x", "--no-config"]).status.code(), Some(0));
    }
}

/// Whether a script's summary is omitted, as with `quiet`.
fn is_quiet(test: &str, config: &str, args: &[&str]) -> bool {
    let script = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config-script");
    std::fs::write(&script, "hello\n").expect("the test directory is writable");
    let script = script.display().to_string();
    let output = run(test, config, &[&["--script", &script], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    output.stderr.is_empty()
}

#[test]
fn command_line_turns_off_a_switch_set_in_the_file() {
    for on in ["quiet", "quiet = true", "quiet=on"] {
        assert!(is_quiet("switch", on, &[]), "{on}");
        assert!(!is_quiet("switch", on, &["--no-quiet"]), "{on}");
        assert!(!is_quiet("switch", on, &["--no-config"]), "{on}");
    }
    for off in ["quiet = false", "no-quiet", "quiet = off", "quiet\nquiet = false"] {
        assert!(!is_quiet("switch", off, &[]), "{off}");
        assert!(is_quiet("switch", off, &["--quiet"]), "{off}");
    }
}

#[test]
fn subcommands_use_the_config_file() {
    let output = run("inspect", "timeout = 7s\nmax-memory = 1GiB\n", &["inspect", "passing-data"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("--timeout 7s ") && text.contains("--max-memory 1GiB "), "{text}");
    let flags = ["inspect", "passing-data", "--json", "--max-memory", "2GiB"];
    let output = run("inspect", "timeout = 7s\nmax-memory = 1GiB\n", &flags);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("\"timeout_ms\":7000") && text.contains("\"memory_bytes\":2147483648"), "{text}");
}

#[test]
fn options_may_precede_the_subcommand() {
    let config = "timeout = 7s\n";
    let told = |args: &[&str]| {
        let output = run("before", config, args);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), stderr(&output))
    };
    let (status, text, error) = told(&["--no-config", "inspect", "packed"]);
    assert!(status == Some(0) && text.contains("--timeout 5s "), "{text}{error}");
    let (status, text, error) = told(&["--max-memory", "1GiB", "inspect", "packed"]);
    assert!(
        status == Some(0) && text.contains("--max-memory 1GiB ") && text.contains("--timeout 7s "),
        "{text}{error}"
    );
    let (_, _, error) = told(&["--no-config", "replay", "no-such-file"]);
    assert!(error.contains("no-such-file") && !error.contains("subcommand"), "{error}");
    // What has no meaning there is named.
    let (status, _, error) = told(&["-q", "inspect", "packed"]);
    assert!(status == Some(2) && error.contains("--quiet cannot be used with the subcommand `inspect`"), "{error}");
    let (_, _, error) = told(&["--abi", "packed", "inspect", "packed"]);
    assert!(error.contains("--abi must follow the subcommand: linmem inspect --abi ..."), "{error}");
    let (status, _, error) = told(&["packed", "guests"]);
    assert!(status == Some(2) && error.contains("a guest cannot precede the subcommand: linmem guests"), "{error}");
}

#[test]
fn config_variables_precede_those_of_the_command_line() {
    let config = "env = ONE=file\nenv = TWO=file\n";
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config-env");
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    std::fs::write(folder.join("tells.wat"), TELLS).expect("the test directory is writable");
    let guest = folder.join("tells.wat").display().to_string();
    let output = run("env", config, &[&guest, "--line", "x", "--env", "ONE=line"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "TWO=file\0ONE=line\0\n", "{}", stderr(&output));
}

#[test]
fn the_guide_lists_every_setting() {
    let output = hermetic::linmem().args(["guide", "commands"]).output().expect("linmem starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for setting in linmem::settings::SETTINGS {
        let written = format!("\n{} {}\n", setting.name, setting.kind().placeholder());
        assert!(text.contains(&written), "{written} is not in {text}");
    }
    let man = hermetic::linmem().arg("man").output().expect("linmem starts").stdout;
    let help = hermetic::linmem().arg("--help").output().expect("linmem starts").stdout;
    let (man, help) = (String::from_utf8_lossy(&man).replace('\\', ""), String::from_utf8_lossy(&help).into_owned());
    for setting in linmem::settings::SETTINGS {
        let flag = if setting.is_on_by_default() { "--no-" } else { "--" }.to_owned() + setting.name;
        assert!(man.contains(&flag) && help.contains(&flag), "{flag}");
    }
}

#[test]
fn every_test_starts_linmem_in_a_clean_environment() {
    let named = ["env!(\"CARGO_", "BIN_EXE_linmem\")"].concat();
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")).expect("it is readable");
    let sources = files.map(|file| file.expect("it is readable").path()).filter(|path| path.extension().is_some());
    let direct: Vec<_> = sources.filter(|path| std::fs::read_to_string(path).expect("text").contains(&named)).collect();
    assert!(direct.is_empty(), "use crate::hermetic::linmem() in {direct:?}");
    let is_mode = |name: &std::ffi::OsStr| hermetic::mode().any(|(variable, _)| variable == name);
    let variables: Vec<_> = hermetic::linmem().get_envs().map(|(name, _)| name.to_owned()).collect();
    assert!(variables.iter().all(|name| is_mode(name)), "{variables:?}");
}

#[test]
fn every_test_file_is_part_of_the_suite() {
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")).expect("it is readable");
    let names = files.map(|file| file.expect("it is readable").file_name().into_string().expect("an ASCII name"));
    let suite = include_str!("main.rs");
    let is_left_out = |name: &str| name != "main" && !suite.contains(&format!("mod {name};\n"));
    let left_out: Vec<_> = names.filter(|name| name.strip_suffix(".rs").is_some_and(is_left_out)).collect();
    assert!(left_out.is_empty(), "add these to tests/main.rs: {left_out:?}");
}

#[test]
fn a_config_file_that_cannot_be_read_stops_nothing() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config/unreadable");
    std::fs::create_dir_all(folder.join("folder/linmem/config")).expect("the test directory is writable");
    std::fs::create_dir_all(folder.join("binary/linmem")).expect("the test directory is writable");
    std::fs::write(folder.join("binary/linmem/config"), b"quiet\xff").expect("the test directory is writable");
    std::fs::write(folder.join("file"), "").expect("the test directory is writable");
    for (name, target) in [("endless", "/dev/zero"), ("full", "/dev/full")] {
        let _ = std::fs::remove_dir_all(folder.join(name));
        std::fs::create_dir_all(folder.join(name).join("linmem")).expect("the test directory is writable");
        std::os::unix::fs::symlink(target, folder.join(name).join("linmem/config")).expect("a link can be made");
    }
    let _ = std::fs::remove_dir_all(folder.join("pipe"));
    std::fs::create_dir_all(folder.join("pipe/linmem")).expect("the test directory is writable");
    let made = std::process::Command::new("mkfifo").arg(folder.join("pipe/linmem/config")).status();
    assert!(made.expect("mkfifo is installed").success());
    for (config, args, reason) in [
        ("folder", &["--line", "x"][..], "config file is ignored"),
        ("file", &["--line", "x"], "config file is ignored"),
        ("endless", &["--line", "x"], "not a regular file"),
        ("full", &["--line", "x"], "not a regular file"),
        ("pipe", &["--line", "x"], "not a regular file"),
        ("folder", &["--line", "x", "--no-config"], ""),
        ("folder", &["guests"], "config file is ignored"),
        ("missing", &["--line", "x"], ""),
    ] {
        let mut command = hermetic::linmem();
        let output = command.args(args).env("XDG_CONFIG_HOME", folder.join(config)).output().expect("linmem starts");
        let stderr = stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{config}: {stderr}");
        assert!(!output.stdout.is_empty() && stderr.contains(reason), "{config}: {stderr}");
        assert_eq!(stderr.contains("linmem/config"), !reason.is_empty(), "{config}: {stderr}");
    }
    // One that can be read must be valid.
    let mut command = hermetic::linmem();
    let output = command.args(["--line", "x"]).env("XDG_CONFIG_HOME", folder.join("binary")).output();
    assert_eq!(output.expect("linmem starts").status.code(), Some(2));
}
