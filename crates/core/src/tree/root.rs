//! What is known of a tree's root, for the guardian, the report writer and the handles: plain data.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::child::{ChildKind, ChildPath, StopCause};
use crate::context::TreeContext;
use crate::event::{EventKind, RecordWriter, SignalAction};
use crate::report::NodeReport;
use crate::sighting::{NumberedNode, PendingStop, SeenList, Sighting, Sightings};
use crate::snapshot::{ChildState, NodeSnapshot};
use crate::supervisor::{AskChildren, KeptAlive, SupervisorHandle};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// The root as others see it.
pub(super) struct Root {
    path: ChildPath,
    pub(super) context: TreeContext,
    /// How long the whole stop may take.
    deadline: Option<Duration>,
    supervisor: OnceLock<SupervisorHandle>,
    state: Mutex<RootState>,
    /// Signals that are acted upon and not written down yet.
    announced: Mutex<Vec<(String, SignalAction)>>,
}

#[derive(Clone, Copy)]
pub(super) struct RootState {
    started: bool,
    gone: bool,
    /// When it came into its present state, unless it stops.
    since: Instant,
    /// The stop that was accepted and put off.
    drain: Option<RootDrain>,
    stop: Option<RootStop>,
}

/// A stop that was accepted and put off.
#[derive(Clone, Copy)]
struct RootDrain {
    cause: StopCause,
    since: Instant,
    delay: Duration,
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
    /// When it was asked for.
    pub(super) since: Instant,
    /// When it began: a drain delay lies between the two.
    begun: Instant,
    pub(super) forced: bool,
}

impl RootStop {
    pub(super) fn at(cause: StopCause, since: Instant) -> Self {
        Self { cause, since, begun: since, forced: false }
    }
}

impl Root {
    pub(super) fn new(path: ChildPath, context: TreeContext, deadline: Option<Duration>) -> Self {
        let state =
            RootState { started: false, gone: false, since: context.awake_now(), drain: None, stop: None };
        Self {
            path,
            context,
            deadline,
            supervisor: OnceLock::new(),
            state: Mutex::new(state),
            announced: Mutex::default(),
        }
    }

    /// The root's actor is there.
    pub(super) fn is_supervised_by(&self, supervisor: SupervisorHandle) {
        let _ = self.supervisor.set(supervisor);
        if self.context.scope().is_stopping() {
            self.hold();
        }
    }

    /// Marks the stop at the root supervisor itself, too: with [`StopReach::Asked`](crate::StopReach::Asked) what is
    /// above it does not count.
    fn hold(&self) {
        if let Some(supervisor) = self.supervisor.get() {
            supervisor.hold();
        }
    }

    /// Notes that a stop has been accepted and is put off, and writes it into the record, unless a stop has begun.
    pub(super) fn begin_drain(&self, cause: StopCause, delay: Duration) {
        let allowed = || {
            let mut state = self.lock();
            let is_first = state.stop.is_none() && state.drain.is_none();
            state.drain.get_or_insert(RootDrain { cause, since: self.context.awake_now(), delay });
            is_first
        };
        let what = || (self.path.clone(), EventKind::Draining { cause, delay });
        self.context.record().emit_if(allowed, ChildKind::Supervisor, 1, what);
    }

    /// Whether a stop has been accepted, be it put off, under way or over.
    pub(super) fn is_asked_to_stop(&self) -> bool {
        let state = self.lock();
        state.drain.is_some() || state.stop.is_some() || state.gone
    }

    /// Whether a stop has begun, or is over.
    pub(super) fn is_stopping(&self) -> bool {
        let state = self.lock();
        state.stop.is_some() || state.gone
    }

    /// Notes that the tree stops, and why, and writes it into the record. Only the first time counts.
    ///
    /// The mark of the scope says what may still start, this state says why and since when, and a token that the
    /// guardian cancels wakes what waits for it. Nothing else knows it.
    pub(super) fn begin_stop(&self, cause: StopCause) {
        // A root that stops by itself while it drains has been asked to stop before.
        let since = self.lock().drain.map(|drain| drain.since);
        self.begin_stop_at(cause, since.unwrap_or_else(|| self.context.awake_now()));
    }

    /// The same for a stop that was asked for before.
    pub(super) fn begin_stop_at(&self, cause: StopCause, since: Instant) {
        // Before it is written, so that nothing starts after it.
        self.context.scope().begin_stop();
        self.hold();
        // Noted while it is written: a thread that finds a stop noted finds it in the record, and may write what
        // follows from it.
        let begun = self.context.awake_now();
        let is_first = || {
            let mut state = self.lock();
            let is_first = state.stop.is_none();
            state.stop.get_or_insert(RootStop { begun, ..RootStop::at(cause, since) });
            is_first
        };
        let asked_for = begun.saturating_duration_since(since);
        let grace = self.deadline.map(|deadline| deadline.saturating_sub(asked_for));
        let what = || (self.path.clone(), EventKind::Stopping { cause, signal: None, grace });
        self.context.record().emit_if(is_first, ChildKind::Supervisor, 1, what);
    }

    /// Notes that the root is forced, and writes it into the record. `false` says that it has been before, or does not
    /// stop.
    pub(super) fn begin_force(&self) -> bool {
        let is_first = || {
            let mut state = self.lock();
            match &mut state.stop {
                Some(stop) => !std::mem::replace(&mut stop.forced, true),
                None => false,
            }
        };
        let what = || (self.path.clone(), EventKind::Escalated { to: "force".into() });
        self.context.record().emit_if(is_first, ChildKind::Supervisor, 1, what)
    }

