//! The future around the user's future.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::IntoExit;
use crate::child::Exit;
use crate::event::ChildSpan;
use crate::panics::catch;
use crate::port::Reporter;

pin_project! {
    /// Runs a user's future, and reports its end once it has been dropped.
    ///
    /// If this future is dropped before its end, as by an abort, its fields are dropped in their order: first the user's
    /// future, then the reporter, which reports the abort.
    pub(super) struct Supervised<Fut> {
        #[pin]
        future: Option<Fut>,
        reporter: Option<Reporter>,
        span: ChildSpan,
    }
}

impl<Fut> Supervised<Fut> {
    pub(super) fn new(future: Fut, reporter: Reporter, span: ChildSpan) -> Self {
        Self { future: Some(future), reporter: Some(reporter), span }
    }
}

impl<Fut: Future> Future for Supervised<Fut>
where
    Fut::Output: IntoExit,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let _inside = this.span.enter();
        let Some(future) = this.future.as_mut().as_pin_mut() else { return Poll::Ready(()) };
        let exit = match catch(|| future.poll(cx).map(IntoExit::into_exit)) {
            Ok(poll) => ready!(poll),
            Err(panic) => Exit::Panicked(panic),
        };
        let exit = match catch(|| this.future.set(None)) {
            Ok(()) => exit,
            Err(panic) => exit.and_then_panicked(panic),
        };
        if let Some(reporter) = this.reporter.take() {
            reporter.ended(exit);
        }
        Poll::Ready(())
    }
}
