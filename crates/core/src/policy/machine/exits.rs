//! What follows from a child that ended by itself, and what waits its turn meanwhile.

use std::time::{Duration, Instant};

use super::child::{ChildKey, MachineChild, State};
use super::io::{CallId, Request};
use super::round::Round;
use super::{Action, Actions, Advance, Machine, Phase, SupervisorEnd};
use crate::child::{ExitClass, Restart, StopCause};
use crate::policy::{AutoShutdown, Intensity, Keeping, Strategy};

/// Something that waits its turn.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    /// A child has ended by itself.
    Exit { key: ChildKey, generation: u32 },
    /// A restart has failed and is to be tried again, which counts.
    Retry { key: ChildKey, generation: u32 },
    /// The delay of a restart that has been counted is over.
    Due { key: ChildKey, generation: u32 },
    /// A caller wants something of one child.
    Call { call: CallId, request: Request },
}

impl Machine {
    /// Takes up what has waited longest.
    pub(super) fn take_up_next(&mut self, now: Instant, out: &mut Actions) -> Advance {
        let Some(pending) = self.pending.pop_front() else { return Advance::Wait };
        match pending {
            Pending::Call { call, request } => return self.take_up_call(call, request, now, out),
            Pending::Exit { key, generation } => self.take_up_exit(key, generation, now, out),
            Pending::Retry { key, generation } if self.is_due(key, generation) => self.restart(key, now, out),
            Pending::Due { key, generation } if self.is_due(key, generation) => self.begin_restart(key),
            // A call or a group restart has stopped, deleted or restarted it in the meantime: OTP rule 33.
            Pending::Retry { .. } | Pending::Due { .. } => {}
        }
        Advance::GoOn
    }

    fn take_up_exit(&mut self, key: ChildKey, generation: u32, now: Instant, out: &mut Actions) {
        match self.current(key, generation).map(|child| (child.traits.restart, child.state)) {
            Some((restart, State::Ended(class))) if is_restarted(restart, class) => {
                self.restart(key, now, out)
            }
            Some((_, State::Ended(_))) => self.end_for_good(key, out),
            // A group restart or a call has dealt with it in the meantime, and nothing follows any more.
            // OTP rule 13, OTP rule 26.
            Some(_) | None => {}
        }
    }

    /// Whether the child still waits for the restart that it waited for when this was queued.
    fn is_due(&self, key: ChildKey, generation: u32) -> bool {
        self.current(key, generation).is_some_and(|child| child.state == State::Restarting { due: None })
    }

    /// The child, if it has not been started again since.
    fn current(&self, key: ChildKey, generation: u32) -> Option<&MachineChild> {
        self.children.get(key).filter(|child| child.generation == generation)
    }

    /// Queues another attempt to restart a child, behind everything that waits already, so that a stop, a call or
    /// another exit can come in between: OTP rule 31, OTP rule 61.
    pub(super) fn try_again(&mut self, key: ChildKey) {
        self.children.set(key, State::Restarting { due: None });
        let generation = self.children.get(key).map_or(0, |child| child.generation);
        self.pending.push_back(Pending::Retry { key, generation });
        self.phase = Phase::Idle;
    }

    /// Lets a child stay down. One that is not kept is deleted: OTP rule 3, OTP rule 18, OTP rule 25.
    pub(super) fn put_down(&mut self, key: ChildKey, out: &mut Actions) {
        self.children.set(key, State::Down);
        if !self.is_kept(key) {
            self.forget(key, out);
        }
    }

    pub(super) fn forget(&mut self, key: ChildKey, out: &mut Actions) {
        self.children.remove(key);
        out.push_back(Action::Forget(key));
    }

    /// Whether the child's spec stays once the child is down.
    pub(super) fn is_kept(&self, key: ChildKey) -> bool {
        match self.policy.keeping {
            Keeping::Specs => {
                self.children.get(key).is_some_and(|child| child.traits.restart != Restart::Temporary)
            }
            // OTP rule 48, OTP rule 54, OTP rule 60.
            Keeping::Nothing { .. } => false,
        }
    }

    /// A child is not started again, which may be the end of the supervisor too. It is not counted: OTP rule 19.
    fn end_for_good(&mut self, key: ChildKey, out: &mut Actions) {
        let is_significant = self.children.get(key).is_some_and(|child| child.traits.significant);
        self.put_down(key, out);
        // The only trigger: OTP rule 37, OTP rule 40.
        if is_significant && self.auto_shutdown_is_due() {
            self.blamed = Some(key);
            self.stop_by_itself(SupervisorEnd::AutoShutdown, StopCause::AutoShutdown, out);
        }
    }

