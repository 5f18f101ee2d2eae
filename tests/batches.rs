//! Batches of lines give the same results as single lines: a compiled recipe behaves like its interpreted steps.

use std::fmt::Write as _;
use std::path::PathBuf;

use linmem::abi::{ConventionRequest, Ended, InputLine, recipe};
use linmem::guest::Limits;
use linmem::record::Failure;
use linmem::session::{Live, Options, Source, Watchdog};
use proptest::prelude::*;

/// A guest with an export for each kind of failure.
const ODD: &str = r#"(module
    (memory (export "memory") 1 4)
    (global $next (mut i32) (i32.const 1024))
    (global $count (export "count") (mut i32) (i32.const 0))
    (global (export "base") i32 (i32.const 65500))
    (global $wide (export "wide") (mut i64) (i64.const -5))
    (data (i32.const 100) "a text of the guest's\00another")
    (func $tick (global.set $count (i32.add (global.get $count) (i32.const 1))))
    (func (export "alloc") (param $n i32) (result i32)
        (call $tick)
        (if (i32.eq (local.get $n) (i32.const 13)) (then (return (i32.const 0))))
        (if (i32.eq (local.get $n) (i32.const 14)) (then (return (i32.const 65530))))
        (if (i32.eq (local.get $n) (i32.const 15)) (then (return (i32.const 0x7fffffff))))
        (global.set $next (i32.add (i32.const 1024) (i32.and (i32.add (global.get $next) (local.get $n)) (i32.const 0x3fff))))
        (global.get $next))
    (func (export "dealloc") (param i32 i32) (call $tick))
    (func (export "free") (param i32)
        (if (i32.eq (local.get 0) (i32.const 1040)) (then (unreachable)))
        (call $tick))
    (func (export "upper") (param $p i32) (param $n i32) (result i64)
        (local $i i32)
        (if (i32.eq (local.get $n) (i32.const 7)) (then (unreachable)))
        (block $done (loop $next
            (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
            (i32.store8 (i32.add (local.get $p) (local.get $i))
                (i32.xor (i32.load8_u (i32.add (local.get $p) (local.get $i))) (i32.const 0x20)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next)))
        (i64.or (i64.shl (i64.extend_i32_u (local.get $p)) (i64.const 32)) (i64.extend_i32_u (local.get $n))))
    (func (export "sign") (param i32) (result i32) (i32.sub (i32.const 9) (local.get 0)))
    (func (export "twice") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 2)))
    (func (export "half") (param f32) (result f64) (f64.promote_f32 (f32.mul (local.get 0) (f32.const 0.5))))
    (func (export "whole") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
    (func (export "pair") (param i32 i32) (result i32 i32)
        (call $tick) (i32.add (local.get 0) (i32.const 1)) (local.get 1))
    (func (export "three") (param i32) (result i32 i64 f32)
        (local.get 0) (i64.extend_i32_s (local.get 0)) (f32.convert_i32_s (local.get 0)))
    (func (export "grow") (param i32) (result i32)
        (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 11))) (then (drop (memory.grow (i32.const 1)))))
        (memory.size))
    (func (export "nothing") (global.set $wide (i64.add (global.get $wide) (i64.const 3))))
    (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 100) (i32.sub (local.get 0) (i32.const 5)))))"#;

