//! Runs the same lines on two guests, one by one and in batches, and compares everything.

use linmem::abi::{ConventionRequest, Ended, InputLine, RecipeFile};
use linmem::guest::Limits;
use linmem::record::Failure;
use linmem::session::{Live, Options, Source, Watchdog};

use crate::attack::compile;

pub(crate) fn open(guest: &str, text: &str, limits: Limits) -> Option<Live> {
    let wish = ConventionRequest {
        recipe: Some(RecipeFile::new("odd.recipe".to_owned(), text.to_owned()).ok()?),
        ..ConventionRequest::default()
    };
    let options = Options { wish, limits, compile: compile(), ..Options::default() };
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
pub(crate) struct Story {
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

pub(crate) fn one_by_one(live: &mut Live, lines: &[Vec<u8>], separator: u8) -> Story {
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

pub(crate) fn in_batches(live: &mut Live, lines: &[Vec<u8>], separator: u8) -> Story {
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
pub(crate) fn compare(guest: &str, recipe: &str, lines: &[Vec<u8>], separator: u8, limits: Limits) -> Option<bool> {
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
pub(crate) fn compare_stories(alone: &mut Live, batched: &mut Live, recipe: &str, lines: &[Vec<u8>], separator: u8) {
    let expected = one_by_one(alone, lines, separator);
    let found = in_batches(batched, lines, separator);
    for (found, expected) in found.events.iter().zip(&expected.events) {
        assert_eq!(found, expected, "{recipe}");
    }
    assert_eq!(found.events.len(), expected.events.len(), "{recipe}: {:?}", found.events.first());
    let text = |answers: &[u8]| answers.escape_ascii().to_string();
    let (found, expected) = (&found.answers, &expected.answers);
    assert!(found == expected, "{recipe}: {} and not {}", text(found), text(expected));
}
