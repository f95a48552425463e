//! What the user chose for a whole tree.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::child::ChildPath;

/// What the user chose for the whole tree.
pub(crate) struct Plan {
    pub(crate) path: ChildPath,
    pub(crate) deadline: Option<Duration>,
    /// How long a stop is put off after it has been accepted.
    pub(crate) drain_delay: Duration,
    pub(crate) stop_when_idle: bool,
    pub(crate) stall_threshold: Option<Duration>,
    pub(crate) on_deadline: OnDeadline,
    /// Stops the tree when it is cancelled.
    pub(crate) stop_on: CancellationToken,
    /// What is weaker than usual, and why.
    pub(crate) degraded: BTreeMap<&'static str, String>,
}

impl Plan {
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
