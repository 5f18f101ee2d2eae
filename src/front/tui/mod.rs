//! x
use crate::cli::Cli; use crate::session::Source; use super::Status;
pub(super) fn run(_: Source, _: &Cli) -> Status { Status::Answered }
