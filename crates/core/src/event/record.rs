//! The tree's record: gives every event its number and its time, and holds it for the readers.
//!
//! It holds events and nothing else. No code that is not the library's runs under its lock, and the log is a reader
//! like any other.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant as SystemInstant, SystemTime};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::backlog::{Capacity, EventBacklog, WaitedReaders};
use super::output_batch::{self, OutputBatch};
use super::{Event, EventKind, OutputStream, RecordPosition};
use crate::child::{ChildKind, ChildPath};
use crate::panics::catch;
use crate::sync::{Mutex, MutexGuard, PoisonError};
use crate::tree_clock::TreeClock;

/// Numbers the events of one tree and hands them out.
pub(crate) struct Record {
    shared: Arc<SharedRecord>,
}

/// What the record and its readers have in common.
pub(super) struct SharedRecord {
    inner: Mutex<Inner>,
    /// Readers have taken so much that the writers that waited for them may go on.
    room: Notify,
}

pub(super) struct Inner {
    clock: TreeClock,
    /// When the first event was written.
    origin: Option<SystemInstant>,
    backlog: EventBacklog,
}

impl Record {
    pub(crate) fn new(capacity: impl Into<Capacity>) -> Self {
        let (clock, backlog) = (TreeClock::default(), EventBacklog::new(capacity.into()));
        let inner = Inner { clock, origin: None, backlog };
        Self { shared: Arc::new(SharedRecord { inner: Mutex::new(inner), room: Notify::new() }) }
    }

    /// Events have their times by this clock from now on, whichever thread writes them.
    pub(crate) fn goes_by(&self, clock: TreeClock) {
        self.shared.lock().clock = clock;
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
        self.section(|writer| {
            let is_allowed = allowed();
            if is_allowed {
                writer.emit_with(kind, incarnation, make);
            }
            is_allowed
        })
    }

