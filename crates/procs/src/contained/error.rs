//! Why one program could not be started.

use std::error::Error;
use std::io;

use rootward_core::{SpecError, StartError, TreeStartError};

use crate::{LaunchError, ReadyError};

/// Says why a program could not be started. Nothing is left of the attempt.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramStartError {
    /// Its description makes no sense. Nothing was started.
    #[error(transparent)]
    Description(SpecError),
    /// It could not be started, or did not get ready.
    #[error(transparent)]
    Start(StartError),
}

impl ProgramStartError {
    /// Why the program could not be executed, if that is the reason.
    pub fn launch_error(&self) -> Option<&LaunchError> {
        self.cause()
    }

    /// Why the program was not ready, if that is the reason: it took too long, or ended before.
    pub fn ready_error(&self) -> Option<&ReadyError> {
        self.cause()
    }

    fn cause<E: Error + 'static>(&self) -> Option<&E> {
        match self {
            Self::Start(StartError::Failed(error)) => error.downcast_ref(),
            Self::Start(_) | Self::Description(_) => None,
        }
    }
}

impl From<TreeStartError> for ProgramStartError {
    fn from(error: TreeStartError) -> Self {
        match error {
            TreeStartError::Spec(error) => Self::Description(error),
            TreeStartError::Start { error, .. } => Self::Start(of_program(error)),
            // There are no others.
            other => Self::Start(StartError::new(other)),
        }
    }
}

/// The program's own error: the tree around it is nothing that its user knows of.
fn of_program(error: StartError) -> StartError {
    if let StartError::Child { source, .. } = error { of_program(StartError::clone(&source)) } else { error }
}

/// For functions that start programs as those of the standard library do.
impl From<ProgramStartError> for io::Error {
    fn from(error: ProgramStartError) -> Self {
        let kind = match (error.launch_error(), error.ready_error(), &error) {
            (_, _, ProgramStartError::Description(_)) => io::ErrorKind::InvalidInput,
            (Some(LaunchError::ProgramNotFound { .. } | LaunchError::InterpreterNotFound { .. }), _, _) => {
                io::ErrorKind::NotFound
            }
            (Some(launch), _, _) => of_system(launch).unwrap_or(io::ErrorKind::Other),
            (_, Some(ReadyError::TimedOut { .. }), _) => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

fn of_system(error: &LaunchError) -> Option<io::ErrorKind> {
    error.source()?.downcast_ref::<io::Error>().map(io::Error::kind)
}
