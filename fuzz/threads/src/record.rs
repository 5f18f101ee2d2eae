//! Why an exchange has no answer.

use std::time::Duration;

#[derive(Debug, PartialEq)]
pub(crate) enum Limit {
    Time(Duration),
    Step(Duration),
}

#[derive(Debug, PartialEq)]
pub(crate) enum Failure {
    Limit(Limit),
    Interrupted,
}
