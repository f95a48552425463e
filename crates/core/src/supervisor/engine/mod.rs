//! A supervisor's actor: it owns its state, the engine, turns messages into facts, gives the facts to the machine, and
//! does what the machine wants.
//!
//! Absent on purpose: ractor's links, names, `kill`, `stop_and_wait` and exit reasons. None of them waits for what it
//! ends.
//!
//! Nothing is decided here. A panic on the way is caught: the engine goes on with a machine of its own that stops what
//! is left in order, and should that fail again and again the children are forced without any machine.

mod answers;
mod calls;
mod effects;
mod facts;
mod faults;
mod foreign_code;
mod recovery;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, OnceLock};

use ractor::{Actor, ActorProcessingErr, ActorRef, ActorRuntime};

use self::calls::OpenCalls;
use self::faults::Faults;
use self::foreign_code::LifoSlot;
use super::alarm::SupervisorAlarm;
use super::entry::{ChildEntry, StopStage};
use super::mailbox::{Acknowledgement, ChildLink, SharedSupervisor, SupervisorMessage};
use crate::child::{Exit, Panic};
use crate::child_kind::{EndHandled, Ended, Report, Reporter, RunningChild};
use crate::clock::awake_now;
use crate::context::Activity;
use crate::failure::StartFailure;
use crate::panics::{catch, drop_quietly};
use crate::policy::{Action, ChildKey, Input, Machine, Ordered, Policy, ShortQueue, SupervisorEnd};
use crate::report::Below;
use crate::spawn::place;

/// How many things are done before the mailbox gets its turn again.
const STEPS_PER_TURN: usize = 256;

/// How often a turn may fail before the children are ended without a machine.
const FAILURES: u32 = 3;

/// What an engine is made of.
struct EngineParts {
    shared: Arc<SharedSupervisor>,
    /// Taken by the engine.
    reporter: Option<Reporter>,
    policy: Policy,
}

/// If there is no engine, because the runtime was shut down before the actor's first turn, the supervisor is over,
/// and handles keep nothing of its children.
impl Drop for EngineParts {
    fn drop(&mut self) {
        if self.reporter.is_some() {
            let (_, entries) = self.shared.view.close(awake_now());
            drop_quietly(entries);
        }
    }
}

/// Ractor drops it after the actor's state and after everything else that it does for the actor: with it goes the
/// actor's hold on the link, which acknowledges the supervisor.
struct SupervisorActor {
    link: OnceLock<Arc<ChildLink>>,
}

/// Starts the actor of a supervisor. Its mailbox is open when this returns, and no child is started before a
/// [`SupervisorMessage::Begin`].
pub(super) fn spawn(shared: Arc<SharedSupervisor>, reporter: Reporter, policy: Policy) {
    let parts = EngineParts { shared: Arc::clone(&shared), reporter: Some(reporter), policy };
    let control = place(shared.tree.control());
    let _inside = control.enter();
    // Neither named nor linked: a name is global and a link kills, and both would be ractor's business and not ours.
    let actor = SupervisorActor { link: OnceLock::new() };
    match ActorRuntime::spawn_instant(None, actor, parts) {
        Ok((actor, _)) => shared.runs_as(actor),
        // Only a name can clash, and there is none. The parts have been dropped, and their reporter has said so.
        Err(error) => drop_quietly(error),
    }
}

#[cfg_attr(feature = "async-trait", ractor::async_trait)]
impl Actor for SupervisorActor {
    type Msg = SupervisorMessage;
    type State = Engine;
    type Arguments = EngineParts;

    async fn pre_start(
        &self,
        _: ActorRef<SupervisorMessage>,
        parts: EngineParts,
    ) -> Result<Engine, ActorProcessingErr> {
        let link = ChildLink::new(Arc::clone(&parts.shared));
        let _ = self.link.set(Arc::clone(&link));
        Ok(Engine::new(parts, link))
    }

