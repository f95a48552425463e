//! A piece of a user's actor, of which panics come out as values.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::child::Panic;
use crate::event::ChildSpan;
use crate::panics::catch;

pin_project! {
    /// Runs a future of a user's actor inside the child's span, and makes a panic in it a value.
    pub(super) struct Caught<'a, Fut> {
        #[pin]
        future: Fut,
        span: &'a ChildSpan,
    }
}

impl<'a, Fut> Caught<'a, Fut> {
    pub(super) fn new(future: Fut, span: &'a ChildSpan) -> Self {
        Self { future, span }
    }
}

impl<Fut: Future> Future for Caught<'_, Fut> {
    type Output = Result<Fut::Output, Panic>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _inside = this.span.enter();
        match catch(|| this.future.poll(cx)) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
