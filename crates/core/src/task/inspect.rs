//! What can be seen of a running task from outside.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::AbortHandle;

use super::node::TaskNode;
use crate::child_kind::Inspect;
use crate::stuck::{Stuck, StuckIn};

impl Inspect for TaskNode {
    /// Where the body is, if a thread is at work on it or should be.
    fn stuck(&self) -> Option<Stuck> {
        if let Some(seen) = Stuck::at_work_on(self.worker) {
            return Some(seen);
        }
        let is_over = self.gate.has_left() || self.abort.handle().is_none_or(AbortHandle::is_finished);
        let is_aborted = self.abort.is_asked();
        match is_over {
            false => is_aborted.then(|| Stuck::new(StuckIn::NotPolled)),
            true => (is_aborted && self.gate.guests() > 0).then(|| Stuck::new(StuckIn::Guest)),
        }
    }

    fn refused(&self) -> u64 {
        TaskNode::refused(self)
    }

    /// Drops the body where it waits, which is what a panic does to it. To its supervisor the task has ended by itself.
    fn crash(&self) {
        self.crashes.store(true, Ordering::Release);
        if let Some(handle) = self.abort.handle() {
            handle.abort();
        }
    }

    fn can_crash(&self) -> bool {
        true
    }

    fn supervisor(self: Arc<Self>) -> Option<Arc<dyn Any + Send + Sync>> {
        let gone = || self.gate.with_gone(|group| group.supervisor.clone());
        self.children().or_else(gone).map(|children| children.as_inspected())
    }
}
