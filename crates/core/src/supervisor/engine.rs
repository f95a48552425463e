//! A supervisor's state, and the translation between mail, machine and children.
//!
//! Nothing is decided here: mail becomes facts, facts go into the machine, and what the machine wants is done.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::alarm::Alarm;
use super::entry::{Entry, Live, Press, Stop, outcome};
use crate::child::{ChildId, ChildKind, ChildPath, ChildSpec};
use crate::event::{EventKind, StopCause};
use crate::panics::catch;
use crate::policy::{Action, ChildKey, End, Input, Machine, Policy};
use crate::port::{
    Ended, Inbox, Launch, Mail, Report, Reporter, Running, StartContext, StartError, StopRequest,
};
use crate::report::NodeReport;
use crate::snapshot::NodeSnapshot;
use crate::tree::{Activity, TreeContext};

/// How many facts are dealt with before others get their turn on this thread.
const FACTS_PER_TURN: usize = 128;

/// A supervisor's state.
pub(super) struct Engine {
    path: ChildPath,
    incarnation: u32,
    tree: TreeContext,
    inbox: Arc<Inbox>,
    mail: mpsc::UnboundedReceiver<Mail>,
    facts: VecDeque<Input>,
    /// Kept until the facts that came with them have been dealt with.
    settling: Vec<Activity>,
    policy: Policy,
    machine: Machine,
    children: BTreeMap<ChildKey, Entry>,
    alarm: Alarm,
    /// How the parent is told. Taken at the very end.
    reporter: Option<Reporter>,
    start_error: Option<StartError>,
    end: Option<End>,
}

