//! Writes the report of a stop: once when the stop is over, and once more when really everything is gone.
//!
//! It decides nothing. What it does, it does at once, from views and without waiting, so that any thread can have it
//! done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::root::{Root, RootStop, Sight};
use crate::blame::{Blame, Failures};
use crate::child::{ChildKind, ChildPath, Outcome, StartError, StopCause};
use crate::context::TreeContext;
use crate::event::{EventKind, RecordWriter};
use crate::failure::StartFailure;
use crate::report::{Below, NodeReport, StopReport};
use crate::supervisor::{AskChildren, KeptAlive};
use crate::sync::{Mutex, PoisonError, point};

/// How far the tree has come, for all callers that wait for it.
#[derive(Clone, Default)]
pub(super) struct TreeProgress {
    pub(super) started: bool,
    pub(super) start_error: Option<StartError>,
    pub(super) report: Option<Arc<StopReport>>,
    /// The report of a tree that is really gone.
    pub(super) completed: Option<Arc<StopReport>>,
}

/// Writes the report of a stop.
pub(super) struct ReportWriter {
    path: ChildPath,
    tree: TreeContext,
    root: Arc<Root>,
    progress: watch::Sender<TreeProgress>,
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
        progress: watch::Sender<TreeProgress>,
    ) -> Self {
        let (is_claimed, has_reported) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { path, tree, root, progress, is_claimed, has_reported, start_failure: Mutex::default() }
    }

    /// Says how far the tree has come.
    pub(super) fn tell(&self, change: impl FnOnce(&mut TreeProgress)) {
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

    /// Whether the stop is over for the callers that wait for it.
    pub(super) fn has_reported(&self) -> bool {
        self.has_reported.load(Ordering::Acquire)
    }

    /// The root is gone, and everything below it.
    pub(super) fn everything_is_gone(
        &self,
        failure: Option<StartFailure>,
        children: Below,
        failures: Option<&Failures>,
    ) {
        let is_in_time = self.claim();
        // The thread that was faster may be about to look.
        let children = if is_in_time { children.take() } else { children.copy() };
        let refused = self.root.is_gone();
        let blame = failures.and_then(|failures| self.to_blame(failures));
        let mut report = self.report(failure, children, Outcome::Graceful, refused);
        report.is_to_blame(blame);
        let report = Arc::new(report);
        // A report that was handed out is not taken back. What has changed since then is there for callers that ask.
        if is_in_time {
            self.has_reported.store(true, Ordering::Release);
            point();
            self.tree.record().section_at_the_end(|words| self.end_with(&report, words));
            self.hand_out(&report);
        }
        self.tell(|progress| progress.completed = Some(report));
    }

    /// What brought the tree down, if it stopped by itself because of a failure.
    fn to_blame(&self, failures: &Failures) -> Option<Blame> {
        match self.root.stop()?.cause {
            StopCause::GaveUp | StopCause::AutoShutdown => failures.blame.clone(),
            StopCause::Idle => failures.last.clone()?.1,
            StopCause::Signal(_)
            | StopCause::Api
            | StopCause::Parent
            | StopCause::Sibling
            | StopCause::Deadline
            | StopCause::StartFailed
            | StopCause::Dropped
            | StopCause::Token
            | StopCause::Failed
            | StopCause::Uncontained => None,
        }
    }

    /// The deadline is over, and something is still there.
    pub(super) fn give_up_waiting(&self) {
        if self.claim() {
            self.write_unfinished();
        }
    }

    /// The same for a stop that is asked for now, said by a thread that does not wait for the guardian's turn.
    pub(super) fn report_now(&self, cause: StopCause) {
        self.report_instead(cause, self.tree.awake_now());
    }

    /// The same for a stop that had been asked for at this moment, and may not have begun.
    pub(super) fn report_instead(&self, cause: StopCause, since: Instant) {
        if self.claim() {
            self.root.begin_stop_at(cause, since);
            self.tree.tell_stopping();
            self.write_unfinished();
        }
    }

    /// The runtime on which the tree was started has been shut down, and nothing will be heard any more.
    pub(super) fn runtime_is_gone(&self) {
        if self.claim() {
            self.root.begin_stop(StopCause::Failed);
            self.write_unfinished();
        }
    }

    /// Whether the caller is the one that writes the report.
    fn claim(&self) -> bool {
        point();
        !self.is_claimed.swap(true, Ordering::AcqRel)
    }

    fn write_unfinished(&self) {
        self.has_reported.store(true, Ordering::Release);
        let handled = self.start_failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Before the record is locked: a child may take its time to answer.
        let mut kept_alive = KeptAlive::default();
        let answers = self.root.look(AskChildren::Children, &mut kept_alive).children;
        let report = self.tree.record().section_at_the_end(|words| {
            let Sight { started, refused, mut children } =
                self.root.look(AskChildren::Nothing, &mut kept_alive);
            add_answers(&mut children, answers);
            let stopped = || StartFailure::new(StartError::Stopped).write_down();
            let failure = (!started).then(|| handled.unwrap_or_else(stopped));
            let report = self.report(failure, children, Outcome::Unreapable, refused);
            self.write_unreapable(&report, words);
            self.end_with(&report, words);
            Arc::new(report)
        });
        self.hand_out(&report);
    }

    /// Writes what is said of the children that are still there.
    fn write_unreapable(&self, report: &StopReport, words: &mut RecordWriter<'_>) {
        let below = |node: &NodeReport| node.path != self.path && node.outcome == Outcome::Unreapable;
        // A child that has not been asked to stop is still there, and will not be asked any more.
        for node in report.root.walk().into_iter().filter(|node| below(node) && !node.was_asked) {
            let what =
                EventKind::Stopping { cause: StopCause::Deadline, signal: None, grace: Some(Duration::ZERO) };
            words.emit(&node.path, node.kind, node.incarnation, what);
        }
        // Every supervisor after its children, and the root last of all.
        for node in report.unreapable().into_iter().filter(|node| below(node)) {
            let what = EventKind::Stopped {
                outcome: node.outcome,
                status: None,
                elapsed: node.elapsed,
                stragglers: node.stragglers.clone(),
            };
            words.emit(&node.path, node.kind, node.incarnation, what);
        }
    }

    fn report(
        &self,
        failure: Option<StartFailure>,
        children: Vec<NodeReport>,
        outcome: Outcome,
        refused: u64,
    ) -> StopReport {
        // A root that ends without a stop has failed to start, or its actor has failed.
        let cause = if failure.is_some() { StopCause::StartFailed } else { StopCause::Failed };
        let now = self.tree.awake_now();
        let stop = self.root.stop().unwrap_or(RootStop::at(cause, now));
        let mut root = NodeReport::new(self.path.clone(), ChildKind::Supervisor);
        root.outcome = if outcome == Outcome::Graceful && stop.forced { Outcome::Killed } else { outcome };
        root.forced = stop.forced;
        root.elapsed = now.saturating_duration_since(stop.since);
        root.children = children;
        root.refused = refused;
        StopReport::new(root, stop.cause, failure, self.tree.containment())
    }

    /// Writes the root's last event.
    fn end_with(&self, report: &StopReport, words: &mut RecordWriter<'_>) {
        self.root.write_signals(words);
        let what = EventKind::Stopped {
            outcome: report.root.outcome,
            status: None,
            elapsed: report.elapsed,
            stragglers: Vec::new(),
        };
        words.emit(&self.path, ChildKind::Supervisor, 1, what);
    }

    /// Hands the report to all callers that wait.
    fn hand_out(&self, report: &Arc<StopReport>) {
        self.tell(|progress| {
            progress.start_error.clone_from(&report.start_error);
            progress.report = Some(Arc::clone(report));
        });
    }
}

/// Adds what children have answered to what views say of those that are still there. The lists stand in the same
/// order, and differ by what has happened in between.
fn add_answers(children: &mut [NodeReport], answers: Vec<NodeReport>) {
    let mut all = vec![(children, answers)];
    while let Some((children, answers)) = all.pop() {
        let mut answers: Vec<_> = answers.into_iter().map(Some).collect();
        let mut from = 0;
        for child in children {
            let is_same =
                |answer: &NodeReport| answer.incarnation == child.incarnation && answer.path == child.path;
            let found = answers[from..].iter().position(|answer| answer.as_ref().is_some_and(is_same));
            let Some(answer) = found.and_then(|found| answers[from + found].take()) else { continue };
            from += found.unwrap_or_default() + 1;
            if child.outcome == Outcome::Unreapable {
                (child.stuck, child.stragglers, child.refused) =
                    (answer.stuck, answer.stragglers, answer.refused);
            }
            all.push((&mut child.children, answer.children));
        }
    }
}
