//! The root as the guardian holds it and as handles look at it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::TreeContext;
use crate::child::{ChildKind, ChildPath};
use crate::clock::now;
use crate::event::{EventKind, StopCause};
use crate::panics::drop_quietly;
use crate::port::RunningChild;
use crate::report::NodeReport;
use crate::snapshot::{ChildState, NodeSnapshot};
use crate::supervisor::SupervisorHandle;

/// The root as the guardian holds it.
pub(super) struct Root {
    path: ChildPath,
    context: TreeContext,
    /// Never locked while anybody looks below the root: that may mean to wait, and who has to kill or to report cannot.
    state: Mutex<RootState>,
    /// Apart from the state, because the root itself says when it stops of its own accord, and looking at the state may mean
    /// to wait for the root.
    stop: Mutex<Option<RootStop>>,
}

pub(super) struct RootState {
    pub(super) child: Option<Box<dyn RunningChild>>,
    pub(super) started: bool,
    /// When it came into its present state, unless it stops.
    pub(super) since: Instant,
}

/// What was seen of a tree that is still there.
pub(super) struct Sight {
    pub(super) started: bool,
    pub(super) refused: u64,
    pub(super) children: Vec<NodeReport>,
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
    pub(super) fn new(path: ChildPath, context: TreeContext) -> Self {
        let state = RootState { child: None, started: false, since: now() };
        Self { path, context, state: Mutex::new(state), stop: Mutex::new(None) }
    }

    /// Notes that the root stops, and why, and writes it into the record. Only the first time counts.
    pub(super) fn begin_stop(&self, cause: StopCause) {
        self.begin_stop_at(cause, now());
    }

    /// The same for a stop that was asked for before.
    pub(super) fn begin_stop_at(&self, cause: StopCause, since: Instant) {
        let mut stop = self.lock_stop();
        if stop.is_none() {
            *stop = Some(RootStop { since, ..RootStop::now(cause) });
            self.emit(EventKind::Stopping { cause, signal: None });
        }
    }

    /// Notes that the root is forced. `false` says that it has been before, or does not stop.
    pub(super) fn begin_force(&self) -> bool {
        let mut stop = self.lock_stop();
        match &mut *stop {
            Some(stop) => !std::mem::replace(&mut stop.forced, true),
            None => false,
        }
    }

    pub(super) fn stop(&self) -> Option<RootStop> {
        *self.lock_stop()
    }

    pub(super) fn emit(&self, what: EventKind) {
        self.context.record().emit(&self.path, ChildKind::Supervisor, 1, what);
    }

    pub(super) fn snapshot(&self) -> NodeSnapshot {
        let stop = self.stop();
        let root = self.state();
        let supervisor = root.child.as_ref().and_then(|child| child.supervisor());
        let since = stop.map_or(root.since, |stop| stop.since);
        let state = match (&root.child, stop, root.started) {
            (None, _, _) => ChildState::Down,
            (Some(_), Some(_), _) => ChildState::Stopping,
            (Some(_), None, true) => ChildState::Running,
            (Some(_), None, false) => ChildState::Starting,
        };
        let since = root.child.as_ref().map(|_| now().saturating_duration_since(since));
        drop(root);
        NodeSnapshot {
            path: self.path.clone(),
            kind: ChildKind::Supervisor,
            state,
            incarnation: 1,
            pid: None,
            restarts: 0,
            since,
            forced: stop.is_some_and(|stop| stop.forced),
            children: supervisor.map(|supervisor| supervisor.which_children()).unwrap_or_default(),
        }
    }

    /// What there is of the tree.
    pub(super) fn look(&self) -> Sight {
        self.look_with(SupervisorHandle::reports)
    }

    /// What there is of the tree, for a thread that must not wait. Supervisors in which somebody's code stands still are passed
    /// over.
    pub(super) fn look_soon(&self) -> Sight {
        self.look_with(SupervisorHandle::reports_soon)
    }

    fn look_with(&self, look: fn(&SupervisorHandle) -> Vec<NodeReport>) -> Sight {
        let root = self.state();
        let refused = root.child.as_ref().map_or(0, |child| child.refused());
        let supervisor = root.child.as_ref().and_then(|child| child.supervisor());
        let started = root.started;
        drop(root);
        Sight { started, refused, children: supervisor.as_ref().map(look).unwrap_or_default() }
    }

    /// Lets go of the root that is gone, and says how many starts it had refused.
    pub(super) fn bury(&self) -> u64 {
        let child = self.state().child.take();
        let refused = child.as_ref().map_or(0, |child| child.refused());
        drop_quietly(child);
        refused
    }

    pub(super) fn supervisor(&self) -> Option<SupervisorHandle> {
        self.state().child.as_ref().and_then(|child| child.supervisor())
    }

    pub(super) fn last_kill(&self) {
        if let Some(child) = &mut self.state().child {
            child.last_kill();
        }
    }

    fn lock_stop(&self) -> MutexGuard<'_, Option<RootStop>> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, RootState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
