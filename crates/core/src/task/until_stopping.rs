//! Streams that end when the task is asked to stop.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::TaskContext;

impl TaskContext {
    /// Has a stream end when the task is asked to stop: for one that has no end of its own, such as what a gRPC method
    /// answers or the body of a response. It ends in order, as if it had come to its own end.
    ///
    /// ```
    /// # use futures_core::Stream;
    /// # use rootward_core::TaskContext;
    /// fn answer(cx: &TaskContext, prices: impl Stream<Item = u64> + Send) -> impl Stream<Item = u64> + Send {
    ///     cx.until_stopping(prices)
    /// }
    /// ```
    pub fn until_stopping<S>(&self, stream: S) -> UntilStopping<S> {
        let cx = self.clone();
        UntilStopping { stream: Some(stream), stopping: Box::pin(async move { cx.stopping().await }) }
    }
}

pin_project! {
    /// A stream that ends when a task is asked to stop: [`TaskContext::until_stopping`].
    #[must_use = "streams do nothing unless they are polled"]
    pub struct UntilStopping<S> {
        // Dropped when it is over.
        #[pin]
        stream: Option<S>,
        stopping: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    }
}

impl<S: Stream> Stream for UntilStopping<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        let Some(stream) = this.stream.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let next = match this.stopping.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => stream.poll_next(cx),
        };
        if let Poll::Ready(None) = next {
            this.stream.set(None);
        }
        next
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // The stop may come at any time.
        (0, self.stream.as_ref().map_or(Some(0), |stream| stream.size_hint().1))
    }
}

impl<S> fmt::Debug for UntilStopping<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilStopping").field("is_over", &self.stream.is_none()).finish_non_exhaustive()
    }
}
