//! What a supervisor's actor is told: by its children, by its parent, by its alarm and by callers.

use super::call::Call;
use crate::port::{ChildReport, StopRequest};

/// One message of a supervisor's mailbox.
pub(super) enum Mail {
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
    /// No child is brought any more: the supervisor ends when its last child is gone.
    Close,
    /// A moment has come that the machine waits for.
    Alarm,
    /// Everything that had happened when the first fact of this batch arrived has been heard by now: decide.
    ///
    /// The actor sends this to itself with the first fact of a batch. Its place in the mailbox, behind all facts that were there then, is
    /// what makes "facts first, then decisions" true.
    Decide,
    /// Makes the actor panic, so that a test can see what becomes of its children.
    #[cfg(test)]
    Poison,
}
