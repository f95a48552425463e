//! Why a process that ran did not count as started.

use std::time::Duration;

use rootward_core::Exit;

/// Says why a process that ran did not count as started.
///
/// The process is gone by the time this is reported. It reaches the supervisor inside a
/// [`StartError`](rootward_core::StartError).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadyError {
    /// It was not ready in time.
    #[error("`{program}` was not ready within {within:?}")]
    TimedOut {
        /// The program as it was given.
        program: String,
        /// How long it was waited for.
        within: Duration,
    },
    /// The user's own check said that it will never be ready.
    #[error("the readiness check of `{program}` {reason}")]
    Refused {
        /// The program as it was given.
        program: String,
        /// How the check ended.
        reason: Exit,
    },
}
