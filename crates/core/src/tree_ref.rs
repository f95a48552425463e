//! How a child finds its tree, without keeping it.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::clock::{now, sleep_until};
use crate::context::{KeepsActive, TreeContext};
use crate::event::Events;
use crate::outlook::ChildOutlook;
use crate::sighting::Sighting;
use crate::snapshot::{ProcessDetails, TreeSnapshot};
use crate::supervisor::SupervisorHandle;
use crate::usage::Usage;

/// What can be asked of a tree that is there.
pub(crate) trait TreeAccess: Send + Sync {
    fn root(&self) -> Option<SupervisorHandle>;
    fn supervisor(&self, path: &str) -> Option<SupervisorHandle>;
    fn snapshot(&self) -> TreeSnapshot;
    fn snapshot_with_usage(&self) -> TreeSnapshot;
    fn usage(&self, path: &str) -> Option<Usage> {
        let (parent, id) = path.rsplit_once('/')?;
        self.supervisor(parent)?.usage(id)
    }
    fn events(&self) -> Events;
    fn request_stop(&self);
    fn force(&self);
    fn suspend_processes(&self);
    fn resume_processes(&self);
    fn keep_active(&self) -> KeepsActive;
    fn has_started(&self) -> bool;
    fn stop_requested(&self) -> bool;
    fn sighting(&self) -> Vec<Sighting>;
    fn newest_event(&self) -> u64;
    fn containment(&self) -> Option<&'static str>;
    fn gone(&self) -> GoneFuture;
}

/// The supervisor above a child, with the child's id, and the one that the child is.
type Around<'a> = (Option<(SupervisorHandle, &'a str)>, Option<SupervisorHandle>);

fn around<'a>(tree: &dyn TreeAccess, path: &'a str) -> Around<'a> {
    let above = path.rsplit_once('/').and_then(|(above, id)| Some((tree.supervisor(above)?, id)));
    (above, tree.supervisor(path))
}

/// How long the supervisor that a child is may take to answer after the one above has. One whose thread is blocked does
/// not answer, and the one above says most.
const OWN_PATIENCE: Duration = Duration::from_millis(250);

async fn outlook_of((above, own): Around<'_>) -> Option<ChildOutlook> {
    let (above, own) = match (above, own) {
        (Some((above, id)), Some(own)) => ((above, id), own),
        (Some((above, id)), None) => return above.outlook(id).await,
        (None, own) => return own?.own_outlook().await,
    };
    // Both are asked before either is waited for.
    let (mut from_above, mut from_own) = (pin!(above.0.outlook(above.1)), pin!(own.own_outlook()));
    let mut said = None;
    let outlook = loop {
        tokio::select! {
            biased;
            own = &mut from_own, if said.is_none() => said = Some(own),
            outlook = &mut from_above => break outlook?,
        }
    };
    let said = match said {
        Some(said) => said,
        None => tokio::select! {
            biased;
            own = &mut from_own => own,
            () = sleep_until(now() + OWN_PATIENCE) => None,
        },
    };
    Some(ChildOutlook { own: said.and_then(|own| own.own), ..outlook })
}

/// Waits until a tree is gone.
type GoneFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Sees a tree to its end: unlike a [`TreeRef`], also after the last [`Tree`](crate::Tree) has been dropped. It does
/// not keep the tree from stopping. For the crates beside this one.
#[doc(hidden)]
#[derive(Clone)]
pub struct TreeWatch(Arc<dyn TreeAccess>);

impl TreeWatch {
    pub fn supervisor(&self, path: &str) -> Option<SupervisorHandle> {
        self.0.supervisor(path)
    }

    pub fn usage(&self, path: &str) -> Option<Usage> {
        self.0.usage(path)
    }

    pub fn snapshot_with_usage(&self) -> TreeSnapshot {
        self.0.snapshot_with_usage()
    }