/// The same, with exports that call host functions.
fn chatty() -> String {
    let imports = r#"(module
    (import "env" "log" (func $log (param i32 i32)))
    (import "env" "abort" (func $abort (param i32)))
    (import "env" "seed" (func $seed (result i32)))
    (import "env" "other" (func $other (param i64) (result f32)))
    (import "env" "again" (func $again (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))"#;
    let exports = r#"
    (func (export "chat") (param $n i32) (result i32)
        (if (i32.eq (i32.rem_u (local.get $n) (i32.const 4)) (i32.const 1)) (then (call $log (i32.const 100) (local.get $n))))
        (local.get $n))
    (func (export "moan") (param $n i32) (result i32)
        (if (i32.eq (i32.rem_u (local.get $n) (i32.const 5)) (i32.const 2)) (then
            (call $abort (local.get $n))
            (if (i32.and (local.get $n) (i32.const 1)) (then (unreachable)))))
        (local.get $n))
    (func (export "random") (param i32) (result i32) (i32.add (call $seed) (local.get 0)))
    (func (export "nest") (param $n i32) (result i32)
        (i32.add (call $again (i32.and (local.get $n) (i32.const 3))) (i32.const 1)))
    (func (export "free_and_tell") (param i32)
        (if (i32.eq (local.get 0) (i32.const 8)) (then (drop (call $other (i64.const 1)))))
        (if (i32.eq (local.get 0) (i32.const 16)) (then (call $log (i32.const 100) (i32.const 3)))))
    (func (export "quit") (param $n i32) (result i32)
        (if (i32.eq (local.get $n) (i32.const 9)) (then (call $exit (i32.const 0))))
        (if (i32.eq (local.get $n) (i32.const 10)) (then (call $exit (i32.const 3))))
        (i32.const 5))
    (func (export "out") (param $n i32) (result i32)
        (i32.store (i32.const 200) (i32.const 100))
        (i32.store (i32.const 204) (i32.rem_u (local.get $n) (i32.const 7)))
        (call $write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 208))))"#;
    let guest = ODD.strip_suffix(')').expect("it exits").strip_prefix("(module").expect("it begins");
    format!("{imports}{guest}{exports}")
}

/// The head that a recipe needs for it.
const HEAD: &str = "host wasi\nhost stubs\n";
const HANDLERS: &str = "on env.log(ptr, len)
  say len at ptr if len < 100
on env.abort(code)
  fail \"abort {code}: {3 at 100}\"
  stop if code == 17
on env.seed()
  return 4
on env.again(x)
  sum = x + 1
  sum = nest(x - 1) if x > 0
  return x + sum
";

/// Generates recipes from bytes, deterministically.
struct Writer<'a> {
    bytes: &'a [u8],
    /// Whether the guest is the one that calls host functions.
    is_chatty: bool,
    text: String,
    names: Vec<&'static str>,
}

