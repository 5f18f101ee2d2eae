//! Batches of lines give the same results as single lines: a compiled recipe behaves like its interpreted steps.

use std::path::PathBuf;

use linmem::abi::ConventionRequest;
use linmem::guest::Limits;
use linmem::session::{Live, Options, Source, Watchdog};

use crate::odd_guest::{HANDLERS, HEAD, ODD, chatty};
use crate::side_by_side::{Story, compare, compare_stories, in_batches, one_by_one, open};

/// Lines of every length up to that.
fn up_to(len: usize) -> Vec<Vec<u8>> {
    (0..=len).map(|len| (0..len).map(|place| b"acegikmoqsuwy"[place % 13]).collect()).collect()
}

/// That many empty lines, and that many lines of one byte.
fn some(empty: usize, short: usize) -> Vec<Vec<u8>> {
    let bytes = [vec![0; empty], vec![1; short]].concat();
    bytes.into_iter().map(|len| vec![b'x'; len]).collect()
}

#[test]
fn batches_handle_corner_cases() {
    let little = Limits { output: 10, ..Limits::default() };
    let all = Limits::default();
    for (recipe, lines, limits) in [
        // Copies of every length at every alignment.
        ("write at 2048 + n\n read n at 2048 + n", up_to(600), all),
        ("write line, 0 at 2048\n read until 0 at 2048", up_to(100), all),
        ("write at 65536 - n\n read until 0 at 65536 - n", up_to(70), all),
        ("write at 65535 - n\n u8[65535] = 0\n read until 0 at 65535 - n", up_to(70), all),
        ("write at 2048\n read to 2048 + n at 2050", up_to(9), all),
        // Answers that fill their buffer exactly, and answers that exceed it.
        ("read 65535 at 0 if n == 0\n read 65536 at 0 if n == 1", some(3, 1), all),
        ("read 65535 at 0 if n == 0\n read 65534 at 0 if n == 1", some(3, 9), all),
        (
            "read 65536 at 0\n append 65536 at 0\n append 65536 at 0\n append 65536 at 0\n append 65536 at 0",
            up_to(3),
            all,
        ),
        ("answer the line", vec![vec![b'y'; 60_000]; 12], all),
        ("write at 0\n read n at 0", vec![vec![b'y'; 70_000], vec![b'z'; 65_000], vec![]], all),
        ("read n at 100", up_to(12), little),
        ("read n at 100\n append 3 at 100", up_to(12), little),
        ("append n at 100\n append n at 100", up_to(12), little),
        // Double frees.
        ("free(16)\n nothing()\n free(16)", up_to(2), all),
        ("free(16)\n nothing() if n == 1\n free(16)\n free(16) if n == 2", up_to(4), all),
        ("free(n)\n free(0)\n dealloc(4, n)\n dealloc(4, 0)\n dealloc(4, n)\nfinally\n free(n)", up_to(6), all),
        ("a = 4\nfinally\n dealloc(a, n)\n free(8) if n < 2\n free(8)\n free(n)", up_to(9), all),
        ("free(1040)\nfinally\n free(8)", up_to(2), all),
        ("read n at 100\nfinally\n free(8)\n free(1040) if n == 1\n free(8)", up_to(2), all),
        // Frees that `finally` skips: inside a freed block, static, or out of bounds.
        (
            "p = alloc(n)\n write at p\n read n at p\nfinally\n dealloc(p, n)\n dealloc(p + 1, 2)\n nothing()",
            up_to(9),
            all,
        ),
        (
            "p = alloc(n)\n write at p\n read n at p\nfinally\n free(p)\n free(p + 2)\n free(p + 5)\n free(p)",
            up_to(9),
            all,
        ),
        ("write at 2048\nfinally\n dealloc(104, n)\n free(100)\n free(99)\n free(130)\n nothing()", up_to(9), all),
        ("write at 2048\nfinally\n dealloc(90, n + n)\n dealloc(99, n)\n dealloc(126, n)\n free(99)", up_to(12), all),
        ("write at 110\nfinally\n dealloc(104, n)\n free(108)\n free(9) if n > 3", up_to(9), all),
        ("write at 2048 if n > 2\nfinally\n free(104)\n free(0)\n free(n)", up_to(9), all),
        (
            "read n at 9\nfinally\n dealloc(65530, n)\n dealloc(n + 65533, 1)\n x = 5000000000\n free(0 - n)\n free(x)",
            up_to(9),
            all,
        ),
        ("dealloc(2048, 9)\nfinally\n dealloc(2050, n)\n dealloc(2057, n)\n free(2056)\n free(2057)", up_to(9), all),
        // Set and unset names.
        (
            "c = 5\n c = missing(n)?\n c = 6 if n == 1\n read n at 100\nfinally\n nothing() if n > 0\n dealloc(c, n)",
            up_to(2),
            all,
        ),
        ("c = missing(n)?\n write at 2048 within c\n c = 5\n write at 2048 within c", up_to(7), all),
        ("a = 1 if n > 2\n answer the line if n > 4\n b = a\nfinally\n dealloc(a, 1)\n dealloc(b, 2)", up_to(6), all),
        // What a failure reports about the preceding call.
        (
            "x = sign(n)\n fail \"no {n}: {x}\" if x < 0\n answer \"fine {x:i}\" if x == 1\n (a, b) = pair(n, 1)\n fail \"no\" if n < 2",
            up_to(12),
            all,
        ),
        ("nothing()\n fail \"after nothing\" if n == 1\n x = twice(n)\n fail \"after twice\" if n == 2", up_to(3), all),
        // Operands with side effects on each other.
        (
            "u32[100] = n\n x = u32[100] + grow(n) + u32[100]\n write u32 x, u32 u32[100], line at 100\n read 8 at 100",
            up_to(30),
            all,
        ),
        (
            "x = @count + alloc(n) - @count\n read alloc(1) - alloc(1) + 3 at 100 if alloc(2) > 1 \n append n at x",
            up_to(30),
            all,
        ),
        ("write at 65530", up_to(8), all),
        ("u32[65530 + n] = 1\n u8[65536] = 1 if n == 2", up_to(4), all),
        ("u32[65530 + n + n + n] = 1", up_to(40), all),
        ("x = u64[-1] if n == 1\n x = u16[70000] if n == 2\n x = u8[n - 3]", up_to(5), all),
        ("grow to 65536 + n\n write at 65536", up_to(4), all),
        ("x = half(n)\n y = whole(twice(n))\n z = divide(n)", up_to(9), all),
        ("text utf8", vec![b"ab".to_vec(), b"a\xff".to_vec(), b"c".to_vec()], all),
    ] {
        let lines: Vec<_> = lines.iter().chain(lines.iter().rev()).cloned().collect();
        let head = if recipe.starts_with("text") { "text utf8\n" } else { "" };
        let body = if head.is_empty() { recipe } else { "write at 8\n read n at 8" };
        let recipe = format!("{head}each line\n {body}");
        assert_eq!(compare(ODD, &recipe, &lines, b'\n', limits), Some(true), "{recipe}");
        assert_eq!(compare(ODD, &recipe, &lines, 0xfe, limits), Some(true), "{recipe}");
    }
}

