//! `linmem guide promises`: each limit has the default of the settings, and each test is there.

use std::collections::HashSet;
use std::path::Path;

use linmem::guest::Limits;
use linmem::settings::{Group, Kind, SETTINGS, Setting, Settings, find};

use crate::piped::{run, text};

fn guide() -> String {
    let output = run(&["guide", "promises"], b"");
    assert_eq!(output.status.code(), Some(0));
    text(&output.stdout)
}

/// Whether it is one of those that `:limits` lists.
fn is_limit(setting: &Setting) -> bool {
    matches!(setting.group, Group::Limits | Group::Compiling) && matches!(setting.kind(), Kind::Value(_))
}

#[test]
fn every_limit_is_promised_with_its_default() {
    let guide = guide();
    // The limit on records depends on the machine too.
    let defaults = Settings { limits: Limits::default(), ..Settings::default() };
    let mut promised = HashSet::new();
    for line in guide.lines().filter_map(|line| line.strip_prefix("    limit --")) {
        let (name, default) = line.split_once(' ').expect("a name and a default");
        let setting = find(name).unwrap_or_else(|| panic!("there is no --{name}"));
        assert_eq!(setting.shown(&defaults), default, "--{name}");
        promised.insert(name.to_owned());
    }
    let limits = SETTINGS.iter().filter(|setting| is_limit(setting));
    let missing: Vec<_> = limits.map(|setting| setting.name).filter(|name| !promised.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} are not in the guide");
}

#[test]
fn every_test_that_is_named_is_there() {
    let guide = guide();
    let named: Vec<_> = guide.lines().filter_map(|line| line.strip_prefix("    test ")).collect();
    assert!(named.len() > 20, "{named:?}");
    for test in named {
        let (module, name) = test.rsplit_once("::").expect("a module and a name");
        let file = format!("{}.rs", module.replace("::", "/"));
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let places = ["tests", "src"].map(|folder| root.join(folder).join(&file));
        let source = places.iter().find_map(|place| std::fs::read_to_string(place).ok());
        let source = source.unwrap_or_else(|| panic!("there is no {file}"));
        assert!(source.contains(&format!("fn {name}() {{")) && source.contains("#[test]"), "there is no test {test}");
    }
    let sections: Vec<_> = guide.split("\n## ").skip(1).collect();
    assert!(sections.iter().all(|section| section.contains("    test ")), "a promise without a test");
}

#[test]
fn limits_inspect_and_help_show_the_same() {
    let script = crate::piped::file("promises-limits", ":limits\n");
    let limits = text(&run(&["--script", &script], b"").stdout);
    let inspected = text(&run(&["inspect", "passing-data"], b"").stdout);
    let help = text(&run(&["--help"], b"").stdout);
    for setting in SETTINGS.iter().filter(|setting| is_limit(setting)) {
        let line = format!("--{} {}", setting.name, setting.shown(&Settings::default()));
        assert!(limits.lines().any(|shown| shown.starts_with(&line)), "{line}: {limits}");
        assert!(inspected.lines().any(|shown| shown.trim_start().starts_with(&line)), "{line}: {inspected}");
        assert!(help.contains(&format!("--{} ", setting.name)), "{help}");
    }
}
