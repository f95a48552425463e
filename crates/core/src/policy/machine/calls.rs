//! What is wanted of single children: to be started, terminated, restarted or deleted (OTP rules 42 to 46).
//!
//! A call waits its turn behind what happened before it. Once it has its turn it does not hold up what comes after it:
//! only the caller waits for the child.

use std::time::Instant;

use super::child::{ChildKey, State, Traits};
use super::exits::Pending;
use super::io::{CallId, Reply, Request};
use super::waiting::{WaitsFor, refuse, reply};
use super::wind_down::StopTerms;
use super::{Action, Actions, Advance, Machine, Phase};
use crate::child::{ChildId, StopCause};
use crate::policy::Keeping;

/// A child that a call brings along.
struct OfferedChild {
    call: CallId,
    key: ChildKey,
    id: ChildId,
    traits: Traits,
}

impl Machine {
    /// Queues a call behind everything that happened before it.
    pub(super) fn call(&mut self, call: CallId, request: Request, now: Instant, out: &mut Actions) {
        match self.phase {
            Phase::New | Phase::Idle | Phase::Working(_) | Phase::GivingUp => {
                self.pending.push_back(Pending::Call { call, request });
            }
            Phase::WindingDown(down) => match request {
                Request::CleanUp { key, id, traits } if !down.is_forced() => {
                    self.clean_up(OfferedChild { call, key, id, traits }, down.why(), now, out);
                }
                // OTP rule 14: OTP would let the caller wait until there is no supervisor any more.
                Request::CleanUp { .. }
                | Request::Start { .. }
                | Request::StartInReserved { .. }
                | Request::Reserve
                | Request::Terminate(_)
                | Request::Restart(_)
                | Request::Delete(_) => refuse(call, &request, out),
            },
            Phase::Finished => refuse(call, &request, out),
        }
    }

    /// Starts a child while all others are being stopped. It has its start behind it and its stop before it at once, so
    /// that it gets what is left of the deadline and no more.
    fn clean_up(&mut self, offer: OfferedChild, why: StopTerms, now: Instant, out: &mut Actions) {
        let OfferedChild { call, key, id, traits } = offer;
        if let Some(objection) = self.objection_to(&id) {
            out.push_back(Action::Decline(key));
            reply(call, objection, out);
            return;
        }
        self.children.insert(key, id, traits);
        self.children.set(key, State::Starting { next: None });
        out.push_back(Action::Keep(key));
        out.push_back(Action::StartCleanUp(key));
        reply(call, Reply::Started(key), out);
        self.ask(key, why, now, out);
    }

    /// Adds a child and starts it.
    fn add_and_start(
        &mut self,
        offer: OfferedChild,
        start: Action,
        now: Instant,
        out: &mut Actions,
    ) -> Advance {
        let OfferedChild { call, key, id, traits } = offer;
        if let Some(objection) = self.objection_to(&id) {
            out.push_back(Action::Decline(key));
            reply(call, objection, out);
            return Advance::GoOn;
        }
        self.children.insert(key, id, traits);
        out.push_back(Action::Keep(key));
        self.start_by(key, start, now, out);
        self.wait(call, key, WaitsFor::FirstStart);
        Advance::Wait
    }

