//! What a supervisor does from the moment on at which the stop of an ancestor has begun: it starts nothing, restarts
//! nothing and does not give up, and waits until it is asked to stop itself.

use super::child::{ChildKey, State};
use super::exits::Pending;
use super::io::Reply;
use super::waiting::{WaitsFor, reply_all};
use super::{Action, Actions, Machine, Phase};

impl Machine {
    /// The stop of an ancestor has begun.
    pub(super) fn hold(&mut self, out: &mut Actions) {
        if std::mem::replace(&mut self.held, true) {
            return;
        }
        match self.phase {
            // What was in hand is abandoned. Children that it has begun to start or to stop are known by their states.
            Phase::Idle | Phase::Working(_) | Phase::GivingUp => self.phase = Phase::Idle,
            Phase::New => {}
            Phase::WindingDown(_) | Phase::Finished => return,
        }
        self.settle_all(out);
        self.pending.retain(|pending| matches!(pending, Pending::Call { .. }));
        self.deferred.clear();
        // A group restart has cut the start of these short, and does not start them again.
        let is_down = |key: &ChildKey| !self.children.state(*key).is_live();
        let given_up: Vec<ChildKey> = self.waiting.keys().copied().filter(is_down).collect();
        for key in given_up {
            self.refuse_start(key, out);
        }
    }

    /// The shell has not carried out the start of a child, because the stop of an ancestor has begun.
    pub(super) fn cancelled(&mut self, key: ChildKey, out: &mut Actions) {
        if matches!(self.children.state(key), State::Starting { .. }) {
            self.children.set(key, State::Down);
            self.refuse_start(key, out);
        }
        self.hold(out);
    }

    /// A child that is down is not started: it stays down, and a new one is not added.
    fn refuse_start(&mut self, key: ChildKey, out: &mut Actions) {
        let waiters = self.take_waiters(key);
        match waiters.iter().any(|waiter| waiter.waits_for == WaitsFor::FirstStart) {
            true => {
                out.push_back(Action::Refuse(key));
                self.forget(key, out);
            }
            false => self.put_down(key, out),
        }
        reply_all(waiters, Reply::Stopping, out);
    }
}
