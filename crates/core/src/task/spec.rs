//! How tasks and blocking work are described as children.

use super::once::Once;
use super::{BlockingContext, BlockingStart, IntoExit, Ready, TaskContext, TaskStart};
use crate::child::Restart;
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
        Self::own(id, TaskStart::new(run, Ready::AtOnce)).restart(Restart::Transient)
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
        Self::own(id, TaskStart::new(run, Ready::WhenTold))
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

    /// Describes a task that runs once and may own what cannot be cloned: a socket, a receiver, the sending end that
    /// has to be dropped.
    ///
    /// It is [temporary](Restart::Temporary), and has to stay so: a second start has nothing to run, and is
    /// ignored.
    ///
    /// It is also what the one job of a program is that must not be tried again: made
    /// [`significant`](Self::significant) under a supervisor with
    /// [`AutoShutdown::AnySignificant`](crate::AutoShutdown::AnySignificant) it ends the program, which has failed if
    /// the job has.
    pub fn once<F, Fut>(id: impl Into<String>, run: F) -> Self
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Once::new(run).into_child(id)
    }

    /// Describes blocking work: a closure on a blocking thread of the runtime on which the tree's tasks run.
    ///
    /// As a [`task`](Self::task) it is [transient](Restart::Transient) by default: started again when it fails, and
    /// done when it returns.
    ///
    /// When its supervisor stops it, it is asked by way of the [`BlockingContext`]. Once it has begun it cannot be
    /// aborted: if it does not return by the tree's deadline, the report names it as stuck in a blocking section. A
    /// runtime that is dropped, and not shut down in the background, waits for it as well.
    pub fn blocking<F, R>(id: impl Into<String>, run: F) -> Self
    where
        F: Fn(BlockingContext) -> R + Send + Sync + 'static,
        R: IntoExit + 'static,
    {
        Self::own(id, BlockingStart::new(run)).restart(Restart::Transient)
    }

    /// [Blocking work](Self::blocking) that gets a clone of this state for every incarnation.
    pub fn blocking_with<S, F, R>(id: impl Into<String>, state: S, run: F) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Fn(BlockingContext, S) -> R + Send + Sync + 'static,
        R: IntoExit + 'static,
    {
        Self::blocking(id, move |cx| run(cx, state.clone()))
    }
}
