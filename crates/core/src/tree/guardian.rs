//! The root's parent: starts the root, hands it the stop and the deadline, and writes the report.
//!
//! It has no policy: a root that ends is not started again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::TreeContext;
use super::build::Unreapable;
use super::root::{Root, RootStop};
use super::stalls::StallWatch;
use crate::child::{ChildKind, ChildPath, Shutdown};
use crate::clock::now;
use crate::event::{EventKind, StopCause};
use crate::policy::{ChildKey, Queue};
use crate::port::{Inbox, Mail, Report, Reporter, StartContext, StartError, StopRequest};
use crate::report::{NodeReport, Outcome, StopReport};
use crate::supervisor::SupervisorStart;

/// What the program wants of the root.
pub(super) enum Command {
    Stop(StopCause),
    Force,
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
}

/// How far the tree has come, for all who wait for it.
#[derive(Clone, Default)]
pub(super) struct Progress {
    pub(super) started: bool,
    pub(super) start_error: Option<StartError>,
    pub(super) stopping: bool,
    pub(super) report: Option<Arc<StopReport>>,
    /// The report of a tree that is really gone.
    pub(super) completed: Option<Arc<StopReport>>,
}

/// Starts the root, and the guardian beside it.
pub(super) fn start(
    context: &TreeContext,
    plan: Plan,
    root: SupervisorStart,
    commands: mpsc::UnboundedReceiver<Command>,
    progress: watch::Sender<Progress>,
) -> Arc<Root> {
    let inbox = Inbox::new();
    let shared = Arc::new(Root::new(plan.path.clone(), context.clone()));
    let tree = context.clone();
    let stalls = plan.stall_threshold.map(|threshold| StallWatch::new(&shared, threshold));
    let mut guardian = Guardian {
        _stalls: stalls,
        tree: tree.clone(),
        plan,
        root: Arc::clone(&shared),
        progress,
        hard: None,
        _at_the_latest: tree.stopping().clone().drop_guard(),
        stopping: false,
        reported: false,
        start_error: None,
    };
    guardian.root.emit(EventKind::Starting);
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
    shared
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
    tree: TreeContext,
    plan: Plan,
    root: Arc<Root>,
    progress: watch::Sender<Progress>,
    /// When the tree will be reported as incomplete.
    hard: Option<Instant>,
    /// Whoever waits for the stop to begin hears of it at the latest when nobody is left to begin it.
    _at_the_latest: DropGuard,
    stopping: bool,
    reported: bool,
    /// Why the root could not be started, as soon as that is known.
    start_error: Option<StartError>,
}

impl Guardian {
    async fn watch(mut self, inbox: Arc<Inbox>, mut commands: mpsc::UnboundedReceiver<Command>) {
        let tree = self.tree.clone();
        let stop_on = self.plan.stop_on.clone();
        loop {
            let waits_for_idle = self.plan.stop_when_idle && self.is_running();
            let gives_up = !self.reported && self.plan.unreapable == Unreapable::Report;
            let hard = self.hard.filter(|_| gives_up);
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
                () = sleep_until(hard), if hard.is_some() => self.give_up_waiting(),
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
                self.start_error = start_error;
                self.stop(cause);
                false
            }
            Report::Failed { error, children } => {
                self.root.emit(EventKind::StartFailed { error: error.describe() });
                self.ended(Some(error), children);
                true
            }
            Report::Ended(ended) => {
                let error = (!self.root.state().started).then_some(StartError::Stopped);
                self.ended(error, ended.children);
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
            self.progress.send_modify(|progress| progress.started = true);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Stop(cause) => self.stop(cause),
            Command::Force => {
                self.stop(StopCause::Api);
                self.force();
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
        self.progress.send_modify(|progress| progress.stopping = true);
        self.tree.stopping().cancel();
        let after = |duration| now().checked_add(duration);
        self.hard = self.plan.deadline.and_then(after);
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
    fn ended(&mut self, start_error: Option<StartError>, children: Vec<NodeReport>) {
        let mut root = self.root.state();
        let child = root.child.take();
        let refused = child.as_ref().map_or(0, |child| child.refused());
        drop(root);
        drop(child);
        let report = self.report(start_error, children, (Outcome::Graceful, refused));
        let report = match self.reported {
            false => self.write(report),
            // What was said is not taken back; what has become of it since is there for those who ask.
            true => Arc::new(report),
        };
        self.progress.send_modify(|progress| progress.completed = Some(report));
    }

    /// The deadline is over, and something is still there.
    fn give_up_waiting(&mut self) {
        self.tree.record().hush();
        let root = self.root.state();
        let children = root.child.as_ref().map(|child| child.reports()).unwrap_or_default();
        let started = root.started;
        let refused = root.child.as_ref().map_or(0, |child| child.refused());
        drop(root);
        let start_error = (!started).then(|| self.start_error.take().unwrap_or(StartError::Stopped));
        let report = self.report(start_error, children, (Outcome::Unreapable, refused));
        // Every supervisor after its children, and the root last of all.
        for node in report.unreapable() {
            if node.path != self.plan.path {
                let what = EventKind::Stopped {
                    outcome: node.outcome,
                    status: None,
                    elapsed: node.elapsed,
                    stragglers: Vec::new(),
                };
                self.tree.record().emit(&node.path, node.kind, node.incarnation, what);
            }
        }
        self.write(report);
    }

    fn report(
        &self,
        start_error: Option<StartError>,
        children: Vec<NodeReport>,
        (outcome, refused): (Outcome, u64),
    ) -> StopReport {
        // A root that ends without a stop has failed to start, or its actor has failed.
        let cause = if start_error.is_some() { StopCause::StartFailed } else { StopCause::Failed };
        let stop = self.root.stop().unwrap_or(RootStop::now(cause));
        let mut root = NodeReport::new(self.plan.path.clone(), ChildKind::Supervisor);
        root.outcome = if outcome == Outcome::Graceful && stop.forced { Outcome::Killed } else { outcome };
        root.forced = stop.forced;
        root.elapsed = now().saturating_duration_since(stop.since);
        root.children = children;
        root.refused = refused;
        StopReport::new(root, stop.cause, start_error, self.tree.containment())
    }

    /// Writes the root's last event, closes the record, and hands the report to all who wait.
    fn write(&mut self, report: StopReport) -> Arc<StopReport> {
        self.reported = true;
        self.root.emit(EventKind::Stopped {
            outcome: report.root.outcome,
            status: None,
            elapsed: report.elapsed,
            stragglers: Vec::new(),
        });
        self.tree.record().close();
        let report = Arc::new(report);
        self.progress.send_modify(|progress| {
            progress.start_error.clone_from(&report.start_error);
            progress.report = Some(Arc::clone(&report));
        });
        report
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
