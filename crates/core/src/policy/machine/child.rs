//! A child as the machine knows it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::child::{ChildId, ExitClass, Restart, Shutdown};
use crate::policy::intensity::RestartWindow;
use crate::policy::{Backoff, Intensity};

/// Names a child to the machine. Keys grow in start order and are never used again: OTP rule 27.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ChildKey(pub(crate) u64);

/// No key is below this one.
pub(super) const FIRST: ChildKey = ChildKey(0);

/// What the machine needs to know of a child's spec.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Traits {
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
    /// What few children have. Shared with the spec, so that the others pay nothing for it.
    pub(crate) tuning: Option<Arc<Tuning>>,
}

/// What goes beyond OTP in a child's spec.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tuning {
    pub(crate) backoff: Option<Backoff>,
    pub(crate) intensity: Option<Intensity>,
    pub(crate) start_timeout: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(super) struct MachineChild {
    pub(super) id: ChildId,
    pub(super) traits: Traits,
    pub(super) state: State,
    /// Counts the starts, so that what waits in the queue can be told from what has happened since.
    pub(super) generation: u32,
    /// When it last came to run, if it did since its last start.
    pub(super) running_since: Option<Instant>,
    /// How many restarts in a row, since it last ran well.
    pub(super) attempt: u32,
    /// Its own restarts, if its spec limits them.
    pub(super) window: Option<Box<RestartWindow>>,
    /// Whether this incarnation does not go although it was forced. No sibling waits for its end any more.
    pub(super) stuck: bool,
    /// Whether it has been said that this start is slow.
    pub(super) slow: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// OTP's `undefined`.
    Down,
    /// At this time something has to be done about it: it is said that it is slow, or its start is given up.
    Starting {
        next: Option<Instant>,
    },
    /// Its start has taken too long and has been ended by force. It may still say that it runs, if it came to that
    /// before.
    Abandoned,
    Running,
    /// Gone by itself; what follows from it has not been decided yet.
    Ended(ExitClass),
    /// Its start failed; what follows from it has not been decided yet. If the start may have been ended by a stop
    /// signal for the whole tree, that is decided at this time.
    Failed {
        deferred_until: Option<Instant>,
    },
    /// OTP's `restarting`: another attempt is due at this time, or waits in the queue.
    Restarting {
        due: Option<Instant>,
    },
    /// Asked to stop. `kill_at` is `None` if it may take for ever.
    Stopping {
        kill_at: Option<Instant>,
    },
    /// Killed as its spec wants it, or forced: there is nothing more to be done than to wait. If it is still there at
    /// this time, it counts as stuck.
    Killed {
        stuck_at: Option<Instant>,
    },
}

impl Traits {
    pub(super) fn backoff(&self) -> Option<Backoff> {
        self.tuning.as_ref().and_then(|tuning| tuning.backoff)
    }

    pub(super) fn start_timeout(&self) -> Option<Duration> {
        self.tuning.as_ref().and_then(|tuning| tuning.start_timeout)
    }

    pub(super) fn window(&self) -> Option<Box<RestartWindow>> {
        let intensity = self.tuning.as_ref().and_then(|tuning| tuning.intensity);
        intensity.map(|intensity| Box::new(RestartWindow::new(intensity)))
    }
}

impl State {
    pub(super) fn is_live(self) -> bool {
        match self {
            Self::Starting { .. }
            | Self::Abandoned
            | Self::Running
            | Self::Stopping { .. }
            | Self::Killed { .. } => true,
            Self::Down | Self::Ended(_) | Self::Failed { .. } | Self::Restarting { .. } => false,
        }
    }

    /// Whether the child waits for a restart, or for the machine to decide what follows from its end.
    pub(super) fn is_unsettled(self) -> bool {
        match self {
            Self::Ended(_) | Self::Failed { .. } | Self::Restarting { .. } => true,
            Self::Down
            | Self::Starting { .. }
            | Self::Abandoned
            | Self::Running
            | Self::Stopping { .. }
            | Self::Killed { .. } => false,
        }
    }

    /// Whether the child has been asked to stop, killed or forced, and is still there.
    pub(super) fn is_stopping(self) -> bool {
        match self {
            Self::Stopping { .. } | Self::Killed { .. } => true,
            Self::Down
            | Self::Starting { .. }
            | Self::Abandoned
            | Self::Running
            | Self::Ended(_)
            | Self::Failed { .. }
            | Self::Restarting { .. } => false,
        }
    }

    /// Whether it has been told to start, and has neither come to run nor failed.
    pub(super) fn is_starting(self) -> bool {
        matches!(self, Self::Starting { .. } | Self::Abandoned)
    }

    pub(super) fn is_restarting(self) -> bool {
        matches!(self, Self::Restarting { .. })
    }

    /// When something has to be done about a child in this state.
    pub(super) fn timer(self) -> Option<Instant> {
        match self {
            Self::Starting { next: at }
            | Self::Restarting { due: at }
            | Self::Failed { deferred_until: at }
            | Self::Stopping { kill_at: at }
            | Self::Killed { stuck_at: at } => at,
            Self::Down | Self::Abandoned | Self::Running | Self::Ended(_) => None,
        }
    }
}
