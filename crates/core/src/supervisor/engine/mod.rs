//! A supervisor's state, and the translation between mail, machine and children.
//!
//! Nothing is decided here: mail becomes facts, facts go into the machine, and what the machine wants is done.

mod calls;
mod effects;
mod facts;

#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use tokio::runtime::Handle;

use self::calls::Calls;
use super::alarm::Alarm;
use super::entry::{Entry, Press, Stop};
use super::handle::{ChildCount, SupervisorHandle};
use super::survey::Seen;
use crate::child::{ChildId, ChildKind, ChildPath, ChildSpec, Panic};
use crate::clock::now;
use crate::event::EventKind;

use crate::panics::{catch, resume};
use crate::policy::{Action, AutoShutdown, ChildKey, End, Input, Machine, Ordered, Policy, Queue};
use crate::port::{Inbox, Mail, Reporter, StartContext, StartError};
use crate::report::NodeReport;
use crate::snapshot::NodeSnapshot;
use crate::stuck::{Stuck, StuckIn};
use crate::tree::{Activity, TreeContext};

/// How many things are done before others get their turn on this thread.
const STEPS_PER_TURN: usize = 256;

/// A supervisor's state.
pub(super) struct Engine {
    path: ChildPath,
    incarnation: u32,
    tree: TreeContext,
    inbox: Arc<Inbox>,
    /// What has been taken out of the inbox and not been read yet.
    mail: Queue<Mail>,
    facts: Queue<Input>,
    /// What the machine wants and has not been done yet.
    todo: Queue<Action>,
    /// Kept until the facts that came with them have been dealt with.
    settling: Option<Activity>,
    policy: Policy,
    machine: Machine,
    children: Ordered<Entry>,
    alarm: Alarm,
    /// How the parent is told. Taken at the very end.
    reporter: Option<Reporter>,
    start_error: Option<StartError>,
    calls: Calls,
    end: Option<End>,
    /// How a turn ended that somebody else took in the actor's place.
    failed: Option<Box<Panic>>,
}

/// What remains to be done after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// There are more facts to deal with.
    More,
    /// Nothing, until mail comes.
    Rest,
    /// Nothing, until mail comes. Children are being stopped in order, and the one that has ended may have the next one asked, if it runs
    /// where the supervisor does.
    Stopping,
    /// Nothing any more.
    Finished,
}

/// How a supervisor ended, for its parent.
pub(super) struct Outcome {
    pub(super) reporter: Option<Reporter>,
    pub(super) end: End,
    pub(super) start_error: Option<StartError>,
    pub(super) children: Vec<NodeReport>,
}

impl Engine {
    pub(super) fn new(cx: StartContext, policy: Policy, specs: &[ChildSpec]) -> Self {
        let StartContext { path, incarnation, reporter, tree, .. } = cx;
        let inbox = Inbox::new();
        let mut facts = Queue::new();
        facts.push_back(Input::Begin);
        let mut machine = Machine::new(policy, seed());
        let mut children = Ordered::new();
        machine.reserve(specs.len());
        children.reserve(specs.len());
        for (key, spec) in (0..).map(ChildKey).zip(specs) {
            let id = spec.child_id().expect("the specs were checked before the tree was started");
            let entry = Entry::new(spec.clone(), path.join(&id));
            machine.add(key, id, entry.traits());
            children.push(key, entry);
        }
        Self {
            path,
            incarnation,
            tree,
            alarm: Alarm::new(Arc::clone(&inbox)),
            inbox,
            mail: Queue::new(),
            facts,
            todo: Queue::new(),
            settling: None,
            policy,
            machine,
            children,
            reporter: Some(reporter),
            start_error: None,
            calls: Calls::new(specs.len()),
            end: None,
            failed: None,
        }
    }

    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// Where its actor runs.
    pub(super) fn control(&self) -> &Handle {
        self.tree.control()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.end.is_some()
    }

    /// Deals with some of what has happened, in the place of the actor. A panic is left for the actor, which fails by it.
    pub(super) fn turn_for_actor(&mut self) -> Turn {
        match catch(|| self.turn()) {
            Ok(turn) => turn,
            Err(panic) => {
                self.failed = Some(Box::new(panic));
                Turn::More
            }
        }
    }

    /// Deals with some of what has happened.
    pub(super) fn turn(&mut self) -> Turn {
        if let Some(panic) = self.failed.take() {
            resume(*panic);
        }
        let now = now();
        // All facts first, decisions after: a sibling that has died already must not be asked to stop.
        self.inbox.collect(&mut self.mail);
        while let Some(mail) = self.mail.pop_front() {
            self.receive(mail, now);
        }
        for _ in 0..STEPS_PER_TURN {
            if let Some(action) = self.todo.pop_front() {
                self.perform(action, now);
            } else if self.facts.is_empty() && !self.machine.goes_on() {
                break;
            } else {
                self.machine.step(self.facts.drain(), now, &mut self.todo);
                drop(self.machine.restarting_changes());
            }
        }
        if self.is_finished() {
            return Turn::Finished;
        }
        if !self.facts.is_empty() || !self.todo.is_empty() || self.machine.goes_on() {
            return Turn::More;
        }
        if !self.machine.is_restarting() {
            self.settling = None;
        }
        if self.calls.await_quiet() && self.machine.is_quiet() {
            self.calls.quiet();
        }
        if let Some(at) = self.machine.next_alarm() {
            self.alarm.arm(at, self.tree.control());
        }
        // Only then: children that end at the same time are to be heard together.
        match self.machine.unwinds_in_order() && self.tree.has_one_runtime() {
            true => Turn::Stopping,
            false => Turn::Rest,
        }
    }

