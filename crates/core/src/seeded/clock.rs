//! A story's time: it goes on when nothing else can, from one timer to the next.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::{Duration, Instant};

/// What time it is in a story, and which tasks wait for a later one.
pub(super) struct Clock {
    pub(super) now: Instant,
    timers: BTreeMap<(Instant, u64), Waker>,
    next: u64,
    /// Tasks that let others go first.
    yielding: Vec<Waker>,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "a story's time begins at some moment, and only differences count"
    )]
    pub(super) fn new() -> Self {
        Self { now: Instant::now(), timers: BTreeMap::new(), next: 0, yielding: Vec::new() }
    }

    /// Goes on to the next timer, if it is no further away than this. Answers which tasks are to be woken then: none
    /// says that there is no such timer.
    pub(super) fn advance(&mut self, at_most: Duration) -> Vec<Waker> {
        let next =
            self.timers.keys().next().filter(|(at, _)| at.saturating_duration_since(self.now) <= at_most);
        let Some(&(at, _)) = next else { return Vec::new() };
        self.now = self.now.max(at);
        let later = self.timers.split_off(&(at, u64::MAX));
        std::mem::replace(&mut self.timers, later).into_values().collect()
    }

    pub(super) fn take_yielding(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.yielding)
    }

    /// Has a task woken when the others have had their turn.
    pub(super) fn yields(&mut self, waker: Waker) {
        self.yielding.push(waker);
    }

    /// Takes a timer back.
    pub(super) fn unset(&mut self, at: Instant, number: u64) -> Option<Waker> {
        self.timers.remove(&(at, number))
    }

    /// Sets a timer, or sets it again. Answers its number, and the waker that it had before.
    pub(super) fn set(&mut self, at: Instant, number: Option<u64>, waker: Waker) -> (u64, Option<Waker>) {
        let number = number.unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        (number, self.timers.insert((at, number), waker))
    }
}
