//! Messages to the user that pass: notices, and what the guest says while it runs.

/// The messages above the input line.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// A message to the user, until the next key.
    pub(crate) notice: Option<String>,
    /// Whether the notice is about what the guest does, and ends with that.
    pub(crate) is_about_running: bool,
    /// Whether the memory has the keys because the guest stopped.
    pub(crate) gave_memory: bool,
    /// What the guest said last, while it runs.
    pub(crate) heard: Option<String>,
}