    /// Whether the end of a significant child stops the supervisor (OTP rules 37 to 39).
    fn auto_shutdown_is_due(&self) -> bool {
        match self.policy.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !self.children.any_significant(),
        }
    }

    /// Restarts a child, and the siblings that share its end, unless that is one restart too many: OTP rule 36.
    /// However many siblings there are, it counts once: OTP rule 30.
    fn restart(&mut self, key: ChildKey, now: Instant, out: &mut Actions) {
        if let Err(exceeded) = self.count_restart(key, now) {
            self.blamed = Some(key);
            self.put_down(key, out);
            out.push_back(Action::GaveUp(exceeded));
            self.phase = Phase::GivingUp;
            return;
        }
        let (attempt, delay) = self.next_attempt(key);
        out.push_back(Action::Restarting { key, attempt, delay });
        let due = (!delay.is_zero()).then(|| later(now, delay));
        self.children.set(key, State::Restarting { due });
        self.phase = Phase::Working(self.round_for(key).once_announced());
    }

    /// The shell has written down that the supervisor gives up.
    pub(super) fn gave_up(&mut self, out: &mut Actions) {
        match self.phase {
            Phase::GivingUp => self.stop_by_itself(SupervisorEnd::GaveUp, StopCause::GaveUp, out),
            Phase::New | Phase::Idle | Phase::Working(_) | Phase::WindingDown(_) | Phase::Finished => {}
        }
    }

    fn begin_restart(&mut self, key: ChildKey) {
        self.phase = Phase::Working(self.round_for(key));
    }

    fn round_for(&self, key: ChildKey) -> Round {
        match self.policy.strategy {
            Strategy::OneForOne => Round::restart_one(key),
            Strategy::OneForAll => Round::restart_all(key),
            Strategy::RestForOne => Round::restart_rest(key),
        }
    }

    /// The delay of a restart is over.
    pub(super) fn restart_is_due(&mut self, key: ChildKey) {
        self.children.set(key, State::Restarting { due: None });
        if self.is_in_hand(key) {
            // Its siblings are still being stopped, and the same round then starts them and it.
            return;
        }
        let generation = self.children.get(key).map_or(0, |child| child.generation);
        self.pending.push_back(Pending::Due { key, generation });
    }

    /// Whether the restart of a child has been put off, so that siblings may be down on its account. It may be due by
    /// now, and wait its turn.
    pub(super) fn is_put_off(&self, key: ChildKey) -> bool {
        let is_its_turn = |pending: &Pending| matches!(pending, Pending::Due { key: due, .. } if *due == key);
        let State::Restarting { due } = self.children.state(key) else { return false };
        due.is_some() || self.pending.iter().any(is_its_turn)
    }

    /// Counts a restart, for the supervisor and for the child itself. All children share one window: OTP rule 52.
    fn count_restart(&mut self, key: ChildKey, now: Instant) -> Result<(), Intensity> {
        if !self.window.record(now) {
            return Err(self.window.limit());
        }
        match self.children.get_mut(key).and_then(|child| child.window.as_mut()) {
            Some(own) => own.record(now).then_some(()).ok_or(own.limit()),
            None => Ok(()),
        }
    }

    /// Notes that an incarnation is over. If it ran well, its attempts are counted anew.
    pub(super) fn note_run(&mut self, key: ChildKey, now: Instant) {
        let within = self.window.limit().within;
        let Some(child) = self.children.get_mut(key) else { return };
        let Some(since) = child.running_since.take() else { return };
        let healthy = child.traits.backoff().and_then(|backoff| backoff.reset_after).unwrap_or(within);
        if now.saturating_duration_since(since) >= healthy {
            child.attempt = 0;
        }
    }

    /// Counts the attempts to restart a child since it last ran well, and says how long this one is put off.
    fn next_attempt(&mut self, key: ChildKey) -> (u32, Duration) {
        let random = self.jitter.next();
        let Some(child) = self.children.get_mut(key) else { return (1, Duration::ZERO) };
        child.attempt = child.attempt.saturating_add(1);
        let backoff = child.traits.backoff();
        let delay = backoff.map_or(Duration::ZERO, |backoff| backoff.delay(child.attempt, random));
        (child.attempt, delay)
    }
}

/// A moment after a delay. One too long for the clock is as good as never, and never is far away.
fn later(now: Instant, delay: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);
    now.checked_add(delay).unwrap_or_else(|| now + FAR)
}

/// Whether a child that ended by itself is started again: OTP rule 17.
pub(super) fn is_restarted(restart: Restart, exit: ExitClass) -> bool {
    match (restart, exit) {
        (Restart::Permanent, ExitClass::Normal | ExitClass::Abnormal)
        | (Restart::Transient, ExitClass::Abnormal) => true,
        (Restart::Transient, ExitClass::Normal)
        | (Restart::Temporary, ExitClass::Normal | ExitClass::Abnormal) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OTP rule 17.
    #[test]
    fn permanent_always_transient_after_abnormal_ends_temporary_never() {
        use ExitClass::{Abnormal, Normal};
        let table = [
            (Restart::Permanent, Normal, true),
            (Restart::Permanent, Abnormal, true),
            (Restart::Transient, Normal, false),
            (Restart::Transient, Abnormal, true),
            (Restart::Temporary, Normal, false),
            (Restart::Temporary, Abnormal, false),
        ];

        for (restart, exit, restarted) in table {
            assert_eq!(is_restarted(restart, exit), restarted, "{restart:?} after {exit:?}");
        }
    }
}