    /// Does what a call wants, now that it has its turn.
    ///
    /// If that is a start, the machine goes on in its next step: a start that fails at once has failed before whatever
    /// waits in the queue behind the call, and is not cut short by it.
    pub(super) fn take_up_call(
        &mut self,
        call: CallId,
        request: Request,
        now: Instant,
        out: &mut Actions,
    ) -> Advance {
        match request {
            Request::Start { .. } | Request::Reserve | Request::Restart(_) if self.held => {
                refuse(call, &request, out);
            }
            Request::StartInReserved { .. } if self.held => {
                self.reservations.leave();
                refuse(call, &request, out);
            }
            Request::Start { key, id, traits } => {
                return self.add_and_start(
                    OfferedChild { call, key, id, traits },
                    Action::Start(key),
                    now,
                    out,
                );
            }
            Request::StartInReserved { key, id, traits } => {
                // The child takes the place that was kept for it.
                self.reservations.leave();
                return self.add_and_start(
                    OfferedChild { call, key, id, traits },
                    Action::Start(key),
                    now,
                    out,
                );
            }
            // Given at the end of the step, if there is any.
            Request::Reserve => self.reservations.wait(call),
            // A stop that begins in the meantime must not cancel it.
            Request::CleanUp { key, id, traits } => {
                return self.add_and_start(
                    OfferedChild { call, key, id, traits },
                    Action::StartCleanUp(key),
                    now,
                    out,
                );
            }
            Request::Terminate(id) => match self.children.key(&id) {
                None => reply(call, Reply::NotFound, out),
                Some(key) => self.terminate(call, key, now, out),
            },
            // OTP rule 49.
            Request::Restart(_) | Request::Delete(_) if self.keeps_nothing() => {
                reply(call, Reply::NothingKept, out);
            }
            Request::Restart(id) => {
                match self.children.key(&id).map(|key| (key, self.children.state(key))) {
                    None => reply(call, Reply::NotFound, out),
                    // Not counted: OTP rule 35.
                    Some((key, State::Down)) => {
                        self.start(key, now, out);
                        self.wait(call, key, WaitsFor::Start);
                        return Advance::Wait;
                    }
                    Some((_, state)) => reply(call, occupied(state), out),
                }
            }
            Request::Delete(id) => match self.children.key(&id).map(|key| (key, self.children.state(key))) {
                None => reply(call, Reply::NotFound, out),
                Some((key, State::Down)) => {
                    self.forget(key, out);
                    reply(call, Reply::Done, out);
                }
                Some((_, state)) => reply(call, occupied(state), out),
            },
        }
        Advance::GoOn
    }

    /// Why a child with this id cannot be added: OTP rule 45. How many there may be: OTP rule 58.
    fn objection_to(&self, id: &ChildId) -> Option<Reply> {
        if let Some(key) = self.children.key(id) {
            return Some(match self.children.state(key) {
                State::Down | State::Restarting { .. } => Reply::AlreadyPresent,
                State::Starting { .. }
                | State::Abandoned
                | State::Running
                | State::Ended(_)
                | State::Failed { .. }
                | State::Stopping { .. }
                | State::Killed { .. } => Reply::AlreadyStarted,
            });
        }
        match self.policy.keeping {
            Keeping::Nothing { max_children }
                if self.children.len() + self.reservations.kept() >= max_children =>
            {
                Some(Reply::MaxChildren)
            }
            Keeping::Nothing { .. } | Keeping::Specs => None,
        }
    }

    fn keeps_nothing(&self) -> bool {
        match self.policy.keeping {
            Keeping::Nothing { .. } => true,
            Keeping::Specs => false,
        }
    }

    /// A child that waits for its restart can be terminated as well: OTP rule 42, OTP rule 62.
    fn terminate(&mut self, call: CallId, key: ChildKey, now: Instant, out: &mut Actions) {
        let called_off = self.is_put_off(key);
        self.ask(key, StopTerms { cause: StopCause::Api, deadline: None }, now, out);
        match self.children.state(key).is_live() {
            true => self.wait(call, key, WaitsFor::End),
            false => reply(call, Reply::Done, out),
        }
        if called_off {
            self.resume_siblings(key);
        }
    }
}

/// Why a child in this state can be neither restarted nor deleted.
fn occupied(state: State) -> Reply {
    match state {
        State::Restarting { .. } => Reply::Restarting,
        State::Down
        | State::Starting { .. }
        | State::Abandoned
        | State::Running
        | State::Ended(_)
        | State::Failed { .. }
        | State::Stopping { .. }
        | State::Killed { .. } => Reply::Running,
    }
}