    /// Takes one message, and ends the actor when the supervisor has come to its end.
    async fn handle(
        &self,
        myself: ActorRef<SupervisorMessage>,
        message: SupervisorMessage,
        engine: &mut Engine,
    ) -> Result<(), ActorProcessingErr> {
        match engine.take(message) {
            Some(end) => {
                engine.finish(end);
                myself.stop(None);
            }
            None => engine.decide_later(),
        }
        Ok(())
    }
}

/// A supervisor's state.
pub(super) struct Engine {
    shared: Arc<SharedSupervisor>,
    /// Where the children report.
    link: Arc<ChildLink>,
    facts: ShortQueue<Input>,
    /// What the machine wants and has not been done yet.
    todo: ShortQueue<Action>,
    /// Whether a [`SupervisorMessage::Decide`] is in the mailbox.
    will_decide: bool,
    /// Whether everything has been heard that was in the mailbox when something was left to decide upon.
    has_heard_all: bool,
    /// Whether the machine knows that a stop has begun here or above.
    is_held: bool,
    /// Kept until the facts that came with them have been dealt with.
    settling: Option<Activity>,
    /// What is to be dropped once the ends that it came with have been dealt with.
    handled: Vec<EndHandled>,
    policy: Policy,
    machine: Machine,
    /// What stops each child that is there.
    running: Ordered<Option<HeldChild>>,
    /// Which of them are of a kind that is not the library's.
    foreign: BTreeSet<ChildKey>,
    lifo_slot: LifoSlot,
    alarm: SupervisorAlarm,
    /// How the parent is told. Taken at the very end.
    reporter: Option<Reporter>,
    start_failure: Option<StartFailure>,
    faults: Faults,
    calls: OpenCalls,
    /// How many turns have failed.
    failures: u32,
}

/// What stops one child, and how far its stop has come.
struct HeldChild {
    child: Box<dyn RunningChild>,
    stage: Option<StopStage>,
}

impl Engine {
    fn new(mut parts: EngineParts, link: Arc<ChildLink>) -> Self {
        let (shared, reporter, policy) = (Arc::clone(&parts.shared), parts.reporter.take(), parts.policy);
        let mut machine = Machine::new(policy, seed());
        let mut running = Ordered::new();
        let children = shared.view.count().specs;
        machine.reserve(children);
        running.reserve(children);
        shared.view.for_each(|key, entry| {
            machine.add(key, entry.id(), entry.traits());
            running.push(key, None);
        });
        Self {
            alarm: SupervisorAlarm::new(Arc::clone(&shared)),
            shared,
            link,
            facts: ShortQueue::new(),
            todo: ShortQueue::new(),
            will_decide: false,
            has_heard_all: false,
            is_held: false,
            settling: None,
            handled: Vec::new(),
            policy,
            machine,
            running,
            foreign: BTreeSet::new(),
            lifo_slot: LifoSlot::default(),
            reporter,
            start_failure: None,
            faults: Faults::default(),
            calls: OpenCalls::new(children),
            failures: 0,
        }
    }

    /// Takes one message. Answers how the supervisor ends, if it does. A panic on the way is this supervisor's failure
    /// alone.
    fn take(&mut self, message: SupervisorMessage) -> Option<SupervisorEnd> {
        let has_more = self.shared.has_more();
        let taken = catch(|| {
            self.receive(message, awake_now());
            // Facts first: what has happened already is heard before anything is decided.
            let has_heard_all = std::mem::take(&mut self.has_heard_all) || !has_more;
            if has_heard_all { self.decide() } else { None }
        });
        let end = taken.unwrap_or_else(|_| {
            self.failures += 1;
            self.recover();
            None
        });
        end.or_else(|| self.end_without_a_machine())
    }

    /// Sees to it that what is left is decided upon, behind everything that is in the mailbox now.
    fn decide_later(&mut self) {
        if self.has_work() && !self.will_decide {
            self.will_decide = true;
            self.shared.send(SupervisorMessage::Decide);
        }
    }

    fn has_work(&self) -> bool {
        !self.facts.is_empty() || !self.todo.is_empty() || self.machine.goes_on()
    }

