//! Calls on their way through the machine: who asked, and in what form the answer goes back.

use std::collections::HashMap;
use std::time::Instant;

use super::Engine;
use crate::child::{ChildId, ChildPath, ChildSpec};
use crate::panics::{catch, drop_quietly};
use crate::policy::{CallId, ChildKey, Input, Keeping, Reply, Request, Traits};
use crate::port::StartError;
use crate::supervisor::call::{Answer, Call, Demand, Refusal, Success};
use crate::supervisor::entry::Entry;

/// The calls that have not been answered, and the children that they brought along.
pub(super) struct Calls {
    next_call: u64,
    next_key: u64,
    open: HashMap<CallId, Answer>,
    offered: HashMap<ChildKey, Entry>,
    /// Callers that wait until there is no child any more.
    quiet: Vec<Answer>,
    /// Why the last start of a child failed, for the caller that asked for it.
    failures: HashMap<ChildKey, StartError>,
}

/// A child that a call brought along.
type Offered = (ChildKey, ChildId, Traits);

impl Calls {
    pub(super) fn new(children: usize) -> Self {
        let next_key = u64::try_from(children).unwrap_or(u64::MAX);
        Self {
            next_call: 0,
            next_key,
            open: HashMap::new(),
            offered: HashMap::new(),
            quiet: Vec::new(),
            failures: HashMap::new(),
        }
    }

    /// Notes why a start failed, if a caller may wait for it.
    pub(super) fn note_failure(&mut self, key: ChildKey, error: StartError) {
        match self.open.is_empty() {
            true => drop_quietly(error),
            false => drop_quietly(self.failures.insert(key, error)),
        }
    }

    /// Answers every caller that there is no supervisor any more.
    pub(super) fn dismiss(&mut self) {
        drop_quietly((std::mem::take(&mut self.offered), std::mem::take(&mut self.failures)));
        for (_, answer) in self.open.drain() {
            answer.send(Err(Refusal::Stopping));
        }
        self.quiet();
    }

    /// Whether a caller waits until there is no child any more.
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

    fn offer(&mut self, id: ChildId, spec: ChildSpec, keeping: Keeping, path: &ChildPath) -> Offered {
        let key = ChildKey(self.next_key);
        self.next_key += 1;
        let id = match keeping {
            Keeping::Specs => id,
            Keeping::Nothing { .. } => id.numbered(key.0),
        };
        let entry = Entry::new(spec, path.join(&id));
        let traits = entry.traits();
        self.offered.insert(key, entry);
        (key, id, traits)
    }
}

impl Engine {
    /// A call becomes a fact.
    pub(super) fn take_call(&mut self, call: Call) -> Option<Input> {
        let (demand, answer) = call.take()?;
        let path = &self.shared.path;
        let request = match demand {
            Demand::Start { id, spec } => {
                let (key, id, traits) = self.calls.offer(id, *spec, self.policy.keeping, path);
                Request::Start { key, id, traits }
            }
            Demand::CleanUp { id, spec } => {
                let (key, id, traits) = self.calls.offer(id, *spec, self.policy.keeping, path);
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
            self.shared.view.add(key, entry);
            self.running.push(key, None);
        }
    }

    /// The child that a call brought along was not wanted.
    pub(super) fn decline(&mut self, key: ChildKey) {
        drop_quietly(self.calls.offered.remove(&key));
    }

    /// The machine's answer goes back to the caller.
    pub(super) fn reply(&mut self, call: CallId, reply: Reply) {
        let Some(answer) = self.calls.open.remove(&call) else { return };
        let is_last = self.calls.open.is_empty();
        answer.send(match reply {
            Reply::Started(key) => {
                Ok(Success::Started(self.shared.view.with(key, |entry| entry.started_child())))
            }
            Reply::Ignored => Ok(Success::Started(None)),
            Reply::Done => Ok(Success::Done),
            Reply::StartFailed(key) => {
                let error = self.calls.failures.remove(&key);
                Err(Refusal::StartFailed(error.unwrap_or(StartError::Stopped)))
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
        if is_last {
            drop_quietly(std::mem::take(&mut self.calls.failures));
        }
    }

    /// Ends a start that has taken too long.
    pub(super) fn abandon_start(&mut self, key: ChildKey, now: Instant) {
        let is_late = self.shared.view.with(key, |entry| {
            // It may have said that it has started since the time was over, and before the actor could look.
            let live = entry.live_mut().filter(|live| !live.started)?;
            live.timed_out = Some(now.saturating_duration_since(live.since));
            Some(())
        });
        if let (Some(Some(())), Some(child)) = (is_late, self.child(key)) {
            let _ = catch(|| child.force());
        }
    }
}
