//! What a supervisor's actor is told: by its children, by its parent, by its alarm and by callers.

use super::call::Call;
use crate::child_kind::{ChildReport, StopRequest};

/// One message of a supervisor's mailbox.
pub(super) enum Message {
    /// Start the children.
    Begin,
    /// A child has said something.
    Child(ChildReport),
    /// A caller wants something.
    Call(Call),
    /// The parent asks the supervisor to stop.
    Stop(StopRequest),
    /// The parent ends everything at once: that is how this supervisor is stopped.
    Kill,
    /// The parent forces the supervisor.
    Force,
    /// A caller that had reserved a place for a child has left without bringing one.
    ReservationDropped,
    /// No child is brought any more: the supervisor ends when its last child is gone.
    Close,
    /// A moment has come that the machine waits for.
    Alarm,
    /// Decide upon what is left, also if there is more in the mailbox behind this.
    ///
    /// The actor decides when its mailbox is empty: facts first, then decisions. Where facts never cease, or there is
    /// more to do than fits into one turn, it sends this to itself; everything that was in the mailbox then is heard
    /// before.
    Decide,
    /// Makes the actor panic, so that a test can see what becomes of its children.
    #[cfg(test)]
    Poison,
}
