//! In what manner the threads of one story take turns: drawn from its seed, because different races need different
//! manners.

use super::dice::Dice;

/// In what manner the threads of one story take turns.
pub(super) struct Manner {
    pub(super) threads: usize,
    pub(super) order: Order,
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
pub(super) enum Order {
    /// At each point another thread goes on once in so many times, and each is as likely as any other. Finds what needs
    /// many switches.
    Even { leaves: usize },
    /// Each task has a rank, the highest goes on, and once in so many points a task falls to the lowest. So a task can
    /// be held up in the middle of something for as long as anything else can happen. Finds what needs one switch at
    /// the right place.
    Ranked { falls: usize },
}

impl Manner {
    pub(super) fn draw(dice: &mut Dice, time: Time) -> Self {
        let threads = 2 + dice.below(2);
        let order = match dice.below(6) {
            0 => Order::Even { leaves: 2 },
            1 => Order::Even { leaves: 8 },
            2 => Order::Even { leaves: 40 },
            3 => Order::Ranked { falls: 10 },
            4 => Order::Ranked { falls: 50 },
            _ => Order::Ranked { falls: 250 },
        };
        Self { threads, order, time }
    }
}
