//! What a spec says of a child: what it is, which exits lead to a restart, and how it is stopped.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Says what a child is.
///
/// The kind is information for people and reports. All kinds follow the same rules of restart, order and stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChildKind {
    /// An operating-system process.
    Process,
    /// An async task.
    Task,
    /// A user's own ractor actor.
    Actor,
    /// A supervisor with children of its own.
    Supervisor,
}

impl ChildKind {
    /// The kind as events and reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Task => "task",
            Self::Actor => "actor",
            Self::Supervisor => "supervisor",
        }
    }
}

impl fmt::Display for ChildKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Says which exits of a child lead to a restart (OTP's `restart`).
///
/// The default is [`Permanent`](Self::Permanent), as in OTP. For tasks and blocking work it is
/// [`Transient`](Self::Transient), and for work that runs once [`Temporary`](Self::Temporary).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// Always started again, also after a normal exit (systemd's `Restart=always`).
    #[default]
    Permanent,
    /// Started again after an abnormal exit only (systemd's `Restart=on-failure`). After a normal one it stays
    /// down, and a group restart may still revive it.
    Transient,
    /// Never started again (systemd's `Restart=no`). Once it has ended its supervisor forgets it.
    Temporary,
}

/// Says how a child is stopped and how much time it gets (OTP's `shutdown`, systemd's `TimeoutStopSec=`).
///
/// The default is a grace of five seconds for tasks, actors and processes, and [`Infinity`](Self::Infinity) for
/// supervisors, as in OTP. Whatever it says, a stop deadline that is handed down the tree is never exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shutdown {
    /// The child is not asked but ended at once (OTP's `brutal_kill`): a task is aborted, an actor is killed, a process
    /// gets SIGKILL.
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
