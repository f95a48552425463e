//! Where the kill handle of a tree's only process is found by what holds the tree.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::SetKillHandle;

/// Holds the kill handle of the process that was started last.
#[derive(Debug, Default)]
pub(crate) struct KillSlot(Mutex<Arc<SetKillHandle>>);

impl KillSlot {
    pub(crate) fn hold(&self, handle: &Arc<SetKillHandle>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(handle);
    }

    /// Kills the set, and blocks this thread until no process is left of it, for so long at most.
    pub(crate) fn kill_and_await(&self, within: Duration) -> bool {
        let handle = Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        handle.kill();
        handle.await_empty(within)
    }
}
