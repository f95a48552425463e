//! The root's parent: starts the root, hands it the stop and the deadline, and writes the report.
//!
//! It has no policy: a root that ends is not started again.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::TreeContext;
use super::build::Unreapable;
use super::root::Root;
use super::scribe::{Progress, Scribe};
use super::stalls::StallWatch;
use super::stand_in::StandIn;
use crate::child::{ChildPath, Shutdown};
use crate::clock::now;
use crate::event::{EventKind, StopCause};
use crate::policy::{ChildKey, Queue};
use crate::port::{Inbox, Mail, Report, Reporter, StartContext, StartError, StopRequest};
use crate::report::NodeReport;
use crate::supervisor::SupervisorStart;

/// What the program wants of the root.
pub(super) enum Command {
    Stop(StopCause),
    Force,
    /// Says that it has its turn.
    Answer,
    /// Report now, whatever is still there.
    GiveUp,
}

/// What the user chose for the whole tree.
pub(crate) struct Plan {
    pub(crate) path: ChildPath,
    pub(crate) deadline: Option<Duration>,
    pub(crate) stop_when_idle: bool,
    pub(crate) stall_threshold: Option<Duration>,
    pub(crate) unreapable: Unreapable,
    /// Stops the tree when it is cancelled.
    pub(crate) stop_on: CancellationToken,
    /// What is weaker than usual, and why.
    pub(crate) degraded: BTreeMap<&'static str, String>,
}

impl Plan {
    /// How long after its request a stop is over for those who wait for it, whatever is still there then.
    fn reported_at(&self) -> Option<Duration> {
        self.deadline.filter(|_| self.unreapable == Unreapable::Report)
    }
}

/// Starts the root, and the guardian beside it.
pub(super) fn start(
    context: &TreeContext,
    plan: Plan,
    root: SupervisorStart,
    (sender, commands): (mpsc::UnboundedSender<Command>, mpsc::UnboundedReceiver<Command>),
    progress: watch::Sender<Progress>,
) -> (Arc<Root>, Weak<StandIn>) {
    let inbox = Inbox::new();
    let shared = Arc::new(Root::new(plan.path.clone(), context.clone()));
    let tree = context.clone();
    let stalls = plan.stall_threshold.map(|threshold| StallWatch::new(&shared, threshold));
    let scribe = Arc::new(Scribe::new(plan.path.clone(), tree.clone(), Arc::clone(&shared), progress));
    let stand_in = plan
        .reported_at()
        .map(|deadline| StandIn::new(Arc::clone(&scribe), sender, deadline, plan.stop_on.clone()));
    let by_others = stand_in.as_ref().map(Arc::downgrade).unwrap_or_default();
    let mut guardian = Guardian {
        _stalls: stalls,
        stand_in,
        scribe,
        tree: tree.clone(),
        plan,
        root: Arc::clone(&shared),
        hard: None,
        _at_the_latest: tree.stopping().clone().drop_guard(),
        stopping: false,
    };
    guardian.root.emit(EventKind::Starting);
    for (what, reason) in std::mem::take(&mut guardian.plan.degraded) {
        guardian.root.emit(EventKind::Degraded { what: what.into(), reason });
    }
    let cx = StartContext {
        path: guardian.plan.path.clone(),
        incarnation: 1,
        shutdown: Shutdown::Infinity,
        reporter: Reporter::new(Arc::clone(&inbox), ROOT, 1, Some(tree.begin_activity())),
        tree,
    };
    // Said at once and not by mail, so that it stands in the record before anything that follows from it.
    let announced = Arc::downgrade(&shared);
    inbox.announce_with(move |cause| {
        if let Some(root) = announced.upgrade() {
            root.begin_stop(cause);
        }
    });
    let (child, keeper) = root.prepare(cx);
    shared.state().child = Some(child);
    // Before the root begins, which would be quicker than the guardian.
    if guardian.plan.stop_on.is_cancelled() {
        guardian.stop(StopCause::Token);
    }
    keeper.run_actor(context.control());
    context.control().spawn(guardian.watch(inbox, commands));
    (shared, by_others)
}

const ROOT: ChildKey = ChildKey(0);

/// How long before the deadline everything is forced: a tenth of it, so that what was forced can still be awaited, and no
/// more than a second, which is plenty for that.
fn margin(deadline: Duration) -> Duration {
    (deadline / 10).min(Duration::from_secs(1))
}

