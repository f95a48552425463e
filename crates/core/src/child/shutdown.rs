//! How much time a child gets to stop.

use std::time::Duration;

/// Says how a child is stopped and how much time it gets (OTP's `shutdown`, systemd's `TimeoutStopSec=`).
///
/// The default is a grace of five seconds for tasks, actors and processes, and [`Infinity`](Self::Infinity) for
/// supervisors, as in OTP. Whatever it says, a stop deadline that is handed down the tree is never exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shutdown {
    /// The child is not asked but ended at once (OTP's `brutal_kill`): a task is aborted, an actor is killed, a process gets SIGKILL.
    Kill,
    /// The child is asked to stop, and forced when it has not ended after this time.
    Grace(Duration),
    /// The child is asked to stop and awaited for as long as it takes.
    Infinity,
}

impl Shutdown {
    /// The grace that a task, an actor or a process gets if nothing else is said: five seconds.
    pub const DEFAULT_GRACE: Duration = Duration::from_secs(5);
}

impl From<Duration> for Shutdown {
    fn from(grace: Duration) -> Self {
        Self::Grace(grace)
    }
}
