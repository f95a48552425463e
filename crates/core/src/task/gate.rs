//! The gate of a task: what may still be started below it, and which of its parts reports the end.
//!
//! A task with children consists of parts that end on their own: its body, which is the user's future, its task group,
//! which is the supervisor of its children, and its guests, which run elsewhere. The gate decides three things, each
//! together with what follows from it, under one lock:
//!
//! - **What is let in.** While it is open, all work; from the stop on, clean-up work only; once it is closed, nothing.
//!   A child that is let in is in the task group before the lock is released, so that no stop can pass between the
//!   decision and the start.
//! - **What is asked to stop.** The task group, in the section in which the gate begins to let in clean-up work only.
//! - **Which part reports the end.** Whichever part ends last, once and never twice.
//!
//! Absent on purpose: any knowledge of tasks and supervisors, and any primitive but a lock. A test runs this file under
//! all interleavings of its callers.

use crate::sync::{Mutex, MutexGuard, PoisonError};

/// The gate of a task. `N` is the task group, `Q` what is known of a stop, `E` the report of the end of the body.
pub(crate) struct Gate<N, Q, E> {
    state: Mutex<GateState<N, Q, E>>,
}

struct GateState<N, Q, E> {
    phase: GatePhase<Q>,
    group: GroupSlot<N>,
    /// The body has ended, and this is still to be told.
    end_report: Option<E>,
    /// How many guests there are.
    guests: u32,
    refused: u32,
}

enum GatePhase<Q> {
    /// All work is let in.
    Open,
    /// A stop has begun: clean-up work is let in, and nothing else.
    CleanUpOnly(Q),
    /// Nothing is let in any more.
    Closed,
}

/// Made when the first child comes, because most tasks have none.
enum GroupSlot<N> {
    None,
    There(N),
    Gone(N),
}

/// What a caller wants to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkKind {
    Work,
    CleanUp,
}

impl<N, Q, E> Gate<N, Q, E> {
    pub(crate) fn new() -> Self {
        let state = GateState {
            phase: GatePhase::Open,
            group: GroupSlot::None,
            end_report: None,
            guests: 0,
            refused: 0,
        };
        Self { state: Mutex::new(state) }
    }

    /// Lets an item in, or hands it back. If there is no task group, `make` makes one and is told of the stop that is
    /// under way, if there is one.
    pub(crate) fn admit<T, R>(
        &self,
        purpose: WorkKind,
        item: T,
        make: impl FnOnce(Option<&Q>) -> N,
        begin: impl FnOnce(&mut N, T) -> R,
    ) -> Result<R, T> {
        let state = &mut *self.lock();
        let request = match (&state.phase, purpose) {
            (GatePhase::Open, WorkKind::Work | WorkKind::CleanUp) => None,
            (GatePhase::CleanUpOnly(request), WorkKind::CleanUp) => Some(request),
            (GatePhase::CleanUpOnly(_), WorkKind::Work)
            | (GatePhase::Closed, WorkKind::Work | WorkKind::CleanUp) => {
                state.refused += 1;
                return Err(item);
            }
        };
        if matches!(state.group, GroupSlot::None) {
            state.group = GroupSlot::There(make(request));
        }
        match &mut state.group {
            GroupSlot::There(group) => Ok(begin(group, item)),
            // The task group failed before its time, and will not be made twice.
            GroupSlot::None | GroupSlot::Gone(_) => {
                state.refused += 1;
                Err(item)
            }
        }
    }

    /// Begins the stop, and asks the task group to stop under the same lock. If it has begun before, `merge` says what
    /// the new request makes of the old one, and the task group is asked again. If the body is over, `note` tells the
    /// report of the end.
    pub(crate) fn begin_stop(
        &self,
        request: Q,
        merge: impl FnOnce(&mut Q, Q),
        note: impl FnOnce(&mut E, Q),
        ask: impl FnOnce(&mut N),
    ) {
        let state = &mut *self.lock();
        match (&mut state.phase, &mut state.end_report) {
            (GatePhase::Open, _) => state.phase = GatePhase::CleanUpOnly(request),
            (GatePhase::CleanUpOnly(before), _) => merge(before, request),
            (GatePhase::Closed, Some(report)) => note(report, request),
            (GatePhase::Closed, None) => {}
        }
        if let GroupSlot::There(group) = &mut state.group {
            ask(group);
        }
    }

    /// Closes the gate because everything is ended by force, and ends the task group under the same lock.
    pub(crate) fn shut(&self, end: impl FnOnce(&mut N)) {
        let state = &mut *self.lock();
        state.phase = GatePhase::Closed;
        if let GroupSlot::There(group) = &mut state.group {
            end(group);
        }
    }

