//! Evidence for a convention, parsed from the `evidence` section of its recipe file.
//!
//! | line | meaning |
//! | --- | --- |
//! | `score 70` | how strong the evidence is, from 0 to 100 |
//! | `exports f, g` | the module exports functions of these names |
//! | `imports m` | it imports something from module `m`; `imports wasi` means functions of WASI |
//! | `f: TYPE, HOW, "does x"` | an export of that type stands for `f` in the recipe, and this is what it does |
//! | `f?: ...` | the same, if there is one; else the recipe's calls of `f` that are not optional are left out |
//! | `* f: TYPE` | it is the transform: the one export of that type that serves no other purpose |
//! | `import m.f: TYPE, HOW, "does x"` | an import stands for the one that the recipe handles |
//! | `place ptr` | the recipe's `ptr` is set to where the module leaves memory free |
//! | `alone "doubt"` | the evidence is weak if other exports could be transforms |
//! | `doubt "words"` | what the evidence leaves open |
//!
//! TYPE is `(i32, i32?) -> i32`, where `?` marks an optional parameter; `TYPE or TYPE` allows either. HOW is `named
//! KIND KIND` (the name contains a word of each kind), `named KIND or alone` (or it is the only one of its type, which
//! is weak), `first named KIND` (the first of several), `called NAME or PREFIX*`, or `size of f` (the name of `f`, with
//! a word for a size).

use crate::guest::{Signature, Type};

use crate::abi::names::Kind;

/// The evidence for a convention.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) score: u32,
    /// Exports whose names identify the convention.
    pub(super) exports: Vec<String>,
    /// The module from which something must be imported.
    pub(super) imports: Option<String>,
    /// The exports that the recipe calls.
    pub(super) roles: Vec<Role>,
    /// The import that the recipe handles.
    pub(super) import: Option<Role>,
    /// The name in the recipe that is set to the start of free memory.
    pub(super) place: Option<String>,
    /// The doubt that applies if other exports could be transforms.
    pub(super) alone: Option<String>,
    pub(super) doubts: Vec<String>,
}

/// A function that the recipe calls or handles, and how to recognize the module's counterpart.
#[derive(Debug)]
pub(super) struct Role {
    /// Its name in the recipe.
    pub(super) name: String,
    pub(super) optional: bool,
    pub(super) transform: bool,
    pub(super) types: Vec<Pattern>,
    pub(super) how: How,
    /// What it does, as a phrase after its name.
    pub(super) does: Option<String>,
}

/// How a function is recognized, besides its type.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By its type alone.
    Type,
    Named {
        kinds: Vec<Kind>,
        /// Take the first if several match.
        first: bool,
        /// If no name matches, accept the only function of its type.
        or_alone: bool,
    },
    /// By its name, or a prefix of it.
    Called(Vec<String>),
    /// By its name: that of another role, with a word for a size.
    SizeOf(String),
}

/// A function type whose last parameters may be optional.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) full: Signature,
    /// The minimum number of parameters.
    pub(super) least: usize,
}

impl Pattern {
    pub(super) fn matches(&self, ty: &Signature) -> bool {
        let (count, Signature { params, results }) = (ty.params.len(), &self.full);
        (self.least..=params.len()).contains(&count) && ty.params == params[..count] && ty.results == *results
    }
}

/// Parses evidence.
///
/// # Errors
/// The first invalid line, and the reason.
pub(super) fn parse(text: &str) -> Result<Evidence, String> {
    let mut evidence = Evidence::default();
    for line in text.lines() {
        let tokens = tokens(line)?;
        let mut reader = Reader { tokens: &tokens };
        reader.line(&mut evidence).map_err(|error| format!("{line}: {error}"))?;
    }
    Ok(evidence)
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Quoted(&'a str),
    Sign(char),
}

fn tokens(line: &str) -> Result<Vec<Token<'_>>, String> {
    let is_word = |c: char| c.is_alphanumeric() || "_-.$*?>".contains(c);
    let (mut tokens, mut rest) = (Vec::new(), line.trim());
    while let Some(first) = rest.chars().next() {
        let (token, len) = match first {
            '"' => {
                let len = rest[1..].find('"').ok_or("missing closing quote")?;
                (Token::Quoted(&rest[1..=len]), len + 2)
            }
            c if is_word(c) => {
                let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                (Token::Word(&rest[..len]), len)
            }
            c => (Token::Sign(c), c.len_utf8()),
        };
        tokens.push(token);
        rest = rest[len..].trim_start();
    }
    Ok(tokens)
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
}

