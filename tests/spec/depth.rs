//! Trees ten thousand levels deep, on the small stacks that threads have.

use std::time::Duration;

use rootward::error::TreeStartError;
use rootward::event::StopCause;
use rootward::report::Ending;
use rootward::{ChildSpec, Supervisor};

use crate::support::{Double, Puppet, broken, builder, obedient, stubborn};

/// More levels than any program needs, and as many as promised.
const LEVELS: usize = 10_000;

const SECOND: Duration = Duration::from_secs(1);

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

#[tokio::test(start_paused = true)]
async fn a_deep_tree_is_forced() {
    let tree = chain(stubborn("leaf")).start().await.unwrap();
    tree.request_stop();

    tree.force();

    assert_eq!(tree.wait().await.ending, Ending::Forced);
}

#[tokio::test(start_paused = true)]
async fn a_last_kill_reaches_the_leaf_of_a_deep_tree() {
    let leaf = Double::running("leaf");
    let tree = chain(leaf.spec()).start().await.unwrap();

    tree.kill_processes();

    assert_eq!(leaf.calls(), ["start", "last kill"]);
}

#[tokio::test(start_paused = true)]
async fn a_deep_tree_with_a_leaf_that_does_not_go_is_reported_at_its_deadline() {
    let leaf = Double::running("leaf");
    let tree = builder(chain(leaf.spec())).deadline(Duration::from_secs(2)).start().await.unwrap();

    let report = tree.stop().await;

    assert_eq!(report.unreapable().len(), LEVELS + 1);
}

#[tokio::test(start_paused = true)]
async fn a_deep_tree_is_reported_when_it_is_not_waited_for_any_longer() {
    let leaf = Double::running("leaf");
    let tree = builder(chain(leaf.spec())).deadline(None).start().await.unwrap();

    tree.report_now();

    assert_eq!(tree.wait().await.unreapable().len(), LEVELS + 1);
    leaf.ends();
    assert_eq!(tree.wait_gone().await.root.walk().len(), LEVELS + 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_at_the_bottom_of_a_deep_tree_goes_up_through_all_levels() {
    let leaf = Puppet::new("leaf");
    let bottom = Supervisor::new("s").intensity(0, SECOND).child(leaf.spec());
    let root = (1..LEVELS).fold(bottom, |below, _| Supervisor::new("s").intensity(0, SECOND).child(below));
    let tree = root.start().await.unwrap();

    leaf.fails();

    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause), (Ending::Failed, StopCause::GaveUp));
    assert_eq!(report.root.walk().len(), LEVELS + 1);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_at_the_bottom_of_a_deep_tree_is_told_in_few_words_with_its_cause() {
    let started = chain(broken("leaf")).start().await;

    let Err(TreeStartError::Start { error, report }) = started else { panic!("it cannot start") };

    let told = report.start_failure().unwrap();
    assert!(told.starts_with("failed to start s/s: ") && told.ends_with("out of order"), "{told}");
    assert_eq!(report.root.walk().len(), LEVELS + 1, "what could not be started is told of, too");
    let levels = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    assert!(levels.count() < 100);
}

#[test]
fn a_runtime_with_a_deep_tree_is_shut_down() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let tree = runtime.block_on(chain(obedient("leaf")).start()).unwrap();

    drop(runtime);

    drop(tree);
}

#[test]
fn a_deep_description_that_is_never_started_is_dropped() {
    drop(chain(obedient("leaf")));
}
