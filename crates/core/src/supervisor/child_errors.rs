//! Why a call that concerns one child of a supervisor was refused.

use std::error::Error;
use std::fmt;

use crate::child::{RefusedByStop, StartError};

/// Says why a child could not be terminated.
///
/// A task that returns it because of a stop has not failed: [`IntoExit`](crate::IntoExit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TerminateChildError {
    /// No child has this id.
    NotFound,
    /// The supervisor is stopping, and its children with it.
    Stopping,
    /// This incarnation of the supervisor has ended, and its children with it.
    NotRunning,
}

impl fmt::Display for TerminateChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no child has this id",
            Self::Stopping => "the supervisor is stopping",
            Self::NotRunning => "the supervisor does not run any more",
        })
    }
}

impl Error for TerminateChildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Stopping | Self::NotRunning => RefusedByStop::as_source(),
            Self::NotFound => None,
        }
    }
}

/// Says why a signal was not sent to a child.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalChildError {
    /// No child has this id.
    #[error("no child has this id")]
    NotFound,
    /// The child is no process.
    #[error("the child is no process")]
    NotAProcess,
    /// The child has no process now: it is down, is being started, or has just ended.
    #[error("the child has no process now")]
    NotRunning,
    /// The system refuses it, for example because the process has changed its user.
    #[error("the signal could not be sent")]
    System(#[source] std::io::Error),
}

/// Says why a child could not be restarted.
///
/// A task that returns it because of a stop has not failed: [`IntoExit`](crate::IntoExit).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RestartChildError {
    /// The child runs.
    Running,
    /// The child is going to be restarted anyway.
    Restarting,
    /// No child has this id.
    NotFound,
    /// The supervisor is dynamic and keeps no child that is down (OTP's `simple_one_for_one`).
    Dynamic,
    /// The child could not be started. It is kept.
    Failed(StartError),
    /// The child had nothing to run (OTP's `ignore`). It is kept, and is down.
    Ignored,
    /// The supervisor is stopping.
    Stopping,
    /// This incarnation of the supervisor has ended.
    NotRunning,
}

impl fmt::Display for RestartChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "the child runs",
            Self::Restarting => "the child is going to be restarted anyway",
            Self::NotFound => "no child has this id",
            Self::Dynamic => "the supervisor is dynamic, and keeps no child that is down",
            Self::Failed(_) => "the child could not be started",
            Self::Ignored => "the child had nothing to run",
            Self::Stopping => "the supervisor is stopping",
            Self::NotRunning => "the supervisor does not run any more",
        })
    }
}

impl Error for RestartChildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Stopping | Self::NotRunning => RefusedByStop::as_source(),
            Self::Failed(error) => Some(error),
            Self::Running | Self::Restarting | Self::NotFound | Self::Dynamic | Self::Ignored => None,
        }
    }
}

/// Says why a child could not be deleted.
///
/// A task that returns it because of a stop has not failed: [`IntoExit`](crate::IntoExit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeleteChildError {
    /// The child runs. It has to be terminated first.
    Running,
    /// The child is going to be restarted. It has to be terminated first.
    Restarting,
    /// No child has this id.
    NotFound,
    /// The supervisor is dynamic and keeps no child that is down (OTP's `simple_one_for_one`).
    Dynamic,
    /// The supervisor is stopping.
    Stopping,
    /// This incarnation of the supervisor has ended.
    NotRunning,
}

impl fmt::Display for DeleteChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "the child runs",
            Self::Restarting => "the child is going to be restarted",
            Self::NotFound => "no child has this id",
            Self::Dynamic => "the supervisor is dynamic, and keeps no child that is down",
            Self::Stopping => "the supervisor is stopping",
            Self::NotRunning => "the supervisor does not run any more",
        })
    }
}

impl Error for DeleteChildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Stopping | Self::NotRunning => RefusedByStop::as_source(),
            Self::Running | Self::Restarting | Self::NotFound | Self::Dynamic => None,
        }
    }
}
