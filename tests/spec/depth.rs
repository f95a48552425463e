//! Trees thousands of levels deep, on the small stacks that threads have.

use rootward::{ChildSpec, Supervisor};

use crate::support::obedient;

/// More levels than anybody needs, and as many as promised.
const LEVELS: usize = 3000;

fn chain(leaf: ChildSpec) -> Supervisor {
    (1..LEVELS).fold(Supervisor::new("s").child(leaf), |below, _| Supervisor::new("s").child(below))
}

#[tokio::test(start_paused = true)]
async fn a_deep_tree_starts_can_be_looked_at_and_stops() {
    let tree = chain(obedient("leaf")).start().await.unwrap();

    let snapshot = tree.snapshot();
    assert_eq!(snapshot.root.walk().len(), LEVELS + 1);
    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(report.root.walk().len(), LEVELS + 1);
}
