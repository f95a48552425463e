//! What a child is.

use std::fmt;

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
