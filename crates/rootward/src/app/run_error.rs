//! Why a program did not begin.

use std::io;

use rootward_signals::SignalError;

use super::{Finished, system_limits};

/// Says why a program could not begin. Nothing was started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The system refused the threads or the descriptors of a runtime.
    #[error("cannot build the runtime: {0}")]
    Runtime(#[source] io::Error),
    /// The program cannot listen for the probes of an orchestrator.
    #[cfg(all(feature = "probes", unix))]
    #[error("cannot answer probes at {address}: {source}")]
    #[non_exhaustive]
    Probes {
        /// Where, as the application says it.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The door at which the program is to be observed cannot be had.
    #[cfg(all(feature = "observer", target_os = "linux"))]
    #[error("cannot open the door of the observer: {0}")]
    Door(#[source] rootward_observer::OpenError),
    /// The system refused a signal.
    #[error(transparent)]
    Signals(SignalError),
}

impl From<SignalError> for RunError {
    fn from(error: SignalError) -> Self {
        let named = system_limits::named;
        Self::Signals(match error {
            SignalError::Listen { signal, source } => SignalError::Listen { signal, source: named(source) },
            SignalError::Wake(source) => SignalError::Wake(named(source)),
            SignalError::Thread(source) => SignalError::Thread(named(source)),
            // There are no others.
            other => other,
        })
    }
}

impl RunError {
    /// The system refused a thread or a descriptor.
    pub(super) fn of_runtime(error: io::Error) -> Self {
        Self::Runtime(system_limits::named(error))
    }

    /// The door cannot be had.
    #[cfg(all(feature = "observer", target_os = "linux"))]
    pub(super) fn of_door(error: rootward_observer::OpenError) -> Self {
        use rootward_observer::OpenError;
        Self::Door(match error {
            OpenError::System { place, source } => {
                OpenError::System { place, source: system_limits::named(source) }
            }
            // The others are of no limit.
            other @ (OpenError::Gone
            | OpenError::InUse(_)
            | OpenError::NotOurs(_)
            | OpenError::Exposed(_)
            | OpenError::WeakToken(_)
            | _) => other,
        })
    }

    /// The exit status with which a program reports this: 1.
    pub fn status(&self) -> u8 {
        Finished::FAILED
    }
}
