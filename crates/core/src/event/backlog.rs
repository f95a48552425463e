//! The events that have been written and that a reader has still to take, and how far each reader has come.
//!
//! It holds no event that all readers have taken, and none at all if there is no reader. It knows no clock and no lock.
//! It neither wakes, clones nor drops a waker: the caller does, after letting go of the lock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use super::output_batch::{self, OutputBatch};
use super::{Event, EventKind};

#[cfg(test)]
mod tests;

/// How many events a reader takes under one lock, if there are that many.
const EVENTS_AT_ONCE: u64 = 64;

/// How long a writer of a lot of lines waits for a reader each time, unless the reader has a patience of its own.
const PATIENCE: Duration = Duration::from_millis(10);

/// How much text a reader takes under one lock, unless a single event has more.
const BYTES_AT_ONCE: u64 = 64 * 1024;

/// How many entries there is capacity for when nothing is held. Memory that a burst or a slow reader needed beyond that
/// is freed.
const ROOM_AT_REST: usize = 1024;

/// How far a reader may be behind before it loses the oldest events: what is held is bounded by both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    /// How many events.
    pub(crate) events: usize,
    /// How many bytes of text in them.
    pub(crate) bytes: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { events: 16 * 1024, bytes: 16 * 1024 * 1024 }
    }
}

/// So many events, and as much text as usual.
impl From<usize> for Capacity {
    fn from(events: usize) -> Self {
        Self { events, ..Self::default() }
    }
}

/// The events that a reader has still to take, in order.
#[derive(Debug)]
pub(super) struct EventBacklog {
    capacity: Capacity,
    /// The number of the next event.
    next: u64,
    /// How many events are held.
    events: u64,
    /// How much text has been held altogether.
    text: u64,
    held: VecDeque<Retained>,
    /// A place stays a reader's own until it goes.
    readers: Vec<Option<BacklogReader>>,
    /// Whether a writer waits until no reader is [far behind](Self::waited_readers) any more.
    waited_for: bool,
    closed: bool,
}

/// One event or some that were written at once.
#[derive(Clone, Debug)]
pub(super) struct Retained {
    first: u64,
    count: u64,
    bytes: u64,
    /// How much text had been held before this.
    offset: u64,
    is_output: bool,
    pub(super) what: RetainedEvents,
}

#[derive(Clone, Debug)]
pub(super) enum RetainedEvents {
    Event(Arc<Event>),
    Lines(Arc<OutputBatch>),
}

#[derive(Debug)]
struct BacklogReader {
    /// The number of the event that it takes next.
    next: u64,
    /// Whether it takes the lines of processes as well.
    takes_output: bool,
    /// How many events it has lost and not been told of.
    lost: u64,
    /// Where all that it loses is counted at once, if that is wanted.
    losses: Option<Arc<AtomicU64>>,
    /// Whether it has been told of lost events and has not caught up since.
    late: bool,
    /// How long it may take nothing while a writer of a lot of lines waits for it, if that is more than usual.
    patience: Option<Duration>,
    /// Set while it waits.
    waker: Option<Waker>,
}

/// What there is for a reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TakenEvents {
    /// It has got some.
    Some,
    /// Nothing yet. It will be woken.
    Nothing,
    /// It was too slow for so many.
    Lost(u64),
    /// Nothing, and never again.
    End,
}

/// Readers that a writer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WaitedReaders {
    pub(super) patience: Duration,
    /// How far those have come that are waited for as long as they take something.
    pub(super) taken: Option<u64>,
}

impl WaitedReaders {
    fn of(reader: &BacklogReader) -> Self {
        Self { patience: reader.patience.unwrap_or(PATIENCE), taken: reader.patience.map(|_| reader.next) }
    }

    fn and(self, other: Self) -> Self {
        Self { patience: self.patience.max(other.patience), taken: self.taken.max(other.taken) }
    }
}

impl BacklogReader {
    fn takes(&self, held: &Retained) -> bool {
        self.takes_output || !held.is_output
    }

    /// Whether it is worth waiting for. A reader that loses events cannot keep up, and would hold up a writer for good.
    fn keeps_up(&self) -> bool {
        self.takes_output && self.lost == 0 && !self.late
    }
}

impl EventBacklog {
    pub(super) fn new(capacity: Capacity) -> Self {
        Self {
            capacity,
            next: 1,
            events: 0,
            text: 0,
            held: VecDeque::new(),
            readers: Vec::new(),
            waited_for: false,
            closed: false,
        }
    }

