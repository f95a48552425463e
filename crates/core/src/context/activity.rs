//! Whether anything in a tree runs or could still be restarted.
//!
//! A test runs this file under all interleavings of its callers.

use std::sync::Arc;

use crate::sync::{AtomicUsize, Notify, Ordering, point};

/// Counts what is active in a tree, and says when nothing is.
#[derive(Debug, Default)]
pub(crate) struct ActivityCounter {
    active: AtomicUsize,
    idle: Notify,
}

/// One reason why the tree is not idle: a leaf that runs, a restart that is due, an end that its supervisor has not
/// dealt with yet. Held by whatever is active and dropped with it.
#[derive(Debug)]
pub(crate) struct Activity(Arc<ActivityCounter>);

impl ActivityCounter {
    pub(crate) fn begin(self: &Arc<Self>) -> Activity {
        self.active.fetch_add(1, Ordering::AcqRel);
        Activity(Arc::clone(self))
    }

    /// Waits until nothing is active.
    pub(crate) async fn idle(&self) {
        loop {
            let notified = self.idle.notified();
            point();
            if self.active.load(Ordering::Acquire) == 0 {
                return;
            }
            notified.await;
        }
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        point();
        if self.0.active.fetch_sub(1, Ordering::AcqRel) == 1 {
            point();
            self.0.idle.notify_waiters();
        }
    }
}
