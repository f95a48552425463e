//! The root as the guardian holds it and as handles look at it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::child::{ChildKind, ChildPath};
use crate::clock::now;
use crate::event::StopCause;
use crate::port::RunningChild;
use crate::snapshot::{ChildState, NodeSnapshot};
use crate::supervisor::SupervisorHandle;

/// The root as the guardian holds it.
pub(super) struct Root {
    path: ChildPath,
    state: Mutex<RootState>,
}

pub(super) struct RootState {
    pub(super) child: Option<Box<dyn RunningChild>>,
    pub(super) started: bool,
    pub(super) since: Instant,
    pub(super) stop: Option<RootStop>,
}

#[derive(Clone, Copy)]
pub(super) struct RootStop {
    pub(super) cause: StopCause,
    pub(super) since: Instant,
    pub(super) forced: bool,
}

impl RootStop {
    pub(super) fn now(cause: StopCause) -> Self {
        Self { cause, since: now(), forced: false }
    }
}

impl Root {
    pub(super) fn new(path: ChildPath) -> Self {
        let state = RootState { child: None, started: false, since: now(), stop: None };
        Self { path, state: Mutex::new(state) }
    }

    pub(super) fn snapshot(&self) -> NodeSnapshot {
        let root = self.state();
        let state = match (&root.child, root.stop, root.started) {
            (None, _, _) => ChildState::Down,
            (Some(_), Some(_), _) => ChildState::Stopping,
            (Some(_), None, true) => ChildState::Running,
            (Some(_), None, false) => ChildState::Starting,
        };
        NodeSnapshot {
            path: self.path.clone(),
            kind: ChildKind::Supervisor,
            state,
            incarnation: 1,
            pid: None,
            restarts: 0,
            since: root.child.as_ref().map(|_| now().saturating_duration_since(root.since)),
            forced: root.stop.is_some_and(|stop| stop.forced),
            children: root.child.as_ref().map(|child| child.children()).unwrap_or_default(),
        }
    }

    pub(super) fn supervisor(&self) -> Option<SupervisorHandle> {
        self.state().child.as_ref().and_then(|child| child.supervisor())
    }

    pub(super) fn last_kill(&self) {
        if let Some(child) = &mut self.state().child {
            child.last_kill();
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, RootState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