    // --- the end ---

    /// How it all ended, once.
    pub(super) fn take_outcome(&mut self) -> Outcome {
        let now = now();
        let mut children = Vec::with_capacity(self.children.len());
        children.extend(self.children.iter_mut().filter_map(|entry| entry.take_report(now)));
        self.settling = None;
        self.calls.dismiss();
        // Whoever still asks learns that nobody will answer.
        self.inbox.close();
        Outcome {
            reporter: self.reporter.take(),
            end: self.end.unwrap_or(End::Failed),
            start_error: self.start_error.take(),
            children,
        }
    }

    /// Forces what is left, past the machine: the last resort, for a supervisor whose actor fails whatever it is given.
    pub(super) fn abandon(&mut self) {
        for live in self.children.iter_mut().filter_map(Entry::live_mut) {
            live.stop = Some(Stop { since: now(), press: Press::Forced });
            let _ = catch(|| live.child.force());
        }
    }

    /// Notes the ends of children without asking the machine. `false` says that some are still there.
    pub(super) fn bury(&mut self) -> bool {
        self.inbox.collect(&mut self.mail);
        while let Some(mail) = self.mail.pop_front() {
            if let Mail::Child { key, incarnation, report, .. } = mail {
                self.hear(key, incarnation, report, now());
            }
        }
        self.children.iter().map(|(_, entry)| entry).all(|entry| entry.live().is_none())
    }

    /// Begins anew after the actor failed: what is left is stopped in order, and nothing is started any more.
    pub(super) fn salvage(&mut self) {
        self.facts.clear();
        let mut machine = Machine::new(self.policy, seed());
        for (key, entry) in self.children.iter() {
            match entry.live() {
                Some(_) => machine.adopt(key, entry.id(), entry.traits()),
                None => machine.add(key, entry.id(), entry.traits()),
            }
        }
        if self.machine.is_closed() {
            self.facts.push_back(Input::Close);
        }
        self.machine = machine;
        self.todo.clear();
        self.calls.dismiss();
        self.facts.push_back(Input::Fail);
    }

    // --- what it looks like ---

    pub(super) fn auto_shutdown(&self) -> AutoShutdown {
        self.policy.auto_shutdown
    }

    pub(super) fn spec(&self, id: &str) -> Option<ChildSpec> {
        self.entry(id).map(|entry| entry.spec.clone())
    }

    pub(super) fn supervisor(&self, id: &str) -> Option<SupervisorHandle> {
        self.entry(id)?.live()?.child.supervisor()
    }

    pub(super) fn count(&self) -> ChildCount {
        let mut count = ChildCount { specs: self.children.len(), ..ChildCount::default() };
        for entry in self.children.iter().map(|(_, entry)| entry) {
            count.active += usize::from(entry.live().is_some());
            match entry.kind() {
                ChildKind::Supervisor => count.supervisors += 1,
                ChildKind::Process | ChildKind::Task | ChildKind::Actor => count.workers += 1,
            }
        }
        count
    }

    fn entry(&self, id: &str) -> Option<&Entry> {
        let key = self.machine.key(&ChildId::new(id).ok()?)?;
        self.children.get(key)
    }

    pub(super) fn snapshots(&self) -> Vec<Seen<NodeSnapshot>> {
        let now = now();
        let restarting = |key| self.machine.awaits_restart(key);
        self.children.iter().map(|(key, entry)| entry.snapshot(restarting(key), now)).collect()
    }

    pub(super) fn reports(&self) -> Vec<Seen<NodeReport>> {
        let now = now();
        self.children.iter().map(|(_, entry)| entry).filter_map(|entry| entry.report(now)).collect()
    }

    /// Writes down which child this thread is at work on, and says which children have children of their own.
    pub(super) fn note_stall(&self, thread: &str) -> Vec<SupervisorHandle> {
        let mut below = Vec::new();
        for entry in self.children.iter().map(|(_, entry)| entry) {
            let Some(live) = entry.live() else { continue };
            below.extend(live.child.supervisor());
            let Some(Stuck {
                why: StuckIn::Poll | StuckIn::Drop,
                elapsed: Some(elapsed),
                thread: Some(there),
            }) = live.stuck()
            else {
                continue;
            };
            if there == thread {
                let what = EventKind::Stalled { elapsed, thread: there };
                self.tree.record().emit_unless_hushed(&entry.path, entry.kind(), entry.incarnation, what);
            }
        }
        below
    }

    pub(super) fn last_kill(&mut self) {
        for entry in self.children.iter_mut() {
            if let Some(live) = entry.live_mut() {
                let _ = catch(|| live.child.last_kill());
            }
        }
    }
}

/// A number that nobody can guess, for the noise in delays.
fn seed() -> u64 {
    RandomState::new().hash_one(0)
}

fn emit(tree: &TreeContext, entry: &Entry, what: EventKind) {
    emit_with(tree, entry, || what);
}

/// Writes an event that is only made if somebody listens.
fn emit_with(tree: &TreeContext, entry: &Entry, make: impl FnOnce() -> EventKind) {
    tree.record().emit_with(entry.kind(), entry.incarnation, || (entry.path.clone(), make()));
}

fn child_error(entry: &Entry, error: StartError) -> StartError {
    StartError::Child { path: entry.path.clone(), source: Arc::new(error) }
}
