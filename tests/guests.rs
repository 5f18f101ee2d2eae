//! Guests from real compilers (tests/guests, with build instructions), each with its toolchain's natural convention.
//! Detection alone must choose it, and the answers must be right.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::hermetic;

/// Runs linmem with these lines on a guest of tests/guests: stdout, stderr, exit status.
fn ask(guest: &str, args: &[&str], lines: &[u8]) -> (String, String, Option<i32>) {
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests").join(guest);
    let mut command = hermetic::linmem();
    command.arg(guest).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("linmem starts");
    let mut stdin = child.stdin.take().expect("the stream is piped");
    let lines = lines.to_vec();
    let writer = std::thread::spawn(move || {
        // linmem may exit before it reads all input.
        let _ = stdin.write_all(&lines);
    });
    let output = child.wait_with_output().expect("it exits");
    writer.join().expect("writing ends");
    let text = |bytes| String::from_utf8(bytes).expect("these answers are text");
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// Sends the lines twice, and expects each answer and no other output.
fn answers(guest: &str, lines: &[(&str, &str)]) {
    answers_with(guest, &[], lines);
}

fn answers_with(guest: &str, args: &[&str], lines: &[(&str, &str)]) {
    let twice = || lines.iter().chain(lines);
    let input: String = twice().map(|(line, _)| format!("{line}\n")).collect();
    let expected: String = twice().map(|(_, answer)| format!("{answer}\n")).collect();
    let (stdout, stderr, status) = ask(guest, args, input.as_bytes());
    assert_eq!((without_note(&stderr), status), ("", Some(0)), "{guest}");
    // Not assert_eq!, which would print very long lines in full.
    for (got, expected) in stdout.lines().zip(expected.lines()) {
        assert!(got == expected, "{guest}: {got:.60} where {expected:.60} was expected");
    }
    assert_eq!(stdout.len(), expected.len(), "{guest}");
}

/// Stderr without a first line about the assumed convention.
fn without_note(stderr: &str) -> &str {
    match stderr.split_once('\n') {
        Some((first, rest)) if first.contains(": assuming convention ") => rest,
        _ => stderr,
    }
}

/// The convention that detection chooses for a guest.
fn convention(guest: &str) -> String {
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests").join(guest);
    let output = hermetic::linmem().arg("inspect").arg(guest).output().expect("it exits");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let name = text.lines().find_map(|line| line.trim().strip_prefix("name "));
    name.unwrap_or_else(|| panic!("no recipe would run: {text}")).trim().to_owned()
}

#[test]
fn assumed_convention_is_named_once_with_its_alternatives() {
    let evidence = "choose another with --abi; `linmem inspect` shows the evidence";
    let low = "packed-low also matches (try --abi packed-low)";
    for (guest, convention, advice) in [
        ("base64.wasm", "out-len", evidence),
        ("reverse.wasm", "packed", low),
        ("slug.wasm", "c-string", evidence),
        ("swap.wasm", "in-place", evidence),
        ("trim.wasm", "fixed-region", evidence),
        ("words.wasm", "out-struct", evidence),
    ] {
        let (_, stderr, status) = ask(guest, &[], b"ab\ncd\n");
        assert!(stderr.starts_with("linmem: ") && stderr.matches('\n').count() == 1, "{stderr}");
        assert!(stderr.ends_with(&format!("/{guest}: assuming convention {convention}; {advice}\n")), "{stderr}");
        assert_eq!(status, Some(0), "{guest}");
        assert_eq!(ask(guest, &["--quiet"], b"ab\n").1, "", "{guest}");
        assert_eq!(ask(guest, &["--abi", convention], b"ab\n").1, "", "{guest}: it was chosen");
    }
    // These have marks of their toolchains, or contain a recipe.
    for guest in ["camel.wasm", "hex.wasm", "measure.wasm", "pig.wasm", "rot13.wasm", "sort.wasm", "title.wasm"] {
        let args: &[&str] = if guest == "hex.wasm" { &["--abi", "packed-low"] } else { &[] };
        assert_eq!(ask(guest, args, b"ab\n").1, "", "{guest}");
    }
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
    assert!(stderr.contains("line 2: the guest returned a null pointer: slug returned 0"), "{stderr}");
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
    assert!(stderr.contains("line 2: the guest exited with status 3"), "{stderr}");
}

#[test]
fn buffers_and_getters_from_c_without_a_library() {
    let full = "0123456789".repeat(100);
    let counted: String = full.chars().map(|digit| format!("1{digit}")).collect();
    answers("runs.wasm", &[("aaab", "3a1b"), ("", ""), ("aaaaaaaaaaa", "9a2a"), (&full, &counted)]);
    assert_eq!(convention("runs.wasm"), "getters");
    let (stdout, stderr, status) = ask("runs.wasm", &["-k"], format!("{full}x\nab\n").as_bytes());
    assert_eq!((stdout.as_str(), status), ("\n1a1b\n", Some(1)));
    assert!(stderr.contains("line 1: ") && stderr.contains("1,001") && stderr.contains("1,000"), "{stderr}");
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
fn a_struct_of_two_halves_from_zig() {
    let long = "0k\u{e9}".repeat(50_000);
    let lines = [("Did you", "44696420796f75"), ("\u{e9}", "c3a9"), (&long, &"306bc3a9".repeat(50_000))];
    answers_with("hex.wasm", &["--abi", "packed-low"], &lines);
    // The type does not say which half is which, and Zig puts the pointer in the low half. The usual choice is wrong
    // here, and the failure must be visible.
    for line in ["Did you\n", "x\n", &long[..60_000]] {
        let (stdout, stderr, status) = ask("hex.wasm", &["-k"], line.as_bytes());
        assert_eq!((stdout.trim_end(), status), ("", Some(1)), "{stderr}");
        let advice = "packed was assumed; packed-low also matches (try --abi packed-low)\n";
        assert!(stderr.contains("line 1: ") && stderr.ends_with(advice), "{stderr}");
    }
}

#[test]
fn a_pointer_to_a_struct_from_c() {
    let long = "b a ".repeat(50_000);
    let sorted = "a ".repeat(50_000) + "b ".repeat(50_000).trim_end();
    answers(
        "sort.wasm",
        &[
            ("did you know", "did know you"),
            ("", ""),
            ("  ", ""),
            ("\u{e9}t\u{e9} z a", "a z \u{e9}t\u{e9}"),
            (&long, &sorted),
        ],
    );
    assert_eq!(convention("sort.wasm"), "struct");
}

#[test]
fn length_out_parameter_from_c() {
    let long = "abc".repeat(50_000);
    answers(
        "base64.wasm",
        &[
            ("Did you know", "RGlkIHlvdSBrbm93"),
            ("", ""),
            ("a", "YQ=="),
            ("\u{e9}", "w6k="),
            (&long, &"YWJj".repeat(50_000)),
        ],
    );
    assert_eq!(convention("base64.wasm"), "out-len");
}

#[test]
fn changes_in_place_from_cpp() {
    let long = "aB".repeat(50_000);
    answers(
        "swap.wasm",
        &[("Did you know", "dID YOU KNOW"), ("", ""), ("\u{e9}@[`{Z", "\u{e9}@[`{z"), (&long, &"Ab".repeat(50_000))],
    );
    assert_eq!(convention("swap.wasm"), "in-place");
}

#[test]
fn shorter_in_place_from_c_without_a_library() {
    let long = "ab  ".repeat(50_000);
    answers(
        "squeeze.wasm",
        &[("Did  you   know", "Did you know"), ("", ""), ("  \u{e9} ", " \u{e9} "), (&long, &"ab ".repeat(50_000))],
    );
    assert_eq!(convention("squeeze.wasm"), "in-place-len");
}

#[test]
fn after_heap_base_from_c_without_a_library() {
    let long = "x".repeat(200_000);
    answers(
        "trim.wasm",
        &[
            ("\t Did you know  ", "Did you know"),
            ("", ""),
            ("  ", ""),
            ("\u{e9} \r", "\u{e9}"),
            (&format!(" {long} "), &long),
        ],
    );
    assert_eq!(convention("trim.wasm"), "fixed-region");
}

#[test]
fn answers_by_callback_from_zig() {
    let long = "ab \u{e9} ".repeat(50_000);
    answers(
        "measure.wasm",
        &[
            ("Did you know", "3 words, 12 characters, 12 bytes"),
            ("", "0 words, 0 characters, 0 bytes"),
            (" caf\u{e9} ", "1 words, 6 characters, 7 bytes"),
            (&long, "100000 words, 250000 characters, 300000 bytes"),
        ],
    );
    assert_eq!(convention("measure.wasm"), "callback");
    let (stdout, stderr, status) = ask("measure.wasm", &[], b"\xff\n");
    assert_eq!((stdout.as_str(), status), ("1 words, 1 characters, 1 bytes\n", Some(0)));
    assert!(stderr.contains("line 1: the guest says: the line is not UTF-8"), "{stderr}");
}

#[test]
fn the_canonical_abi_from_c() {
    let long = "pig ".repeat(50_000);
    answers(
        "pig.wasm",
        &[
            ("did you know?", "idday ouyay owknay?"),
            ("", ""),
            ("a  caf\u{e9}", "away  af\u{e9}cay"),
            ("a a a", "away away away"),
            (&long, &"igpay ".repeat(50_000)),
        ],
    );
    assert_eq!(convention("pig.wasm"), "canonical");
    let (_, stderr, _) = ask("pig.wasm", &["-k"], b"\xff\n");
    assert!(stderr.contains("line 1: ") && stderr.contains("UTF-8"), "{stderr}");
}

#[test]
fn a_plugin_of_typst_from_c() {
    let long = "E".repeat(200_000);
    let dots = ". ".repeat(200_000);
    answers("morse.wasm", &[("SOS 73", "... --- ... / --... ...--"), ("", ""), (&long, dots.trim_end())]);
    assert_eq!(convention("morse.wasm"), "typst");
    let (stdout, stderr, status) = ask("morse.wasm", &["-k"], "caf\u{e9}\nt\n".as_bytes());
    assert_eq!((stdout.as_str(), status), ("\n-\n", Some(1)));
    assert!(stderr.contains("line 1: there is a sign in it that has no Morse code"), "{stderr}");
}

#[test]
fn a_plugin_of_dprint_from_rust() {
    let long = "\tx".repeat(50_000);
    answers(
        "tidy.wasm",
        &[
            ("Did you know  ", "Did you know"),
            ("as it is", "as it is"),
            ("", ""),
            ("  ", ""),
            ("\u{e9}\t(x)", "\u{e9}    (x)"),
            (&long, &"    x".repeat(50_000)),
        ],
    );
    assert_eq!(convention("tidy.wasm"), "dprint");
    let (stdout, stderr, status) = ask("tidy.wasm", &["-k"], b"f(x\ng \n");
    assert_eq!((stdout.as_str(), status), ("\ng\n", Some(1)));
    assert!(stderr.contains("line 1: a bracket is never closed"), "{stderr}");
}

#[test]
fn strings_by_wasm_bindgen() {
    let long = "did you ".repeat(50_000);
    let camel = "DidYou".repeat(50_000);
    answers(
        "camel.wasm",
        &[
            ("Did you know?", "didYouKnow"),
            ("", ""),
            ("caf\u{e9} \u{fc}ber \u{df}", "caf\u{e9}\u{dc}berSS"),
            (&long, &camel.replacen('D', "d", 1)),
        ],
    );
    assert_eq!(convention("camel.wasm"), "wasm-bindgen");
    let (_, stderr, _) = ask("camel.wasm", &["-k"], b"\xff\n");
    assert!(stderr.contains("line 1: ") && stderr.contains("UTF-8"), "{stderr}");
}

#[test]
fn a_string_or_an_exception_by_wasm_bindgen() {
    answers("roman.wasm", &[("1994", "MCMXCIV"), ("3888", "MMMDCCCLXXXVIII"), ("1", "I")]);
    assert_eq!(convention("roman.wasm"), "wasm-bindgen-result");
    let long = "1".repeat(200_000);
    let (stdout, stderr, status) = ask("roman.wasm", &["-k"], format!("\n4000\n{long}\n\u{e9}\n9\n").as_bytes());
    assert_eq!((stdout.as_str(), status), ("\n\n\n\nIX\n", Some(1)));
    for line in 1..=4 {
        let words = format!("line {line}: the guest says: that is no number from 1 to 3999");
        assert!(stderr.contains(&words), "{stderr}");
        assert!(stderr.contains(&format!("line {line}: the guest returned an error")), "{stderr}");
    }
}

#[test]
fn strings_by_an_old_wasm_bindgen() {
    let long = "did you ".repeat(50_000);
    answers(
        "initials.wasm",
        &[
            ("Did you know", "DYK"),
            ("", ""),
            ("\u{e9}t\u{e9} \u{65e5}\u{672c}", "\u{c9}\u{65e5}"),
            (&long, &"DY".repeat(50_000)),
        ],
    );
    assert_eq!(convention("initials.wasm"), "wasm-bindgen-area");
}

#[test]
fn recipes_for_packages_can_be_read() {
    // tests/packages/run.sh runs them and needs the packages. This test does not.
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
