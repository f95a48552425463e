//! What can be wrong with the description of a tree, and why a child could not be started.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use super::{ChildPath, Exit, InvalidId, Panic};

/// Says what is wrong with the description of a tree, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {problem}")]
#[non_exhaustive]
pub struct SpecError {
    /// The child that is wrong, as far as it can be named.
    pub path: String,
    /// What is wrong with it.
    #[source]
    pub problem: SpecProblem,
}

/// One mistake in the description of a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecProblem {
    /// The id is empty or holds a character that no id may hold.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// Two children of one supervisor have the same id (OTP's `duplicate_child_name`).
    #[error("another child of this supervisor has the same id")]
    DuplicateId,
    /// The window of a restart intensity is zero (OTP's `invalid_period`).
    #[error("the window of the restart intensity is zero")]
    ZeroWindow,
    /// A significant child that is always restarted can never end for good (OTP's `bad_combination`).
    #[error("a significant child may not be permanent")]
    SignificantPermanent,
    /// A significant child has no meaning under a supervisor without auto-shutdown (OTP's `bad_combination`).
    #[error("a significant child needs a supervisor with auto_shutdown")]
    SignificantWithoutAutoShutdown,
    /// The numbers of a backoff make no sense.
    #[error("the backoff makes no sense: {0}")]
    Backoff(&'static str),
    /// The child's own description makes no sense.
    #[error("{0}")]
    Child(String),
}

impl SpecError {
    /// This is wrong with the child at this path.
    pub fn new(path: impl Into<String>, problem: SpecProblem) -> Self {
        Self { path: path.into(), problem }
    }

    /// The same mistake, found in a supervisor with this id that now turns out to stand at this path.
    pub(crate) fn below(&self, path: &str, id: &str) -> Self {
        let below = self.path.strip_prefix(id).unwrap_or_default();
        Self::new(format!("{path}{below}"), self.problem.clone())
    }
}

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
