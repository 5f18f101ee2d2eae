//! Recipes: a convention as text, one step per line.
//!
//! A recipe goes through three stages: [`parse()`] reads the text, [`Recipe::bind`] resolves names and checks types
//! against a module, and [`Bound`] runs it. `assets/guide/recipes.md` describes the language.

mod activation;
mod answers;
mod batch;
mod bind;
mod blocks;
mod compile;
mod convert;
mod encoding;
mod error;
mod exchange;
mod failures;
mod freeing;
mod host;
mod imports;
mod last_words;
mod leb;
mod lower;
mod ops;
mod parse;
mod plausible;
mod print;
mod program_end;
mod quotes;
mod run;
mod say;
mod split;
mod state;
mod streams;
mod value_format;
mod values;
mod visit;
mod wasi;
mod wasi2;
mod wasi2_call;

pub use answers::Answers;
pub use batch::{Answered, Batch};
pub use bind::Bound;
pub(crate) use encoding::encode;
pub use error::RecipeError;
pub use exchange::{Ended, Exchange, InputLine};
pub(in crate::abi) use imports::{advice, unanswered_imports};
pub use parse::{format, parse, parse_all};

pub(crate) use imports::is_wasi;
pub(in crate::abi) use leb::push_leb;
pub(crate) use print::quoted;
pub(crate) use quotes::in_quotes;
pub use say::{MessageRoom, Messages};
pub use streams::{StreamError, Streams};
pub use wasi::Invocation;

/// A recipe as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// Its name.
    pub name: String,
    /// What it is for, as a sentence.
    pub about: String,
    /// How lines and answers are encoded.
    pub encoding: Encoding,
    /// What separates the texts of a line, if it has several.
    pub split: Option<String>,
    /// The exported memory to use; by default the first one.
    pub memory: Option<String>,
    /// Whether the host provides WASI, with the line as standard input.
    pub wasi: bool,
    /// Whether standard input is exactly the line's bytes and standard output exactly the answer: no LF is added or
    /// removed.
    pub exact_stdin: bool,
    /// Whether unresolved imports are noted and return zero.
    pub stubs: bool,
    /// Whether each line gets a fresh instance.
    pub fresh: bool,
    /// The section `once`: runs once for each fresh instance.
    pub once: Vec<Statement>,
    /// The section `each line`.
    pub line: Vec<Statement>,
    /// The section `finally`: runs once the answer is settled, even if the line failed.
    pub finally: Vec<Statement>,
    /// The handlers of imports.
    pub handlers: Vec<Handler>,
}

/// How a line is encoded for the guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Unchanged.
    #[default]
    Bytes,
    /// Unchanged, but must be valid UTF-8.
    Utf8,
    /// UTF-16, little-endian. The answer is converted back to UTF-8.
    Utf16,
    /// One byte for each of the first 256 characters. Only texts of the guest may be in it, not the line.
    Latin1,
    /// The line is hexadecimal digits for the bytes to send; the answer is printed as such digits.
    Hex,
}

/// A handler: runs when the guest calls an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// Its first line in the text, from 1.
    pub at: usize,
    /// The import's module.
    pub module: String,
    /// The import's name.
    pub name: String,
    /// The names of the arguments.
    pub params: Vec<String>,
    /// Its statements.
    pub body: Vec<Statement>,
}

/// One line of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The line of the text, from 1.
    pub at: usize,
    /// Whether it is the transform, marked with `*`.
    pub transform: bool,
    /// The action.
    pub action: Action,
    /// Run the action only if this holds.
    pub condition: Option<Condition>,
}

