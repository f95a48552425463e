//! How the threads of one story take turns: drawn from its seed, because different races need different schedules.

use super::rng::Rng;

/// How the threads of one story take turns.
pub(super) struct Schedule {
    pub(super) threads: usize,
    pub(super) order: PollOrder,
    pub(super) time: Time,
}

/// When a story's time goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// When nothing else can. All that happens at one moment happens before the next.
    AtRest,
    /// Also while threads are in the middle of something: now and then the next timer comes, if it is not far away.
    AtAnyPoint,
}

/// Which thread goes on.
#[derive(Clone, Copy)]
pub(super) enum PollOrder {
    /// At each point another thread goes on once in so many times, and each is as likely as any other. Finds what needs
    /// many switches.
    Even { leaves: usize },
    /// Each task has a rank, the highest goes on, and once in so many points a task falls to the lowest. So a task can
    /// be held up in the middle of something for as long as anything else can happen. Finds what needs one switch at
    /// the right place.
    Ranked { falls: usize },
}

impl Schedule {
    pub(super) fn draw(rng: &mut Rng, time: Time) -> Self {
        let threads = 2 + rng.below(2);
        let order = match rng.below(6) {
            0 => PollOrder::Even { leaves: 2 },
            1 => PollOrder::Even { leaves: 8 },
            2 => PollOrder::Even { leaves: 40 },
            3 => PollOrder::Ranked { falls: 10 },
            4 => PollOrder::Ranked { falls: 50 },
            _ => PollOrder::Ranked { falls: 250 },
        };
        Self { threads, order, time }
    }
}
