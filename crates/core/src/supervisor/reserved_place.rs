//! A place that a supervisor keeps for a child to come.

use std::sync::Arc;

/// Says why there is no place for one more child, and that waiting for one is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReserveError {
    /// The supervisor is stopping.
    #[error("the supervisor is stopping")]
    Stopping,
    /// The supervisor does not run at the moment, or this incarnation of it has ended.
    #[error("the supervisor does not run")]
    NotRunning,
}

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
