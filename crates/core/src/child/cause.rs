//! Why something stops.

use std::fmt;

use serde::ser::{Serialize, Serializer};

/// Why something stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopCause {
    /// A signal asked the root to.
    Signal(&'static str),
    /// The program asked for it.
    Api,
    /// The supervisor above it stops.
    Parent,
    /// A sibling failed, and the strategy restarts both.
    Sibling,
    /// The stop deadline is over.
    Deadline,
    /// The supervisor used up its restart intensity.
    GaveUp,
    /// A significant child ended.
    AutoShutdown,
    /// A child could not be started, so that the supervisor could not either.
    StartFailed,
    /// Nothing is left that runs or could be restarted.
    Idle,
    /// The last handle of the tree was dropped.
    Dropped,
    /// The program's token was cancelled, which the tree was told to [stop on](crate::TreeBuilder::stop_on).
    Token,
    /// The supervisor's own actor failed.
    Failed,
    /// The means by which the program holds what it starts are lost, such as the warden of its processes.
    Uncontained,
}

impl StopCause {
    /// The cause in one word, as a `stopping` event has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signal(_) => "signal",
            Self::Api => "api",
            Self::Parent => "parent",
            Self::Sibling => "sibling",
            Self::Deadline => "deadline",
            Self::GaveUp => "gave_up",
            Self::AutoShutdown => "auto_shutdown",
            Self::StartFailed => "start_failed",
            Self::Idle => "idle",
            Self::Dropped => "dropped",
            Self::Token => "token",
            Self::Failed => "failed",
            Self::Uncontained => "uncontained",
        }
    }
}

/// The cause as a report has it: with the signal's name.
impl fmt::Display for StopCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(name) => write!(f, "signal {name}"),
            Self::Api
            | Self::Parent
            | Self::Sibling
            | Self::Deadline
            | Self::GaveUp
            | Self::AutoShutdown
            | Self::StartFailed
            | Self::Idle
            | Self::Dropped
            | Self::Token
            | Self::Failed
            | Self::Uncontained => f.write_str(self.as_str()),
        }
    }
}

impl Serialize for StopCause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
