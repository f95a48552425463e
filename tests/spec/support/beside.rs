//! Tasks of tokio that are no part of a tree.

use tokio::task::JoinHandle;

/// Spawns a client of a tree, or what a library spawns that knows nothing of trees.
#[expect(clippy::disallowed_methods, reason = "it is not part of the tree")]
pub(crate) fn beside<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future)
}
