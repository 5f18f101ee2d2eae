//! Carries a host failure through the guest's frames to the call that entered the guest.

use std::fmt;

use wasmer::RuntimeError;

use crate::record::Failure;

/// The failure as a wasmer user error.
#[derive(Debug)]
struct Stop(Failure);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Stop {}

/// The error that a host function returns to stop the guest.
pub(super) fn stop(failure: Failure) -> RuntimeError {
    RuntimeError::user(Box::new(Stop(failure)))
}

/// The failure that stopped the guest. Returns other errors unchanged.
pub(super) fn stopped_by(error: RuntimeError) -> Result<Failure, RuntimeError> {
    error.downcast::<Stop>().map(|stop| stop.0)
}
