//! What linmem keeps in files stays readable, whenever it is killed, and however many run at once.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use linmem::session::load;

use crate::hermetic::{linmem, shell};
use crate::piped::text;

/// How often linmem is killed, two at a time.
const ROUNDS: u32 = 50;

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kills").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("config/linmem")).expect("the test directory is writable");
    fs::write(folder.join("config/linmem/config"), "timeout = 4s\n").expect("the test directory is writable");
    folder
}

/// A prompt on a pipe, with its history and config in that folder.
fn prompt(folder: &Path) -> Command {
    let mut command = linmem();
    command.current_dir(folder).arg("--repl");
    command.env("XDG_STATE_HOME", folder.join("state")).env("XDG_CONFIG_HOME", folder.join("config"));
    command
}

fn start(folder: &Path) -> Child {
    prompt(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts")
}

/// Writes lines, and after each whatever commands write, until somebody reads no more. Returns once the first is answered.
fn keep_busy(child: &mut Child, name: &str) {
    let mut stdin = child.stdin.take().expect("it is piped");
    let name = name.to_owned();
    std::thread::spawn(move || {
        for number in 0.. {
            let commands = ":save session overwrite\n:shot picture.svg overwrite\n:write bytes 0 4096 overwrite";
            if writeln!(stdin, "{name} {number}\n{commands}").is_err() {
                return;
            }
        }
    });
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    while !line.starts_with("=> ") {
        line.clear();
        assert!(lines.read_line(&mut line).expect("it answers") > 0, "linmem ended");
    }
    // Somebody must go on reading.
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
}

/// The lines of the history, which must be whole.
fn history(folder: &Path) -> Vec<String> {
    let history = fs::read_to_string(folder.join("state/linmem/history")).expect("there is a history");
    assert!(history.starts_with("#V2\n"), "{history:.100}");
    assert!(history.ends_with('\n'), "a line is cut short");
    history.lines().skip(1).map(str::to_owned).collect()
}

fn assert_readable(folder: &Path, round: u32) {
    let lines = history(folder);
    let is_known = |line: &String| line.starts_with(':') || line.starts_with("one-") || line.starts_with("two-");
    assert!(lines.iter().all(is_known), "round {round}: {lines:?}");
    for name in ["one", "two"] {
        assert!(lines.contains(&format!("{name}-{round} 0")), "round {round}: a line was answered and is lost");
    }
    assert_eq!(fs::read(folder.join("bytes")).expect("it was written").len(), 4096, "round {round}");
    let picture = fs::read_to_string(folder.join("picture.svg")).expect("it was written");
    assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"), "round {round}");
    let saved = load(&folder.join("session"), 1 << 29).expect("the session is readable");
    assert_eq!(saved.damage, None, "round {round}");
    assert_eq!(fs::read_to_string(folder.join("config/linmem/config")).ok().as_deref(), Some("timeout = 4s\n"));
}

#[test]
fn a_hundred_kills_leave_every_file_readable() {
    let folder = folder("hundred");
    let mut first = start(&folder);
    let script = b"one-first\n:save session\n:shot picture.svg\n:write bytes 0 4096\n";
    first.stdin.take().expect("it is piped").write_all(script).expect("it reads");
    assert!(first.wait_with_output().expect("it ends").status.success());
    for round in 0..ROUNDS {
        let mut both = [start(&folder), start(&folder)];
        for (child, name) in both.iter_mut().zip(["one", "two"]) {
            keep_busy(child, &format!("{name}-{round}"));
        }
        // Another moment in each round.
        std::thread::sleep(Duration::from_micros(u64::from(round) * 377 % 12_000));
        for child in &mut both {
            child.kill().expect("it runs");
            child.wait().expect("it was killed");
        }
        assert_readable(&folder, round);
    }
}

#[test]
fn two_at_once_share_a_history_and_files() {
    let folder = folder("two");
    let script = |name: &str| -> String {
        let line = |n: usize| format!("{name} {n}\n:save both overwrite\n:save {name}-{n}\n:save first-{n}\n");
        (0..10).map(line).collect()
    };
    let run = |name: &'static str| {
        let (folder, input) = (folder.clone(), script(name));
        std::thread::spawn(move || {
            let mut child = start(&folder);
            child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
            text(&child.wait_with_output().expect("it ends").stdout)
        })
    };
    let outputs = [run("one"), run("two")].map(|thread| thread.join().expect("it ends"));
    let lines = history(&folder);
    for n in 0..10 {
        for name in ["one", "two"] {
            assert!(lines.contains(&format!("{name} {n}")), "{name} {n} is lost");
            assert_eq!(load(&folder.join(format!("{name}-{n}")), 1 << 29).expect("it was saved").damage, None);
        }
        // A file is written by one of them, and never replaced by the other.
        assert_eq!(load(&folder.join(format!("first-{n}")), 1 << 29).expect("it was saved").damage, None);
    }
    assert_eq!(load(&folder.join("both"), 1 << 29).expect("it was saved").damage, None);
    let refused: usize = outputs.iter().map(|output| output.matches("file exists").count()).sum();
    assert_eq!(refused, 10, "{outputs:?}");
    let left =
        fs::read_dir(&folder).expect("it is there").filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    assert!(left.into_iter().all(|name| !name.contains(".part")), "no draft is left");
}

