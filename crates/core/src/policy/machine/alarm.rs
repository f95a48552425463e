//! What is due when time has passed: a grace is over, a start takes too long, a restart was put off, a child that was
//! forced does not go.
//!
//! Time in which this program was suspended does not count here: the clock by which all is due stands still meanwhile.

use std::time::Instant;

use super::child::{ChildKey, FIRST, State};
use super::round::SLOW;
use super::wind_down::WindDown;
use super::{Action, Actions, Machine, Phase};
use crate::child::StopCause;

impl Machine {
    /// Time has passed: forces everything if the deadline is over, and otherwise does what is due about single
    /// children.
    pub(super) fn alarm(&mut self, now: Instant, out: &mut Actions) {
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            self.force(Some(StopCause::Deadline), now, out);
        }
        self.all_are_overdue(now);
        self.deferral_is_over(now);
        for key in self.children.due(now) {
            match self.children.state(key) {
                State::Stopping { .. } => {
                    let force = Action::Force { key, cause: StopCause::Deadline };
                    self.end_child(key, force, self.killed(key, now), out);
                }
                State::Starting { .. } => self.start_is_due(key, now, out),
                State::Restarting { .. } => self.restart_is_due(key),
                State::Killed { .. } => self.is_overdue(key),
                State::Failed { .. } => self.has_failed(key),
                State::Down | State::Abandoned | State::Running | State::Ended(_) => {}
            }
        }
    }

    /// By when everything has to be gone, unless it has been forced already.
    fn deadline(&self) -> Option<Instant> {
        self.winding_down().filter(|down| !down.forced).and_then(|down| down.deadline)
    }

    /// When the stop as a whole, and not a single child, next wants an alarm.
    pub(super) fn wind_down_alarm(&self) -> Option<Instant> {
        let down = self.winding_down()?;
        if down.forced { down.stuck_at } else { down.deadline }
    }

    fn winding_down(&self) -> Option<WindDown> {
        match self.phase {
            Phase::WindingDown(down) => Some(down),
            Phase::New | Phase::Idle | Phase::Working(_) | Phase::GivingUp | Phase::Finished => None,
        }
    }

    /// Everything has been forced long ago: what is still there counts as stuck.
    fn all_are_overdue(&mut self, now: Instant) {
        let Phase::WindingDown(down) = &mut self.phase else { return };
        if down.stuck_at.is_some_and(|at| at <= now) {
            down.stuck_at = None;
            let all: Vec<ChildKey> = self.children.range(FIRST, None).collect();
            all.into_iter().for_each(|key| self.children.set_stuck(key));
        }
    }

    /// The moment has come at which something is to be done about a start: it is slow, or it is given up.
    pub(super) fn start_is_due(&mut self, key: ChildKey, now: Instant, out: &mut Actions) {
        let Some(child) = self.children.get(key) else { return };
        let timeout = child.traits.start_timeout();
        if child.slow || timeout.is_some_and(|timeout| timeout <= SLOW) {
            self.children.set(key, State::Abandoned);
            out.push_back(Action::AbandonStart(key));
            return;
        }
        let left = timeout.and_then(|timeout| timeout.checked_sub(SLOW));
        let child =
            self.children.set(key, State::Starting { next: left.and_then(|left| now.checked_add(left)) });
        child.slow = true;
        out.push_back(Action::SaySlow { key, after: SLOW });
    }

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
}
