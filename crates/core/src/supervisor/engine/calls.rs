//! Calls on their way through the machine: who asked, and in what form the answer goes back.

use std::collections::HashMap;
use std::time::Instant;

use super::Engine;
use crate::child::{ChildId, ChildPath, ChildSpec};
use crate::panics::{catch, drop_quietly};
use crate::policy::{CallId, ChildKey, Input, Keeping, Policy, Reply, Request, Traits};
use crate::port::StartError;
use crate::supervisor::call::{Answer, Call, Demand, Refusal, Success};
use crate::supervisor::entry::Entry;

/// The calls that have not been answered, and the children that they brought along.
pub(super) struct Calls {
    next_call: u64,
    next_key: u64,
    open: HashMap<CallId, Answer>,
    offered: HashMap<ChildKey, Entry>,
    /// Who waits until there is no child any more.
    quiet: Vec<Answer>,
}

/// A child that a call brought along.
type Offered = (ChildKey, ChildId, Traits);

impl Calls {
    pub(super) fn new(children: usize) -> Self {
        let next_key = u64::try_from(children).unwrap_or(u64::MAX);
        Self { next_call: 0, next_key, open: HashMap::new(), offered: HashMap::new(), quiet: Vec::new() }
    }

    /// Answers everybody that there is no supervisor any more.
    pub(super) fn dismiss(&mut self) {
        drop_quietly(std::mem::take(&mut self.offered));
        for (_, answer) in self.open.drain() {
            answer.send(Err(Refusal::Stopping));
        }
        self.quiet();
    }

    /// Whether anybody waits until there is no child any more.
    pub(super) fn await_quiet(&self) -> bool {
        !self.quiet.is_empty()
    }

    /// There is no child any more.
    pub(super) fn quiet(&mut self) {
        for answer in self.quiet.drain(..) {
            answer.send(Ok(Success::Done));
        }
    }

    fn open(&mut self, answer: Answer) -> CallId {
        let call = CallId(self.next_call);
        self.next_call += 1;
        self.open.insert(call, answer);
        call
    }

    fn offer(&mut self, id: ChildId, spec: ChildSpec, policy: Policy, path: &ChildPath) -> Offered {
        let key = ChildKey(self.next_key);
        self.next_key += 1;
        let id = match policy.keeping {
            Keeping::Specs => id,
            Keeping::Nothing { .. } => id.numbered(key.0),
        };
        let path = match policy.is_dynamic() {
            true => path.join_dynamic(&id),
            false => path.join(&id),
        };
        let entry = Entry::new(spec, path);
        let traits = entry.traits();
        self.offered.insert(key, entry);
        (key, id, traits)
    }
}

impl Engine {
    /// A call becomes a fact.
    pub(super) fn take_call(&mut self, call: Call) -> Option<Input> {
        let Call { demand, answer } = call;
        let request = match demand {
            Demand::Start { id, spec } => {
                let (key, id, traits) = self.calls.offer(id, *spec, self.policy, &self.path);
                Request::Start { key, id, traits }
            }
            Demand::CleanUp { id, spec } => {
                let (key, id, traits) = self.calls.offer(id, *spec, self.policy, &self.path);
                Request::CleanUp { key, id, traits }
            }
            Demand::Quiet => {
                self.calls.quiet.push(answer);
                return None;
            }
            Demand::Terminate(id) => Request::Terminate(id),
            Demand::Restart(id) => Request::Restart(id),
            Demand::Delete(id) => Request::Delete(id),
        };
        Some(Input::Call { call: self.calls.open(answer), request })
    }

    /// The child that a call brought along is one of ours now.
    pub(super) fn keep(&mut self, key: ChildKey) {
        if let Some(entry) = self.calls.offered.remove(&key) {
            self.children.push(key, entry);
        }
    }

    /// The child that a call brought along was not wanted.
    pub(super) fn decline(&mut self, key: ChildKey) {
        drop_quietly(self.calls.offered.remove(&key));
    }

    /// The machine's answer goes back to whoever asked.
    pub(super) fn reply(&mut self, call: CallId, reply: Reply) {
        let Some(answer) = self.calls.open.remove(&call) else { return };
        answer.send(match reply {
            Reply::Started(key) => {
                Ok(Success::Started(self.children.get(key).map(|entry| entry.started_child())))
            }
            Reply::Ignored => Ok(Success::Started(None)),
            Reply::Done => Ok(Success::Done),
            Reply::StartFailed(key) => {
                let error = self.children.get_mut(key).and_then(|entry| entry.start_error.take());
                Err(Refusal::StartFailed(error.map_or(StartError::Stopped, |error| *error)))
            }
            Reply::StartCancelled => Err(Refusal::StartFailed(StartError::Stopped)),
            Reply::AlreadyStarted => Err(Refusal::AlreadyStarted),
            Reply::AlreadyPresent => Err(Refusal::AlreadyPresent),
            Reply::MaxChildren => Err(Refusal::MaxChildren),
            Reply::NotFound => Err(Refusal::NotFound),
            Reply::Running => Err(Refusal::Running),
            Reply::Restarting => Err(Refusal::Restarting),
            Reply::NothingKept => Err(Refusal::NothingKept),
            Reply::Stopping => Err(Refusal::Stopping),
        });
    }

    /// Ends a start that has taken too long.
    pub(super) fn abandon_start(&mut self, key: ChildKey, now: Instant) {
        let Some(live) = self.children.get_mut(key).and_then(|entry| entry.live_mut()) else { return };
        if live.started {
            // It has said so since the time was over, and before anybody could look.
            return;
        }
        live.timed_out = Some(now.saturating_duration_since(live.since));
        let _ = catch(|| live.child.force());
    }
}
