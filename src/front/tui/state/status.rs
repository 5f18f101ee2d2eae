//! Transient messages: notices, and the guest's messages while it runs.

/// The messages above the input line.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// A notice, until the next key.
    pub(crate) notice: Option<String>,
    /// Whether the notice is about the running guest, and ends with the exchange.
    pub(crate) is_about_running: bool,
    /// The guest's last message while it runs.
    pub(crate) heard: Option<String>,
}
