//! `linmem recipe check`, `linmem recipe fmt` and the guide's pages, through the binary; and where errors in recipes
//! are.

use crate::piped::{file, run, text};

const GUEST: &str = r#"(module (memory (export "memory") 1)
    (func (export "alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "shout") (param i32 i32) (result i64) (i64.const 0)))"#;

/// Runs linmem: stdout, stderr, exit status.
fn linmem(args: &[&str], input: &str) -> (String, String, Option<i32>) {
    let output = run(args, input.as_bytes());
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[test]
fn check_reports_everything_that_does_not_fit_the_guest() {
    let guest = file("checked.wat", GUEST);
    let wrong = "each line\n  ptr = malloc(n)     # no such export\n  write at ptr\n* out = shout(ptr)\n  read lo(out) at hi(out)\n  append room at ptr\nfinally\n  free(ptr)\n";
    let recipe = file("checked.recipe", wrong);
    let (stdout, stderr, status) = linmem(&["recipe", "check", &recipe, &guest], "");
    assert_eq!((stdout.as_str(), status), ("", Some(4)));
    let expected = [
        "line 2: the module exports no function `malloc`; it exports alloc, shout",
        "    2 | ptr = malloc(n)     # no such export",
        "      |       ^^^^^^",
        "line 4: `shout` is (i32, i32) -> (i64): it takes 2 arguments, but the recipe passes 1",
        "    4 | * out = shout(ptr)",
        "      |         ^^^^^",
        "line 6: `room` is not set by any line before this one",
        "    6 | append room at ptr",
        "      |        ^^^^",
        "line 8: the module exports no function `free`; it exports alloc, shout",
        "    8 | free(ptr)",
        "      | ^^^^",
        "4 errors",
    ];
    let prefix = format!("linmem: {recipe}: ");
    let lines: Vec<_> = stderr.lines().map(|line| line.strip_prefix(&prefix).unwrap_or(line)).collect();
    assert_eq!(lines, expected, "{stderr}");
    let right = file(
        "fitting.recipe",
        "each line\n  ptr = alloc(n)\n  write at ptr\n* out = shout(ptr, n)\n  read lo(out) at hi(out)\n",
    );
    let (stdout, stderr, status) = linmem(&["recipe", "check", &right, &guest], "");
    assert_eq!((stdout, stderr.as_str(), status), (format!("{right} fits {guest}\n"), "", Some(0)));
}

#[test]
fn check_reports_all_lines_that_cannot_be_parsed_once() {
    let recipe = file("unparsed.recipe", "each lime\n  ptr = alloc(n)\nfinally\n  read 3 ptr\n  x = f(\"a\n");
    let (_, stderr, status) = linmem(&["recipe", "check", &recipe, "packed"], "");
    let lines: Vec<_> = stderr.lines().filter_map(|line| line.strip_prefix(&format!("linmem: {recipe}: "))).collect();
    assert_eq!(status, Some(4));
    assert!(lines[0].starts_with("line 1: before the first section, expected"), "{stderr}");
    assert_eq!(
        lines[1..],
        ["line 4: expected `at`, found `ptr`", "line 5: missing closing quote", "3 errors"],
        "{stderr}"
    );
    assert!(stderr.contains("\n    4 | read 3 ptr\n      |        ^^^\n"), "{stderr}");
}

#[test]
fn every_place_that_reads_a_recipe_quotes_the_line() {
    let guest = file("quoted.wat", GUEST);
    let bad = file("quoted.recipe", "each line\n  read 3 ptr\n");
    let quote = "    2 | read 3 ptr\n      |        ^^^";
    let (_, stderr, _) = linmem(&[&guest, "--abi", &bad], "x\n");
    assert!(stderr.contains(&format!("{bad}: line 2: expected `at`, found `ptr`\n{quote}")), "{stderr}");
    let misfit = file("misfit.recipe", "each line\n* x = shot(n)\n  answer \"{x}\"\n");
    let misquote = "    2 | * x = shot(n)\n      |       ^^^^";
    let (_, stderr, _) = linmem(&[&guest, "--abi", &misfit], "x\n");
    assert!(stderr.contains(misquote), "{stderr}");
    let (stdout, _, _) = linmem(&["inspect", &guest, "--abi", &misfit], "");
    assert!(stdout.contains("    2 | * x = shot(n)\n") && stdout.contains("      |       ^^^^\n"), "{stdout}");
    let (stdout, _, _) = linmem(&[&guest, "--repl"], &format!(":convention {bad}\n:quit\n"));
    assert!(stdout.contains("    2 | read 3 ptr") && stdout.contains("      |        ^^^"), "{stdout}");
    let embedded = GUEST.replacen("(module", "(module (@custom \"linmem\" \"each line\\n  read 3 ptr\")", 1);
    let (stdout, _, _) = linmem(&["inspect", &file("embedded.wat", &embedded)], "");
    assert!(stdout.contains("2 | read 3 ptr\n") && stdout.contains("|        ^^^\n"), "{stdout}");
}

#[test]
fn fmt_rewrites_files_and_check_names_those_that_it_would_rewrite() {
    let odd = "text utf8\neach line\n      ptr=alloc( n )#room\n  write at ptr\n*out=shout(ptr,n)\n  read lo(out) at hi(out)\n";
    let even = "text   utf8\neach line\n  ptr = alloc(n)  #room\n  write at ptr\n* out = shout(ptr, n)\n  read lo(out) at hi(out)\n";
    let (first, second) = (file("odd-one.recipe", odd), file("even.recipe", even));
    let (_, stderr, status) = linmem(&["recipe", "fmt", "--check", &first, &second], "");
    assert_eq!((stderr, status), (format!("linmem: {first}: not formatted\n"), Some(1)));
    let (stdout, stderr, status) = linmem(&["recipe", "fmt", &first, &second], "");
    assert_eq!((stdout.as_str(), stderr.as_str(), status), ("", "", Some(0)));
    for name in [&first, &second] {
        assert_eq!(std::fs::read_to_string(name).expect("it is there"), even);
    }
    assert_eq!(linmem(&["recipe", "fmt"], odd), (even.to_owned(), String::new(), Some(0)));
    let (stdout, stderr, status) = linmem(&["recipe", "fmt"], "each line\n  read\n");
    assert!(stdout.is_empty() && stderr.contains("stdin: line 2: expected a value") && status == Some(4), "{stderr}");
}

#[test]
fn guide_explains_each_built_in_convention() {
    let (stdout, _, status) = linmem(&["guide", "recipes", "packed"], "");
    assert_eq!(status, Some(0));
    for said in [
        "# packed\n\nThe host allocates the line;",
        "1. Call `alloc(n)`, and keep its result as `ptr`.",
        "2. If `ptr == 0`: fail with \"the guest has no memory for the line\".",
        "4. Call `transform(ptr, n)`, and keep its result as `out`. This is the transform.",
        "6. The answer is `lo(out)` bytes at `hi(out)`.",
        "- `alloc`: an export of type (i32, i32?) -> i32 whose name has a word for: allocator (the first of several).",
        "linmem packed --line 'Did you know' --show hex",
    ] {
        assert!(stdout.contains(said), "{said}\n{stdout}");
    }
    let (_, stderr, status) = linmem(&["guide", "recipes", "nonsense"], "");
    assert_eq!(status, Some(2), "{stderr}");
    assert_eq!(linmem(&["guide", "json", "packed"], "").2, Some(2));
}

/// Its text has its length in front, in LEB128; its numbers are floats or halves of an i64.
const NUMBERS: &str = r#"(module (memory (export "memory") 1)
    (func (export "alloc") (param f64) (result f64) (f64.const 2048))
    (func (export "half") (result f64) (f64.const 1.5))
    (func (export "negative") (result f32) (f32.const -1))
    (func (export "join") (param i64) (result i64)
        (i64.add (i64.mul (i64.shr_u (local.get 0) (i64.const 32)) (i64.const 1000)) (i64.and (local.get 0) (i64.const 0xffffffff)))))"#;

#[test]
fn lengths_may_be_in_leb128_and_addresses_floats() {
    let guest = file("numbers.wat", NUMBERS);
    let recipe = "each line\n  ptr = alloc(n)\n  leb[0] = n\n  write leb n, line at ptr\n  len = leb[ptr]\n  read len at past leb[ptr]\n  append \" {joined} {size}\"\n";
    let recipe = recipe.replace("  read", "  joined = join(hilo(7, n))\n  size = past leb[0]\n  read");
    let recipe = file("numbers.recipe", &recipe);
    let long = "x".repeat(300);
    let (stdout, stderr, _) = linmem(&[&guest, "--abi", &recipe], &format!("abc\n\n{long}\n"));
    assert_eq!(stdout, format!("abc 7003 1\n 7000 1\n{long} 7300 2\n"), "{stderr}");
    for (line, message) in [
        ("read 1 at half()", "1.5 is not an address"),
        ("write at negative()", "out-of-bounds write"),
        ("u64[8] = 0 - 1\n  u64[16] = 0 - 1\n  x = leb[8]", "the bytes at 0x8 are not a 64-bit number in LEB128"),
        ("x = leb[65536]", "out-of-bounds read: 1 byte at 0x10000"),
    ] {
        let recipe = file("number.recipe", &format!("each line\n  {line}\n  read 0 at 0\n"));
        let (_, stderr, status) = linmem(&[&guest, "--abi", &recipe], "abc\n");
        assert!(stderr.contains(message) && status == Some(5), "{line}: {stderr}");
    }
}

#[test]
fn recipes_with_leb128_answer_many_lines_alike() {
    let guest = file("many-numbers.wat", NUMBERS);
    let recipe = file("many-numbers.recipe", "each line\n  write leb n, line at 16\n  read leb[16] at past leb[16]\n");
    let lines: String = (0..12_000).map(|number| format!("{number}\n")).collect();
    let (stdout, stderr, _) = linmem(&[&guest, "--abi", &recipe], &lines);
    assert!(stdout == lines, "{stderr}");
}
