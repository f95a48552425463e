//! Waits until a task is asked to stop.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::notify::{Key, Notify, SeenStop};

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
                SeenStop::Stopping => return Poll::Ready(()),
                SeenStop::Nothing => return Poll::Pending,
                // Once more around, and no more than once: a task has one token.
                SeenStop::Token(token) => this.cancelled = Some(Box::pin(token.cancelled_owned())),
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
