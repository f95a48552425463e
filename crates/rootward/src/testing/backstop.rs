//! Ends a wait for what never happens, by the system's clock.

use std::future::poll_fn;
use std::panic::Location;
use std::pin::pin;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

/// How long a wait takes at most. Far longer than anything that a test should wait for.
pub(super) const BACKSTOP: Duration = Duration::from_secs(30);

/// Awaits something that has to happen within 30 s of the system's time, whatever a test has done to tokio's clock.
///
/// `what` says what is waited for, as it is to stand in the message of a test that fails.
///
/// # Panics
///
/// If the future is not ready by then.
///
/// # Cancel safety
///
/// As the future's own.
#[track_caller]
pub fn within<F: Future>(what: &str, future: F) -> impl Future<Output = F::Output> {
    let place = Location::caller();
    async move {
        let output = within_time(BACKSTOP, future).await;
        output.unwrap_or_else(|| panic!("{place}: this has not happened within {BACKSTOP:?}: {what}"))
    }
}

/// Awaits something for as long as this. `None` says that it has not happened.
pub(super) async fn within_time<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    // Most of what is waited for has happened already, and needs no thread.
    let at_once = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    });
    match at_once.await {
        Some(output) => Some(output),
        None => tokio::select! {
            biased;
            output = future => Some(output),
            () = passed(time) => None,
        },
    }
}

/// Waits on a thread of its own, because a timer of tokio's may be moved by a test.
async fn passed(time: Duration) {
    // Dropped together with this future, which ends the thread.
    let (_held, over) = mpsc::channel::<()>();
    let (passes, passed) = oneshot::channel();
    let wait = move || {
        if over.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
            // The future may be gone by now.
            let _ = passes.send(());
        }
    };
    let thread = thread::Builder::new().name("rootward-backstop".to_owned()).spawn(wait);
    thread.expect("a test may start a thread");
    let _ = passed.await;
}