#[test]
fn utf16_lines_in_batches() {
    let texts = ["", "x", "plain", "grün", "日本語", "a😀b", "😀", "sixteen letters!", "and one more than sixteen ü"];
    let lines: Vec<_> = texts
        .iter()
        .map(|line| line.as_bytes().to_vec())
        .chain(up_to(60))
        .chain([vec![b'a'; 9_000], "日".repeat(7_000).into(), vec![b'b'; 70_000], b"\xff".to_vec(), b"last".to_vec()])
        .collect();
    let little = Limits { output: 40, ..Limits::default() };
    for (recipe, limits) in [
        ("write at 2048\n read n at 2048", Limits::default()),
        ("write at 2048\n read n at 2048", little),
        ("write at 2048\n read n at 2048\n append n at 2048", little),
        ("write line, 0 at 2048\n read n at 2048\n append n at 2048", Limits::default()),
        ("answer the line if n == 8\n u32[0] = units\n write at 2048\n read units + units at 2048", Limits::default()),
        ("write at 2048\n read n + 1 at 2048 if n == 10\n read n at 2048 if n > 10", Limits::default()),
        // Half of a surrogate pair, and a pair from two places.
        ("write at 2048\n read 2 at 2048 if n > 2\n append n - 2 at 2050 if n > 2", Limits::default()),
        ("write at 2048\n read n at 2048\n fail \"long\" if n > 100\nfinally\n dealloc(2048, n)", Limits::default()),
    ] {
        let recipe = format!("text utf16\neach line\n {recipe}");
        assert_eq!(compare(ODD, &recipe, &lines, b'\n', limits), Some(true), "{recipe}");
        assert_eq!(compare(ODD, &recipe, &lines, 0, limits), Some(true), "{recipe}");
    }
}

