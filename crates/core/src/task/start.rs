//! How a task is described as a child, and how it is started.

use std::sync::Arc;

use super::future::{Lazy, Supervised};
use super::node::{RunningTask, Special, TaskNode};
use super::{IntoExit, TaskContext};
use crate::child::{ChildKind, Restart};
use crate::child_kind::{EndHandled, Launch, StartChild, StartContext};
use crate::spawn::spawn_named;
use crate::spec::ChildSpec;

impl ChildSpec {
    /// Describes an async task.
    ///
    /// `run` is called for every incarnation, inside the new task: a panic in it is the exit of that task, never its
    /// supervisor's. What the future returns is the task's [`Exit`](crate::Exit): `()`, a `Result` or an `Exit`.
    ///
    /// An `async` closure that captures something is no `Fn`, because it lends that to its future: hand it over with
    /// [`task_with`](Self::task_with).
    ///
    /// The default restart is [`Transient`](Restart::Transient): a task that fails is started again, and one that
    /// returns is done. One that is to be started again in any case is a [`service`](Self::service), or is made
    /// [permanent](Restart::Permanent).
    ///
    /// When the supervisor stops the task it first asks, by way of the [`TaskContext`]. A task that never looks is
    /// aborted when its grace is over.
    pub fn task<F, Fut>(id: impl Into<String>, run: F) -> Self
    where
        F: Fn(TaskContext) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Self::own(id, TaskStart::new(run, TaskReady::AtOnce)).restart(Restart::Transient)
    }

    /// Describes an async task that counts as started when it says so, by [`TaskContext::ready`].
    ///
    /// It is [permanent](Restart::Permanent), as a server is meant to be there: one that returns is started again.
    ///
    /// The next sibling starts after that. A service that ends before has not been started, and
    /// [`start_timeout`](Self::start_timeout) limits how long it may take. There is no limit by default: a service that
    /// forgets to call `ready` holds up the start of the tree for as long as it runs, and the snapshot has it as
    /// `starting`. After ten seconds the event [`NotReady`](crate::EventKind::NotReady) names it.
    pub fn service<F, Fut>(id: impl Into<String>, run: F) -> Self
    where
        F: Fn(TaskContext) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Self::own(id, TaskStart::new(run, TaskReady::WhenTold))
    }

    /// Describes an async task that gets a clone of this state for every incarnation: [`task`](Self::task) without
    /// the closure around the clones.
    ///
    /// ```
    /// # use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
    /// # use rootward_core::{ChildSpec, TaskContext};
    /// async fn count(cx: TaskContext, hits: Arc<AtomicU64>) {
    ///     hits.fetch_add(1, Ordering::Relaxed);
    ///     cx.stopping().await
    /// }
    /// let counter = ChildSpec::task_with("counter", Arc::new(AtomicU64::new(0)), count);
    /// ```
    pub fn task_with<S, F, Fut>(id: impl Into<String>, state: S, run: F) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Fn(TaskContext, S) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Self::task(id, move |cx| run(cx, state.clone()))
    }

    /// A [`service`](Self::service) that gets a clone of this state for every incarnation.
    pub fn service_with<S, F, Fut>(id: impl Into<String>, state: S, run: F) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Fn(TaskContext, S) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Self::service(id, move |cx| run(cx, state.clone()))
    }
}

/// Starts a task from a function that makes its future.
pub(crate) struct TaskStart<F> {
    run: Arc<F>,
    ready: TaskReady,
}

/// When a task counts as started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskReady {
    AtOnce,
    WhenTold,
}

impl<F> TaskStart<F> {
    pub(crate) fn new(run: F, ready: TaskReady) -> Self {
        Self { run: Arc::new(run), ready }
    }
}

impl<F, Fut> StartChild for TaskStart<F>
where
    F: Fn(TaskContext) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        let run = Arc::clone(&self.run);
        // The user's function is called inside the task, so that a panic in it is the task's and does not reach the
        // supervisor.
        let kind = match self.ready {
            TaskReady::AtOnce => TaskKind::Plain,
            TaskReady::WhenTold => TaskKind::Service,
        };
        launch(cx, kind, |context| Lazy::new(move || run(context)))
    }
}

/// What kind of task is launched.
pub(super) enum TaskKind {
    Plain,
    /// It says when it has started.
    Service,
    /// It has a result.
    Job(EndHandled),
}

/// Spawns a task.
pub(super) fn launch<Fut>(cx: StartContext, kind: TaskKind, run: impl FnOnce(TaskContext) -> Fut) -> Launch
where
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    let (ready, special) = match kind {
        TaskKind::Plain => (TaskReady::AtOnce, None),
        TaskKind::Service => (TaskReady::WhenTold, Some(Special::service(cx.reporter.announcer()))),
        TaskKind::Job(handled) => (TaskReady::AtOnce, Some(Special::job(handled))),
    };
    let (node, reporter) = TaskNode::new(cx, special.map(Box::new));
    let node = Arc::new(node);
    let future = run(TaskContext::new(Arc::clone(&node)));
    let future = Supervised::new(future, Arc::clone(&node), reporter);
    let task = spawn_named(node.tree().task_runtime(), &node.path, future);
    node.runs_as(task.abort_handle());
    match ready {
        TaskReady::AtOnce => Launch::running(RunningTask { node }),
        TaskReady::WhenTold => Launch::starting(RunningTask { node }),
    }
}
