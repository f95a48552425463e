//! The supervisor of a task's children, and who listens to it.

use std::sync::Arc;
use std::time::Instant;

use super::node::TaskNode;
use crate::child::{ChildPath, Exit, Shutdown};
use crate::policy::{ChildKey, Queue};
use crate::port::{Inbox, Launch, Mail, Report, Reporter, RunningChild, StartChild, StartContext};
use crate::report::NodeReport;
use crate::supervisor::{Supervisor, SupervisorHandle, SupervisorStart};
use crate::tree::TreeContext;

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

impl Nest {
    /// Starts a supervisor without children, and says where it reports.
    pub(super) fn new(path: &ChildPath, incarnation: u32, tree: TreeContext) -> (Self, Arc<Inbox>) {
        let inbox = Inbox::new();
        let cx = StartContext {
            path: path.clone(),
            incarnation,
            shutdown: Shutdown::Infinity,
            reporter: Reporter::new(
                Arc::clone(&inbox),
                ChildKey(0),
                incarnation,
                Some(tree.begin_activity()),
            ),
            tree,
        };
        let child = match SupervisorStart::checked(Supervisor::nest(path.id())).start(cx) {
            Launch::Starting { child } | Launch::Running { child, .. } => child,
            Launch::Ignored | Launch::Failed(_) => {
                unreachable!("a supervisor's start is always reported later")
            }
        };
        let supervisor = child.supervisor().expect("a supervisor is one");
        (Self { child, supervisor, gave_up: false, reports: Vec::new(), next_number: 0 }, inbox)
    }

    /// The id of a child that was given none.
    pub(super) fn number(&mut self, name: &str) -> String {
        self.next_number += 1;
        format!("{name}-{}", self.next_number)
    }
}

/// Listens to a nest until it is gone, and tells its task.
pub(super) async fn host(node: Arc<TaskNode>, inbox: Arc<Inbox>) {
    let mut force_at = None;
    loop {
        tokio::select! {
            biased;
            () = inbox.arrival() => {}
            () = sleep_until(force_at) => {
                force_at = None;
                node.end(|nest| nest.child.force());
                continue;
            }
        }
        let mut mail = Queue::new();
        inbox.collect(&mut mail);
        for mail in mail.drain() {
            // The activity that came with a report ends when it has been dealt with.
            let Mail::Child { report, activity: _activity, .. } = mail else { continue };
            match report {
                Report::Started { .. } | Report::Ignored => {}
                Report::Stopping { .. } => force_at = node.escalate(),
                Report::Failed { children, .. } => return node.nest_ended(children),
                Report::Ended(mut fate) => return node.nest_ended(fate.take_children()),
            }
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
