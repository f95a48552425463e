//! How many starts a supervisor has refused because it stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts refusals. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusals(Arc<AtomicU64>);

impl Refusals {
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
