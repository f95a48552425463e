//! What ends a test that hangs, and decides nothing else.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use rootward_tests::BACKSTOP;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// The same in virtual time, which gets there as soon as no task has anything left to do.
const VIRTUAL_BACKSTOP: Duration = Duration::from_secs(1000 * 3600);

/// Awaits something that has to happen, and says what did not.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    within_backstop(future).await.unwrap_or_else(|| panic!("this never happened: {what}"))
}

/// Awaits something that has to happen. `None` says that it did not.
pub(crate) async fn within_backstop<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let at_once = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    });
    match at_once.await {
        Some(output) => Some(output),
        None => tokio::select! {
            output = future => Some(output),
            () = real_backstop() => None,
            _ = timeout(VIRTUAL_BACKSTOP, pending::<()>()) => None,
        },
    }
}

/// Looks until something is so, for what no event tells.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    within(what, async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Lets everything happen that can happen without any time passing. For virtual time only.
///
/// A clock that is paused moves when no task has anything left to do, and not before.
pub(crate) async fn settle() {
    let _ = timeout(Duration::from_millis(1), pending::<()>()).await;
}

/// Waits by a clock that is not paused.
async fn real_backstop() {
    // Dropped together with this future, which sends the thread home.
    let (_over, is_over) = mpsc::channel::<()>();
    let (bark, barks) = oneshot::channel();
    thread::spawn(move || {
        if is_over.recv_timeout(BACKSTOP) == Err(RecvTimeoutError::Timeout) {
            let _ = bark.send(());
        }
    });
    let _ = barks.await;
}