struct Guardian {
    /// Held for as long as the tree is watched.
    _stalls: Option<Arc<StallWatch>>,
    /// Has the last word if the guardian does not get its turn.
    stand_in: Option<Arc<StandIn>>,
    scribe: Arc<Scribe>,
    tree: TreeContext,
    plan: Plan,
    root: Arc<Root>,
    /// When the tree will be reported as incomplete.
    hard: Option<Instant>,
    /// Whoever waits for the stop to begin hears of it at the latest when nobody is left to begin it.
    _at_the_latest: DropGuard,
    stopping: bool,
}

impl Guardian {
    async fn watch(mut self, inbox: Arc<Inbox>, mut commands: mpsc::UnboundedReceiver<Command>) {
        let tree = self.tree.clone();
        let stop_on = self.plan.stop_on.clone();
        loop {
            let waits_for_idle = self.plan.stop_when_idle && self.is_running();
            let hard = self.hard.filter(|_| !self.scribe.has_reported());
            tokio::select! {
                biased;
                () = inbox.arrival() => {
                    let mut mail = Queue::new();
                    inbox.collect(&mut mail);
                    for mail in mail.drain() {
                        // The activity that came with the report ends when it has been dealt with.
                        if let Mail::Child { report, activity: _activity, .. } = mail {
                            if self.hear(report) {
                                return;
                            }
                        }
                    }
                }
                Some(command) = commands.recv() => self.obey(command),
                () = stop_on.cancelled(), if !self.stopping => self.stop(StopCause::Token),
                () = tree.idle(), if waits_for_idle => self.stop(StopCause::Idle),
                () = sleep_until(hard), if hard.is_some() => self.scribe.give_up_waiting(),
            }
        }
    }

    /// Takes what the root says of itself. `true` says that it was its last word.
    fn hear(&mut self, report: Report) -> bool {
        match report {
            Report::Started { .. } => {
                self.started();
                false
            }
            Report::Stopping { cause, start_error } => {
                self.scribe.note_start_error(start_error.map(|error| *error));
                self.stop(cause);
                false
            }
            Report::Failed { error, children } => {
                self.root.emit(EventKind::StartFailed { error: error.describe() });
                self.ended(Some(*error), children);
                true
            }
            Report::Ended(mut fate) => {
                let error = (!self.root.state().started).then_some(StartError::Stopped);
                self.ended(error, fate.take_children());
                true
            }
            Report::Ignored => unreachable!("a supervisor always has something to run"),
        }
    }

    fn started(&mut self) {
        if self.root.stop().is_none() {
            let mut root = self.root.state();
            root.started = true;
            root.since = now();
            drop(root);
            self.root.emit(EventKind::Started { pid: None });
            self.scribe.tell(|progress| progress.started = true);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Stop(cause) => self.stop(cause),
            Command::GiveUp => {
                self.stop(StopCause::Api);
                self.scribe.give_up_waiting();
            }
            Command::Force => {
                self.stop(StopCause::Api);
                self.force();
            }
            Command::Answer => {
                if let Some(stand_in) = &self.stand_in {
                    stand_in.answer();
                }
            }
        }
    }

    /// Begins the stop, unless it has begun already.
    fn stop(&mut self, cause: StopCause) {
        if let Some(child) = &mut self.root.state().child {
            child.hold();
        }
        self.root.begin_stop(cause);
        if std::mem::replace(&mut self.stopping, true) {
            return;
        }
        self.scribe.tell(|progress| progress.stopping = true);
        self.tree.stopping().cancel();
        if let Some(stand_in) = &self.stand_in {
            stand_in.note_stop(cause);
        }
        let after = |duration| now().checked_add(duration);
        self.hard = self.plan.reported_at().and_then(after);
        let soft = self.plan.deadline.and_then(|deadline| after(deadline - margin(deadline)));
        if let Some(child) = &mut self.root.state().child {
            child.stop(StopRequest::new(cause, soft));
        }
    }

    fn force(&mut self) {
        if self.root.begin_force() {
            self.root.emit(EventKind::Escalated { to: "force".into() });
            if let Some(child) = &mut self.root.state().child {
                child.force();
            }
        }
    }

    /// The root is gone, and everything below it.
    fn ended(&self, start_error: Option<StartError>, children: Vec<NodeReport>) {
        self.scribe.everything_is_gone(start_error, children);
    }

    fn is_running(&self) -> bool {
        !self.stopping && self.root.state().started
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
