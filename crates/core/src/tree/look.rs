//! How a program asks what is going to be done about a child.

use super::handle::Tree;
use crate::outlook::ChildOutlook;

impl Tree {
    /// What is going to be done about the child at this path, such as `root/web`, and what has to happen before. `None`
    /// if there is no such child, or its supervisor does not run.
    ///
    /// The machine of its supervisor says it, and, if it is a supervisor itself, its own: each when it has its turn.
    /// One whose thread is blocked does not answer; then this waits.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn outlook(&self, path: &str) -> Option<ChildOutlook> {
        self.downgrade().outlook(path).await
    }
}
