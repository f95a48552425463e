//! A place that a dynamic supervisor keeps for a child to come.

use std::sync::Arc;

/// Hears of places that are given back.
pub(super) trait KeepsRoom: Send + Sync {
    fn leave(&self);
}

/// Gives the place back when it is dropped without a child having taken it.
pub(crate) struct Room(Option<Arc<dyn KeepsRoom>>);

impl Room {
    pub(super) fn new(supervisor: Arc<dyn KeepsRoom>) -> Self {
        Self(Some(supervisor))
    }

    /// A child takes the place.
    pub(super) fn take(mut self) {
        self.0 = None;
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(supervisor) = self.0.take() {
            supervisor.leave();
        }
    }
}
