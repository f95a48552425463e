//! What has been written and not been read by everybody yet, and how far each reader has come.
//!
//! It holds no event that all readers have taken, and none at all if nobody reads. It knows no clock and no lock, and wakes
//! nobody itself: whoever writes does, when it has let go of the lock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use super::Event;
use super::text::{self, Text};

/// How many events a reader takes under one lock, if there are that many.
const AT_ONCE: u64 = 64;

/// For how many there may be room when nothing is held: what a burst or a slow reader has needed is given back.
const ROOM_AT_REST: usize = 1024;

/// The events that somebody has still to read, in order.
#[derive(Debug)]
pub(super) struct Backlog {
    /// How many events a reader may be behind.
    capacity: u64,
    /// The number of the next event.
    next: u64,
    /// How many events are held.
    events: u64,
    held: VecDeque<Held>,
    /// A place stays a reader's own until it goes.
    readers: Vec<Option<Reader>>,
    /// Whether somebody waits until it is not [crowded](Self::is_crowded) any more.
    waited_for: bool,
    closed: bool,
}

/// One event or some that were written at once.
#[derive(Clone, Debug)]
pub(super) struct Held {
    first: u64,
    count: u64,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Event(Arc<Event>),
    Lines(Arc<Text>),
}

#[derive(Debug)]
struct Reader {
    /// The number of the event that it takes next.
    next: u64,
    /// Whether it has lost events and has not caught up since.
    late: bool,
    /// Set while it waits.
    waker: Option<Waker>,
}

/// What there is for a reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It has got some.
    Some,
    /// Nothing yet. It will be woken.
    Nothing,
    /// It was too slow for so many.
    Lost(u64),
    /// Nothing, and never again.
    End,
}

impl Backlog {
    pub(super) fn new(capacity: usize) -> Self {
        let (held, readers) = (VecDeque::new(), Vec::new());
        Self {
            capacity: capacity as u64,
            next: 1,
            events: 0,
            held,
            readers,
            waited_for: false,
            closed: false,
        }
    }

    pub(super) fn is_read(&self) -> bool {
        self.readers.iter().any(Option::is_some)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Gives numbers to so many events that are about to be pushed, and answers the first of them. They are pushed before any
    /// others are counted, unless nobody reads.
    pub(super) fn number(&mut self, count: u64) -> u64 {
        let first = self.next;
        self.next += count;
        first
    }

    /// Holds an event for the readers, and answers whom to wake.
    #[must_use]
    pub(super) fn push(&mut self, event: Event) -> Vec<Waker> {
        self.hold(Held { first: event.seq, count: 1, what: What::Event(Arc::new(event)) })
    }

    /// Holds lines for the readers, and answers whom to wake.
    #[must_use]
    pub(super) fn push_lines(&mut self, lines: Text) -> Vec<Waker> {
        let (first, count) = (lines.first, text::count(&lines.lines));
        self.hold(Held { first, count, what: What::Lines(Arc::new(lines)) })
    }

    fn hold(&mut self, held: Held) -> Vec<Waker> {
        self.events += held.count;
        // What was written at once goes at once, and not before as many as were promised are there without it.
        while self.held.front().is_some_and(|oldest| self.events - oldest.count >= self.capacity) {
            self.drop_oldest();
        }
        // Only then, so that there is never room for twice as many because of one.
        self.held.push_back(held);
        self.readers.iter_mut().flatten().filter_map(|reader| reader.waker.take()).collect()
    }

    /// Whether a reader that has lost nothing is more than half as far behind as it may be. One that is late is not worth
    /// waiting for: it would hold up for good what it cannot keep up with.
    pub(super) fn is_crowded(&mut self) -> bool {
        let crowded = self.is_behind(self.capacity / 2);
        self.waited_for |= crowded;
        crowded
    }

    /// Whether somebody waits for readers who were far behind, and now they have caught up almost. Almost at once would be a
    /// waste: then readers and writer would wake each other for every few events.
    pub(super) fn has_made_room(&mut self) -> bool {
        let has_made_room = self.waited_for && !self.is_behind(self.capacity / 8);
        self.waited_for &= !has_made_room;
        has_made_room
    }

    fn is_behind(&self, events: u64) -> bool {
        let oldest = self.held.front().map_or(self.next, |held| held.first);
        let far = |reader: &Reader| reader.next >= oldest && self.next - reader.next > events;
        self.readers.iter().flatten().any(|reader| !reader.late && far(reader))
    }

    /// A new reader, which takes what is written from now on.
    pub(super) fn subscribe(&mut self) -> usize {
        let reader = Some(Reader { next: self.next, late: false, waker: None });
        match self.readers.iter().position(Option::is_none) {
            Some(free) => {
                self.readers[free] = reader;
                free
            }
            None => {
                self.readers.push(reader);
                self.readers.len() - 1
            }
        }
    }

    /// Answers what the reader has left here, which is to be dropped when the lock is free: it may hold who knows what.
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
        into: &mut VecDeque<Held>,
        waker: &mut Option<Waker>,
    ) -> Taken {
        let oldest = self.held.front().map_or(self.next, |held| held.first);
        let Some(reader) = &mut self.readers[reader] else { return Taken::End };
        if reader.next < oldest {
            let lost = oldest - reader.next;
            reader.next = oldest;
            reader.late = true;
            return Taken::Lost(lost);
        }
        if reader.next == self.next {
            reader.late = false;
            if self.closed {
                return Taken::End;
            }
            std::mem::swap(&mut reader.waker, waker);
            return Taken::Nothing;
        }
        let enough = reader.next + AT_ONCE;
        let begin = self.held.partition_point(|held| held.first < reader.next);
        for held in self.held.range(begin..).take_while(|held| held.first < enough) {
            reader.next = held.first + held.count;
            into.push_back(held.clone());
        }
        self.drop_what_is_read();
        Taken::Some
    }

    /// Nothing will come any more. Answers whom to wake.
    #[must_use]
    pub(super) fn close(&mut self) -> Vec<Waker> {
        self.closed = true;
        self.readers.iter_mut().flatten().filter_map(|reader| reader.waker.take()).collect()
    }

    fn drop_what_is_read(&mut self) {
        let read = self.readers.iter().flatten().map(|reader| reader.next).min().unwrap_or(self.next);
        while self.held.front().is_some_and(|oldest| oldest.first < read) {
            self.drop_oldest();
        }
        if self.held.is_empty() && self.held.capacity() > ROOM_AT_REST {
            self.held = VecDeque::new();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.held.pop_front() {
            self.events -= oldest.count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::{ChildKind, ChildPath};
    use crate::event::EventKind;

    #[test]
    fn there_is_room_for_as_many_as_may_be_held_and_for_none_when_all_have_been_read() {
        let mut backlog = Backlog::new(2048);
        let reader = backlog.subscribe();

        for _ in 0..5000 {
            let event = event(backlog.number(1));
            assert!(backlog.push(event).is_empty());
        }
        assert_eq!(backlog.held.capacity(), 2048);
        assert!(backlog.unsubscribe(reader).is_none());

        assert_eq!(backlog.held.capacity(), 0);
    }

    fn event(seq: u64) -> Event {
        let (at, time) = (std::time::Duration::ZERO, std::time::SystemTime::UNIX_EPOCH);
        let path = ChildPath::root(&crate::child::ChildId::new("root").expect("it is a good one"));
        Event { seq, at, time, path, incarnation: 1, kind: ChildKind::Task, what: EventKind::Starting }
    }
}
