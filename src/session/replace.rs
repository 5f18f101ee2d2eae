//! Replaces a running guest by a fresh one: of its module, of another one, or with another convention.

use std::path::Path;

use super::driving::Driving;
use super::factory::{prepare, time_of_code};
use super::facts::facts;
use super::settle::settle;
use super::{Live, OpenError, Options, Source};
use crate::abi::{ConventionRequest, Recipe, RecipeFile, choose, is_contested};
use crate::record::{Cause, Outcome, Trigger};

impl Live {
    /// Replaces the guest by a fresh instance of its module, and returns the cause of its start.
    ///
    /// # Errors
    /// As for [`Live::open`]: the start function runs again.
    pub fn restart(&mut self) -> Result<Cause, OpenError> {
        self.restart_telling(&mut |_| ())
    }

    /// As [`Live::restart`], calling `starting` before any code of the guest runs.
    pub(super) fn restart_telling(&mut self, starting: &mut dyn FnMut(&Live)) -> Result<Cause, OpenError> {
        self.program.improve();
        let mut recorder = self.recorder.renewed();
        let (mut guest, mut exchange, elapsed) = self.birth().instance().inspect_err(|_| self.guest.take_watch())?;
        starting(self);
        self.watch.control().begin(self.is_unstoppable);
        let facts = || facts(self.program.interface(), &self.choice.recipe);
        let mut poison = self.poison.as_ref().map(|poison| poison.renewed(facts()));
        let prepared = prepare(&mut guest, &mut exchange, &mut recorder, poison.as_mut(), elapsed);
        self.watch.control().end();
        if let Err(failure) = prepared {
            self.guest.take_watch();
            return Err(OpenError::Prepare(failure));
        }
        (self.guest, self.exchange, self.recorder, self.used) = (guest, exchange, recorder, false);
        self.driving.detach();
        self.poison = poison;
        let start = self.recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        self.started = time_of_code(&start);
        Ok(start)
    }

    /// Changes the convention and replaces the guest by a fresh one. Returns the cause of its start. On an error
    /// nothing changes.
    ///
    /// # Errors
    /// The convention does not match, or as for [`Live::restart`].
    pub(super) fn adopt_named(&mut self, named: &Path, starting: &mut dyn FnMut(&Live)) -> Result<Cause, OpenError> {
        let wish = self.wish.named_within(named, &self.program.limits()).map_err(OpenError::NoConvention)?;
        self.adopt(wish, starting)
    }

    /// The same, with this recipe. It names the transform itself.
    ///
    /// # Errors
    /// As for [`Live::adopt_named`].
    pub(super) fn adopt_recipe(&mut self, recipe: Recipe, starting: &mut dyn FnMut(&Live)) -> Result<Cause, OpenError> {
        let recipe = Some(RecipeFile { name: recipe.name.clone(), text: recipe.to_string(), recipe });
        self.adopt(ConventionRequest { call: None, convention: None, recipe, ..self.wish.clone() }, starting)
    }

    fn adopt(&mut self, wish: ConventionRequest, starting: &mut dyn FnMut(&Live)) -> Result<Cause, OpenError> {
        let mut choice = choose(self.program.interface(), &wish);
        if wish.may_run() && is_contested(&choice) {
            choice = settle(choice, &self.program, (&wish, None), &self.invocation, &self.watch);
            self.guest.take_watch();
        }
        let choice = choice.map_err(OpenError::NoConvention)?;
        let before = std::mem::replace(&mut self.choice, choice);
        let started = self.restart_telling(starting);
        match started {
            Ok(_) => (self.wish, self.driving) = (wish, Driving::default()),
            Err(_) => self.choice = before,
        }
        started
    }

    /// Replaces the guest by one of another module, and returns the cause of its start. On an error nothing changes.
    ///
    /// # Errors
    /// As for [`Live::open`].
    pub(super) fn reload(
        &mut self,
        source: &Source,
        number: u64,
        options: &Options,
        starting: &mut dyn FnMut(&Live),
    ) -> Result<Cause, OpenError> {
        let options = Options { wish: self.wish.clone(), ..options.clone() };
        let cancellation = self.watch.load_for(number);
        let loaded = Live::load(source, &options, self.watch.clone(), &cancellation);
        self.give_way(loaded, starting)
    }

    /// Starts the guest that was loaded, which takes this one's place unless that fails.
    fn give_way(
        &mut self,
        loaded: Result<Live, OpenError>,
        starting: &mut dyn FnMut(&Live),
    ) -> Result<Cause, OpenError> {
        let started = loaded.and_then(|mut live| {
            live.is_unstoppable = self.is_unstoppable;
            starting(&live);
            let start = live.start()?;
            Ok((live, start))
        });
        let (live, start) = started.inspect_err(|_| self.take_back())?;
        *self = live;
        Ok(start)
    }

    /// Takes the watch back that another guest had, which did not take this one's place.
    fn take_back(&self) {
        self.guest.take_watch();
        self.stops.tell(&self.watch, &self.debug, self.program.points());
    }

    /// Replaces the guest by one of the same module that is compiled with `options`, so that it can be stopped.
    ///
    /// # Errors
    /// As for [`Live::open`], or [`OpenError::Unstoppable`].
    pub(super) fn recompile(
        &mut self,
        number: u64,
        options: &Options,
        starting: &mut dyn FnMut(&Live),
    ) -> Result<Cause, OpenError> {
        let source = Source { name: self.name.clone(), bytes: self.debug.module().to_vec() };
        let options = Options { wish: self.wish.clone(), ..options.clone() };
        let cancellation = self.watch.load_for(number);
        let loaded = Live::load(&source, &options, self.watch.clone(), &cancellation);
        let stoppable = loaded.and_then(|live| match live.why_untraced() {
            Some(why) => Err(OpenError::Unstoppable(why.to_owned())),
            None => Ok(live),
        });
        self.give_way(stoppable, starting)
    }
}
