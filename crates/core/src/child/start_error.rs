//! Why a child could not be started.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use super::{ChildPath, Exit, Panic};

/// Says why a child could not be started.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The child's own start failed.
    #[error(transparent)]
    Failed(Arc<dyn Error + Send + Sync>),
    /// The child's start panicked.
    #[error("the start panicked: {0}")]
    Panicked(Panic),
    /// The child ended before it counted as started.
    #[error("it ended before it had started: {0}")]
    Ended(Exit),
    /// A child of this supervisor could not be started, so that the supervisor could not either.
    #[error("failed to start {path}")]
    Child {
        /// The child that failed.
        path: ChildPath,
        /// Why it failed.
        source: Arc<StartError>,
    },
    /// It took longer than its spec allows.
    #[error("it had not started after {}", to_the_millisecond(*.0))]
    TimedOut(Duration),
    /// A stop came before the start was over.
    #[error("it was stopped before it had started")]
    Stopped,
}

impl StartError {
    /// The child's own start failed with this error.
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed(Arc::new(error))
    }
}

/// A time as people read it: to the millisecond.
fn to_the_millisecond(time: Duration) -> humantime::FormattedDuration {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    humantime::format_duration(Duration::from_millis(millis))
}
