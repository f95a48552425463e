//! What this program knows of its warden.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::reaper_table::ReaperTable;

#[derive(Debug, Default)]
pub(super) struct WardenState {
    pub(super) reapers: ReaperTable,
    pub(super) dead: bool,
    /// Whether the warden is meant to end.
    pub(super) closing: bool,
    /// Whether all is cleared up after a warden that has died before its time.
    pub(super) settled: bool,
    /// The init above this program, to which orphans come.
    pub(super) init: Option<i32>,
}

/// The state, whatever has panicked while it was locked.
pub(super) fn locked(state: &Mutex<WardenState>) -> MutexGuard<'_, WardenState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
