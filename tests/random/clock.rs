//! A story's time, and tasks beside the tree: virtual time on tokio's clock, or that of the seeded scheduler.

use std::time::{Duration, Instant};

use rootward_core::seeded;
use tokio::task::JoinHandle;

/// What time it is in the story.
pub(crate) fn now() -> Instant {
    seeded::now().unwrap_or_else(|| tokio::time::Instant::now().into_std())
}

/// Lets time pass, which takes none.
#[expect(clippy::disallowed_methods, reason = "virtual time: what passes here is part of the story")]
pub(crate) async fn pass(time: Duration) {
    match now().checked_add(time).and_then(seeded::sleep_until) {
        Some(sleep) => sleep.await,
        None => tokio::time::sleep(time).await,
    }
}

/// Lets others go first.
pub(crate) async fn give_way() {
    match seeded::yield_now() {
        Some(yields) => yields.await,
        None => tokio::task::yield_now().await,
    }
}

/// Waits for something, and no longer than this. `None` says that it has not come.
pub(crate) async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = pass(time) => None,
    }
}

/// Runs something beside the tree.
#[expect(clippy::disallowed_methods, reason = "this is what stands outside of the tree")]
pub(crate) fn beside<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    match seeded::runtime() {
        Some(runtime) => runtime.spawn(future),
        None => tokio::spawn(future),
    }
}
