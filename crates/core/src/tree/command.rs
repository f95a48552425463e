//! What the guardian is told.

use tokio::sync::mpsc;

use crate::child::StopCause;
use crate::child_kind::{ChildReport, Report};

/// What the guardian is told: what the program wants of the root, and what the root says of itself.
pub(super) enum Command {
    Stop(StopCause),
    Force,
    /// Show that the guardian has its turn.
    Answer,
    /// Report now, whatever is still there.
    GiveUp,
    Hear(Box<ChildReport>),
}

impl Command {
    /// Whether the root reports its end.
    pub(super) fn is_the_end(&self) -> bool {
        matches!(self, Self::Hear(said) if matches!(said.report, Report::Ended { .. } | Report::Failed { .. }))
    }
}

/// Both ends of the guardian's queue.
pub(super) type Commands = (mpsc::UnboundedSender<Command>, mpsc::UnboundedReceiver<Command>);