/// The action of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `x = e`, `(x, y) = f(..)`, or `f(..)` with no names.
    Let(Vec<String>, Expr),
    /// `write line, 0 at p within r`.
    Write {
        /// The parts to write, one after another.
        parts: Vec<Part>,
        /// The address.
        at: Expr,
        /// The number of bytes available there.
        within: Option<Expr>,
    },
    /// `u32[p] = e`.
    Store(Width, Expr, Expr),
    /// `read n at p`: the answer is those bytes.
    Read(Span),
    /// `append n at p`, `append "{x} "`: appends those bytes or that text to the answer.
    Append(Message),
    /// `answer the line`: the answer is the line.
    AnswerLine,
    /// `answer stdout`: the answer is what the guest wrote to its standard output.
    AnswerStdout,
    /// `answer "{x}"`: the answer is that text.
    Answer(String),
    /// `fail ..`: the exchange fails with that message.
    Fail(Message),
    /// `say ..`: a message of the guest, separate from the answer.
    Say(Message),
    /// `stop`, in a handler: traps.
    Stop,
    /// `return e`, in a handler: what the import returns.
    Return(Vec<Expr>),
    /// `grow n`: grows the memory by that many pages.
    Grow(Expr),
    /// `grow to n`: grows the memory to at least that many bytes.
    GrowTo(Expr),
}

/// A part of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The line, encoded.
    Line,
    /// A text of a split line, by its number: `line2`.
    OfLine(usize),
    /// One byte.
    Byte(u8),
    /// Constant text.
    Text(String),
    /// `u16 units`: a number of that width.
    Number(Width, Expr),
    /// `leb n`: a number in unsigned LEB128.
    Leb(Expr),
}

/// Bytes in the guest's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The encoding, if it differs from the recipe's.
    pub encoding: Option<Encoding>,
    /// The length.
    pub len: Length,
    /// The address.
    pub at: Expr,
}

/// The length of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Length {
    /// That many bytes.
    Bytes(Expr),
    /// Up to the first zero byte, exclusive.
    UntilZero,
    /// Up to that address, exclusive.
    To(Expr),
}

/// A message: text, or bytes from the guest's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text with placeholders: `{x}` is the value of x, `{x:08x}` its hexadecimal digits, padded to eight, and `{n at
    /// p}` bytes from the guest's memory.
    Words(String),
    /// Bytes from the guest's memory.
    Span(Span),
    /// `the answer`: the answer so far.
    Answer,
}

/// A comparison such as `a == b`. Values of type i32 are compared as signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The left side.
    pub left: Expr,
    /// The operator.
    pub comparison: Comparison,
    /// The right side.
    pub right: Expr,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `>`
    Greater,
}

/// The width of a little-endian number in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// One byte.
    U8,
    /// Two bytes.
    U16,
    /// Four bytes.
    U32,
    /// Eight bytes.
    U64,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// A 64-bit number. Numbers from 2^63 up are stored as negative.
    Number(i64),
    /// A name: `n` is the line's length in bytes and `units` in UTF-16 code units; others are set by earlier lines.
    Name(String),
    /// `f(..)`, a call of an export; `f(..)?` is skipped if the guest does not export it.
    Call {
        /// The export.
        export: String,
        /// The arguments.
        args: Vec<Expr>,
        /// Whether the export may be missing.
        optional: bool,
    },
    /// `u32[p]`, a number in memory.
    Load(Width, Box<Expr>),
    /// `leb[p]`, a number in unsigned LEB128.
    Leb(Box<Expr>),
    /// `past leb[p]`, the address after that number.
    PastLeb(Box<Expr>),
    /// `lo(x)`, the low 32 bits.
    Low(Box<Expr>),
    /// `hi(x)`, the high 32 bits.
    High(Box<Expr>),
    /// `hilo(a, b)`, 64 bits from the low halves of two values.
    HighLow(Box<Expr>, Box<Expr>),
    /// `a + b`
    Sum(Box<Expr>, Box<Expr>),
    /// `a - b`
    Difference(Box<Expr>, Box<Expr>),
    /// `@name`, the current value of an exported global.
    Global(String),
}

impl Encoding {
    /// Its keyword.
    pub fn word(self) -> &'static str {
        match self {
            Encoding::Bytes => "bytes",
            Encoding::Utf8 => "utf8",
            Encoding::Utf16 => "utf16",
            Encoding::Latin1 => "latin1",
            Encoding::Hex => "hex",
        }
    }
}

impl Width {
    /// Its keyword.
    pub fn word(self) -> &'static str {
        match self {
            Width::U8 => "u8",
            Width::U16 => "u16",
            Width::U32 => "u32",
            Width::U64 => "u64",
        }
    }

    /// Its size in bytes.
    pub fn bytes(self) -> usize {
        match self {
            Width::U8 => 1,
            Width::U16 => 2,
            Width::U32 => 4,
            Width::U64 => 8,
        }
    }
}