/// A signal that ends linmem while it writes leaves no draft.
#[test]
fn a_signal_leaves_no_draft() {
    for signal in ["-TERM", "-HUP", "-QUIT", "-USR1", "-ALRM"] {
        let folder = folder("signal");
        for round in 0..4 {
            let mut child = start(&folder);
            keep_busy(&mut child, "one-0");
            std::thread::sleep(Duration::from_millis(round * 3));
            let pid = child.id().to_string();
            assert!(Command::new("kill").args([signal, &pid]).status().expect("kill is installed").success());
            child.wait().expect("it ends");
        }
        let names = fs::read_dir(&folder).expect("it is there").map(|entry| entry.expect("it can be read").file_name());
        let drafts: Vec<_> = names.filter(|name| name.to_string_lossy().contains(".part")).collect();
        assert!(drafts.is_empty(), "{signal}: {drafts:?}");
    }
}

/// Nowhere to keep anything: no home, folders that are files, links that lead nowhere, a disk that is full.
#[test]
fn linmem_answers_wherever_it_cannot_keep_a_history() {
    let folder = folder("nowhere");
    fs::write(folder.join("file"), "x").expect("the test directory is writable");
    std::os::unix::fs::symlink("nothing/there", folder.join("link")).expect("a link can be made");
    fs::create_dir_all(folder.join("looped")).expect("the test directory is writable");
    std::os::unix::fs::symlink("linmem", folder.join("looped/linmem")).expect("a link can be made");
    for state in ["file", "link", "looped", "file/below"] {
        let script = "printf 'a\\nb\\n' | linmem --repl";
        let mut command = shell(script);
        let output = command.env("XDG_STATE_HOME", folder.join(state)).output().expect("sh is installed");
        let stdout = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{state}: {stdout}{}", text(&output.stderr));
        assert!(stdout.contains("=> b Wasm is cool!"), "{state}: {stdout}");
    }
    let kept = folder.join("irregular/linmem");
    for (name, make) in [
        ("history", "ln -s /dev/zero history"),
        ("history", "mkfifo history"),
        ("history", "ln -s /dev/stdin history"),
        ("history.lock", "mkfifo history.lock"),
    ] {
        let _ = fs::remove_dir_all(&kept);
        fs::create_dir_all(&kept).expect("the test directory is writable");
        assert!(Command::new("sh").args(["-c", make]).current_dir(&kept).status().expect("it runs").success());
        let output =
            shell("printf 'a\\nb\\n' | linmem --repl").env("XDG_STATE_HOME", folder.join("irregular")).output();
        let stdout = text(&output.expect("sh is installed").stdout);
        assert!(stdout.contains("=> b Wasm is cool!"), "{make}: {stdout}");
        assert_eq!(stdout.matches("cannot keep the history").count(), 1, "{make}: {stdout}");
        assert!(stdout.contains("not a regular file"), "{name}: {stdout}");
    }
    let full = "ulimit -f 0; printf 'a\\nb\\n' | linmem --repl | cat";
    let output = shell(full).env("XDG_STATE_HOME", folder.join("state")).output().expect("sh is installed");
    let stdout = text(&output.stdout);
    assert!(stdout.contains("=> b Wasm is cool!") && stdout.contains("cannot keep the history"), "{stdout}");
    for home in ["", "relative", "/dev/null", "/nonexistent"] {
        let mut command = shell("printf 'a\\n' | linmem --repl");
        let output = command.env("HOME", home).output().expect("sh is installed");
        assert_eq!(output.status.code(), Some(0), "HOME={home}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains("=> a Wasm is cool!"), "HOME={home}");
    }
}

/// A history behind a link stays there.
#[test]
fn a_history_behind_a_link_is_followed() {
    let folder = folder("linked");
    fs::create_dir_all(folder.join("elsewhere")).expect("the test directory is writable");
    std::os::unix::fs::symlink("elsewhere", folder.join("state")).expect("a link can be made");
    let output = shell("printf 'a line\\n' | linmem --repl").env("XDG_STATE_HOME", folder.join("state")).output();
    assert!(output.expect("sh is installed").status.success());
    assert_eq!(history(&folder), ["a line"]);
    assert!(folder.join("elsewhere/linmem/history").exists());
}
