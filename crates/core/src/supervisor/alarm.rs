//! The only sleeper of a supervisor.
//!
//! While a child has a certain time for something it sleeps in steps: a step that ends late says how much of that time
//! this program did not run.

use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::mailbox::{SharedSupervisor, SupervisorMessage};
use crate::clock::sleep_until;
use crate::spawn::place;
use crate::steps::sleep_in_steps;

/// Sends [`SupervisorMessage::Alarm`] at the earliest of the moments that were asked for.
///
/// An alarm that comes too early does no harm: the machine looks at the clock, and asks for the next one.
pub(super) struct SupervisorAlarm {
    supervisor: Arc<SharedSupervisor>,
    armed: Option<(Instant, Wait, AbortHandle)>,
}

/// How a moment is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Straight,
    InSteps,
}

impl SupervisorAlarm {
    pub(super) fn new(supervisor: Arc<SharedSupervisor>) -> Self {
        Self { supervisor, armed: None }
    }

    /// Makes sure that there is an alarm at this moment or before.
    pub(super) fn arm(&mut self, at: Instant, wait: Wait, runtime: &Handle) {
        match &self.armed {
            Some((armed, how, _)) if *armed <= at && (*how == wait || *how == Wait::InSteps) => return,
            Some((.., sleeper)) => sleeper.abort(),
            None => {}
        }
        let supervisor = Arc::clone(&self.supervisor);
        let sleeper = place(runtime).spawn(async move {
            match wait {
                Wait::Straight => sleep_until(at).await,
                Wait::InSteps => {
                    sleep_in_steps(at, |lost| supervisor.send(SupervisorMessage::TimeLost(lost))).await;
                }
            }
            supervisor.send(SupervisorMessage::Alarm);
        });
        self.armed = Some((at, wait, sleeper.abort_handle()));
    }

    /// The alarm has come.
    pub(super) fn rang(&mut self) {
        self.armed = None;
    }
}

impl Drop for SupervisorAlarm {
    fn drop(&mut self) {
        if let Some((.., sleeper)) = &self.armed {
            sleeper.abort();
        }
    }
}
