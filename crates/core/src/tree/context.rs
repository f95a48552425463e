//! What all parts of one tree share.

use std::sync::{Arc, OnceLock};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::Activity;
use super::activity::ActivityCounter;
use crate::event::Record;

/// What all parts of one tree share: its record, its runtimes, the count of what is active, and that it stops.
#[derive(Clone, Debug)]
pub(crate) struct TreeContext(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    record: Arc<Record>,
    activity: Arc<ActivityCounter>,
    control: Handle,
    tasks: Handle,
    stopping: CancellationToken,
    containment: OnceLock<&'static str>,
}

impl TreeContext {
    pub(crate) fn new(record: Arc<Record>, control: Handle, tasks: Handle) -> Self {
        let activity = Arc::new(ActivityCounter::default());
        let stopping = CancellationToken::new();
        Self(Arc::new(Shared { record, activity, control, tasks, stopping, containment: OnceLock::new() }))
    }

    pub(crate) fn record(&self) -> &Record {
        &self.0.record
    }

    /// Where supervisors and process actors run.
    pub(crate) fn control(&self) -> &Handle {
        &self.0.control
    }

    /// Cancelled when the tree begins to stop.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Where task children and actors run.
    pub(crate) fn task_runtime(&self) -> &Handle {
        &self.0.tasks
    }

    pub(crate) fn begin_activity(&self) -> Activity {
        self.0.activity.begin()
    }

    /// Waits until nothing runs and nothing is going to be restarted.
    pub(crate) async fn idle(&self) {
        self.0.activity.idle().await;
    }

    pub(crate) fn containment(&self) -> Option<&'static str> {
        self.0.containment.get().copied()
    }

    /// Notes the containment level in force. A tree has one, so the first word is the last.
    pub(crate) fn note_containment(&self, level: &'static str) {
        let _ = self.0.containment.set(level);
    }
}
