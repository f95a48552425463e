//! The states of one process child, which [`Life`](super::Life) goes through.

use std::time::Instant;

use super::ladder::Rung;

#[derive(Clone, Copy, Debug)]
pub(super) enum LifePhase {
    New,
    /// The start is under way. What was asked of it meanwhile is done when it is over.
    Launching(Wish),
    /// The program runs and has not said that it is ready.
    Unready {
        until: Option<Instant>,
    },
    /// The program has ended before it was known to be ready, and the check looks once more, until this time.
    LookingLast {
        until: Option<Instant>,
        /// Whether the set is known to be empty.
        is_empty: bool,
    },
    /// The program runs.
    Alive(Pressure),
    /// The program has ended, and its set may not be empty.
    Left(Pressure),
    /// The set is empty, and the check has not ended. It is waited for until this time.
    Checking {
        until: Option<Instant>,
    },
    Gone,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    Run,
    Stop,
    Kill,
}

/// How hard the set has been asked to go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pressure {
    None,
    /// Asked, up to this rung. `kill_at` is when that is enough, unless it is the supervisor's to say.
    Asked {
        rung: Rung,
        kill_at: Option<Instant>,
    },
    Killed {
        again_at: Option<Instant>,
    },
}

/// How far the check has come: of the readiness, and then of the health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckState {
    /// There is none, or none any more.
    Over,
    Running,
    /// It has been aborted, and may still be there.
    Ending,
}