    pub(super) fn is_read(&self) -> bool {
        self.readers().next().is_some()
    }

    /// Whether a reader takes the lines of processes.
    pub(super) fn is_output_read(&self) -> bool {
        self.readers().any(|reader| reader.takes_output)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The number of the newest event, or 0.
    pub(super) fn newest(&self) -> u64 {
        self.next - 1
    }

    // --- writing ---

    /// Gives numbers to so many events, and answers the first of them. They are held or passed over before any others
    /// are counted.
    pub(super) fn number(&mut self, count: u64) -> u64 {
        let first = self.next;
        self.next += count;
        first
    }

    /// Holds an event for the readers, and answers which wakers are to be woken.
    #[must_use]
    pub(super) fn push(&mut self, event: Event) -> Vec<Waker> {
        let is_output = matches!(event.what, EventKind::Output { .. });
        let (first, bytes) = (event.seq, event.what.text_bytes());
        self.hold(first, (1, bytes), is_output, RetainedEvents::Event(Arc::new(event)))
    }

    /// Holds lines for the readers, and answers which wakers are to be woken.
    #[must_use]
    pub(super) fn push_lines(&mut self, lines: OutputBatch) -> Vec<Waker> {
        let (first, size) = (lines.first, (output_batch::count(&lines.lines), lines.lines.len()));
        self.hold(first, size, true, RetainedEvents::Lines(Arc::new(lines)))
    }

    /// Leaves out events that have been numbered and that no reader takes.
    pub(super) fn pass_over(&mut self, first: u64, count: u64) {
        self.go_past(first, count, |_| true);
    }

    fn hold(
        &mut self,
        first: u64,
        (count, bytes): (u64, usize),
        is_output: bool,
        what: RetainedEvents,
    ) -> Vec<Waker> {
        let held = Retained { first, count, bytes: bytes as u64, offset: self.text, is_output, what };
        self.go_past(first, count, |reader| !reader.takes(&held));
        if !self.readers().any(|reader| reader.takes(&held)) {
            return Vec::new();
        }
        self.events += held.count;
        self.text += held.bytes;
        // Events that were written at once are dropped at once, and only if what is left without them fills the
        // capacity.
        while self.held.front().is_some_and(|oldest| {
            self.events - oldest.count >= self.capacity.events as u64
                || self.text - oldest.offset > self.capacity.bytes as u64
        }) {
            self.drop_oldest();
        }
        let takers = self.readers.iter_mut().flatten().filter(|reader| reader.takes(&held));
        let waiting = takers.filter_map(|reader| reader.waker.take()).collect();
        // Only after the oldest have gone: otherwise one event more could double the memory.
        self.held.push_back(held);
        waiting
    }

    /// Readers that have caught up go past what they do not take, so that they do not keep it here.
    fn go_past(&mut self, first: u64, count: u64, leaves: impl Fn(&BacklogReader) -> bool) {
        for reader in self.readers.iter_mut().flatten() {
            if reader.next == first && leaves(reader) {
                reader.next += count;
            }
        }
    }

    /// Nothing will come any more. Answers which wakers are to be woken.
    #[must_use]
    pub(super) fn close(&mut self) -> Vec<Waker> {
        self.closed = true;
        self.readers.iter_mut().flatten().filter_map(|reader| reader.waker.take()).collect()
    }

    // --- waiting for readers ---

    /// The readers that have lost nothing and are more than half as far behind as they may be, if there are any.
    pub(super) fn waited_readers(&mut self) -> Option<WaitedReaders> {
        let waited_readers = self.behind(2).map(WaitedReaders::of).reduce(WaitedReaders::and);
        self.waited_for |= waited_readers.is_some();
        waited_readers
    }

    /// Whether a writer waits for readers that were far behind, and they have almost caught up. To say so at once would
    /// be a waste: then readers and writer would wake each other for every few events.
    pub(super) fn has_made_room(&mut self) -> bool {
        let has_made_room = self.waited_for && self.behind(8).next().is_none();
        self.waited_for &= !has_made_room;
        has_made_room
    }

    /// The readers that keep up and are behind by more than this part of what they may be.
    fn behind(&self, part: usize) -> impl Iterator<Item = &BacklogReader> {
        let Capacity { events, bytes } = self.capacity;
        let (events, bytes) = ((events / part) as u64, (bytes / part) as u64);
        self.readers().filter(|reader| reader.keeps_up()).filter(move |reader| {
            let oldest = self.held.get(self.position(reader));
            self.next - reader.next > events || oldest.is_some_and(|oldest| self.text - oldest.offset > bytes)
        })
    }

    /// The position of the first entry that a reader has not taken, or not taken completely.
    fn position(&self, reader: &BacklogReader) -> usize {
        self.held.partition_point(|held| held.first < reader.next)
    }

    // --- reading ---

    /// A new reader, which takes what is written from now on.
    pub(super) fn subscribe(&mut self) -> usize {
        let (next, lost, losses, waker) = (self.next, 0, None, None);
        let reader =
            BacklogReader { next, takes_output: true, lost, losses, late: false, patience: None, waker };
        match self.readers.iter().position(Option::is_none) {
            Some(free) => {
                self.readers[free] = Some(reader);
                free
            }
            None => {
                self.readers.push(Some(reader));
                self.readers.len() - 1
            }
        }
    }

    /// Says whether the reader takes the lines of processes as well.
    pub(super) fn take_output(&mut self, reader: usize, takes_output: bool) {
        if let Some(reader) = &mut self.readers[reader] {
            reader.takes_output = takes_output;
        }
    }

    /// Says how long the reader may take nothing while a writer of a lot of lines waits for it.
    pub(super) fn wait_for(&mut self, reader: usize, patience: Duration) {
        if let Some(reader) = &mut self.readers[reader] {
            reader.patience = Some(patience);
        }
    }

    /// Has the events counted there that the reader loses, also while it does not read.
    pub(super) fn count_losses(&mut self, reader: usize, losses: Arc<AtomicU64>) {
        if let Some(reader) = &mut self.readers[reader] {
            reader.losses = Some(losses);
        }
    }

    /// Answers the waker that the reader has left here, which the caller drops after letting go of the lock.
    #[must_use]
    pub(super) fn unsubscribe(&mut self, reader: usize) -> Option<Waker> {
        let gone = self.readers[reader].take();
        self.drop_what_is_read();
        gone.and_then(|reader| reader.waker)
    }

    /// Takes some of what there is, in order. If there is nothing yet, it leaves a waker that is woken when there is
    /// something, and gets back the one that it left before.
    pub(super) fn take(
        &mut self,
        reader: usize,
        into: &mut VecDeque<Retained>,
        waker: &mut Option<Waker>,
    ) -> TakenEvents {
        let Some(reader) = &mut self.readers[reader] else { return TakenEvents::End };
        if reader.lost > 0 {
            reader.late = true;
            return TakenEvents::Lost(std::mem::take(&mut reader.lost));
        }
        let begin = self.held.partition_point(|held| held.first < reader.next);
        // What is not held any more by the end of this has been passed over.
        let (mut next, mut events, mut bytes) = (self.next, 0, 0);
        for held in self.held.range(begin..) {
            if events >= EVENTS_AT_ONCE || bytes >= BYTES_AT_ONCE {
                next = held.first;
                break;
            }
            if reader.takes(held) {
                events += held.count;
                bytes += held.bytes;
                into.push_back(held.clone());
            }
        }
        reader.next = next;
        let taken = match (into.is_empty(), self.closed) {
            (false, _) => TakenEvents::Some,
            (true, true) => TakenEvents::End,
            (true, false) => {
                reader.late = false;
                std::mem::swap(&mut reader.waker, waker);
                TakenEvents::Nothing
            }
        };
        self.drop_what_is_read();
        taken
    }

    fn drop_what_is_read(&mut self) {
        let read = self.readers().map(|reader| reader.next).min().unwrap_or(self.next);
        while self.held.front().is_some_and(|oldest| oldest.first < read) {
            self.drop_oldest();
        }
        if self.held.is_empty() && self.held.capacity() > ROOM_AT_REST {
            self.held = VecDeque::new();
        }
    }

    /// Drops the oldest, which is lost to readers that have not taken it.
    fn drop_oldest(&mut self) {
        let Some(oldest) = self.held.pop_front() else { return };
        self.events -= oldest.count;
        for reader in self.readers.iter_mut().flatten().filter(|reader| reader.next <= oldest.first) {
            reader.next = oldest.first + oldest.count;
            if reader.takes(&oldest) {
                reader.lost += oldest.count;
                if let Some(losses) = &reader.losses {
                    losses.fetch_add(oldest.count, Ordering::Relaxed);
                }
            }
        }
    }

    fn readers(&self) -> impl Iterator<Item = &BacklogReader> {
        self.readers.iter().flatten()
    }
}
