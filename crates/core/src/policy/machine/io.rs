//! What the machine is told, and what it answers.

use std::time::{Duration, Instant};

use super::child::{ChildKey, Traits};
use crate::child::{ChildId, ExitClass, StopCause};
use crate::policy::{Intensity, ShortQueue};

/// A fact that the machine is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Input {
    /// Start the children.
    Begin,
    /// The child runs.
    Started(ChildKey),
    /// The child had nothing to run.
    Ignored(ChildKey),
    /// The child could not be started, and nothing is left of the attempt.
    StartFailed(ChildKey),
    /// The child is gone.
    Ended(ChildKey, ExitClass),
    /// Stop everything in order, by this time.
    Stop { cause: StopCause, deadline: Option<Instant> },
    /// The child is gone. It has ended as programs do because of a stop signal, which may have been sent to the whole
    /// tree, and the root's own be still on its way.
    EndedBySignal(ChildKey, ExitClass),
    /// The start of the child failed because it ended as programs do because of a stop signal, which may have been sent
    /// to the whole tree.
    StartFailedBySignal(ChildKey),
    /// The stop of an ancestor has begun: from now on nothing is started, restarted or given up here, but for clean-up
    /// work. The children that run go on until the supervisor itself is asked to stop.
    Hold,
    /// A caller wants something of one child.
    Call { call: CallKey, request: Request },
    /// The shell has not carried out the start of this child, because the stop of an ancestor has begun. Implies
    /// [`Hold`](Self::Hold).
    Cancelled(ChildKey),
    /// The shell has written down that this child is restarted: siblings that share its end are stopped now.
    Announced(ChildKey),
    /// The shell has written down that the supervisor gives up: it stops now.
    GaveUp,
    /// The child could not be asked to stop, and the shell has forced it instead.
    Forced(ChildKey),
    /// The child cannot go: it was forced and hangs in one poll, it is a process that cannot be signalled, or it is a
    /// supervisor below which only such children are left.
    Stuck(ChildKey),
    /// A caller that had reserved a place has left without bringing a child.
    ReservationDropped,
    /// No caller brings in a child any more.
    Close,
    /// End all children at once, because that is how this supervisor is stopped.
    Kill,
    /// Every grace ends now.
    Force,
    /// The supervisor's actor failed: stop what is left.
    Fail,
    /// Time has passed.
    Alarm,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start the child and say how it went, unless the stop of an ancestor has begun: then say [`Input::Cancelled`].
    Start(ChildKey),
    /// Start the child, although a stop may be under way.
    StartCleanUp(ChildKey),
    /// Ask the child to stop; it will be forced at the deadline. If it cannot be asked, force it and say
    /// [`Input::Forced`].
    Stop { key: ChildKey, cause: StopCause, deadline: Option<Instant> },
    /// End the child at once, as its spec wants it.
    Kill { key: ChildKey, cause: StopCause },
    /// The child's grace is over: end it now. The cause is for a child that was never asked.
    Force { key: ChildKey, cause: StopCause },
    /// The child did not start in time: end the attempt, and say that the start failed once nothing is left of it.
    AbandonStart(ChildKey),
    /// The child has not started for this long. Its start goes on.
    SaySlow { key: ChildKey, after: Duration },
    /// The child that was offered belongs to the supervisor from now on.
    Keep(ChildKey),
    /// The child that was offered is not wanted.
    Decline(ChildKey),
    /// The child is not started, because the supervisor or an ancestor stops, and the refusal is counted. It was
    /// offered, or it was kept and is forgotten next.
    Refuse(ChildKey),
    /// The child has been deleted.
    Forget(ChildKey),
    /// What a caller wanted has been done, or cannot be.
    Reply { call: CallKey, reply: Reply },
    /// The child is about to be started again. Write it down and say [`Input::Announced`], or, if the stop of an
    /// ancestor has begun, say [`Input::Hold`] instead.
    Restarting { key: ChildKey, attempt: u32, delay: Duration },
    /// This restart intensity is used up, the supervisor's or a child's own. Write it down and say [`Input::GaveUp`],
    /// or, if the stop of an ancestor has begun, say [`Input::Hold`] instead.
    GaveUp(Intensity),
    /// All children have been started.
    Ready,
    /// The supervisor has begun to stop of its own accord.
    Stopping(StopCause),
    /// Of a supervisor that stops only children are left that do not go although they were forced. Its parent need not
    /// keep other children waiting for it.
    Stuck,
    /// All children are gone.
    Finish(SupervisorEnd),
}

/// What is to be done, in order. Kept by the caller, so that a step needs no memory of its own.
pub(crate) type Actions = ShortQueue<Action>;

/// Why a supervisor has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SupervisorEnd {
    /// It was asked to.
    Stopped,
    /// It used up its restart intensity.
    GaveUp,
    /// Its significant children have ended.
    AutoShutdown,
    /// This child could not be started when the supervisor itself was.
    StartFailed(ChildKey),
    /// Its actor failed.
    Failed,
}

/// Names a call to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallKey(pub(crate) u64);

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
