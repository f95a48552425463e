//! What follows from a child that ended by itself.

use std::time::{Duration, Instant};

use super::child::{ChildKey, State};
use super::round::Round;
use super::{Action, End, Machine, Phase, Progress};
use crate::child::Restart;
use crate::event::StopCause;
use crate::policy::restart::is_restarted;
use crate::policy::{AutoShutdown, Strategy};

/// Something that waits its turn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pending {
    /// A child has ended by itself.
    Exit { key: ChildKey, generation: u32 },
    /// A restart has failed and is to be tried again.
    Retry { key: ChildKey, generation: u32 },
}

impl Machine {
    /// Takes up what has waited longest.
    pub(super) fn take_up_next(&mut self, now: Instant, out: &mut Vec<Action>) -> Progress {
        let Some(pending) = self.pending.pop_front() else { return Progress::Wait };
        let (Pending::Exit { key, generation } | Pending::Retry { key, generation }) = pending;
        let Some(child) = self.children.get(key) else { return Progress::GoOn };
        let restart = child.traits.restart;
        match (pending, child.state) {
            _ if child.generation != generation => {}
            (Pending::Exit { .. }, State::Ended(class)) if is_restarted(restart, class) => {
                self.restart(key, now, out);
            }
            (Pending::Exit { .. }, State::Ended(_)) => self.end_for_good(key, out),
            (Pending::Retry { .. }, State::Restarting) => self.restart(key, now, out),
            // A group restart or a stop has dealt with it in the meantime, and nothing follows any more.
            (
                Pending::Exit { .. } | Pending::Retry { .. },
                State::Down
                | State::Starting
                | State::Running
                | State::Ended(_)
                | State::Failed
                | State::Restarting
                | State::Stopping { .. }
                | State::Killed,
            ) => {}
        }
        Progress::GoOn
    }

    /// Queues another attempt to restart a child, behind everything that waits already, so that a stop or another exit can
    /// come in between.
    pub(super) fn try_again(&mut self, key: ChildKey) {
        self.children.set(key, State::Restarting);
        let generation = self.children.get(key).map_or(0, |child| child.generation);
        self.pending.push_back(Pending::Retry { key, generation });
        self.phase = Phase::Idle;
    }

    /// Lets a child stay down. A temporary one is deleted.
    pub(super) fn put_down(&mut self, key: ChildKey, out: &mut Vec<Action>) {
        self.children.set(key, State::Down);
        if self.is_temporary(key) {
            self.forget(key, out);
        }
    }

    pub(super) fn forget(&mut self, key: ChildKey, out: &mut Vec<Action>) {
        self.children.remove(key);
        out.push(Action::Forget(key));
    }

    pub(super) fn is_temporary(&self, key: ChildKey) -> bool {
        self.children.get(key).is_some_and(|child| child.traits.restart == Restart::Temporary)
    }

    /// A child is not started again, which may be the end of the supervisor too.
    fn end_for_good(&mut self, key: ChildKey, out: &mut Vec<Action>) {
        let is_significant = self.children.get(key).is_some_and(|child| child.traits.significant);
        self.put_down(key, out);
        if is_significant && self.auto_shutdown_is_due() {
            self.stop_by_itself(End::AutoShutdown, StopCause::AutoShutdown, out);
        }
    }

    /// Whether the end of a significant child stops the supervisor (OTP's rules 37 to 39).
    fn auto_shutdown_is_due(&self) -> bool {
        match self.policy.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => {
                !self.children.iter().any(|child| child.traits.significant && child.state != State::Down)
            }
        }
    }

    /// Restarts a child, and whoever shares its fate, unless that is one restart too many.
    fn restart(&mut self, key: ChildKey, now: Instant, out: &mut Vec<Action>) {
        if !self.window.record(now) {
            self.put_down(key, out);
            out.push(Action::GaveUp);
            self.stop_by_itself(End::GaveUp, StopCause::GaveUp, out);
            return;
        }
        let attempt = self.next_attempt(key, now);
        self.children.set(key, State::Down);
        out.push(Action::Restarting { key, attempt, delay: Duration::ZERO });
        self.phase = Phase::Working(match self.policy.strategy {
            Strategy::OneForOne => Round::restart_one(key),
            Strategy::OneForAll => Round::restart_all(key),
            Strategy::RestForOne => Round::restart_rest(key),
        });
    }

    /// Counts the attempts to restart a child, anew if it ran well: for as long as restarts are counted.
    fn next_attempt(&mut self, key: ChildKey, now: Instant) -> u32 {
        let within = self.window.limit().within;
        let Some(child) = self.children.get_mut(key) else { return 1 };
        let ran_well =
            child.running_since.is_some_and(|since| now.saturating_duration_since(since) >= within);
        child.attempt = if ran_well { 1 } else { child.attempt.saturating_add(1) };
        child.attempt
    }
}
