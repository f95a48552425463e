//! Children that do not go although they were forced: they keep no sibling from being asked, and are waited for to the
//! end.

use std::time::Instant;

use super::child::{ChildKey, State};
use super::wind_down::WindDown;
use super::{Action, Actions, Machine, Phase};

impl Machine {
    /// The state of a child that is killed or forced now.
    pub(super) fn killed(&self, key: ChildKey, now: Instant) -> State {
        let stuck_at = match self.children.is_stuck(key) {
            true => None,
            false => self.stuck_at(now),
        };
        State::Killed { stuck_at }
    }

    /// When a child that is killed or forced now counts as stuck. A time too long for the clock is never over.
    pub(super) fn stuck_at(&self, now: Instant) -> Option<Instant> {
        now.checked_add(self.policy.give_way_after)
    }

    /// A child has been killed or forced long ago, and is still there.
    pub(super) fn is_overdue(&mut self, key: ChildKey) {
        self.children.set(key, State::Killed { stuck_at: None });
        self.children.set_stuck(key);
    }

    /// Says, once, that of this supervisor only children are left that do not go.
    pub(super) fn say_stuck(&mut self, mut down: WindDown, out: &mut Actions) {
        // One that takes in clean-up work has not come to its end.
        if self.closed && self.children.all_stuck() && !std::mem::replace(&mut down.said_stuck, true) {
            self.phase = Phase::WindingDown(down);
            out.push_back(Action::Stuck);
        }
    }
}
