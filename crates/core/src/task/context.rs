//! What a task knows of its place in the tree.

use tokio_util::sync::CancellationToken;

use crate::child::ChildPath;

/// Tells a task where it stands and when it has to stop.
///
/// Cloning is cheap; parts of a task can each have one.
#[derive(Clone, Debug)]
pub struct TaskContext {
    token: CancellationToken,
    path: ChildPath,
    incarnation: u32,
}

impl TaskContext {
    pub(crate) fn new(token: CancellationToken, path: ChildPath, incarnation: u32) -> Self {
        Self { token, path, incarnation }
    }

    /// Waits until the task is asked to stop.
    ///
    /// From then on it has its grace to come to an end, and is aborted after that.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped and called again, as in a `select!` loop.
    pub async fn stopping(&self) {
        self.token.cancelled().await;
    }

    /// Whether the task has been asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.token.is_cancelled()
    }

    /// The request to stop as a token of tokio-util, for code that wants one.
    ///
    /// Cancelling the token says nothing to the supervisor: it only looks to this task as if it had been asked.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Where the task stands in the tree.
    pub fn path(&self) -> &ChildPath {
        &self.path
    }

    /// Which start of this child this is, from 1.
    pub fn incarnation(&self) -> u32 {
        self.incarnation
    }
}
