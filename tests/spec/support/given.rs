//! Trees to test.

use std::error::Error;

use rootward::{StartError, Supervisor, Tree, TreeBuilder};

use super::EventLog;

/// A tree that has started, and its record from the first event on.
pub(crate) async fn given(root: Supervisor) -> (Tree, EventLog) {
    given_tree(builder(root)).await
}

/// A tree that has started, of a builder that was configured.
pub(crate) async fn given_tree(builder: TreeBuilder) -> (Tree, EventLog) {
    let (tree, log) = launched_tree(builder);
    tree.started().await.expect("the tree can be started");
    (tree, log)
}

/// A tree that begins to start, and its record from the first event on.
pub(crate) fn launched(root: Supervisor) -> (Tree, EventLog) {
    launched_tree(builder(root))
}

/// A tree that begins to start, of a builder that was configured.
pub(crate) fn launched_tree(mut builder: TreeBuilder) -> (Tree, EventLog) {
    let log = EventLog::of(builder.subscribe());
    (builder.launch(), log)
}

/// What is behind a failed start, however deep in the tree it happened.
pub(crate) fn cause_of<E: Error + 'static>(error: &StartError) -> Option<&E> {
    if let StartError::Child { source, .. } = error {
        return cause_of(source);
    }
    let StartError::Failed(error) = error else { return None };
    error.downcast_ref()
}

/// A tree that is still to be configured.
pub(crate) fn builder(root: Supervisor) -> TreeBuilder {
    root.tree().expect("the tree's description makes sense")
}