    /// The body is over, and no child comes in any more. If the task group or a guest is still there, `close` tells the
    /// task group so, learns of the stop before that, and leaves the report of the end here. Otherwise the body reports
    /// the end.
    pub(crate) fn leave(&self, close: impl FnOnce(Option<&mut N>, StopBefore<Q>) -> E) -> EndOrder {
        let state = &mut *self.lock();
        let before = match std::mem::replace(&mut state.phase, GatePhase::Closed) {
            GatePhase::Open => StopBefore::None,
            GatePhase::CleanUpOnly(request) => StopBefore::Asked(request),
            GatePhase::Closed => StopBefore::Forced,
        };
        let group = match &mut state.group {
            GroupSlot::There(group) => Some(group),
            GroupSlot::None | GroupSlot::Gone(_) if state.guests > 0 => None,
            GroupSlot::None | GroupSlot::Gone(_) => return EndOrder::Last,
        };
        state.end_report = Some(close(group, before));
        EndOrder::First
    }

    /// A guest comes, unless a stop has begun. `false` says that it may not.
    pub(crate) fn enter(&self) -> bool {
        let state = &mut *self.lock();
        let may_enter = matches!(state.phase, GatePhase::Open);
        match may_enter {
            true => state.guests += 1,
            false => state.refused += 1,
        }
        may_enter
    }

    /// A guest is gone. If everything else is, this is the report to make.
    pub(crate) fn exit(&self) -> Option<E> {
        let state = &mut *self.lock();
        state.guests -= 1;
        match state.group {
            GroupSlot::There(_) => None,
            GroupSlot::None | GroupSlot::Gone(_) if state.guests > 0 => None,
            GroupSlot::None | GroupSlot::Gone(_) => state.end_report.take(),
        }
    }

    /// How many guests there are.
    pub(crate) fn guests(&self) -> u32 {
        self.lock().guests
    }

    /// The task group is gone. If everything else is, this is the report to make.
    pub(crate) fn emptied(&self, note: impl FnOnce(&mut N) -> u32) -> Option<E> {
        let state = &mut *self.lock();
        state.phase = GatePhase::Closed;
        let GroupSlot::There(mut group) = std::mem::replace(&mut state.group, GroupSlot::None) else {
            return None;
        };
        state.refused += note(&mut group);
        state.group = GroupSlot::Gone(group);
        if state.guests > 0 { None } else { state.end_report.take() }
    }

    /// Looks at the task group once it is gone.
    pub(crate) fn with_gone<R>(&self, look: impl FnOnce(&N) -> R) -> Option<R> {
        match &self.lock().group {
            GroupSlot::Gone(group) => Some(look(group)),
            GroupSlot::None | GroupSlot::There(_) => None,
        }
    }

    /// Looks at the task group, if it is there.
    pub(crate) fn with_group<R>(&self, look: impl FnOnce(&mut N) -> R) -> Option<R> {
        match &mut self.lock().group {
            GroupSlot::There(group) => Some(look(group)),
            GroupSlot::None | GroupSlot::Gone(_) => None,
        }
    }

    /// Looks at the stop that is under way, as long as clean-up work is let in.
    pub(crate) fn with_request<R>(&self, look: impl FnOnce(&Q) -> R) -> Option<R> {
        match &self.lock().phase {
            GatePhase::CleanUpOnly(request) => Some(look(request)),
            GatePhase::Open | GatePhase::Closed => None,
        }
    }

    /// Counts a start that was refused before it came to the gate.
    pub(crate) fn note_refusal(&self) {
        self.lock().refused += 1;
    }

    /// How many starts have been refused here.
    pub(crate) fn refused(&self) -> u32 {
        self.lock().refused
    }

    /// Looks at the report of the end of a body that is over while the task group or guests are waited for.
    pub(crate) fn with_end_report<R>(&self, look: impl FnOnce(&E) -> R) -> Option<R> {
        self.lock().end_report.as_ref().map(look)
    }

    /// Whether the body is over, and the task group or guests are waited for.
    pub(crate) fn has_left(&self) -> bool {
        self.lock().end_report.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, GateState<N, Q, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stop there was when the body of a task ended.
pub(crate) enum StopBefore<Q> {
    None,
    Asked(Q),
    Forced,
}

/// Whether the body of a task ended before the rest of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EndOrder {
    /// It did: the task group or guests are still there, and the last of them will report the end.
    First,
    /// It did not: the body reports the end.
    Last,
}
