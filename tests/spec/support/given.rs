//! Trees to test.

use std::error::Error;
use std::ops::Deref;
use std::sync::Arc;

use rootward::error::{StartError, TreeStartError};
use rootward::{StopReport, Supervisor, Tree, TreeBuilder};

use super::{EventLog, within};

/// A tree with a backstop: a test that waits in vain for its start or its end fails.
#[derive(Clone)]
pub(crate) struct GivenTree(Tree);

impl GivenTree {
    pub(crate) async fn started(&self) -> Result<(), TreeStartError> {
        within("the start of the tree", self.0.started()).await
    }

    pub(crate) async fn stop(&self) -> Arc<StopReport> {
        within("the stop of the tree", self.0.stop()).await
    }

    pub(crate) async fn wait(&self) -> Arc<StopReport> {
        within("the end of the tree", self.0.wait()).await
    }

    pub(crate) async fn wait_gone(&self) -> Arc<StopReport> {
        within("the end of everything", self.0.wait_gone()).await
    }
}

impl Deref for GivenTree {
    type Target = Tree;

    fn deref(&self) -> &Tree {
        &self.0
    }
}

/// A tree that has started, and its record from the first event on.
pub(crate) async fn given(root: Supervisor) -> (GivenTree, EventLog) {
    given_tree(builder(root)).await
}

/// A tree that has started, of a builder that was configured.
pub(crate) async fn given_tree(builder: TreeBuilder) -> (GivenTree, EventLog) {
    let (tree, log) = launched_tree(builder);
    tree.started().await.expect("the tree can be started");
    (tree, log)
}

/// A tree that begins to start, and its record from the first event on.
pub(crate) fn launched(root: Supervisor) -> (GivenTree, EventLog) {
    launched_tree(builder(root))
}

/// A tree that begins to start, of a builder that was configured.
pub(crate) fn launched_tree(mut builder: TreeBuilder) -> (GivenTree, EventLog) {
    let log = EventLog::of(builder.subscribe());
    (GivenTree(builder.launch()), log)
}

/// A tree that is still to be configured.
pub(crate) fn builder(root: Supervisor) -> TreeBuilder {
    root.into_tree().expect("the tree's description makes sense")
}

/// What is behind a failed start, however deep in the tree it happened.
pub(crate) fn cause_of<E: Error + 'static>(error: &StartError) -> Option<&E> {
    if let StartError::Child { source, .. } = error {
        return cause_of(source);
    }
    let StartError::Failed(error) = error else { return None };
    error.downcast_ref()
}