impl Comparison {
    /// Its operator in a recipe.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::Greater => ">",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the guide, and corner cases of the language.
    const EXAMPLES: &[&str] = &[
        "name static-buffer\nabout The guest's own buffer.\nonce\n  room = get_len()?\neach line\n  ptr = get_ptr()\n  write at ptr within room\n* len = f(n)\n  fail \"no: {len}\" if len < 0\n  read len at get_ptr()",
        "each line\n  ptr = alloc(n)\n  write at ptr\n* out = f(ptr, n)\n  read lo(out) at hi(out)\nfinally\n  dealloc(ptr, n)\n  dealloc(hi(out), lo(out))",
        "text utf16\nmemory \"odd name\"\neach line\n  ptr = __pin(__new(n, 2))\n  write text, 0 at ptr  # a comment\n  out = shout(ptr)\n  read u32[out - 4] at out\n  append utf8 until 0 at (out + 1) - (2 - 3)\non env.abort(message, file)\n  fail utf16 u32[message - 4] at message\n  stop\non \"./x.js\".log(p, l)\n  say l at p\n  return 0",
        "host wasi\nstdin exact\nhost stubs\ninstance fresh\neach line\n* _start()\n  append \"{n} \"\n  answer stdout",
        "text utf16\neach line\n  write u16 units, line at f(u8[4]) within 4096 - 2\n  write u64 hi(n) + 1, 0 at 8\n  fail utf8 to 9 at 3",
        "text hex\neach line\n  x = f(n)\n  answer \"{x:08x} of {n}\" if x < 0\n  read hex 8 at 16\non m.f(a)\n  return a, 0",
        "each line\n  u32[0x10] = n + 1\n  write \"a \\\"b\\\" \\\\ \\n\\0\", 255 at @buffer\n  (ptr, len) = \"\"(1, -2)\n  read to len at ptr\n  answer the line if len == 0\n  grow 1",
    ];

    /// The first statement of a recipe, printed.
    fn first(statement: &str) -> String {
        let recipe = parse(&format!("each line\n  {statement}")).expect(statement);
        recipe.line[0].to_string().trim().to_owned()
    }

    #[test]
    fn a_word_that_begins_a_statement_is_not_the_name_of_an_export() {
        for (statement, printed) in [
            ("grow (n + 1)", "grow n + 1"),
            ("grow(1)", "grow 1"),
            ("read (n) at 0", "read n at 0"),
            ("append (n) at (p)", "append n at p"),
            ("fail (n) at p", "fail n at p"),
            ("say (n) at p", "say n at p"),
            ("return (n), 1", "return n, 1"),
            // Quoted, or where it is unambiguous.
            ("\"grow\"(1)", "\"grow\"(1)"),
            ("x = grow(1)", "x = \"grow\"(1)"),
            ("write(p, n)", "\"write\"(p, n)"),
            ("grow(1)? if n > 2", "\"grow\"(1)? if n > 2"),
            ("stop()", "\"stop\"()"),
            // A name of a value is recognized by the token after it.
            ("grow = 1", "grow = 1"),
            ("read hex at p", "read hex at p"),
            ("read until at to", "read until at to"),
            ("read hex hex at hex", "read hex hex at hex"),
        ] {
            assert_eq!(first(statement), printed);
        }
        let action = |statement| parse(&format!("each line\n  {statement}")).expect(statement).line.remove(0).action;
        assert!(matches!(action("grow (n + 1)"), Action::Grow(_)));
        assert!(matches!(action("read hex at p"), Action::Read(Span { encoding: None, .. })));
    }

    #[test]
    fn literals_have_64_bits() {
        for (literal, number) in [
            ("9223372036854775807", i64::MAX),
            ("9223372036854775808", i64::MIN),
            ("0x8000000000000000", i64::MIN),
            ("-9223372036854775808", i64::MIN),
            ("18446744073709551615", -1),
            ("0xffff_ffff_ffff_ffff", -1),
        ] {
            let recipe = parse(&format!("each line\n  x = {literal}")).expect(literal);
            assert_eq!(recipe.line[0].action, Action::Let(vec!["x".to_owned()], Expr::Number(number)));
        }
    }