    pub fn details(&self, path: &str) -> Option<ProcessDetails> {
        let (above, id) = path.rsplit_once('/')?;
        self.0.supervisor(above)?.details(id)
    }

    /// As [`TreeRef`] has it, also after the last handle of the tree is gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn outlook(&self, path: &str) -> Option<ChildOutlook> {
        let around = around(&*self.0, path);
        outlook_of(around).await
    }

    /// Every child, each before its children, with the moment of the record at which it was seen.
    pub fn sighting(&self) -> Vec<Sighting> {
        self.0.sighting()
    }

    /// The number of the newest event that has been written, whether a reader has taken it or not.
    pub fn newest_event(&self) -> u64 {
        self.0.newest_event()
    }

    pub fn containment(&self) -> Option<&'static str> {
        self.0.containment()
    }

    pub fn events(&self) -> Events {
        self.0.events()
    }

    pub fn request_stop(&self) {
        self.0.request_stop();
    }

    pub fn force(&self) {
        self.0.force();
    }

    pub fn suspend_processes(&self) {
        self.0.suspend_processes();
    }

    pub fn resume_processes(&self) {
        self.0.resume_processes();
    }

    /// Keeps a tree that stops when it is idle from doing so, until what this returns is dropped: a restart that is a
    /// stop and a start holds it from before the stop until the start has been answered.
    pub fn keep_active(&self) -> KeepsActive {
        self.0.keep_active()
    }

    /// Waits until everything is gone, or nothing more will be heard of it.
    pub fn gone(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.gone()
    }
}

impl fmt::Debug for TreeWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeWatch").finish_non_exhaustive()
    }
}

/// Leads from a child to its tree: to other supervisors, to the snapshot, the events and the stop.
///
/// It is weak: a tree whose last [`Tree`](crate::Tree) is dropped stops, whatever references there are. Once the tree
/// is gone everything here answers that. [`TaskContext::tree`](crate::TaskContext::tree) and
/// [`Tree::downgrade`](crate::Tree::downgrade) make one. Cloning is cheap.
///
/// An actor is not found by its path, since a path does not say of what type its messages are: its `Address`, which is
/// made before the tree, is handed to what sends to it.
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

    /// What the tree looks like now, and what each process uses, as
    /// [`Tree::snapshot_with_usage`](crate::Tree::snapshot_with_usage) says. `None` if it is gone.
    pub fn snapshot_with_usage(&self) -> Option<TreeSnapshot> {
        Some(self.get()?.snapshot_with_usage())
    }

    /// What the process at this path uses now, as [`Tree::usage`](crate::Tree::usage) says. `None` if it is gone.
    pub fn usage(&self, path: &str) -> Option<Usage> {
        self.get()?.usage(path)
    }

    /// What is going to be done about the child at this path, as [`Tree::outlook`](crate::Tree::outlook) says. `None`
    /// if the tree is gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn outlook(&self, path: &str) -> Option<ChildOutlook> {
        // Without keeping the tree meanwhile.
        let around = around(&*self.get()?, path);
        outlook_of(around).await
    }

    /// Subscribes to the tree's events, from now on. `None` if it is gone.
    pub fn events(&self) -> Option<Events> {
        Some(self.get()?.events())
    }

    /// Whether the whole tree has started. It stays so while the tree stops, and is `false` of one that is gone.
    pub fn has_started(&self) -> bool {
        self.get().is_some_and(|tree| tree.has_started())
    }

    /// Whether a stop has been accepted: it is put off by the [drain delay](crate::TreeBuilder::drain_delay), has
    /// begun, or is over.
    pub fn stop_requested(&self) -> bool {
        self.get().is_none_or(|tree| tree.stop_requested())
    }

    /// Asks the tree to stop, and returns at once. Later requests change nothing.
    pub fn request_stop(&self) {
        if let Some(tree) = self.get() {
            tree.request_stop();
        }
    }

    pub(crate) fn watch(&self) -> Option<TreeWatch> {
        self.get().map(TreeWatch)
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
