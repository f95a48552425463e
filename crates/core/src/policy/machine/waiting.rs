//! Calls that wait for a child to start or to be gone, and what they are answered.

use super::child::{ChildKey, State};
use super::exits::Pending;
use super::io::{CallId, Reply, Request};
use super::{Action, Actions, Machine};

/// A call that waits for a child.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    call: CallId,
    pub(super) waits_for: WaitsFor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitsFor {
    /// A new child to run. If it cannot be started it is not kept.
    FirstStart,
    /// A child that was down to run.
    Start,
    /// A child to be gone.
    End,
}

impl Machine {
    pub(super) fn wait(&mut self, call: CallId, key: ChildKey, waits_for: WaitsFor) {
        self.waiting.entry(key).or_default().push(Waiter { call, waits_for });
    }

    /// Something has become of a child: answers the callers that waited for it.
    ///
    /// `was_stopped` says whether it was asked to stop before.
    pub(super) fn answer(&mut self, key: ChildKey, was_stopped: bool, out: &mut Actions) {
        // Nearly always no call waits at all, and this is asked about every child.
        if self.waiting.is_empty() {
            return;
        }
        let Some(waiters) = self.waiting.remove(&key) else { return };
        let state = self.children.state(key);
        let starts = |waiter: &Waiter| waiter.waits_for != WaitsFor::End;
        match state {
            State::Running | State::Ended(_) => {
                debug_assert!(
                    waiters.iter().all(starts),
                    "a caller that waits for an end has had the child asked to stop"
                );
                reply_all(waiters, Reply::Started(key), out);
            }
            State::Failed { .. } => {
                debug_assert!(
                    state.timer().is_none(),
                    "the end of a start that a caller waits for is not deferred"
                );
                let is_new = waiters.iter().any(|waiter| waiter.waits_for == WaitsFor::FirstStart);
                // Before the child is forgotten, because it knows why it could not be started.
                reply_all(waiters, Reply::StartFailed(key), out);
                match is_new {
                    true => self.forget(key, out),
                    false => self.put_down(key, out),
                }
            }
            State::Down => self.answer_down(key, was_stopped, waiters, out),
            State::Starting { .. }
            | State::Abandoned
            | State::Restarting { .. }
            | State::Stopping { .. }
            | State::Killed { .. } => {
                self.waiting.insert(key, waiters);
            }
        }
    }

    /// A child for which callers waited is down.
    fn answer_down(&mut self, key: ChildKey, was_stopped: bool, waiters: Vec<Waiter>, out: &mut Actions) {
        let (starts, ends): (Vec<_>, Vec<_>) =
            waiters.into_iter().partition(|waiter| waiter.waits_for != WaitsFor::End);
        if was_stopped && self.is_kept(key) && self.is_about_to_start(key) {
            // A group restart has cut its start short, and starts it again: that start is what they wait for now.
            reply_all(ends, Reply::Done, out);
            if !starts.is_empty() {
                self.waiting.insert(key, starts);
            }
            return;
        }
        let never_ran = starts.iter().any(|waiter| waiter.waits_for == WaitsFor::FirstStart);
        match was_stopped && never_ran {
            // No caller is told that it is there, so it is not.
            true => self.forget(key, out),
            false => self.put_down(key, out),
        }
        reply_all(ends, Reply::Done, out);
        let answer = if was_stopped { Reply::StartCancelled } else { Reply::Ignored };
        reply_all(starts, answer, out);
    }

    pub(super) fn take_waiters(&mut self, key: ChildKey) -> Vec<Waiter> {
        self.waiting.remove(&key).unwrap_or_default()
    }

    /// The supervisor stops: no caller gets what it wanted any more.
    pub(super) fn dismiss_callers(&mut self, out: &mut Actions) {
        self.deferred.clear();
        for pending in std::mem::take(&mut self.pending) {
            match pending {
                Pending::Call { call, request } => refuse(call, &request, out),
                Pending::Exit { .. } | Pending::Retry { .. } | Pending::Due { .. } => {}
            }
        }
        self.reservations.dismiss(out);
        for (_, waiters) in std::mem::take(&mut self.waiting) {
            reply_all(waiters, Reply::Stopping, out);
        }
    }
}

pub(super) fn reply(call: CallId, reply: Reply, out: &mut Actions) {
    out.push_back(Action::Reply { call, reply });
}

pub(super) fn reply_all(waiters: Vec<Waiter>, answer: Reply, out: &mut Actions) {
    for waiter in waiters {
        reply(waiter.call, answer, out);
    }
}

/// The supervisor stops: nothing is begun any more, and a child that was offered is not kept.
pub(super) fn refuse(call: CallId, request: &Request, out: &mut Actions) {
    if let Request::Start { key, .. } | Request::StartInReserved { key, .. } | Request::CleanUp { key, .. } =
        request
    {
        out.push_back(Action::Refuse(*key));
    }
    reply(call, Reply::Stopping, out);
}
