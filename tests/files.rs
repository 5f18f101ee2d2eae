//! Files that commands write: whole or not at all, through links, and only where a regular file is or can be.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::hermetic;

/// The commands that write a file, with the file's name to be inserted.
const COMMANDS: [&str; 3] =
    [":save FILE.txt overwrite", ":write FILE.txt 0 1024 overwrite", ":shot FILE.txt overwrite"];

/// An empty directory.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("files").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the test directory is writable");
    folder
}

/// Runs a command in a directory.
fn run(folder: &Path, command: &str) -> Output {
    fs::write(folder.join("script"), format!("a line\n{command}\n")).expect("the test directory is writable");
    hermetic::linmem().current_dir(folder).args(["--script", "script"]).output().expect("linmem starts")
}

/// The error of a command that fails.
fn refused(folder: &Path, command: &str) -> String {
    let output = run(folder, command);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{command}: {stderr}");
    stderr
}

fn assert_written(folder: &Path, command: &str) {
    let output = run(folder, command);
    assert_eq!(output.status.code(), Some(0), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The names in a directory, except the script's.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is a directory");
    let names = entries.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name != "script").collect();
    names.sort();
    names
}

#[test]
fn links_are_followed_and_modes_are_kept() {
    for command in COMMANDS {
        let folder = folder("links");
        fs::create_dir(folder.join("elsewhere")).expect("it is empty");
        let target = folder.join("elsewhere/target");
        fs::write(&target, "old").expect("it is writable");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).expect("it is ours");
        symlink("elsewhere/target", folder.join("first")).expect("it is empty");
        symlink("first", folder.join("link.txt")).expect("it is empty");
        assert_written(&folder, &command.replace("FILE", "link"));
        assert!(folder.join("link.txt").is_symlink() && folder.join("first").is_symlink(), "{command}");
        assert!(fs::read(&target).expect("it is there").len() > 3, "{command}");
        assert_eq!(fs::metadata(&target).expect("it is there").permissions().mode() & 0o7777, 0o600, "{command}");
        assert_eq!(names(&folder.join("elsewhere")), ["target"], "{command}");

        // A link to a file that does not exist creates it; a link to itself is refused.
        symlink("elsewhere/new", folder.join("dangling.txt")).expect("it is empty");
        let create = command.replace("FILE", "dangling").replace(" overwrite", "");
        assert_written(&folder, &create);
        assert!(folder.join("elsewhere/new").is_file(), "{command}");
        assert!(refused(&folder, &create).contains("file exists; add `overwrite`"), "{command}");
        symlink("loop.txt", folder.join("loop.txt")).expect("it is empty");
        assert!(refused(&folder, &command.replace("FILE", "loop")).contains("too many symbolic links"), "{command}");
    }
}

#[test]
fn what_is_no_regular_file_is_not_replaced() {
    let folder = folder("irregular");
    fs::create_dir(folder.join("folder.txt")).expect("it is empty");
    let made = Command::new("mkfifo").arg(folder.join("fifo.txt")).status().expect("mkfifo is installed");
    assert!(made.success());
    symlink("/dev/full", folder.join("device.txt")).expect("it is empty");
    for command in COMMANDS {
        for name in ["folder", "fifo", "device"] {
            for overwrite in [" overwrite", ""] {
                let command = command.replace("FILE", name).replace(" overwrite", overwrite);
                assert!(refused(&folder, &command).contains(".txt: not a regular file"), "{command}");
            }
        }
    }
    assert_eq!(names(&folder), ["device.txt", "fifo.txt", "folder.txt"]);
    assert!(fs::metadata(folder.join("fifo.txt")).expect("it is there").file_type().is_fifo());
}

/// A pipe may never have a writer, and while linmem waits for one it hears nothing.
#[test]
fn commands_do_not_wait_for_pipes() {
    let folder = folder("pipes");
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().expect("mkfifo is installed").success());
    for command in [":send file pipe", ":source pipe", ":convention pipe", ":load pipe", ":reload pipe"] {
        assert!(refused(&folder, command).contains("pipe: not a regular file"), "{command}");
    }
    // One that a program was given has a writer.
    fs::write(folder.join("script"), ":send file /dev/stdin\n").expect("it is writable");
    let output = hermetic::shell("printf piped | linmem --script script | cat").current_dir(&folder).output();
    let stdout = String::from_utf8_lossy(&output.expect("sh is installed").stdout).into_owned();
    assert!(stdout.contains("=> piped Wasm is cool!"), "{stdout}");
}

/// The limit of a file's size stands for a full disk: both fail in the middle of the file.
#[test]
fn a_full_disk_destroys_nothing() {
    for command in [":save FILE.txt overwrite", ":write FILE.txt overwrite", ":shot FILE.txt overwrite"] {
        let folder = folder("full");
        fs::write(folder.join("old.txt"), "old").expect("it is writable");
        for name in ["old", "new"] {
            let command = command.replace("FILE", name);
            fs::write(folder.join("script"), format!("a line\n{command}\n")).expect("it is writable");
            let limited = "ulimit -f 1; linmem --script script";
            let output = hermetic::shell(limited).current_dir(&folder).output().expect("sh is installed");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{command}: {stderr}");
            assert!(stderr.contains("File too large"), "{command}: {stderr}");
        }
        assert_eq!(fs::read_to_string(folder.join("old.txt")).ok().as_deref(), Some("old"), "{command}");
        assert_eq!(names(&folder), ["old.txt"], "{command}");
    }
}

