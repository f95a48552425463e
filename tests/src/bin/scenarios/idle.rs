//! Waits until nothing can happen any more unless time passes.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

/// Says when every task of a runtime waits for something.
///
/// It is exact, and virtual time stands still meanwhile: the runtime itself says that it has nothing
/// left to do, just before it would let the clock jump to the next timer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Idle(Arc<Mutex<Option<Waker>>>);

impl Idle {
    /// To be called by the runtime when it has nothing to do.
    pub(crate) fn nothing_to_do(&self) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    /// Waits until every other task waits for something.
    pub(crate) async fn wait(&self) {
        let mut waits = false;
        poll_fn(|cx| {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if waits && waiting.is_none() {
                return Poll::Ready(());
            }
            waits = true;
            *waiting = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