impl<'a> Reader<'a> {
    fn line(&mut self, evidence: &mut Evidence) -> Result<(), String> {
        match (self.tokens.first(), self.tokens.get(1)) {
            (None, _) => return Ok(()),
            (Some(Token::Word("*")), _) => {
                self.next();
                evidence.roles.push(Role { transform: true, ..self.role()? });
            }
            (Some(Token::Word(_)), Some(Token::Sign(':'))) => evidence.roles.push(self.role()?),
            (Some(Token::Word(word)), _) => {
                self.next();
                match *word {
                    "score" => evidence.score = self.word()?.parse().map_err(|_| "a score is a number")?,
                    "exports" => evidence.exports = self.list(Token::Sign(','))?,
                    "imports" => evidence.imports = Some(self.word()?),
                    "import" => evidence.import = Some(self.role()?),
                    "place" => evidence.place = Some(self.word()?),
                    "alone" => evidence.alone = Some(self.quoted()?),
                    "doubt" => evidence.doubts.push(self.quoted()?),
                    other => return Err(format!("unknown word `{other}`")),
                }
            }
            (Some(other), _) => return Err(format!("unexpected {other:?}")),
        }
        self.tokens.first().map_or(Ok(()), |rest| Err(format!("unexpected {rest:?}")))
    }

    /// `name: TYPE, HOW, "does"`
    fn role(&mut self) -> Result<Role, String> {
        let word = self.word()?;
        let name = word.trim_end_matches('?');
        self.sign(':')?;
        let mut types = vec![self.pattern()?];
        while self.takes(&Token::Word("or")) {
            types.push(self.pattern()?);
        }
        let (mut how, mut does) = (How::Type, None);
        while self.takes(&Token::Sign(',')) {
            match self.tokens.first() {
                Some(Token::Quoted(_)) => does = Some(self.quoted()?),
                _ => how = self.how()?,
            }
        }
        Ok(Role { name: name.to_owned(), optional: word.ends_with('?'), transform: false, types, how, does })
    }

    fn how(&mut self) -> Result<How, String> {
        let first = self.takes(&Token::Word("first"));
        match self.word()?.as_str() {
            "named" => {
                let mut kinds = Vec::new();
                while let Some(kind) = self.tokens.first().and_then(Token::kind) {
                    self.next();
                    kinds.push(kind);
                }
                let or_alone = self.takes(&Token::Word("or"));
                if or_alone {
                    self.expect(&Token::Word("alone"))?;
                }
                Ok(How::Named { kinds, first, or_alone })
            }
            "called" => Ok(How::Called(self.list(Token::Word("or"))?)),
            "size" => {
                self.expect(&Token::Word("of"))?;
                Ok(How::SizeOf(self.word()?))
            }
            other => Err(format!("unknown way to recognize a function: `{other}`")),
        }
    }

    /// `(i32, i32?) -> i32`, `() -> (i32, i32)`
    fn pattern(&mut self) -> Result<Pattern, String> {
        let params = self.types()?;
        self.expect(&Token::Word("->"))?;
        let results = match self.tokens.first() {
            Some(Token::Sign('(')) => self.types()?,
            _ => vec![self.word()?],
        };
        let least = params.iter().take_while(|word| !word.ends_with('?')).count();
        let types = |words: Vec<String>| words.iter().map(|word| ty(word)).collect::<Result<Vec<_>, _>>();
        Ok(Pattern { full: Signature { params: types(params)?, results: types(results)? }, least })
    }

    fn types(&mut self) -> Result<Vec<String>, String> {
        self.sign('(')?;
        if self.takes(&Token::Sign(')')) {
            return Ok(Vec::new());
        }
        let types = self.list(Token::Sign(','))?;
        self.sign(')')?;
        Ok(types)
    }

    fn list(&mut self, separator: Token<'_>) -> Result<Vec<String>, String> {
        let mut words = vec![self.word()?];
        while self.takes(&separator) {
            words.push(self.word()?);
        }
        Ok(words)
    }

    fn next(&mut self) -> Option<&'a Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn word(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(word)) => Ok((*word).to_owned()),
            other => Err(format!("expected a word, found {other:?}")),
        }
    }

    fn quoted(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Quoted(words)) => Ok((*words).to_owned()),
            other => Err(format!("expected words in quotes, found {other:?}")),
        }
    }

    fn sign(&mut self, sign: char) -> Result<(), String> {
        self.expect(&Token::Sign(sign))
    }

    fn expect(&mut self, token: &Token<'_>) -> Result<(), String> {
        if self.takes(token) { Ok(()) } else { Err(format!("expected {token:?}, found {:?}", self.tokens.first())) }
    }

    fn takes(&mut self, token: &Token<'_>) -> bool {
        let taken = self.tokens.first() == Some(token);
        if taken {
            self.next();
        }
        taken
    }
}

impl Token<'_> {
    fn kind(&self) -> Option<Kind> {
        match self {
            Token::Word(word) => Kind::of(word),
            _ => None,
        }
    }
}

fn ty(word: &str) -> Result<Type, String> {
    match word.trim_end_matches('?') {
        "i32" => Ok(Type::I32),
        "i64" => Ok(Type::I64),
        "f32" => Ok(Type::F32),
        "f64" => Ok(Type::F64),
        other => Err(format!("unknown type `{other}`")),
    }
}
