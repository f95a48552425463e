//! What the user chose for a whole tree.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// What the user chose for the whole tree.
#[derive(Debug)]
pub(super) struct TreeOptions {
    pub(super) deadline: Option<Duration>,
    /// How long a stop is put off after it has been accepted.
    pub(super) drain_delay: Duration,
    pub(super) stop_when_idle: bool,
    pub(super) stall_threshold: Option<Duration>,
    pub(super) on_deadline: OnDeadline,
    /// Stops the tree when it is cancelled.
    pub(super) stop_on: CancellationToken,
    /// What is weaker than usual, and why.
    pub(super) degraded: BTreeMap<&'static str, String>,
    /// Whether the tree refuses to start if anything is.
    pub(super) refuse_degraded: bool,
}

impl Default for TreeOptions {
    fn default() -> Self {
        Self {
            deadline: Some(Duration::from_secs(25)),
            drain_delay: Duration::ZERO,
            stop_when_idle: false,
            stall_threshold: Some(Duration::from_secs(1)),
            on_deadline: OnDeadline::default(),
            stop_on: CancellationToken::new(),
            degraded: BTreeMap::new(),
            refuse_degraded: false,
        }
    }
}

impl TreeOptions {
    /// How long after its request a stop is over for the callers that wait for it, whatever is still there then.
    pub(super) fn reported_at(&self) -> Option<Duration> {
        self.deadline.filter(|_| self.on_deadline == OnDeadline::Report)
    }
}

/// What a stop does at its deadline about children that cannot be brought down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDeadline {
    /// It names them in its report and is over. They are still waited for in the background:
    /// [`Tree::wait_gone`](crate::Tree::wait_gone) has the completed report.
    #[default]
    Report,
    /// It goes on until they are gone, however long that takes.
    Wait,
}
