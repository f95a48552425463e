//! A place that a dynamic supervisor keeps for a child to come.

use std::sync::Arc;

/// Hears of places that are given back.
pub(super) trait ReservesPlaces: Send + Sync {
    fn leave(&self);
}

/// Gives the place back when it is dropped without a child having taken it.
pub(crate) struct ReservedPlace(Option<Arc<dyn ReservesPlaces>>);

impl ReservedPlace {
    pub(super) fn new(supervisor: Arc<dyn ReservesPlaces>) -> Self {
        Self(Some(supervisor))
    }

    /// A child takes the place.
    pub(super) fn take(mut self) {
        self.0 = None;
    }
}

impl Drop for ReservedPlace {
    fn drop(&mut self) {
        if let Some(supervisor) = self.0.take() {
            supervisor.leave();
        }
    }
}
