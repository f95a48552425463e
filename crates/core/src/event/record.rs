//! The tree's record: gives every event its number and its time, and hands it to whoever listens.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tokio::sync::broadcast;
use tokio::time::Instant;

use super::telemetry;
use super::{Event, EventKind};
use crate::child::{ChildKind, ChildPath};

/// Numbers the events of one tree and hands them out.
pub(crate) struct Record {
    capacity: usize,
    inner: Mutex<Inner>,
}

struct Inner {
    seq: u64,
    /// When the first event was written.
    origin: Option<Instant>,
    listeners: Option<broadcast::Sender<Arc<Event>>>,
    /// Only the last words about those who are still there are written any more.
    hushed: bool,
    closed: bool,
}

/// How many events a listener may be behind before it loses the oldest.
pub(crate) const DEFAULT_CAPACITY: usize = 16 * 1024;

impl Record {
    pub(crate) fn new(capacity: usize) -> Self {
        let inner = Inner { seq: 0, origin: None, listeners: None, hushed: false, closed: false };
        Self { capacity, inner: Mutex::new(inner) }
    }

    /// Writes an event, unless the record has been closed. Never waits for a listener.
    pub(crate) fn emit(&self, path: &ChildPath, kind: ChildKind, incarnation: u32, what: EventKind) {
        self.emit_with(kind, incarnation, || (path.clone(), what));
    }

    /// Writes an event whose path and content are made only if somebody listens.
    pub(crate) fn emit_with(
        &self,
        kind: ChildKind,
        incarnation: u32,
        make: impl FnOnce() -> (ChildPath, EventKind),
    ) {
        self.write(self.lock(), (kind, incarnation), make);
    }

    /// Writes what was seen from outside, unless the last words about those who are still there have begun.
    pub(crate) fn emit_unless_hushed(
        &self,
        path: &ChildPath,
        kind: ChildKind,
        incarnation: u32,
        what: EventKind,
    ) {
        let inner = self.lock();
        if !inner.hushed {
            self.write(inner, (kind, incarnation), || (path.clone(), what));
        }
    }

    /// Only last words from now on.
    pub(crate) fn hush(&self) {
        self.lock().hushed = true;
    }

    fn write(
        &self,
        mut inner: std::sync::MutexGuard<'_, Inner>,
        (kind, incarnation): (ChildKind, u32),
        make: impl FnOnce() -> (ChildPath, EventKind),
    ) {
        if inner.closed {
            return;
        }
        inner.seq += 1;
        let origin = *inner.origin.get_or_insert_with(Instant::now);
        let logging = telemetry::listens();
        if !logging && inner.listeners.is_none() {
            return;
        }
        let (path, what) = make();
        let event = Event {
            seq: inner.seq,
            at: origin.elapsed(),
            time: SystemTime::now(),
            path,
            incarnation,
            kind,
            what,
        };
        if logging {
            telemetry::log(&event);
        }
        if let Some(listeners) = &inner.listeners {
            // Without a receiver there is nobody to tell, which is no error.
            let _ = listeners.send(Arc::new(event));
        }
    }

    /// Ends the record. Nothing is written after the root's last event.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.listeners = None;
    }

    pub(crate) fn subscribe(&self) -> Events {
        let mut inner = self.lock();
        let receiver = if inner.closed {
            broadcast::channel(1).1
        } else {
            inner.listeners.get_or_insert_with(|| broadcast::channel(self.capacity).0).subscribe()
        };
        Events { receiver }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}

/// Reads a tree's events in order, from the moment of the subscription to the root's last.
///
/// A reader never holds up the tree. One that falls further behind than the tree's event capacity loses the oldest
/// events, and [`next`](Self::next) says how many.
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Arc<Event>>,
}

/// Says that a reader was too slow and how many events it lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reader fell behind and lost {missed} events")]
pub struct Lagged {
    /// How many events are lost.
    pub missed: u64,
}

impl Events {
    /// The next event, or `None` after the root's last.
    ///
    /// # Errors
    ///
    /// [`Lagged`] if events were lost since the last call. The call after that goes on with the oldest event there is.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, no event is lost.
    pub async fn next(&mut self) -> Result<Option<Arc<Event>>, Lagged> {
        match self.receiver.recv().await {
            Ok(event) => Ok(Some(event)),
            Err(broadcast::error::RecvError::Closed) => Ok(None),
            Err(broadcast::error::RecvError::Lagged(missed)) => Err(Lagged { missed }),
        }
    }

    /// Like [`next`](Self::next), for a thread that is not part of a runtime.
    ///
    /// # Errors
    ///
    /// [`Lagged`], as `next`.
    ///
    /// # Panics
    ///
    /// If it is called from within an async task.
    pub fn blocking_next(&mut self) -> Result<Option<Arc<Event>>, Lagged> {
        match self.receiver.blocking_recv() {
            Ok(event) => Ok(Some(event)),
            Err(broadcast::error::RecvError::Closed) => Ok(None),
            Err(broadcast::error::RecvError::Lagged(missed)) => Err(Lagged { missed }),
        }
    }
}