/// What remains to be done after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// There are more facts to deal with.
    More,
    /// Nothing, until mail comes.
    Rest,
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
        let StartContext { path, incarnation, reporter, tree } = cx;
        let (inbox, mail) = Inbox::new();
        let mut machine = Machine::new(policy);
        let mut children = BTreeMap::new();
        for (key, spec) in (0..).map(ChildKey).zip(specs) {
            let id = ChildId::new(spec.id()).expect("the specs were checked before the tree was started");
            let entry = Entry::new(spec.clone(), path.join(&id));
            machine.add(key, entry.traits());
            children.insert(key, entry);
        }
        Self {
            path,
            incarnation,
            tree,
            alarm: Alarm::new(Arc::clone(&inbox)),
            inbox,
            mail,
            facts: VecDeque::from([Input::Begin]),
            settling: Vec::new(),
            policy,
            machine,
            children,
            reporter: Some(reporter),
            start_error: None,
            end: None,
        }
    }

    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    pub(super) fn is_finished(&self) -> bool {
        self.end.is_some()
    }

    /// Deals with some of what has happened.
    pub(super) fn turn(&mut self) -> Turn {
        let now = now();
        // All facts first, decisions after: a sibling that has died already must not be asked to stop.
        self.inbox.about_to_read();
        while let Ok(mail) = self.mail.try_recv() {
            self.receive(mail, now);
        }
        for _ in 0..FACTS_PER_TURN {
            let Some(fact) = self.facts.pop_front() else { break };
            for action in self.machine.step(fact, now) {
                self.perform(action, now);
            }
        }
        if self.is_finished() {
            return Turn::Finished;
        }
        if !self.facts.is_empty() {
            return Turn::More;
        }
        if !self.machine.is_restarting() {
            self.settling.clear();
        }
        if let Some(at) = self.machine.next_alarm() {
            self.alarm.arm(at, self.tree.control());
        }
        Turn::Rest
    }

    // --- mail becomes facts ---

    fn receive(&mut self, mail: Mail, now: Instant) {
        match mail {
            Mail::Child { key, incarnation, report, activity } => {
                self.settling.extend(activity);
                if let Some(fact) = self.hear(key, incarnation, report, now) {
                    self.facts.push_back(fact);
                }
            }
            Mail::Stop(StopRequest { deadline, .. }) => {
                self.facts.push_back(Input::Stop { cause: StopCause::Parent, deadline });
            }
            Mail::Force => self.facts.push_back(Input::Force),
            Mail::Alarm => {
                self.alarm.rang();
                self.facts.push_back(Input::Alarm);
            }
            #[cfg(test)]
            Mail::Poison => panic!("a test poisoned this supervisor"),
        }
    }

    /// Notes what a child said, writes it into the record, and makes it a fact.
    fn hear(&mut self, key: ChildKey, incarnation: u32, report: Report, now: Instant) -> Option<Input> {
        let entry = self.children.get_mut(&key)?;
        if entry.incarnation != incarnation || entry.live.is_none() {
            return None;
        }
        match report {
            Report::Started { pid } => {
                let live = entry.live.as_mut()?;
                live.pid = pid;
                if live.stop.is_some() {
                    return None;
                }
                live.started = true;
                live.since = now;
                emit(&self.tree, entry, EventKind::Started { pid });
                Some(Input::Started(key))
            }
            Report::Ignored => {
                entry.gone(None, now);
                emit(&self.tree, entry, EventKind::Ignored);
                Some(Input::Ignored(key))
            }
            Report::Failed { error, children } => {
                let stop = entry.live.as_ref().and_then(|live| live.stop);
                entry.not_started(children, now);
                match stop {
                    Some(stop) => emit(&self.tree, entry, stopped(entry, stop, None, now)),
                    None => emit(&self.tree, entry, EventKind::StartFailed { error: error.describe() }),
                }
                self.start_error = Some(child_error(entry, error));
                Some(Input::StartFailed(key))
            }
            Report::Ended(ended) => Some(self.ended(key, *ended, now)),
            // Only the root's end is bounded by a deadline of the tree, and only the guardian cares.
            Report::Stopping(_) => None,
        }
    }

    fn ended(&mut self, key: ChildKey, ended: Ended, now: Instant) -> Input {
        let entry = self.children.get_mut(&key).expect("only a child that is there is heard");
        let exit = ended.exit.clone();
        let stragglers = ended.stragglers.clone();
        let live = entry.gone(Some(ended), now);
        match live {
            Some(Live { stop: Some(stop), .. }) => {
                let status = entry.status(Some(exit.clone()));
                let elapsed = now.saturating_duration_since(stop.since);
                let outcome = outcome(Some(stop));
                emit(&self.tree, entry, EventKind::Stopped { outcome, status, elapsed, stragglers });
                Input::Ended(key, exit.class())
            }
            Some(Live { started: false, .. }) => {
                let error = StartError::Ended(exit);
                emit(&self.tree, entry, EventKind::StartFailed { error: error.describe() });
                self.start_error = Some(child_error(entry, error));
                Input::StartFailed(key)
            }
            Some(Live { started: true, .. }) | None => {
                let status = entry.status(Some(exit.clone()));
                emit(&self.tree, entry, EventKind::Exited { status, stragglers });
                Input::Ended(key, exit.class())
            }
        }
    }

    // --- actions become effects ---

    fn perform(&mut self, action: Action, now: Instant) {
        match action {
            Action::Start(key) => {
                if let Some(fact) = self.start(key, now) {
                    // Before all that waits: the start was over before anything else could be heard.
                    self.facts.push_front(fact);
                }
            }
            Action::Stop { key, cause, deadline } => {
                let request = StopRequest::new(cause, deadline);
                self.press(key, Press::Asked, cause, now, |child| child.stop(request));
            }
            Action::Kill { key, cause } => self.press(key, Press::Killed, cause, now, |child| child.force()),
            Action::Force { key, cause } => self.press(key, Press::Forced, cause, now, |child| child.force()),
            Action::Forget(key) => {
                self.children.remove(&key);
            }
            Action::Restarting { key, attempt, delay } => {
                if let Some(entry) = self.children.get_mut(&key) {
                    entry.restarts += 1;
                    emit(&self.tree, entry, EventKind::Restarting { attempt, delay });
                }
            }
            Action::GaveUp => {
                let limit = self.policy.intensity;
                let what = EventKind::GaveUp { restarts: limit.max_restarts, within: limit.within };
                self.tree.record().emit(&self.path, ChildKind::Supervisor, self.incarnation, what);
            }
            Action::Ready => {
                if let Some(reporter) = &mut self.reporter {
                    reporter.started(None);
                    // From here on the supervisor is as active as its children are.
                    reporter.rest();
                }
            }
            Action::Stopping(cause) => {
                if let Some(reporter) = &mut self.reporter {
                    reporter.rouse(self.tree.begin_activity());
                    reporter.stopping(cause);
                }
            }
            Action::Finish(end) => self.end = Some(end),
        }
    }

    /// Starts a child. What can be said at once is returned.
    fn start(&mut self, key: ChildKey, now: Instant) -> Option<Input> {
        let entry = self.children.get_mut(&key)?;
        entry.incarnation += 1;
        emit(&self.tree, entry, EventKind::Starting);
        let activity = Some(self.tree.begin_activity());
        let cx = StartContext {
            path: entry.path.clone(),
            incarnation: entry.incarnation,
            reporter: Reporter::new(Arc::clone(&self.inbox), key, entry.incarnation, activity),
            tree: self.tree.clone(),
        };
        let starter = Arc::clone(entry.spec.starter());
        match catch(|| starter.start(cx)) {
            Ok(Launch::Running { child, pid }) => {
                entry.launched(Running { child, pid }, true, now);
                emit(&self.tree, entry, EventKind::Started { pid });
                Some(Input::Started(key))
            }
            Ok(Launch::Starting { child }) => {
                entry.launched(Running { child, pid: None }, false, now);
                None
            }
            Ok(Launch::Ignored) => {
                entry.gone(None, now);
                emit(&self.tree, entry, EventKind::Ignored);
                Some(Input::Ignored(key))
            }
            Ok(Launch::Failed(error)) => Some(self.not_started(key, error, now)),
            Err(panic) => Some(self.not_started(key, StartError::Panicked(panic), now)),
        }
    }

    fn not_started(&mut self, key: ChildKey, error: StartError, now: Instant) -> Input {
        if let Some(entry) = self.children.get_mut(&key) {
            entry.not_started(Vec::new(), now);
            emit(&self.tree, entry, EventKind::StartFailed { error: error.describe() });
            self.start_error = Some(child_error(entry, error));
        }
        Input::StartFailed(key)
    }

    /// Has a child stopped, with as much pressure as the machine wants.
    fn press(
        &mut self,
        key: ChildKey,
        press: Press,
        cause: StopCause,
        now: Instant,
        act: impl FnOnce(&mut dyn crate::port::RunningChild),
    ) {
        let Some(entry) = self.children.get_mut(&key) else { return };
        let Some(live) = &mut entry.live else { return };
        let first = live.stop.is_none();
        let stop = live.stop.get_or_insert(Stop { since: now, press });
        stop.press = press;
        let asks = live.child.stop_signal();
        let force_name = live.child.force_name();
        if first {
            live.since = now;
            let signal = match press {
                Press::Asked => asks,
                Press::Killed | Press::Forced => asks.map(|_| force_name.into()),
            };
            emit(&self.tree, entry, EventKind::Stopping { cause, signal });
        }
        if press == Press::Forced {
            emit(&self.tree, entry, EventKind::Escalated { to: force_name.into() });
        }
        let Some(live) = &mut entry.live else { return };
        if catch(|| act(live.child.as_mut())).is_err() && press == Press::Asked {
            // A child that cannot even be asked has no use for a grace.
            let _ = catch(|| live.child.force());
        }
    }

    // --- the end ---

    /// How it all ended, once.
    pub(super) fn take_outcome(&mut self) -> Outcome {
        let children = self.reports();
        self.settling.clear();
        Outcome {
            reporter: self.reporter.take(),
            end: self.end.unwrap_or(End::Failed),
            start_error: self.start_error.take(),
            children,
        }
    }

    /// Forces what is left, past the machine, and hands out the mail in which the ends will be told.
    ///
    /// The last resort, for a supervisor whose actor fails whatever it is given.
    pub(super) fn abandon(&mut self) -> mpsc::UnboundedReceiver<Mail> {
        for live in self.children.values_mut().filter_map(|entry| entry.live.as_mut()) {
            live.stop = Some(Stop { since: now(), press: Press::Forced });
            let _ = catch(|| live.child.force());
        }
        let (_, none) = mpsc::unbounded_channel();
        std::mem::replace(&mut self.mail, none)
    }

    /// Notes the end of a child without asking the machine. `false` says that some are still there.
    pub(super) fn bury(&mut self, mail: Option<Mail>) -> bool {
        if let Some(Mail::Child { key, incarnation, report, .. }) = mail {
            self.hear(key, incarnation, report, now());
        }
        self.children.values().all(|entry| entry.live.is_none())
    }

    /// Begins anew after the actor failed: what is left is stopped in order, and nothing is started any more.
    pub(super) fn salvage(&mut self) {
        let mut machine = Machine::new(self.policy);
        for (key, entry) in &self.children {
            match &entry.live {
                Some(_) => machine.adopt(*key, entry.traits()),
                None => machine.add(*key, entry.traits()),
            }
        }
        self.machine = machine;
        self.facts.clear();
        self.facts.push_back(Input::Fail);
    }

    // --- what it looks like ---

    pub(super) fn snapshots(&self) -> Vec<NodeSnapshot> {
        let now = now();
        let snapshot =
            |(key, entry): (&ChildKey, &Entry)| entry.snapshot(self.machine.awaits_restart(*key), now);
        self.children.iter().map(snapshot).collect()
    }

    pub(super) fn reports(&self) -> Vec<NodeReport> {
        let now = now();
        self.children.values().filter_map(|entry| entry.report(now)).collect()
    }

    pub(super) fn last_kill(&mut self) {
        for entry in self.children.values_mut() {
            if let Some(live) = &mut entry.live {
                let _ = catch(|| live.child.last_kill());
            }
        }
    }
}

fn emit(tree: &TreeContext, entry: &Entry, what: EventKind) {
    tree.record().emit_with(entry.kind(), entry.incarnation, || (entry.path.clone(), what));
}

fn stopped(entry: &Entry, stop: Stop, status: Option<crate::child::Exit>, now: Instant) -> EventKind {
    EventKind::Stopped {
        outcome: outcome(Some(stop)),
        status: entry.status(status),
        elapsed: now.saturating_duration_since(stop.since),
        stragglers: Vec::new(),
    }
}

fn child_error(entry: &Entry, error: StartError) -> StartError {
    StartError::Child { path: entry.path.clone(), source: Arc::new(error) }
}

/// The tree's clock, which is tokio's, so that virtual time reaches everything.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
