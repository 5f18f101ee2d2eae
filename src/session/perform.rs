//! Performs requests on a running guest.

use super::{GuestOp, Live, OpenError, Options, Request};
use crate::abi::InputLine;
use crate::guest::Boundary;
use crate::record::{Cause, FocusTarget, Trigger};

impl Live {
    /// Performs the request, and returns the resulting cause. A guest that is about to start is shown to `starting`.
    ///
    /// # Errors
    /// A fresh guest could not be created: the old one stays.
    pub(super) fn perform(
        &mut self,
        request: Request,
        number: u64,
        options: &Options,
        starting: &mut dyn FnMut(&Live),
    ) -> Result<Cause, OpenError> {
        let (words, deed) = match request {
            Request::Line(line) => return Ok(self.send(InputLine { bytes: &line, ended: true }, number)),
            Request::Command(words, deed) => (words, deed),
        };
        Ok(match deed {
            GuestOp::Call(name, args) => self.act(words, number, |guest| {
                let func = guest.recorded.func(&name)?;
                guest.recorded.transform_next(FocusTarget::Call);
                guest.call(&func, &args)
            }),
            GuestOp::Poke(memory, addr, bytes) => {
                self.act(words, number, |guest| guest.recorded.write(memory, addr, &bytes))
            }
            GuestOp::Grow(memory, pages) => {
                self.act(words, number, |guest| guest.recorded.grow(memory, pages).map(|_| ()))
            }
            GuestOp::Set(global, value) => self.act(words, number, |guest| guest.recorded.set(&global, value)),
            GuestOp::Reset => begun(words, self.restart_telling(starting)?),
            GuestOp::Reload(source) => begun(words, self.reload(&source, number, options, starting)?),
            GuestOp::Adopt(named) => begun(words, self.adopt_named(&named, starting)?),
            GuestOp::AdoptRecipe(recipe) => begun(words, self.adopt_recipe(*recipe, starting)?),
            GuestOp::Recompile(trace) => {
                begun(words, self.recompile(number, &Options { trace, ..options.clone() }, starting)?)
            }
        })
    }
}

/// The start of a fresh guest, attributed to a command.
fn begun(words: String, start: Cause) -> Cause {
    Cause { trigger: Trigger::Command(words), ..start }
}
