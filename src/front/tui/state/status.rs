//! Transient messages: notices, and the guest's messages while it runs.

/// The messages above the input line.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// A notice, until the next key.
    pub(crate) notice: Option<String>,
    /// Whether the notice is about the running guest, and ends with the exchange.
    pub(crate) is_about_running: bool,
    /// Whether the memory has the keys because the guest stopped.
    pub(crate) gave_memory: bool,
    /// Whether the guest was told to go on in the input line, which keeps the keys at the next stop.
    pub(crate) keeps_line: bool,
    /// The guest's last message while it runs.
    pub(crate) heard: Option<String>,
}
