//! A piece of a user's actor, of which panics come out as values.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::child::Panic;
use crate::detector::{AtWork, Doing, WorkerId};
use crate::event::ChildSpan;
use crate::panics::catch;

pin_project! {
    /// Runs a future of a user's actor inside the child's span and where the detector sees it, and makes a panic in it
    /// a value.
    pub(super) struct CatchPanic<'a, Fut> {
        #[pin]
        future: Option<Fut>,
        worker: WorkerId,
        span: &'a ChildSpan,
    }

    impl<Fut> PinnedDrop for CatchPanic<'_, Fut> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // An actor that is killed ends here: whatever its callback wrapped is dropped where it stood.
            let _at_work = AtWork::on(*this.worker, Doing::Drop);
            let _inside = this.span.enter();
            this.future.set(None);
        }
    }
}

impl<'a, Fut> CatchPanic<'a, Fut> {
    pub(super) fn new(future: Fut, worker: WorkerId, span: &'a ChildSpan) -> Self {
        Self { future: Some(future), worker, span }
    }
}

impl<Fut: Future> Future for CatchPanic<'_, Fut> {
    type Output = Result<Fut::Output, Panic>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let future = this.future.as_pin_mut().expect("it has its future until it is dropped");
        let _at_work = AtWork::on(*this.worker, Doing::Poll);
        let _inside = this.span.enter();
        match catch(|| future.poll(cx)) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
