//! The only sleeper of a supervisor.

use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::mailbox::{SharedSupervisor, SupervisorMessage};
use crate::clock::sleep_awake_until;
use crate::spawn::place;

/// Sends [`SupervisorMessage::Alarm`] at the earliest of the moments that were asked for.
///
/// An alarm that comes too early does no harm: the machine looks at the clock, and asks for the next one.
pub(super) struct SupervisorAlarm {
    supervisor: Arc<SharedSupervisor>,
    armed: Option<(Instant, AbortHandle)>,
}

impl SupervisorAlarm {
    pub(super) fn new(supervisor: Arc<SharedSupervisor>) -> Self {
        Self { supervisor, armed: None }
    }

    /// Makes sure that there is an alarm at this moment or before.
    pub(super) fn arm(&mut self, at: Instant, runtime: &Handle) {
        match &self.armed {
            Some((armed, _)) if *armed <= at => return,
            Some((_, sleeper)) => sleeper.abort(),
            None => {}
        }
        let supervisor = Arc::clone(&self.supervisor);
        let sleeper = place(runtime).spawn(async move {
            sleep_awake_until(at).await;
            supervisor.send(SupervisorMessage::Alarm);
        });
        self.armed = Some((at, sleeper.abort_handle()));
    }

    /// The alarm has come.
    pub(super) fn rang(&mut self) {
        self.armed = None;
    }
}

impl Drop for SupervisorAlarm {
    fn drop(&mut self) {
        if let Some((_, sleeper)) = &self.armed {
            sleeper.abort();
        }
    }
}