    /// Writes events and changes what belongs to them in one section: no other event comes in between, and code that
    /// looks at the record and at the change in a section of its own sees both or neither.
    ///
    /// `write` runs under the record's lock: it must neither wait nor call code that is not the library's, nor drop
    /// anything.
    pub(crate) fn section<R>(&self, write: impl FnOnce(&mut RecordWriter<'_>) -> R) -> R {
        let mut inner = self.shared.lock();
        let mut writer = RecordWriter { inner: &mut inner, waiting: Vec::new() };
        let result = write(&mut writer);
        let waiting = writer.waiting;
        drop(inner);
        wake(waiting);
        result
    }

    /// Writes an `output` event for every line of a text, each of which has its end. They were written at once and have
    /// one time.
    pub(crate) fn emit_lines(&self, path: &ChildPath, incarnation: u32, stream: OutputStream, lines: &str) {
        let count = output_batch::count(lines);
        // Not under the lock, if it can be helped.
        let copy = self.shared.lock().backlog.is_output_read().then(|| Box::from(lines));
        let mut inner = self.shared.lock();
        if inner.backlog.is_closed() || count == 0 {
            return;
        }
        let first = inner.backlog.number(count);
        let origin = inner.origin();
        if !inner.backlog.is_output_read() {
            inner.backlog.pass_over(first, count);
            return;
        }
        let batch = OutputBatch {
            first,
            at: inner.clock.now().saturating_duration_since(origin),
            time: SystemTime::now(),
            path: path.clone(),
            incarnation,
            kind: ChildKind::Process,
            stream,
            lines: copy.unwrap_or_else(|| Box::from(lines)),
        };
        let waiting = inner.backlog.push_lines(batch);
        drop(inner);
        wake(waiting);
    }

    /// Waits while a reader that has lost nothing is so far behind that it soon could, and no longer than the reader's
    /// patience.
    pub(crate) async fn room(&self) {
        if self.shared.lock().backlog.waited_readers().is_some() {
            // In a box, because it is rare and every process would have to carry it.
            Box::pin(self.room_made()).await;
        }
    }

    async fn room_made(&self) {
        let (mut end, mut before) = (None, None);
        loop {
            // Made before the question is asked, so that it hears what comes after the answer.
            let room = self.shared.room.notified();
            // Several writers wait for the same room, and the first of them may have used it up.
            let Some(WaitedReaders { patience, taken }) = self.shared.lock().backlog.waited_readers() else {
                return;
            };
            let now = Instant::now();
            if taken > before {
                end = None;
            }
            let end = *end.get_or_insert(now + patience);
            if now >= end {
                // A reader that has not made room by now may lose events.
                return;
            }
            before = taken;
            // Its outcome is looked at above.
            let _ = timeout_at(end, room).await;
        }
    }

    /// Writes the last events and ends the record, all in one [section](Self::section): no other event comes between
    /// them, or after them.
    pub(crate) fn section_at_the_end<R>(&self, write: impl FnOnce(&mut RecordWriter<'_>) -> R) -> R {
        self.section(|writer| {
            let result = write(writer);
            writer.waiting.extend(writer.inner.backlog.close());
            result
        })
    }

    /// Ends the record.
    pub(crate) fn close(&self) {
        let waiting = self.shared.lock().backlog.close();
        wake(waiting);
    }

    /// Another reader, and its number.
    pub(super) fn add_reader(&self) -> (Arc<SharedRecord>, usize) {
        let reader = self.shared.lock().backlog.subscribe();
        (Arc::clone(&self.shared), reader)
    }

    /// Whether a thread is in the middle of something with the record.
    #[cfg(test)]
    pub(super) fn is_locked(&self) -> bool {
        matches!(self.shared.inner.try_lock(), Err(std::sync::TryLockError::WouldBlock))
    }
}

/// Writes in a section of a record.
pub(crate) struct RecordWriter<'a> {
    inner: &'a mut Inner,
    /// Which readers are to be woken when the lock is free.
    waiting: Vec<Waker>,
}

impl RecordWriter<'_> {
    /// The number of the newest event, and the time that it would have if it were written now.
    pub(crate) fn position(&self) -> RecordPosition {
        let Inner { clock, origin, .. } = &*self.inner;
        let at = origin.map_or(Duration::ZERO, |origin| clock.now().saturating_duration_since(origin));
        RecordPosition { as_of: self.inner.backlog.newest(), at }
    }

    pub(crate) fn emit(&mut self, path: &ChildPath, kind: ChildKind, incarnation: u32, what: EventKind) {
        self.emit_with(kind, incarnation, || (path.clone(), what));
    }

    /// The same, with what is written made only if it is read.
    pub(crate) fn emit_with(
        &mut self,
        kind: ChildKind,
        incarnation: u32,
        make: impl FnOnce() -> (ChildPath, EventKind),
    ) {
        if self.inner.backlog.is_closed() {
            return;
        }
        let seq = self.inner.backlog.number(1);
        let origin = self.inner.origin();
        if !self.inner.backlog.is_read() {
            return;
        }
        let (path, what) = make();
        let (at, time) = (self.inner.clock.now().saturating_duration_since(origin), SystemTime::now());
        let event = Event { seq, at, time, path, incarnation, child_kind: kind, what };
        self.waiting.extend(self.inner.backlog.push(event));
    }
}

/// Nothing will be written any more, and the readers hear it.
impl Drop for Record {
    fn drop(&mut self) {
        self.close();
    }
}

/// Wakes the readers that wait. A waker may be foreign code, and a panic in it must not become the writer's.
fn wake(waiting: Vec<Waker>) {
    for waker in waiting {
        let _ = catch(|| waker.wake());
    }
}

impl Inner {
    /// When the first event was written: now, if none has been.
    fn origin(&mut self) -> SystemInstant {
        *self.origin.get_or_insert_with(|| self.clock.now())
    }
}

impl SharedRecord {
    /// Has a reader take events or leave, and wakes the writers that wait for room if that has made some.
    pub(super) fn relieve<T>(&self, change: impl FnOnce(&mut EventBacklog) -> T) -> T {
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

impl fmt::Debug for SharedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRecord").finish_non_exhaustive()
    }
}
