//! A tree's events as a reader gets them, one by one.
//!
//! A reader takes some events at once and keeps them until it is asked for them, so that it and the writers rarely meet
//! at the record's lock.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::coop;

use super::Event;
use super::backlog::{Retained, RetainedEvents, TakenEvents};
use super::output_batch::BatchedEvents;
use super::record::{Record, SharedRecord};
use crate::foreign_wakers::WakeElsewhere;

/// Reads a tree's events in order, from the moment of the subscription to the root's last.
///
/// A reader never holds up the tree. One that falls further behind than the tree's [event
/// capacity](crate::TreeBuilder::event_capacity), or by more text than [that may be](crate::TreeBuilder::event_bytes),
/// loses the oldest events, and [`next`](Self::next) says how many. A process that writes faster than that is read a
/// little later, 10 ms for 64 KiB at most unless [`hold_up_output`](Self::hold_up_output) says otherwise, and only as
/// long as the reader has lost nothing, or has caught up again since.
#[derive(Debug)]
pub struct Events {
    record: Arc<SharedRecord>,
    /// Which of the record's readers this is.
    reader: usize,
    lines: Option<BatchedEvents>,
    taken: VecDeque<Retained>,
}

/// Says that a reader was too slow and how many events it lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reader fell behind and lost {missed} events")]
pub struct Lagged {
    /// How many events are lost.
    pub missed: u64,
}

type NextEvent = Result<Option<Arc<Event>>, Lagged>;

impl Record {
    /// Reads what is written from now on.
    pub(crate) fn subscribe(&self) -> Events {
        let (record, reader) = self.add_reader();
        Events { record, reader, lines: None, taken: VecDeque::new() }
    }
}

impl Events {
    /// The next event, or `None` after the root's last.
    ///
    /// With the crate `futures`, a reader becomes a `Stream` of results by `stream::unfold(events, |mut events| async
    /// move { Some((events.next().await.transpose()?, events)) })`.
    ///
    /// # Errors
    ///
    /// [`Lagged`] if events were lost since the last call. The call after that goes on with the oldest event there is.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, no event is lost.
    pub async fn next(&mut self) -> Result<Option<Arc<Event>>, Lagged> {
        // A writer wakes the readers, and most of the writers are supervisors.
        WakeElsewhere::new(poll_fn(|cx| self.poll_next(cx))).await
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
        loop {
            if let Some(event) = self.at_hand() {
                return Ok(Some(event));
            }
            let (wake, woken) = oneshot::channel();
            let waker = Arc::new(ReaderWaker(Mutex::new(Some(wake))));
            let next = self.fetch(&Waker::from(Arc::clone(&waker)));
            if next.is_ready() {
                waker.notify();
            }
            // Also if there is nothing to wait for: where a thread must not wait, this panics.
            let _ = woken.blocking_recv();
            if let Poll::Ready(next) = next {
                return next;
            }
        }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<NextEvent> {
        // A reader that always finds something lets others run now and then.
        let coop = ready!(coop::poll_proceed(cx));
        let next = match self.at_hand() {
            Some(event) => Ok(Some(event)),
            None => ready!(self.fetch(cx.waker())),
        };
        coop.made_progress();
        Poll::Ready(next)
    }

    /// The next of those that have been taken.
    fn at_hand(&mut self) -> Option<Arc<Event>> {
        loop {
            if let Some(event) = self.lines.as_mut().and_then(BatchedEvents::next) {
                return Some(Arc::new(event));
            }
            self.lines = None;
            match self.taken.pop_front()?.what {
                RetainedEvents::Event(event) => return Some(event),
                RetainedEvents::Lines(lines) => self.lines = Some(BatchedEvents::new(lines)),
            }
        }
    }

    /// Has a process that writes a lot held up as long as this reader is more than half as far behind as it may be,
    /// unless the reader takes nothing at all for so long. Without this the process is held up for 10 ms each time.
    ///
    /// For a reader that must lose nothing and is slow only for moments, such as one that writes a file on a busy
    /// machine. The process waits in its own write, as at a pipe that is full. Its end does not wait, and nothing else
    /// in the tree does.
    pub fn hold_up_output(&self, patience: Duration) {
        self.record.relieve(|backlog| backlog.wait_for(self.reader, patience));
    }

    /// Says whether this reader takes the lines of processes as well. What it has taken already stays at hand.
    pub(crate) fn take_output(&self, takes_output: bool) {
        self.record.relieve(|backlog| backlog.take_output(self.reader, takes_output));
    }

    /// Has the events counted there that this reader loses, also while it does not read.
    pub(super) fn count_losses(&self, losses: &Arc<AtomicU64>) {
        self.record.relieve(|backlog| backlog.count_losses(self.reader, Arc::clone(losses)));
    }

    /// Takes what there is, when nothing is at hand.
    fn fetch(&mut self, waker: &Waker) -> Poll<NextEvent> {
        let mut waker = Some(waker.clone());
        let taken = self.record.relieve(|backlog| backlog.take(self.reader, &mut self.taken, &mut waker));
        match taken {
            TakenEvents::Some => Poll::Ready(Ok(self.at_hand())),
            TakenEvents::Nothing => Poll::Pending,
            TakenEvents::Lost(missed) => Poll::Ready(Err(Lagged { missed })),
            TakenEvents::End => Poll::Ready(Ok(None)),
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let waker = self.record.relieve(|backlog| backlog.unsubscribe(self.reader));
        drop(waker);
    }
}

/// Wakes a thread.
struct ReaderWaker(Mutex<Option<oneshot::Sender<()>>>);

impl ReaderWaker {
    fn notify(&self) {
        let wake = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(wake) = wake {
            // The thread may not wait any more, and then it need not be woken.
            let _ = wake.send(());
        }
    }
}

impl Wake for ReaderWaker {
    fn wake(self: Arc<Self>) {
        self.notify();
    }
}
