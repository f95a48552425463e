//! What a caller asks of the machine, and what comes of it.

use super::child::{ChildKey, Traits};
use crate::child::ChildId;

/// Names a call to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallId(pub(crate) u64);

/// What a caller wants of one child.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    /// Add this child behind all others, and start it.
    Start { key: ChildKey, id: ChildId, traits: Traits },
    /// The same, in a place that was reserved before.
    StartInReserved { key: ChildKey, id: ChildId, traits: Traits },
    /// Reserves a place for a child, as soon as there is one.
    Reserve,
    /// As `Start`, also while the supervisor stops: the child is asked to stop as soon as it has started.
    CleanUp { key: ChildKey, id: ChildId, traits: Traits },
    /// Stop it, and do not start it again.
    Terminate(ChildId),
    /// Start it, now that it is down.
    Restart(ChildId),
    /// Forget it, now that it is down.
    Delete(ChildId),
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The child runs.
    Started(ChildKey),
    /// A place for a child is reserved.
    Reserved,
    /// The child had nothing to run.
    Ignored,
    /// The child could not be started.
    StartFailed(ChildKey),
    /// The child was stopped before it had started.
    StartCancelled,
    /// The child is down, or deleted.
    Done,
    /// A child with this id runs already.
    AlreadyStarted,
    /// A child with this id is there already, and is down.
    AlreadyPresent,
    /// There are as many children as there may be.
    MaxChildren,
    /// No child has this id.
    NotFound,
    /// The child runs.
    Running,
    /// The child is going to be started again.
    Restarting,
    /// Children that are down are not kept here, so that there is nothing to restart or to delete.
    NothingKept,
    /// The supervisor stops.
    Stopping,
}
