//! How a fact about one child changes what is known of it.

use std::time::Instant;

use super::child::{ChildKey, State};
use super::pending::Pending;
use super::round::Round;
use super::{Actions, Machine, Phase};

impl Machine {
    pub(super) fn begin(&mut self) {
        match self.phase {
            Phase::New if self.held => self.phase = Phase::Idle,
            Phase::New => self.phase = Phase::Working(Round::init()),
            Phase::Idle | Phase::Working(_) | Phase::GivingUp | Phase::WindingDown(_) | Phase::Finished => {}
        }
    }

    pub(super) fn started(&mut self, key: ChildKey, now: Instant, out: &mut Actions) {
        // A child that was asked to stop while it started may still say that it has.
        if self.children.state(key).is_starting() {
            self.children.set(key, State::Running).running_since = Some(now);
            self.answer(key, false, out);
        }
    }

    /// The shell has forced a child that could not be asked.
    pub(super) fn forced(&mut self, key: ChildKey, now: Instant) {
        if matches!(self.children.state(key), State::Stopping { .. }) {
            self.children.set(key, self.killed(key, now));
        }
    }

    /// A child is gone, or never came to be. `state` is what that means if the machine has not asked it to go.
    pub(super) fn over(&mut self, key: ChildKey, state: State, now: Instant, out: &mut Actions) {
        let Some(child) = self.children.get(key) else { return };
        let was_stopped = child.state.is_stopping();
        match (child.state, state) {
            // However it ended: OTP rule 12.
            (State::Stopping { .. } | State::Killed { .. }, _) => {
                self.children.set(key, State::Down);
            }
            (State::Starting { .. } | State::Abandoned | State::Running, State::Ended(_)) => {
                let exit = Pending::Exit { key, generation: child.generation };
                if !self.absorbs_ends() {
                    self.pending.push_back(exit);
                }
                self.children.set(key, state);
            }
            (State::Starting { .. } | State::Abandoned, _) => {
                self.children.set(key, state);
            }
            // Nothing else can be said of a child that runs, and nothing at all of one that is gone.
            (
                State::Running
                | State::Down
                | State::Ended(_)
                | State::Failed { .. }
                | State::Restarting { .. },
                _,
            ) => return,
        }
        self.note_run(key, now);
        self.answer(key, was_stopped, out);
        self.settle(key, out);
    }

    /// Puts a child down, or deletes it, if nothing else follows from its end.
    fn settle(&mut self, key: ChildKey, out: &mut Actions) {
        let Some(child) = self.children.get(key) else { return };
        let is_over = match child.state {
            State::Ended(_) | State::Failed { .. } => self.absorbs_ends(),
            // What goes while everything stops stays for the report.
            State::Down => !matches!(self.phase, Phase::WindingDown(_)),
            State::Starting { .. }
            | State::Abandoned
            | State::Running
            | State::Restarting { .. }
            | State::Stopping { .. }
            | State::Killed { .. } => false,
        };
        if is_over {
            self.put_down(key, out);
        }
    }

    /// Whether a child that ends by itself just goes down: nothing is restarted any more.
    fn absorbs_ends(&self) -> bool {
        match self.phase {
            Phase::WindingDown(_) | Phase::Finished => true,
            Phase::New | Phase::Idle | Phase::Working(_) | Phase::GivingUp => self.held,
        }
    }

    /// Puts down all children whose end has not been dealt with, and those that wait for a restart.
    pub(super) fn settle_all(&mut self, out: &mut Actions) {
        for key in self.children.unsettled() {
            self.put_down(key, out);
        }
    }
}