#[test]
fn copies_may_end_at_the_end_of_a_4_gib_memory() {
    // Memory grows without recording during a line: untouched pages are never read.
    let guest = r#"(module (memory (export "memory") 1 65536))"#;
    let recipe = "each line\n  grow to 4294967296\n  write line, 0 at 4294967295 - n\n  read n + 1 at 4294967295 - n\n \
                  append until 0 at 4294967295 - n";
    let limits = Limits { memory: 4 << 30, ..Limits::default() };
    let open = || open(guest, recipe, limits).expect("the recipe fits the guest");
    let (mut alone, mut batched) = (open(), open());
    assert!(batched.warm_up());
    compare_stories(&mut alone, &mut batched, recipe, &up_to(600), b'\n');
}

#[test]
fn slow_to_compile_recipes_are_interpreted() {
    // The maximum number of frees, each of them conditional.
    let frees: String = (0..32).map(|number| format!("  free({}) if n == {number}\n", 16 * number)).collect();
    let recipe = format!("each line\n  read n at 100\nfinally\n{frees}");
    assert_eq!(compare(ODD, &recipe, &up_to(40), b'\n', Limits::default()), Some(true));
    let loads = "u32[8] + ".repeat(20);
    let heavy = format!("each line\n  read n at 100\n{}", format!("  x = {loads}1\n").repeat(500));
    assert_eq!(compare(ODD, &heavy, &up_to(3), b'\n', Limits::default()), Some(false));
}

#[test]
fn dropped_messages_are_reported_at_their_line() {
    let recipe = "each line\n  say 65536 at 0 if n == 3\n  say n at 100 if n > 5\n  read n at 100";
    assert_eq!(compare(ODD, recipe, &up_to(9), b'\n', Limits::default()), Some(true));
    let recipe = format!(
        "{HEAD}each line\n  x = chat(n)\n  read n at 100\non env.log(ptr, len)\n  say 65536 at 0\n  {}",
        &HANDLERS[HANDLERS.find("on env.abort").expect("it is there")..]
    );
    assert_eq!(compare(&chatty(), &recipe, &up_to(9), b'\n', Limits::default()), Some(true));
}