impl Writer<'_> {
    fn pick(&mut self, most: usize) -> usize {
        let (&first, rest) = self.bytes.split_first().unwrap_or((&0, &[]));
        self.bytes = rest;
        usize::from(first) % most
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.pick(of.len())]
    }

    fn number(&mut self) -> String {
        self.one(&[
            "0",
            "1",
            "2",
            "7",
            "16",
            "64",
            "100",
            "1024",
            "1040",
            "65530",
            "65535",
            "65536",
            "-1",
            "-20",
            "5000000000",
        ])
        .to_owned()
    }

    fn value(&mut self, depth: usize) -> String {
        if depth > 2 {
            return self.number();
        }
        match self.pick(16) {
            0..=2 => self.number(),
            3 | 4 => "n".to_owned(),
            5 => "n + 1".to_owned(),
            6..=9 if !self.names.is_empty() => {
                let place = self.pick(self.names.len());
                self.names[place].to_owned()
            }
            10 => format!("{}[{}]", self.one(&["u8", "u16", "u32", "u64"]), self.value(depth + 1)),
            11 => format!("{}({})", self.one(&["lo", "hi"]), self.value(depth + 1)),
            12 => format!("({} + {})", self.value(depth + 1), self.value(depth + 1)),
            13 => format!("({} - {})", self.value(depth + 1), self.value(depth + 1)),
            14 => self.one(&["@count", "@base", "@wide"]).to_owned(),
            15 => self.call(depth + 1, &["alloc", "sign", "twice", "grow", "divide", "whole", "upper"]),
            _ => "n".to_owned(),
        }
    }

    fn call(&mut self, depth: usize, of: &[&'static str]) -> String {
        let chatty = ["chat", "moan", "random", "quit", "out", "nest"];
        let name = if self.is_chatty && self.pick(3) == 0 { self.one(&chatty) } else { self.one(of) };
        let args = match name {
            "upper" | "dealloc" | "pair" => 2,
            "nothing" => 0,
            _ => 1,
        };
        let args: Vec<_> = (0..args).map(|_| self.value(depth + 1)).collect();
        format!("{name}({})", args.join(", "))
    }

    fn span(&mut self) -> String {
        let len = match self.pick(8) {
            0 => "until 0".to_owned(),
            1 => format!("to {}", self.value(1)),
            2..=4 => "n".to_owned(),
            _ => self.value(1),
        };
        format!("{len} at {}", self.value(1))
    }

    /// An expression that is usually an address.
    fn addr(&mut self) -> String {
        match self.pick(4) {
            0 => "alloc(n)".to_owned(),
            1 => "2048".to_owned(),
            _ => self.value(0),
        }
    }

    fn set(&mut self, name: &'static str) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    fn statement(&mut self) {
        let mut set = Vec::new();
        let text = match self.pick(22) {
            0..=4 => {
                let value = if self.pick(2) == 0 {
                    self.value(0)
                } else {
                    self.call(0, &["alloc", "upper", "sign", "grow", "half", "twice", "divide"])
                };
                let name = self.one(&["a", "b", "c"]);
                set.push(name);
                format!("{name} = {value}")
            }
            5 => {
                set.extend(["a", "b"]);
                format!("(a, b) = {}", self.call(0, &["pair"]))
            }
            6 if self.is_chatty => format!("free_and_tell({})", self.one(&["8", "16", "n", "8", "24"])),
            6 => self.call(0, &["free", "dealloc"]),
            7 => self
                .call(0, &["nothing", "free", "pair", "half", "three", "missing?"])
                .replace("missing?", "missing")
                .replace("missing(", "nothing()?#"),
            8 => {
                set.push("c");
                "c = missing(n)?".to_owned()
            }
            9..=11 => {
                let parts =
                    self.one(&["", "line ", "line, 0 ", "\"ab\\n\", line, u16 n ", "u32 u32[100], 7 ", "\"\" "]);
                let room = if self.pick(3) == 0 { format!(" within {}", self.value(1)) } else { String::new() };
                format!("write {parts}at {}{room}", self.addr())
            }
            12 => format!("{}[{}] = {}", self.one(&["u8", "u16", "u32", "u64"]), self.addr(), self.value(0)),
            13..=15 => format!("read {}", self.span()),
            16 | 17 => format!("append {}", self.span()),
            18 => format!(
                "fail \"no: {}\" if {} {} {}",
                self.one(&["{n} of {n at 100}", "{n}", "{n:x}", "of {upper(n, n) at 100}"]),
                self.value(0),
                self.one(&["==", "<", ">"]),
                self.value(0)
            ),
            19 => self
                .one(&[
                    "answer the line",
                    "answer \"{n} bytes\"",
                    "append \"{n:x}\"",
                    "say \"hm {n}\"",
                    "grow 1",
                    "fail n at 100",
                    "say 5 at 100",
                ])
                .to_owned(),
            20 => format!("grow to {}", self.value(0)),
            _ => "read n at 2048".to_owned(),
        };
        let is_conditional = text.starts_with("fail \"") || self.pick(3) > 0;
        let condition = match is_conditional && !text.contains(" if ") && self.pick(2) == 0 {
            true => format!(" if {} {} {}", self.value(0), self.one(&["==", "!=", "<", ">"]), self.value(0)),
            false => String::new(),
        };
        let _ = writeln!(self.text, "  {text}{condition}");
        set.into_iter().for_each(|name| self.set(name));
    }

    /// A handler that calls an export which calls the handler again.
    fn nesting_handler(&mut self) {
        let first = self.one(&["y = x + 1", "y = sign(x)", "y = 0", "y = 5000000000"]);
        let _ = writeln!(self.text, "on env.again(x)\n  {first}");
        for _ in 0..self.pick(5) {
            let statement = self.one(&[
                "y = nest(x - 1) if x > 0",
                "nest(x - 1) if x > 1",
                "say \"{x} {y}\"",
                "say \"{x} {3 at 100 + x}\" if x < y",
                "u8[300 + x] = u8[299 + nest(x - 1)] if x > 0",
                "write \"ab\", u16 lo(y) at 310 + x",
                "y = y + alloc(x)",
                "dealloc(8 + x, y)",
                "fail \"odd {y}\" if x == 2",
                "stop if y == 3",
                "return y - 1 if x == 1",
                "c = x",
            ]);
            let _ = writeln!(self.text, "  {statement}");
        }
        let _ = writeln!(self.text, "  return x + lo(y)");
    }

    /// A section of at most that many statements.
    fn section(&mut self, name: &str, most: usize) {
        let _ = writeln!(self.text, "{name}");
        for _ in 0..self.pick(most) {
            self.statement();
        }
    }
}

