//! How a supervisor stops: its children in reverse start order, each when the one after it is gone or stuck.

use std::time::Instant;

use super::child::{ChildKey, FIRST, State};
use super::children::earlier;
use super::{Action, Actions, Advance, Machine, Phase, SupervisorEnd};
use crate::child::{Shutdown, StopCause};
use crate::policy::StopOrder;

/// A stop of all children that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct WindDown {
    end: SupervisorEnd,
    /// Why the children have to stop.
    cause: StopCause,
    pub(super) deadline: Option<Instant>,
    /// Children below this key are still to be stopped. `None` means all.
    below: Option<ChildKey>,
    waiting_for: Option<ChildKey>,
    /// Everything has been forced, and is only waited for.
    pub(super) forced: bool,
    /// When what has been forced together counts as stuck. One moment for all of them, because they may be many.
    pub(super) stuck_at: Option<Instant>,
    /// Whether the parent has been told that only stuck children are left.
    pub(super) said_stuck: bool,
}

/// Why a child is asked to stop, and by when it has to be gone whatever its grace.
#[derive(Clone, Copy, Debug)]
pub(super) struct StopTerms {
    pub(super) cause: StopCause,
    pub(super) deadline: Option<Instant>,
}

impl WindDown {
    /// Whether everything has been forced.
    pub(super) fn is_forced(&self) -> bool {
        self.forced
    }

    /// The child for whose end it waits.
    pub(super) fn waiting_for(&self) -> Option<ChildKey> {
        self.waiting_for
    }

    /// Why the children have to stop, and by when.
    pub(super) fn why(&self) -> StopTerms {
        StopTerms { cause: self.cause, deadline: self.deadline }
    }
}

impl Machine {
    /// The supervisor is asked to stop. If it does already, a tighter deadline counts all the same.
    pub(super) fn stop(&mut self, cause: StopCause, deadline: Option<Instant>, out: &mut Actions) {
        match &mut self.phase {
            Phase::New => {
                self.dismiss_callers(out);
                self.finish(SupervisorEnd::Stopped, out);
            }
            Phase::Idle | Phase::Working(_) | Phase::GivingUp => {
                self.wind_down(SupervisorEnd::Stopped, StopTerms { cause, deadline }, out)
            }
            Phase::WindingDown(down) => {
                // A grace that goes beyond it is over with it, because everything is forced then.
                down.deadline = earlier(down.deadline, deadline);
            }
            Phase::Finished => {}
        }
    }

    /// The supervisor stops of its own accord.
    pub(super) fn stop_by_itself(&mut self, end: SupervisorEnd, cause: StopCause, out: &mut Actions) {
        out.push_back(Action::Stopping(cause));
        self.wind_down(end, StopTerms { cause, deadline: None }, out);
    }

    /// The supervisor's actor has failed.
    pub(super) fn fail(&mut self, out: &mut Actions) {
        match self.phase {
            Phase::New | Phase::Idle | Phase::Working(_) | Phase::GivingUp => {
                self.stop_by_itself(SupervisorEnd::Failed, StopCause::Failed, out);
            }
            Phase::WindingDown(_) | Phase::Finished => {}
        }
    }

    /// Every grace ends now. The cause is for children that had not been asked; by default it is the stop's own.
    pub(super) fn force(&mut self, cause: Option<StopCause>, now: Instant, out: &mut Actions) {
        self.end_all(cause, |key, cause| Action::Force { key, cause }, now, out);
    }

    /// All children are killed, because that is how this supervisor is stopped.
    pub(super) fn kill(&mut self, now: Instant, out: &mut Actions) {
        self.end_all(None, |key, cause| Action::Kill { key, cause }, now, out);
    }

    /// All at once: one child that will not go must not protect the others.
    fn end_all(
        &mut self,
        cause: Option<StopCause>,
        how: impl Fn(ChildKey, StopCause) -> Action,
        now: Instant,
        out: &mut Actions,
    ) {
        self.stop(StopCause::Parent, None, out);
        let stuck_at = self.stuck_at(now);
        let Phase::WindingDown(down) = &mut self.phase else { return };
        let cause = cause.unwrap_or(down.cause);
        if !std::mem::replace(&mut down.forced, true) {
            down.stuck_at = stuck_at;
            let all: Vec<ChildKey> = self.children.range(FIRST, None).rev().collect();
            for key in all {
                self.end_child(key, how(key, cause), State::Killed { stuck_at: None }, out);
            }
        }
    }

