//! Writes down which child of a tree does not yield.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::root::Root;
use crate::detector::{Stall, Watcher, watch};

/// Watches one tree, for as long as it is held.
pub(super) struct StallWatch {
    root: Weak<Root>,
    threshold: Duration,
}

impl StallWatch {
    pub(super) fn new(root: &Arc<Root>, threshold: Duration) -> Arc<Self> {
        let this = Arc::new(Self { root: Arc::downgrade(root), threshold });
        let watcher: Weak<Self> = Arc::downgrade(&this);
        watch(watcher);
        this
    }
}

impl Watcher for StallWatch {
    fn threshold(&self) -> Option<Duration> {
        Some(self.threshold)
    }

    fn stalled(&self, stall: &Stall) {
        // A search through the whole tree: it is made only when a child has not yielded for long.
        if let Some(supervisor) = self.root.upgrade().and_then(|root| root.supervisor()) {
            supervisor.note_stall(stall);
        }
    }
}
