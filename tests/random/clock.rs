//! Virtual time, and tasks beside the tree.

use std::time::Duration;

use tokio::task::JoinHandle;

/// Lets time pass, which takes none.
#[expect(clippy::disallowed_methods, reason = "virtual time: what passes here is part of the story")]
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Runs something beside the tree.
#[expect(clippy::disallowed_methods, reason = "this is what stands outside of the tree")]
pub(crate) fn beside<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(future)
}
