//! A future that is made when it is first polled.
//!
//! An async block would do the same, and would drop the user's future while a panic in it goes by: should that drop
//! panic as well the program would be aborted. This one keeps it, to be dropped when the panic has been caught.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// Calls a function inside the task, and runs the future that it makes.
    #[project = LazyProjection]
    pub(super) enum Lazy<F, Fut> {
        Unmade { make: Option<F> },
        Made { #[pin] future: Fut },
    }
}

impl<F: FnOnce() -> Fut, Fut: Future> Lazy<F, Fut> {
    pub(super) fn new(make: F) -> Self {
        Self::Unmade { make: Some(make) }
    }
}

impl<F: FnOnce() -> Fut, Fut: Future> Future for Lazy<F, Fut> {
    type Output = Fut::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let made = match self.as_mut().project() {
                LazyProjection::Made { future } => return future.poll(cx),
                LazyProjection::Unmade { make } => {
                    make.take().expect("a task that panicked is not polled again")()
                }
            };
            self.set(Self::Made { future: made });
        }
    }
}