/// The text of a recipe that is usually valid.
fn recipe_of(bytes: &[u8], is_chatty: bool) -> String {
    let head = if is_chatty { HEAD } else { "" };
    let mut writer = Writer { bytes, is_chatty, text: head.to_owned(), names: Vec::new() };
    if writer.pick(4) == 0 {
        writer.text.push_str("text utf8\n");
    }
    writer.section("once", 3);
    let _ = writeln!(writer.text, "each line");
    writer.statement();
    for _ in 0..writer.pick(7) {
        writer.statement();
    }
    writer.section("finally", 4);
    if is_chatty {
        let again = HANDLERS.find("on env.again").expect("it is there");
        writer.text.push_str(&HANDLERS[..again]);
        writer.nesting_handler();
    }
    writer.text
}

fn open(guest: &str, text: &str, limits: Limits) -> Option<Live> {
    let wish = ConventionRequest {
        recipe: Some(("odd.recipe".into(), recipe::parse(text).ok()?)),
        ..ConventionRequest::default()
    };
    let options = Options { wish, limits, ..Options::default() };
    let source = Source { name: "odd.wat".into(), bytes: guest.into() };
    Live::open(&source, &options, Watchdog::new(options.limits.time)).ok().map(|(live, _)| live)
}

/// An event at the line of that number: a failure or a message.
#[derive(Debug, PartialEq)]
enum Event {
    Failed(usize, Ended),
    Said(usize, Vec<Vec<u8>>),
    Noted(usize, Vec<String>),
}

#[derive(Debug, Default, PartialEq)]
struct Story {
    answers: Vec<u8>,
    events: Vec<Event>,
}

impl Story {
    fn note(&mut self, live: &mut Live, line: usize, ended: Ended) -> bool {
        let said: Vec<_> = live.messages().iter().map(<[u8]>::to_vec).collect();
        if !said.is_empty() {
            self.events.push(Event::Said(line, said));
        }
        let notes: Vec<_> = live.messages().notes().map(str::to_owned).collect();
        if !notes.is_empty() {
            self.events.push(Event::Noted(line, notes));
        }
        if ended.is_well() {
            return true;
        }
        let again = !ended.failures().any(Failure::leaves_guest_suspect) || live.restart().is_ok();
        self.events.push(Event::Failed(line, ended));
        again
    }
}

fn one_by_one(live: &mut Live, lines: &[Vec<u8>], separator: u8) -> Story {
    let mut story = Story::default();
    for (number, bytes) in lines.iter().enumerate() {
        let ended = live.answer(InputLine { bytes, ended: true }, &mut story.answers);
        if ended.answer.is_ok() {
            story.answers.push(separator);
        }
        if !story.note(live, number, ended) {
            break;
        }
    }
    story
}

