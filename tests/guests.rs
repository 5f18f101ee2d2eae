//! Guests from real compilers (tests/guests, and how they are built there), each in the convention that comes natural to its
//! toolchain: told by detection alone, and driven to the right answers.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What linmem says to these lines with that guest of tests/guests: stdout, stderr, exit status.
fn ask(guest: &str, args: &[&str], lines: &[u8]) -> (String, String, Option<i32>) {
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests").join(guest);
    let mut command = Command::new(env!("CARGO_BIN_EXE_linmem"));
    command.arg(guest).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let lines = lines.to_vec();
    let writer = std::thread::spawn(move || {
        // A guest that fails ends linmem before all is read.
        let _ = stdin.write_all(&lines);
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("writing ends");
    let text = |bytes| String::from_utf8(bytes).expect("these answers are text");
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// Sends the lines twice over, and expects each answer; nothing may be said beside.
fn answers(guest: &str, lines: &[(&str, &str)]) {
    let twice = || lines.iter().chain(lines);
    let input: String = twice().map(|(line, _)| format!("{line}\n")).collect();
    let expected: String = twice().map(|(_, answer)| format!("{answer}\n")).collect();
    let (stdout, stderr, status) = ask(guest, &[], input.as_bytes());
    assert_eq!((stderr.as_str(), status), ("", Some(0)), "{guest}");
    // Not assert_eq!, which would print all of a very long line.
    for (got, expected) in stdout.lines().zip(expected.lines()) {
        assert!(got == expected, "{guest}: {got:.60} where {expected:.60} was expected");
    }
    assert_eq!(stdout.len(), expected.len(), "{guest}");
}

/// What detection settles on for a guest.
fn convention(guest: &str) -> String {
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests").join(guest);
    let output = Command::new(env!("CARGO_BIN_EXE_linmem")).arg("inspect").arg(guest).output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let name = text.lines().find_map(|line| line.trim().strip_prefix("name "));
    name.unwrap_or_else(|| panic!("no recipe would run: {text}")).trim().to_owned()
}

#[test]
fn c_strings_from_c() {
    let long = "Long Line ".repeat(20_000);
    let slug = "long-line-".repeat(20_000);
    answers(
        "slug.wasm",
        &[
            ("Did you know? Wasm is cool!", "did-you-know-wasm-is-cool"),
            ("caf\u{e9}  \u{65e5}\u{672c}", "caf\u{e9}-\u{65e5}\u{672c}"),
            (&long, slug.trim_end_matches('-')),
        ],
    );
    assert_eq!(convention("slug.wasm"), "c-string");
    let (stdout, stderr, status) = ask("slug.wasm", &["-k"], b"\n ? \nA\0B\n");
    assert_eq!((stdout.as_str(), status), ("\n\na\n", Some(1)), "a C string ends at its first NUL");
    assert!(stderr.contains("line 2: the guest returned no text (a null pointer): slug returned 0"), "{stderr}");
}

#[test]
fn a_program_in_c_runs_once_for_each_line() {
    let long = "NO ".repeat(20_000);
    answers(
        "rot13.wasm",
        &[("Hello, Wasm", "Uryyb, Jnfz"), ("", ""), ("\u{e9}\r", "\u{e9}\r"), (&long, &long.replace("NO", "AB"))],
    );
    assert_eq!(convention("rot13.wasm"), "wasi");
    assert_eq!(ask("rot13.wasm", &[], b"no end").0, "ab raq");
    assert_eq!(ask("rot13.wasm", &["--whole"], b"two\nlines\n").0, "gjb\nyvarf\n");
    let (stdout, stderr, status) = ask("rot13.wasm", &["--arg", "count", "-k"], b"ab1\nx\0y\nz\n");
    assert_eq!((stdout.as_str(), status), ("no1\n\nm\n", Some(1)));
    assert!(stderr.contains("line 1: the guest says: 2"), "{stderr}");
    assert!(stderr.contains("line 2: the guest says: a NUL is no letter"), "{stderr}");
    assert!(stderr.contains("line 2: the guest ended itself with exit status 3"), "{stderr}");
}

#[test]
fn buffers_and_getters_from_c_without_a_library() {
    let full = "0123456789".repeat(100);
    let counted: String = full.chars().map(|digit| format!("1{digit}")).collect();
    answers("runs.wasm", &[("aaab", "3a1b"), ("", ""), ("aaaaaaaaaaa", "9a2a"), (&full, &counted)]);
    assert_eq!(convention("runs.wasm"), "getters");
    let (stdout, stderr, status) = ask("runs.wasm", &["-k"], format!("{full}x\nab\n").as_bytes());
    assert_eq!((stdout.as_str(), status), ("\n1a1b\n", Some(1)));
    assert!(stderr.contains("line 1: ") && stderr.contains("1001") && stderr.contains("1000"), "{stderr}");
}

#[test]
fn a_packed_answer_from_zig() {
    let long = "x\u{e9}\u{1f980}".repeat(20_000);
    answers(
        "reverse.wasm",
        &[
            ("Did you know", "wonk uoy diD"),
            ("\u{65e5}\u{672c} \u{e9}", "\u{e9} \u{672c}\u{65e5}"),
            (&long, &"\u{1f980}\u{e9}x".repeat(20_000)),
        ],
    );
    assert_eq!(convention("reverse.wasm"), "packed");
}

#[test]
fn a_returned_struct_from_rust() {
    let long = "one two ".repeat(20_000);
    answers(
        "words.wasm",
        &[
            ("Did you know", "know you Did"),
            ("", ""),
            ("  \u{e9} a", "a \u{e9}  "),
            (&long, &" two one".repeat(20_000)),
        ],
    );
    assert_eq!(convention("words.wasm"), "out-struct");
}

#[test]
fn strings_and_an_error_from_assemblyscript() {
    let title = "O\u{308}l \u{c9}t\u{e9} \u{1f980}x ";
    answers("title.wasm", &[("did you know", "Did You Know"), ("o\u{308}l \u{e9}t\u{e9} \u{1f980}x ", title)]);
    assert_eq!(convention("title.wasm"), "assemblyscript");
    let long = "word ".repeat(2_000);
    let (stdout, stderr, status) = ask("title.wasm", &["-k"], format!("\n{long}\nb\n").as_bytes());
    assert!(stdout == format!("\n{}\nB\n", long.replace('w', "W")) && status == Some(1), "{stderr}");
    assert!(stderr.contains("line 1: there is no word in it (line 14, column 19)"), "{stderr}");
    assert!(stderr.contains("line 2: the guest says: 2000 words"), "{stderr}");
    let (_, stderr, _) = ask("title.wasm", &["-k"], b"\xff\xfe\n");
    assert!(stderr.contains("line 1: ") && stderr.contains("UTF-8"), "{stderr}");
}

#[test]
fn recipes_for_packages_can_be_read() {
    // tests/packages/run.sh runs them; it needs the packages, and this does not.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_some_and(|extension| extension == "recipe") {
            let text = std::fs::read_to_string(&path).expect("it is text");
            let recipe =
                linmem::abi::recipe::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(Some(recipe.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}