/// A file system that is read-only, as a user may make one in a namespace of their own: Linux only.
#[test]
fn a_read_only_file_system_is_said_and_lines_are_answered() {
    let folder = folder("read-only");
    fs::write(folder.join("old.txt"), "old").expect("it is writable");
    fs::write(folder.join("old.recipe"), "each line\n     ptr = alloc(n)\n").expect("it is writable");
    let commands: String =
        COMMANDS.iter().flat_map(|command| ["old", "new"].map(|name| command.replace("FILE", name) + "\n")).collect();
    fs::write(folder.join("script"), format!("a line\n{commands}")).expect("it is writable");
    let read_only = |command: &str| {
        let script = format!("mount --bind . . && cd \"$PWD\" && mount -o remount,bind,ro . && {command}");
        let mut unshare = Command::new("unshare");
        unshare.args(["--map-root-user", "--mount", "sh", "-c", &script]).env_clear();
        unshare.env("PATH", hermetic::path()).current_dir(&folder).output()
    };
    let is_there = read_only("! touch new.txt").is_ok_and(|output| output.status.success());
    if !is_there {
        return eprintln!("skipped: this system lets nobody make a file system read-only");
    }
    let output = read_only("linmem --script script").expect("it ran before");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.matches("Read-only file system").count(), 6, "{stderr}");
    let keeping = "XDG_STATE_HOME=$PWD/state XDG_CACHE_HOME=$PWD/cache XDG_CONFIG_HOME=$PWD/config linmem --repl";
    let output = read_only(&format!("printf 'a\\nb\\n' | {keeping}")).expect("it ran before");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains("=> b Wasm is cool!") && stdout.contains("cannot keep the history"), "{stdout}");
    let output = read_only("linmem recipe fmt old.recipe").expect("it ran before");
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_to_string(folder.join("old.txt")).ok().as_deref(), Some("old"));
    assert_eq!(names(&folder), ["old.recipe", "old.txt"]);
}

/// The same, for a folder that nobody may write to. Root may.
#[test]
fn a_folder_that_cannot_be_written_to_keeps_its_files() {
    let folder = folder("unwritable");
    fs::write(folder.join("old.txt"), "old").expect("it is writable");
    fs::write(folder.join("script"), ":save old.txt overwrite\n:save new.txt\n").expect("it is writable");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("it is ours");
    if fs::write(folder.join("probe"), "").is_ok() {
        let _ = fs::remove_file(folder.join("probe"));
        return eprintln!("skipped: root may write anywhere");
    }
    let output = hermetic::linmem().current_dir(&folder).args(["--script", "script"]).output().expect("linmem starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.matches("Permission denied").count(), 2, "{stderr}");
    assert_eq!(fs::read_to_string(folder.join("old.txt")).ok().as_deref(), Some("old"));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("it is ours");
    assert_eq!(names(&folder), ["old.txt"]);
}

/// A full disk, for a recipe that is formatted.
#[test]
fn a_full_disk_destroys_no_recipe() {
    let folder = folder("full-recipe");
    let recipe = format!("each line\n{}", "     ptr = alloc(n)\n".repeat(200));
    fs::write(folder.join("old.recipe"), &recipe).expect("it is writable");
    let limited = "ulimit -f 1; linmem recipe fmt old.recipe";
    let output = hermetic::shell(limited).current_dir(&folder).output().expect("sh is installed");
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_to_string(folder.join("old.recipe")).ok().as_deref(), Some(&*recipe));
    assert_eq!(names(&folder), ["old.recipe"]);
    let output = hermetic::linmem().current_dir(&folder).args(["recipe", "fmt", "old.recipe"]).output();
    assert_eq!(output.expect("linmem starts").status.code(), Some(0));
    assert!(fs::read_to_string(folder.join("old.recipe")).is_ok_and(|text| text.contains("\n  ptr = alloc(n)\n")));
}

/// XML has no `]]>` in text, and neither control characters nor U+FFFE and U+FFFF.
#[test]
fn a_picture_is_well_formed_whatever_it_shows() {
    let folder = folder("picture");
    fs::write(folder.join("script"), "a]]>b\u{fffe}\u{ffff}c&lt;\n:shot screen.svg\n").expect("it is writable");
    let output = hermetic::linmem().current_dir(&folder).args(["--script", "script"]).output().expect("linmem starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let picture = fs::read_to_string(folder.join("screen.svg")).expect("it is text");
    assert!(picture.contains("a]]&gt;b") && !picture.contains("]]>"), "{picture}");
    assert!(picture.chars().all(|c| !matches!(c, '\u{fffe}' | '\u{ffff}') && (c == '\n' || !c.is_control())));
}
