//! Saved sessions: what was seen is seen again, without a guest; and what is damaged is read as far as it is sound.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn linmem(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_linmem")).current_dir(folder).args(args).output().expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with a session saved in it, as `session`, and what the script that saved it printed.
fn saved(test: &str) -> (PathBuf, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("saved").join(test);
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    let script = "Did you know\n:send hex ff00\n:poke u32 0x1000 77\n:call get_wasm_memory_buffer_len\n:grow\n:send file long\nlast\n\
                  :save session\n:exchange 1\n:exchange 4\n:exchange 7\n";
    std::fs::write(folder.join("long"), vec![b'x'; 2000]).expect("the folder is ours");
    std::fs::write(folder.join("script"), script).expect("the folder is ours");
    let output = linmem(&folder, &["--script", "script"]);
    let stdout = text(&output.stdout);
    assert!(stdout.contains("saved; linmem replay session opens it"), "{stdout}{}", text(&output.stderr));
    (folder, stdout)
}

/// Follows a script on a saved session, at the prompt.
fn ask(folder: &Path, file: &str, input: &str) -> String {
    use std::io::Write;
    let mut child = Command::new(env!("CARGO_BIN_EXE_linmem"))
        .current_dir(folder)
        .args(["replay", file, "--repl"])
        .env("XDG_STATE_HOME", folder)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    text(&child.wait_with_output().expect("it ends").stdout)
}

#[test]
fn a_saved_session_shows_the_same_cells() {
    let (folder, live) = saved("cells");
    let replayed = ask(
        &folder,
        "session",
        ":exchange 1\n:exchange 4\n:exchange 7\n:peek u32 0x1000\nline\n:call x\n:poke u8 0 0\n",
    );
    let cells = live
        .split("> :exchange 1\n")
        .nth(1)
        .expect("the script goes there")
        .replace("> :exchange 4\n", "")
        .replace("> :exchange 7\n", "");
    assert!(replayed.contains(&cells), "{replayed}\n----\n{cells}");
    assert!(replayed.contains("0x1000  u32 77"), "{replayed}");
    assert_eq!(replayed.matches("this is a saved session").count(), 2, "{replayed}");
}

#[test]
fn a_saved_session_is_the_same_json_each_time() {
    let (folder, _) = saved("json");
    let first = linmem(&folder, &["replay", "session", "--show", "json"]);
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(text(&first.stdout).lines().count(), 7);
    ask(&folder, "session", ":save copy\n");
    let copy = linmem(&folder, &["replay", "copy", "--show", "json"]);
    assert_eq!(text(&first.stdout), text(&copy.stdout));
    assert_eq!(std::fs::read(folder.join("session")).ok(), std::fs::read(folder.join("copy")).ok());

    // And the same as the pipe's, but for the times.
    let pipe = linmem(&folder, &["--show", "json", "--line", "Did you know"]);
    let timeless = |json: &str| {
        let mut object: serde_json::Value = serde_json::from_str(json).expect("JSON");
        object["elapsed_ns"] = 0.into();
        object["crossings"].as_array_mut().expect("a list").iter_mut().for_each(|one| one["elapsed_ns"] = 0.into());
        object
    };
    let first = text(&first.stdout);
    assert_eq!(timeless(first.lines().next().expect("a line")), timeless(&text(&pipe.stdout)));
    let hex = text(&linmem(&folder, &["replay", "session", "--show", "hex"]).stdout);
    assert!(hex.contains("the host changed 1 byte in 1 run; 3 bytes written with the values they had"), "{hex}");
    assert!(text(&linmem(&folder, &["replay", "session"]).stdout) == hex, "without a terminal it is printed");
}

#[test]
fn what_is_damaged_is_read_as_far_as_it_is_sound() {
    let (folder, _) = saved("damaged");
    let sound = std::fs::read(folder.join("session")).expect("it was saved");
    let whole = text(&linmem(&folder, &["replay", "session", "--show", "json"]).stdout);
    let replay = |bytes: &[u8]| {
        std::fs::write(folder.join("bad"), bytes).expect("the folder is ours");
        let output = linmem(&folder, &["replay", "bad", "--show", "json"]);
        assert_eq!(output.status.code(), Some(7));
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(whole.starts_with(&stdout), "what is sound is as it was");
        assert!(stderr.starts_with("linmem: bad: ") && !stderr.contains("panic"), "{stderr}");
        (stdout.lines().count(), stderr)
    };
    let ends: Vec<_> = (0..sound.len()).filter(|&at| sound[at] == b'\n').collect();
    let (lines, words) = replay(&sound[..ends[3]]);
    assert_eq!(lines, 1, "{words}");
    assert!(words.contains("cut short"), "{words}");
    let (lines, words) = replay(&sound[..=ends[3]]);
    assert_eq!(lines, 2, "{words}");
    assert!(words.contains("cut short"), "{words}");
    for at in (0..sound.len()).step_by(sound.len() / 40) {
        let mut bad = sound.clone();
        bad[at] ^= 1;
        replay(&bad);
    }
    assert!(replay(b"").1.contains("no saved session"));
    assert!(replay(b"\0asm").1.contains("no saved session"));
    let head = br#"{"linmem_session":2,"linmem":"9.0.0"}"#;
    let other = [format!("{:08x} ", crc32fast::hash(head)).as_bytes(), head, b"\n"].concat();
    assert!(replay(&other).1.contains("saved by linmem 9.0.0 in version 2"));
    // A change that does not fit, under a right checksum.
    let lines: Vec<_> = sound.split_inclusive(|&byte| byte == b'\n').collect();
    let twice = [lines[0], lines[1], lines[2], lines[2]].concat();
    assert!(replay(&twice).1.contains("does not fit the memory before it"));
    assert_eq!(linmem(&folder, &["replay", "nowhere"]).status.code(), Some(7));
}
