//! A story's time: it goes on when nothing else can, from one timer to the next.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::scheduler::Scheduler;

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

    /// Goes on to the next timer. Answers which tasks are to be woken then: none says that there is no timer.
    pub(super) fn advance(&mut self) -> Vec<Waker> {
        let Some((&(at, _), _)) = self.timers.first_key_value() else { return Vec::new() };
        self.now = self.now.max(at);
        let later = self.timers.split_off(&(at, u64::MAX));
        std::mem::replace(&mut self.timers, later).into_values().collect()
    }

    pub(super) fn take_yielding(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.yielding)
    }

    /// Sets a timer, or sets it again. Answers its number, and the waker that it had before.
    fn set(&mut self, at: Instant, number: Option<u64>, waker: Waker) -> (u64, Option<Waker>) {
        let number = number.unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        (number, self.timers.insert((at, number), waker))
    }
}

/// Waits for a moment of a story's time.
pub struct Sleep {
    scheduler: Arc<Scheduler>,
    at: Instant,
    number: Option<u64>,
}

impl Sleep {
    pub(super) fn new(scheduler: Arc<Scheduler>, at: Instant) -> Self {
        Self { scheduler, at, number: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let scheduler = Arc::clone(&self.scheduler);
        let before = scheduler.with_clock(|clock| {
            if clock.now >= self.at {
                return Err(());
            }
            let (number, before) = clock.set(self.at, self.number, cx.waker().clone());
            self.number = Some(number);
            Ok(before)
        });
        if before.is_ok() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            drop(self.scheduler.with_clock(|clock| clock.timers.remove(&(self.at, number))));
        }
    }
}

/// Lets other tasks go first.
pub struct YieldNow {
    scheduler: Arc<Scheduler>,
    has_yielded: bool,
}

impl YieldNow {
    pub(super) fn new(scheduler: Arc<Scheduler>) -> Self {
        Self { scheduler, has_yielded: false }
    }
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.has_yielded, true) {
            return Poll::Ready(());
        }
        self.scheduler.with_clock(|clock| clock.yielding.push(cx.waker().clone()));
        Poll::Pending
    }
}
