//! The tree's record: gives every event its number and its time, and holds it for the readers.
//!
//! It holds events and nothing else. No code that is not the library's runs under its lock, and the log is a reader
//! like any other.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;
use tokio::time::timeout;

use super::backlog::{Backlog, Capacity};
use super::text::{self, Text};
use super::{Event, EventKind, Events, Stream};
use crate::child::{ChildKind, ChildPath};
use crate::clock::now;
use crate::panics::catch;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// Numbers the events of one tree and hands them out.
pub(crate) struct Record {
    shared: Arc<Shared>,
}

/// What the record and its readers have in common.
pub(super) struct Shared {
    inner: Mutex<Inner>,
    /// Readers have taken so much that the writers that waited for them may go on.
    room: Notify,
}

pub(super) struct Inner {
    /// When the first event was written.
    origin: Option<Instant>,
    backlog: Backlog,
    /// Only the last words about the children that are still there are written any more.
    hushed: bool,
}

/// How long a writer of a lot of lines waits for readers, each time.
const PATIENCE: Duration = Duration::from_millis(10);

impl Record {
    pub(crate) fn new(capacity: impl Into<Capacity>) -> Self {
        let inner = Inner { origin: None, backlog: Backlog::new(capacity.into()), hushed: false };
        Self { shared: Arc::new(Shared { inner: Mutex::new(inner), room: Notify::new() }) }
    }

    /// Writes an event, unless the record has been closed. Never waits for a reader.
    pub(crate) fn emit(&self, path: &ChildPath, kind: ChildKind, incarnation: u32, what: EventKind) {
        self.emit_with(kind, incarnation, || (path.clone(), what));
    }

    /// Writes an event whose path and content are made only if a reader is there.
    pub(crate) fn emit_with(
        &self,
        kind: ChildKind,
        incarnation: u32,
        make: impl FnOnce() -> (ChildPath, EventKind),
    ) {
        self.emit_if(|| true, kind, incarnation, make);
    }

    /// Writes an event if that is allowed, and says whether it was.
    ///
    /// `allowed` is called in the section that numbers and holds the event, so that no other event comes between the
    /// answer and this one. It and `make` run under the record's lock: they must neither wait nor call code that is not
    /// the library's.
    pub(crate) fn emit_if(
        &self,
        allowed: impl FnOnce() -> bool,
        kind: ChildKind,
        incarnation: u32,
        make: impl FnOnce() -> (ChildPath, EventKind),
    ) -> bool {
        let inner = self.shared.lock();
        let is_allowed = allowed();
        if is_allowed {
            write(inner, (kind, incarnation), make);
        }
        is_allowed
    }

    /// Writes what was seen from outside, unless the last words about the children that are still there have begun.
    pub(crate) fn emit_unless_hushed(
        &self,
        path: &ChildPath,
        kind: ChildKind,
        incarnation: u32,
        what: EventKind,
    ) {
        let inner = self.shared.lock();
        if !inner.hushed {
            write(inner, (kind, incarnation), || (path.clone(), what));
        }
    }

    /// Writes an `output` event for every line of a text, each of which has its end. They were written at once and have
    /// one time.
    pub(crate) fn emit_lines(&self, path: &ChildPath, incarnation: u32, stream: Stream, lines: &str) {
        let count = text::count(lines);
        // Not under the lock, if it can be helped.
        let copy = self.shared.lock().backlog.is_output_read().then(|| Box::from(lines));
        let mut inner = self.shared.lock();
        if inner.backlog.is_closed() || count == 0 {
            return;
        }
        let first = inner.backlog.number(count);
        let origin = *inner.origin.get_or_insert_with(now);
        if !inner.backlog.is_output_read() {
            inner.backlog.pass_over(first, count);
            return;
        }
        let waiting = inner.backlog.push_lines(Text {
            first,
            at: now().saturating_duration_since(origin),
            time: SystemTime::now(),
            path: path.clone(),
            incarnation,
            kind: ChildKind::Process,
            stream,
            lines: copy.unwrap_or_else(|| Box::from(lines)),
        });
        drop(inner);
        wake(waiting);
    }

    /// Waits while a reader that has lost nothing is so far behind that it soon could, and not for long.
    pub(crate) async fn room(&self) {
        if self.shared.lock().backlog.is_crowded() {
            // In a box, because it is rare and every process would have to carry it.
            Box::pin(self.room_made()).await;
        }
    }

    async fn room_made(&self) {
        // Made before the question is asked, so that it hears what comes after the answer.
        let room = self.shared.room.notified();
        if self.shared.lock().backlog.is_crowded() {
            // A reader that has not made room by then loses what it loses.
            let _ = timeout(PATIENCE, room).await;
        }
    }

    /// Only last words from now on.
    pub(crate) fn hush(&self) {
        self.shared.lock().hushed = true;
    }

    /// Writes the last event and ends the record in one section: nothing is written after it.
    pub(crate) fn emit_last(&self, path: &ChildPath, kind: ChildKind, incarnation: u32, what: EventKind) {
        let mut inner = self.shared.lock();
        let mut waiting = push(&mut inner, (kind, incarnation), || (path.clone(), what));
        waiting.extend(inner.backlog.close());
        drop(inner);
        wake(waiting);
    }

    /// Ends the record.
    pub(crate) fn close(&self) {
        let waiting = self.shared.lock().backlog.close();
        wake(waiting);
    }

    /// Whether a thread is in the middle of something with the record.
    #[cfg(test)]
    pub(super) fn is_locked(&self) -> bool {
        matches!(self.shared.inner.try_lock(), Err(std::sync::TryLockError::WouldBlock))
    }

    pub(crate) fn subscribe(&self) -> Events {
        let reader = self.shared.lock().backlog.subscribe();
        Events::new(Arc::clone(&self.shared), reader)
    }
}

/// Nothing will be written any more, and the readers hear it.
impl Drop for Record {
    fn drop(&mut self) {
        self.close();
    }
}

fn write(
    mut inner: MutexGuard<'_, Inner>,
    about: (ChildKind, u32),
    make: impl FnOnce() -> (ChildPath, EventKind),
) {
    let waiting = push(&mut inner, about, make);
    drop(inner);
    wake(waiting);
}

/// Answers which readers are to be woken when the lock is free.
#[must_use]
fn push(
    inner: &mut Inner,
    (kind, incarnation): (ChildKind, u32),
    make: impl FnOnce() -> (ChildPath, EventKind),
) -> Vec<Waker> {
    if inner.backlog.is_closed() {
        return Vec::new();
    }
    let seq = inner.backlog.number(1);
    let origin = *inner.origin.get_or_insert_with(now);
    if !inner.backlog.is_read() {
        return Vec::new();
    }
    let (path, what) = make();
    let (at, time) = (now().saturating_duration_since(origin), SystemTime::now());
    inner.backlog.push(Event { seq, at, time, path, incarnation, kind, what })
}

/// Wakes the readers that wait. What a waker does is not ours, and a panic in it is not the writer's.
fn wake(waiting: Vec<Waker>) {
    for waker in waiting {
        let _ = catch(|| waker.wake());
    }
}

impl Shared {
    /// Has a reader take something, or go, and tells the writers that wait for room if that has made some.
    pub(super) fn relieve<T>(&self, change: impl FnOnce(&mut Backlog) -> T) -> T {
        let mut inner = self.lock();
        let result = change(&mut inner.backlog);
        let has_made_room = inner.backlog.has_made_room();
        drop(inner);
        if has_made_room {
            self.room.notify_waiters();
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
