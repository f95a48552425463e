//! How a program asks what is going to be done about a child.

use super::handle::Tree;
use crate::outlook::ChildOutlook;

impl Tree {
    /// What is going to be done about the child at this path, such as `root/web`, and what has to happen before. `None`
    /// if there is no such child, or its supervisor does not run.
    ///
    /// The machine of its supervisor says it, and, if it is a supervisor itself, its own: each when it has its turn.
    /// Both are asked at once. One whose thread is blocked does not answer: if it is the one above, this waits. The
    /// child's own is waited for 250 ms longer than the one above, by tokio's clock, and then
    /// [`own`](ChildOutlook::own) is missing.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn outlook(&self, path: &str) -> Option<ChildOutlook> {
        self.downgrade().outlook(path).await
    }
}
