//! How something learns that a supervisor has taken note of an end.
//!
//! It goes along with the report of the end and is dropped: by the supervisor, at the end of the turn in which it has
//! dealt with the end, or by anything else that keeps the report from it. There is no way to forget it, and nothing
//! to be called.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::foreign_wakers::WakeElsewhere;

/// Dropped when the supervisor has taken note of an end, or never will.
#[derive(Debug)]
pub(crate) struct EndHandled(#[expect(dead_code, reason = "it is dropped")] oneshot::Sender<Infallible>);

/// Ready when the [`EndHandled`] has been dropped.
#[derive(Debug)]
pub(crate) struct WhenHandled(WakeElsewhere<oneshot::Receiver<Infallible>>);

impl EndHandled {
    pub(crate) fn new() -> (Self, WhenHandled) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), WhenHandled(WakeElsewhere::new(receiver)))
    }
}

impl Future for WhenHandled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(|_| ())
    }
}
