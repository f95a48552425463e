//! Writes the report of a stop: once when the stop is over, and once more when really everything is gone.
//!
//! It decides nothing. What it does, it does at once, from views and without waiting, so that any thread can have it done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::watch;

use super::root::{Root, RootStop, Sight};
use crate::child::{ChildKind, ChildPath, Outcome, StartError, StopCause};
use crate::clock::now;
use crate::context::TreeContext;
use crate::event::EventKind;
use crate::failure::StartFailure;
use crate::report::{NodeReport, StopReport};
use crate::sync::{Mutex, PoisonError, point};

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

/// Writes the report of a stop.
pub(super) struct ReportWriter {
    path: ChildPath,
    tree: TreeContext,
    root: Arc<Root>,
    progress: watch::Sender<Progress>,
    /// Whether a thread writes the report or has written it. The first one does; nothing is locked while it does.
    is_claimed: AtomicBool,
    has_reported: AtomicBool,
    /// Why the root could not be started, as soon as that is known.
    start_failure: Mutex<Option<StartFailure>>,
}

impl ReportWriter {
    pub(super) fn new(
        path: ChildPath,
        tree: TreeContext,
        root: Arc<Root>,
        progress: watch::Sender<Progress>,
    ) -> Self {
        let (is_claimed, has_reported) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { path, tree, root, progress, is_claimed, has_reported, start_failure: Mutex::default() }
    }

    /// Says how far the tree has come.
    pub(super) fn tell(&self, change: impl FnOnce(&mut Progress)) {
        point();
        self.progress.send_modify(change);
    }

    /// Notes why the root could not be started, before it is gone.
    pub(super) fn note_start_failure(&self, failure: Option<StartFailure>) {
        let before = {
            let mut noted = self.start_failure.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *noted, failure)
        };
        drop(before);
    }

    /// Whether the stop is over for those who wait for it.
    pub(super) fn has_reported(&self) -> bool {
        self.has_reported.load(Ordering::Acquire)
    }

    /// The root is gone, and everything below it.
    pub(super) fn everything_is_gone(&self, failure: Option<StartFailure>, children: Vec<NodeReport>) {
        let refused = self.root.is_gone();
        let report = Arc::new(self.report(failure, children, (Outcome::Graceful, refused)));
        // What was said is not taken back; what has become of it since is there for those who ask.
        if self.claim() {
            self.write(&report);
        }
        self.tell(|progress| progress.completed = Some(report));
    }

    /// The deadline is over, and something is still there.
    pub(super) fn give_up_waiting(&self) {
        if self.claim() {
            self.tree.record().hush();
            self.write_unfinished(self.root.look());
        }
    }

    /// The same, said by a thread that does not wait for the guardian's turn. The stop had been asked for at this moment, and it may not
    /// have begun.
    pub(super) fn stand_in(&self, cause: StopCause, since: Instant) {
        if self.claim() {
            let sight = self.root.look();
            self.tree.record().hush();
            self.root.begin_stop_at(cause, since);
            self.tree.stopping().cancel();
            self.write_unfinished(sight);
        }
    }

    /// The runtime on which the tree was started has been shut down, and nothing will be heard any more.
    pub(super) fn runtime_is_gone(&self) {
        if self.claim() {
            self.tree.record().hush();
            self.root.begin_stop(StopCause::Failed);
            self.write_unfinished(self.root.look());
        }
    }

    /// Whether the caller is the one that writes the report.
    fn claim(&self) -> bool {
        point();
        !self.is_claimed.swap(true, Ordering::AcqRel)
    }

    fn write_unfinished(&self, sight: Sight) {
        let Sight { started, refused, children } = sight;
        let noted = self.start_failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        let stopped = || StartFailure::new(StartError::Stopped).write_down();
        let failure = (!started).then(|| noted.unwrap_or_else(stopped));
        let report = self.report(failure, children, (Outcome::Unreapable, refused));
        let below = |node: &NodeReport| node.path != self.path && node.outcome == Outcome::Unreapable;
        // What has not been asked to go is not gone, and it will not be asked any more.
        for node in report.root.walk().into_iter().filter(|node| below(node) && !node.was_asked) {
            self.emit(node, EventKind::Stopping { cause: StopCause::Deadline, signal: None });
        }
        // Every supervisor after its children, and the root last of all.
        for node in report.unreapable().into_iter().filter(|node| below(node)) {
            let what = EventKind::Stopped {
                outcome: node.outcome,
                status: None,
                elapsed: node.elapsed,
                stragglers: node.stragglers.clone(),
            };
            self.emit(node, what);
        }
        self.write(&Arc::new(report));
    }

    fn emit(&self, node: &NodeReport, what: EventKind) {
        self.tree.record().emit(&node.path, node.kind, node.incarnation, what);
    }

    fn report(
        &self,
        failure: Option<StartFailure>,
        children: Vec<NodeReport>,
        (outcome, refused): (Outcome, u64),
    ) -> StopReport {
        // A root that ends without a stop has failed to start, or its actor has failed.
        let cause = if failure.is_some() { StopCause::StartFailed } else { StopCause::Failed };
        let stop = self.root.stop().unwrap_or(RootStop::now(cause));
        let mut root = NodeReport::new(self.path.clone(), ChildKind::Supervisor);
        root.outcome = if outcome == Outcome::Graceful && stop.forced { Outcome::Killed } else { outcome };
        root.forced = stop.forced;
        root.elapsed = now().saturating_duration_since(stop.since);
        root.children = children;
        root.refused = refused;
        StopReport::new(root, stop.cause, failure, self.tree.containment())
    }

    /// Writes the root's last event, closes the record, and hands the report to all who wait.
    fn write(&self, report: &Arc<StopReport>) {
        self.has_reported.store(true, Ordering::Release);
        point();
        self.root.emit_last(EventKind::Stopped {
            outcome: report.root.outcome,
            status: None,
            elapsed: report.elapsed,
            stragglers: Vec::new(),
        });
        self.tell(|progress| {
            progress.start_error.clone_from(&report.start_error);
            progress.report = Some(Arc::clone(report));
        });
    }
}
