//! What the leaves of a tree and its operator share: which leaves are there, and which supervisors have been called.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rootward::error::StartChildError;
use rootward::{ChildSpec, SupervisorHandle};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::clock::{beside, now};

/// What a leaf is made to do by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    End,
    Fail,
    Panic,
}

#[derive(Clone, Default)]
pub(crate) struct Registry(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By path and number, so that which leaf is picked does not depend on chance.
    present: BTreeMap<(String, u64), mpsc::UnboundedSender<Deed>>,
    next: u64,
    root: Option<SupervisorHandle>,
    called: BTreeSet<String>,
    calls: Vec<JoinHandle<()>>,
    refusals: Vec<Refusal>,
    twice: Vec<String>,
}

/// A start that a supervisor has refused because it stops or is held.
#[derive(Clone)]
pub(crate) struct Refusal {
    pub(crate) supervisor: String,
    /// The id that the child was to have.
    pub(crate) child: String,
    /// When the caller had the answer.
    pub(crate) at: Instant,
}

/// A leaf that is there, until this is dropped.
pub(crate) struct Presence {
    registry: Registry,
    key: (String, u64),
    pub(crate) deeds: mpsc::UnboundedReceiver<Deed>,
}

impl Registry {
    /// Notes that a leaf is there.
    pub(crate) fn enter(&self, path: &str) -> Presence {
        let (sender, deeds) = mpsc::unbounded_channel();
        let mut state = self.state();
        let key = (path.to_owned(), state.next);
        state.next += 1;
        if state.present.range((path.to_owned(), 0)..=key.clone()).next().is_some() {
            state.twice.push(path.to_owned());
        }
        state.present.insert(key.clone(), sender);
        Presence { registry: self.clone(), key, deeds }
    }

    /// Has one of the leaves that are there do something, and says which.
    pub(crate) fn order(&self, pick: usize, deed: Deed) -> Option<String> {
        let state = self.state();
        let leaves = state.present.len().max(1);
        let ((path, _), sender) = state.present.iter().nth(pick % leaves)?;
        // One that is about to go hears no more.
        let _ = sender.send(deed);
        Some(path.clone())
    }

    /// Says where the tree's root can be reached.
    pub(crate) fn note_root(&self, root: Option<SupervisorHandle>) {
        self.state().root = root;
    }

    /// The supervisor at this path, if it runs.
    pub(crate) fn supervisor(&self, path: &str) -> Option<SupervisorHandle> {
        let mut found = self.state().root.clone()?;
        for id in path.split('/').skip(1) {
            found = found.supervisor(id)?;
        }
        Some(found)
    }

    /// Asks something of a supervisor, and lets the answer come when it comes.
    pub(crate) fn call<F>(&self, path: &str, call: impl FnOnce(SupervisorHandle) -> F) -> bool
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(supervisor) = self.supervisor(path) else { return false };
        let call = beside(call(supervisor));
        let mut state = self.state();
        state.called.insert(path.to_owned());
        state.calls.push(call);
        true
    }

    /// Has a supervisor start a child, and lets the answer come when it comes.
    pub(crate) fn start(&self, path: &str, id: &str, child: ChildSpec) {
        let (registry, supervisor_path, id) = (self.clone(), path.to_owned(), id.to_owned());
        self.call(path, |supervisor| async move {
            // What else comes of it is written in the record.
            if let Err(StartChildError::Stopping { .. } | StartChildError::NotRunning { .. }) =
                supervisor.start_child(child).await
            {
                let refusal = Refusal { supervisor: supervisor_path, child: id, at: now() };
                registry.state().refusals.push(refusal);
            }
        });
    }

    /// The starts that have been refused.
    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        self.state().refusals.clone()
    }

    /// How many leaves are there.
    pub(crate) fn present(&self) -> usize {
        self.state().present.len()
    }

    /// The supervisors of which something has been asked.
    pub(crate) fn called(&self) -> BTreeSet<String> {
        self.state().called.clone()
    }

    /// The leaves of which two incarnations have been there at the same time.
    pub(crate) fn twice(&self) -> Vec<String> {
        self.state().twice.clone()
    }

    /// Waits until every call has its answer.
    pub(crate) async fn answered(&self) {
        loop {
            let calls = std::mem::take(&mut self.state().calls);
            if calls.is_empty() {
                return;
            }
            for call in calls {
                call.await.expect("a call does not panic");
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.registry.state().present.remove(&self.key);
    }
}
