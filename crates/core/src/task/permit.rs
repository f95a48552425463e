//! Permits: a place under a supervisor for one more child, which the caller waits for before it has the child.

use std::fmt;

use super::supervisor::TaskPlace;
use super::{BlockingContext, IntoExit, SpawnError, TaskContext, TaskResult, TaskSupervisor};
use crate::child::Shutdown;
use crate::spec::ChildSpec;
use crate::supervisor::{self, ReserveError, StartChildError, StartedChild, SupervisorHandle};

/// A place for one child under a supervisor whose `max_children` limits how many there may be.
///
/// It counts as a child as long as it is held, and is given back when it is dropped. While the supervisor is full
/// [`TaskSupervisor::reserve`] waits, so that a server accepts no connection for which there is no place.
///
/// # Examples
///
/// ```
/// # use rootward_core::{TaskContext, TaskSupervisor};
/// # async fn serve(cx: TaskContext, listener: tokio::net::TcpListener, connections: TaskSupervisor)
/// #     -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// while let Some(permit) = cx.unless_stopping(connections.reserve()).await {
///     let permit = permit?;
///     let Some(accepted) = cx.unless_stopping(listener.accept()).await else { break };
///     let (socket, _) = accepted?;
///     permit.spawn(move |_cx| async move { drop(socket) }).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a permit that is dropped is given back"]
pub struct Permit {
    tasks: TaskSupervisor,
    supervisor: SupervisorHandle,
    place: supervisor::ReservedPlace,
}

impl TaskSupervisor {
    /// Waits until the supervisor has a place for one more child, and reserves it. Callers get it in the order in which
    /// they asked.
    ///
    /// # Errors
    ///
    /// [`ReserveError`]: the supervisor stops or does not run.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a place that comes too late is given back.
    pub async fn reserve(&self) -> Result<Permit, ReserveError> {
        let supervisor = self.supervisor().ok_or(ReserveError::NotRunning)?;
        let place = supervisor.reserve().await?;
        Ok(Permit { tasks: self.clone(), supervisor, place })
    }
}

impl Permit {
    /// The task that is started here is stopped like this, and not as the [`TaskSupervisor`] has it. A `Duration` is a
    /// grace.
    pub fn with_shutdown(self, shutdown: impl Into<Shutdown>) -> Self {
        Self { tasks: self.tasks.with_shutdown(shutdown), ..self }
    }

    /// Starts a child of any kind here, as [`SupervisorHandle::start_child`] does.
    ///
    /// # Errors
    ///
    /// [`StartChildError`] says why the child does not run.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the child is added and started all the same.
    pub async fn start_child(self, child: impl Into<ChildSpec>) -> Result<StartedChild, StartChildError> {
        let Self { tasks: _, supervisor, place } = self;
        supervisor.start_in_reserved(child.into(), place).await
    }

    /// Starts a task here, as [`TaskSupervisor::spawn`] does.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds `run`, if the supervisor stops.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the task is started all the same.
    pub async fn spawn<F, Fut>(self, run: F) -> Result<StartedChild, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        let Self { tasks, supervisor, place } = self;
        tasks.spawn_in(TaskPlace::Reserved(supervisor, place), run).await
    }

    /// Starts a task here whose result is waited for, as [`TaskSupervisor::run`] does.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds `run`, if the supervisor stops.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the task is asked to stop as soon as it has started.
    pub async fn run<F, Fut>(self, run: F) -> Result<TaskResult<Fut::Output>, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        let Self { tasks, supervisor, place } = self;
        tasks.run_in(TaskPlace::Reserved(supervisor, place), run).await
    }

    /// Runs a closure on a blocking thread here, as [`TaskSupervisor::run_blocking`] does.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds `run`, if the supervisor stops.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the closure is asked to stop as soon as it has started.
    pub async fn run_blocking<F, T>(self, run: F) -> Result<TaskResult<T>, SpawnError<F>>
    where
        F: FnOnce(BlockingContext) -> T + Send + 'static,
        T: Send + 'static,
    {
        let Self { tasks, supervisor, place } = self;
        tasks.run_blocking_in(TaskPlace::Reserved(supervisor, place), run).await
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("supervisor", &self.supervisor).finish_non_exhaustive()
    }
}
