//! How a task of a story waits: for a moment of the story's time, or for others to go first.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::scheduler::Scheduler;

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
            drop(self.scheduler.with_clock(|clock| clock.unset(self.at, number)));
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
        self.scheduler.with_clock(|clock| clock.yields(cx.waker().clone()));
        Poll::Pending
    }
}
