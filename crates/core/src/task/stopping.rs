//! Waits until a task is asked to stop, and wakes what waits.

use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, RawWakerVTable, Waker};

use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::notify::{Key, Notify, Seen, ToTell};
use crate::panics::catch;
use crate::spawn::place;

/// How a task hears that it is to stop.
pub(super) type StopNotify = Notify<CancellationToken>;

/// Waits until a task is asked to stop.
pub(super) struct Stopping<'a> {
    notify: &'a StopNotify,
    key: Option<Key>,
    /// Boxed, because few tasks have a token and all would have to make room for this.
    cancelled: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl<'a> Stopping<'a> {
    pub(super) fn new(notify: &'a StopNotify) -> Self {
        Self { notify, key: None, cancelled: None }
    }
}

impl Future for Stopping<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let notify = this.notify;
        loop {
            if notify.is_stopping() {
                return Poll::Ready(());
            }
            if let Some(cancelled) = &mut this.cancelled {
                if cancelled.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
            }
            let mut waker = Some(cx.waker().clone());
            match notify.wait(&mut this.key, &mut waker, this.cancelled.is_some()) {
                Seen::Stopping => return Poll::Ready(()),
                Seen::Nothing => return Poll::Pending,
                // Once more around, and no more than once: a task has one token.
                Seen::Token(token) => this.cancelled = Some(Box::pin(token.cancelled_owned())),
            }
        }
    }
}

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            drop(self.notify.forget(key));
        }
    }
}

/// How tokio wakes a task, seen when one of ours was polled: a constant that has to be found out.
static TOKIOS: OnceLock<&'static RawWakerVTable> = OnceLock::new();

/// Notes how tokio wakes a task. The waker is the one with which tokio polls a task itself.
pub(super) fn note_tokios(waker: &Waker) {
    TOKIOS.get_or_init(|| waker.vtable());
}

fn is_tokios(waker: &Waker) -> bool {
    TOKIOS.get().is_some_and(|tokios| std::ptr::eq(*tokios, waker.vtable()))
}

impl ToTell<CancellationToken> {
    /// Wakes what is to be woken, and returns at once.
    ///
    /// A supervisor calls this, and so it only wakes tokio's tasks by itself. Any other waker is foreign code, and so is what waits for a
    /// token: they are woken by a task of their own, on the supervisors' runtime, because tasks may have taken every thread of theirs.
    pub(super) fn tell(self, control: &Handle) {
        let Self { wakers, token } = self;
        let mut foreign = Vec::new();
        for (_, waker) in wakers {
            match is_tokios(&waker) {
                true => waker.wake(),
                false => foreign.push(waker),
            }
        }
        if token.is_some() || !foreign.is_empty() {
            let foreign = Foreign { wakers: foreign, token };
            place(control).spawn(async move { drop(foreign) });
        }
    }
}

/// Wakes everything when it is dropped: a runtime that has been shut down drops a task instead of running it.
struct Foreign {
    wakers: Vec<Waker>,
    token: Option<CancellationToken>,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        for waker in self.wakers.drain(..) {
            // One that panics keeps nothing else from being woken.
            let _ = catch(|| waker.wake());
        }
        if let Some(token) = self.token.take() {
            let _ = catch(|| token.cancel());
        }
    }
}
