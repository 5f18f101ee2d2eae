//! The indices of what instrumenting adds to a module.

/// The indices of the additions to a module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Added {
    /// The memory that contains the flags.
    pub(super) flag_memory: u32,
    pub(super) buffer_memory: u32,
    pub(super) cursor_global: u32,
    pub(super) hook_table: u32,
    pub(super) hook_type: u32,
    /// The function that calls the hook when the buffer is full.
    pub(super) drain_func: u32,
    /// The global that counts calls, and the function that is called at a stop point; in a module with stop points.
    pub(super) depth_global: u32,
    pub(super) point_func: u32,
}
