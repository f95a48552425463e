//! How a child finds its tree, without keeping it.

use std::fmt;
use std::sync::{Arc, Weak};

use crate::context::TreeContext;
use crate::event::Events;
use crate::snapshot::TreeSnapshot;
use crate::supervisor::SupervisorHandle;

/// What can be asked of a tree that is there.
pub(crate) trait TreeAccess: Send + Sync {
    fn root(&self) -> Option<SupervisorHandle>;
    fn supervisor(&self, path: &str) -> Option<SupervisorHandle>;
    fn snapshot(&self) -> TreeSnapshot;
    fn events(&self) -> Events;
    fn request_stop(&self);
}

/// Leads from a child to its tree: to other supervisors, to the snapshot, the events and the stop.
///
/// It is weak: a tree whose last [`Tree`](crate::Tree) is dropped stops, whatever references there are. Once the tree
/// is gone everything here answers that. [`TaskContext::tree`](crate::TaskContext::tree) and
/// [`Tree::downgrade`](crate::Tree::downgrade) make one. Cloning is cheap.
#[derive(Clone)]
pub struct TreeRef(Option<Weak<dyn TreeAccess>>);

impl TreeRef {
    pub(crate) fn new(tree: &Arc<impl TreeAccess + 'static>) -> Self {
        let tree: Weak<dyn TreeAccess> = Arc::downgrade(&(Arc::clone(tree) as Arc<dyn TreeAccess>));
        Self(Some(tree))
    }

    /// The tree that this context belongs to.
    pub(crate) fn of(context: &TreeContext) -> Self {
        context.tree().cloned().unwrap_or(Self(None))
    }

    /// The root, as the supervisor that it is. `None` if it is gone.
    pub fn root(&self) -> Option<SupervisorHandle> {
        self.get()?.root()
    }

    /// The supervisor with this path, such as `root/workers`, in its present incarnation. `None` if there is none, or
    /// it does not run.
    pub fn supervisor(&self, path: &str) -> Option<SupervisorHandle> {
        self.get()?.supervisor(path)
    }

    /// What the tree looks like now. `None` if it is gone.
    pub fn snapshot(&self) -> Option<TreeSnapshot> {
        Some(self.get()?.snapshot())
    }

    /// Subscribes to the tree's events, from now on. `None` if it is gone.
    pub fn events(&self) -> Option<Events> {
        Some(self.get()?.events())
    }

    /// Asks the tree to stop, and returns at once. Later requests change nothing.
    pub fn request_stop(&self) {
        if let Some(tree) = self.get() {
            tree.request_stop();
        }
    }

    fn get(&self) -> Option<Arc<dyn TreeAccess>> {
        self.0.as_ref()?.upgrade()
    }
}

impl fmt::Debug for TreeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeRef").field("is_there", &self.get().is_some()).finish()
    }
}
