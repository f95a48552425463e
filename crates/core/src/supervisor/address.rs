//! Where a supervisor can be found, whichever incarnation of it is there.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::SupervisorHandle;
use crate::foreign_wakers::WakeElsewhere;

/// Leads to a supervisor across its restarts.
///
/// A [`SupervisorHandle`] belongs to one incarnation. An address is made before the tree is, and leads to the
/// incarnation that is there. It is given to the supervisor with [`Supervisor::at`](crate::Supervisor::at),
/// [`DynamicSupervisor::at`](crate::DynamicSupervisor::at) or
/// [`PartitionSupervisor::at`](crate::PartitionSupervisor::at). Clones are cheap and lead to the same supervisor.
///
/// One address is meant for one supervisor. If two have it, it leads to the one that started last.
///
/// # Examples
///
/// ```
/// use rootward_core::{ChildSpec, DynamicSupervisor, Supervisor, SupervisorAddress, TaskSupervisor};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let jobs = SupervisorAddress::new();
/// let server = ChildSpec::task_with("server", TaskSupervisor::at(&jobs), |cx, jobs| async move {
///     let answer = jobs.run(|_| async { 6 * 7 }).await?.await?;
///     assert_eq!(answer, 42);
///     cx.stopping().await;
///     Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// });
/// let root = Supervisor::new("root").child(DynamicSupervisor::new("jobs").at(&jobs)).child(server);
/// let tree = root.start().await?;
/// # assert!(tree.stop().await.clean);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SupervisorAddress {
    present: Arc<watch::Sender<Option<SupervisorHandle>>>,
}

impl SupervisorAddress {
    /// An address at which there is no supervisor yet.
    pub fn new() -> Self {
        Self { present: Arc::new(watch::Sender::new(None)) }
    }

    /// The incarnation that is there now. `None` while there is none: before the first start and during a restart.
    ///
    /// It may be stopping, and refuses what it is told to start then.
    pub fn current(&self) -> Option<SupervisorHandle> {
        self.present.borrow().clone().filter(SupervisorHandle::is_running)
    }

    /// Waits until there is an incarnation that runs and has not begun to stop: for the first start, or for the next
    /// one after a restart.
    ///
    /// It waits for ever if none ever comes. A task does that with
    /// [`unless_stopping`](crate::TaskContext::unless_stopping).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing.
    pub async fn wait(&self) -> SupervisorHandle {
        // The supervisor's parent wakes the callers that wait here. It must not run their wakers, which may be foreign
        // code.
        WakeElsewhere::new(self.next()).await
    }

    async fn next(&self) -> SupervisorHandle {
        let mut present = self.present.subscribe();
        loop {
            let found = present.borrow_and_update().clone().filter(SupervisorHandle::takes_children);
            match found {
                Some(handle) => return handle,
                // The address holds the sender, so that this waits for a change and for nothing else.
                None => drop(present.changed().await),
            }
        }
    }

    /// An incarnation is there.
    pub(super) fn leads_to(&self, handle: SupervisorHandle) {
        self.present.send_replace(Some(handle));
    }
}

impl Default for SupervisorAddress {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SupervisorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorAddress").field("present", &self.current()).finish()
    }
}