#[test]
fn host_calls_in_a_batch_give_the_same_results() {
    for recipe in [
        // A message, and a failure that does not interrupt the guest, followed by more steps and by `finally`.
        "x = chat(n)\n write at 2048\n read n at 2048\nfinally\n nothing()\n dealloc(x, n)",
        "x = moan(n)\n write at 2048\n read n at 2048\nfinally\n nothing()\n dealloc(x, n)",
        "write at 2048\n read n at 2048\nfinally\n x = moan(n)\n dealloc(n, x)\n y = chat(n)\n nothing()",
        "x = moan(n)\n fail \"late\" if n == 12\n x = divide(n - 7)\n read n at 100\nfinally\n nothing()",
        "x = moan(n)\n x = chat(n + 1)\n x = moan(n + 1)\n answer the line if n == 2\n read n at 100",
        // The guest's own standard output, and its exit.
        "x = out(n)\n read n at 100\nfinally\n nothing()",
        "read n at 100\nfinally\n x = out(n)\n nothing()",
        "x = 1\n x = quit(n)\n answer the line if x == 0\n read n at 100\nfinally\n dealloc(x, n)",
        "read n at 100\nfinally\n x = quit(n)\n dealloc(x, n)",
        // A host function that makes the guest call it again.
        "x = nest(n)\n read x at 100",
        "x = nest(n)\n fail \"no\" if n == 3\n x = nest(n + 1)\n append n at 100\nfinally\n y = nest(n + 2)\n dealloc(y, x)",
        // Host functions that return results without a message.
        "x = random(n)\n read x at 100",
        // A double free with an import call in between.
        "free_and_tell(8)\n free_and_tell(8)\n free_and_tell(24)\n free_and_tell(24) if n == 3",
        "free_and_tell(24)\n free_and_tell(8)\n free_and_tell(24)\n free_and_tell(24) if n == 3",
        "free_and_tell(16)\n free_and_tell(16)\n free_and_tell(24)\n free_and_tell(24) if n == 3",
        "x = random(n)\n free_and_tell(24)\n free_and_tell(24)",
        "read n at 100\nfinally\n dealloc(16, 16)\n free_and_tell(24)\n free_and_tell(16)\n dealloc(24, 1)\n dealloc(16, 9)",
        "read n at 100\nfinally\n dealloc(8, 16)\n free_and_tell(16)\n free_and_tell(104)\n dealloc(17, n) if n > 4",
    ] {
        let recipe = format!("{HEAD}each line\n {recipe}\n{HANDLERS}");
        let lines: Vec<_> = up_to(25).into_iter().chain(up_to(25).into_iter().rev()).collect();
        assert_eq!(compare(&chatty(), &recipe, &lines, b'\n', Limits::default()), Some(true), "{recipe}");
    }
}

/// The results of a guest under its own convention, and whether its recipe compiles.
fn as_it_comes(source: &Source) -> Option<(bool, Story, Story)> {
    let open_with = |wish| {
        let options = Options { wish, ..Options::default() };
        Live::open(source, &options, Watchdog::new(options.limits.time)).ok().map(|(live, _)| live)
    };
    // An assumed convention is compiled only after it has proved right, so choose it explicitly.
    let detected = open_with(ConventionRequest::default())?.choice().recipe.name.clone();
    let convention = linmem::abi::built_in(&detected).map(|recipe| recipe.name);
    let open = || open_with(ConventionRequest { convention: convention.clone(), ..ConventionRequest::default() });
    let lines: Vec<_> =
        (0..300).map(|number| format!("Line {number} of {}", "x".repeat(number % 50)).into_bytes()).collect();
    let (mut alone, mut batched) = (open()?, open()?);
    let compiled = batched.warm_up();
    Some((compiled, one_by_one(&mut alone, &lines, b'\n'), in_batches(&mut batched, &lines, b'\n')))
}

#[test]
fn guests_answer_batches_like_single_lines() {
    let ours = linmem::session::BUILT_IN.iter().map(|(name, ..)| PathBuf::from(name));
    let compilers = std::fs::read_dir("tests/guests").expect("they are there");
    let compilers = compilers
        .map(|entry| entry.expect("it is readable").path())
        .filter(|path| path.extension().is_some_and(|end| end == "wasm"));
    let mut compiled = Vec::new();
    for path in ours.chain(compilers) {
        let source = Source::find(&path).expect("it is there");
        let Some((is_compiled, expected, found)) = as_it_comes(&source) else { continue };
        assert!(found == expected, "{}", path.display());
        compiled.extend(is_compiled.then_some(path));
    }
    assert!(compiled.len() > 18, "{compiled:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn watchdog_ends_with_its_guest() {
    let threads = || std::fs::read_dir("/proc/self/task").expect("Linux has it").count();
    let source = Source::find(&PathBuf::from("passing-data")).expect("it is built in");
    let open = || Live::open(&source, &Options::default(), Watchdog::new(None)).expect("it is built in");
    let many: Vec<_> = (0..60).map(|_| open()).collect();
    let watched = threads();
    drop(many);
    let since = std::time::Instant::now();
    // Other tests run guests at the same time.
    while threads() + 40 > watched {
        assert!(since.elapsed() < std::time::Duration::from_secs(20), "{} threads of {watched} are left", threads());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
