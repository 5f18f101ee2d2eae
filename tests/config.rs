//! The config file: defaults for options, which the command line overrides.

mod hermetic;

use std::path::Path;
use std::process::Output;

/// Runs linmem with a config file of that content.
fn run(test: &str, config: &str, args: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config").join(test);
    std::fs::create_dir_all(folder.join("linmem")).expect("the folder is ours");
    std::fs::write(folder.join("linmem/config"), config).expect("the folder is ours");
    let mut command = hermetic::linmem();
    command.args(args).env("XDG_CONFIG_HOME", folder).output().expect("the binary starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_file_sets_defaults_and_the_command_line_overrides_them() {
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
fn what_is_wrong_in_the_file_is_told_with_its_line() {
    for (config, words) in [
        ("\ncolour = never\n", "config:2: there is no option `colour` to set here; those are timeout"),
        ("timeout\n", "config:1: expected `timeout = VALUE`"),
        ("quiet = yes\n", "config:1: expected `quiet` alone"),
        ("max-memory = much\n", "config:1: invalid value 'much'"),
    ] {
        let output = run("wrong", config, &["--line", "x"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        assert_eq!(run("wrong", config, &["guests"]).status.code(), Some(0), "what runs no guest needs no defaults");
    }
}

#[test]
fn no_test_starts_linmem_in_the_environment_of_who_runs_it() {
    let named = ["env!(\"CARGO_", "BIN_EXE_linmem\")"].concat();
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")).expect("it is readable");
    let sources = files.map(|file| file.expect("it is readable").path()).filter(|path| path.extension().is_some());
    let direct: Vec<_> = sources.filter(|path| std::fs::read_to_string(path).expect("text").contains(&named)).collect();
    assert!(direct.is_empty(), "use hermetic::linmem() in {direct:?}");
    let variables: Vec<_> = hermetic::linmem().get_envs().map(|(name, _)| name.to_owned()).collect();
    assert!(variables.is_empty(), "{variables:?}");
}
