//! Calls on their way through the machine: a call becomes a fact, and the machine's answer goes back to the caller.

use std::sync::Arc;
use std::time::Instant;

use super::Engine;
use crate::child::StartError;
use crate::failure::StartFailure;
use crate::outlook::ChildOutlook;
use crate::panics::{catch, drop_quietly};
use crate::policy::{CallKey, ChildKey, Input, Prospects, Reply, Request};
use crate::supervisor::call::{CallRefusal, CallSuccess, Demand, ReservedPlace, SupervisorCall};
use crate::supervisor::entry::StartProgress;
use crate::supervisor::outlook::{Question, Wording};

impl Engine {
    /// A call becomes a fact.
    pub(super) fn take_call(&mut self, call: SupervisorCall) -> Option<Input> {
        let (demand, answer) = call.take()?;
        let path = &self.shared.path;
        let request = match demand {
            Demand::Start { id, spec } => {
                let (key, id, traits) = self.calls.offer(id, *spec, self.policy, path);
                Request::Start { key, id, traits }
            }
            Demand::StartInReserved { id, spec, place } => {
                place.take();
                let (key, id, traits) = self.calls.offer(id, *spec, self.policy, path);
                Request::StartInReserved { key, id, traits }
            }
            Demand::Reserve => Request::Reserve,
            Demand::CleanUp { id, spec } => {
                let (key, id, traits) = self.calls.offer(id, *spec, self.policy, path);
                Request::CleanUp { key, id, traits }
            }
            Demand::Quiet => {
                self.calls.wait_for_quiet(answer);
                return None;
            }
            Demand::Respond => {
                answer.send(Ok(CallSuccess::Done));
                self.lifo_slot.note();
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
        if let Some(entry) = self.calls.take_offered(key) {
            self.shared.view.add(key, entry);
            self.running.push(key, None);
        }
    }

    /// The child that a call brought along was not wanted.
    pub(super) fn decline(&mut self, key: ChildKey) {
        self.before_foreign_code();
        drop_quietly(self.calls.take_offered(key));
    }

    /// The machine's answer goes back to the caller.
    pub(super) fn reply(&mut self, call: CallKey, reply: Reply) {
        let answer = match reply {
            Reply::Started(key) => {
                let started = self.shared.view.with(key, |entry| entry.started_child());
                started.map(CallSuccess::Started).ok_or(CallRefusal::NotRunning)
            }
            Reply::Reserved => Ok(CallSuccess::Reserved(ReservedPlace::new(Arc::clone(&self.shared) as _))),
            Reply::Done => Ok(CallSuccess::Done),
            Reply::StartFailed(key) => {
                let failure = self.calls.failure(key);
                Err(CallRefusal::StartFailed(failure.map_or(StartError::Stopped, StartFailure::into_error)))
            }
            Reply::StartCancelled => Err(CallRefusal::StartFailed(StartError::Stopped)),
            Reply::Ignored => Err(CallRefusal::Ignored),
            Reply::AlreadyStarted => Err(CallRefusal::AlreadyStarted),
            Reply::AlreadyPresent => Err(CallRefusal::AlreadyPresent),
            Reply::MaxChildren => Err(CallRefusal::MaxChildren),
            Reply::NotFound => Err(CallRefusal::NotFound),
            Reply::Running => Err(CallRefusal::Running),
            Reply::Restarting => Err(CallRefusal::Restarting),
            Reply::NothingKept => Err(CallRefusal::NothingKept),
            Reply::Stopping => Err(CallRefusal::Stopping),
        };
        self.calls.answer(call, answer);
        self.lifo_slot.note();
    }

    /// Ends a start that has taken too long.
    pub(super) fn abandon_start(&mut self, key: ChildKey, now: Instant) {
        let is_late = self.shared.view.with(key, |entry| {
            // It may have said that it has started since the time was over, and before the actor could look.
            let live = entry.live_mut().filter(|live| live.start == StartProgress::Begun)?;
            live.start = StartProgress::TimedOut(now.saturating_duration_since(live.since));
            Some(())
        });
        self.before_calling(key);
        if let (Some(Some(())), Some(child)) = (is_late, self.child(key)) {
            // Before any child of it is asked to go, so that nothing below it starts after that.
            let _ = catch(|| child.hold());
            let _ = catch(|| child.force());
            self.lifo_slot.note();
        }
    }

    /// Says what the machine is going to do, to those that have asked. Nothing is left to do now but to wait.
    pub(super) fn answer_questions(&mut self, now: Instant) {
        for Question { child, answer } in self.calls.questions() {
            if answer.is_closed() {
                continue;
            }
            // A question harms no child, whatever comes of it.
            let outlook = catch(|| self.outlook(child.as_deref(), now)).ok().flatten();
            // A caller that has given up waiting needs no answer.
            let _ = answer.send(outlook);
            self.lifo_slot.note();
        }
    }

    /// What is going to be done about a child, or what this supervisor itself has in hand.
    fn outlook(&self, child: Option<&str>, now: Instant) -> Option<ChildOutlook> {
        let view = &self.shared.view;
        let seen = self.shared.tree.record().section(|writer| writer.position());
        let path_of = |key| view.with(key, |entry| entry.path.clone());
        let wording = Wording { now, seen, path_of };
        let in_hand = Some(wording.in_hand(self.machine.in_hand(), self.machine.counted(now)));
        let Some(child) = child else {
            let outlook = wording.outlook(self.shared.path.clone(), Prospects::default());
            return Some(ChildOutlook { own: in_hand, ..outlook });
        };
        let key = view.find_key(child)?;
        let outlook = wording.outlook(path_of(key)?, self.machine.prospects(key, now));
        Some(ChildOutlook { above: in_hand, ..outlook })
    }

    /// Answers every caller that there is no supervisor any more, and then drops what they brought along.
    pub(super) fn dismiss_callers(&mut self) {
        if self.calls.has_callers() {
            self.lifo_slot.note();
        }
        let offered = self.calls.dismiss();
        self.before_foreign_code();
        drop_quietly(offered);
    }
}
