//! The supervisor of a task's children, and who listens to it.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::node::TaskNode;
use crate::child::{ChildPath, Exit, Shutdown};
use crate::clock;
use crate::context::{StopScope, TreeContext};
use crate::policy::ChildKey;
use crate::port::{ChildReport, Listener, Report, Reporter, RunningChild, StartContext};
use crate::report::NodeReport;
use crate::supervisor::{Supervisor, SupervisorHandle, SupervisorStart};
use crate::sync::point;

/// What a task holds of its children: their supervisor, which stands at the task's own path.
pub(crate) struct Nest {
    pub(super) child: Box<dyn RunningChild>,
    pub(super) supervisor: SupervisorHandle,
    /// The children have used up their restart intensity.
    pub(super) gave_up: bool,
    /// How the children came down, once they are gone.
    pub(super) reports: Vec<NodeReport>,
    next_number: u64,
}

/// The end of a task's body, as long as it has not been told.
pub(crate) struct LastWord {
    pub(super) reporter: Reporter,
    pub(super) exit: Exit,
}

/// Passes on what the supervisor of a task's children reports to the task that waits for it.
struct Reports(mpsc::UnboundedSender<ChildReport>);

impl Listener for Reports {
    fn hear(&self, report: ChildReport) {
        point();
        // A listener that is gone has nothing to tell its task any more.
        let _ = self.0.send(report);
    }
}

impl Nest {
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
        let prepared = SupervisorStart::checked(Supervisor::nest(path.id())).prepare(cx);
        prepared.begin();
        let (child, supervisor) = (prepared.child(), prepared.handle());
        (Self { child, supervisor, gave_up: false, reports: Vec::new(), next_number: 0 }, reports)
    }

    /// The id of a child that was given none.
    pub(super) fn number(&mut self, name: &str) -> String {
        self.next_number += 1;
        format!("{name}-{}", self.next_number)
    }
}

/// Listens to a nest until it is gone, and tells its task.
pub(super) async fn host(node: Arc<TaskNode>, mut reports: mpsc::UnboundedReceiver<ChildReport>) {
    let mut force_at = None;
    loop {
        let said = tokio::select! {
            biased;
            said = reports.recv() => said,
            () = sleep_until(force_at) => {
                force_at = None;
                node.end(|nest| nest.child.force());
                continue;
            }
        };
        // The activity that came with a report ends when it has been dealt with.
        let Some(ChildReport { report, activity: _activity, .. }) = said else { return };
        match report {
            Report::Started { .. } | Report::Ignored => {}
            Report::Stopping { .. } => force_at = node.escalate(),
            Report::Stuck => node.nest_is_stuck(),
            Report::Failed { children, .. } => return node.nest_ended(children),
            Report::Ended(mut fate) => return node.nest_ended(fate.take_children()),
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => clock::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
