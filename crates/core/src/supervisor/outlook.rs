//! What a caller wants to know of what a supervisor is going to do, and the words for the machine's answer.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::child::ChildPath;
use crate::event::RecordPosition;
use crate::outlook::{Awaited, ChildOutlook, InHand};
use crate::policy::{self, ChildKey, CountedRestarts, Prospects};

/// What a caller wants to know.
pub(super) struct Question {
    /// The child. `None` asks what the supervisor itself has in hand.
    pub(super) child: Option<String>,
    pub(super) answer: oneshot::Sender<Option<ChildOutlook>>,
}

/// The moment of an answer, and how a child's key becomes its path.
pub(super) struct Wording<F> {
    pub(super) now: Instant,
    pub(super) seen: RecordPosition,
    pub(super) path_of: F,
}

impl<F: Fn(ChildKey) -> Option<ChildPath>> Wording<F> {
    /// What the supervisor has in hand.
    pub(super) fn in_hand(&self, awaited: Option<policy::AwaitedKey>, counted: CountedRestarts) -> InHand {
        InHand {
            waits_for: self.awaited(awaited),
            restarts: counted.restarts,
            intensity: counted.limit,
            counts_until: counted.until.map(|until| self.at(until)),
        }
    }

    /// What it is going to do about a child, or, without prospects, nothing.
    pub(super) fn outlook(&self, path: ChildPath, prospects: Prospects) -> ChildOutlook {
        let Prospects { waits_for, before, next, due, limit, on_failure, on_success } = prospects;
        ChildOutlook {
            path,
            as_of: self.seen.as_of,
            at: self.seen.at,
            waits_for: self.awaited(waits_for),
            before,
            next,
            due: due.map(|due| self.at(due)),
            limit: limit.map(|(limit, at)| (limit, self.at(at))),
            on_failure,
            on_success,
            above: None,
            own: None,
        }
    }

    fn awaited(&self, awaited: Option<policy::AwaitedKey>) -> Option<Awaited> {
        match awaited? {
            policy::AwaitedKey::Start(key) => (self.path_of)(key).map(Awaited::Start),
            policy::AwaitedKey::End(key) => (self.path_of)(key).map(Awaited::End),
        }
    }

    /// How long after the root began a moment is.
    fn at(&self, at: Instant) -> Duration {
        let after = self.seen.at.saturating_add(at.saturating_duration_since(self.now));
        after.saturating_sub(self.now.saturating_duration_since(at))
    }
}
