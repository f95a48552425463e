//! Why a task could not be started, together with the task.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::child::{ChildPath, InvalidId, RefusedByStop, StartError};
use crate::supervisor::ReserveError;

/// Says why a task could not be started, and holds what was to be run.
///
/// It converts into `Box<dyn Error + Send + Sync>` and the like whatever the task captures, so that `?` works. A
/// task that returns it because of a stop has not failed: [`IntoExit`](super::IntoExit).
pub struct SpawnError<F> {
    path: Option<ChildPath>,
    kind: SpawnErrorKind,
    /// Behind a mutex that is never locked: what can be sent can be shared then, as error types have to be.
    run: Mutex<Option<F>>,
}

/// Why a task was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnErrorKind {
    /// The task or the supervisor below which it was to run stops or has ended: nothing is started there any more.
    #[error("it is stopping")]
    Stopping,
    /// Clean-up work may not start anything itself.
    #[error("clean-up work may not start anything itself")]
    CleaningUp,
    /// A child with this id is there already.
    #[error("a child with this id is there already")]
    TakenId,
    /// The id is not valid.
    #[error(transparent)]
    Id(InvalidId),
    /// The supervisor has as many children as it may have.
    #[error("it has as many children as it may have")]
    MaxChildren,
    /// The supervisor does not run at the moment.
    #[error("the supervisor does not run")]
    NotRunning,
    /// The start failed.
    #[error(transparent)]
    Start(StartError),
}

impl From<ReserveError> for SpawnErrorKind {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::Stopping => Self::Stopping,
            ReserveError::NotRunning => Self::NotRunning,
        }
    }
}

impl<F> SpawnError<F> {
    pub(super) fn new(
        path: impl Into<Option<ChildPath>>,
        kind: SpawnErrorKind,
        run: impl Into<Option<F>>,
    ) -> Self {
        Self { path: path.into(), kind, run: Mutex::new(run.into()) }
    }

    pub(super) fn into_parts(self) -> (Option<ChildPath>, SpawnErrorKind) {
        (self.path, self.kind)
    }

    /// The task or the supervisor below which it was to run. `None` if there is none at the moment.
    pub fn path(&self) -> Option<&ChildPath> {
        self.path.as_ref()
    }

    /// Why it was not started.
    pub fn kind(&self) -> &SpawnErrorKind {
        &self.kind
    }

    /// What was to be run, with all that it has captured. It has not been called. `None` only if the start itself
    /// [failed](SpawnErrorKind::Start).
    pub fn into_run(self) -> Option<F> {
        self.run.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> fmt::Debug for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnError")
            .field("path", &self.path)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Display for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "no task could be started below `{path}`: {}", self.kind),
            None => write!(f, "no task could be started: {}", self.kind),
        }
    }
}

impl<F> Error for SpawnError<F> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            SpawnErrorKind::Start(StartError::Stopped)
            | SpawnErrorKind::Stopping
            | SpawnErrorKind::NotRunning => RefusedByStop::as_source(),
            SpawnErrorKind::Start(error) => error.source(),
            SpawnErrorKind::CleaningUp
            | SpawnErrorKind::TakenId
            | SpawnErrorKind::Id(_)
            | SpawnErrorKind::MaxChildren => None,
        }
    }
}