    /// Does what follows from what has been heard, or some of it. Answers how the supervisor ends, if it does.
    fn decide(&mut self) -> Option<SupervisorEnd> {
        let now = awake_now();
        for _ in 0..STEPS_PER_TURN {
            if self.todo.is_empty() {
                self.note_stop();
            }
            if let Some(action) = self.todo.pop_front() {
                if let Some(end) = self.perform(action, now) {
                    return Some(end);
                }
            } else if self.facts.is_empty() && !self.machine.goes_on() {
                break;
            } else {
                self.machine.step(self.facts.drain(), now, &mut self.todo);
                self.show_restarts();
            }
        }
        if !self.has_work() {
            self.settle();
            self.answer_questions(now);
        }
        None
    }

    /// Has the machine hear that a stop has begun here or above, together with whatever has happened since.
    fn note_stop(&mut self) {
        if !self.is_held && self.shared.scope.is_stopping() {
            self.is_held = true;
            self.facts.push_back(Input::Hold);
        }
    }

    /// Nothing is to be done until something happens.
    fn settle(&mut self) {
        // An end that waits in the queue for a round to be over stands there before any call that is made from now on.
        // So what waits for these ends may go on now, and make such calls.
        self.handled.clear();
        if !self.machine.is_restarting() {
            self.settling = None;
        }
        if self.calls.await_quiet() && self.machine.is_quiet() {
            self.calls.quiet();
            self.lifo_slot.note();
        }
        if let Some(at) = self.machine.next_alarm() {
            self.alarm.arm(at, self.shared.tree.control());
        }
    }

    /// Publishes which children wait for a restart.
    fn show_restarts(&mut self) {
        let view = &self.shared.view;
        for (key, awaits) in self.machine.restarting_changes() {
            view.with(key, |entry| entry.awaits_restart = awaits);
        }
    }

    /// All children are gone: gives back everything, and says what the parent is told when the actor is gone too.
    fn finish(&mut self, end: SupervisorEnd) {
        self.dismiss_callers();
        self.before_foreign_code();
        drop_quietly(std::mem::replace(&mut self.running, Ordered::new()));
        // A user's drop may block. Until it is over, the report at the deadline still finds how the children went.
        drop_quietly(self.shared.view.take_specs());
        let (children, entries) = self.close_view();
        drop_quietly(entries);
        self.settling = None;
        self.handled.clear();
        if let Some(reporter) = self.reporter.take() {
            let report = self.last_report(end, children);
            self.link.acknowledge_with(Acknowledgement { reporter, report, unwritten: None });
        }
    }

    /// What the parent is told of an end.
    pub(super) fn last_report(&mut self, end: SupervisorEnd, children: Below) -> Report {
        let failures = self.faults.take();
        let exit = match (end, self.start_failure.take()) {
            (SupervisorEnd::StartFailed(_), Some(failure)) => {
                return Report::Failed { failure: Box::new(failure), children };
            }
            (SupervisorEnd::Failed, _) => Exit::Panicked(Panic::new("the supervisor's actor failed")),
            // Giving up and being asked end alike: OTP's `shutdown`, so that a transient supervisor stays down.
            // OTP rule 15, OTP rule 20, OTP rule 41.
            (
                SupervisorEnd::Stopped
                | SupervisorEnd::GaveUp
                | SupervisorEnd::AutoShutdown
                | SupervisorEnd::StartFailed(_),
                _,
            ) => Exit::Shutdown,
        };
        Ended::new(exit).with_children(children).with_failures(failures).into()
    }

    /// Done in a section of the record, as all that is published: this view takes over what the views further down
    /// show.
    pub(super) fn close_view(&self) -> (Below, Ordered<ChildEntry>) {
        self.shared.tree.record().section(|_| self.shared.view.close(awake_now()))
    }

    fn child(&mut self, key: ChildKey) -> Option<&mut Box<dyn RunningChild>> {
        self.running.get_mut(key)?.as_mut().map(|running| &mut running.child)
    }
}

/// A number that cannot be guessed, for the jitter of delays.
fn seed() -> u64 {
    RandomState::new().hash_one(0)
}
