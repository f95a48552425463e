//! Whether a child went when it was stopped, and what it left behind.

use std::fmt;

/// Whether a child went when it was stopped, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It ended within its grace.
    Graceful,
    /// It ended because it was killed, aborted or otherwise forced.
    Killed,
    /// It had ended before the stop came to it, or could not be started: then it has no status.
    AlreadyGone,
    /// It could not be brought down before the deadline.
    Unreapable,
}

/// A descendant of a process child that was still there after the child itself had gone, or a readiness check that
/// does not end. The process id is this program's then.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Straggler {
    /// Its process id.
    pub pid: u32,
    /// What it ran, as far as the system told.
    pub command: String,
    /// [`Outcome::Graceful`] if it went by itself or when asked, [`Outcome::Killed`] if not, and
    /// [`Outcome::Unreapable`] if it was still there at the deadline.
    pub outcome: Outcome,
}

impl Straggler {
    /// A descendant with this process id that ran this command, and went like this.
    pub fn new(pid: u32, command: impl Into<String>, outcome: Outcome) -> Self {
        Self { pid, command: command.into(), outcome }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Graceful => "graceful",
            Self::Killed => "killed",
            Self::AlreadyGone => "already gone",
            Self::Unreapable => "unreapable",
        })
    }
}
