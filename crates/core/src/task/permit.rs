//! Permits: a place under a supervisor for one more task, which the caller waits for before it has the task.

use std::fmt;

use super::supervisor::Place;
use super::{IntoExit, SpawnError, TaskContext, TaskResult, TaskSupervisor};
use crate::supervisor::{self, StartedChild, SupervisorHandle};

/// A place for one task under a supervisor whose `max_children` limits how many there may be.
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

/// Says that there is no place, and that waiting for one is of no use: the supervisor stops, or does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the supervisor is stopping or does not run")]
#[non_exhaustive]
pub struct ReserveError;

impl TaskSupervisor {
    /// Waits until the supervisor has a place for one more child, and reserves it. Callers get it in the order in which
    /// they asked.
    ///
    /// # Errors
    ///
    /// [`ReserveError`] if the supervisor stops or does not run.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a place that comes too late is given back.
    pub async fn reserve(&self) -> Result<Permit, ReserveError> {
        let supervisor = self.supervisor().ok_or(ReserveError)?;
        let place = supervisor.reserve().await.ok_or(ReserveError)?;
        Ok(Permit { tasks: self.clone(), supervisor, place })
    }
}

impl Permit {
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
        tasks.spawn_in(Place::Reserved(supervisor, place), run).await
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
        tasks.run_in(Place::Reserved(supervisor, place), run).await
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("supervisor", &self.supervisor).finish_non_exhaustive()
    }
}
