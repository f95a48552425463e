//! The supervisor of a task's children, and the task as its parent.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::child::{ChildPath, Exit, Shutdown};
use crate::child_kind::{ChildReport, Listener, Reporter, RunningChild, StartContext};
use crate::context::{StopScope, TreeContext};
use crate::policy::ChildKey;
use crate::report::Below;
use crate::supervisor::{Supervisor, SupervisorHandle, SupervisorStart};
use crate::sync::point;

/// What a task holds of its children: their supervisor, which stands at the task's own path.
pub(crate) struct TaskGroup {
    pub(super) child: Box<dyn RunningChild>,
    pub(super) supervisor: SupervisorHandle,
    /// The children have used up their restart intensity.
    pub(super) gave_up: bool,
    /// How the children came down, once they are gone.
    pub(super) reports: Below,
    next_number: u64,
}

/// The end of a task's body, as long as it has not been told.
pub(crate) struct EndReport {
    pub(super) reporter: Reporter,
    pub(super) exit: Exit,
}

/// Passes on what the supervisor of a task's children reports to the task that waits for it.
///
/// The channel has no bound of its own and needs none. A supervisor says of itself, once each, that it has started,
/// that it stops of its own accord, that it is stuck, and how it ended: four reports in a whole life, however many
/// children it has. The property test of its machine (`policy/machine/tests/promises.rs`) holds it to that.
struct Reports(mpsc::UnboundedSender<ChildReport>);

impl Listener for Reports {
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
