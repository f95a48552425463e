//! Pure: the events that the door remembers, and what a watcher that is behind gets of them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::wire::{Event, Lost, Status, What};

/// How much text is remembered at most.
const BYTES: usize = 8 * 1024 * 1024;

/// How many events a watcher gets at once.
const AT_ONCE: usize = 256;

/// How much text a watcher gets at once, unless a single event has more.
const BYTES_AT_ONCE: usize = 64 * 1024;

/// The newest events.
#[derive(Debug)]
pub(super) struct Remembered {
    capacity: usize,
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    /// The number of the newest event of which it is known, remembered or not.
    newest: u64,
}

/// What there is for a watcher, in this order: the losses, and then the events.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Portion {
    pub(super) lost: Option<Lost>,
    pub(super) events: Vec<Arc<Event>>,
}

impl Remembered {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, events: VecDeque::new(), bytes: 0, newest: 0 }
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Everything up to this event has been seen, and is not remembered.
    pub(super) fn begin_after(&mut self, seq: u64) {
        self.newest = self.newest.max(seq);
    }

    pub(super) fn add(&mut self, event: Arc<Event>) {
        self.newest = self.newest.max(event.seq);
        self.bytes += size(&event);
        self.events.push_back(event);
        while self.events.len() > self.capacity || self.bytes > BYTES && self.events.len() > 1 {
            self.bytes -= self.events.pop_front().map_or(0, |oldest| size(&oldest));
        }
    }

    /// Forgets all events, because no watcher is left.
    pub(super) fn clear(&mut self) {
        (self.events, self.bytes) = (VecDeque::new(), 0);
    }

    /// Some of what came after this event, and moves it on.
    pub(super) fn after(&self, seq: &mut u64) -> Portion {
        let begin = self.events.partition_point(|event| event.seq <= *seq);
        let Some(first) = self.events.get(begin) else {
            return Portion { lost: self.lose(seq, self.newest), events: Vec::new() };
        };
        let lost = self.lose(seq, first.seq - 1);
        let (mut events, mut bytes) = (Vec::new(), 0);
        for event in self.events.range(begin..) {
            // What is missing in between is told with the next portion.
            if event.seq != *seq + 1 || events.len() == AT_ONCE || bytes >= BYTES_AT_ONCE {
                break;
            }
            bytes += size(event);
            *seq = event.seq;
            events.push(Arc::clone(event));
        }
        Portion { lost, events }
    }

    fn lose(&self, seq: &mut u64, to: u64) -> Option<Lost> {
        let count = to.checked_sub(*seq).filter(|count| *count > 0)?;
        *seq = to;
        Some(Lost { count, to })
    }
}

/// How much an event takes, roughly.
fn size(event: &Event) -> usize {
    let text = match &event.what {
        What::Output { line, .. } => line.len(),
        What::Notified { said, .. } => said.as_ref().map_or(0, String::len),
        What::Asked { with, error, .. } => with.len() + error.as_ref().map_or(0, String::len),
        What::MadeToCrash { by } => by.len(),
        What::HandlerFailed { handler, error } => handler.len() + error.len(),
        What::GuestPanicked { panic, backtrace, .. } => {
            256 + panic.len() + backtrace.as_ref().map_or(0, String::len)
        }
        What::StartFailed { error, .. } | What::Retrying { error, .. } | What::Unhealthy { error, .. } => {
            error.len()
        }
        What::Exited { status, .. } | What::Stopped { status, .. } => {
            256 + status.as_ref().map_or(0, Status::text_len)
        }
        What::Starting
        | What::Started { .. }
        | What::Ignored
        | What::Restarting { .. }
        | What::GaveUp { .. }
        | What::Signal { .. }
        | What::Draining { .. }
        | What::Stopping { .. }
        | What::Escalated { .. }
        | What::NotReady { .. }
        | What::Stalled { .. }
        | What::Healthy
        | What::Degraded { .. }
        | What::Unknown => 0,
    };
    256 + event.path.len() + text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Kind;

    fn event(seq: u64) -> Arc<Event> {
        let (time, path) = (String::new(), "root".to_owned());
        Arc::new(Event { seq, at: 0.0, time, what: What::Starting, path, incarnation: 1, kind: Kind::Task })
    }

    fn numbers(portion: &Portion) -> Vec<u64> {
        portion.events.iter().map(|event| event.seq).collect()
    }

    #[test]
    fn a_watcher_that_keeps_up_gets_every_event_once() {
        let mut remembered = Remembered::new(10);
        let mut seq = 0;
        for number in 1..=3 {
            remembered.add(event(number));
        }

        let first = remembered.after(&mut seq);
        let second = remembered.after(&mut seq);

        assert_eq!((numbers(&first), first.lost), (vec![1, 2, 3], None));
        assert_eq!((second, seq), (Portion::default(), 3));
    }

    #[test]
    fn a_watcher_that_is_too_far_behind_is_told_how_many_it_has_lost() {
        let mut remembered = Remembered::new(2);
        let mut seq = 1;
        for number in 1..=9 {
            remembered.add(event(number));
        }

        let portion = remembered.after(&mut seq);

        assert_eq!(portion.lost, Some(Lost { count: 6, to: 7 }));
        assert_eq!((numbers(&portion), seq), (vec![8, 9], 9));
    }

    #[test]
    fn a_gap_that_the_door_has_itself_is_told_where_it_is() {
        let mut remembered = Remembered::new(10);
        let mut seq = 0;
        [1, 2, 6].into_iter().for_each(|number| remembered.add(event(number)));

        let (first, second) = (remembered.after(&mut seq), remembered.after(&mut seq));

        assert_eq!((numbers(&first), first.lost), (vec![1, 2], None));
        assert_eq!((numbers(&second), second.lost), (vec![6], Some(Lost { count: 3, to: 5 })));
    }

    #[test]
    fn what_came_before_the_first_watcher_is_lost_to_one_that_asks_for_it() {
        let mut remembered = Remembered::new(10);
        let mut seq = 4;
        remembered.begin_after(7);

        assert_eq!(remembered.after(&mut seq).lost, Some(Lost { count: 3, to: 7 }));
        assert_eq!(remembered.after(&mut seq), Portion::default());
    }

    #[test]
    fn text_is_bounded_too() {
        let mut remembered = Remembered::new(1000);
        for number in 1..=100 {
            let mut long = (*event(number)).clone();
            long.what = What::StartFailed { error: "x".repeat(BYTES / 10), stragglers: vec![] };
            remembered.add(Arc::new(long));
        }

        assert!(remembered.bytes <= BYTES && remembered.events.len() < 10);
    }
}