    pub(super) fn stop(&self) -> Option<RootStop> {
        self.lock().stop
    }

    /// Notes that the whole tree has started, unless its stop has begun before.
    pub(super) fn has_started(&self) {
        let scope = self.context.scope();
        let allowed = || {
            if scope.is_stopping() {
                return false;
            }
            let mut state = self.lock();
            state.started = true;
            state.since = self.context.awake_now();
            true
        };
        let what = || (self.path.clone(), EventKind::Started { pid: None });
        self.context.record().emit_if(allowed, ChildKind::Supervisor, 1, what);
    }

    pub(super) fn is_started(&self) -> bool {
        self.lock().started
    }

    pub(super) fn emit(&self, what: EventKind) {
        self.context.record().emit(&self.path, ChildKind::Supervisor, 1, what);
    }

    /// A signal is about to be acted upon, and is to be written down after that.
    pub(super) fn announce_signal(&self, signal: &str, action: SignalAction) {
        self.announced.lock().unwrap_or_else(PoisonError::into_inner).push((signal.to_owned(), action));
    }

    /// Writes down the signals that have been announced, in a section of the record: the one that ends it finds what
    /// is left.
    pub(super) fn write_signals(&self, writer: &mut RecordWriter<'_>) {
        let announced = std::mem::take(&mut *self.announced.lock().unwrap_or_else(PoisonError::into_inner));
        for (signal, action) in announced {
            writer.emit(&self.path, ChildKind::Supervisor, 1, EventKind::Signal { signal, action });
        }
    }

    pub(super) fn snapshot(&self) -> NodeSnapshot {
        let children = self.supervisor().map(|supervisor| supervisor.which_children()).unwrap_or_default();
        NodeSnapshot { children, ..self.itself() }
    }

    /// The same with what the processes use, and how many of them were left out.
    pub(super) fn snapshot_with_usage(&self) -> (NodeSnapshot, usize) {
        let below = self.supervisor().map(|supervisor| supervisor.children_with_usage());
        let (children, left_out) = below.unwrap_or_default();
        (NodeSnapshot { children, ..self.itself() }, left_out)
    }

    /// The root and everything below it, with the moments of the record at which they were seen.
    pub(super) fn sighting(&self) -> Vec<Sighting> {
        let look = |writer: &mut RecordWriter<'_>| (self.itself(), self.pending_stop(), writer.position());
        let (node, pending, seen) = self.context.record().section(look);
        let is_launching = self.supervisor.get().is_none();
        let below = match self.supervisor() {
            Some(supervisor) => supervisor.sightings(),
            None if is_launching => Sightings::none(),
            None => {
                let now = self.context.record().section(|writer| writer.position());
                Sightings { children: Vec::new(), list: SeenList::Over(now.as_of) }
            }
        };
        let mut flat = NumberedNode { node, seen, is_launching, below }.flat();
        flat[0].pending = pending;
        flat
    }

    /// The stop that is put off, as long as it is.
    fn pending_stop(&self) -> Option<PendingStop> {
        let RootState { gone, drain, stop, .. } = *self.lock();
        let drain = drain.filter(|_| stop.is_none() && !gone)?;
        let passed = self.context.awake_now().saturating_duration_since(drain.since);
        Some(PendingStop { cause: drain.cause, left: drain.delay.saturating_sub(passed) })
    }

    /// The root without what stands below it.
    fn itself(&self) -> NodeSnapshot {
        let RootState { started, gone, since, stop, .. } = *self.lock();
        let since = stop.map_or(since, |stop| stop.begun);
        let state = match (gone, stop, started) {
            (true, _, _) => ChildState::Down,
            (false, Some(_), _) => ChildState::Stopping,
            (false, None, true) => ChildState::Running,
            (false, None, false) => ChildState::Starting,
        };
        NodeSnapshot {
            path: self.path.clone(),
            kind: ChildKind::Supervisor,
            state,
            incarnation: 1,
            pid: None,
            restarts: 0,
            since: (!gone).then(|| self.context.awake_now().saturating_duration_since(since)),
            forced: stop.is_some_and(|stop| stop.forced),
            details: None,
            usage: None,
            children: Vec::new(),
        }
    }

    /// What there is of the tree. It waits for nothing.
    pub(super) fn look(&self, ask: AskChildren, kept_alive: &mut KeptAlive) -> Sight {
        let supervisor = self.supervisor.get();
        Sight {
            started: self.is_started(),
            refused: supervisor.map_or(0, SupervisorHandle::refused),
            children: supervisor.map(|supervisor| supervisor.reports(ask, kept_alive)).unwrap_or_default(),
        }
    }

    /// Notes that the root is gone, and says how many starts it had refused.
    pub(super) fn is_gone(&self) -> u64 {
        self.lock().gone = true;
        self.supervisor.get().map_or(0, SupervisorHandle::refused)
    }

    /// The root as the supervisor that it is, unless it is gone.
    pub(super) fn supervisor(&self) -> Option<SupervisorHandle> {
        self.supervisor.get().filter(|_| !self.lock().gone).cloned()
    }

    /// Nothing but plain data is read or written under it.
    fn lock(&self) -> MutexGuard<'_, RootState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