fn in_batches(live: &mut Live, lines: &[Vec<u8>], separator: u8) -> Story {
    let mut story = Story::default();
    let whole: Vec<u8> = lines.iter().flat_map(|line| [line, &[separator][..]].concat()).collect();
    let (mut number, mut at) = (0, 0);
    while at < whole.len() {
        live.warm_up();
        let done = live.answers(&whole[at..], separator, &mut story.answers);
        (number, at) = (number + done.lines, at + done.bytes);
        assert!(done.lines > 0, "{number} lines are done, and that is all");
        if !story.note(live, number - 1, done.ended) {
            break;
        }
    }
    story
}

/// Runs the lines on two guests, one by one and in batches, and compares everything.
fn compare(guest: &str, recipe: &str, lines: &[Vec<u8>], separator: u8, limits: Limits) -> Option<bool> {
    let (mut alone, mut batched) = (open(guest, recipe, limits)?, open(guest, recipe, limits)?);
    let compiled = batched.warm_up();
    compare_stories(&mut alone, &mut batched, recipe, lines, separator);
    // Recording finds changes by comparing all of memory.
    let last = InputLine { bytes: b"last", ended: true };
    let (expected, found) = (alone.send(last, 1), batched.send(last, 1));
    assert_eq!((found.outcome, found.cleanup), (expected.outcome, expected.cleanup), "{recipe}");
    assert!(alone.present() == batched.present(), "{recipe}: the memories differ");
    assert_eq!(alone.globals(), batched.globals(), "{recipe}");
    Some(compiled)
}

/// Runs the lines on two guests, one by one and in batches, and compares answers, failures and messages.
fn compare_stories(alone: &mut Live, batched: &mut Live, recipe: &str, lines: &[Vec<u8>], separator: u8) {
    let expected = one_by_one(alone, lines, separator);
    let found = in_batches(batched, lines, separator);
    for (found, expected) in found.events.iter().zip(&expected.events) {
        assert_eq!(found, expected, "{recipe}");
    }
    assert_eq!(found.events.len(), expected.events.len(), "{recipe}: {:?}", found.events.first());
    assert!(
        found.answers == expected.answers,
        "{recipe}: {:?} and not {:?}",
        text(&found.answers),
        text(&expected.answers)
    );
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let line = prop_oneof![
        8 => prop::collection::vec(prop::sample::select(b"abcXYZ \0\xc3\xa9\xff".to_vec()), 0..24),
        4 => "[a-z]{0,20}".prop_map(String::into_bytes),
        1 => (0usize..3000).prop_map(|len| vec![b'x'; len]),
    ];
    prop::collection::vec(line, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn compiled_recipes_behave_like_interpreted_ones(bytes in prop::collection::vec(any::<u8>(), 20..120), lines in lines()) {
        let _ = compare(ODD, &recipe_of(&bytes, false), &lines, b'\n', Limits::default());
        let _ = compare(&chatty(), &recipe_of(&bytes, true), &lines, b'\n', Limits::default());
    }
}

#[test]
fn most_generated_recipes_are_valid_and_compile() {
    for (guest, is_chatty) in [(ODD.to_owned(), false), (chatty(), true)] {
        let (mut right, mut compiled) = (0, 0);
        for seed in 0..200u32 {
            let bytes = (0..100u32).flat_map(|place| ((seed * 7919 + place * 104_729) >> 7).to_le_bytes());
            let bytes: Vec<_> = bytes.step_by(4).collect();
            let lines = [b"hello".to_vec(), b"sevenup".to_vec(), Vec::new()];
            let done = compare(&guest, &recipe_of(&bytes, is_chatty), &lines, b'\n', Limits::default());
            right += usize::from(done.is_some());
            compiled += usize::from(done == Some(true));
        }
        assert!(right > 100 && compiled > 80, "{right} of 200 are right, {compiled} are compiled");
    }
}

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
