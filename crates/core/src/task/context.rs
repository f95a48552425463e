//! What a task knows of its place in the tree, and what it can start below itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::node::TaskNode;
use super::stopping::Stopping;
use crate::child::ChildPath;
use crate::supervisor::SupervisorHandle;
use crate::tree_ref::TreeRef;

/// Tells a task where it stands and when it has to stop, and starts children below it.
///
/// Cloning is cheap; parts of a task can each have one.
///
/// # Children
///
/// A task can have children of its own: [`start_child`](Self::start_child) takes any
/// [`ChildSpec`](crate::ChildSpec), and [`spawn`](Self::spawn) what runs once. They stand below the task, at
/// `root/task/child`, in snapshots, events and reports.
///
/// - They live as under a [`Supervisor`](crate::Supervisor) of which nothing was changed: each is restarted on its own,
///   once within five seconds. If that is exceeded they stop, the task is asked to stop as well, and its exit is a
///   failure. For other rules, start a supervisor below the task.
/// - When the task is asked to stop, so are its children, at the same time and under the same grace, in reverse start
///   order. The task is acknowledged when all of them are gone.
/// - A task that ends by itself while children run is gone when they are. They are stopped, with the grace that the
///   task itself would have had. A task that wants them to finish [waits for them](Self::wait_for_children).
/// - Once a stop has begun nothing is started any more: the spec or the function comes back in the error, and the
///   refusal is counted in the report. Only [clean-up work](Self::clean_up) is let in.
#[derive(Clone)]
pub struct TaskContext {
    pub(super) node: Arc<TaskNode>,
}

impl TaskContext {
    pub(super) fn new(node: Arc<TaskNode>) -> Self {
        Self { node }
    }

    /// Has the task stop of its own accord: the task sees a request to stop, and its supervisor knows nothing of it.
    pub(super) fn stop(&self) {
        self.node.tell_stop();
    }

    /// Waits until the task is asked to stop. Ready at once if it has been.
    ///
    /// From then on it has its grace to come to an end, and is aborted after that. The end of the task makes this ready
    /// as well, however it came: code that still holds a clone of the context and waits here learns that the task is
    /// over.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped and called again, as in a `select!` loop.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + Sync + '_ {
        Stopping::new(&self.node.notify)
    }

    /// Runs a future until it is ready or the task is asked to stop. `None` says that the stop came first, and the
    /// future has been dropped. A stop that has begun comes first in any case, and the future is not polled then.
    ///
    /// ```
    /// # use rootward_core::TaskContext;
    /// # async fn serve(cx: TaskContext, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    /// while let Some(accepted) = cx.unless_stopping(listener.accept()).await {
    ///     let (_socket, _) = accepted?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As that of the future.
    pub async fn unless_stopping<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            () = self.stopping() => None,
            output = future => Some(output),
        }
    }

    /// Whether the task has been asked to stop, is to end without having been asked, or has ended.
    ///
    /// An abort does not reach a computation, so that one has to look here also where its spec says
    /// [`Shutdown::Kill`](crate::Shutdown::Kill).
    pub fn is_stopping(&self) -> bool {
        self.node.is_stopping()
    }

    /// How long it will be until the task is aborted, at most: a force, or a deadline that is moved up, may come
    /// before. It is zero when that time is over, and after the end of the task. As long as [guests](Self::guest) or
    /// children of a task that has ended are there, it is the time that they have. `None` says that there is no limit,
    /// or that the task has not been asked to stop yet.
    pub fn grace(&self) -> Option<Duration> {
        self.node.grace()
    }

    /// The request to stop as a token of tokio-util, for code that wants one. All calls return clones of the same. Like
    /// [`stopping`](Self::stopping) it is told of the task's end as well.
    ///
    /// Cancelling the token says nothing to the supervisor: only this task sees a request to stop.
    pub fn token(&self) -> CancellationToken {
        self.node.token()
    }

    /// Says that the task has started, so that the next sibling may start.
    ///
    /// For children that were described by [`ChildSpec::service`](crate::ChildSpec::service). For others, and the
    /// second time, it does nothing.
    pub fn ready(&self) {
        if let Some(special) = &self.node.special {
            special.tell_started();
        }
    }

    /// The tree in which the task runs: other supervisors by their paths, the snapshot, the events, the stop.
    pub fn tree(&self) -> TreeRef {
        TreeRef::of(self.node.tree())
    }

    /// What the program has given to all children with [`TreeBuilder::provide`](crate::TreeBuilder::provide), if it has
    /// given something of this type.
    pub fn provided<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.node.tree().provided()
    }

    /// Where the task stands in the tree.
    pub fn path(&self) -> &ChildPath {
        &self.node.path
    }

    /// Which start of this child this is, from 1.
    pub fn incarnation(&self) -> u32 {
        self.node.incarnation
    }

    /// Waits until this task has no child any more that runs or could be restarted. Clean-up work counts.
    ///
    /// It is for the task itself: a child that waits with its parent's context waits for its own end as well, and does
    /// so until it is aborted.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing.
    pub async fn wait_for_children(&self) {
        if let Some(children) = self.node.children() {
            children.quiet().await;
        }
    }

    /// The children of this task, as those of the supervisor that looks after them. `None` if none has been started, or
    /// all are gone for good because this task stops.
    pub fn children(&self) -> Option<SupervisorHandle> {
        self.node.children()
    }
}

impl fmt::Debug for TaskContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskContext")
            .field("path", self.path())
            .field("incarnation", &self.incarnation())
            .field("is_stopping", &self.is_stopping())
            .finish_non_exhaustive()
    }
}
