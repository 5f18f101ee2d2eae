//! Messages to the user that pass: notices, and what the guest says while it runs.

/// What is told above the input line.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// A message to the user, until the next key.
    pub(crate) notice: Option<String>,
    /// What the guest said last, while it runs.
    pub(crate) heard: Option<String>,
}
