//! The command that checks: the last answer, the last failure, or memory.

use super::args::Args;
use super::look::inside;
use super::{Context, Error, Reply};
use crate::record::Trigger;
use crate::view::visible;

pub(super) fn expect(context: &mut Context<'_>, args: &mut Args<'_>, _: &str) -> Result<Reply, Error> {
    context.idle()?;
    if args.take("at") {
        return expect_at(context, args);
    }
    let failure = args.take("error");
    let wanted = args.all()?;
    let Last { answer, failure: failed } = last(context)?;
    let contains = |text: &String| text.contains(&*String::from_utf8_lossy(&wanted));
    match (answer, failed) {
        (_, Some(text)) if failure && contains(&text) => Ok(met()),
        (Some(answer), _) if !failure && answer == wanted => Ok(met()),
        (Some(answer), _) if !failure => Err(unmet(&wanted, &format!("the answer \"{}\"", visible(answer)))),
        (_, Some(text)) => Err(unmet(&wanted, &format!("the failure: {text}"))),
        (answer, None) => {
            let answer = visible(answer.unwrap_or_default());
            Err(Error(format!("a failure should have come, and the answer was \"{answer}\"")))
        }
    }
}

/// What the last line, or command, came to: an answer, a failure, or both.
struct Last<'a> {
    answer: Option<&'a [u8]>,
    failure: Option<String>,
}

fn last<'a>(context: &'a Context<'_>) -> Result<Last<'a>, Error> {
    if let Some(words) = context.session.refusal() {
        return Ok(Last { answer: None, failure: Some(words.to_owned()) });
    }
    let run = context.session.run();
    let last = run.len().checked_sub(1).and_then(|last| run.cause(last));
    let last = last.ok_or_else(|| Error("nothing happened yet".to_owned()))?;
    match last.trigger {
        Trigger::Start => Err(Error("nothing was sent yet, so there is no answer to check".to_owned())),
        _ => Ok(Last { answer: last.outcome.as_deref().ok(), failure: last.failure_text() }),
    }
}

fn expect_at(context: &Context<'_>, args: &mut Args<'_>) -> Result<Reply, Error> {
    let present = context.session.run().present();
    let image = present.get(context.session.memory()).ok_or_else(|| Error("the guest exports no memory".to_owned()))?;
    let addr = context.address(args)?;
    let wanted = match (args.take("hex"), args.take("text")) {
        (true, _) => args.hex()?,
        (_, true) => args.all()?,
        _ => return Err(Error("expected hex or text behind the address".to_owned())),
    };
    inside(image, addr, wanted.len() as u64)?;
    let mut found = vec![0; wanted.len()];
    image.read(addr, &mut found);
    if found == wanted {
        Ok(met())
    } else {
        Err(Error(format!("at {addr:#x} should stand {}, and there is {}", hex(&wanted), hex(&found))))
    }
}

fn met() -> Reply {
    Reply::Text(vec!["as expected".to_owned()])
}

fn unmet(wanted: &[u8], came: &str) -> Error {
    Error(format!("\"{}\" should have come, and there was {came}", visible(wanted)))
}

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
