//! What the owner of a process has for its health check, and what a check tells it.

use std::sync::{Arc, OnceLock};

use rootward_core::ProcessEvents;
use tokio::sync::{oneshot, watch};

use super::notices::Signs;
use super::path_state::PathState;

/// What the owner of a process with a health check has for it.
pub(super) struct HealthState {
    pub(super) sink: ProcessEvents,
    /// What a process says of its health by itself.
    pub(super) signs: Option<watch::Receiver<Signs>>,
    /// What stood at the path that it has to keep changing, before the program was started.
    pub(super) before: Arc<OnceLock<PathState>>,
    /// Why it is being stopped.
    pub(super) illness: Option<String>,
    pub(super) is_escalated: bool,
}

/// What the owner of a process has for a stop in several steps.
pub(super) struct StopSteps {
    pub(super) sink: ProcessEvents,
    /// Dropping it has the command killed that asks the process to stop.
    pub(super) command: Option<oneshot::Sender<()>>,
    /// Whether something of that command may be left.
    pub(super) is_running: bool,
    /// Why it has failed, until that is written down.
    pub(super) failed: Option<String>,
}

impl StopSteps {
    pub(super) fn new(sink: ProcessEvents) -> Self {
        Self { sink, command: None, is_running: false, failed: None }
    }
}

/// What a health check has found.
#[derive(Debug)]
pub(super) struct Diagnosis {
    pub(super) error: String,
    pub(super) failures: u32,
    /// Whether that is enough.
    pub(super) is_enough: bool,
}

impl HealthState {
    pub(super) fn new(sink: ProcessEvents, signs: Option<watch::Receiver<Signs>>) -> Self {
        Self { sink, signs, before: Arc::default(), illness: None, is_escalated: false }
    }
}