    /// Stops the next child: OTP rule 8, or all at once: OTP rule 50, OTP rule 63.
    pub(super) fn unwind(&mut self, mut down: WindDown, now: Instant, out: &mut Actions) -> Advance {
        let keeps_waiting = |key| self.children.state(key) != State::Down && !self.children.is_stuck(key);
        let has_its_turn = match self.policy.stop_order {
            StopOrder::Reverse => !down.waiting_for.is_some_and(keeps_waiting),
            StopOrder::Concurrent => true,
        };
        if !has_its_turn && !down.forced {
            return Advance::Wait;
        }
        let next = self.children.last_below(down.below).filter(|_| !down.forced);
        match next {
            Some(key) => {
                down.below = Some(key);
                down.waiting_for = Some(key);
                self.phase = Phase::WindingDown(down);
                self.ask(key, StopTerms { cause: down.cause, deadline: down.deadline }, now, out);
                Advance::GoOn
            }
            None if self.children.any_live() || !self.closed => {
                self.say_stuck(down, out);
                Advance::Wait
            }
            None => {
                self.finish(down.end, out);
                Advance::Wait
            }
        }
    }

    /// Says, once, that of this supervisor only children are left that do not go.
    pub(super) fn say_stuck(&mut self, mut down: WindDown, out: &mut Actions) {
        // One that takes in clean-up work has not come to its end.
        if self.closed && self.children.all_stuck() && !std::mem::replace(&mut down.said_stuck, true) {
            self.phase = Phase::WindingDown(down);
            out.push_back(Action::Stuck);
        }
    }

    /// Has one child stopped in the way its spec wants it, by the deadline at the latest. If it has ended already, its
    /// end is absorbed and counts for nothing: OTP rule 13, OTP rule 26.
    pub(super) fn ask(&mut self, key: ChildKey, why: StopTerms, now: Instant, out: &mut Actions) {
        let StopTerms { cause, deadline } = why;
        let Some(child) = self.children.get(key) else { return };
        match (child.state, child.traits.shutdown) {
            (State::Down | State::Stopping { .. } | State::Killed { .. }, _) => {}
            (State::Ended(_) | State::Failed { .. } | State::Restarting { .. }, _) => self.put_down(key, out),
            // OTP rule 9.
            (State::Starting { .. } | State::Abandoned | State::Running, Shutdown::Kill) => {
                self.children.set(key, self.killed(key, now));
                out.push_back(Action::Kill { key, cause });
            }
            // It has been forced already, and has no use for a grace.
            (State::Abandoned, Shutdown::Grace(_) | Shutdown::Infinity) => {
                self.children.set(key, self.killed(key, now));
                out.push_back(Action::Force { key, cause });
            }
            (State::Starting { .. } | State::Running, Shutdown::Grace(grace)) => {
                // OTP rule 10. A grace too long for the clock is no limit.
                let kill_at = earlier(now.checked_add(grace), deadline);
                self.children.set(key, State::Stopping { kill_at });
                out.push_back(Action::Stop { key, cause, deadline: kill_at });
            }
            // OTP rule 11.
            (State::Starting { .. } | State::Running, Shutdown::Infinity) => {
                self.children.set(key, State::Stopping { kill_at: deadline });
                out.push_back(Action::Stop { key, cause, deadline });
            }
        }
    }

    pub(super) fn end_child(&mut self, key: ChildKey, how: Action, killed: State, out: &mut Actions) {
        match self.children.state(key) {
            State::Starting { .. } | State::Abandoned | State::Running | State::Stopping { .. } => {
                self.children.set(key, killed);
                out.push_back(how);
            }
            State::Ended(_) | State::Failed { .. } | State::Restarting { .. } => self.put_down(key, out),
            State::Down | State::Killed { .. } => {}
        }
    }

    fn wind_down(&mut self, end: SupervisorEnd, why: StopTerms, out: &mut Actions) {
        let StopTerms { cause, deadline } = why;
        self.dismiss_callers(out);
        self.settle_all(out);
        let down = WindDown {
            end,
            cause,
            deadline,
            below: None,
            waiting_for: None,
            forced: false,
            stuck_at: None,
            said_stuck: false,
        };
        self.phase = Phase::WindingDown(down);
    }

    fn finish(&mut self, end: SupervisorEnd, out: &mut Actions) {
        self.phase = Phase::Finished;
        out.push_back(Action::Finish(end));
    }
}
