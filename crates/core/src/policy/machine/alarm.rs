//! What is due when time has passed: a grace is over, a start takes too long, a restart was put off, a child that was
//! forced does not go.
//!
//! A timer that comes late says that this program did not run meanwhile: it was suspended, or starved. The time that
//! was lost is given back, to each child its own. So after a suspension not everything that was due happens at once:
//! what happened meanwhile is heard of first, and restarts that were put off stay apart.

use std::time::{Duration, Instant};

use super::child::{ChildKey, FIRST, State};
use super::deferred_ends::DEFERRAL;
use super::round::SLOW;
use super::wind_down::WindDown;
use super::{Action, Actions, Machine, Phase};
use crate::child::{Shutdown, StopCause};
use crate::policy::{LOOK, lost_time, put_off};

impl Machine {
    /// Time has passed: forces everything if the deadline is over, and otherwise does what is due about single
    /// children.
    pub(super) fn alarm(&mut self, now: Instant, out: &mut Actions) {
        if let Some(deadline) = self.deadline().filter(|deadline| now >= *deadline) {
            match (put_off(deadline, now, LOOK), &mut self.phase) {
                (later @ Some(_), Phase::WindingDown(down)) => down.deadline = later,
                _ => self.force(Some(StopCause::Deadline), now, out),
            }
        }
        self.all_are_overdue(now);
        self.deferral_is_over(now);
        for key in self.children.due(now) {
            if self.goes_on_for_lost_time(key, now) {
                continue;
            }
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

    // --- time that was lost ---

    /// Whether what is due about a child is put off, because its timer came late. It goes on for what was lost, and no
    /// longer than the whole time.
    pub(super) fn goes_on_for_lost_time(&mut self, key: ChildKey, now: Instant) -> bool {
        let state = self.children.state(key);
        let Some(whole) = self.whole_time(key, state) else { return false };
        let later = state.timer().and_then(|due| lost_time(due, now, whole)).filter(|later| *later > now);
        let next = match state {
            State::Starting { .. } => State::Starting { next: later },
            State::Stopping { .. } => State::Stopping { kill_at: later },
            State::Restarting { .. } => State::Restarting { due: later },
            State::Failed { .. } => State::Failed { deferred_until: later },
            State::Down | State::Abandoned | State::Running | State::Ended(_) | State::Killed { .. } => state,
        };
        if later.is_some() {
            self.children.set(key, next);
        }
        later.is_some()
    }

    /// How long the time is that a child in this state has.
    fn whole_time(&self, key: ChildKey, state: State) -> Option<Duration> {
        let child = self.children.get(key)?;
        match state {
            State::Starting { .. } => {
                Some(child.traits.start_timeout().map_or(SLOW, |timeout| timeout.min(SLOW)))
            }
            State::Stopping { .. } => Some(match child.traits.shutdown {
                Shutdown::Grace(grace) => grace,
                // Only the deadline ends it.
                Shutdown::Kill | Shutdown::Infinity => LOOK,
            }),
            // Whatever the jitter has made of it.
            State::Restarting { .. } => {
                child.traits.backoff().map(|backoff| backoff.delay(child.attempt, 0.5))
            }
            State::Failed { .. } => Some(DEFERRAL),
            State::Killed { .. } | State::Down | State::Abandoned | State::Running | State::Ended(_) => None,
        }
    }
}
