//! How a stop is put off so that what sends work to the tree learns of it.

use std::time::Duration;

use rootward::event::StopCause;
use rootward::report::Ending;
use rootward::{EventKind, Shutdown, Supervisor};

use crate::support::{EventLog, GivenTree, Puppet, builder, given_tree, obedient, stubborn};

const SECOND: Duration = Duration::from_secs(1);

async fn draining(root: Supervisor, drain: Duration) -> (GivenTree, EventLog) {
    given_tree(builder(root).drain_delay(drain).deadline(20 * SECOND)).await
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_accepted_waits_and_goes_down_and_the_report_counts_from_its_request() {
    let (tree, mut log) = draining(Supervisor::new("root").child(obedient("a")), 3 * SECOND).await;

    tree.request_stop();
    let begins = log.wait_for_event("root", "draining").await;

    assert_eq!(begins.what, EventKind::Draining { cause: StopCause::Api, delay: 3 * SECOND });
    assert!(tree.stop_requested() && !tree.is_stopping() && !tree.token().is_cancelled());
    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause, report.elapsed.as_secs()), (Ending::Clean, StopCause::Api, 3));
    let record = log.until_the_end().await;
    assert_eq!(record.of_child("root"), ["starting", "started", "draining", "stopping", "stopped"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_fails_while_the_tree_drains_is_restarted() {
    let child = Puppet::new("a");
    let (tree, mut log) = draining(Supervisor::new("root").child(child.spec()), 3 * SECOND).await;
    tree.request_stop();
    log.wait_for_event("root", "draining").await;

    child.fails();
    log.wait_for(|event| event.path == *"root/a" && event.incarnation == 2 && event.what.name() == "started")
        .await;

    assert!(tree.root().unwrap().start_child(obedient("b")).await.is_ok(), "and work is started");
    assert!(tree.wait().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_force_ends_the_drain_and_every_grace_and_a_second_stop_neither() {
    let (tree, mut log) = draining(Supervisor::new("root").child(stubborn("a")), 5 * SECOND).await;
    tree.request_stop();
    log.wait_for_event("root", "draining").await;

    tree.request_stop();
    tree.force();
    let report = tree.wait().await;

    assert_eq!((report.ending, report.elapsed.as_secs()), (Ending::Forced, 0));
    assert_eq!(log.until_the_end().await.count("root", "draining"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_drain_is_part_of_the_deadline() {
    let a = stubborn("a").shutdown(Shutdown::Infinity);
    let (tree, _log) = draining(Supervisor::new("root").child(a), 8 * SECOND).await;

    let report = tree.stop().await;

    // It is forced a second before the deadline of twenty.
    assert_eq!((report.elapsed.as_secs(), report.find("root/a").unwrap().elapsed.as_secs()), (19, 11));
}

#[tokio::test(start_paused = true)]
async fn a_root_that_gives_up_while_it_drains_stops_at_once_and_has_failed() {
    let child = Puppet::new("a");
    let root = Supervisor::new("root").child(child.spec()).intensity(0, SECOND);
    let (tree, mut log) = draining(root, 5 * SECOND).await;
    tree.request_stop();
    log.wait_for_event("root", "draining").await;

    child.fails();
    let report = tree.wait().await;

    assert_eq!((report.ending, report.cause), (Ending::Failed, StopCause::GaveUp));
    assert!(report.elapsed < 5 * SECOND, "{:?}", report.elapsed);
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_that_is_dropped_is_not_drained() {
    let (tree, log) = draining(Supervisor::new("root").child(obedient("a")), 5 * SECOND).await;

    drop(tree);

    let record = log.until_the_end().await;
    assert_eq!(record.of_child("root"), ["starting", "started", "stopping", "stopped"]);
}
