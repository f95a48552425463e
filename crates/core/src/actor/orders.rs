//! What the supervisor of an actor wants of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use crate::context::StopScope;

/// What the supervisor wants of an actor.
#[derive(Clone)]
pub(super) struct ActorOrders {
    pub(super) stop: CancellationToken,
    pub(super) force: CancellationToken,
    /// Whether the owner has had its turn since it was told to force the actor.
    forced: Arc<AtomicBool>,
    /// The supervisor's own scope.
    scope: Arc<StopScope>,
}

impl ActorOrders {
    pub(super) fn new(scope: Arc<StopScope>) -> Self {
        Self {
            stop: CancellationToken::new(),
            force: CancellationToken::new(),
            forced: Arc::default(),
            scope,
        }
    }

    /// Whether an end of the actor now is one in the course of a stop, of its own or of what stands above it.
    pub(super) fn are_of_a_stop(&self) -> bool {
        self.stop.is_cancelled() || self.scope.is_stopping()
    }

    pub(super) async fn to_force(&self) {
        self.force.cancelled().await;
        self.forced.store(true, Ordering::Relaxed);
    }

    /// Whether the actor was to be forced and its runtime has not even come round to its owner.
    pub(super) fn are_unheard(&self) -> bool {
        self.force.is_cancelled() && !self.forced.load(Ordering::Relaxed)
    }
}
