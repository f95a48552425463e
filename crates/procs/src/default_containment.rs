//! How far the processes of a tree are followed that was told nothing: as far as is possible, which is found out when
//! the first of them starts.
//!
//! A tree without processes has no warden. The wait for one is foreign code, other libraries' constructors among it, so
//! that it has a thread of its own: no supervisor waits.

use std::io;
use std::sync::Arc;
use std::thread;

use nix::sys::signal::SigSet;
use rootward_core::sibling::ContainmentNotes;
use tokio::sync::{Mutex, oneshot};

use crate::Containment;
use crate::launch::{LaunchError, LaunchResult, Launcher, Launching, Order};
use crate::shared_containment::shared_containment;

/// What is in force in one tree, from its first process on until the tree is gone.
#[derive(Debug, Default)]
pub(crate) struct DefaultContainment(Mutex<Option<Arc<Containment>>>);

impl DefaultContainment {
    /// What is in force. A warden that has died is replaced.
    ///
    /// An error is what the system lacks at the moment, and is kept for no later process.
    ///
    /// Cancel safe.
    async fn get(&self, notes: &ContainmentNotes) -> io::Result<Arc<Containment>> {
        let mut chosen = self.0.lock().await;
        if let Some(containment) = chosen.as_ref().filter(|it| it.is_alive()) {
            return Ok(Arc::clone(containment));
        }
        let containment = on_a_thread().await?;
        notes.note(containment.name(), containment.degraded());
        Ok(Arc::clone(chosen.insert(containment)))
    }
}

/// The thread is new, so that the warden has what the calling thread has.
async fn on_a_thread() -> io::Result<Arc<Containment>> {
    let (found, answer) = oneshot::channel();
    thread::Builder::new().name("rootward-start".to_owned()).spawn(move || {
        let _ = SigSet::all().thread_block();
        // A caller that has given up drops it.
        let _ = found.send(shared_containment());
    })?;
    answer.await.map_err(|_| io::Error::other("the search for a warden has failed"))?
}

/// The launcher of a tree that was told nothing.
pub(crate) struct ByDefault {
    chosen: Arc<DefaultContainment>,
    notes: ContainmentNotes,
}

impl ByDefault {
    pub(crate) fn new(chosen: Arc<DefaultContainment>, notes: ContainmentNotes) -> Self {
        Self { chosen, notes }
    }
}

impl Launcher for ByDefault {
    fn launch(&self, order: Order) -> Launching {
        Box::pin(launch(order, Arc::clone(&self.chosen), self.notes.clone()))
    }
}

async fn launch(order: Order, chosen: Arc<DefaultContainment>, notes: ContainmentNotes) -> LaunchResult {
    let command = order.process.command();
    let containment = chosen.get(&notes).await.map_err(|error| LaunchError::new(command, error))?;
    match containment.degraded() {
        Some(reason) if notes.refuses_degraded() => Err(LaunchError::degraded(command, reason)),
        _ => containment.launcher().launch(order).await,
    }
}
