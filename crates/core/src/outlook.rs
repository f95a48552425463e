//! What a supervisor is going to do, as the machine says that decides.

use std::time::Duration;

use crate::child::ChildPath;
use crate::policy::{Consequence, Intensity, NextStep, PatienceLimit};

/// What the supervisor of a child is going to do about it, and what has to happen before, at one moment.
///
/// The machine that decides says it. It holds until something happens that is not named here: until then, time and what
/// is waited for lead to [`next`](Self::next). Moments are counted from when the root began, as in
/// [`Event::at`](crate::Event::at).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChildOutlook {
    /// The child.
    pub path: ChildPath,
    /// The number of the newest event at that moment.
    pub as_of: u64,
    /// That moment.
    pub at: Duration,
    /// What is waited for now: its own start or end, or that of a sibling whose turn comes before.
    pub waits_for: Option<Awaited>,
    /// How many starts and ends of siblings are waited for after that one.
    pub before: usize,
    /// What the supervisor does next about it. `None` if it does nothing by itself.
    pub next: Option<NextStep>,
    /// The moment before which it does not do that, if there is one: the delay of a restart, mostly.
    pub due: Option<Duration>,
    /// What it does at which moment, if what it waits for takes too long.
    pub limit: Option<(PatienceLimit, Duration)>,
    /// What would follow if the child failed now. `None` if it does not run, or its supervisor has something in hand.
    pub on_failure: Option<Consequence>,
    /// What would follow if it ended as it should now.
    pub on_success: Option<Consequence>,
    /// What the supervisor of the child has in hand. `None` for the root.
    pub above: Option<InHand>,
    /// What the child has in hand, if it is a supervisor that runs and has answered in time.
    pub own: Option<InHand>,
}

/// A child for whose start or end its supervisor waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Awaited {
    /// That it has started.
    Start(ChildPath),
    /// That it is gone.
    End(ChildPath),
}

/// What a supervisor has in hand at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InHand {
    /// What it waits for before it does anything else about its children.
    pub waits_for: Option<Awaited>,
    /// How many restarts count for its intensity.
    pub restarts: u32,
    /// How many may count, and how long each does.
    pub intensity: Intensity,
    /// When the first of them counts no more, counted from when the root began.
    pub counts_until: Option<Duration>,
}