    /// Parses a recipe and clears its line numbers, which printing changes.
    fn timeless(text: &str) -> Recipe {
        let mut recipe = parse(text).expect("the example is right");
        let Recipe { once, line, finally, handlers, .. } = &mut recipe;
        handlers.iter_mut().for_each(|handler| handler.at = 0);
        let bodies = handlers.iter_mut().map(|handler| &mut handler.body);
        [once, line, finally].into_iter().chain(bodies).flatten().for_each(|statement| statement.at = 0);
        recipe
    }

    #[test]
    fn what_is_printed_reads_as_the_same_recipe() {
        for text in EXAMPLES {
            let recipe = timeless(text);
            assert_eq!(timeless(&recipe.to_string()), recipe);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_written_as_an_escape() {
        let text = "each line\n* x = \"a\\u{1b}[2J\\u{202e}\\n\\0é\\u{1f600}\"()\n";
        let recipe = parse(text).expect("it is right");
        let Action::Let(_, Expr::Call { export, .. }) = &recipe.line[0].action else { panic!("it is a call") };
        assert_eq!(&**export, "a\u{1b}[2J\u{202e}\n\0é\u{1f600}");
        assert_eq!(recipe.to_string(), text.replace("\\u{1f600}", "\u{1f600}"));
        assert_eq!(format(text).as_deref(), Ok(text));
    }

    #[test]
    fn errors_name_the_line_and_what_was_expected() {
        for (text, at, words) in [
            ("", 0, "missing section `each line`"),
            ("each line\n  read 3 ptr", 2, "expected `at`, found `ptr`"),
            ("each line\n  x = ", 2, "expected a value, but the line ends"),
            ("each line\n  x", 2, "this is not a statement"),
            ("each line\n  n = 3", 2, "`n` is the line's length"),
            ("each line\n  write 300 at 0", 2, "300 does not fit in a byte"),
            ("each line\n  f(\"x)", 2, "missing closing quote"),
            ("each line\n  x = 12ab", 2, "`12ab` is not a number"),
            ("each line\n  f(1) g(2)", 2, "expected the end of the line, found `g`"),
            ("each line\n  x = 18446744073709551616", 2, "`18446744073709551616` does not fit in 64 bits"),
            ("each line\n  x = -9223372036854775809", 2, "-9223372036854775809 does not fit in 64 bits"),
            (
                "each line\n  read(p, n) at 3",
                2,
                "to call an export named `read`, write its name in quotes: \"read\"(..)",
            ),
            ("each line\n  grow(1) at 2", 2, "to call an export named `grow`"),
            ("each line\n  (n, x) = f()", 2, "`n` is the line's length; choose another name"),
            ("each line\n  f()\non env.log(p, n)", 3, "`n` is the line's length; choose another name"),
            ("hello", 1, "before the first section"),
            ("text latin1\neach line\n f()", 1, "bytes, utf8, utf16 or hex"),
            ("each line\n  x = f(y) % 3", 2, "unexpected character `%`"),
            ("each line\n  x = \u{1b}[2J", 2, "the character U+001B cannot be seen; in quotes, \\u{1b} stands for it"),
            ("each line # \u{202e}", 1, "the character U+202E cannot be seen"),
            ("name \u{9b}\neach line", 1, "the character U+009B cannot be seen"),
            ("each line\n  \"\\u{110000}\"()", 2, "unknown escape in quotes"),
            ("each line\n  x = f \"\\u{7}\"", 2, "found \"\\u{7}\""),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.at == at && error.words.contains(words), "{text}: {error}");
        }
        for (open, close) in [("(", ")"), ("-", ""), ("f(", ")"), ("u8[", "]"), ("lo(", ")")] {
            let deep = format!("each line\n x = {}1{}", open.repeat(50_000), close.repeat(50_000));
            assert!(parse(&deep).expect_err("too deep").words.contains("nested too deeply"));
        }
    }
}
