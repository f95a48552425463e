//! The supervisor of a task's children, and the task as its parent.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::mpsc;

use super::gate::WorkKind;
use super::node::{TaskGroup, TaskNode, tighten};
use crate::child::{ChildPath, Shutdown, StopCause};
use crate::child_kind::{ChildReport, Report, ReportListener, Reporter, StartContext, StopRequest};
use crate::clock::sleep_awake_until;
use crate::context::{StopScope, TreeContext};
use crate::policy::ChildKey;
use crate::report::Below;
use crate::spawn::place;
use crate::supervisor::{Supervisor, SupervisorStart};
use crate::sync::point;

/// Passes on what the supervisor of a task's children reports to the task that waits for it.
///
/// The channel has no bound of its own and needs none. A supervisor says of itself, once each, that it has started,
/// that it stops of its own accord, that it is stuck, and how it ended: four reports in a whole life, however many
/// children it has. The property test of its machine (`policy/machine/tests/promises.rs`) holds it to that.
struct Reports(mpsc::UnboundedSender<ChildReport>);

impl ReportListener for Reports {
    fn hear(&self, report: ChildReport) {
        point();
        // A listener that is gone has nothing to tell its task any more.
        let _ = self.0.send(report);
    }
}

impl TaskGroup {
    /// Starts a supervisor without children, and says where it reports.
    pub(super) fn new(
        path: &ChildPath,
        incarnation: u32,
        tree: TreeContext,
        scope: Arc<StopScope>,
    ) -> (Self, mpsc::UnboundedReceiver<ChildReport>) {
        let (sender, reports) = mpsc::unbounded_channel();
        let activity = Some(tree.begin_activity());
        let cx = StartContext {
            path: path.clone(),
            incarnation,
            shutdown: Shutdown::Infinity,
            reporter: Reporter::new(Arc::new(Reports(sender)), ChildKey(0), incarnation, activity),
            tree,
            scope,
        };
        let prepared = SupervisorStart::checked(Supervisor::group(path.id())).prepare(cx);
        prepared.begin();
        let (child, supervisor) = (prepared.child(), prepared.handle());
        (Self { child, supervisor, gave_up: false, reports: Below::default(), next_number: 0 }, reports)
    }

    /// The id of a child that was given none.
    pub(super) fn number(&mut self, name: &str) -> String {
        self.next_number += 1;
        format!("{name}-{}", self.next_number)
    }
}

impl TaskNode {
    /// Brings something into the task group, or hands it back. `begin` runs under the gate's lock, so it may do no more
    /// than to post.
    pub(super) fn admit<T, R>(
        self: &Arc<Self>,
        purpose: WorkKind,
        item: T,
        begin: impl FnOnce(&mut TaskGroup, T) -> R,
    ) -> Result<R, T> {
        if purpose == WorkKind::Work && (self.held.load(Ordering::SeqCst) || self.scope.is_stopping()) {
            self.gate.note_refusal();
            return Err(item);
        }
        self.gate.admit(
            purpose,
            item,
            |deadline| self.make_group(deadline.copied()),
            |group, item| begin(group, item),
        )
    }

    fn make_group(self: &Arc<Self>, deadline: Option<Option<Instant>>) -> Box<TaskGroup> {
        let scope = Arc::clone(&self.scope);
        let (mut group, reports) = TaskGroup::new(&self.path, self.incarnation, self.tree.clone(), scope);
        // The gate's lock orders this and `hold`: one of the two finds what the other has done.
        if self.held.load(Ordering::SeqCst) {
            group.supervisor.hold();
        }
        if let Some(deadline) = deadline {
            group.child.stop(StopRequest::new(StopCause::Parent, deadline));
        }
        place(self.tree.control()).spawn(host(Arc::clone(self), reports));
        Box::new(group)
    }

    /// The children have used up their restart intensity: the task has to go as well, within its own grace. Returns
    /// when it is to be forced.
    pub(super) fn escalate(&self) -> Option<Instant> {
        let force_at = self.own_deadline();
        self.gate.begin_stop(force_at, tighten, |_, _| {}, |group| group.gave_up = true);
        self.tell_stop();
        force_at
    }

    /// All that is left of the children is stuck. If the body is over, so is all that is left of the task.
    pub(super) fn group_is_stuck(&self) {
        self.gate.with_end_report(|word| word.reporter.stuck());
    }

    /// The children are gone, and so is their supervisor.
    pub(super) fn group_ended(&self, children: Below) {
        let last = self.gate.emptied(|group| {
            group.reports = children;
            u32::try_from(group.supervisor.refused()).unwrap_or(u32::MAX)
        });
        if let Some(word) = last {
            word.say(self);
        }
    }
}

/// Listens to a task group until it is gone, and tells its task.
async fn host(node: Arc<TaskNode>, mut reports: mpsc::UnboundedReceiver<ChildReport>) {
    let mut force_at = None;
    loop {
        let said = tokio::select! {
            biased;
            said = reports.recv() => said,
            () = sleep_until(force_at) => {
                force_at = None;
                node.end(|group| group.child.force());
                continue;
            }
        };
        // The activity that came with a report ends when it has been dealt with.
        let Some(ChildReport { report, activity: _activity, .. }) = said else { return };
        match report {
            Report::Started { .. } | Report::Ignored => {}
            Report::Stopping { .. } => force_at = node.escalate(),
            Report::Stuck => node.group_is_stuck(),
            Report::Failed { children, .. } => return node.group_ended(children),
            Report::Ended { end, .. } => return node.group_ended(end.children()),
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_awake_until(at).await,
        None => std::future::pending().await,
    }
}
